# Binding of arguments, and its errors.
def show(f, *args, **kwargs):
    try:
        print(f.__name__, f(*args, **kwargs))
    except TypeError as e:
        print(f.__name__, "TypeError:", e)


def none(): return "none"
def one(a): return a
def two(a, b): return a, b
def default(a, b=2, c=3): return a, b, c
def star(a, *rest): return a, rest
def stars(*args, **kwargs): return args, kwargs
def keyword_only(a, *, k, l=9): return a, k, l
def positional_only(a, b, /, c, d=4): return a, b, c, d
def all_kinds(a, /, b, *c, d, e=5, **f): return a, b, c, d, e, f


for f in (none, one, two, default, star, stars, keyword_only, positional_only, all_kinds):
    for args in ((), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4), (1, 2, 3, 4, 5)):
        show(f, *args)
        show(f, *args, k=7)
        show(f, *args, d=7)
        show(f, *args, b=7)
        show(f, *args, a=7, c=8)
        show(f, *args, k=1, l=2, zz=3)

show(default, 1, bb=2)
show(positional_only, a=1, b=2, c=3)
show(two, 1, **{"b": 2})
show(two, *[1], *[2])
show(two, **{"a": 1}, **{"b": 2})
try:
    two(1, **{"a": 2})
except TypeError as e:
    print(e)
try:
    two(**{"a": 1}, **{"a": 2})
except TypeError as e:
    print(e)
try:
    two(*1)
except TypeError as e:
    print(e)
try:
    two(**1)
except TypeError as e:
    print(e)
try:
    two(**{1: 2})
except TypeError as e:
    print(e)
try:
    (1)()
except TypeError as e:
    print(e)


class Callable:
    def __call__(self, *args, **kwargs):
        return args, kwargs


c = Callable()
for i in range(4):
    print(c(1, i, k=i), c(), c(*range(i)))


class Methods:
    def plain(self, a, b=1): return self.x, a, b
    @classmethod
    def class_(cls, a): return cls.__name__, a
    @staticmethod
    def static(a): return a
    x = 5


m = Methods()
bound = m.plain
for i in range(6):
    print(m.plain(i), m.plain(i, b=i), m.class_(i), m.static(i), bound(i), bound(a=i), Methods.plain(m, i))
for f in (bound, m.class_, m.static):
    try:
        f()
    except TypeError as e:
        print(e)
try:
    Methods.plain()
except TypeError as e:
    print(e)


def many(a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19):
    return a0 + a19


print(many(*range(20)), many(**{f"a{i}": i for i in range(20)}))
print((lambda a, b=2, *c, d=4: (a, b, c, d))(1, 3, 5, d=6))
print(max(3, 1, 2), max([3, 1], key=lambda x: -x), sorted([3, 1, 2], reverse=True), len("abc"), isinstance(1, int))


def counter(n, acc=[]):
    acc.append(n)
    return list(acc)


counter(1)
print(counter(2))
counter.__defaults__ = (9, [0])
print(counter(), counter(1))


def deep(n):
    if n == 0:
        return 0
    return 1 + deep(n - 1)


print(deep(900))
try:
    deep(10**6)
except RecursionError as e:
    print(e)
