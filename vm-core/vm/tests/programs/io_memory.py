# BytesIO and StringIO: streams in memory.
import _io
from _io import BytesIO, StringIO, IncrementalNewlineDecoder


def attempt(f, *args, **kw):
    try:
        print(repr(f(*args, **kw)))
    except Exception as e:
        print(type(e).__name__, e)


b = BytesIO(b"first\nsecond\n\nlast")
print(b.readline(), b.tell(), b.read(3), b.readlines(), b.read(), b.read(5))
b.seek(0)
print(list(b))
print(b.seek(-4, 2), b.read(), b.seek(2), b.seek(3, 1), b.readline(2), b.readline(0))
attempt(b.seek, -1)
attempt(b.seek, 0, 7)
attempt(b.seek, "1")
attempt(b.read, "1")
attempt(b.write, "text")
attempt(b.truncate, -1)
attempt(b.readinto, b"read only")
print(b.seek(22), b.write(b"!"), b.getvalue())
print(b.truncate(5), b.getvalue(), b.tell())
print(b.seek(0), b.readlines(3), b.seek(0), b.readlines(6))
into = bytearray(8)
b.seek(0)
print(b.readinto(into), into, b.readinto(memoryview(into)[2:4]), into)
print(b.writelines([b"a", bytearray(b"b"), memoryview(b"c")]), b.getvalue())
print(b.readable(), b.writable(), b.seekable(), b.isatty(), b.closed)
attempt(b.fileno)
attempt(b.detach)

view = b.getbuffer()
view[0] = ord("F")
print(b.getvalue(), len(view))
attempt(b.write, b"more than there was")
attempt(b.truncate, 0)
attempt(b.close)
attempt(b.__setstate__, (b"", 0, None))
part = view[1:3]
view.release()
attempt(b.write, b"x")
part.release()
del view, part
attempt(b.write, b"x")
print(b.__getstate__())
b.extra = 1
state = b.__getstate__()
c = BytesIO()
c.__setstate__(state)
print(c.getvalue(), c.tell(), c.extra)
attempt(c.__setstate__, 1)
attempt(c.__setstate__, (b"", -1, None))
attempt(c.__setstate__, (b"", "1", None))
attempt(c.__setstate__, (b"", 1, 2))
b.close()
b.close()
for name in ["read", "getvalue", "tell", "flush", "readable", "isatty", "__next__"]:
    attempt(getattr(b, name))
attempt(lambda: iter(b) is b)
attempt(BytesIO, "text")
attempt(BytesIO, 1, 2)
with BytesIO(b"ctx") as f:
    print(f.read1(2), f.peek() if hasattr(f, "peek") else "no peek")
print(f.closed)

s = StringIO("eins\nzwei\r\ndrei\rvier")
print(s.readlines(), s.newlines)
for newline in [None, "", "\n", "\r", "\r\n"]:
    s = StringIO("a\nb\r\nc\rd", newline)
    print(repr(newline), repr(s.getvalue()), list(s), s.newlines, s.write("x\ny\r\n"), repr(s.getvalue()))
attempt(StringIO, "x", "y")
attempt(StringIO, "x", 1)
attempt(StringIO, b"x")
s = StringIO("größe\U0001f600 und\nmehr")
print(s.read(4), s.tell(), s.read(2), s.readline(), s.tell(), s.read(), s.read(1) == "")
print(s.seek(2), s.write("OO"), s.getvalue(), s.read(3))
print(s.seek(25), s.write("end"), ascii(s.getvalue()), s.tell())
print(s.truncate(5), s.getvalue(), s.tell(), s.seek(0, 2), s.seek(0, 1))
attempt(s.seek, 1, 1)
attempt(s.seek, -1)
attempt(s.seek, 0, 3)
attempt(s.truncate, -2)
attempt(s.write, b"x")
attempt(s.read, 1.5)
print(s.__getstate__())
t = StringIO()
t.__setstate__(("abc\n", "\n", 2, {"y": 2}))
print(t.read(), t.y)
attempt(t.__setstate__, 1)
print(t.encoding, t.errors, t.line_buffering, t.isatty())
t.close()
for name in ["read", "getvalue", "tell", "readline", "__next__", "__getstate__", "line_buffering"]:
    attempt(lambda: getattr(t, name)())
attempt(StringIO.read, StringIO.__new__(StringIO))


class Lines(StringIO):
    def readline(self, size=-1):
        line = super().readline(size)
        return line.upper()


print(list(Lines("a\nb")))

d = IncrementalNewlineDecoder(None, translate=True)
print([d.decode(x) for x in ["a\r", "\nb\r", "c\n", "\r", ""]], d.decode("", final=True), d.newlines, d.getstate())
d.reset()
print(d.newlines, d.decode("\r"), d.getstate(), d.setstate((b"", 0)), d.decode("x"))
d = IncrementalNewlineDecoder(None, False)
print([d.decode(x) for x in ["a\r", "\nb\r", "c\n"]], d.decode("\r", True), d.newlines)
attempt(d.decode, b"bytes")
attempt(d.setstate, 5)
attempt(IncrementalNewlineDecoder.decode, IncrementalNewlineDecoder.__new__(IncrementalNewlineDecoder), "x")
print(_io.UnsupportedOperation.__mro__, _io.DEFAULT_BUFFER_SIZE, open is _io.open)
print(issubclass(BytesIO, _io._BufferedIOBase), issubclass(StringIO, _io._TextIOBase))
