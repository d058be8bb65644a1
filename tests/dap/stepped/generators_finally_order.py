log = []


def resource(name):
    log.append('open ' + name)
    try:
        yield name
    finally:
        log.append('close ' + name)


def both():
    for a in resource('a'):
        for b in resource('b'):
            yield a + b


for pair in both():
    log.append(pair)
    break
del pair
print(log)
