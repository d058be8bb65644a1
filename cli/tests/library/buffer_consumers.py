# Everything that takes bytes-like objects asks instances of classes with __buffer__, with the
# flags that CPython asks with, and lets them go. What runs meanwhile may not resize or free the
# memory that is in use.
import _blake2
import _codecs
import _io
import _md5
import _operator
import _struct
import array
import binascii
import marshal
import mmap
import sys
import zlib


def told(args):
    print("unraisable:", args.err_msg, repr(args.exc_value))


sys.unraisablehook = told


def attempt(name, f, *args):
    print(name, end=": ")
    try:
        r = f(*args)
    except BaseException as e:
        print(f"{type(e).__name__}: {e}")
    else:
        r = tuple("wrapper" if type(x).__name__ == "_buffer_wrapper" else x for x in r) if type(r) is tuple else r
        print(repr(r)[:100])


class Data:
    def __init__(self, data):
        self.data = data

    def __buffer__(self, flags):
        print(f"<{flags}", end=" ")
        return memoryview(self.data)

    def __release_buffer__(self, view):
        print(">", end=" ")


class Raises:
    def __buffer__(self, flags):
        raise LookupError("no memory")


class Gaps:
    def __buffer__(self, flags):
        return memoryview(b"a-b-c-")[::2]


def mapped(data):
    m = mmap.mmap(-1, 8)
    m[:len(data)] = data
    return m


def into(f, size=4):
    """What `f` writes to a bytearray behind an instance."""
    d = Data(bytearray(b"." * size))
    r = f(d)
    return r, bytes(d.data)


def stream(data=b"streamed"):
    return _io.BytesIO(data)


def set_slice(to, key, value):
    to[key] = value
    return bytes(to)


def extended(o):
    a = array.array("B")
    a.frombytes(o)
    return a


def hashed(o):
    h = _md5.md5()
    h.update(o)
    return h.hexdigest()[:8]


def compressed(o):
    c = zlib.compressobj()
    return zlib.decompress(c.compress(o) + c.flush())


def file_written(o):
    raw = _io.BytesIO()
    f = _io.BufferedWriter(raw)
    n = f.write(o)
    f.flush()
    return n, raw.getvalue()


def written(o):
    b = _io.BytesIO()
    return b.write(o), b.getvalue()


def iterated(o):
    it = _struct.iter_unpack("2s", o)
    return next(it), list(it)


BYTES = {
    "bytes": bytes, "bytearray": bytearray, "int": int, "float": float, "from_bytes": int.from_bytes,
    "str": lambda o: str(o, "ascii"), "join": lambda o: b"+".join([b"1", o, bytearray(b"2")]),
    "bytes +": lambda o: b"ab" + o, "+ bytes": lambda o: o + b"ab", "bytearray +": lambda o: bytearray(b"ab") + o,
    "+=": lambda o: bytearray(b"ab").__iadd__(o), "extend": lambda o: bytearray(b"ab").extend(o),
    "slice": lambda o: set_slice(bytearray(b"abc"), slice(0, 1), o),
    "steps": lambda o: set_slice(bytearray(b"a.b.c."), slice(None, None, 2), o),
    "in": lambda o: o in b"0123", "in bytearray": lambda o: o in bytearray(b"0123"),
    "==": lambda o: bytearray(b"12") == o, "== 2": lambda o: o == bytearray(b"12"), "<": lambda o: bytearray(b"1") < o,
    "bytes ==": lambda o: b"12" == o, "find": b"0123".find, "rfind": bytearray(b"0123").rfind,
    "index": b"0123".index, "count": b"01212".count, "startswith": b"123".startswith,
    "startswith 2": lambda o: b"123".startswith((b"x", o)), "endswith": bytearray(b"012").endswith,
    "removeprefix": b"123".removeprefix, "removesuffix": b"012".removesuffix, "split": b"0123".split,
    "rsplit": bytearray(b"0123").rsplit, "partition": b"0123".partition, "rpartition": b"0123".rpartition,
    "bytearray partition": bytearray(b"0123").partition, "strip": b"0121".strip, "lstrip": b"1210".lstrip,
    "replace": lambda o: b"0123".replace(o, o), "translate": lambda o: b"0123".translate(None, o),
    "maketrans": lambda o: len(bytes.maketrans(o, b"34")), "fromhex": bytes.fromhex,
    "%b": lambda o: b"<%b>" % o, "%s": lambda o: bytearray(b"<%s>") % (o,), "% tuple": lambda o: b"" % o,
    "memoryview ==": lambda o: memoryview(b"12") == o, "== memoryview": lambda o: o == memoryview(b"12"),
    "memoryview slice": lambda o: set_slice(memoryview(bytearray(b"abc")), slice(0, 2), o),
    "array": extended, "array init": lambda o: array.array("B", o), "unpack": lambda o: _struct.unpack("2s", o),
    "unpack_from": lambda o: _struct.unpack_from("s", o, 1), "iter_unpack": iterated,
    "pack": lambda o: _struct.pack("2s", o), "md5": hashed, "blake2": lambda o: _blake2.blake2b(o).hexdigest()[:8],
    "blake2 key": lambda o: _blake2.blake2s(key=o, salt=o).hexdigest()[:8],
    "crc32": zlib.crc32, "adler32": zlib.adler32, "zlib": lambda o: zlib.decompress(zlib.compress(o)),
    "compressobj": compressed, "hexlify": binascii.hexlify, "unhexlify": binascii.unhexlify,
    "b64": binascii.b2a_base64, "a2b": binascii.a2b_base64, "crc_hqx": lambda o: binascii.crc_hqx(o, 0),
    "decode": lambda o: _codecs.utf_8_decode(o), "latin": _codecs.latin_1_decode, "escape": _codecs.escape_decode,
    "unicode escape": _codecs.unicode_escape_decode, "charmap": _codecs.charmap_decode,
    "codecs.decode": lambda o: _codecs.decode(o, "latin-1"), "readbuffer": _codecs.readbuffer_encode,
    "compile": lambda o: eval(compile(o, "f", "eval")), "eval": eval, "marshal": marshal.dumps,
    "compare_digest": lambda o: _operator._compare_digest(o, b"12"), "BytesIO": lambda o: stream(o).getvalue(),
    "BytesIO.write": written, "BufferedWriter": file_written,
    "writelines": lambda o: _io.BytesIO().writelines([o]), "mmap": lambda o: set_slice(mapped(b""), slice(0, 2), o),
    "mmap.find": mapped(b"0123").find, "mmap.write": mapped(b"").write, "ord": ord, "bytes.decode": lambda o: bytes(o).decode(),
    "hex": lambda o: b"abc".hex(o), "index of": lambda o: [1, 2][o], "unicode error": lambda o: UnicodeDecodeError("e", o, 0, 1, "r").object,
    "pack_into 0": lambda o: _struct.pack_into("s", o, 0, b"x"), "readinto 0": lambda o: stream().readinto(o),
    "array.extend": lambda o: array.array("B").extend(o), "dict": lambda o: {b"12": 1}.get(o), "iter": iter,
    "len": len, "sum": lambda o: sum(o), "zip": lambda o: list(zip(o)),
}
print("-- an instance")
for name, f in BYTES.items():
    attempt(name, f, Data(b"12"))
print("-- errors in __buffer__")
for name, f in BYTES.items():
    attempt(name, f, Raises())
print("-- memory with gaps")
for name, f in BYTES.items():
    attempt(name, f, Gaps())
print("-- items of more than a byte")
for name in ("bytes", "join", "array", "unpack", "md5", "==", "memoryview ==", "find", "BytesIO"):
    attempt(name, BYTES[name], Data(array.array("h", [1])))
    attempt(name, BYTES[name], array.array("h", [1]))

print("-- memory that is written to")
for name, f in {
    "pack_into": lambda o: _struct.pack_into("2s", o, 1, b"ab"), "readinto": lambda o: stream().readinto(o),
    "readinto1": lambda o: stream().readinto1(o), "BufferedReader": lambda o: _io.BufferedReader(stream()).readinto(o),
    "BufferedReader 1": lambda o: _io.BufferedReader(stream()).readinto1(o),
    "BufferedRandom": lambda o: _io.BufferedRandom(stream()).readinto(o),
}.items():
    attempt(name, into, f)
    attempt(name, f, Data(b"read only"))
    attempt(name, f, Raises())

print("-- code that runs while memory is in use")


class Clears:
    """Empties a bytearray when it is asked, if that can be done."""

    def __init__(self, target, data=b"x"):
        self.target, self.data = target, data

    def __buffer__(self, flags):
        self.clear()
        return memoryview(self.data)

    def __release_buffer__(self, view):
        self.clear()

    def clear(self):
        try:
            self.target.clear()
            self.target.extend(b"y" * 100)
            self.target.clear()
        except BufferError:
            print("in use", end=" ")


T = bytes(range(256))
for name, f in {
    "find": lambda b, o: b.find(o), "rfind": lambda b, o: b.rfind(o), "index": lambda b, o: b.index(o),
    "count": lambda b, o: b.count(o), "in": lambda b, o: o in b, "+": lambda b, o: b + o, "+=": lambda b, o: b.__iadd__(o),
    "extend": lambda b, o: b.extend(o), "slice": lambda b, o: set_slice(b, slice(0, 2), o),
    "steps": lambda b, o: set_slice(b, slice(0, 8, 8), o), "join": lambda b, o: b.join([b"1", o, b"2"]),
    "join 2": lambda b, o: b",".join([b, o, b]), "replace": lambda b, o: b.replace(o, b"y"),
    "replace 2": lambda b, o: b.replace(b"a", o), "replace 3": lambda b, o: b"aax".replace(b, o),
    "split": lambda b, o: b.split(o)[:2], "rsplit": lambda b, o: b.rsplit(o)[:2], "partition": lambda b, o: b.partition(o),
    "rpartition": lambda b, o: b.rpartition(o), "strip": lambda b, o: b.strip(o), "startswith": lambda b, o: b.startswith(o),
    "startswith 2": lambda b, o: b.startswith((b"q", o)), "endswith": lambda b, o: b.endswith(o),
    "removeprefix": lambda b, o: b.removeprefix(o), "removesuffix": lambda b, o: b.removesuffix(o),
    "translate": lambda b, o: b.translate(None, o), "translate 2": lambda b, o: b.translate(Clears(b, T)),
    "translate 3": lambda b, o: b.translate(T, o), "==": lambda b, o: b == o, "== 2": lambda b, o: o == b, "<": lambda b, o: b < o,
    "init": lambda b, o: b.__init__(o), "%": lambda b, o: bytearray(b"%b") % o, "maketrans": lambda b, o: len(bytes.maketrans(b"x", o)),
    "memoryview slice": lambda b, o: set_slice(memoryview(bytearray(b"ab")), slice(0, 1), o),
    "digest": lambda b, o: _operator._compare_digest(b, o), "unicode": lambda b, o: str(o, "ascii"),
    "join tuple": lambda b, o: bytearray(b"-").join((o, b, o)),
}.items():
    b = bytearray(b"abcxabcxabc" * 10)
    attempt(name, f, b, Clears(b))
    b.clear()

b = bytearray(b"abc")
attempt("of itself", b.__iadd__, b)
attempt("of itself", b.extend, b)
attempt("of itself", b.replace, b, b)
attempt("of itself", b.join, [b, b])
attempt("of itself", set_slice, b, slice(0, 1), b)
with memoryview(b) as m:
    attempt("of its view", b.extend, m)
    attempt("of its view", b.__iadd__, m)
    attempt("of its view", b.find, m)


class Shrinks(list):
    def __buffer__(self, flags):
        items.clear()
        return memoryview(b"shrunk")


items = [b"1", Shrinks(), b"2"]
attempt("a list that shrinks", b",".join, items)


class Ends:
    """Releases the view that is written to."""

    def __buffer__(self, flags):
        view.release()
        target.clear()
        return memoryview(b"ab")


target = bytearray(b"12345678")
view = memoryview(target)
attempt("a view that ends", set_slice, view, slice(0, 2), Ends())


class Closes:
    def __init__(self, target):
        self.target = target

    def __buffer__(self, flags):
        self.target.close()
        return memoryview(b"12")


for make in (stream, lambda: mapped(b"12")):
    s = make()
    attempt("closed", s.write, Closes(s))
s = mapped(b"12")
attempt("closed", s.find, Closes(s))
s = mapped(b"12")
attempt("closed", set_slice, s, slice(0, 2), Closes(s))
s = stream()
attempt("exported", s.write, s.getbuffer())


class Hashes:
    """Is hashed while it is hashed."""

    def __buffer__(self, flags):
        h.update(b"in")
        return memoryview(b"out")

    def __release_buffer__(self, view):
        h.update(b"after")


h = _md5.md5()
h.update(Hashes())
print(h.hexdigest() == _md5.md5(b"inoutafter").hexdigest())


class Writes:
    def __buffer__(self, flags):
        s.write(b"in")
        return memoryview(b"out")

    def __release_buffer__(self, view):
        s.write(b"after")


s = stream(b"")
attempt("re-entered", s.write, Writes())
print(s.getvalue())
it = _struct.iter_unpack("s", Data(b"ab"))
print(next(it), next(it), next(it, "end"))
d = Data(bytearray(b"abcd"))
it = _struct.iter_unpack("2s", d)
attempt("held", d.data.clear)
del it
attempt("let go", d.data.clear)
