def operators(a, b, c):
    a + b - c * a @ b / c // a % b ** c
    a << b >> c & a | b ^ c
    -a, +b, ~c, not a
    a and b or c
    a if b else c
    a < b <= c != a == b > c >= a
    a is b, a is not b, a in b, a not in b
    (a < b) and not (b < c) or (a and (b or c))
    return (lambda x, /, y=a, *z, k=b, **w: x)(a)


def targets(a, b):
    a.x = b.y = a[0] = b[1:2] = 3
    a.x += 1; a[0] -= 2; a[b:] *= 3
    a @= b
    (a, b), [*c, d] = *a, b
    del a.x, a[0], b[1:2], (c, d)
    x: int = 1
    a.y: int
    (b): int = 3
    if (n := a + 1) > n:
        return n


def calls(f, *args, **kwargs):
    f()
    f(1, 2, x=3)
    f(*args, 1, *args, x=1, **kwargs, y=2)
    f(**kwargs)
    f.method(1, k=2)
    f.a.b().c(*args)
    f(x for x in args)
    super().method()
    super(A, f).x
    (f)(1)(2)[3].x
    f(
        1,
        key=2,
    )
    return f(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23,
             24, 25, 26, 27, 28, 29, 30, 31, 32, 33, k1=1, k2=2, k3=3)


def unpacking(*a, **k):
    return [*a, 1, *a], (*a,), {*a, 1}, {**k, 1: 2, **k}, *a
