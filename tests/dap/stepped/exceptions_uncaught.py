def outer():
    inner([1, 2])


def inner(values):
    for v in values:
        print(10 // (2 - v))


outer()
