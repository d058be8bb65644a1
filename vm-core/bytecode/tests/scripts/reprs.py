"""Prints which characters are printable, then constants with their reprs and hashes.

First a line with the bounds of all runs of printable characters. Then records: a line with three
numbers of bytes, then a marshalled constant, its repr and its hash. Run it with
PYTHONHASHSEED=0.
"""

import itertools
import marshal
import random
import struct
import sys

random.seed(1)
out = sys.stdout.buffer


def printable():
    runs, before = [], False
    for point in range(sys.maxunicode + 1):
        now = chr(point).isprintable()
        if now != before:
            runs.append(point)
            before = now
    return runs


def number():
    kind = random.randrange(8)
    if kind == 0:
        value = struct.unpack("d", random.randbytes(8))[0]
        return value if value == value else 0.5  # a NaN hashes by its address
    if kind == 1:
        return random.uniform(-1, 1) * 10 ** random.randrange(-30, 30)
    if kind == 2:
        return float(random.randrange(-(10**17), 10**17))
    if kind == 3:
        return random.randrange(1, 64) * 2.0 ** random.randrange(-80, 80)
    if kind == 4:
        return random.randrange(-300, 300)
    if kind == 5:
        return random.randrange(-(2 ** random.randrange(1, 300)), 2**61)
    if kind == 6:
        return complex(number_float(), number_float())
    return round(random.uniform(-1000, 1000), random.randrange(6))


def number_float():
    return random.choice([0.0, -0.0, 1.0, float("inf"), -1.5, 1e300, random.random()])


def text():
    highest = random.choice([0x7F, 0xFF, 0x3000, 0x10FFFF])
    quotes = random.choice(["", "'", '"', "'\""])
    points = [chr(random.randrange(highest)) for _ in range(random.randrange(12))]
    return quotes + "".join(points)


def constant(depth=0):
    kind = random.randrange(8 if depth < 3 else 5)
    if kind <= 1:
        return number()
    if kind == 2:
        return text()
    if kind == 3:
        return random.randbytes(random.randrange(10))
    if kind == 4:
        return random.choice([None, True, False])
    if kind == 5:
        return tuple(constant(depth + 1) for _ in range(random.randrange(5)))
    if kind == 6:
        return slice(constant(3), constant(3), constant(3))
    return items(depth)


def items(depth):
    count = random.choice([0, 1, 2, 3, 4, 5, 6, 10, 20, 100])
    return frozenset(constant(depth + 2) for _ in range(count))


def main():
    out.write(" ".join(map(str, printable())).encode() + b"\n")
    sets = (frozenset(range(0, n * step, step)) for n in range(1, 200, 7) for step in (1, 3, 8, 64, 1000))
    words = (frozenset(f"word{i}" for i in range(n)) for n in range(1, 120, 5))
    for value in itertools.chain(sets, words, (constant() for _ in range(int(sys.argv[1])))):
        data = marshal.dumps(value)
        value = marshal.loads(data)
        shown = repr(value).encode("utf-8", "surrogatepass")
        hashed = str(hash(value)).encode()
        out.write(f"{len(data)}\t{len(shown)}\t{len(hashed)}\n".encode())
        out.write(data + shown + hashed)


main()
