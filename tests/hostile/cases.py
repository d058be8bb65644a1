"""Hostile programs, made of parts: objects whose special methods change what is being worked on, work that calls
them, deep structures, huge numbers. The same seed and number make the same program everywhere."""

import random

# What a special method does before it answers. LEFT counts down over a program, so that each ends.
ACTIONS = r"""
pass
L.clear()
L.append(E(3))
L[:] = []
L[:0] = [E(1), E(2)]
del L[-1:]
L.reverse()
L.sort()
L.extend(L)
L *= 2
D.clear()
D[E(7)] = L
D[len(D)] = 1
D.pop(next(iter(D), 0), None)
D.update({i: i for i in range(20)})
D.popitem()
S.clear()
S.add(E(9))
S.update(range(30))
S.pop()
B.clear()
B.extend(b"x" * 1000)
del B[:]
B[:] = b""
Q.clear()
Q.append(E(4))
Q.rotate(1)
A.append(1)
del A[:]
raise ValueError("hostile")
raise KeyError(self)
raise StopIteration
raise MemoryError
raise RecursionError
gc.collect()
KEPT.append(self)
KEPT.clear()
self.__class__ = F
self.__dict__ = {}
self.__dict__.clear()
del self.n
E.__hash__ = lambda self: 5
E.__eq__ = lambda self, other: NotImplemented
del E.extra
E.extra = 1
E.__bases__ = (G,)
next(IT, None)
list(IT)
GEN.send(1)
GEN.close()
GEN.throw(ValueError)
sys.setrecursionlimit(150)
sys._getframe().f_locals.clear()
sys._getframe().f_locals.update(self=1)
globals().update(L=[], D={}, S=set())
repr(L)
hash(self)
L == list(L)
sorted(L, key=lambda x: x.n)
next(M, None)
V.release()
O.move_to_end(next(iter(O)))
O.clear()
O[E(1)] = 1
W.clear()
type(self).__len__ = lambda self: -1
IO.close()
IO.truncate(0)
CACHED.cache_clear()
CACHED(self)
""".strip().splitlines()

# Special methods: parameters after self, and answers to choose from.
METHODS = {
    "__eq__": ("o", ["True", "False", "NotImplemented", "1", "self is o"]),
    "__ne__": ("o", ["True", "False", "NotImplemented"]),
    "__lt__": ("o", ["True", "False", "NotImplemented", "id(self) < id(o)"]),
    "__le__": ("o", ["True", "False"]),
    "__hash__": ("", ["1", "5", "-1", "self.n", "2**70", "'no'"]),
    "__len__": ("", ["0", "3", "-1", "2**63", "'no'", "2**62"]),
    "__length_hint__": ("", ["0", "10", "-1", "2**62", "NotImplemented", "'no'"]),
    "__bool__": ("", ["True", "False", "1"]),
    "__iter__": ("", ["iter([1, 2, 3])", "iter(L)", "self", "5", "iter(D)", "GEN", "IT"]),
    "__next__": ("", ["1", "self", "E(1)"]),
    "__getitem__": ("i", ["i", "self", "L[i]"]),
    "__setitem__": ("i, v", ["None"]),
    "__delitem__": ("i", ["None"]),
    "__contains__": ("x", ["True", "False", "'yes'"]),
    "__missing__": ("k", ["k", "self[k]"]),
    "__index__": ("", ["0", "1", "-1", "2**64", "'no'", "len(L)", "True"]),
    "__int__": ("", ["1", "'no'", "10**50"]),
    "__float__": ("", ["1.5", "1", "float('nan')"]),
    "__complex__": ("", ["1j", "1"]),
    "__repr__": ("", ["'E'", "repr(self.n)", "repr(L)", "5", "'\\ud800'"]),
    "__str__": ("", ["'e'", "5", "'x' * 1000"]),
    "__bytes__": ("", ["b'e'", "5"]),
    "__format__": ("spec", ["'f'", "5"]),
    "__add__": ("o", ["self", "1", "NotImplemented", "[]"]),
    "__radd__": ("o", ["self", "o", "NotImplemented"]),
    "__iadd__": ("o", ["self", "None"]),
    "__mul__": ("o", ["self", "NotImplemented"]),
    "__rmul__": ("o", ["self", "2"]),
    "__mod__": ("o", ["'m'", "NotImplemented"]),
    "__or__": ("o", ["self", "NotImplemented"]),
    "__neg__": ("", ["self", "-1"]),
    "__call__": ("*a", ["self", "1", "a", "self()"]),
    "__getattr__": ("name", ["1", "getattr(self, name + 'x')", "self"]),
    "__getattribute__": ("name", ["object.__getattribute__(self, name)", "1"]),
    "__setattr__": ("name, v", ["object.__setattr__(self, name, v)", "None"]),
    "__del__": ("", ["None"]),
    "__enter__": ("", ["self"]),
    "__exit__": ("*a", ["True", "False", "self"]),
    "__get__": ("*a", ["1", "self"]),
    "__set__": ("*a", ["None"]),
    "__reduce_ex__": ("p", ["(E, (1,))", "'L'", "(E, (self,))", "5"]),
    "__deepcopy__": ("memo", ["self", "copy.deepcopy(L, memo)"]),
    "__instancecheck__": ("o", ["True", "'no'"]),
    "__sizeof__": ("", ["1", "-1"]),
    "__dir__": ("", ["['a']", "5", "[1, 'a', self]"]),
    "__round__": ("*a", ["1"]),
    "__trunc__": ("", ["1"]),
    "__reversed__": ("", ["iter(L)", "5"]),
    "__fspath__": ("", ["'x'", "5"]),
    "__buffer__": ("flags", ["memoryview(B)", "5", "memoryview(b'abc')"]),
    "write": ("text", ["len(text)", "None"]),
    "flush": ("", ["None"]),
}

# The work, with ¶ for the end of a line. Each is an expression or statements; `e` is a hostile object, `f` another.
WORK = r"""
L.sort()
L.sort(key=lambda x: L.append(x) or 1)
L.sort(key=lambda x: L.clear())
L.sort(key=e)
sorted(L, reverse=True)
L.index(e)
L.count(e)
L.remove(e)
L.extend(e)
L.extend(map(lambda x: L.append(x) if len(L) < 500 else x, list(L)))
L.insert(e, f)
L[e]
L[e] = f
del L[e]
L[e:f]
L[e:] = f
L[::2] = e
del L[::e]
L * e
L += e
L + e
L == [e] * len(L)
L < [f, e]
e in L
list(e)
tuple(e)
set(e)
frozenset(e)
dict(e)
dict.fromkeys(L, 1)
bytes(e)
bytearray(e)
str(e)
repr(L)
repr(D)
repr(e)
ascii(e)
format(e, "x")
f"{e!r:>{e}} {f}"
"{0} {1!r} {0.n}".format(e, f)
"%s %r %d" % (e, f, e)
"%(a)s" % e
b"%s %d" % (e, e)
", ".join(e)
", ".join([str(x) for x in L])
b"".join(L)
b"".join(e)
B.join([b"a", e])
"abc".replace("b", str(e))
"a" * e
b"a" * e
(1,) * e
D[e]
D[e] = f
del D[e]
D.get(e)
D.setdefault(e, f)
D.pop(e)
D.update(e)
D.update([(e, f), (f, e)])
D == dict(D)
D == {e: f, f: e}
D | {e: e}
D |= e
D.keys() & L
D.items() ^ S
D.items() == dict(D).items()
e in D.values()
[D.pop(k, 0) for k in D]
[D.update({k: 1}) for k in D]
for k in D: D[e] = k
for k in L: L.append(e) if len(L) < 300 else L.clear()
for x in S: S.add(e)
for x in Q: Q.append(x)
{**D, e: f}
e in S
S.add(e)
S.remove(e)
S.discard(e)
S & set(L)
S | set(L)
S - set(L)
S ^ set(L)
S == set(L)
S <= set(L)
S.update(e)
S.intersection_update(L)
S.difference_update(e)
S.symmetric_difference_update(L)
S.isdisjoint(e)
min(L)
max(L, key=e)
sum(L, e)
sum(e)
any(e)
all(L)
len(e)
bool(e)
not e
int(e)
float(e)
complex(e)
round(e, e)
abs(e)
divmod(e, f)
pow(e, f, e)
range(e)
list(range(0, e, f))
hash(e)
hash((e, f))
hash(frozenset([e, f]))
iter(e)
next(e)
list(zip(e, L, strict=True))
list(map(e, L))
list(filter(e, L))
list(enumerate(e))
list(reversed(e))
list(itertools.chain(e, L))
list(itertools.islice(e, 20))
list(itertools.groupby(L, e))
list(itertools.product(L[:3], e))
list(itertools.permutations(e, 2))
list(itertools.accumulate(L, e))
list(itertools.zip_longest(e, L))
list(itertools.takewhile(e, L))
list(itertools.starmap(e, [L]))
list(itertools.pairwise(e))
list(itertools.batched(e, 2))
[list(x) for x in itertools.tee(e)]
list(itertools.compress(L, e))
list(itertools.islice(itertools.cycle(e), 30))
list(itertools.islice(itertools.count(e, f), 3))
functools.reduce(e, L)
functools.partial(e, f)(*L)
repr(functools.partial(e, f, k=e))
CACHED(e)
CACHED(f), CACHED(e)
functools.cmp_to_key(e)(f) < functools.cmp_to_key(e)(e)
functools.singledispatch(e)(f)
Q.extend(e)
Q.extendleft(L)
Q.index(e)
Q.remove(e)
Q.count(e)
Q.rotate(e)
Q.insert(e, f)
Q == collections.deque(L)
Q * e
Q[e]
collections.deque(e, maxlen=2)
collections.Counter(e)
collections.Counter(L) + collections.Counter(e)
O[e] = f
O == collections.OrderedDict(L)
O.move_to_end(e)
[O.pop(k) for k in O]
collections.ChainMap(D, {e: f})[e]
collections.defaultdict(e, D)[f]
collections.namedtuple("N", "a b")(*e)
A.extend(e)
A[e]
A[e:f] = A
A.index(e)
A * e
array.array("d", e)
array.array("i", L)
B.extend(e)
B[e]
B[e] = f
B[e:f] = e
B.find(e)
B.insert(e, f)
B += e
B.replace(b"a", e)
B.translate(e)
B.split(e)
B % e
V[e]
V[e] = f
V[:] = e
V.cast("H")[e]
bytes(V)
memoryview(e)
struct.pack("i", e)
struct.pack_into("q", B, e, f)
struct.unpack_from("i", B, e)
int.from_bytes(e)
(12345).to_bytes(e)
int("1" * 100, e)
json.dumps(L, default=e)
json.dumps({"a": e})
json.dumps(D, skipkeys=True, default=str)
json.loads("[1, 2]", parse_int=e)
pickle.dumps(L)
pickle.loads(pickle.dumps([e, f]))
copy.copy(e)
copy.deepcopy(L)
copy.deepcopy(D)
re.sub("b", e, "abc" * 5)
re.sub("b", lambda m: str(e), "abcb")
re.compile("(a|b)*").match(e)
print(e, file=e)
print(L, file=IO)
IO.write(e)
IO.writelines(e)
io.StringIO(e)
io.BytesIO(B).readinto(e)
io.BytesIO(e)
io.TextIOWrapper(e)
io.BufferedReader(e)
getattr(e, "x")
setattr(e, "x", f)
delattr(e, "n")
hasattr(e, "zz")
dir(e)
vars(e)
isinstance(f, e)
issubclass(E, e)
isinstance(1, (int, e))
type("X", (E,), {"a": e})
type("X", (E,), D)
type("X", (e,), {})
type("X", (E,), {"__slots__": e})
class X(E, extra=e): pass
class X(E): a = e; b = e
class X(metaclass=e): pass
class X(e): pass
super(E, e).n
object.__new__(e)
E.__new__(E)
e.__class__ = type("Z", (E,), {})
e.__init__()
e.n.n.n
e(f, *L)
e(**D)
dict(**{str(i): e for i in range(20)})
e[f]
e[f] = 1
del e[f]
e + f
e += f
e @ f
e | f
-e
e == f
e != f
e < f < e
e is f or e == f
with e as x, f: raise ValueError
for x in e: L.append(x) if len(L) < 300 else KEPT.clear()
a, *b = e
a, b = e
[*e, *L]
print(*e, file=IO)
match e:¶    case [a, *b]: L.append(a)¶    case {"k": v}: pass¶    case E(n=1): pass
match L:¶    case [E(), *_, E() as x]: pass
exec("L.clear()\nx = L[0]", D)
exec("x = 1", {"__builtins__": e})
exec("def f(): return x\nf()", globals(), e)
eval("[x for x in L if x == e]")
eval("n", {}, e)
compile(e, "f", "exec")
compile("x = 1", e, "exec")
GEN.send(e)
GEN.throw(e)
GEN.throw(ValueError(e))
list(GEN)
[GEN.close() for _ in GEN]
list(x for x in e)
[y for x in L for y in x]
weakref.ref(e, f)()
weakref.proxy(e).n
weakref.WeakValueDictionary({1: e}).get(1)
weakref.WeakSet(L) == set(L)
W[e] = f
list(W.items())
weakref.finalize(e, f)
raise e
raise ValueError from e
raise E
raise ExceptionGroup("g", L)
raise ExceptionGroup("g", [ValueError(e), TypeError(f)])
try: raise ValueError(e)¶except e: pass
try: raise ExceptionGroup("g", [ValueError(e)])¶except* ValueError as g: raise
try: raise KeyError(e)¶finally: L.sort()
traceback.format_exception(ValueError(e))
warnings.warn(e)
warnings.warn("x", e)
open(e)
os.fspath(e)
os.path.join(e, "x")
sys.getsizeof(e)
sys.intern(e)
sys.setrecursionlimit(e)
sys.settrace(e); L.sort(); sys.settrace(None)
sys.setprofile(e); len(L); sys.setprofile(None)
gc.get_referrers(e)
gc.get_referents(L)
types.SimpleNamespace(**D) == e
types.MappingProxyType(e)[f]
types.MethodType(e, f)()
property(e).__get__(f)
classmethod(e).__get__(f)()
operator.attrgetter("n.n")(e)
operator.itemgetter(e, f)(L)
operator.length_hint(e)
operator.index(e)
operator.concat(L, e)
operator.indexOf(L, e)
operator.countOf(e, f)
math.fsum(e)
math.prod(e)
math.gcd(e, f)
math.factorial(e)
math.dist(e, f)
bisect.insort(L, e)
bisect.bisect(L, e, key=f)
heapq.heapify(L)
heapq.heappush(L, e)
heapq.heappop(L)
heapq.heapreplace(L, e)
heapq.nsmallest(2, e)
heapq.merge(e, L)
random.Random(1).shuffle(L)
random.Random(e)
random.Random(1).choice(e)
contextlib.ExitStack().push(e)
contextlib.ExitStack().enter_context(e)
enum.Enum("N", e)
dataclasses.make_dataclass("N", e)
dataclasses.replace(e)
string.Template("$a").substitute(e)
str.maketrans(e)
"abc".translate(e)
"abc".startswith(e)
"abc".split(e)
"abc".encode(e)
b"abc".decode("utf-8", e)
codecs.encode("\ud800", "ascii", e)
"a,b".join(e)
slice(e, f).indices(e)
e.__reduce_ex__(4)
E.__subclasses__()
E.mro()
E.__bases__ = (e,)
E.__bases__ = (object,)
E.__name__ = e
E.__dict__[e]
E.__doc__ = e
E.__abstractmethods__ = e
lambda: e.n
(lambda *a, **k: (a, k))(*e, **D)
"".join(chr(x) for x in e)
locals()[e]
asyncio_step(e)
breakpointhook(e)
""".strip().splitlines()

# Deep structures, huge numbers, recursion: with N some size. They need no hostile object.
DEEP = r"""
x = []¶for _ in range(N): x = [x]¶repr(x)
x = ()¶for _ in range(N): x = (x,)¶hash(x)
x = y = []¶for _ in range(N): x, y = [x], [y]¶x == y
x = {}¶for _ in range(N): x = {1: x}¶repr(x)
x = {}¶y = {}¶for _ in range(N): x, y = {1: x}, {1: y}¶x == y
x = []¶for _ in range(N): x = [x]¶copy.deepcopy(x)
x = []¶for _ in range(N): x = [x]¶pickle.dumps(x)
x = []¶for _ in range(N): x = [x]¶json.dumps(x)
json.loads("[" * N + "]" * N)
eval("(" * N + ")" * N)
eval("-" * N + "1")
eval("+".join(["1"] * N))
eval("[" * N)
compile("if 1:\n" + "".join(" " * i + "if 1:\n" for i in range(1, N % 100)), "f", "exec")
eval("lambda: " * N + "1")
eval("x" + ".x" * N)
eval("f" + "(1)" * N)
compile("x = " + "a if b else " * N + "c", "f", "exec")
x = None¶for _ in range(N):¶    x = ValueError(x)¶str(x)
x = None¶for _ in range(N):¶    y = ValueError(); y.__cause__ = x; x = y¶traceback.format_exception(x)
x = ValueError()¶for _ in range(N): x = ExceptionGroup("g", [x])¶repr(x)
x = ValueError()¶for _ in range(N): x = ExceptionGroup("g", [x])¶x.split(ValueError)
x = ValueError()¶for _ in range(N): x = ExceptionGroup("g", [x])¶traceback.format_exception(x)
x = lambda: 1¶for _ in range(N): x = functools.partial(x)¶x()
x = lambda: 1¶for _ in range(N): x = functools.partial(x)¶repr(x)
x = iter([])¶for _ in range(N): x = itertools.chain(x, [1])¶list(x)
x = iter([1])¶for _ in range(N): x = map(str, x)¶list(x)
x = iter([1])¶for _ in range(N): x = (y for y in x)¶list(x)
x = int¶for _ in range(N): x = list[x]¶repr(x)
x = int¶for _ in range(N): x = x | list[x] if _ < 12 else list[x]¶hash(x)
x = object()¶for _ in range(N): x = weakref.WeakMethod if _ > N else [x]¶del x
x = E(1)¶for _ in range(N): x = E(x)¶del x
x = E(1)¶for _ in range(N): x = types.MethodType(x, 1)¶x()
x = object¶for _ in range(N % 300): x = type("X", (x,), {})¶x()
x = E(1)¶x.n = x¶gc.collect()
def r(n): return r(n + 1)¶r(0)
def r(n):¶    try: return r(n + 1)¶    finally: return n¶r(0)
def r(n):¶    try: return r(n + 1)¶    except RecursionError: return r(n) if n % 50 == 49 else n¶r(0)
def r(): yield from r()¶list(r())
class R:¶    def __getattr__(self, n): return getattr(self, n)¶R().x
class R:¶    def __repr__(self): return repr(self)¶repr(R())
class R:¶    def __eq__(self, o): return o == self¶R() == R()
class R:¶    def __add__(self, o): return self + o¶R() + 1
class R:¶    def __iter__(self): return iter(self)¶list(R())
class R:¶    def __hash__(self): return hash(self)¶{R(): 1}
class R:¶    def __str__(self): return f"{self}"¶str(R())
class R:¶    def __len__(self): return len(self)¶bool(R())
class R:¶    def __index__(self): return range(10)[self]¶[1][R()]
class R:¶    def __del__(self): KEPT.append(R()) if len(KEPT) < N else None¶R()
class R: pass¶R.__call__ = R()¶R()()
class R: x = property(lambda self: self.x)¶R().x
class R(type):¶    def __instancecheck__(self, o): return isinstance(o, self)¶class Q(metaclass=R): pass¶isinstance(1, Q)
class R(dict):¶    def __missing__(self, k): return self[k]¶R()[1]
class R(Exception):¶    def __init__(self): raise R¶raise R
sys.setrecursionlimit(N % 200 + 5)¶def r(): r()¶r()
sys.setrecursionlimit(N + 5)¶x = []¶for _ in range(N): x = [x]¶repr(x)
sys.setrecursionlimit(10**9)¶def r(n): return n and r(n - 1)¶r(N * 3)
sys.setrecursionlimit(-N)
sys.setrecursionlimit(1)
L.append(L); repr(L); L == [L]; hash(tuple(L))
D[1] = D; repr(D); D == {1: D}
L.append(L); copy.deepcopy(L); json.dumps(L)
L.append(L); pickle.loads(pickle.dumps(L))
x = 10 ** N¶str(x)
x = 1 << (N * 50)¶len(str(x))
int("9" * N)
int("9" * N, 36)
x = 3 ** N¶x * x // 7 % 1000003
x = 7 ** N¶x.to_bytes(10)
pow(3, 10 ** 100, 10 ** 100 + 7)
float(10 ** N)
10 ** N / 10 ** (N - 1)
math.factorial(N % 3000)
math.comb(N, N // 2).bit_length()
math.isqrt(10 ** N).bit_length()
1 << 10 ** 30
"a" * 10 ** N
[0] * 2 ** 62
b"a" * 2 ** 40
bytearray(2 ** 45)
"x".ljust(2 ** 50)
f"{1:{N}d}".__len__()
f"{1.5:.{N}f}".__len__()
"%.*f" % (N, 1.5)
"%*d" % (2 ** 40, 1)
"a".zfill(2 ** 40)
list(range(2 ** 40))
range(2 ** 100)[2 ** 99]
len(range(2 ** 100))
"ab" * N + "c" in "ab" * N
re.match("(a+)+b", "a" * (N % 18))
re.match("(" * (N % 500) + ")" * (N % 500), "")
re.compile("a{%d}" % (N * 1000)).match("a" * 10)
re.match("(?:a?)*?y", "a" * N)
re.match("((x)|(y))*", "xy" * N).group()
struct.pack("%ds" % N, b"a")
struct.calcsize("%dQ" % 2 ** 62)
array.array("q", [0]) * 2 ** 60
itertools.product(range(9), repeat=N)
itertools.combinations(range(5), 2 ** 40)
next(itertools.islice(itertools.count(), N, None))
memoryview(bytes(N)).cast("B", [N, 1])[N - 1, 0]
collections.deque(range(N), maxlen=2 ** 70)
exec("x = " + "[" * 90 + "]" * 90)
exec("\n".join(f"x{i} = {i}" for i in range(N)))
exec("def f(" + ", ".join(f"a{i}" for i in range(N)) + "): pass")
exec("f(" + ", ".join(f"a{i}=1" for i in range(N)) + ")", {"f": dict})
exec("x = {" + ", ".join(f"{i}: {i}" for i in range(N)) + "}")
try:¶    1 / 0¶except Exception as x:¶    x.__traceback__.tb_next = x.__traceback__
try:¶    1 / 0¶except Exception as x:¶    x.__context__ = x; x.__cause__ = x; traceback.format_exception(x)
x = ValueError()¶x.__cause__ = x¶raise x
x = ValueError()¶y = KeyError()¶x.__context__ = y; y.__context__ = x¶raise x
def g():¶    try: yield¶    finally: yield 1¶x = g(); next(x); x.close()
def g(): yield from x¶x = g(); next(x)
def g():¶    while 1:¶        try: yield¶        except GeneratorExit: pass¶x = g(); next(x); x.close()
async def g(): await g()¶g().send(None)
x = [E(i) for i in range(N)]¶for a in x: a.other = x¶del x, a; gc.collect()
""".strip().splitlines()

HEAD = """
import array, bisect, codecs, collections, contextlib, copy, dataclasses, enum, functools, gc, heapq, io, itertools, json, math
import operator, os, pickle, random, re, string, struct, sys, traceback, types, warnings, weakref
warnings.simplefilter("ignore")
sys.unraisablehook = lambda *a: None
sys.set_int_max_str_digits(0)
LEFT = [60]
def spend():
    LEFT[0] -= 1
    if LEFT[0] < 0: raise OverflowError("spent")
class G:
    extra = 0
class F(G):
    pass
"""

SET_UP = """
L = [E(1), E(2), 3, E(4)]
D = {E(1): 1, E(2): 2, "k": 3}
S = {1, 2, 3}
for i in range(3):
    try: S.add(E(i))
    except Exception: pass
B = bytearray(b"hostile bytes" * 3)
V = memoryview(bytearray(b"a view of bytes."))
Q = collections.deque([E(1), E(2), 3])
A = array.array("i", range(10))
O = collections.OrderedDict(a=1, b=2)
W = weakref.WeakKeyDictionary()
IO = io.StringIO()
KEPT = []
IT = iter(L)
M = map(E, L)
CACHED = functools.lru_cache(maxsize=3)(lambda x: KEPT.append(x))
def numbers():
    for _ in range(100_000):
        try:
            x = yield L
            L.append(x)
        except ValueError:
            next(GEN)
GEN = numbers()
next(GEN)
def asyncio_step(x):
    async def f(): return await x
    return f().send(None)
def breakpointhook(x):
    sys.displayhook(x)
e, f = E(5), E(6)
"""


def hostile_class(rng):
    """`class E`, and the special methods for it that do something before they answer."""
    base = rng.choice(["G", "G", "G", "G", "G", "list, G", "dict, G", "int, G", "str, G", "Exception, G", "set, G", "bytearray, G", "tuple, G"])
    head = [f"class E({base}):", "    def __new__(cls, *a): return super().__new__(cls)", "    def __init__(self, n=0, *a): self.n = n"]
    methods = []
    for name in rng.sample(sorted(METHODS), rng.randint(2, 9)):
        parameters, answers = METHODS[name]
        action = rng.choice(ACTIONS)
        methods += [
            f"    def {name}(self{', ' + parameters if parameters else ''}):",
            "        spend()",
            *([f"        if LEFT[0] % {rng.randint(2, 5)} == 0: {action}"] if rng.random() < 0.5 else [f"        {action}"]),
            f"        return {rng.choice(answers)}",
        ]
    return "\n".join(head), "\n".join(methods)


# The methods come into the class when objects of it exist, and lie in containers.
ARM = "for name, method in list(vars(H).items()):\n    if callable(method): setattr(E, name, method)"

PLAIN_CLASS = "class E(G):\n    def __init__(self, n=0): self.n = n"


def case(seed, number):
    """The program with that number."""
    rng = random.Random(f"{seed}/{number}")
    if rng.random() < 0.2:
        size = rng.choice([0, 1, 2, 10, 100, 900, 1100, 3000, 10000])
        work = [rng.choice(DEEP)]
        return "\n".join([HEAD, PLAIN_CLASS, f"N = {size}", SET_UP, *(w.replace("¶", "\n") for w in work)])
    work = [rng.choice(WORK).replace("¶", "\n") for _ in range(rng.randint(1, 4))]
    guarded = [w if i == len(work) - 1 else "try:\n    " + w.replace("\n", "\n    ") + "\nexcept Exception: pass" for i, w in enumerate(work)]
    head, methods = hostile_class(rng)
    if rng.random() < 0.3:
        return "\n".join([HEAD, head, methods, SET_UP, *guarded])
    return "\n".join([HEAD, head, SET_UP, "class H:", methods, ARM, *guarded])
