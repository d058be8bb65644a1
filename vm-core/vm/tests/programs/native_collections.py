# _collections: deque, defaultdict, OrderedDict, _count_elements, _tuplegetter.
from _collections import deque, defaultdict, OrderedDict, _count_elements, _tuplegetter

def t(f, *a, **k):
    try:
        return f(*a, **k)
    except Exception as e:
        return type(e).__name__, str(e)

d = deque()
print(d, deque("abc"), deque([1, 2, 3], 2), deque([1], maxlen=5), deque(iterable=[1]), deque([1, 2], 0), deque((), None))
print(t(deque, 5), t(deque, [1], -1), t(deque, [1], "a"), t(deque, x=1), t(deque, 1, 2, 3), t(hash, deque()))
d = deque([1, 2, 3])
print(d.append(4), d.appendleft(0), d, d.pop(), d.popleft(), d, d.extend([7, 8]), d.extendleft("ab"), d)
print(d.rotate(), d, d.rotate(-2), d, d.rotate(100), d, d.rotate(n=1) if False else None, d.reverse(), d, len(d))
print(d.count(7), d.index(7), t(d.index, 99), d.index(7, 2) if 7 in list(d)[2:] else None, t(d.index, 1, 0, 1), d.remove(7), d, t(d.remove, 99), d.insert(1, "i"), d.insert(-1, "j"), d.insert(100, "k"), d.insert(-100, "l"), d)
print(d[0], d[-1], t(lambda: d[99]), t(lambda: d["a"]), t(lambda: d[0:1]), t(d.__setitem__, 99, 1), d.__setitem__(0, "set"), d, d.__delitem__(1), d, t(d.__delitem__, 50))
print(d.copy() == d, d.copy() is d, d.clear(), d, t(d.pop), t(d.popleft), bool(d))
m = deque([1, 2, 3], 3)
print(m.append(4), m, m.appendleft(0), m, t(m.insert, 0, 9), m.extend("xyzw"), m, m.extendleft("12"), m, m.maxlen, d.maxlen, m + deque([9]), (m + deque([9])).maxlen, m * 2, m.copy().maxlen, t(setattr, m, "maxlen", 5))
print(deque([1]) + deque([2]), t(lambda: deque([1]) + [2]), deque([1, 2]) * 2, 2 * deque([1]), deque([1]) * 0, deque([1]) * -1, deque([1, 2, 3], 4) * 3, deque([], 2) * 5)
e = deque([1])
e += "ab"
e *= 2
print(e, e == deque(list(e)), deque([1]) < deque([2]), deque([1, 2]) > deque([1]), deque() == [], deque([1]) != deque([1]), t(lambda: deque() < []), deque([1]) <= deque([1]), 1 in e, "z" in e)
e.extend(e)
print(e)
it = iter(deque([1, 2, 3]))
print(it.__length_hint__(), next(it), it.__reduce__()[1][1], list(it), it.__length_hint__(), list(reversed(deque("abc"))), type(it)(deque([5, 6, 7]), 1).__next__())
def mutate(how):
    d = deque([1, 2, 3])
    out = []
    try:
        for x in d:
            out.append(x)
            how(d)
            if len(out) > 5: break
    except RuntimeError as e:
        out.append(str(e))
    return out
print(mutate(lambda d: d.append(1)), mutate(lambda d: d.rotate()), mutate(lambda d: d.__setitem__(0, 9)), mutate(lambda d: d.reverse()), mutate(lambda d: d.pop()))
class Evil:
    def __init__(self, d): self.d = d
    def __eq__(self, o):
        self.d.append(0)
        return False
d = deque()
d.append(Evil(d))
d.append(1)
for f in (lambda: 5 in d, lambda: d.count(5), lambda: d.index(5), lambda: d.remove(5)):
    print(t(f))
r = deque([1])
r.append(r)
print(r, deque([1, 2], 3).__reduce__()[:3], deque([1]).__reduce__()[:3], deque[int])
class D(deque):
    def __init__(self, *a, x=1):
        super().__init__(*a)
        self.x = x
print(D([1, 2], 5), D([1]).x, type(D([1]).copy()), type(D([1]) + deque()), D("ab") == deque("ab"))
big = deque(range(1000))
big.rotate(137)
print(big[0], big[500], sum(big), len(big), big.index(5))
# defaultdict
dd = defaultdict(list)
dd["a"].append(1)
dd["b"]
print(dd, dd.default_factory, dd.get("z"), "z" in dd, len(dd), dd == {"a": [1], "b": []}, t(lambda: defaultdict()["x"]), t(defaultdict, 1), defaultdict(None), defaultdict(int, {1: 2}, x=3), t(defaultdict, int, 5), t(defaultdict, int, 1, 2))
dd.default_factory = int
print(dd["c"], dd, dd.copy(), type(dd.copy()), dd.__copy__(), dd.__missing__("q"), dd)
print(defaultdict(int, a=1) | {"b": 2}, {"a": 9} | defaultdict(int, b=2), t(lambda: defaultdict(int) | 5), defaultdict(int).__reduce__()[:4], defaultdict[int, str])
dd |= {"new": 1}
print(dd["new"], sorted(dd), dd.setdefault("s", 5), dd.pop("s"))
def fails(): raise ValueError("factory")
print(t(lambda: defaultdict(fails)["k"]), t(lambda: defaultdict(int)[[]]))
rec = defaultdict()
rec.default_factory = rec.copy
rec["x"] = rec
print("..." in repr(rec) or repr(rec)[:12])
class DD(defaultdict):
    def __missing__(self, k): return "missing " + k
print(DD(int)["zz"], DD(int))
# OrderedDict
od = OrderedDict(a=1, b=2, c=3)
print(od, OrderedDict(), OrderedDict([("x", 1), ("y", 2)]), OrderedDict({1: 2}, z=3), t(OrderedDict, 1, 2), t(OrderedDict, 1), t(OrderedDict, [1]), t(OrderedDict, [(1, 2, 3)]), t(OrderedDict, [(1,)]))
print(od.move_to_end("a"), od, od.move_to_end("c", last=False), od, t(od.move_to_end, "zz"), od.popitem(), od, od.popitem(last=False), od, t(OrderedDict().popitem), t(OrderedDict().move_to_end, 1))
od = OrderedDict.fromkeys("abcd")
print(od, list(reversed(od)), list(reversed(od.items())), list(od.values()), od.keys(), od.items(), od.values(), list(reversed(od.keys())), type(iter(od)), od.keys() & {"a", "z"}, od.keys() == {"a", "b", "c", "d"})
print(od == OrderedDict.fromkeys("abcd"), od == OrderedDict.fromkeys("dcba"), od == dict.fromkeys("dcba"), od != {}, t(lambda: od < od), dict.fromkeys("abcd") == od)
print(od.pop("a"), od.pop("zz", 5), t(od.pop, "zz"), od.pop(key="b", default=1), od.setdefault("n"), od.setdefault("c", 9), od.setdefault(key="q", default=7), od, od.update({"c": 5}, w=1), od.update([("v", 2)]), od, t(od.update, 1, 2), t(od.update, 1), od.copy(), od.clear(), od)
def walk(how, make=iter):
    o = OrderedDict.fromkeys(range(4))
    out = []
    try:
        for k in make(o):
            out.append(k)
            how(o, k)
            if len(out) > 6: break
    except RuntimeError as e:
        out.append(str(e))
    return out
print(walk(lambda o, k: o.pop(k)), walk(lambda o, k: o.__setitem__(k + 10, 1)), walk(lambda o, k: o.__setitem__(k, 5)), walk(lambda o, k: o.move_to_end(k)), walk(lambda o, k: o.move_to_end(3)), walk(lambda o, k: o.clear()))
it = iter(OrderedDict(a=1, b=2))
print(next(it), it.__reduce__()[1], list(it), OrderedDict(a=1).__reduce__()[:4])
print(OrderedDict(a=1) | {"b": 2}, {"b": 2} | OrderedDict(a=1), t(lambda: OrderedDict() | 5))
od = OrderedDict(a=1)
od |= {"z": 3}
od["self"] = od
print(od)
o = OrderedDict()
for i in range(300):
    o[i] = i
for i in range(0, 300, 3):
    o.move_to_end(i, last=i % 2 == 0)
for i in range(50):
    o.popitem(last=i % 3 == 0)
print(len(o), list(o)[:20], list(o)[-20:], sum(o.values()), list(reversed(o)) == list(o)[::-1])
for i in range(2000):
    k = next(iter(o))
    o.move_to_end(k)
    o.move_to_end(k, last=False)
    if k in o and i % 7 == 0:
        del o[k]
        o[k] = i
print(len(o), list(o)[:10], 299 in o, [o[k] for k in list(o)[:5]])
class OD(OrderedDict):
    def __setitem__(self, k, v):
        super().__setitem__(k, ("s", v))
x = OD(a=1)
x.extra = 5
print(x, x.copy(), type(x.copy()), x.extra, x.setdefault("b", 2), x, OD.fromkeys("ab", 0))
# others
c = {}
print(_count_elements(c, "abracadabra"), c, t(_count_elements, c, 5), t(_count_elements, 5, "a"), t(_count_elements))
class Map(dict):
    def get(self, k, default=None): return super().get(k, 10)
c = Map()
_count_elements(c, "aab")
print(c)
g = _tuplegetter(1, "doc")
class P(tuple):
    y = g
print(P((5, 6)).y, g, g.__doc__, P.y is g, t(lambda: P((1,)).y), t(setattr, P((1, 2)), "y", 5), t(g.__get__, [1]), g.__reduce__()[1], t(_tuplegetter), t(_tuplegetter, "a", 1))
