class Empty: pass


class Base(Parent, metaclass=Meta, **options):
    """Docstring."""
    __slots__ = ("a", "__private")
    x = 1
    y = [x for _ in range(x)]
    z = lambda self: self.__private

    def __init__(self, __arg):
        super().__init__()
        self.__private = __arg
        self._C__other = Base.__x

    @property
    def value(self): return __class__

    @classmethod
    async def build(cls):
        return [super(Base, cls).build() for _ in ()]

    class Nested(x):
        def method(self):
            return self.__nested

    if x:
        def conditional(self): pass
    del x


@register
class Decorated(*bases): ...


class __Underscored:
    __a = 1

    def f(self):
        import __module, __dotted.module
        from m import __name
        global __global
        __global = self.__a
        try: pass
        except E as __e: pass


def function():
    class InFunction:
        a: int = 1
        b = a

        def m(self):
            return a
    return InFunction
