async def ticks(n):
    try:
        for i in range(n):
            yield i
    finally:
        print('ticks end')


async def doubled(source):
    async for i in source:
        yield i * 2


async def main():
    found = []
    async for i in doubled(ticks(3)):
        found.append(i)
    g = ticks(5)
    found.append(await anext(g))
    await g.aclose()
    return found


co = main()
try:
    co.send(None)
except StopIteration as stop:
    print(stop.value)
