# Sorting: stability, keys, reverse, errors, mutation, the very comparisons that are made.
def t(f, *a, **k):
    try:
        return f(*a, **k)
    except Exception as e:
        return type(e).__name__, str(e)

class Counter:
    log = []
    def __init__(self, v):
        self.v = v
    def __lt__(self, other):
        Counter.log.append((self.v, other.v))
        return self.v < other.v
    def __repr__(self):
        return repr(self.v)

def numbers(n, m, seed=7):
    x = seed
    for _ in range(n):
        x = (x * 1103515245 + 12345) % 2147483648
        yield (x >> 8) % m

def digest(log):
    h = 0
    for a, b in log:
        h = (h * 31 + a * 7 + b) % 1000000007
    return len(log), h

for n in (0, 1, 2, 3, 5, 10, 31, 32, 33, 63, 64, 65, 100, 200, 500, 1000):
    for m in (1, 3, 50, 1 << 20):
        Counter.log = []
        a = [Counter(v) for v in numbers(n, m)]
        a.sort()
        assert [c.v for c in a] == sorted(c.v for c in a)
        print(n, m, *digest(Counter.log))
for pattern in (list(range(300)), list(range(300, 0, -1)), list(range(150)) * 2, [1, 2] * 150,
                list(range(100)) + list(range(100, 0, -1)) + list(range(50, 150)),
                [3] * 100 + [2] * 100 + [1] * 100, [x // 7 for x in range(200, 0, -1)]):
    for reverse in (False, True):
        Counter.log = []
        a = [Counter(v) for v in pattern]
        a.sort(reverse=reverse)
        print(*digest(Counter.log), [c.v for c in a][:10])
pairs = [(v, i) for i, v in enumerate(numbers(200, 10))]
print(sorted(pairs, key=lambda p: p[0]) == sorted(pairs))
print([p[1] for p in sorted(pairs, key=lambda p: p[0], reverse=True)][:30])
print(sorted("hello world"), sorted([3, "a"] [:1]), t(sorted, [3, "a"]), t([].sort, 1), t([].sort, foo=1))
print(sorted([1.5, -0.0, 0.0, 2, True, 1]), sorted([2.5, float("inf"), -1e300]), sorted(["b", "ä", "a", "\U0001f600", "\uffff"]))
print(sorted([(1, "b"), (1, "a"), (0, "z")]), sorted([[2], [1, 5], [1]]), sorted([10**20, 5, -10**20]))
a = [3, 1, 2]
def key(x):
    if x == 1:
        raise ValueError("k")
    return x
print(t(a.sort, key=key), a)
class Bad:
    def __lt__(self, other):
        raise RuntimeError("cmp")
b = [Bad(), Bad(), Bad()]
print(t(b.sort), len(b))
c = [3, 1, 2]
def mutate(x):
    c.append(x)
    return x
print(t(c.sort, key=mutate), c)
d = [3, 1, 2]
seen = []
print(t(d.sort, key=lambda x: seen.append(list(d)) or x), d, seen)
class M:
    def __init__(self, v): self.v = v
    def __lt__(self, o):
        e.clear()
        return self.v < o.v
    def __repr__(self): return str(self.v)
e = [M(2), M(1)]
print(t(e.sort), e)
class P:
    def __init__(self, v): self.v = v
    def __lt__(self, o):
        f.append(0)
        return self.v < o.v
    def __repr__(self): return str(self.v)
f = [P(2), P(1)]
print(t(f.sort), f)
class Random:
    state = 1
    def __lt__(self, o):
        Random.state = (Random.state * 1103515245 + 12345) % 2147483648
        return Random.state & 65536 != 0
g = [Random() for _ in range(500)]
h = list(g)
g.sort()
print(len(g) == 500, set(map(id, g)) == set(map(id, h)))
print(sorted([3, 1, 2], key=None), sorted([3, 1, 2], reverse=1), sorted({3: 1, 1: 2}), sorted(iter([2, 1])))
print([1, 2, 3].sort(key=lambda x: -x), t([1, 2].sort, key=5))
