class Counted:
    def __init__(self, f):
        self.f, self.calls = f, 0

    def __call__(self, *args, **kwargs):
        self.calls += 1
        return self.f(*args, **kwargs)

    def __get__(self, instance, owner):
        return lambda *args: self(instance, *args)


class Greeter:
    @Counted
    def greet(self, name):
        return 'hello ' + name


@Counted
def triple(x, *, times=3):
    return x * times


print(triple('a'), triple('b', times=2), triple.calls)
print(Greeter().greet('you'), Greeter.__dict__['greet'].calls)
