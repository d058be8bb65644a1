"""Functions without annotations in classes that bind the cell of their namespace themselves."""


class Bound:
    __classdict__ = 1

    def f(self):
        return self


class Global:
    global __classdict__

    def f(self):
        return self


def around():
    __classdict__ = 2

    class Nonlocal:
        nonlocal __classdict__
        __classdict__ = 3

        def f(self):
            return self

    class Free:
        x = __classdict__

        def f(self):
            return self

        def g(self, a: x) -> x:
            return a

    return Nonlocal, Free


class Generic[T]:
    def f(self):
        return self

    class Inner:
        def g(self):
            return self


def generic[T]():
    def f(x):
        return x

    return f


class Lambdas:
    f = lambda self: self
