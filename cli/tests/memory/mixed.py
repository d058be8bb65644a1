# A bit of everything, again and again; prints how much memory the process has gained after the
# first tenth, in KiB.
import collections
import itertools
import json
import re
import sys
import threading
import weakref


class Node:
    def __init__(self, value):
        self.value, self.other = value, None

    def __eq__(self, other):
        return self.value == other.value

    __hash__ = None


def numbers(n):
    try:
        yield from range(n)
    finally:
        pass


async def coroutine(n):
    return n


def run(c):
    try:
        c.send(None)
    except StopIteration as stop:
        return stop.value


def fails(n):
    try:
        raise ValueError(n)
    except ValueError as error:
        kept = error
        try:
            raise KeyError("x") from kept
        except KeyError as second:
            return second.__cause__.args[0]


def step(i):
    a, b = Node(i), Node(i)
    a.other, b.other = b, a  # a cycle
    text = f"{i}:{a.value:>8}" + str(i) * 3
    found = re.search(r"(\d+):\s+(\d+)", text)
    table = {k: [k] * 3 for k in range(4)}
    table[text] = table
    total = sum(numbers(5)) + run(coroutine(i)) + fails(i)
    ordered = sorted([a, b], key=lambda n: -n.value)
    packed = collections.deque(itertools.islice(itertools.count(i), 3), maxlen=2)
    reference = weakref.ref(a)
    big = (i + 10**30) * 3 // 7
    gen = numbers(3)
    next(gen)
    if i % 1000 == 0:
        exec(f"def g(x): return x + {i}\nassert g(1) == {i} + 1", {})
        thread = threading.Thread(target=sum, args=([1, 2],))
        thread.start()
        thread.join()
        json.loads(json.dumps({"i": i, "list": [1.5, None, "x"]}))
    return found.group(1), total, ordered, packed, reference() is a, big


def resident():
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1]) * 4


count = int(sys.argv[1])
for i in range(count // 10):
    step(i)
before = resident()
for i in range(count):
    step(i)
print(resident() - before)
