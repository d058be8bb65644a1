def numbers():
    n = 1
    while True:
        yield n
        n += 1


def only(test, values):
    for value in values:
        if test(value):
            yield value


def take(n, values):
    for _ in range(n):
        yield next(values)


odd = only(lambda n: n % 2, numbers())
squares = (n * n for n in odd)
print(list(take(4, squares)))
