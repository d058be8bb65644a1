# Conversions of objects nested deeper than the stack allows: RecursionError, not a crash.
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
    x = make(None)
    for _ in range(n):
        x = make(x)
    return x


class Shown:
    def __init__(self, inner): self.inner = inner
    def __repr__(self): return f"Shown({self.inner!r})"
    def __str__(self): return f"Shown({self.inner!s})"
    def __format__(self, spec): return format(self.inner, spec)
    def __bytes__(self): return bytes(self.inner)
    def __index__(self): return self.inner.__index__()
    def __bool__(self): return bool(self.inner)
    def __len__(self): return len(self.inner)
    def __dir__(self): return dir(self.inner)
    def __hash__(self): return hash(self.inner)


DEPTH = 20_000
shown = nest(Shown, DEPTH)
for f in repr, str, format, bytes, bool, len, dir, hash, ascii:
    print(f.__name__, kind(f, shown))
print("index", kind(lambda: [1][shown]))
print("%", kind(lambda: "%s" % shown), kind(lambda: "%r" % (shown,)))
print("f", kind(lambda: f"{shown}"), kind(lambda: "{!r}".format(shown)))
for make in (
    lambda x: [x],
    lambda x: (x,),
    lambda x: {1: x},
    lambda x: {1: x}.values(),
    lambda x: [x].__iter__().__reduce__()[1],
    lambda x: slice(x),
    lambda x: ValueError(x),
):
    print("repr", survives(repr, nest(make, DEPTH)))
