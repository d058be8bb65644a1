# Generic aliases, unions, mapping proxies, namespaces.
from _types import SimpleNamespace as NS

def t(f, *a, **k):
    try:
        return f(*a, **k)
    except Exception as e:
        return type(e).__name__, str(e)

GA = type(list[int])
Union = type(int | str)
Proxy = type(int.__dict__)
print(list[int], dict[str, int], tuple[int, ...], tuple[()], list[()], type[int], set[list[int]], dict[str, [int, str]], list["x"], list[None], list[...], GA(int, 5), GA(list, (int,)))
a = list[int]
print(a.__origin__, a.__args__, a.__parameters__, a.__unpacked__, a == list[int], a == list[str], a != list[str], a == 5, hash(a) == hash(list[int]), a.__class__, a.append, a.__name__, a.__mro_entries__(()), t(lambda: a.nope), t(lambda: a < a))
print(t(lambda: a[str]), t(isinstance, 1, a), t(issubclass, int, a), a("ab"), t(a, 5), list[int]() == [], t(GA), t(GA, 1), t(GA, 1, 2, 3), t(GA, list, int, x=1), "append" in dir(a), "__args__" in dir(a), t(setattr, a, "x", 1))
b, = a
print(b, b.__unpacked__, [*a], b == a, a.__reduce__(), b.__reduce__()[0], type(iter(a)), a.__typing_unpacked_tuple_args__, [*tuple[int, str]][0].__typing_unpacked_tuple_args__, t(lambda: a.__copy__), a.__doc__ == list.__doc__)
class C(list[int]): pass
print(C.__bases__, C.__orig_bases__, C.__mro__, C([1]), C[str], t(lambda: C[str][int]))
class G:
    def __class_getitem__(cls, k): return (cls.__name__, k)
print(G[5], G[1, 2], t(lambda: G()[1]), t(lambda: int[1]), t(lambda: int.__class_getitem__), t(lambda: ().x))
class Local: pass
print(list[Local], Local | None, GA(Local, int))
class O:
    __slots__ = ()
print(GA(Local, int)().__orig_class__, type(GA(O, int)()).__name__)
class Var:
    def __init__(self, n): self.n = n
    def __repr__(self): return "~" + self.n
    def __typing_subst__(self, arg): return arg
    def __or__(self, o): return "or"
T, S = Var("T"), Var("S")
g = dict[T, list[S]]
print(g, g.__parameters__, g[int, str], g[T, int], t(lambda: g[int]), t(lambda: g[int, str, float]), dict[T, T][int], list[T][list[S]][int], list[[T]], list[[T]].__parameters__, list[[T]][int], list[T][T], tuple[T, ...][int])
u = int | str
print(u, type(u), u.__args__, u == str | int, u == int | str, u != int | float, hash(u) == hash(str | int), u | None, None | int, int | None | int, int | str | int, list[int] | None, u.__parameters__, isinstance(1, u), isinstance(1.0, u), issubclass(bool, u), t(isinstance, 1, int | list[int]), isinstance("a", int | None), isinstance(None, int | None))
print(t(lambda: int | "a"), t(lambda: int | 5), t(lambda: u[int]), (list[T] | int)[str], (list[T] | S).__class__ if False else 0, u.__origin__, u.__name__, u.__qualname__, u.__module__, t(lambda: u < u), t(Union), t(lambda: type("X", (u,), {})), Union[int, str], Union[int], t(lambda: Union[()]), Union[int, Union[str, None]], t(setattr, u, "x", 1), u.__mro_entries__ and 1)
print(type(int | None), {int | str: 1}[str | int], repr(list[int | str]), (int | str) == 5, u.__args__ is u.__args__, Union.__class_getitem__((int, str)))
# proxies
p = Proxy({"a": 1, "b": 2})
print(p, p["a"], len(p), list(p), "a" in p, p.get("a"), p.get("z"), p.get("z", 5), p.keys(), p.values(), p.items(), p.copy(), type(p.copy()), p == {"a": 1, "b": 2}, p != {}, p | {"c": 3}, {"c": 3} | p, p | p, list(reversed(p)), str(p), bool(Proxy({})))
print(t(lambda: p["zz"]), t(lambda: p.__setitem__), t(hash, p), t(Proxy), t(Proxy, 5), t(Proxy, []), t(Proxy, (1,)), Proxy("abc"), t(lambda: p < p), t(p.get), Proxy[int, str], t(setattr, p, "x", 1), Proxy(mapping={}))
def aug(x):
    x |= {}
print(t(aug, p))
class M(dict):
    def __getitem__(self, k): return "m"
    def __contains__(self, k): return True
print(Proxy(M())["q"], "w" in Proxy(M()), type(int.__dict__), "__add__" in int.__dict__, {"z": 1}.keys().mapping)
d = {"live": 1}
p = Proxy(d)
d["more"] = 2
print(p)
# namespaces
n = NS(a=1, b="x")
print(n, n.a, n.__dict__, NS(), NS({"q": 1}), NS({"q": 1}, q=2, w=3), NS([("a", 1)]), n == NS(a=1, b="x"), n != NS(), n == 5, t(NS, 5), t(NS, 1, 2), t(NS, {1: 2}), t(lambda: n < n), t(lambda: n.zz), t(hash, n))
n.c = [1]
del n.a
print(n, n.__reduce__(), n.__replace__(b=5, d=6), t(n.__replace__, 1), t(lambda: NS() < NS()))
n.me = n
print(n)
class Sub(NS): pass
print(Sub(x=1), Sub(x=1) == NS(x=1), Sub(x=1).__replace__(x=2), type(Sub().__replace__()).__name__)
n = NS()
setattr(n, "not an identifier", 1)
n.__dict__[5] = 6
print(n, vars(n))
