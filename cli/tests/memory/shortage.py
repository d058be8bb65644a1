"""Runs out of memory again and again, in every way that asks for it, and goes on each time.

Prints a line per way: what it came to."""

import collections
import itertools


def fill(make):
    kept = []
    try:
        while True:
            kept.append(make())
    except MemoryError:
        return len(kept) > 1000


class Instance:
    def __init__(self):
        self.a = self.b = 1


class Slots:
    __slots__ = "a", "b"

    def __init__(self):
        self.a = self.b = 1.5


def nested():
    x = []
    try:
        while True:
            x = [x]
    except MemoryError:
        return len(x) == 1


def text_in_place():
    s = ""
    try:
        while True:
            s += "abcdefgh" * 100000
    except MemoryError:
        # As it was before the last addition.
        return len(s) % 800000 == 0 and s.endswith("h") and len(s) > 800000


def added_text():
    s = "x" * (10 << 20)
    pieces = []
    try:
        while True:
            pieces.append(f"{s}{len(pieces)}" + s)
    except MemoryError:
        return len(pieces) > 1


def grown(container, add):
    c, n = container(), 0
    try:
        while True:
            add(c, n)
            n += 1
    except MemoryError:
        # Whether the last one is in is not said.
        return len(c) - n in (0, 1) and n > 100_000


def ends(f):
    try:
        f()
    except MemoryError as e:
        return type(e).__name__
    return "no error"


def generator():
    for i in itertools.count():
        yield [i]


def deep(n):
    return deep(n + 1)


def very_deep():
    import sys

    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(10**9)
    try:
        deep(0)
    except RecursionError:
        # The stack is full before the memory is. The traceback may have used up the reserve: that MemoryError comes
        # at the next jump back.
        for _ in range(3):
            pass
        raise MemoryError
    finally:
        sys.setrecursionlimit(limit)


for name, make in {
    "lists": list, "dicts": lambda: {1: 2}, "sets": lambda: {1}, "floats": lambda: [1e300 * len("x")] * 9, "objects": object,
    "instances": Instance, "slots": Slots, "texts": lambda: "x" * 999 + "y", "bytes": lambda: bytes(500), "arrays": lambda: bytearray(70000),
    "functions": lambda: lambda: 1, "generators": generator, "tuples": lambda: tuple([[]]), "ints": lambda: 1 << 5000,
}.items():
    print(name, fill(make))
print("nested", nested())
print("in place", text_in_place())
print("added", added_text())
print("list", grown(list, list.append))
print("dict", grown(dict, lambda d, n: d.__setitem__(n, n)))
print("set", grown(set, set.add))
print("deque", grown(collections.deque, collections.deque.append))
print("array", grown(bytearray, lambda b, n: b.append(n & 127)))
for name, f in {
    "list of all": lambda: list(range(10**9)), "set of all": lambda: set(range(10**9)), "frozen": lambda: frozenset(range(10**9)),
    "keys": lambda: dict.fromkeys(range(10**9)), "tuple": lambda: tuple(range(10**9)), "joined": lambda: "".join("ab" for _ in range(10**9)),
    "comprehension": lambda: [i for i in range(10**9)], "generated": lambda: list(generator()), "shift": lambda: 1 << 10**11,
    "repeated": lambda: b"ab" * 10**10, "sorted": lambda: sorted(range(10**9)), "very deep": very_deep,
}.items():
    print(name, ends(f))
print("the end")
