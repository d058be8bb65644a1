# Natives that call natives: callables, iterators and classes nested without end.
import _functools as functools
import _operator as operator
import itertools

Method = type((lambda self: self).__get__(1))
GenericAlias = type(list[int])
MappingProxy = type(type.__dict__)


def lru_cache(f):
    return functools._lru_cache_wrapper(f, 10, False, tuple)


def kind(f, *args):
    try:
        f(*args)
    except RecursionError:
        return "RecursionError"
    except (TypeError, AttributeError, StopIteration) as e:
        return type(e).__name__
    return "done"


def nest(make, x, n=2_000):
    for _ in range(n):
        x = make(x)
    return x


def survives(f, *args):
    kind(f, *args)
    return "survived"


identity = lambda *a: a
for name, make in (
    ("method", lambda f: Method(f, 1)),
    ("partial", lambda f: functools.partial(f, 1)),
    ("lru_cache", lru_cache),
    ("staticmethod", staticmethod),
    ("classmethod", classmethod),
    ("alias", lambda f: GenericAlias(f, (int,))),
    ("proxy", lambda f: functools.partial(lambda f: f(), f)),
):
    f = nest(make, identity)
    print(name, survives(f), survives(repr, f), survives(hash, f), survives(lambda: f.__name__),
          survives(lambda: f == nest(make, identity)), survives(lambda: f.nothing), survives(lambda: type("C", (), {"f": f})().f))
    del f
for name, make in (
    ("map", lambda it: map(identity, it)),
    ("map None", lambda it: map(str, it)),
    ("filter", lambda it: filter(None, it)),
    ("zip", lambda it: zip(it)),
    ("enumerate", enumerate),
    ("chain", lambda it: itertools.chain(it)),
    ("islice", lambda it: itertools.islice(it, 5)),
    ("takewhile", lambda it: itertools.takewhile(bool, it)),
    ("dropwhile", lambda it: itertools.dropwhile(len, it)),
    ("accumulate", lambda it: itertools.accumulate(it, max)),
    ("starmap", lambda it: itertools.starmap(identity, it)),
    ("pairwise", itertools.pairwise),
    ("batched", lambda it: itertools.batched(it, 1)),
    ("tee", lambda it: itertools.tee(it)[1]),
    ("compress", lambda it: itertools.compress(it, itertools.repeat(1))),
    ("zip_longest", lambda it: itertools.zip_longest(it)),
    ("filterfalse", lambda it: itertools.filterfalse(len, it)),
):
    it = nest(make, iter("abc" * 10))
    print(name, survives(next, it), survives(list, it), survives(repr, it))
    del it


class A: pass


A.__call__ = A()
print("call", kind(A()))


class B(list):
    __repr__ = list.__str__


print("repr", kind(repr, B()), kind(str, B()))


class C:
    __hash__ = hash
    __iter__ = iter
    __len__ = len


print("hash", kind(hash, C()), kind(iter, C()), kind(len, C()))


class P:
    pass


P.__getattr__ = lambda self, name: operator.attrgetter(name)(self)
print("attrgetter", kind(lambda: P().q))
P.__getitem__ = lambda self, i: operator.itemgetter(i)(self)
print("itemgetter", kind(lambda: P()[1]))
P.__eq__ = operator.eq
print("eq", kind(lambda: P() == P()))
P.__lt__ = lambda a, b: sorted([a, b])
print("sort", kind(lambda: sorted([P(), P()])))
P.__add__ = lambda a, b: sum([a, b], a)
print("sum", kind(lambda: P() + P()))
P.__contains__ = lambda self, x: operator.contains(self, x)
print("contains", kind(lambda: 1 in P()))
P.__bool__ = lambda self: operator.truth(self)
print("truth", kind(lambda: not P()))
P.__index__ = lambda self: operator.index(self)
print("index", kind(lambda: [][P()]))
P.__format__ = lambda self, spec: "{:{}}".format(self, spec)
print("format", kind(lambda: f"{P()}"))
P.__reduce_ex__ = lambda self, p: object.__reduce_ex__(self, p)
P.__reduce__ = lambda self: self.__reduce_ex__(2)
print("reduce", kind(lambda: P().__reduce__()))
cls = object
for i in range(300):
    cls = type("Deep", (cls,), {})
cls.__mro__[-2].__len__ = lambda self: 3
print("classes", len(cls()), len(cls.__mro__), issubclass(cls, cls.__mro__[-2]))
cls.__mro__[-2].attribute = 1
print(cls.attribute, hash(cls) == hash(cls), cls == cls)
alias = nest(lambda x: list[x], int)
print("generic", survives(repr, alias), survives(hash, alias), survives(lambda: alias == nest(lambda x: list[x], int)),
      survives(lambda: alias.__parameters__), survives(alias))
union = nest(lambda x: list[x] | None, int, 2000)
print("union", survives(repr, union), survives(hash, union), survives(isinstance, 1, union))
view = nest(MappingProxy, {1: 2}, 5000)
print("mproxy", survives(lambda: view[1]), survives(repr, view), survives(len, view), survives(list, view),
      survives(lambda: view == {}), survives(lambda: 1 in view), survives(view.get, 1), survives(view.copy), survives(hash, view))
context = None
for i in range(20_000):
    e = ValueError(i)
    e.__context__ = context
    e.__cause__ = context
    context = e
try:
    raise context
except ValueError as e:
    print("raised", len(e.args))
    try:
        raise KeyError
    except KeyError as k:
        print(k.__context__ is e)
a, b = ValueError(), TypeError()
a.__context__ = b
b.__context__ = a
try:
    try:
        raise a
    except ValueError:
        raise OSError
except OSError as e:
    print("cycle", type(e.__context__).__name__)
