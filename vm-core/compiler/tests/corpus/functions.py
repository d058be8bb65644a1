"""Module docstring."""


def parameters(a, b=1, /, c=2, *args, d, e=3, **kwargs):
    """Function docstring.

       Indented.
    """
    return locals()


def bare(*, a): pass


def closures(x):
    y = 1

    def inner(z=x):
        nonlocal y
        y += x
        return lambda: (x, y, z, inner)

    class Local:
        attribute = x

        def method(self):
            return x, __class__

    return inner, Local


def generator():
    received = yield
    yield received
    result = yield from other()
    return result


async def coroutine(items):
    await items
    async with items as i, items:
        await i
    async for x in items:
        yield x
    else:
        pass
    return_value = [x async for x in items if await x]
    {k: v async for k, v in items}
    return


async def awaiting():
    (await a for a in b)
    return [await x for x in y], await z


@decorator
@decorator.with_arguments(1, x=2)
def decorated(self): return self


@(yes := decorator)  # comment
async def decorated_coroutine(): ...


lambda: (yield)
lambda x=1, *y, z, **w: [x for x in y]
