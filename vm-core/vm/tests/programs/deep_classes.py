# Checks of nested class tuples and unions, and attribute lookups that go on and on.
import sys


def kind(f, *args):
    try:
        f(*args)
    except RecursionError:
        return "RecursionError"
    return "done"


def survives(f, *args):
    """Whether there is room for so much depends on the native stack."""
    kind(f, *args)
    return "survived"


DEPTH = 20_000
t = (int,)
for _ in range(DEPTH):
    t = (t,)
print("isinstance", survives(isinstance, "", t), survives(issubclass, str, t))


class Meta(type):
    def __instancecheck__(cls, x): return isinstance(x, cls)
    def __subclasscheck__(cls, x): return issubclass(x, cls)
    def __getattr__(cls, name): return getattr(cls, name + "y")


class C(metaclass=Meta):
    def __getattr__(self, name): return getattr(self, name + "x")
    def __getattribute__(self, name): return object.__getattribute__(self, name)

    @property
    def p(self): return self.p

    @classmethod
    def m(cls): return cls.m()

    @staticmethod
    def s(): return C.s()


print("meta", kind(isinstance, 1, C), kind(issubclass, int, C), kind(lambda: C.a))
print("getattr", kind(lambda: C().a), kind(lambda: C().p), kind(C.m), kind(C.s))


class D:
    def __getattribute__(self, name): return self.name


print("getattribute", kind(lambda: D().a))


class E(Exception):
    def __init__(self): raise E


print("init", kind(E))


class New:
    def __new__(cls): return cls()


class Sub:
    def __init_subclass__(cls): type("X", (Sub,), {})


print("new", kind(New), kind(lambda: type("Y", (Sub,), {})))


class Descr:
    def __get__(self, obj, owner): return obj.d
    def __set__(self, obj, v): obj.d = v
    def __set_name__(self, owner, name): setattr(type("Z", (), {name: Descr()}), name, 1)


print("set_name", kind(lambda: type("Z", (), {"d": Descr()})))


def f(): return f()


print("function", kind(f), kind(lambda: (lambda g: g(g))(lambda g: g(g))))
print("partial", kind(lambda: list(map(lambda x: f(), [1]))))


def in_map(n): return list(map(in_map, [n]))
def in_sorted(n): return sorted([1, 2], key=in_sorted)
def in_max(n): return max([1, 2], key=in_max)
def in_comprehension(n): return [in_comprehension(x) for x in (n,)]
def in_any(n): return any(in_any(x) for x in [n])
def in_exec(n): exec("in_exec(n)", {"in_exec": in_exec, "n": n})
def in_eval(n): return eval("in_eval(n)", {"in_eval": in_eval, "n": n})
def in_join(n): return "".join(in_join(x) for x in [n])
def in_dict(n): return {k: v for k, v in [(in_dict(n), 1)]}
def in_star(*a): return in_star(*a, **{})
def in_reduce(n): return n.__class__.mro()[0].__call__() or in_reduce(n)
def in_import(n): return __import__("sys").modules and in_import(n)


for g in in_map, in_sorted, in_max, in_comprehension, in_any, in_exec, in_eval, in_join, in_dict, in_star, in_reduce, in_import:
    print(g.__name__, kind(g, 0))
print(sys.getrecursionlimit())
