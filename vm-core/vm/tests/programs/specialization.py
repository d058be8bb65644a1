# Sites that change their minds: every family specializes, misses, and finds the right answer again.
def site(f, groups):
    for values in groups:
        for _ in range(3):
            out = []
            for v in values:
                try:
                    out.append(f(v))
                except Exception as e:
                    out.append(f"{type(e).__name__}: {e}")
        print(out)


class A:
    x = "class"
    def __init__(self): self.v = 1
    def m(self): return "A.m"


class B:
    __slots__ = ("v",)
    def __init__(self): self.v = 2
    def m(self): return "B.m"


class C(A):
    @property
    def v(self): return 3
    @v.setter
    def v(self, new): pass
    def m(self): return "C.m"


class D:
    def __getattr__(self, n): return n + "?"
    def m(self): return "D.m"


class E:
    pass


e = E(); e.v = 5; e.__dict__["w"] = 6; e.m = lambda: "E.m"
class F(dict):
    v = "F"
    def m(self): return "F.m"
import sys
sys.v = "module"; sys.m = lambda: "module.m"
things = [A(), B(), C(), D(), e, F(), sys, A, 5, 2.5, "str", [1], None]
groups = [[t] * 40 for t in things] + [things, things]
site(lambda o: o.v, groups)
site(lambda o: o.m(), groups)
site(lambda o: o.x, groups)
site(lambda o: o.__class__.__name__, groups)
site(lambda o: bool(o), groups)
site(lambda o: o is None, groups)
site(lambda o: str(o)[:3] if not isinstance(o, (A, B, D, E, type(sys), type)) else "-", groups)
site(lambda o: isinstance(o, A), groups)
site(lambda o: type(o).__name__, groups)


def store(o):
    o.new = 1
    o.v = 7
    return o.new, o.v


for make in (A, B, C, D, E, F):
    for _ in range(3):
        site(store, [[make() for _ in range(10)]])


def calls(f):
    return f(1)


class K:
    def __init__(self, a): self.a = a
    def __call__(self, b): return "called", b
    def bound(self, b): return "bound", b
    @classmethod
    def cm(cls, b): return "cm", b
    @staticmethod
    def sm(b): return "sm", b
    def __repr__(self): return f"K({self.a})"


class New:
    def __new__(cls, a): return ("new", a)


k = K(0)
functions = [lambda a: a, lambda a, b=2: (a, b), lambda *a: a, lambda **k: k, lambda a, *, k=1: (a, k), abs, len, str, int, K, New, k,
             k.bound, K.cm, k.sm, [].append, "x".join, print, type, tuple, list, dict, range, lambda: 0, 5, isinstance, repr, K.bound]
groups = [[f] * 20 for f in functions if f is not print] + [[f for f in functions if f is not print]]
site(lambda f: repr(calls(f)) if f is not range else "range", groups)


def kwcalls(f):
    return f(a=1)


site(lambda f: repr(kwcalls(f)), [[f] * 10 for f in (lambda a: a, lambda **k: k, lambda b: b, K, dict, k.bound, print, 5, lambda *, a: a)])


def iterate(x):
    out = []
    for i in x:
        out.append(i)
    return out


def g(n):
    for i in range(n):
        yield i


iterables = [lambda: [1, 2], lambda: (3, 4), lambda: range(3), lambda: g(3), lambda: "ab", lambda: {5: 6}, lambda: iter([7]), lambda: 5, lambda: zip("a", "b")]
site(lambda f: iterate(f()), [[f] * 20 for f in iterables] + [iterables])


def unpack(x):
    a, b = x
    return a, b


site(unpack, [[v] * 20 for v in ((1, 2), [3, 4], "ab", (1, 2, 3), {5: 6, 7: 8}, 5, [1])] + [[(1, 2), [3, 4], "xy", (1,)]])


def subscript(x):
    return x[1]


class GI:
    def __getitem__(self, i): return "item", i


class GI2:
    def __getitem__(self, i, j=5): return "item2", i, j


seqs = [[1, 2], (3, 4), "ab", {1: "one"}, b"xy", range(9), GI(), GI2(), 5, [1], {}, "é€", [1, 2]]
site(subscript, [[v] * 20 for v in seqs] + [seqs])


def assign(x):
    x[1] = 9
    return x


site(lambda f: assign(f()), [[f] * 20 for f in (lambda: [1, 2], lambda: {}, lambda: (1, 2), lambda: [1], lambda: bytearray(b"ab"))])
glob = 1


def global_site():
    return glob, len


for i in range(80):
    if i == 20: glob = 2
    if i == 30: globals()["fresh%d" % i] = 1
    if i == 40: globals()["len"] = "shadow"
    if i == 60: del globals()["len"]
    if i % 10 == 5: print(global_site())
contains = [({1}, 1), ({1: 2}, 1), ([1], 1), ((1,), 2), ("a", "a"), (frozenset([1]), 1), (5, 1), (range(3), 1)]
site(lambda p: p[1] in p[0], [[p] * 20 for p in contains] + [contains])


class Sup:
    def m(self): return "Sup"
    a = "attr"


class Sub(Sup):
    def m(self): return super().m(), super().a


class Sub2(Sub):
    def m(self): return super().m()


site(lambda o: o.m(), [[Sub()] * 20, [Sub2()] * 20, [Sub(), Sub2()]])


def binary(p):
    a, b = p
    return a + b, a * 2, b - a if not isinstance(a, str) else 0, a == b, a < b


pairs = [(1, 2), (1.5, 2.5), ("a", "b"), (1, 2.5), (2**62, 2**62), (True, False), (1.5, 1), (10**30, 1), (0.0, 0.0), (1, "x")]
site(binary, [[p] * 30 for p in pairs] + [pairs, pairs])
site(lambda x: x ** 2, [[v] * 20 for v in (3, 2.5, 10**20, "s", 0.0, -4, True)])


class Counter:
    total = 0
    def hit(self):
        Counter.total += 1
        return Counter.total


cs = [Counter() for _ in range(3)]
for i in range(50):
    for c in cs:
        c.hit()
print(Counter.total)


def recursive_default(n, acc=()):
    return acc if n == 0 else recursive_default(n - 1, acc + (n,))


for i in range(6):
    print(recursive_default(i))


def f_code(): return "old"


def other(): return "new"


for i in range(10):
    if i == 5: f_code.__code__ = other.__code__
    print(f_code(), end=" ")
print()
class Mut: pass
Mut.method = lambda self: 1
mm = Mut()
res = []
for i in range(30):
    if i == 10: Mut.method = lambda self: 2
    if i == 20: mm.method = lambda: 3
    if i == 25: del mm.method
    res.append(mm.method())
print(res)
