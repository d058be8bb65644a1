def tag(name):
    def decorate(f):
        def wrapped(*args, **kwargs):
            return f'<{name}>{f(*args, **kwargs)}</{name}>'

        wrapped.__name__ = f.__name__
        return wrapped

    return decorate


@tag('b')
@tag('i')
def greet(name, *, mark='!'):
    return f'hello {name}{mark}'


def memo(f, cache={}):
    def cached(n):
        if n not in cache:
            cache[n] = f(n)
        return cache[n]

    return cached


@memo
def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


print(greet('you', mark='?'), greet.__name__, fib(10))
