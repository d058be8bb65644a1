# Rules for classes and for what special methods return.
import asyncio, sys, warnings, weakref


def tell(f, *a):
    try:
        print(f(*a))
    except Exception as e:
        print(type(e).__name__, e)


# Subclasses of what varies in size have no weak references, and no members.
for base in int, tuple, bytes, str, list, dict, float, frozenset, bytearray, complex, set:
    T = type("T", (base,), {})
    print(base.__name__, list(T.__dict__))
    tell(lambda: weakref.ref(T())() is None)
    for slots in ["a"], ["__dict__"], ["__weakref__"], []:
        tell(lambda: type("T", (base,), {"__slots__": slots}).__name__)

# Names and docstrings are text.
tell(type, "A\udcdcB", (), {})
tell(type, "A\0B", (), {})
tell(type, "A", (), {"__doc__": "x\udcdcy"})


class C:
    pass


for name in "A\udcdcB", "A\0B", b"A", "D":
    tell(setattr, C, "__name__", name)
print(C.__name__)
for name in "__name__", "__qualname__", "__module__", "__bases__", "__type_params__", "__doc__", "__abstractmethods__":
    tell(delattr, C, name)
    tell(setattr, int, name, 1)
C.__firstlineno__ = 42
C.__module__ = "elsewhere"
print("__firstlineno__" in C.__dict__)


class G:
    pass


class E(G):
    pass


tell(setattr, E, "__bases__", (object,))
tell(setattr, E, "__bases__", (C,))
print(E.__mro__[1].__name__)


# Lengths.
for n in -1, 2**63, -(2**70), 2**62, "x":
    tell(len, type("L", (), {"__len__": lambda self: n})())


class Text(str):
    def __bytes__(self):
        return b"its bytes"


tell(bytes, Text("x"))
tell(bytes, Text("x"), "ascii")
tell(bytes, "x")
tell(bytearray, Text("x"))
print(C.__dict__["__weakref__"].__qualname__, complex.real.__qualname__, type("S", (), {"__slots__": "m"}).m.__qualname__)


# Generators.
class Odd(Exception):
    def __new__(cls, *a):
        return cls


def generator():
    yield 1


with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    g = generator()
    tell(g.throw, Odd)
    tell(g.throw, ValueError, ValueError("v"), None)
    print([str(w.message) for w in caught])


# Coroutines know where they came from.
async def coroutine():
    pass


def make():
    return coroutine()


for depth in 0, 1, 2:
    sys.set_coroutine_origin_tracking_depth(depth)
    c = make()
    print(c.cr_origin and [(line, name) for _, line, name in c.cr_origin])
    c.close()
sys.set_coroutine_origin_tracking_depth(0)


# Packages.
def imported(**names):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        tell(__import__, "", names, {}, ["x"], 1)
        print([f"{w.category.__name__} {w.message}" for w in caught])


class Spec:
    parent = "p"


imported(__package__=None, __spec__=None, __name__="__main__")
imported(__package__=None, __spec__=None, __name__="no.such")
imported(__package__="no_such", __spec__=Spec())
imported(__package__=5)
imported(__spec__=Spec())
imported()


# What is of a subclass stays so.
class MySuper(super):
    def __getattr__(self, name):
        return "mine"


class Base:
    def f(self):
        return "base"


class Derived(Base):
    def f(self):
        return self.__s.f() + " " + self.__s.nothing


Derived._Derived__s = MySuper(Derived)
print(Derived().f(), type(Derived()._Derived__s).__name__)
print(type("MyClassMethod", (classmethod,), {})(None), type("MyStatic", (staticmethod,), {})(print))


class Bytes(bytes):
    pass


class Holder:
    def __bytes__(self):
        return Bytes(b"abc")


print(type(bytes(Holder())).__name__, type(Bytes(Holder())).__name__, bytearray(b"x" * 3) + bytes(Holder()))
e = ValueError()
for value in 1, "x", None, True:
    tell(setattr, e, "__suppress_context__", value)
tell(delattr, e, "__suppress_context__")
print(e.__suppress_context__)


class Renamed:
    pass


Renamed.__name__ = "New"
print(Renamed.__name__, Renamed.__qualname__, Renamed)


# What finalizers tell of.
def stubborn():
    while True:
        try:
            yield
        except GeneratorExit:
            pass


sys.unraisablehook = lambda u: print(u.err_msg.split("<")[0], u.exc_value)
g = stubborn()
next(g)
del g
