# Tuples, ranges, slices, and their iterators.
def t(f, *a, **k):
    try:
        return f(*a, **k)
    except Exception as e:
        return type(e).__name__, str(e)

print((), (1,), (1, 2), tuple(), tuple("ab"), tuple([1]), tuple(range(3)), tuple({1: 2}), tuple(x for x in [1]))
print(t(tuple, 1), t(tuple, 1, 2), t(tuple, x=1), tuple(()) is tuple(), (1, 2)[:] == (1, 2))
a = (1, 2, 3, 4)
print(a[0], a[-1], a[1:3], a[::-1], a[::2], a[5:], t(lambda: a[4]), t(lambda: a["x"]), t(lambda: a[1 << 70]), t(lambda: a[::0]))
print(a + (5,), a * 2, 2 * a, a * 0, a * -3, t(lambda: a + [1]), t(lambda: a * 1.5), () + a, a[:] is a, a * 1 is a, a + () is a, tuple(a) is a)
print(a == (1, 2, 3, 4), a < (1, 2, 4), (1,) < (1, 0), (2,) > (1, 9), () <= (), a != [1, 2, 3, 4], t(lambda: (1, 2) < (1, "a")), t(lambda: (1,) < 1))
print(hash(()), hash((1,)), hash((1, 2)), hash((1, (2, 3))), hash((-1, -2)), hash((0.5, 10**30)), t(hash, ([],)))
print(a.index(3), t(a.index, 9), a.index(3, 1), t(a.index, 3, 3), t(a.index, 1, "a"), a.count(1), (1, True, 1.0).count(1), 3 in a, 9 in a)
print(a.__getnewargs__(), a.__len__(), a.__contains__(1), a.__add__((9,)), a.__mul__(1), a.__getitem__(0), a.__eq__(3), tuple[int, ...], tuple[()])
n = float("nan")
print((n,) == (n,), n in (n,), (n,) == (float("nan"),))
class T(tuple):
    def __new__(cls, *a, extra=None):
        self = super().__new__(cls, a)
        self.extra = extra
        return self
x = T(1, 2, extra="e")
print(x, x.extra, type(x), x + (3,), type(x[:]), x == (1, 2), hash(x) == hash((1, 2)), x[0], len(x), type(x * 1), T() == ())
class U(tuple):
    def __init__(self, items, k=1):
        self.k = k
print(U([1, 2], k=5).k, t(U, [1], 2, 3))
l = []
r = (l,)
l.append(r)
print(r, l)
it = iter(a)
print(it.__length_hint__(), next(it), it.__reduce__()[1:], it.__setstate__(3), list(it), it.__reduce__()[1:], next(it, "end"))
print(sorted([(2, 1), (1, 2)]), max((1, 2), (1, 3)), (1, 2) + tuple([3]), [*(1, 2)], (*[1], 2))
p, *q = (1, 2, 3)
print(p, q, t(lambda: (lambda x, y: 0)(*(1,))))
# ranges
for r in (range(5), range(1, 10, 3), range(10, 0, -3), range(0), range(5, 1), range(-3, 3), range(10**20, 10**20 + 5, 2), range(2**63 - 2, 2**63 + 2), range(-(2**63), -(2**63) - 4, -2)):
    print(r, list(r), len(r), r.start, r.stop, r.step, bool(r), list(reversed(r)), hash(r) == hash(range(r.start, r.stop, r.step)), r[::-1], r[1:3], r[-2:], r[::2], t(lambda: r[0]), t(lambda: r[-1]), t(lambda: r[99]))
r = range(3, 30, 4)
print(7 in r, 8 in r, True in range(2), 7.0 in r, "a" in r, 2**70 in r, r.index(11), t(r.index, 12), t(r.index, "x"), r.count(7), r.count(7.0), r.count("x"))
print(range(0) == range(5, 1), range(0, 3, 2) == range(0, 4, 2), range(3) != range(4), range(3) == [0, 1, 2], t(lambda: range(3) < range(4)), range(1, 2, 5) == range(1, 3, 2), hash(range(0)) == hash(range(2, 1)))
print(t(range), t(range, 1.5), t(range, 1, 2, 0), t(range, 1, 2, 3, 4), t(range, "a"), t(range, a=1), t(len, range(10**30)), range(True), t(lambda: r["a"]), range(10**30)[10**29], t(lambda: range(10)[10**30]))
print(range(10)[2:8][::2][1:], range(10)[::-2], range(10**25)[5::10**24], range(5)[10:], range(5).__reduce__(), t(lambda: range(3)[::0]), t(setattr, range(3), "start", 1))
it = iter(range(2, 10, 3))
print(it.__length_hint__(), next(it), it.__reduce__(), it.__setstate__(1), list(it), it.__reduce__(), type(it), type(iter(range(2**70))), type(reversed(range(10))))
it = iter(range(2**70, 2**70 + 5))
print(it.__length_hint__(), next(it), it.__reduce__(), it.__setstate__(2), list(it), t(it.__setstate__, "a"))
print(type(iter(range(2**63 - 1, 2**63))), type(iter(range(0, 2**63 - 1, 2))), list(range(2**63 - 3, 2**63 - 1)), sum(range(1000)), max(range(5)), sorted(range(3, 0, -1)))
print([i for i in range(3) for j in range(i)], list(zip(range(3), range(3, 6))), list(range(-5, -20, -5)), [x for x in range(5, 0, -2)])
# slices
s = slice(1, 10, 2)
print(s, s.start, s.stop, s.step, slice(5), slice(None), slice(1, None), s.indices(5), s.indices(100), slice(None, None, -1).indices(4), slice(-2, None).indices(5), slice(10**30).indices(3), slice(-(10**30), 10**30, 10**29).indices(10**30))
print(t(slice), t(slice, 1, 2, 3, 4), t(slice, a=1), t(s.indices, -1), t(s.indices, "a"), t(slice(1, 2, 0).indices, 3), t(slice("a").indices, 3), slice(1) == slice(1), slice(1) != slice(2), slice(1, 2) < slice(1, 3), t(lambda: slice(1) < 5), slice(1) == 1)
print(hash(slice(1, 2, 3)) == hash(slice(1, 2, 3)), hash(slice(1)), {slice(1): 2}[slice(1)], s.__reduce__(), t(hash, slice([])), t(setattr, s, "start", 1))
class I:
    def __index__(self): return 2
print([1, 2, 3, 4][I():], [1, 2, 3][I()], range(I()), (1, 2, 3)[: I()], "abc"[I()], t(lambda: [1][I():"a"]))
