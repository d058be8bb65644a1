# _functools, _operator, _heapq, _bisect.
import _functools, _operator, _heapq, _bisect
from _functools import partial, reduce, cmp_to_key, Placeholder, _lru_cache_wrapper
from _operator import *

def t(f, *a, **k):
    try:
        return f(*a, **k)
    except Exception as e:
        return type(e).__name__, str(e)

print(reduce(add, [1, 2, 3]), reduce(add, [1, 2], 10), reduce(add, [], 5), reduce(add, ["a"], initial="b"), t(reduce, add, []), t(reduce, add, 5), t(reduce, add), t(reduce, add, [1], 2, 3), t(reduce, add, [1, "a"]))
key = cmp_to_key(lambda a, b: (a > b) - (a < b))
print(sorted([3, 1, 2], key=key), key(1) < key(2), key(2) == key(2), key(obj=5).obj, t(lambda: key(1) < 5), t(hash, key(1)), t(cmp_to_key), t(key), t(lambda: key < key(1)), sorted([1, 2, 3], key=cmp_to_key(lambda a, b: b - a)))
def f(*a, **k):
    return a, k
p = partial(f, 1, x=2)
print(p(), p(3, y=4), p(x=5), p.func is f, p.args, p.keywords, partial(p, 9).args, partial(p, 9, z=1).keywords, partial(p).func is f, t(partial), t(partial, 5))
print(partial(add, 1), partial(f, 1, "a", k=[2]).args, repr(partial(len)), partial(int, base=2)("101"), t(p, 1, bad=1)[1] if False else 0)
print(partial(f, Placeholder, 2)(1), partial(f, Placeholder, 2, Placeholder, 4)(1, 3, 5), t(partial(f, Placeholder, 2)), t(partial, f, Placeholder), t(partial, f, x=Placeholder), partial(partial(f, Placeholder, 2), 1)(), partial(partial(f, Placeholder, Placeholder, 3), 1, 2).args, Placeholder, type(Placeholder)() is Placeholder)
p.attr = 5
print(p.attr, p.__dict__, partial(p, 1).func is p, p.__reduce__()[2][1:], p.__setstate__((f, (7,), {"q": 1}, None)), p(), t(p.__setstate__, 5), t(p.__setstate__, (1, (), {}, None)), t(p.__setstate__, (f, (Placeholder,), {}, None)))
class C:
    m = partial(f, 1)
    def meth(self): return "meth"
print(C().m(2)[0][0] == 1, len(C().m(2)[0]))
rp = partial(f)
rp.__setstate__((f, (rp,), {}, {}))
print(repr(rp)[-8:], partial[int])
class Info:
    def __init__(self, *a): self.a = a
    def __repr__(self): return "Info" + repr(self.a)
calls = []
def slow(*a, **k):
    calls.append((a, tuple(k.items())))
    return len(calls)
c = _lru_cache_wrapper(slow, 2, False, Info)
print([c(1), c(2), c(1), c(3), c(2), c(1), c(1.0), c(x=1), c(1, x=1)], c.cache_info(), c.cache_clear(), c.cache_info(), calls[-2:])
c = _lru_cache_wrapper(slow, None, True, Info)
print([c(1), c(1.0), c(True), c(1), c(a=1), c(a=1.0), c("a"), c("a")], c.cache_info())
c = _lru_cache_wrapper(slow, 0, False, Info)
print([c(1), c(1)], c.cache_info(), t(c, []))
c = _lru_cache_wrapper(slow, 3, False, Info)
print(t(c, []), t(_lru_cache_wrapper, 5, 1, 1, 1), t(_lru_cache_wrapper, slow, 1.5, 1, 1), t(_lru_cache_wrapper), _lru_cache_wrapper(slow, -5, False, Info).cache_info(), c.__copy__() is c)
fib = _lru_cache_wrapper(lambda n: n if n < 2 else fib(n - 1) + fib(n - 2), 5, False, Info)
print(fib(60), fib.cache_info())
class K:
    @staticmethod
    def g(x): return x
    cached = _lru_cache_wrapper(lambda self, x: (type(self).__name__, x), 4, False, Info)
print(K().cached(3))
# operator
print(add(1, 2), sub(5, 3), mul(2, 3), truediv(1, 2), floordiv(7, 2), mod(7, 3), pow(2, 5), lshift(1, 3), rshift(8, 1), and_(6, 3), or_(6, 3), xor(6, 3), neg(1), pos(-1), abs(-2), inv(5), invert(5), not_([]), truth([1]), is_(None, None), is_not(1, None), is_none(None), is_not_none(None), index(True), eq(1, 1), ne(1, 1), lt(1, 2), le(1, 1), gt(1, 2), ge(1, 1))
a = [1]
print(iadd(a, [2]) is a, a, imul(a, 2), isub(5, 1), ior({1}, {2}), concat([1], [2]), concat("a", "b"), iconcat(a, [9]) is a, t(concat, 1, 2), t(concat, [1], 2), t(iconcat, 5, 1), t(matmul, 1, 2), t(imatmul, 1, 2), ipow(2, 3), ifloordiv(7, 2), imod(7, 4), itruediv(1, 4), ilshift(1, 2), irshift(8, 2), iand(6, 2), ixor(6, 2))
print(contains([1], 1), indexOf([1, 2], 2), t(indexOf, [1], 5), countOf([1, 1, 2], 1), getitem([5, 6], 1), setitem(a, 0, "s"), delitem(a, 1), a, length_hint([1, 2]), length_hint(iter([1])), length_hint(5), length_hint(5, 7), t(length_hint, 5, "a"), call(max, 1, 2), call(dict, a=1), t(call), t(countOf, 1, 1), t(truth), t(add, 1), t(contains, 1, 1), length_hint(5, -3))
print(_operator._compare_digest("ab", "ab"), _operator._compare_digest(b"ab", b"ac"), t(_operator._compare_digest, "é", "e"), t(_operator._compare_digest, "a", b"a"), _operator._compare_digest("a", "abc"))
class O:
    x = 1
    class y:
        z = "deep"
    def method(self, *a, **k): return a, k
o = O()
print(attrgetter("x")(o), attrgetter("y.z")(o), attrgetter("x", "y.z")(o), attrgetter("x"), attrgetter("a.b", "c"), t(attrgetter), t(attrgetter, 5), t(attrgetter("q"), o), t(attrgetter("x")), t(attrgetter("x"), 1, 2), t(attrgetter("x"), o, k=1), attrgetter("a", "b.c").__reduce__()[1])
print(itemgetter(1)([5, 6]), itemgetter(0, -1)("abc"), itemgetter("k")({"k": 1}), itemgetter(slice(1, 3))("abcd"), itemgetter(1), itemgetter(1, "a"), t(itemgetter), t(itemgetter(5), [1]), t(itemgetter(1)), t(itemgetter, x=1), itemgetter(1, 2).__reduce__()[1], itemgetter((1,)))
print(methodcaller("method")(o), methodcaller("method", 1, k=2)(o), methodcaller("__len__")("abc"), methodcaller("method", 1, k=2), methodcaller("m"), t(methodcaller), t(methodcaller, 5), t(methodcaller("nope"), o), methodcaller("m", 1).__reduce__()[1], t(methodcaller("m")))
# heapq
def heap(items, push, pop):
    h = []
    for i in items: push(h, i)
    return h[:], [pop(h) for _ in range(len(h))]
data = [5, 3, 8, 1, 9, 2, 7, 3, 3, 0]
print(heap(data, _heapq.heappush, _heapq.heappop), heap(data, _heapq.heappush_max, _heapq.heappop_max))
h = data[:]
print(_heapq.heapify(h), h, _heapq.heapreplace(h, 4), h, _heapq.heappushpop(h, -1), _heapq.heappushpop(h, 6), h)
h = data[:]
print(_heapq.heapify_max(h), h, _heapq.heapreplace_max(h, 4), h, _heapq.heappushpop_max(h, 99), _heapq.heappushpop_max(h, 6), h)
print(t(_heapq.heappop, []), t(_heapq.heapreplace, [], 1), _heapq.heappushpop([], 5), t(_heapq.heappush, 5, 1), t(_heapq.heapify, (1,)), t(_heapq.heappop, 5), t(_heapq.heappush, [1]), t(_heapq.heappush, [1], "a"), _heapq.heapify([]))
class Cmp:
    log = 0
    def __init__(self, v): self.v = v
    def __lt__(self, o):
        Cmp.log += 1
        return self.v < o.v
x = 1
items = []
for i in range(200):
    x = x * 1103515245 + 12345 & 0x7fffffff
    items.append(Cmp(x >> 8))
h = items[:]
_heapq.heapify(h)
print(Cmp.log)
out = [_heapq.heappop(h).v for _ in range(200)]
print(Cmp.log, out == sorted(out))
class Shrink:
    def __lt__(self, o):
        hh.clear()
        return True
hh = [Shrink(), Shrink(), Shrink()]
print(t(_heapq.heappop, hh), t(_heapq.heapify, hh))
# bisect
s = [1, 2, 2, 2, 3, 5]
print([(_bisect.bisect_left(s, x), _bisect.bisect_right(s, x)) for x in (0, 1, 2, 2.5, 3, 5, 9)], _bisect.bisect_left(s, 2, 2), _bisect.bisect_right(s, 2, lo=0, hi=2), t(_bisect.bisect_left, s, 2, lo=-1), t(_bisect.bisect_left, s, 9, hi=50), _bisect.bisect_left([3, 2, 1], -2, key=lambda x: -x), t(_bisect.bisect_left), t(_bisect.bisect_left, 5, 1), t(_bisect.bisect_left, s, 1, "a"), t(_bisect.bisect_left, ["a"], 1), _bisect.bisect_left(s, 2, hi=None), _bisect.bisect_left(range(10**9), 12345))
print(_bisect.insort_left(s, 2), _bisect.insort_right(s, 4), s, _bisect.insort_right(s, -1, key=lambda x: x), s, t(_bisect.insort_left, (1,), 2))
