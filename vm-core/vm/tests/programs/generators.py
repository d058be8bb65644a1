# Generators, delegation, coroutines, async generators.
def count(n):
    i = 0
    while i < n:
        got = yield i
        if got is not None:
            print("got", got)
        i += 1
    return "returned"


print(list(count(4)), sum(count(5)), [*count(2)], max(count(7)))
for i in range(4):
    for j in count(3):
        print(i, j, end=" ")
print()
g = count(3)
print(next(g), g.send("a"), g.send(None))
try:
    next(g)
except StopIteration as e:
    print(e.value)
print(next(g, "default"))
g = count(3)
try:
    g.send(1)
except TypeError as e:
    print(e)


def catching():
    while True:
        try:
            x = yield
            print("x", x)
        except ValueError as e:
            print("caught", e)
            yield "after"
        except GeneratorExit:
            print("closing")
            raise
        finally:
            print("finally")


g = catching()
next(g)
g.send(1)
print(g.throw(ValueError("v")))
next(g)
g.close()
print(list(g))
g = catching()
try:
    g.throw(KeyError("early"))
except KeyError as e:
    print(repr(e))


def ignoring():
    while True:
        try:
            yield
        except GeneratorExit:
            pass


g = ignoring()
next(g)
try:
    g.close()
except RuntimeError as e:
    print(e)


def delegate(log):
    r = yield from count(2)
    log.append(r)
    r = yield from [10, 20]
    log.append(r)
    try:
        yield from catching()
    except KeyError as e:
        log.append(repr(e))
    return "end"


log = []
g = delegate(log)
print([next(g) for _ in range(5)], log)
print(g.throw(ValueError("through")))
next(g)
try:
    g.throw(KeyError("kk"))
except StopIteration as e:
    print("stop", e.value, log)


def outer():
    result = yield from inner()
    print("inner returned", result)
    return result


def inner():
    a = yield 1
    b = yield a
    return a, b


g = outer()
print(next(g), g.send("A"))
try:
    g.send("B")
except StopIteration as e:
    print(e.value)


def raises():
    yield 1
    raise StopIteration("inside")


g = raises()
next(g)
try:
    next(g)
except RuntimeError as e:
    print(e, repr(e.__cause__))


def itself():
    global me
    me = itself_gen = None
    yield


def running():
    yield
    next(self_gen)


self_gen = running()
next(self_gen)
try:
    next(self_gen)
except ValueError as e:
    print(e)


def tree(n):
    if n:
        yield from tree(n - 1)
        yield n
        yield from tree(n - 1)


print(list(tree(4)))


def finalized():
    try:
        yield 1
        yield 2
    finally:
        print("finalized")


for x in finalized():
    print(x)
    break
for x in finalized():
    break
g = finalized()
next(g)
del g
print((x * x for x in range(5)).__name__, list(x * y for x in range(3) for y in range(x)))
gen = (i for i in [1, 2, 3])
print(next(gen), list(gen), gen.gi_frame, count(1).gi_code.co_name)
g = count(2)
print(g.gi_running, g.gi_suspended, next(g), g.gi_suspended, g.gi_yieldfrom)


# Exceptions that are being handled belong to a generator's own context.
def handling():
    try:
        raise KeyError("in generator")
    except KeyError:
        yield 1
        import sys
        print("handled:", repr(sys.exception()))
    yield 2
    import sys
    print("handled:", repr(sys.exception()))


g = handling()
try:
    raise ValueError("outside")
except ValueError:
    next(g)
    import sys
    print(repr(sys.exception()))
    next(g)
next(g, None)


class Awaitable:
    def __init__(self, v): self.v = v
    def __await__(self):
        got = yield self.v
        return got


async def leaf(x):
    r = await Awaitable(x)
    return r * 2


async def middle():
    a = await leaf(1)
    b = await leaf(2)
    return a + b


def run(coro, values):
    out = []
    try:
        out.append(coro.send(None))
        for v in values:
            out.append(coro.send(v))
    except StopIteration as e:
        return out, e.value
    return out


for i in range(4):
    print(run(middle(), [10 * i, 20]))


async def failing():
    try:
        await leaf(1)
    except ValueError as e:
        return f"handled {e}"
    finally:
        print("cleanup")


c = failing()
c.send(None)
try:
    c.throw(ValueError("thrown"))
except StopIteration as e:
    print(e.value)
try:
    c.send(None)
except RuntimeError as e:
    print(e)


async def bad_await():
    await 5


try:
    bad_await().send(None)
except TypeError as e:
    print(e)


async def agen(n):
    for i in range(n):
        got = yield i
        if got:
            print("agot", got)
        await Awaitable("inner")


async def consume():
    out = []
    async for x in agen(3):
        out.append(x)
    else:
        out.append("else")
    out.append([y async for y in agen(2) if y])
    out.append({y: y async for y in agen(2)})
    return out


print(run(consume(), range(20)))


class AsyncManager:
    async def __aenter__(self):
        await Awaitable("enter")
        return "value"

    async def __aexit__(self, kind, value, tb):
        await Awaitable("exit")
        print("aexit", kind and kind.__name__)
        return True


async def async_with():
    async with AsyncManager() as v:
        print("in", v)
    async with AsyncManager():
        raise KeyError("x")
    return "done"


print(run(async_with(), range(10)))


async def asend():
    a = agen(3)
    print(await a.asend(None))
    print(await a.asend("sent"))
    await a.aclose()
    try:
        await a.asend(None)
    except StopAsyncIteration:
        print("closed")


print(run(asend(), range(10)))
try:
    async def not_iterable():
        async for x in 5:
            pass
    not_iterable().send(None)
except TypeError as e:
    print(e)
c = middle()
c.close()
