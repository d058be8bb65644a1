"""What properties hide from dir() and comparisons, classes with keys that are no names, errors that change meanwhile."""

import warnings


def show(f, *args):
    try:
        print(repr(f(*args)))
    except Exception as e:
        print(repr(e))


class NoClass:
    __slots__ = ["__class__", "__dict__"]

    def __init__(self):
        self.bar = "wow"


class RaisingClass:
    @property
    def __class__(self):
        raise ValueError("class")


class OtherClass:
    __class__ = 5


for cls in (NoClass, RaisingClass, OtherClass):
    show(dir, cls())


class Compared:
    @property
    def __eq__(self):
        raise ValueError("eq")

    @property
    def __lt__(self):
        raise AttributeError("lt")

    @property
    def __ne__(self):
        raise AttributeError("ne")


show(lambda: Compared() == Compared())
show(lambda: Compared() < Compared())
show(lambda: Compared() != 1)

warnings.simplefilter("always")
warnings.showwarning = lambda message, category, *rest: print(category.__name__, message)
type("M", (), {1: 2})


class Meta(type):
    def __new__(meta, name, bases, namespace):
        namespace[1] = 2
        namespace[1, 2] = 2
        return super().__new__(meta, name, bases, namespace)


class K(metaclass=Meta):
    pass


class S(str):
    pass


type("M", (), {S("x"): 1})
warnings.simplefilter("error")
show(type, "M", (), {1: 2})

for change in ("del e.object", "e.object = None", "e.object = 'other'", "e.object = b'zz'"):

    class Evil(str):
        def __str__(self):
            exec(change)
            return self

    for e in (
        UnicodeEncodeError(Evil("e"), "x", 0, 1, "r"),
        UnicodeDecodeError(Evil("e"), b"x", 0, 1, "r"),
        UnicodeTranslateError("x", 0, 1, Evil("r")),
    ):
        show(str, e)


async def never():
    pass


warnings.simplefilter("always")
c = never()
c.cr_frame.clear()
print(c.cr_frame.f_lineno)
try:
    c.send(None)
except StopIteration:
    print("ran")
c.close()
g = (x for x in [1])
g.gi_frame.clear()
print(g.gi_frame, list(g))
