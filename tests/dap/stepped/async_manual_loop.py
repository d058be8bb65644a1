class Sleep:
    def __init__(self, n):
        self.n = n

    def __await__(self):
        for i in range(self.n):
            yield ('sleeping', i)
        return self.n


async def add(a, b):
    return await Sleep(a) + await Sleep(b)


async def main():
    total = await add(1, 2)
    print('total', total)
    return total * 2


co = main()
try:
    while True:
        print(co.send(None))
except StopIteration as stop:
    print('returned', stop.value)
