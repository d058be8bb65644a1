# Comparing and hashing what is nested deeper than the stack allows.
def kind(f, *args):
    try:
        f(*args)
    except RecursionError:
        return "RecursionError"
    return "done"


def survives(f, *args):
    """Whether there is room for so much depends on the native stack."""
    kind(f, *args)
    return "survived"


def nest(make, n):
    x = make(1)
    for _ in range(n):
        x = make(x)
    return x


DEPTH = 20_000
for name, make in (
    ("list", lambda x: [x]),
    ("tuple", lambda x: (x,)),
    ("dict", lambda x: {1: x}),
    ("slice", lambda x: slice(x)),
):
    a, b = nest(make, DEPTH), nest(make, DEPTH)
    print(name, survives(lambda: a == b), survives(lambda: a != b), survives(lambda: a in [b]))
    if name != "dict":
        print(name, survives(lambda: a < b), survives(lambda: a >= b), survives(lambda: sorted([a, b])), survives(min, a, b))
    a = b = None
print("hash", survives(hash, nest(lambda x: (x,), DEPTH)))
print("frozenset", survives(hash, nest(lambda x: frozenset([(x,)]), 10)))


class Same:
    def __init__(self, inner): self.inner = inner
    def __eq__(self, other): return self.inner == other.inner
    def __lt__(self, other): return self.inner < other.inner
    def __hash__(self): return hash(self.inner)
    def __add__(self, other): return self.inner + other
    def __radd__(self, other): return other + self.inner
    def __neg__(self): return -self.inner
    def __contains__(self, x): return x in self.inner
    def __getitem__(self, i): return self.inner[i]
    def __call__(self): return self.inner()
    def __iter__(self): return iter(self.inner)


a, b = nest(Same, DEPTH), nest(Same, DEPTH)
print("eq", kind(lambda: a == b), "lt", kind(lambda: a < b), "hash", kind(hash, a))
print("key", kind(lambda: {a: 1}), kind(lambda: sorted([a, b])), kind(lambda: [a].index(b)), kind(lambda: [a].count(b)))
print("add", kind(lambda: a + 1), kind(lambda: 1 + a), kind(lambda: -a))
print("in", kind(lambda: 1 in a), kind(lambda: a[0]), kind(a), kind(iter, a))


class Itself:
    def __eq__(self, other): return self == other
    def __hash__(self): return hash(self)
    def __lt__(self, other): return self < other
    def __getattr__(self, name): return getattr(self, name + "x")
    def __call__(self): return self()
    def __iter__(self): return iter(self)
    def __next__(self): return next(self)
    def __len__(self): return len(self)
    def __getitem__(self, i): return self[i]
    def __setitem__(self, i, v): self[i] = v
    def __contains__(self, x): return x in self
    def __enter__(self):
        with self:
            pass
    def __exit__(self, *a): pass
    def __setattr__(self, name, v): setattr(self, name, v)
    def __delattr__(self, name): delattr(self, name)
    def __instancecheck__(self, x): return isinstance(x, self)
    def __subclasscheck__(self, x): return issubclass(x, self)
    def __float__(self): return float(self)
    def __round__(self): return round(self)
    def __reversed__(self): return reversed(self)
    def __pow__(self, x, m=None): return pow(self, x, m)
    def __iadd__(self, x):
        self += x


i = Itself()
print("itself", kind(lambda: i == 1), kind(hash, i), kind(lambda: i < 1), kind(lambda: i.a), kind(i))
print("itself", kind(iter, i), kind(next, i), kind(len, i), kind(lambda: i[0]), kind(i.__setitem__, 0, 0))
print("itself", kind(lambda: 1 in i), kind(i.__enter__), kind(setattr, i, "a", 1), kind(delattr, i, "a"))
print("itself", kind(isinstance, 1, i), kind(issubclass, int, i), kind(float, i), kind(round, i), kind(reversed, i))
print("itself", kind(pow, i, 1), kind(pow, i, 1, 1), kind(i.__iadd__, 1))
