def compose(*functions):
    def composed(x):
        for f in reversed(functions):
            x = f(x)
        return x

    return composed


def curry(f, *first):
    return lambda *rest: f(*first, *rest)


def reduce(f, values, start):
    for v in values:
        start = f(start, v)
    return start


double = curry(lambda a, b: a * b, 2)
print(compose(str, double, len)('abcd'))
print(reduce(lambda a, b: a * 10 + b, [1, 2, 3], 0))
print(list(map(double, filter(None, [0, 1, 2]))), max('bca', key=ord), any(map(double, [0])))
