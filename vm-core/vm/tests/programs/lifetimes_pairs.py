# Iterators that give out pairs, and tuples that end: who sees which items, and when they die.
class Noisy:
    def __init__(self, name):
        self.name = name

    def __repr__(self):
        return f"Noisy({self.name})"

    def __del__(self):
        print("del", self.name)


def makers():
    yield "enumerate", lambda: enumerate(Noisy(c) for c in "abc")
    yield "zip", lambda: zip((Noisy(c) for c in "abc"), range(3))
    yield "items", lambda: {i: Noisy(c) for i, c in enumerate("abc")}.items()
    yield "reversed items", lambda: reversed({i: Noisy(c) for i, c in enumerate("abc")}.items())


for name, make in makers():
    print("==", name, "taken apart")
    for a, b in make():
        print(a, b)
    a = b = None
    print("==", name, "kept")
    kept = list(make())
    print(kept, len({id(t) for t in kept}))
    kept = None
    print("==", name, "kept for one turn")
    last = None
    for t in make():
        print(last, t, hash(t) == hash(tuple(t)))
        last = t
    t = last = None
    print("==", name, "left early")
    for t in make():
        break
    print("left", t)
    t = None


# A destructor that moves on the iterator which just dropped its item.
class Moving:
    def __del__(self):
        print("moves on to", next(it, None))


def moving():
    yield Moving()
    yield from "xyz"


it = enumerate(moving())
for i, v in it:
    print(i, type(v).__name__ if isinstance(v, Moving) else v)
    v = None

print("== hashes are not kept")
hashes = set()
for t in enumerate("ab"):
    hashes.add(hash(t))
    del t
print(len(hashes))

print("== tuples that end")
x = Noisy("x")
t = (x, x, 1)
t = None
print("twice in a tuple, and outside")
t = (x, x)
x = None
t = None
print("twice in a tuple only")
t = (Noisy("first"), Noisy("second"), (Noisy("inner"),))
t = None

print("== min and max")
print(min(3, 1, 2), max([3, 9, 2]), min("b", "a", key=ord), max(-3, 2, key=abs), min([], default="none"))
for bad in (lambda: min(), lambda: min([]), lambda: max(1, 2, default=3), lambda: min(1, "a"), lambda: max(1)):
    try:
        print(bad())
    except Exception as e:
        print(type(e).__name__, e)

print("== sorted")
print(sorted([3, 1, 2]), sorted("bca", reverse=True), sorted([-3, 2], key=abs, reverse=1))
for bad in (lambda: sorted([1, "a"]), lambda: sorted([2, 1], reverse="x"), lambda: sorted(1)):
    try:
        print(bad())
    except Exception as e:
        print(type(e).__name__, e)

print("== lists searched for ints")
mixed = [1.0, 2, "3", 4, True, 2]
print([mixed.index(n) for n in (1, 2, 4)], 2 in mixed, 3 in mixed, 5 in mixed, mixed.count(1))
print(mixed.index(2, 2), mixed.index(2, -1), [1, 2, 3].index(3, 1, 5))
for bad in (lambda: mixed.index(2, 2, 5), lambda: [1, 2].index(2, 5), lambda: [].index(0), lambda: [1].remove(2)):
    try:
        print(bad())
    except Exception as e:
        print(type(e).__name__, e)

print("== keywords of natives")
for bad in (lambda: int("1", bas=2), lambda: set(a=1), lambda: set(1, 2), lambda: "".split(sep=",", mx=1)):
    try:
        print(bad())
    except Exception as e:
        print(type(e).__name__, e)
print(len(range(5, 1)), len(range(1, 5)), len(range(-3, 3)), len(range(3, -3, -1)), range(2**70, 2**70 + 3)[2])


print("== properties and items in Python")
class Box:
    def __init__(self, v):
        self.v = v

    @property
    def value(self):
        return self.v

    def __getitem__(self, i, more=7):
        return (self.v, i, more)


class Wide:
    def __getitem__(self, *args):
        return args


boxes = [Box(i) for i in range(40)]
print(sum(b.value for b in boxes), [b[2] for b in boxes][-1], [Wide()[i] for i in range(20)][-1])


def deep(n):
    return Deeper(n).value


class Deeper:
    def __init__(self, n):
        self.n = n

    @property
    def value(self):
        return deep(self.n + 1)


try:
    deep(0)
except RecursionError as e:
    print("RecursionError", e)
