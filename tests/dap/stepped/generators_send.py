def averager():
    total, n, average = 0, 0, None
    while True:
        value = yield average
        if value is None:
            break
        total += value
        n += 1
        average = total / n
    return total


co = averager()
next(co)
for value in (10, 20, 60):
    print(co.send(value))
try:
    co.send(None)
except StopIteration as stop:
    print('total', stop.value)
