# Buffered streams over raw ones, also over raw streams written in Python.
import _io
import posix
from _io import BufferedRandom, BufferedReader, BufferedRWPair, BufferedWriter, BytesIO

PATH = "/tmp/tailscope-io-buffered-%d" % posix.getpid()


def attempt(f, *args, **kw):
    try:
        print(repr(f(*args, **kw)).replace(PATH, "PATH"))
    except Exception as e:
        print(type(e).__name__, str(e).replace(PATH, "PATH"), getattr(e, "characters_written", ""))


class Raw(_io._RawIOBase):
    """Plays back chunks, notes what is written and asked for."""

    def __init__(self, chunks=(), takes=1000):
        self.chunks = list(chunks)
        self.takes = takes
        self.asked = []
        self.written = []

    def readable(self):
        return True

    def writable(self):
        return True

    def seekable(self):
        return True

    def seek(self, pos, whence=0):
        self.asked.append(("seek", pos, whence))
        return 0

    def tell(self):
        return 0

    def readinto(self, into):
        self.asked.append(len(into))
        if not self.chunks:
            return 0
        chunk = self.chunks.pop(0)
        if chunk is None:
            return None
        n = min(len(chunk), len(into))
        into[:n] = chunk[:n]
        if len(chunk) > n:
            self.chunks.insert(0, chunk[n:])
        return n

    def write(self, data):
        if self.takes is None:
            return None
        n = min(len(data), self.takes)
        self.written.append(bytes(data[:n]))
        return n


def reading():
    r = Raw([b"abc", b"defg", None, b"hij", b"k\nlm\n", b""])
    b = BufferedReader(r, 5)
    print(b.read(2), b.peek(), b.read1(), b.read1(2), b.read(10), r.asked)
    print(b.read(2), b.readline(), b.readline(1), b.read(), r.asked)
    r = Raw([None, b"xy", None])
    b = BufferedReader(r)
    print(b.read(), b.read(3), b.read(3), b.peek())
    r = Raw([b"abcdef", b"ghijkl", b"mnopqr"])
    b = BufferedReader(r, 4)
    into = bytearray(7)
    print(b.read(1), b.readinto(into), into, b.readinto1(into), into, r.asked)
    attempt(b.readinto, b"read only")
    attempt(b.read, -2)
    attempt(b.peek, "x")
    attempt(b.readline, 1.5)
    attempt(b.truncate)
    attempt(b.write, b"x")
    attempt(BufferedReader, Raw(), 0)
    attempt(BufferedReader, Raw(), -1)
    attempt(BufferedReader, Raw(), "x")
    attempt(BufferedReader, 3)
    attempt(BufferedReader.read, BufferedReader.__new__(BufferedReader))
    for answer in [-1, 100, "x", 2**70]:
        class Bad(Raw):
            def readinto(self, into):
                return answer
        attempt(BufferedReader(Bad(), 8).read, 4)
    print(list(BufferedReader(Raw([b"a\nb", b"c\n\nd"]))))
    print(BufferedReader(Raw([b"a\nb", b"c\n\nd"])).readlines())


def writing():
    r = Raw()
    w = BufferedWriter(r, 4)
    print(w.write(b"ab"), r.written, w.write(b"cd"), r.written, w.write(b"efghij"), r.written, w.flush(), r.written)
    print(w.write(bytearray(b"xy")), w.tell(), w.seek(0), r.written, r.asked)
    attempt(w.write, "text")
    attempt(w.read, 1)
    attempt(w.seek, 1, 9)
    r.takes = 3
    print(w.write(b"0123456789"), r.written[-3:])
    r.takes = None
    attempt(w.write, b"aaa")
    attempt(w.write, b"bbbbbb")
    attempt(w.flush)
    r.takes = 100
    print(w.flush(), r.written[-2:])
    w.close()
    attempt(w.write, b"x")
    attempt(w.flush)
    attempt(w.write, b"")
    class Bad(Raw):
        def write(self, data):
            return 99
    w = BufferedWriter(Bad())
    w.write(b"x")
    attempt(w.flush)
    attempt(w.close)
    class Reenters(Raw):
        def write(self, data):
            self.outer.write(b"again")
            return len(data)
    r = Reenters()
    w = r.outer = BufferedWriter(r)
    w.write(b"x")
    try:
        w.flush()
    except RuntimeError as e:
        print(type(e).__name__, str(e).split(" object")[0])
    r.outer = BytesIO()


def both_ways():
    with open(PATH, "wb") as f:
        f.write(b"0123456789" * 3)
    with open(PATH, "rb+", 8) as f:
        print(f, type(f.raw).__name__) if False else print(type(f).__name__)
        print(f.read(3), f.tell(), f.write(b"ABC"), f.tell(), f.read(4), f.seek(-2, 1), f.read(2))
        print(f.write(b"longer than the buffer"), f.tell(), f.seek(0), f.read())
        print(f.seek(2), f.write(b"x"), f.seek(2), f.read(1), f.peek(1), f.truncate(), f.tell())
        print(f.seek(0, 2), f.readline(), f.readable(), f.writable(), f.seekable())
    with open(PATH, "rb") as f:
        print(f.read())
    f = BufferedRandom(BytesIO(b"first\nsecond\nthird\n"), 8)
    print(f.readline(), f.write(b"X"), f.readline(), f.tell(), f.flush(), f.raw.getvalue())
    raw = f.detach()
    attempt(f.read)
    attempt(f.detach)
    attempt(repr, f)
    print(raw.getvalue())
    attempt(BufferedRandom, BytesIO)
    class NotSeekable(Raw):
        def seekable(self):
            return False
    attempt(BufferedRandom, NotSeekable())


def pair():
    r, w = Raw([b"abc", b"def"]), Raw()
    p = BufferedRWPair(r, w)
    print(p.read(2), p.write(b"xyz"), p.peek(1), p.read1(1), p.flush(), w.written, p.isatty(), p.closed)
    print(p.readable(), p.writable(), p.seekable())
    attempt(p.tell)
    attempt(p.detach)
    p.close()
    print(p.closed, r.closed, w.closed)
    attempt(BufferedRWPair, r)


def bases():
    class Nothing(_io._IOBase):
        pass
    n = Nothing()
    for name in ["seek", "truncate", "fileno"]:
        attempt(getattr(n, name), *([1] if name == "seek" else []))
    attempt(n.tell)
    attempt(n.readline)
    print(n.readable(), n.writable(), n.seekable(), n.isatty(), n.closed, n.flush())
    for name in ["_checkReadable", "_checkWritable", "_checkSeekable", "_checkClosed"]:
        attempt(getattr(n, name))
    n.x = 1
    n.close()
    attempt(n.flush)
    attempt(n.__enter__)
    attempt(iter, n)
    class Lines(_io._IOBase):
        def __init__(self):
            self.data = [b"a\n", b"bc\n", b"d"]
        def readline(self):
            return self.data.pop(0) if self.data else b""
    print(list(Lines()), Lines().readlines(3))
    attempt(_io._RawIOBase().read, 3)
    attempt(_io._BufferedIOBase().read)
    attempt(_io._BufferedIOBase().write, b"")
    attempt(_io._TextIOBase().write, "")
    attempt(_io._TextIOBase().readline)
    print(_io._TextIOBase().encoding)
    class ByReadInto(_io._RawIOBase):
        left = [b"12", b"345"]
        def readinto(self, into):
            chunk = self.left.pop(0) if self.left else b""
            into[:len(chunk)] = chunk
            return len(chunk)
    print(ByReadInto().read(4), ByReadInto().read())
    class ByRead(_io._BufferedIOBase):
        def read(self, n=-1):
            return b"abc"[:n]
        def read1(self, n=-1):
            return b"too much"
    into = bytearray(2)
    print(ByRead().readinto(into), into)
    attempt(ByRead().readinto1, into)
    class Closing(_io._RawIOBase):
        def close(self):
            print("close", self.closed)
            super().close()
    Closing()
    c = Closing()
    with c:
        pass
    del c
    class Fails(_io._RawIOBase):
        def flush(self):
            raise OSError("flush")
        def close(self):
            try:
                super().close()
            finally:
                print("closed", self.closed)
    f = Fails()
    attempt(f.close)
    class FailsBoth(Raw):
        def flush(self):
            raise OSError("flush")
        def close(self):
            raise OSError("close")
    try:
        b = BufferedWriter(FailsBoth())
        b.close()
    except OSError as e:
        print(e, repr(e.__context__))
    FailsBoth.flush = FailsBoth.close = lambda self: None
    attempt(b.close)
    print(_io.BlockingIOError is BlockingIOError, BlockingIOError(1, "x", 5).characters_written)
    attempt(lambda: BlockingIOError(1, "x").characters_written)


try:
    reading()
    writing()
    both_ways()
    pair()
    bases()
finally:
    posix.unlink(PATH)
