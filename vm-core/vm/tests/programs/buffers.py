# Buffers of classes written in Python (PEP 688): __buffer__ and __release_buffer__.
import array
import gc
import sys


def told(args):
    print("unraisable:", args.err_msg, repr(args.exc_value), args.object)


sys.unraisablehook = told


def attempt(f, *args):
    try:
        r = f(*args)
    except BaseException as e:
        print(f"{type(e).__name__}: {e}")
    else:
        print(type(r).__name__ if isinstance(r, memoryview) or type(r).__name__ == "_buffer_wrapper" else repr(r))


class Plain:
    def __init__(self, data=b"hello"):
        self.data = data

    def __buffer__(self, flags):
        print(f"get({flags})", end=" ")
        return memoryview(self.data)

    def __release_buffer__(self, view):
        print(f"release({view.nbytes}, {view.obj is self.data})", end=" ")


print("-- views of an instance")
p = Plain(bytearray(b"hello"))
m = memoryview(p)
print(m.tobytes(), m.readonly, m.format, m.shape, m.obj is p, type(m.obj).__name__, m.c_contiguous)
n = memoryview(m)
part = m[1:3]
m.release()
attempt(p.data.append, 1)
n.release()
print(part.tobytes(), "still held")
del part
print("let go")
p.data.append(33)
with memoryview(p) as m:
    m[0] = 72
print(p.data)
wrapper = memoryview(p).obj
print(type(wrapper), hasattr(wrapper, "__buffer__"), hasattr(wrapper, "__release_buffer__"))
attempt(memoryview, wrapper)
attempt(bytes, wrapper)
attempt(type(wrapper))
print(memoryview(p) == memoryview(p))
print(hash(memoryview(Plain())) == hash(b"hello"))

print("-- what __buffer__ returns")


class Returns:
    def __init__(self, f):
        self.f = f

    def __buffer__(self, flags):
        return self.f(flags)


released = memoryview(b"x")
released.release()
for what in (
    lambda f: None, lambda f: b"bytes", lambda f: 42, lambda f: released, lambda f: 1 / 0,
    lambda f: memoryview(b"abcdef")[::2], lambda f: memoryview(bytes(range(8))).cast("B", [2, 4]),
    lambda f: memoryview(array.array("i", [1, 2])), lambda f: memoryview(b"a").cast("B", [1]).cast("B", ()),
    lambda f: memoryview(b""), lambda f: memoryview(bytearray(b"ab")).toreadonly(),
    lambda f: memoryview(Plain(b"nested")),
):
    attempt(lambda: memoryview(Returns(what)).tobytes())
    attempt(bytes, Returns(what))
    attempt(bytearray, Returns(what))
    attempt(b"".join, [Returns(what)])
    attempt(b"".startswith, Returns(what))
    attempt(lambda: b"abc".find(Returns(what)))
    attempt(lambda: memoryview._from_flags(Returns(what), 1).tolist())
    attempt(lambda: memoryview._from_flags(Returns(what), 0x118).shape)
attempt(memoryview, type("WrongArity", (), {"__buffer__": lambda self: memoryview(b"")})())
attempt(memoryview, type("No", (), {"__buffer__": None})())
attempt(memoryview, type("Release", (), {"__release_buffer__": lambda self, view: None})())
attempt(bytes, type("Sub", (Returns,), {})(lambda f: memoryview(b"inherited")))

print("-- flags")
BOTH = (bytes(4), bytearray(4), memoryview(bytes(4)), memoryview(bytes(8))[::2], array.array("i", [1]),
        memoryview(bytes(8)).cast("b", [2, 4]), memoryview(bytearray(2)), Plain(bytearray(2)))
for flags in (0, 1, 4, 8, 0x18, 0x38, 0x58, 0x98, 0x118, 0x11c, 0x11d, 9, 0x200, 0x300, -1, True):
    for o in BOTH:
        try:
            v = o.__buffer__(flags)
        except BaseException as e:
            # SystemError's text names a line of CPython's source.
            print(flags, type(o).__name__, type(e).__name__, "" if type(e) is SystemError else e)
        else:
            print(flags, type(o).__name__, v.format, v.itemsize, v.shape, v.strides, v.readonly, v.obj is o)
for flags in (2**31, -2**31 - 1, 2**70, 1.5, None, "1"):
    attempt(bytearray().__buffer__, flags)

print("-- the methods of built-in types")
for t in (bytes, bytearray, memoryview, array.array):
    print(type(t.__buffer__).__name__, t.__buffer__.__text_signature__, "__release_buffer__" in t.__dict__)
b = bytearray(b"abc")
m = b.__buffer__(0)
attempt(b.clear)
attempt(bytearray().__release_buffer__, m)
attempt(b.__release_buffer__, 1)
attempt(b.__release_buffer__)
attempt(b.__buffer__)
attempt(lambda: b.__buffer__(flags=0))
attempt(b.__release_buffer__, m)
attempt(m.tobytes)
attempt(b.__release_buffer__, m)
attempt(b.clear)
m = memoryview(b"abc")
one, two = m.__buffer__(0), m.__buffer__(0x11c)
print(one.obj is m, two.obj is m)
attempt(m.release)
m.__release_buffer__(one)
attempt(m.release)
attempt(m.__exit__)
attempt(memoryview(b"").__release_buffer__, two)
two.release()
attempt(m.release)
attempt(m.release)
attempt(m.__buffer__, 0)

print("-- subclasses of built-in types")


class Same(bytearray):
    def __buffer__(self, flags):
        print("get", end=" ")
        return super().__buffer__(flags)

    def __release_buffer__(self, view):
        print("release", end=" ")
        super().__release_buffer__(view)


s = Same(b"same")
with memoryview(s) as m:
    print(m.tobytes(), m.obj is s, type(m.obj).__name__)
    attempt(s.clear)
attempt(bytes, s)
attempt(s.clear)


class Other(bytearray):
    def __buffer__(self, flags):
        return memoryview(b"other")

    def __release_buffer__(self, view):
        attempt(super().__release_buffer__, view)


o = Other(b"own")
attempt(lambda: memoryview(o).tobytes())
attempt(bytes, o)
attempt(lambda: bytearray.__buffer__(o, 0).tobytes())
attempt(lambda: b"" + o)
attempt(lambda: o + b"")
attempt(lambda: o == b"own")
attempt(lambda: o == b"other")
attempt(lambda: b"other".find(o))
attempt(lambda: o.find(b"w"))
attempt(b"".join, [o, o])


class OnlyRelease(bytearray):
    def __release_buffer__(self, view):
        print("release", view.obj, view.readonly, end=" ")
        kept.append(view)
        for f in (
            memoryview, lambda v: v.cast("b"), lambda v: v.toreadonly(), lambda v: v[:1], lambda v: v.__buffer__(0),
            lambda v: v[0], lambda v: v.tobytes(), lambda v: v.tolist(), bytes, lambda v: b"".join([v]), len,
            lambda v: memoryview._from_flags(v, 0), super().__release_buffer__,
        ):
            attempt(f, view)


kept = []
o = OnlyRelease(b"kept")
with memoryview(o) as m:
    print(m.obj is o)
attempt(kept[0].tobytes)
attempt(kept[0].release)
attempt(o.clear)
o += b"xy"
del kept[:]
attempt(b"".join, [o])


class Bytes(bytes):
    def __buffer__(self, flags):
        return memoryview(b"of the class")


x = Bytes(b"itself")
attempt(bytes, x)
attempt(bytearray, x)
attempt(lambda: b"" + x)
attempt(lambda: x + b"")
attempt(b"".join, [x])
attempt(lambda: x == b"itself")
attempt(lambda: memoryview(x).tobytes())
attempt(lambda: b"of the class".startswith(x))
attempt(lambda: b"of the class".startswith((x,)))
attempt(lambda: x in b"in of the class")
attempt(int.from_bytes, x)


class Tuple(tuple):
    def __buffer__(self, flags):
        return memoryview(bytes(x * 2 for x in self))


attempt(bytes, Tuple((1, 2)))
attempt(bytearray, Tuple((1, 2)))
attempt(lambda: bytearray(b"x").extend(Tuple((1, 2))))


class List(list):
    def __buffer__(self, flags):
        raise LookupError("of the list")


attempt(bytes, List([1, 2]))
attempt(bytearray, List([1, 2]))


class Array(array.array):
    def __buffer__(self, flags):
        return super().__buffer__(flags)

    def __release_buffer__(self, view):
        print("release", end=" ")


a = Array("i", [1, 2])
with memoryview(a) as m:
    print(m.format, m.tolist())
    attempt(a.append, 1)
attempt(a.append, 1)

print("-- several bases")


class A:
    def __buffer__(self, flags):
        return memoryview(b"of A")


class AB(A, bytearray):
    def __buffer__(self, flags):
        return super().__buffer__(flags)


class BA(bytearray, A):
    def __buffer__(self, flags):
        return super().__buffer__(flags)


class Releaser:
    def __release_buffer__(self, view):
        self.view = view


class RB(Releaser, bytearray):
    pass


print(bytes(memoryview(AB(b"b"))), bytes(memoryview(BA(b"b"))))
r = RB(b"rb")
with memoryview(r) as m:
    print(m.tobytes())
r.clear()
attempt(r.view.tobytes)

print("-- classes that change")


class Changing:
    pass


c = Changing()
attempt(memoryview, c)
Changing.__buffer__ = lambda self, flags: memoryview(b"now")
attempt(bytes, c)
Changing.__buffer__ = lambda self, flags: memoryview(b"then")
attempt(bytes, c)
m = memoryview(c)
Changing.__release_buffer__ = lambda self, view: print("told", view.tobytes())
m.release()
m = memoryview(c)
del Changing.__release_buffer__
m.release()
del Changing.__buffer__
attempt(memoryview, c)


class Vanishing:
    def __buffer__(self, flags):
        del Vanishing.__buffer__, Vanishing.__release_buffer__
        return memoryview(b"once")

    def __release_buffer__(self, view):
        print("never told")


v = Vanishing()
attempt(bytes, v)
attempt(memoryview, v)

print("-- __bytes__, __index__, __buffer__")


class Order:
    def __init__(self, *names):
        for name in names:
            setattr(type(self), name, getattr(self, "_" + name))

    def _index(self):
        print("index", end=" ")
        return 3

    def _buffer(self, flags):
        print("buffer", end=" ")
        return memoryview(b"buffer")

    def _bytes(self):
        print("bytes", end=" ")
        return b"bytes"

    def _iter(self):
        print("iter", end=" ")
        return iter([1])


def order(*names):
    return type("Order", (), {f"__{n}__": getattr(Order, "_" + n) for n in names})()


for names in (("index", "buffer", "bytes", "iter"), ("index", "buffer", "iter"), ("buffer", "iter"), ("iter",), ("bytes",)):
    o = order(*names)
    for f in (bytes, bytearray, lambda o: b"%b" % o, lambda o: o in b"a\x03", int.from_bytes, lambda o: b"a".find(o),
              lambda o: bytearray(b"x").extend(o), lambda o: bytearray(b"x").__setitem__(slice(0, 1), o), int):
        attempt(f, o)


class Fails:
    def __index__(self):
        raise self.e

    def __buffer__(self, flags):
        return memoryview(b"a")


for e in (TypeError("t"), ValueError("v")):
    f = Fails()
    f.e = e
    attempt(bytes, f)
    attempt(bytearray, f)
    attempt(lambda: f in b"abc")

print("-- errors in __release_buffer__, and while an exception is raised")


class Raising:
    def __buffer__(self, flags):
        return memoryview(b"data")

    def __release_buffer__(self, view):
        raise ValueError("in release")


attempt(bytes, Raising())
with memoryview(Raising()) as m:
    pass
attempt(b"".join, [Raising(), 1])
b = bytearray(b"abc")
with memoryview(b):
    attempt(b.extend, Raising())
    attempt(b.extend, Plain())
    try:
        raise KeyError("first")
    except KeyError:
        attempt(b.__iadd__, Plain())

print("-- what __release_buffer__ does with the view")


class Keeps:
    def __init__(self, data):
        self.data = data

    def __buffer__(self, flags):
        return memoryview(self.data)

    def __release_buffer__(self, view):
        self.view = view


k = Keeps(bytearray(b"kept"))
memoryview(k).release()
print(k.view.tobytes())
attempt(k.data.clear)
k.view.release()
attempt(k.data.clear)


class ReleasesIt(Keeps):
    def __release_buffer__(self, view):
        print("before" if hasattr(self, "done") else "first", end=" ")
        self.done = True
        view.release()
        self.data.clear()
        attempt(view.tobytes)


attempt(bytes, ReleasesIt(bytearray(b"gone")))
attempt(b"".join, [ReleasesIt(bytearray(b"gone")), b"+"])


class SameView(Keeps):
    def __init__(self):
        self.view = memoryview(b"one view")

    def __buffer__(self, flags):
        return self.view

    def __release_buffer__(self, view):
        print(view is self.view, end=" ")


s = SameView()
m, n = memoryview(s), memoryview(s)
attempt(s.view.release)
m.release()
n.release()
attempt(s.view.release)
attempt(memoryview, s)


class Revives:
    def __buffer__(self, flags):
        return memoryview(b"revived")

    def __release_buffer__(self, view):
        saved.append((self, view))


saved = []
memoryview(Revives())
print(len(saved), saved[0][1].tobytes(), bytes(saved[0][0]), len(saved))
del saved[:]


class Resizes:
    def __init__(self):
        self.data = bytearray(b"resized")

    def __buffer__(self, flags):
        m = memoryview(self.data)
        attempt(self.data.clear)
        return m

    def __release_buffer__(self, view):
        view.release()
        self.data.clear()


attempt(bytes, Resizes())

print("-- cycles")


class Cycle:
    def __init__(self):
        self.data = bytearray(b"cycle")
        self.view = memoryview(self)

    def __buffer__(self, flags):
        return memoryview(self.data)

    def __release_buffer__(self, view):
        print("cycle let go", view.tobytes())

    def __del__(self):
        print("finalized", self.view.tobytes())


Cycle()
gc.collect()


class OwnView:
    def __init__(self):
        self.view = memoryview(b"own")

    def __buffer__(self, flags):
        return self.view


o = OwnView()
o.view = memoryview(o)
o.view = memoryview(o)
attempt(bytes, o)
del o
gc.collect()

print("-- a chain of views is not followed")


class Link:
    def __init__(self, view):
        self.view = view

    def __buffer__(self, flags):
        return self.view


v = memoryview(b"the end")
for _ in range(20000):
    v = memoryview(Link(v))
print(v.tobytes(), bytes(v), v[1:].tobytes())
v = v.__buffer__(0)
for _ in range(20000):
    v = v.__buffer__(0)
print(v.tobytes())
del v

print("-- no items")
for v in (memoryview(b"")[::-1], memoryview(b"abc")[-10:-10:-1], memoryview(b"abc")[3:], memoryview(b"abc")[1:1:2]):
    print(v.tobytes(), bytes(v), v == b"", v.tolist(), v.c_contiguous, v.f_contiguous, v.contiguous, v.shape, v.strides)
    attempt(b"".join, [v])
    attempt(lambda: b"" + v)
    attempt(v.cast, "c")
