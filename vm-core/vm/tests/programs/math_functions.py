# The module math. What the platform's mathematical library computes is shown with 13 digits,
# since libraries differ in the last bit; EXACT=1 in the environment shows all.
import math
from math import *

try:
    import os
    EXACT = "EXACT" in os.environ
except ImportError:
    EXACT = False
LIBM = "acos acosh asin asinh atan atanh atan2 cbrt cos cosh erf erfc exp exp2 expm1 gamma lgamma log log10 log1p log2 pow sin sinh tan tanh".split()

def show(f, *args, **kw):
    try:
        r = f(*args, **kw)
    except Exception as e:
        return f"{type(e).__name__}: {e}"
    if f.__name__ in LIBM and not EXACT:
        return format(r, ".13g")
    return repr(r)

state = 12345
def rnd():
    global state
    state = (state * 6364136223846793005 + 1442695040888963407) & ((1 << 64) - 1)
    return state >> 11

def rfloat():
    k = rnd() % 8
    m = rnd() / (1 << 53)
    if k == 0: return m
    if k == 1: return (m - 0.5) * 20
    if k == 2: return (m - 0.5) * 1e6
    if k == 3: return (m - 0.5) * 2.0 ** (rnd() % 2000 - 1000)
    if k == 4: return float(rnd() % 40 - 20)
    if k == 5: return m * 2 - 1
    if k == 6: return (m - 0.5) * 400
    return -m * 1e-5

SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, 3.0, 1e300, -1e300, 5e-324, 1e-310, float("inf"), float("-inf"), float("nan"), 171.0, 172.0, 710.0, -745.2, -170.5, 200.5, -200.5, 1, 0, -3, True, 10**400, -10**400, 2**1023, 1e16]
ONE = "acos acosh asin asinh atan atanh cbrt ceil cos cosh degrees erf erfc exp exp2 expm1 fabs floor frexp gamma isfinite isinf isnan lgamma log log10 log1p log2 modf radians sin sinh sqrt tan tanh trunc ulp".split()
for name in ONE:
    f = getattr(math, name)
    for x in SPECIAL:
        print(name, repr(x)[:20], show(f, x)[:300])
    print(name, [show(f, rfloat()) for _ in range(60)])
TWO = "atan2 copysign fmod hypot pow remainder nextafter dist ldexp log".split()
for name in TWO:
    f = getattr(math, name)
    for x in SPECIAL[:16]:
        if name == "dist":
            print(name, [show(f, (x, 1.0), (y, 2)) for y in SPECIAL[:16]])
        elif name == "ldexp":
            print(name, [show(f, x, y) for y in [0, 1, -1, 1000, -1080, 1 << 70, -(1 << 70), True]])
        else:
            print(name, [show(f, x, y) for y in SPECIAL[:16]])
    if name not in ("dist", "ldexp"):
        print(name, [show(f, rfloat(), rfloat()) for _ in range(100)])
for _ in range(20):
    v = [rfloat() for _ in range(rnd() % 8)]
    w = [rfloat() for _ in v]
    print(show(hypot, *v), show(dist, v, w), show(fsum, v), show(sumprod, v, w), show(prod, v), show(fsum, v + [1e16, 1.0, -1e16]))
print(fsum([1e100, 1.0, -1e100]), fsum([]), fsum([1, 2, True]), show(fsum, [1e308, 1e308]), show(fsum, [inf, -inf]), show(fsum, [inf, 1]), show(fsum, [nan, inf]), show(fsum, ["a"]), fsum([0.1] * 10))
print(sumprod([1, 2, 3], [4, 5, 6]), sumprod([], []), sumprod([1 << 62, 1], [2, 1]), sumprod([0.1] * 10, [1] * 10), sumprod([10, 0.5, 1 << 70], [1, 2, 3]), show(sumprod, [1], [1, 2]), show(sumprod, 1, []), show(sumprod, ["a"], [2]), sumprod([inf], [1]), sumprod([True, 2.5], [3, False]))
print(prod([]), prod([1, 2, 3], start=10), prod([], start="x"), prod([1.5, 2]), show(prod, 1), show(prod, ["a", 2]), prod(["a", 2], start=1))
print(gcd(), gcd(12), gcd(-12, 18), gcd(0, 0), gcd(10**30, 15**20), gcd(1 << 62, 6), show(gcd, 1.5), gcd(12, 18, 27), gcd(-4611686018427387904, 0))
print(lcm(), lcm(4), lcm(4, 6), lcm(0, 5), lcm(-4, 6), lcm(10**20, 3), show(lcm, 1.0), lcm(3, 4, 5))
print(isqrt(0), isqrt(1), isqrt(15), isqrt(16), isqrt(10**40), isqrt(10**40 - 1), isqrt((1 << 62) - 1), isqrt(1 << 62), isqrt(1 << 63), show(isqrt, -1), show(isqrt, 1.0), isqrt(True))
print([factorial(i) for i in range(26)], factorial(100) % (10**9 + 7), len(str(factorial(1000))), show(factorial, -1), show(factorial, 1.0), show(factorial, 1 << 64), show(factorial, "a"))
print([[comb(n, k) for k in range(n + 2)] for n in range(8)], comb(100, 50), comb(1000, 500) % 1000007, comb(1 << 70, 2), show(comb, -1, 2), show(comb, 2, -1), comb(3, 1 << 70), show(comb, 1.5, 1), show(comb, 1 << 70, 1 << 69), comb(67, 33), comb(300, 150))
print([[perm(n, k) for k in range(n + 2)] for n in range(6)], perm(5), perm(5, None), perm(100, 20), perm(1 << 70, 2), show(perm, -1), show(perm, 2, -1), perm(3, 1 << 70))
print(isclose(1, 1 + 1e-10), isclose(1, 1.1), isclose(1, 1.1, rel_tol=0.2), isclose(0, 1e-12), isclose(0, 1e-12, abs_tol=1e-9), isclose(inf, inf), isclose(inf, 1), isclose(nan, nan), show(isclose, 1, 2, rel_tol=-1), show(isclose, 1), show(isclose, 1, 2, 3))
print(nextafter(1.0, 2.0, steps=5), nextafter(0.0, -1.0, steps=3), nextafter(1.0, 0.0, steps=0), nextafter(1.0, 1.5, steps=1 << 80), nextafter(-1.0, 1.0, steps=10**18), show(nextafter, 1, 2, steps=-1), show(nextafter, 1, 2, steps=1.5), nextafter(nan, 1.0, steps=2), nextafter(5e-324, -5e-324, steps=2))
print(show(log, 8, 2), show(log, 100, 10), show(log, 0), show(log, -1), show(log, 10, 1), show(log, 10, 0), show(log, 10**400), log2(1 << 2000), show(log10, 10**500), show(log2, (1 << 2000) + 1), show(log, 7**500, 7), show(log), show(log, 1, 2, 3), show(log, "a"))
print(fma(2, 3, 4), fma(0.1, 10, -1), show(fma, inf, 0, 1), show(fma, 1e300, 1e300, 0), fma(inf, 1, 1), show(fma, 1, 2))
class C:
    def __ceil__(self): return "C"
    def __floor__(self): return "F"
    def __trunc__(self): return "T"
class F:
    def __float__(self): return 2.5
class I:
    def __index__(self): return 7
print(ceil(C()), floor(C()), trunc(C()), ceil(F()), floor(F()), show(trunc, F()), sqrt(F()), sqrt(I()), show(ceil, "a"), show(floor, None), show(trunc, "a"), ceil(I()), floor(2.7), ceil(-2.7), trunc(-2.7), floor(1e300) == 10**300, show(floor, inf), show(ceil, nan), trunc(7), floor(True))
for name in "sqrt sin atan2 hypot ceil gcd comb log ldexp fma".split():
    f = getattr(math, name)
    print(name, show(f, "x"), show(f), show(f, 1, 2, 3, 4, 5), show(f, x=1))
print(pi, e, tau, inf, nan, math.__name__, sqrt.__text_signature__, sorted(k for k in vars(math) if not k.startswith("_")))
