# Generators and coroutines nested deeper than the recursion limit.
import sys


def kind(f, *args):
    try:
        return f(*args)
    except RecursionError:
        return "RecursionError"


def survives(f, *args):
    """Whether there is room for so much depends on the native stack."""
    kind(f, *args)
    return "survived"


def delegating(n):
    if n:
        yield from delegating(n - 1)
    else:
        yield "bottom"


print(kind(lambda: list(delegating(100))))
print(kind(lambda: list(delegating(2_000))))


def looping(n):
    if n:
        for x in looping(n - 1):
            yield x
    else:
        yield "bottom"


print(kind(lambda: list(looping(100))))
print(kind(lambda: list(looping(2_000))))


def wrap(g):
    yield from g


def plain():
    while True:
        x = yield 1
        if x == "stop":
            return "value"


g = plain()
for _ in range(2_000):
    g = wrap(g)
print(kind(next, g))
print(kind(g.close))
del g


async def nested(n):
    if n:
        return await nested(n - 1)
    return "bottom"


def run(c):
    try:
        c.send(None)
    except StopIteration as e:
        return e.value


print(kind(run, nested(100)), kind(run, nested(2_000)))


def chain_of(n):
    it = iter([1])
    for _ in range(n):
        it = map(lambda x: x, it)
    return it


print(kind(next, chain_of(50)), survives(next, chain_of(20_000)))
it = iter([1])
for _ in range(20_000):
    it = filter(None, it)
print(survives(next, it))
it = iter([1])
for _ in range(20_000):
    it = zip(it)
print(survives(next, it))
it = iter([1])
for _ in range(20_000):
    it = enumerate(it)
print(survives(next, it))


async def agen(n):
    if n:
        async for x in agen(n - 1):
            yield x
    else:
        yield "bottom"


async def first(n):
    async for x in agen(n):
        return x


print(run(first(5)))
try:
    run(first(20_000))
except RecursionError:
    print("RecursionError")


class Noisy:
    def __init__(self, g): self.g = g

    def __iter__(self):
        try:
            yield from self.g
        finally:
            Noisy.closed += 1


for n in 10, 5_000:
    Noisy.closed = 0
    g = plain()
    for _ in range(n):
        g = iter(Noisy(g))
    next(g)
    print(g.close(), Noisy.closed)
    Noisy.closed = 0
    g = plain()
    for _ in range(n):
        g = iter(Noisy(g))
    next(g)
    del g
    print(Noisy.closed)
g = plain()
for _ in range(50):
    g = iter(Noisy(g))
next(g)
try:
    g.throw(KeyError("thrown"))
except KeyError as e:
    print(repr(e), Noisy.closed)
print(sys.getrecursionlimit())
