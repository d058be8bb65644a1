# Cycles of each kind of object end, with their finalizers and weak references.
import _collections as collections
import _functools as functools
import gc
import _weakref as weakref


class Node:
    pass


def ends(make):
    """Whether what `make` builds, weakly referred to, is gone after a collection but not before."""
    r = make()
    before = r() is not None
    gc.collect()
    return before, r() is None


def pair():
    a, b = Node(), Node()
    a.other, b.other = b, a
    return weakref.ref(a)


def through(container):
    def make():
        n = Node()
        n.held = container(n)
        return weakref.ref(n)
    return make


def closure():
    def f():
        return f
    return weakref.ref(f)


def generator():
    def g():
        me = yield
        yield me
    it = g()
    next(it)
    it.send(it)
    return weakref.ref(it)


def traceback():
    kept = None
    try:
        1 / 0
    except ZeroDivisionError as e:
        kept = e
    n = Node()
    n.error = kept
    return weakref.ref(n)


class Method:
    def m(self):
        pass


def bound():
    o = Method()
    o.m = o.m
    return weakref.ref(o)


def partial():
    def f():
        pass
    f.p = functools.partial(f)
    return weakref.ref(f)


class Slots(list):
    __slots__ = ("me", "__weakref__")


def slots():
    s = Slots()
    s.me = s
    return weakref.ref(s)


print("pair", ends(pair))
for name, container in [
    ("list", lambda n: [n]), ("tuple", lambda n: (n,)), ("dict", lambda n: {1: n}), ("key", lambda n: {n: 1}),
    ("set", lambda n: {n}), ("frozenset", lambda n: frozenset([n])), ("deque", lambda n: collections.deque([n])),
    ("iterator", lambda n: iter([n])), ("map", lambda n: map(lambda x: n, [])), ("zip", lambda n: zip([n])),
    ("property", lambda n: property(lambda self: n)), ("view", lambda n: {1: n}.values()),
    ("exception", lambda n: ValueError(n)), ("lambda", lambda n: lambda: n), ("slice", lambda n: slice(n)),
]:
    print(name, ends(through(container)))
for make in closure, generator, traceback, bound, partial, slots:
    print(make.__name__, ends(make))

gc.collect()
l = []
l.append(l)
del l
print(gc.collect())
d = {}
d[1] = d
del d
print(gc.collect())

log = []


class Finalized:
    def __init__(self, name):
        self.name = name
        self.me = self

    def __del__(self):
        log.append(self.name)


Finalized("one")
Finalized("two")
print(gc.collect() > 0, sorted(log))

kept = []


class Revived:
    def __del__(self):
        log.append("revived")
        kept.append(self)


log.clear()
r = Revived()
r.me = r
r.inside = Node()
del r
print(gc.collect(), log, len(kept), type(kept[0].inside).__name__, gc.is_finalized(kept[0]))
kept.clear()
print(gc.collect() > 0, log)

called = []
n = Node()
n.me = n
seen = weakref.ref(n, called.append)
n.watch = weakref.ref(n, lambda r: called.append("not called: garbage itself"))
del n
gc.collect()
print(called == [seen], seen() is None)

phases = []
gc.callbacks.append(lambda phase, info: phases.append((phase, sorted(info))))
gc.collect()
gc.callbacks.clear()
print(phases)

gc.set_debug(gc.DEBUG_SAVEALL)
x = []
x.append(x)
del x
gc.collect()
gc.set_debug(0)
print([type(g).__name__ for g in gc.garbage if type(g) is list and g and g[0] is g])
gc.garbage.clear()

o = [Node()]
print(o[0] in gc.get_objects(), o in gc.get_referrers(o[0]), gc.get_referents(o) == o)
print(gc.is_tracked([]), gc.is_tracked(1), gc.is_tracked("x"), gc.isenabled(), gc.get_threshold()[0])


# Garbage does not pile up, also where nobody asks for a collection.
def churn(count):
    for i in range(count):
        a, b = Node(), [i]
        a.list, a.call, a.table = b, lambda: a, {"a": a}
        b.append(a)


churn(200000)
print(len(gc.get_objects()) < 400000)
