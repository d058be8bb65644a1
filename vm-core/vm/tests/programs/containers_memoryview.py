# memoryview: items, slices, casts, comparisons, release.
def t(f, *a, **k):
    try:
        return f(*a, **k)
    except Exception as e:
        return type(e).__name__, str(e)

m = memoryview(b"abcdef")
print(m.tobytes(), m.tolist(), len(m), m[0], m[-1], m[1:3].tobytes(), m[::-1].tobytes(), m[::2].tolist(), m.nbytes, m.readonly, m.itemsize, m.format, m.ndim, m.shape, m.strides, m.suboffsets, m.c_contiguous, m.f_contiguous, m.contiguous, m.obj)
print(t(lambda: m[9]), t(lambda: m["a"]), t(lambda: m.__setitem__(0, 1)), t(memoryview), t(memoryview, 5), t(memoryview, "a"), hash(m) == hash(b"abcdef"), m == b"abcdef", m == bytearray(b"abcdef"), m != b"x", m == "abcdef", t(lambda: m < m), 97 in m, list(m), list(reversed(m)), m.hex(), m.hex(":"), bytes(m), m.count(97), m.index(99), t(m.index, 1), m.index(98, 1, 3))
b = bytearray(b"abcdef")
w = memoryview(b)
w[0] = 122
w[1:3] = b"YZ"
w[::2] = b"123"
print(b, w.readonly, w.toreadonly().readonly, t(w.__setitem__, 0, 256), t(w.__setitem__, 0, "a"), t(w.__setitem__, slice(0, 2), b"abc"), t(w.__delitem__, 0), t(hash, w), t(w.__setitem__, 99, 1), t(w.toreadonly().__setitem__, 0, 1))
w[1:4] = w[2:5]
print(b)
s = w[::-2]
print(s.tolist(), s.strides, s.contiguous, s.tobytes(), s[1:].tolist(), s == bytes(s), t(s.cast, "B"))
c = memoryview(bytearray(16)).cast("i")
c[0] = -5
c[1] = 1 << 30
print(c.tolist(), c.format, c.itemsize, c.shape, c.nbytes, t(c.__setitem__, 0, 1 << 31), t(c.__setitem__, 0, 1.5), c.cast("B").tolist()[:8], t(c.cast, "h"), t(c.cast, "zz"), t(c.cast, 5), t(memoryview(b"abc").cast, "i"))
for f, v in (("b", -3), ("B", 200), ("h", -300), ("H", 60000), ("i", -70000), ("I", 4000000000), ("l", -5), ("L", 5), ("q", -(1 << 60)), ("Q", 1 << 63), ("n", 7), ("N", 8), ("f", 1.5), ("d", -2.25), ("?", True), ("c", b"x"), ("e", 0.5), ("@i", 3)):
    x = memoryview(bytearray(16)).cast(f)
    x[0] = v
    print(f, x[0], x.tolist()[0] == v, len(x), x.tobytes()[:8])
g = memoryview(bytearray(range(12))).cast("B", (3, 4))
print(g.ndim, g.shape, g.strides, g.tolist(), g[1, 2], g[-1, -1], len(g), t(lambda: g[0]), t(lambda: g[0:1].tolist()), t(lambda: g[5, 0]), t(lambda: g[0, 0, 0]), t(lambda: list(g)), g.tobytes(), g.tobytes("F"), g.c_contiguous, g.f_contiguous, g.cast("B").tolist(), t(memoryview(b"abcd").cast, "B", (3,)), t(memoryview(b"abcd").cast, "B", [0, 1]), t(memoryview(b"abcd").cast, "B", ["a"]), t(memoryview(b"abcd").cast, "B", 5), g == memoryview(bytearray(range(12))).cast("B", [3, 4]))
g[2, 3] = 99
print(g.tolist()[2])
z = memoryview(b"\x05").cast("B", ())
print(z.ndim, z[()], z.tolist(), t(len, z), t(lambda: z[0]), z.shape)
r = memoryview(b"abc")
with r as v:
    print(v[0])
print(t(lambda: r[0]), t(len, r), t(r.tobytes), repr(r)[:9], t(lambda: r.format), t(lambda: r.obj), r.release(), r == r, r == b"abc", t(lambda: r.__enter__()))
print(memoryview(memoryview(b"xy")[1:]).tobytes(), memoryview(b"").tolist(), memoryview(b"")[:].nbytes, b"a" + memoryview(b"b") if False else 0, bytes(memoryview(b"abc")[::2]), memoryview[int], memoryview(b"ab") == memoryview(b"ab")[::1], memoryview(bytearray(8)).cast("f") == memoryview(bytearray(8)).cast("d"), memoryview(bytearray(8)).cast("i") == memoryview(bytearray(8)).cast("f"), b"".join([memoryview(b"q"), b"w"]), t(m.tobytes, "Z"), m.tobytes(order=None), isinstance(m, memoryview))
it = iter(memoryview(b"ab"))
print(next(it), list(it), next(it, "end"), type(it))
nan = memoryview(bytearray(8)).cast("d")
nan[0] = float("nan")
print(nan == nan, nan.tolist()[0] != nan[0])
match m:
    case [97, *rest]:
        print(rest)
