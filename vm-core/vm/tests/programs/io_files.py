# FileIO, open and text files.
import _io
import posix
import sys

PATH = "/tmp/tailscope-io-files-%d" % posix.getpid()


def attempt(f, *args, **kw):
    try:
        print(shown(repr(f(*args, **kw))))
    except Exception as e:
        print(type(e).__name__, shown(str(e)))


def shown(text):
    return text.replace(PATH, "PATH")


def raw():
    f = _io.FileIO(PATH, "w")
    print(shown(repr(f)), f.mode, f.readable(), f.writable(), f.seekable(), f.isatty(), f.closed, f.closefd)
    print(f.write(b"0123456789"), f.tell(), f.seek(3), f.write(memoryview(b"ABC")), f.seek(-1, 2), f.truncate(), f.tell())
    attempt(f.read, 1)
    attempt(f.readinto, bytearray(3))
    attempt(f.write, "text")
    attempt(f.seek, 1.5)
    attempt(f.seek, -5)
    f.close()
    f.close()
    print(f, f.closed)
    for name in ["read", "fileno", "tell", "isatty", "readable", "readall"]:
        attempt(getattr(f, name))
    f = _io.FileIO(PATH)
    into = bytearray(4)
    print(f.read(2), f.readinto(into), into, f.readall(), f.read(), f.name == PATH)
    attempt(f.write, b"x")
    attempt(f.truncate, 1)
    f.close()
    f = _io.FileIO(PATH, "a+")
    print(f.tell(), f.write(b"end"), f.seek(0), f.readline(), f.mode)
    f.close()
    attempt(_io.FileIO, PATH, "x")
    attempt(_io.FileIO, PATH, "rw")
    attempt(_io.FileIO, PATH, "z")
    attempt(_io.FileIO, PATH, "")
    attempt(_io.FileIO, "/tmp")
    attempt(_io.FileIO, "/no/such/file")
    attempt(_io.FileIO, -1)
    attempt(_io.FileIO, 3.5)
    attempt(_io.FileIO, PATH, closefd=False)
    attempt(_io.FileIO, "a\0b")
    attempt(_io.FileIO, PATH, opener=lambda p, flags: -7)
    attempt(_io.FileIO, PATH, opener=lambda p, flags: "fd")
    f = _io.FileIO(PATH, opener=lambda p, flags: posix.open(p, flags))
    print(f.read(3), f.__class__.__mro__)
    f.attribute = 1
    print(f.attribute, f.__dict__.keys())
    fd = f.fileno()
    g = _io.FileIO(fd, closefd=False)
    print(g.read(2), repr(g).replace(str(fd), "FD"))
    g.close()
    print(f.read(2))
    f.close()


def opening():
    for mode in ["q", "rw", "rb+t", "rr", "", "b", "U", "r+w"]:
        attempt(open, PATH, mode)
    attempt(open, PATH, "rb", encoding="utf-8")
    attempt(open, PATH, "rb", errors="strict")
    attempt(open, PATH, "rb", newline="\n")
    attempt(open, PATH, "r", 0)
    attempt(open, PATH, newline="x")
    attempt(open, PATH, encoding=3)
    attempt(open, PATH, mode=3)
    attempt(open, [])
    attempt(open, "/no/such/file")
    attempt(open, 77777)
    attempt(open)
    for mode in ["rb", "wb", "rb+", "ab", "r", "w+"]:
        with open(PATH, mode, encoding=None if "b" in mode else "utf-8") as f:
            print(mode, shown(repr(f)), f.mode)
    with open(PATH, "wb", 0) as f:
        print(type(f).__name__, f.write(b"x"))
    with open(PATH, "w", 1, encoding="ascii") as f:
        print(f.line_buffering, f.write_through, f.encoding, f.errors)
    print(_io.text_encoding("x"), _io.open_code(PATH).mode)
    attempt(_io.open_code, 1)


def text():
    with open(PATH, "w", encoding="utf-8", newline="") as f:
        print(f.write("grüße\r\nzweite\rdritte\nlast"), f.tell(), f.writelines(["\n", "x"]))
        attempt(f.read)
        attempt(f.write, 3)
        print(f.seek(0), f.write("G"), f.flush(), f.seek(0, 2), f.name == PATH)
        attempt(f.seek, 3, 2)
        attempt(f.seek, 3, 1)
        attempt(f.seek, -3)
        attempt(f.seek, 0, 9)
    attempt(f.write, "closed")
    attempt(f.read)
    attempt(f.tell)
    attempt(next, f)
    for newline in [None, "", "\n", "\r", "\r\n"]:
        with open(PATH, encoding="utf-8", newline=newline) as f:
            print(repr(newline), list(f), f.newlines)
            f.seek(0)
            print(f.readline(3), f.readline(0), f.readline(), f.read(4), f.readline(), f.newlines)
    with open(PATH, encoding="utf-8") as f:
        places = [f.tell()]
        while f.read(1):
            places.append(f.tell())
        print(places)
        for p in reversed(places):
            f.seek(p)
            print(repr(f.read(2)), end=" ")
        print()
        f.seek(0)
        next(f)
        attempt(f.tell)
        attempt(f.write, "x")
        print(f.read())
    for encoding in ["utf-16", "utf-16-le", "utf-32", "latin-1", "utf-8", "ascii"]:
        with open(PATH, "w", encoding=encoding, errors="replace") as f:
            f.write("äb\n")
            f.write("cd€\n")
        with open(PATH, "a", encoding=encoding, errors="replace") as f:
            f.write("e")
        with open(PATH, "rb") as f:
            print(encoding, f.read())
        with open(PATH, encoding=encoding) as f:
            line = f.readline()
            at = f.tell()
            rest = f.read()
            f.seek(at)
            print(ascii(line), ascii(rest), f.read() == rest)
    with open(PATH, "wb") as f:
        f.write(b"ab\xffcd\xe2\x82")
    for errors in ["strict", "replace", "ignore", "backslashreplace", "surrogateescape"]:
        with open(PATH, encoding="utf-8", errors=errors) as f:
            attempt(f.read)
    with open(PATH, "w+", encoding="utf-8") as f:
        f.write("one\ntwo\nthree\n")
        f.seek(0)
        print(f.readline(), f.tell(), f.truncate(), f.seek(0), f.read())
        f.reconfigure(line_buffering=True)
        attempt(f.reconfigure, encoding="latin-1")
        attempt(f.reconfigure, encoding=1)
        print(f.line_buffering, f.encoding)
    with open(PATH, "w", encoding="utf-8") as f:
        f.write("ä")
        f.reconfigure(encoding="latin-1", errors="replace", newline="\r\n")
        f.write("ä€\n")
        print(f.encoding, f.errors)
    with open(PATH, "rb") as f:
        print(f.read())
    f = open(PATH, encoding="utf-8")
    b = f.detach()
    attempt(f.read)
    print(shown(repr(b)))
    attempt(repr, f)
    b.close()
    attempt(repr, _io.TextIOWrapper.__new__(_io.TextIOWrapper))
    attempt(_io.TextIOWrapper, _io.BytesIO(), encoding="latin-1", newline="bad")
    attempt(_io.TextIOWrapper, _io.BytesIO(), encoding="latin-1", errors=3)
    f = _io.TextIOWrapper(_io.BytesIO(), "latin-1", newline="\r\n", write_through=True)
    f.write("a\nb")
    print(f.buffer.getvalue(), f._CHUNK_SIZE, f)
    f._CHUNK_SIZE = 3
    attempt(setattr, f, "_CHUNK_SIZE", 0)
    f.seek(0)
    print(f.read(2), f.readline(), f.tell())


def long_lines():
    with open(PATH, "w", encoding="utf-8") as f:
        for n in [10, 8190, 8191, 8192, 20000, 0, 300000]:
            f.write("é" * n + "\n")
    for newline in [None, "\r\n", "\n"]:
        with open(PATH, encoding="utf-8", newline=newline) as f:
            print([len(line) for line in f])
    with open(PATH, "rb") as f:
        print([len(line) for line in f])
    with open(PATH, encoding="utf-8") as f:
        print(len(f.read(5000)), len(f.read(200000)), len(f.readline()), f.tell(), len(f.read()))
    with open(PATH, "wb") as f:
        f.write(b"a" * 8191 + b"\r\nb" * 3000)
    with open(PATH, encoding="ascii", newline="") as f:
        print([len(line) for line in f][:3])
    with open(PATH, encoding="ascii", newline="\r\n") as f:
        print([len(line) for line in f][:3], f.newlines)


def printing():
    with open(PATH, "w", encoding="utf-8") as f:
        print("a", 1, None, sep="-", end="!\n", file=f, flush=True)
        print(file=f)
    print(open(PATH, encoding="utf-8").read())
    attempt(print, "x", file=f)


try:
    raw()
    opening()
    text()
    long_lines()
    printing()
finally:
    posix.unlink(PATH)
