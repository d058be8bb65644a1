class Cancelled(Exception):
    pass


class Forever:
    def __await__(self):
        while True:
            yield 'waiting'


async def patient():
    try:
        await Forever()
    except Cancelled as e:
        print('cancelled:', e)
        return 'cleaned up'


co = patient()
print(co.send(None))
print(co.send(None))
try:
    co.throw(Cancelled('enough'))
except StopIteration as stop:
    print(stop.value)
