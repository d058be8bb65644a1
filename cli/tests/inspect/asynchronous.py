import asyncio
import time

from report import report


def numbers(n):
    for i in range(n):
        if i == 2:
            report(); time.sleep(1000)
        yield i


def relay(n):
    yield from numbers(n)


async def work(n):
    return [i for i in relay(n)]


async def main(label):
    await asyncio.sleep(0)
    return await work(5)


asyncio.run(main("a label"))
