# The module _codecs: codecs, error handlers, incremental decoding.
import _codecs as c

def show(f, *args, **kw):
    try:
        return ascii(f(*args, **kw))
    except UnicodeError as e:
        return f"{type(e).__name__}: {e} {ascii(e.args)}"
    except Exception as e:
        return f"{type(e).__name__}: {e}"

TEXTS = ["", "abc", "aé\xff", "€ Σ", "\U0001f600x", "a\ud800b", "\udc80\udcff", "\ud83d\ude00", "a\udce9\ud800\udcffz", "\x00\x7f\x80", "\\ \n\t'\"~+-", "ﬁé\u0301"]
HANDLERS = ["strict", "ignore", "replace", "backslashreplace", "xmlcharrefreplace", "namereplace", "surrogateescape", "surrogatepass", "nosuch"]
ENC = [n for n in sorted(vars(c)) if n.endswith("_encode") and n not in ("escape_encode", "readbuffer_encode", "charmap_encode")]
for n in ENC:
    f = getattr(c, n)
    for t in TEXTS:
        for h in HANDLERS:
            print(n, ascii(t), h, show(f, t, h))
    print(n, show(f, b"x"), show(f), show(f, "a", 1), show(f, "a", None), show(f, "a", "strict", 0, 1))
for o in (-1, 0, 1, 5):
    print(show(c.utf_16_encode, "aé\U0001f600", None, o), show(c.utf_32_encode, "aé\U0001f600", None, o))

DATA = [b"", b"abc", b"\xff", b"a\x80b", b"\xc3\xa9", b"\xc3", b"\xe2\x82", b"\xe2\x82x", b"\xf0\x9f\x98\x80", b"\xf0\x9f\x98", b"\xf5\x80", b"\xed\xa0\x80", b"\xed\xa0", b"\xed", b"\xc0\x80", b"\xe0\x80\x80", b"a\xe9\xff\xfeb", b"\xf4\x90\x80\x80", b"\xf0\x80\x80\x80z", b"\xff\xfea\0", b"\xfe\xff\0a", b"a\0b", b"\0\xd8\0\xdc", b"\0\xd8", b"\0\xd8a\0", b"\0\xdc", b"a\0\0\0", b"\xff\xfe\0\0a\0\0\0", b"\0\0\xfe\xff\0\0\0a", b"\0\xd8\0\0", b"\0\0\x11\0", b"a\0\0",
        b"\\x41\\u20ac\\U0001f600\\n\\q", b"\\", b"\\x4", b"\\xzz", b"\\u12", b"\\U00110000", b"\\N{BULLET}\\N{bullet}", b"\\N{nope}", b"\\N", b"\\N{", b"\\N{}", b"\\Nx", b"\\777\\0\\1234", b"\\\n\\'\\\"\\a\\b\\f\\v\\r\\t", b"\xe9\\xe9",
        b"+AGEA6Q-", b"+", b"+-", b"+AG", b"a+AGE", b"+AGE!", b"+2D3eAA-", b"+2D0-", b"\x80", b"+@", b"+////-x"]
INVALID = [b"\\q", b"\\777"]
DEC = [n for n in sorted(vars(c)) if n.endswith("_decode") and n != "charmap_decode"]
for n in DEC:
    f = getattr(c, n)
    for d in DATA:
        if "escape" in n and any(x in d for x in INVALID):
            continue  # These warn, which takes the module warnings.
        if n == "escape_decode" and any(x in d for x in (b"\\u", b"\\U", b"\\N")):
            continue
        for h in HANDLERS:
            if h in ("xmlcharrefreplace", "namereplace") and d != b"\xff": continue
            print(n, d, h, show(f, d, h))
        if n not in ("ascii_decode", "latin_1_decode", "escape_decode"):
            if n.endswith("ex_decode"):
                print(n, d, [show(f, d, "replace", o, fin) for o in (-1, 0, 1) for fin in (False, True)])
            else:
                print(n, d, show(f, d, "strict", True), show(f, d, "replace", False))
    print(n, show(f, "x"), show(f), show(f, 1), show(f, b"a", 1), show(f, bytearray(b"ab")), show(f, memoryview(b"ab")))

# custom handlers
log = []
def handler(e):
    log.append((type(e).__name__, e.encoding, e.start, e.end, e.reason))
    return ("<?>", e.end)
c.register_error("test.h", handler)
print(show("a\ud800\ud801b".encode, "utf-8", "test.h"), show("aéb".encode, "ascii", "test.h"), show(b"a\xff\xfeb".decode, "utf-8", "test.h"), show(b"a\xffb".decode, "ascii", "test.h"), show("\ud800".encode, "utf-16", "test.h"), log)
for name, r in [("bytes", (b"!", 1)), ("neg", ("x", -1)), ("far", ("x", 99)), ("notuple", "x"), ("short", ("x",)), ("badpos", ("x", "y")), ("uni", ("é", 2)), ("sur", ("\udc00", 2)), ("start", ("", 0))]:
    n = [0]
    def h(e, r=r, n=n):
        n[0] += 1
        if n[0] > 3: raise RuntimeError("again")
        return r
    c.register_error("test." + name, h)
    print(name, show("aéb".encode, "ascii", "test." + name), show("a\ud800b".encode, "utf-8", "test." + name), show("a\ud800b".encode, "utf-16-le", "test." + name), show(b"a\xffb".decode, "utf-8", "test." + name), show(b"a\xffb".decode, "ascii", "test." + name))
def swap(e):
    e.object = b"zzzzzz"
    return ("-", 3)
c.register_error("test.swap", swap)
print(show(b"a\xffb".decode, "utf-8", "test.swap"), show(b"a\xffb".decode, "ascii", "test.swap"))
print(show(c.lookup_error, "nope"), c.lookup_error("test.h") is handler, show(c.register_error, "x", 1), show(c.register_error, 1, len), show(c._unregister_error, "strict"), c._unregister_error("test.h"), c._unregister_error("test.h"))
for h in HANDLERS[:-1]:
    f = c.lookup_error(h)
    print(h, f.__name__, show(f, 1), show(f, ValueError("x")), show(f, UnicodeEncodeError("ascii", "aéb\ud800", 1, 2, "r")), show(f, UnicodeEncodeError("utf-8", "a\ud800\udc80b", 1, 3, "r")), show(f, UnicodeDecodeError("utf-8", b"a\xed\xa0\x80", 1, 2, "r")), show(f, UnicodeTranslateError("aé", 1, 2, "r")), show(f, UnicodeEncodeError("ascii", "é", 5, 9, "r")), show(f, UnicodeDecodeError("utf-16-le", b"\0\xd8\0\xff", 0, 2, "r")))

# character maps
M = {97: "x", 98: None, 99: 0xfffe, 100: "\ufffe", 101: "LONG", 102: 0x1f600, 103: -1, 104: 0x110000, 105: 1.5}
for d in [b"a", b"b", b"c", b"d", b"e", b"f", b"g", b"h", b"i", b"zz", b"aez"]:
    print(d, show(c.charmap_decode, d, "strict", M), show(c.charmap_decode, d, "replace", M), show(c.charmap_decode, d, "strict", "abc"), show(c.charmap_decode, d, "ignore", "é" * 98 + "\ufffe"))
print(show(c.charmap_decode, b"\xe9a", None, None), show(c.charmap_encode, "éa", None, None), show(c.charmap_encode, "€", None, None))
E_ = {97: 65, 98: b"BB", 99: None, 100: 256, 101: "s", 63: 63, 38: 38, 35: 35, 59: 59, 92: 92}
for t in ["a", "b", "c", "d", "e", "ab", "acczb", "é"]:
    for h in ["strict", "replace", "ignore", "xmlcharrefreplace", "backslashreplace"]:
        print(t, h, show(c.charmap_encode, t, h, E_))
m = c.charmap_build("abc\ufffed" + "é" * 251)
print(show(c.charmap_encode, "abcdé", "strict", m), show(c.charmap_encode, "\ufffe", "strict", m), show(c.charmap_build, 1))

# str and bytes methods
for enc in ["utf-8", "UTF8", "utf_8", "latin-1", "Latin1", "ISO-8859-1", "ascii", "US-ASCII", "utf-16", "utf-16-le", "UTF-16BE" if 0 else "utf-16-be", "utf-32", "utf-32-le"]:
    print(enc, show("aé".encode, enc), show("aé€".encode, enc, "replace"), show(b"a\xe9".decode, enc), show(b"a\xe9".decode, enc, "replace"), show(b"a\xe9".decode, enc, errors="backslashreplace"))
print(show(c.escape_encode, b"a'\\\n\xff"), show(c.escape_encode, "a"), show(c.readbuffer_encode, b"ab"), show(c.readbuffer_encode, "é"), show(c.readbuffer_encode, 1))
