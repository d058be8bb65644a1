# Methods of bytes and bytearray.

def show(f, *args, **kw):
    try:
        return repr(f(*args, **kw))
    except Exception as e:
        return f"{type(e).__name__}: {e}"


def line(name, s, *args, **kw):
    print(f"{s!r}.{name}({args}{kw or ''}) ->", show(lambda: getattr(s, name)(*args, **kw)))


TEXTS = [b"", b"a", b"abc", b"aaa", b"abcabc", b" a b ", b"\t x\ny\r\nz \x0b\x0c\x1c\x85", b"Hello World", b"hELLO", b"12", b"-42", b"\xff\x00'", b'"q\'', b"a,b,,c", bytes(range(0, 256, 17)), b"They're Bill's"]
NOARG = """capitalize title lower upper swapcase isascii islower isupper istitle isspace isdigit isalpha isalnum strip lstrip rstrip split rsplit
splitlines expandtabs hex __len__ __repr__ __str__""".split()
for t in TEXTS:
    for s in (t, bytearray(t)):
        for name in NOARG:
            line(name, s)
        line("splitlines", s, True)
        line("decode", s)
        line("decode", s, "latin-1")
        line("decode", s, "ascii", "replace")
for t in TEXTS[:8]:
    for p in [b"", b"a", b"bc", b"l", bytearray(b"b"), memoryview(b"a"), 97, 300, -1, "a", None, 1.5]:
        if isinstance(p, memoryview):
            print("memoryview", t.find(p), t.count(p), t.startswith(p), t.split(p), t.replace(p, p), t.partition(p)[0])
            continue
        for name in "find rfind index rindex count startswith endswith partition rpartition split rsplit strip lstrip rstrip removeprefix removesuffix __contains__".split():
            line(name, t, p)
        print(show(t.find, p, 1), show(t.rfind, p, 1, -1), show(t.count, p, 1, 3), show(t.replace, p, b"<>"), show(t.replace, p, b"<>", 2))
for s in [b"", b"ab", b"-1", bytearray(b"+x")]:
    for w in [-1, 0, 2, 3, 6, 7]:
        for name in "center ljust rjust".split():
            line(name, s, w)
            line(name, s, w, b"*")
        line("zfill", s, w)
for args in [(5, b"ab"), (5, "a"), (5, 1), ("x",), (5, bytearray(b"x")), (5, bytearray(b""))]:
    line("center", b"abc", *args)
for args in [(":",), (":", 2), (":", -2), (b"-", 3), ("é",), ("::",), (1,), (":", 0), (":", "x"), ("\xff",)]:
    line("hex", b"\x01\x02\x03\x04\x05", *args)
for a in ["", "01ff", " 01 ff ", "0", "01 f", "0g", "g0", "é0", b"01FF", 1, "0 1", "01\n02"]:
    print(repr(a), show(bytes.fromhex, a), show(bytearray.fromhex, a))
class B(bytes):
    def __new__(cls, *a): return super().__new__(cls, *a)
class BA(bytearray):
    pass
print(type(B.fromhex("01")).__name__, type(BA.fromhex("01")).__name__, B(b"abc"), BA(b"abc"), B(b"abc").upper(), type(B(b"x").strip()).__name__)
print(bytes.maketrans(b"ab", b"xy")[95:100], show(bytes.maketrans, b"a", b"xy"), show(bytes.maketrans, "a", b"b"))
print(b"abcabc".translate(bytes.maketrans(b"ab", b"xy"), b"c"), b"abc".translate(None, b"b"), b"abc".translate(None, delete=b""), show(b"abc".translate, b"x"), show(b"abc".translate, 1), show(b"a".translate))
print(b"-".join([]), b"-".join([b"a"]), b"-".join([b"a", bytearray(b"b"), memoryview(b"c")]), bytearray(b",").join((b"1", b"2")), show(b"".join, ["a"]), show(b"".join, 1), show(b"".join, [b"a", 1]))
for args in [(), (3,), (-1,), (b"x",), ("x",), ("x", "ascii"), ("é", "ascii"), ("é", "latin-1", "strict"), (1, "a"), ([1, 2, 255],), ([256],), ([-1],), (["a"],), (1.5,), (None,), ([1.5],), (range(3),), ("x", 1), (b"x", "ascii"), (1 << 70,), (bytearray(b"q"),), (memoryview(b"m"),)]:
    print(str(args).partition(" at ")[0], show(bytes, *args), show(bytearray, *args))
print(show(bytes, errors="x"), show(bytes, encoding="x"), show(bytes, "a", errors="x"), show(bytes, source=b"q"), show(bytearray, "a", errors="strict"))
class HasBytes:
    def __bytes__(self): return b"hi"
class BadBytes:
    def __bytes__(self): return "hi"
class Idx:
    def __index__(self): return 2
print(bytes(HasBytes()), show(bytes, BadBytes()), bytes(Idx()), bytearray(Idx()), show(bytearray, HasBytes()))

# bytearray only
b = bytearray(b"hello")
b[0] = 72; b[-1:] = b"O!"; b[1:3] = [1, 2, 3]
print(b, len(b)); del b[1:4]; print(b); b += b"xyz"; b *= 2; print(b); del b[::2]; print(b); b[::2] = b"-----"[:len(b[::2])]; print(b)
b.append(65); b.extend([66, 67]); b.extend(b"de"); b.insert(0, 33); b.insert(-1, 34); b.insert(100, 35); print(b, b.pop(), b.pop(0), b)
b.remove(65); b.reverse(); print(b, b.copy(), b.copy() is b); b.clear(); print(b)
b = bytearray(b"abc")
for f in [lambda: b.append("x"), lambda: b.append(256), lambda: b.extend(1), lambda: b.extend("ab"), lambda: b.extend([1, 300]), lambda: b.insert("x", 1), lambda: b.pop(10), lambda: bytearray().pop(), lambda: b.remove(1), lambda: b.remove(300),
          lambda: b.__setitem__(0, 300), lambda: b.__setitem__(0, "a"), lambda: b.__setitem__(10, 1), lambda: b.__setitem__("x", 1), lambda: b.__setitem__(slice(0, 1), 5), lambda: b.__setitem__(slice(0, 1), "x"), lambda: b.__setitem__(slice(0, 3, 2), b"abc"), lambda: b.__delitem__(9), lambda: b + 1, lambda: b + "a", lambda: b * "a", lambda: b[9], lambda: b["x"], lambda: hash(b), lambda: b.resize(5), lambda: b.resize(-1), lambda: b]:
    print(show(f))
print(b == b"abc\0\0", b < b"b", b"abc" == bytearray(b"abc"), b"a" == "a", b"a" < bytearray(b"b"), show(lambda: b"a" < "a"), b"a" + bytearray(b"b"), bytearray(b"b") + b"a", b.__reduce__()[1:], b.__reduce_ex__(3)[1:], b.__reduce_ex__(2)[1:], bytearray().__reduce__()[1:])
for f in [lambda: b"a" + 1, lambda: b"a" + "b", lambda: b"a" * 2, lambda: 2 * b"ab", lambda: b"a" * 1.5, lambda: b"abc"[1], lambda: b"abc"[-4], lambda: b"abc"["x"], lambda: b"abc"[::-1], lambda: b"abc"[1:], lambda: 97 in b"abc", lambda: 256 in b"abc", lambda: "a" in b"abc", lambda: b"bc" in b"abc", lambda: list(b"abc"), lambda: b"%s", lambda: hash(b"abc") == hash("abc")]:
    print(show(f))
it = iter(b"abc")
print(it.__length_hint__(), next(it), it.__reduce__()[1:], list(it), it.__reduce__()[1:])

# % of bytes
class FB:
    def __bytes__(self): return b"fb"
for f, v in [(b"%s", b"a"), (b"%b", bytearray(b"x")), (b"%s", "a"), (b"%b", FB()), (b"%s", 1), (b"%a %r", ("é", 1)), (b"%d|%5d|%-5d|%05d|%+d", (1, 2, 3, 4, 5)), (b"%x %X %#x %o", (255,) * 4), (b"%f %.2e %g", (1.5,) * 3), (b"%c%c%c", (65, b"B", bytearray(b"C"))), (b"%c", 256), (b"%c", b"ab"), (b"%c", "a"), (b"%c", 1.5), (b"%%", ()), (b"%", 1), (b"%q", 1), (b"%(a)s", {b"a": b"x"}), (b"%(a)s", {"a": b"x"}), (b"%(a)s", 1), (b"x", 1), (b"x", b""), (b"%s %s", b"a"), (b"%*d", (5, 1)), (b"%.2s|%5s|%-5s|", (b"abc",) * 3), (b"%f", "x"), (b"%d", "x"), (b"%x", 1.5), (b"%d", 1.9), (b"%99999999999999999999d", 1), (b"%.99999999999d", 1), (b"%s", memoryview(b"mv"))]:
    shown = repr(v) if not isinstance(v, (memoryview, FB)) else type(v).__name__
    print(f, shown, show(lambda: f % v), show(lambda: bytearray(f) % v))

# What joins is not to be changed meanwhile.
separator = bytearray(b",")


def changing():
    yield b"a"
    separator.append(1)
    yield b"b"


try:
    separator.join(changing())
except BufferError as e:
    print(e, separator, separator.join(iter([b"a", b"b"])))
separator.append(2)
print(separator)
