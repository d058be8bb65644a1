"""A bit of everything that code objects hold."""

import sys
from os import path as where

LARGE = 123456789012345678901234567890
NEGATIVE = -2**70
FLOATS = (0.1, -0.0, 1e16, 1e-05, float("inf"), 2.5j, 1 - 2j)
TEXTS = ("plain", "it's", "naïve\xa0", "\ud800", "日本", "\U0001f600", "")
BYTES = (b"", b"x", b"\x00'\xff")


class Point[T]:
    """Has a docstring."""

    __slots__ = ("x", "y")
    scale: int = 2

    def __init__(self, x, y=0, /, *rest, key: "T" = None, **more):
        self.x = x
        self.y = y + sum(rest)

    @property
    def norm(self):
        return super().__repr__(), self.x ** 2


def loops(items, limit=10):
    total = 0
    for i, item in enumerate(items):
        if item in {1, 2, 3} or item not in (4, 5, 6):
            continue
        while total < limit:
            total += i
        else:
            break
    return [x for x in items if x], {k: v for k, v in items}, total


def handlers(name):
    try:
        with open(name) as file, file:
            return file.read()[1:2:3]
    except (OSError, ValueError) as error:
        raise RuntimeError(f"{name!r:>{10}}: {error}") from error
    finally:
        print("done", *sys.argv, sep="", **{})


def handlers_group(function):
    try:
        function()
    except* KeyError as group:
        print(group)


def generator(n):
    def inner():
        nonlocal n
        n += 1
        return n

    sent = yield n
    yield from (inner() + i for i in range(n) if i is not sent)
    return lambda: (yield)


async def coroutine(source):
    async with source as s:
        async for item in s:
            await item
    return t"{source} and {source!r:x}"


def matching(value):
    match value:
        case Point(x=0) | [1, *_, 2]:
            return value
        case {"k": str(v), **rest}:
            return v, rest
        case None if value is not ...:
            del value


type Alias[*Ts, **P] = dict[str, Alias]
assert where
