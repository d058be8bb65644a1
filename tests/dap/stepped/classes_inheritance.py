class Base:
    def __init__(self):
        self.log = ['base']

    def greet(self):
        return 'base'


class Left(Base):
    def __init__(self):
        super().__init__()
        self.log.append('left')

    def greet(self):
        return 'left ' + super().greet()


class Right(Base):
    def __init__(self):
        super().__init__()
        self.log.append('right')

    def greet(self):
        return 'right ' + super().greet()


class Both(Left, Right):
    pass


both = Both()
print(both.log, both.greet(), [c.__name__ for c in Both.__mro__])
