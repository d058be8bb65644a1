# Recursive descents over data, as json and pickle do them, in pure Python and through builtins.
def kind(f, *args):
    try:
        f(*args)
    except RecursionError:
        return "RecursionError"
    return "done"


def dump(x):
    if isinstance(x, list):
        return "[" + ",".join(map(dump, x)) + "]"
    return str(x)


def dump2(x):
    if isinstance(x, list):
        return "[%s]" % ",".join([dump2(y) for y in x])
    return repr(x)


def copy(x):
    return [copy(y) for y in x]


def copy_by_map(x):
    return list(map(copy_by_map, x))


def flatten(x):
    for y in x:
        yield from flatten(y)


def count(x):
    return 1 + sum(count(y) for y in x)


def reduce_(x):
    return x.__class__, tuple(reduce_(y) for y in x)


class Visitor:
    def visit(self, x):
        return getattr(self, "visit_" + type(x).__name__)(x)

    def visit_list(self, x):
        return [self.visit(y) for y in x]

    __call__ = visit


def loads(text, i=0):
    if text[i] == "[":
        item, i = loads(text, i + 1)
        return [item], i + 1
    return None, i


deep = []
for _ in range(20_000):
    deep = [deep]
for f in dump, dump2, copy, copy_by_map, lambda x: list(flatten(x)), count, reduce_, Visitor().visit, Visitor():
    print(kind(f, deep))
print(kind(loads, "[" * 20_000 + "]" * 20_000))
for f in dump, dump2, copy, copy_by_map, count:
    small = []
    for _ in range(10):
        small = [small]
    print(kind(f, small))


class Key:
    def __init__(self, n): self.n = n
    def __hash__(self): return hash((self.n, Key(self.n + 1)))
    def __eq__(self, other): return True


print(kind(lambda: {Key(0): 1}), kind(lambda: {Key(0)}), kind(lambda: [].index(Key(0)) if hash(Key(0)) else 0))


def recursive_sort(x):
    return sorted(x, key=lambda y: recursive_sort(x))


print(kind(recursive_sort, [3, 1, 2]))
