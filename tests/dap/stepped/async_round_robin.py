from types import coroutine


@coroutine
def pause():
    yield


async def worker(name, n, log):
    for i in range(n):
        log.append(f'{name}{i}')
        await pause()


def run(*coroutines):
    ready = list(coroutines)
    while ready:
        co = ready.pop(0)
        try:
            co.send(None)
        except StopIteration:
            continue
        ready.append(co)


log = []
run(worker('a', 2, log), worker('b', 3, log))
print(log)
