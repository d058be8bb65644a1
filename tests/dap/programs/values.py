"""Values of many kinds, in many places."""


class Point:
    scale = 10

    def __init__(self, x, y):
        self.x = x
        self.y = y
        self.__hidden = "private"

    @property
    def size(self):
        return (self.x + self.y) * self.scale

    def __repr__(self):
        return f"Point({self.x}, {self.y})"


class Broken:
    def __repr__(self):
        raise RuntimeError("no repr today")


class Slotted:
    __slots__ = ("a", "b")

    def __init__(self):
        self.a = 1


settings = {"depth": 3, "name": "tail", (1, 2): [3, 4], 7: None}
big = list(range(5000))


def closure(seed):
    shared = [seed]

    def add(n):
        shared.append(n + seed)
        return shared  # @in_closure

    return add(1)


def show(argument, *rest, option=True, **more):
    number = 42
    huge = 2**100
    ratio = 0.1
    text = "täxt 😀"
    data = b"\x00bytes"
    nothing = None
    items = [1, "two", [3, 3.5]]
    pair = (1, 2)
    unique = {5}
    point = Point(3, 4)
    broken = Broken()
    slotted = Slotted()
    long = "x" * 100_000
    return number  # @show


show("first", "second", "third", extra=1)  # @main_show
closure(5)
