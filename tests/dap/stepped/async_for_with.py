class Lines:
    def __init__(self, n):
        self.left = n

    def __aiter__(self):
        return self

    async def __anext__(self):
        if not self.left:
            raise StopAsyncIteration
        self.left -= 1
        return f'line {self.left}'


class Session:
    async def __aenter__(self):
        print('enter')
        return self

    async def __aexit__(self, kind, value, traceback):
        print('exit', kind)
        return kind is KeyError


async def main():
    async with Session():
        async for line in Lines(3):
            print(line)
    async with Session():
        raise KeyError('x')
    return [line async for line in Lines(2)]


def run(co):
    try:
        co.send(None)
    except StopIteration as stop:
        return stop.value


print(run(main()))
