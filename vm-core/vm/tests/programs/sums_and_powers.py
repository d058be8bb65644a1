"""sum() carries rounding errors along, for complex numbers too; pow() with three arguments asks both sides."""


def show(f, *args):
    try:
        print(repr(f(*args)))
    except Exception as e:
        print(repr(e))


for numbers in (
    [0.1] * 10,
    [0.1j] * 10,
    [1.0, 10e100, 1.0, -10e100],
    [1.0, 10e100, 1.0, -10e100, 2j],
    [2 + 1j, 10e100j, 1j, -10e100j],
    [1j, 1, 10e100j, 1j, 1.0, -10e100j],
    [2j, 1.0, 10**100, 1.0, -(10**100)],
    [1.0, 10**100, 1.0, -(10**100)],
    [0.5, True, False, 2**70],
    [1j, True, 2**70],
    [complex(1, -0.0), 1],
    [1, complex(1, -0.0)],
    [complex(1, -0.0), 1.0],
    [1.0, complex(1, -0.0)],
    [-0.0, -0.0],
    [1j, 10**1000],
    [1.0, 10**1000],
    [10**1000, 1.0],
    [1.0, "x"],
    [1j, "x"],
    [float("inf"), 1.0, -1j],
    [float("inf"), float("-inf")],
    [complex("inf"), complex("inf+nanj")],
    [1, 2**62, 2**62, 2**62],
):
    show(sum, numbers)
    show(sum, iter(numbers), 0.0)
    show(sum, tuple(numbers), 1j)


class I(int):
    def __repr__(self):
        return f"I({int(self)})"

    def __pow__(self, other, mod=None):
        return I(pow(int(self), int(other), None if mod is None else int(mod)))

    def __rpow__(self, other, mod=None):
        return I(pow(int(other), int(self), None if mod is None else int(mod)))


class Left:
    def __pow__(self, *args):
        print("Left.__pow__", [type(a).__name__ for a in args], end=" ")
        return NotImplemented


class Right:
    def __rpow__(self, *args):
        print("Right.__rpow__", [type(a).__name__ for a in args], end=" ")
        return "right"


class Sub(Left):
    def __rpow__(self, *args):
        print("Sub.__rpow__", [type(a).__name__ for a in args], end=" ")
        return NotImplemented


class Mod:
    def __pow__(self, *args):
        print("Mod.__pow__")
        return "mod"

    __rpow__ = __pow__


for args in (
    (I(2), I(3), I(5)),
    (I(2), I(3), 5),
    (I(2), 3, 5),
    (2, I(3), 5),
    (2, 3, I(5)),
    (2, I(3)),
    (Left(), 2, 3),
    (2, Left(), 3),
    (2, Right(), 3),
    (2, 3, Right()),
    (Right(), 2, 3),
    (2, 3, Mod()),
    (2.0, 3, 4),
    ("a", 2.0, 3),
    (2.0, "a", 3),
    (2.0, 1j, 3),
    (1j, 2.0, 3),
    (2, 3, 4.0),
    (2j, 3, 4),
    (2, 3, 4j),
    ("a", 3, 4),
    (2, 3, "x"),
    (2, -1, 7),
    (2, 3, 0),
):
    show(pow, *args)
try:
    pow(Left(), Sub(), 3)
except TypeError as e:
    print(e)
for method in (int().__pow__, int().__rpow__, I().__pow__, float().__pow__, float().__rpow__):
    for args in ((), (1,), (1, 2, 3), (2, None)):
        show(method, *args)
show((5).__rpow__, 2, 7)
show((5).__rpow__, 2.0, 7)
show((5).__pow__, 2, 7)
