# Sets and frozensets: order of ints, algebra, comparisons, hashes, mutation.
def t(f, *a, **k):
    try:
        return f(*a, **k)
    except Exception as e:
        return type(e).__name__, str(e)

print(set(), {1}, {3, 1, 2}, set([5, 3, 5]), set(range(20)), {100, 5, 1000, 33, -1, -2}, frozenset(), frozenset([2, 1]))
print(t(set, 1), t(set, 1, 2), t(set, a=1), t(frozenset, 1), t(frozenset, 1, 2), t(frozenset, a=1), t(set, [[]]), t(lambda: {[]}))
def order(n, step, drop):
    s = set()
    for i in range(n):
        s.add(i * step % 10007)
        if drop and i % drop == 0:
            s.discard(i * step // 2 % 10007)
    return s
for n, step, drop in ((10, 1, 0), (50, 7, 0), (200, 13, 3), (1000, 101, 4), (3000, 4099, 2)):
    s = order(n, step, drop)
    print(len(s), list(s)[:40], sum(i * v for i, v in enumerate(s)))
print(list({i * 64 for i in range(20)}), list({1 << i for i in range(40)}), list({-i for i in range(12)}))
print(list({1.5, 2.5, 0.0, -1.0, 3}), {True, 1, 1.0}, {0, False}, list({10**20, 2**61 - 1, 2**61, -(2**61)}))
a, b = {1, 2, 3, 4}, {3, 4, 5}
print(a | b, a & b, a - b, a ^ b, b - a, a.union(b, [9], "z" [:0]), a.intersection(b, [3]), a.difference(b, [1]), a.symmetric_difference([1, 9]))
print(a.union(), a.intersection(), a.difference(), a.union() is a, frozenset([1]).union() is a)
print(t(lambda: a | [1]), t(lambda: a & "x"), t(lambda: a - {1: 2}), t(lambda: a ^ None), t(a.union, 5), t(a.intersection, 5))
print(a.issubset([1, 2, 3, 4, 5]), a.issubset(b), a.issuperset([1]), a.issuperset("q"), a.isdisjoint(b), a.isdisjoint([7]), a.isdisjoint(a), set().isdisjoint(set()))
print(a < a, a <= a, {1} < a, a > {1}, a >= {9}, {1} == frozenset([1]), {1} != {2}, {1} == [1], t(lambda: {1} < [1]))
c = {1, 2, 3}
print(c.add(4), c.add(4), c, c.remove(1), c, t(c.remove, 99), c.discard(99), c.discard(2), c, c.pop(), c, c.clear(), c, t(c.pop))
c = {1, 2, 3}
c |= {9}
c &= {1, 9, 7}
c ^= {7, 1}
c -= {9}
print(c, t(c.__ior__, [1]), t(c.__isub__, 5))
def aug(s, o):
    s |= o
print(t(aug, {1}, [1]))
c = {1, 2, 3}
print(c.update([4], "", {5: 6}), c.difference_update([1], {2}), c.intersection_update([3, 4, 5], [5, 3]), c, c.symmetric_difference_update([3, 8]), c)
c = set(range(30))
c.difference_update(range(5, 28))
c.add(64)
print(c)
s = set(range(10))
print([s.pop() for _ in range(5)], s.add(0), s.pop(), s)
print({1, 2}.copy(), frozenset([1]).copy(), type({1} | frozenset([2])), type(frozenset([2]) | {1}), frozenset([1]) & {1})
f = frozenset([1, 2])
print(frozenset(f) is f, f.copy() is f, hash(f) == hash(frozenset([2, 1])), hash(frozenset()), hash(frozenset([1])), hash(frozenset(range(100))), hash(frozenset([frozenset([1]), frozenset()])))
print(t(hash, {1}), {f: 1}[frozenset([2, 1])], {1, 2} in [f], {1, 2} in {f}, {f} == {frozenset({1, 2})})
g = {frozenset([1])}
print({1} in g, g.discard({1}), g, t(g.remove, {1}), t(g.add, {1}))
def mutate(s, how):
    out = []
    try:
        for x in s:
            out.append(x)
            how(s, x)
            if len(out) > 20:
                break
    except RuntimeError as e:
        out.append(str(e))
    return out
print(mutate({1, 2}, lambda s, x: s.add(x + 10)), mutate({1, 2, 3}, lambda s, x: s.discard(x)), mutate({1, 2, 3}, lambda s, x: (s.discard(x), s.add(x))))
class Evil:
    def __init__(self, h): self.h = h
    def __hash__(self): return self.h
    def __eq__(self, o):
        e.clear()
        return False
e = set()
e.add(Evil(1))
e.add(Evil(1))
print(len(e), Evil(1) in e, len(e))
class E2:
    def __hash__(self): return 5
    def __eq__(self, o): raise ValueError("eq")
e2 = {E2()}
print(t(e2.add, E2()), t(e2.__contains__, E2()), t(lambda: e2 | {E2()}), t(lambda: {5} & e2))
class C(set):
    def __init__(self, items=(), x=1):
        super().__init__(items)
        self.x = x
class F(frozenset):
    def __new__(cls, items=(), x=1):
        self = super().__new__(cls, items)
        self.x = x
        return self
c = C([1, 2])
print(c, c.x, type(c | {3}), type(c.copy()), C(), repr(F([1])), F([2], x=5).x, type(F([1]) & {1}), c == {1, 2}, F([1]) == {1})
print(repr({F([1])}), {1, 2}.__reduce__(), c.__reduce__(), frozenset([3]).__reduce__(), set[int], frozenset.__class_getitem__(int))
it = iter({1, 2, 3})
print(it.__length_hint__(), next(it), it.__length_hint__(), it.__reduce__()[1:], list(it), next(it, "end"), it.__length_hint__())
print(len({1, 2}), bool(set()), bool({0}), 1 in {1}, "a" not in {1}, sorted({"b", "a"}), max({1, 5}), sum({1, 2}))
print({x for x in range(5)}, {x % 3 for x in range(9)}, {*[1, 2], *(3,)}, [*{1}], {1, 2}.__contains__(1), {1}.__and__({1}), {1}.__and__([1]), {1}.__rsub__({1, 2}))
print(t({1}.add), t({1}.add, 1, 2), t({1}.pop, 1), t({1}.union, x=1), t({1}.issubset), t({1}.isdisjoint, 1))
n = float("nan")
print(len({n, n}), n in {n}, {n} == {n})
big = set(range(100000))
for i in range(0, 100000, 2):
    big.remove(i)
print(len(big), list(big)[:5], 99999 in big, 99998 in big)
