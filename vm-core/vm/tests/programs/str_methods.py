# Every method of str on many strings and arguments.

def show(f, *args, **kw):
    try:
        r = f(*args, **kw)
    except Exception as e:
        return f"{type(e).__name__}: {e}"
    return repr(r)


def line(name, s, *args, **kw):
    f = getattr(s, name)
    shown = ", ".join([repr(a) for a in args] + [f"{k}={v!r}" for k, v in kw.items()])
    print(f"{s!r}.{name}({shown}) ->", show(f, *args, **kw))


TEXTS = [
    "", "a", "abc", "aaa", "abcabc", " a b ", "\t x\ny\r\nz \x0b\x0c\x1c\x1d\x1e\x1f\x85\u2028q", "Hello World",
    "hELLO wORLD", "ß", "ŉİı", "ὈΔΥΣΣΕΎΣ ΣΑΣ Σ", "ǅ ǆ Ǆ", "ﬁ ﬂ ﬃ", "ÀÉî", "\u1c89\U00016ea0", "12", "²³", "½", "٣",
    "一二三", "x_1", "1x", "_", "é\u0301", "\U0001f600 smile \U0001f600", "\ud800", "\ud800\udc00", "a\0b", "-42", "+7", "\u00a0",
    "they're bill's", "a,b,,c,", "\u3000全角\u3000", "K\u212a", "\u1e9e", "\u0345", "\u02b0A", "A\u02b0Σ", "Σ\u0301", "'\"\\",
    "\x7f\x80\x9f\xad", "\u0378", "\ue000", "\U000e0001",
]
NOARG = """capitalize casefold title lower upper swapcase isascii islower isupper istitle isspace isdecimal isdigit
isnumeric isalpha isalnum isidentifier isprintable strip lstrip rstrip split rsplit splitlines expandtabs encode
__len__ __repr__ __str__""".split()
for s in TEXTS:
    for name in NOARG:
        line(name, s)
    line("splitlines", s, True)
    print(ascii(s), len(s), list(s)[:3], s[::-1] == "".join(reversed(list(s))), ascii((s[1:], s[-2:], s[::2])))

PARTS = ["", "a", "b", "bc", "l", "Σ", " ", "\U0001f600", "zz", "\ud800", ","]
for s in TEXTS[:24]:
    for p in PARTS:
        for name in "find rfind index rindex count startswith endswith partition rpartition split rsplit strip lstrip rstrip removeprefix removesuffix".split():
            line(name, s, p)
        print(p in s, s.find(p, 1), s.rfind(p, 1, -1), s.count(p, 1, 3), s.startswith(p, 1), s.endswith(p, 0, -1))
        line("replace", s, p, "<>")
        line("replace", s, p, "<>", 2)
        line("replace", s, p, "", count=1)

for s in ["a b  c d", "abacad", "  x  y  ", "a,b,,c"]:
    for n in [-1, 0, 1, 2, 10]:
        line("split", s, None, n)
        line("rsplit", s, None, n)
        line("split", s, ",", n)
        line("rsplit", s, "a", maxsplit=n)

for s in ["", "ab", "-1", "+", "é"]:
    for w in [-1, 0, 1, 2, 3, 6, 7]:
        for name in "center ljust rjust".split():
            line(name, s, w)
            line(name, s, w, "\u00e9")
        line("zfill", s, w)
line("expandtabs", "a\tbc\tdef\tghij\n\tx\ty", 4)
line("expandtabs", "a\tbc\rd\te", 0)
line("expandtabs", "a\tb", tabsize=-3)

# errors
for name, args in [
    ("find", ()), ("find", (1,)), ("find", ("a", "b")), ("find", ("a", None, None)), ("find", ("a", 1.5)), ("find", ("a", 1, 2, 3)),
    ("index", ("zz",)), ("count", (b"a",)), ("startswith", (1,)), ("startswith", (("a", 1),)), ("startswith", ((1, "a"),)), ("endswith", ([],)),
    ("split", (1,)), ("split", ("",)), ("rsplit", ("",)), ("split", (" ", "x")), ("partition", ("",)), ("partition", (1,)), ("rpartition", (None,)),
    ("strip", (1,)), ("lstrip", (b"",)), ("replace", ("a",)), ("replace", (1, "a")), ("replace", ("a", 1)), ("replace", ("a", "b", "c")),
    ("join", (1,)), ("join", ([1],)), ("join", (["a", b"b"],)), ("center", ()), ("center", ("a",)), ("center", (5, "ab")), ("center", (5, 1)),
    ("ljust", (5, "")), ("zfill", ("1",)), ("expandtabs", ("a",)), ("expandtabs", (1 << 40,)), ("removeprefix", (1,)), ("encode", (1,)),
    ("encode", ("utf-8", 2)), ("translate", ()), ("translate", (1,)), ("splitlines", (1, 2)), ("upper", (1,)), ("isalpha", (1,)),
    ("format_map", ()), ("find", ("a", 1 << 100)), ("center", (1 << 100,)), ("encode", ("a\0b",)),
]:
    line(name, "abc", *args)
line("split", "abc", foo=1)
line("encode", "abc", encoding="ascii", errors="strict")
line("replace", "abc", "a", "b", cnt=1)

# join
print("-".join([]), "-".join(["a"]), "-".join("abc"), "".join(iter(["x", "y", "é"])), ", ".join({"k": 1}), "é".join(("1", "2", "3")))

class S(str):
    pass

s = S("abc")
for name in "strip lower upper title capitalize swapcase casefold expandtabs __str__".split():
    r = getattr(s, name)()
    print(name, type(r).__name__, r)
for r in [s.replace("x", "y"), s.center(1), s.zfill(2), s.removeprefix("z"), s[:], s * 1, s + "", "" + s, s.partition("z")[0], s.split("z")[0], s.join(["a"]), s.split()[0], s.translate({}), s.ljust(2), s.splitlines()[0]]:
    print(type(r).__name__, r)
print(repr(s), s == "abc", hash(s) == hash("abc"), s.__getnewargs__(), type(s.__getnewargs__()[0]))

# translate and maketrans
print(str.maketrans({"a": 1, 98: "x", "c": None}), str.maketrans("ab", "xy"), str.maketrans("ab", "xy", "zé"))
print("abcabcé".translate(str.maketrans("ab", "é\U0001f600", "c")), "abc".translate({97: "LONG", 98: 0x1f600, 99: None}))
class T:
    def __getitem__(self, c):
        if c == 98: raise LookupError
        if c == 99: raise KeyError
        return c + 1
print("abcd".translate(T()))
for args in [(1,), ({"ab": 1},), ({1.5: 1},), ("a", "bc"), ("a",), ("a", 1), (1, "a"), ("a", "b", 1)]:
    print(args, show(str.maketrans, *args))
for table in [{97: 1.5}, {97: 0x110000}, {97: -1}, {97: b"x"}]:
    print(table, show("abc".translate, table))

# operators
for f in [lambda: "a" + 1, lambda: "a" * "b", lambda: "a" * 2.0, lambda: 1 in "a", lambda: "abc"["x"], lambda: "abc"[5], lambda: "abc"[1.0],
          lambda: "a" * -1, lambda: "ab" * 3, lambda: 3 * "é", lambda: "abc"[True], lambda: "a" < 1, lambda: "a" < "b" <= "b" > "a", lambda: "a" == 1, lambda: -"a",
          lambda: str(b"abc"), lambda: str(b"ab\xe9", "latin-1"), lambda: str(b"ab", errors="strict"), lambda: str("a", "utf-8"), lambda: str(1, "utf-8"),
          lambda: str(object=3), lambda: str(b"\xff", "utf-8", "replace"), lambda: str(), lambda: str(1, 2, 3, 4), lambda: str(x=1), lambda: str(b"a", 1)]:
    print(show(f))
it = iter("aé\U0001f600")
print(it.__length_hint__(), next(it), it.__length_hint__(), it.__reduce__()[1:], list(it), it.__length_hint__(), it.__reduce__()[1:])
print(ascii(sorted(["b", "a", "é", "\U0001f600", "\uffff", "\ud800", "Z"])), max("hello"), min("hello"))
abc = "abc"
print(all(abc[i] is abc[i] for i in range(3)), chr(233) is chr(233))
print("abc".__sizeof__(), "éa".__sizeof__(), "€".__sizeof__(), "\U0001f600".__sizeof__(), "".__sizeof__())
