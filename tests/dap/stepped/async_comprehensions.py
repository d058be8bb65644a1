class Ready:
    def __init__(self, value):
        self.value = value

    def __await__(self):
        return self.value
        yield


async def each(values):
    for value in values:
        yield value


async def main():
    squares = [await Ready(n * n) for n in range(3)]
    odd = {n async for n in each(range(5)) if n % 2}
    by = {n: await Ready(str(n)) async for n in each('ab')}
    return squares, odd, by


try:
    main().send(None)
except StopIteration as stop:
    print(stop.value)
