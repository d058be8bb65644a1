# str.format, format_map and format() of strings.

def show(f, *args, **kw):
    try:
        return repr(f(*args, **kw))
    except Exception as e:
        return f"{type(e).__name__}: {e}"


class A:
    x = [1, 2, {"k": "v"}]
    def __repr__(self): return "A()é"
    def __str__(self): return "str A"
    def __format__(self, spec): return f"<{spec}>"


class Bad:
    def __format__(self, spec): return 1


class N:
    pass


TEMPLATES = [
    "", "plain", "{}", "{} {}", "{0} {1} {0}", "{a}", "{0.x[1]}", "{0.x[2][k]}", "{!r}", "{!s}", "{!a}", "{0!r:>20}", "{:>10}", "{:{}}", "{:{w}.{p}}", "{{}}", "{{{}}}",
    "{", "}", "{}}", "{{}", "{0", "{0!}", "{0!r", "{0!rx}", "{0!x}", "{0!\u00e9}", "{0:", "{0.}", "{0[}", "{0[]}", "{0[a}", "{0[0]x}", "{0]}", "{0.x.y}", "{0[x]}",
    "{} {0}", "{0} {}", "{:{0}}", "{5}", "{b}", "{-1}", "{ }", "{ 0}", "{0 }", "{99999999999999999999}", "{0[99999999999999999999]}", "{a[0]}", "{a.real}", "{0:{1:{2}}}",
    "{\u0663}", "{0!r:}", "{:z}", "{0:{a}>10}", "{0:}}", "{a:{b}}", "{0[-1]}", "{0:x}", "{[}", "{a[}]}", "{0.__class__.__name__}", "{!r:^{w}}", "\u00e9{}\U0001f600",
]
for t in TEMPLATES:
    print(ascii(t), show(t.format), show(t.format, A(), 5, 2, a=3, w=7, p=2), show(t.format, "abc", "10", a=[1]), show(t.format_map, {"a": 1, "w": 5, "p": 1}))
print(show("{x}".format_map, 1), show("{}".format, Bad()), show("{}".format, N()) != "", show("{:x}".format, N()))
class D(dict):
    def __missing__(self, k): return f"no {k}"
print("{q} {r!r:>8}".format_map(D(q=1)))

SPECS = ["", "s", "10", "<10", ">10", "^11", "*^10", "=10", "010", "0", ".2", "10.2", "\U0001f600<6", "\ud800>6", "<", "^^6", "s s", "d", "c", "+", " ", "-", "#", "z", ",", "_", ",s", "_s", ".,", "._2", "10s", ".0", "99999999999999999999", ".99999999999999999999", "\u0661\u0660", "é", "\x00", "n", "}<5", "5.", "é^7s", "0<5", "<05", "==5", "=", "5,,", "5_,", "5,_"]
for s in ["", "abc", "é\U0001f600x", "\ud800"]:
    for spec in SPECS:
        print(ascii(s), ascii(spec), ascii(show(format, s, spec)))
class S(str):
    pass
print(show(format, S("abc"), "z"), show(format, S("abc"), "q"), show(format, S("abc"), "5 5"), format(S("abc"), ""), type(format(S("abc"), "")).__name__)
print(show("abc".__format__, 1), show("abc".__format__), show(format, "a", 1), show(format, "a", b""), show(object().__format__, "x"))
print(f"{'a':>3}{'b'!r:^7}{3:{'0'}5}{1.5:.{1+1}f}")

# % formatting
M = {"a": 1, "b": "x", "(c)": 2, "": 3}
for f, v in [
    ("%s", "a"), ("%s %s", ("a", 1)), ("%d", 3.9), ("%d", "x"), ("%i", True), ("%u", -5), ("%5d|%-5d|%05d|%+d|% d", (42, 42, 42, 42, 42)), ("%x %X %#x %#X %o %#o", (255, 255, 255, -255, 8, -8)),
    ("%08x|%#010x|%-#8x|", (-255, 255, 255)), ("%.3d|%5.3d|%-6.3d|%+.3d", (7, 7, 7, 7)), ("%#.4x", 10), ("%e %E %f %F %g %G", (12345.678,) * 6), ("%.0e|%#.0e|%.0f|%#.0f|%g|%#g", (2.5,) * 6),
    ("%10.3f|%-10.3f|%010.3f|%+.1f|% .1f", (3.14159,) * 5), ("%f %f %f", (float("inf"), float("-inf"), float("nan"))), ("%010f|%-10f|%+f", (float("inf"),) * 3), ("%c%c", (65, "é")), ("%c", "ab"), ("%c", 0x110000), ("%c", -1), ("%c", 1.5), ("%5c|%-5c|", ("x", 0x1f600)),
    ("%r %a", ("é", "é")), ("%.2s|%5.1s|%-5s|", ("abc", "abc", "é")), ("%%", ()), ("%5%", 1), ("%", 1), ("%d %", (1,)), ("%q", 1), ("%é", 1), ("é%q", 1), ("%s", ()), ("%s", (1, 2)), ("x", 1), ("x", ()), ("x", {}), ("x", []), ("x", "s"), ("%s", [1]), ("%s", {}),
    ("%(a)s %(b)r %((c))d %()d", M), ("%(a)s", 1), ("%(a)s", (1,)), ("%(x)s", M), ("%(a", M), ("%(a)", M), ("%(a)s %s", M), ("%(a)d %(a)05d", M), ("%*d|%-*d|%.*f", (5, 1, 5, 2, 2, 1.0)), ("%*d", (-5, 1)), ("%*d", ("x", 1)), ("%.*f", (-1, 2.5)), ("%*d", 5), ("%ld %hd %Ld", (1, 2, 3)),
    ("%d", 1 << 100), ("%x", 1 << 70), ("%d", None), ("%x", 1.5), ("%x", "s"), ("%f", "s"), ("%f", 1 << 2000), ("%d", float("inf")), ("%d", 1j), ("%99999999999999999999d", 1), ("%.99999999999d", 1), ("%s %s", "a"), ("%(a)*d", {"a": 5}), ("%-05d|", 3), ("%+ d", 3), ("% +d", 3), ("%05s|%05c|", ("a", "b")), ("%.0d", 0), ("%#x", 0), ("%s", S("q")), ("%.1r", "abc"), ("%s" , None), ("%d%%", 50),
]:
    print(repr(f), repr(v)[:40], ascii(show(f.__mod__, v)))
class I:
    def __index__(self): return 10
    def __int__(self): return 20
    def __float__(self): return 30.5
print("%d %x %f" % (I(), I(), I()), show("a".__rmod__, 1), show(lambda: 1 % "a"), show(lambda: "a" % "b"), show(lambda: "%s" % "b"))
