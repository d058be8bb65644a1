# The module _random: CPython's sequences and states; and _string.
import _random, _string

def show(f, *args, **kw):
    try:
        return repr(f(*args, **kw))
    except Exception as e:
        return f"{type(e).__name__}: {e}"

R = _random.Random
for seed in [0, 1, -1, 42, 2**32, 2**100, -(2**70), True, 1.5, (), (1, 2)]:
    r = R(seed)
    print(repr(seed), [r.random() for _ in range(3)], [r.getrandbits(k) for k in (1, 5, 31, 32, 33, 64, 100, 1000)], r.getrandbits(0))
r = R(7)
s = r.getstate()
a = [r.random() for _ in range(700)]
print(sum(a), len(s), s[0], s[-1], r.getstate()[-1])
r.setstate(s)
print([r.random() for _ in range(700)] == a)
r.seed(7)
print([r.random() for _ in range(700)] == a)
print(0.0 <= R().random() < 1.0, R().getstate() != R().getstate(), R(None).getrandbits(8) < 256)
class S(R):
    def __new__(cls, *a, **k): return super().__new__(cls)
    def __init__(self, x=None, y=0): super().__init__(x)
print(S(3).random() == R(3).random(), S(x=3, y=1).random() == R(3).random())
for f in [lambda: R(1, 2), lambda: R(x=1), lambda: R([]), lambda: R().getrandbits(-1), lambda: R().getrandbits(1.5), lambda: R().setstate(1), lambda: R().setstate((1,)), lambda: R().setstate((0,) * 624 + (625,)), lambda: R().getrandbits(1 << 70), lambda: R().setstate((-1,) * 625), lambda: R().setstate(("a",) * 625), lambda: R().setstate((1 << 40,) * 624 + (1,)), lambda: R().getrandbits(), lambda: R().seed(1, 2), lambda: R().seed([])]:
    print(show(f))

for t in ["", "a{b}c", "{}{1:x}{a!r:{w}}", "{{}}", "{a", "}", "{a.b[0]!s}", "{!}", "é{é:é}"]:
    print(repr(t), show(lambda: list(_string.formatter_parser(t))))
for n in ["", "a", "0", "a.b", "a[0].c[k]", "0[x]", ".a", "a[", "a..b", "a[0]x", "99999999999999999999"]:
    def f():
        first, rest = _string.formatter_field_name_split(n)
        return first, list(rest)
    print(repr(n), show(f))
print(show(_string.formatter_parser, 1), show(_string.formatter_field_name_split, b""), type(_string.formatter_parser("")).__name__)
