# Deep structures go without overflowing the native stack, finalizers included.
import sys

DEPTH = 20_000


class Node:
    def __init__(self, inner): self.inner = inner


class Slotted:
    __slots__ = ("inner",)

    def __init__(self, inner): self.inner = inner


class Counted:
    gone = 0

    def __init__(self, inner): self.inner = inner

    def __del__(self): Counted.gone += 1


class Chained(Exception):
    pass


def chained(inner):
    e = Chained()
    e.__context__ = inner
    return e


def generator(inner):
    yield inner


def started(inner):
    g = generator(inner)
    next(g)
    return g


def closure(inner):
    return lambda: inner


def method(inner):
    class_ = Node(inner)
    return class_.__init__


for name, make in (
    ("list", lambda x: [x]),
    ("tuple", lambda x: (x,)),
    ("dict", lambda x: {1: x}),
    ("node", Node),
    ("slotted", Slotted),
    ("counted", Counted),
    ("chained", lambda x: chained(x if isinstance(x, BaseException) else None)),
    ("generator", started),
    ("closure", closure),
    ("cell", lambda x: (lambda: x).__closure__[0]),
    ("iterator", lambda x: iter([x])),
    ("map", lambda x: map(None.__class__, [x])),
    ("zip", lambda x: zip([x])),
    ("enumerate", lambda x: enumerate([x])),
    ("method", method),
    ("slice", lambda x: slice(x)),
    ("property", lambda x: property(x)),
    ("values", lambda x: {1: x}.values()),
):
    x = None
    for _ in range(DEPTH):
        x = make(x)
    del x
    print(name, "gone")
print(Counted.gone)


class Bounded:
    def __init__(self, n): self.n = n

    def __del__(self):
        if self.n:
            Bounded(self.n - 1)
        else:
            print("finalizers in finalizers")


Bounded(40)

# A finalizer that makes the next to be finalized ends by its depth, as a function that calls itself.


class Again:
    def __del__(self):
        Again()


reported = []
before = sys.unraisablehook
sys.unraisablehook = reported.append
Again()
sys.unraisablehook = before
print({type(r.exc_value).__name__ for r in reported})
