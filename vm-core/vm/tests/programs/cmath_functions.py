# The module cmath, and complex numbers: arithmetic, construction, formatting.
import cmath
import math

inf, nan = math.inf, math.nan


def attempt(what, function, *args):
    try:
        print(what, args, function(*args))
    except BaseException as e:
        print(what, args, type(e).__name__, e)


names = "acos acosh asin asinh atan atanh cos cosh exp log log10 sin sinh sqrt tan tanh".split()
points = [0j, complex(-0.0, 0.0), complex(0.0, -0.0), 1 + 0j, -1 + 0j, 1j, -1j, 0.5 + 0.25j, -3 + 4j, 1e-320j, 1e300 + 1e300j, complex(2, -0.0), complex(-2, -0.0), 1e-10 + 1e-12j]
special = [complex(a, b) for a in (inf, -inf, nan, 2.0) for b in (inf, -inf, nan, -3.0)]


def shown(z):
    if not isinstance(z, complex):
        return z
    return f"{z.real:.13g} {z.imag:.13g}"


for name in names:
    function = getattr(cmath, name)
    for z in points:
        try:
            print(name, z, shown(function(z)))
        except (ValueError, OverflowError) as e:
            print(name, z, type(e).__name__, e)
    for z in special:
        # Signs of zeros that the standard leaves open are not compared.
        try:
            r = function(z)
            print(name, z, *(abs(p) if p == 0 else format(p, ".13g") for p in (r.real, r.imag)))
        except (ValueError, OverflowError) as e:
            print(name, z, type(e).__name__, e)
for x in 710.0, -710.0, 800.0:
    for name in "exp", "cosh", "sinh", "tanh":
        attempt(name, lambda z: shown(getattr(cmath, name)(z)), complex(x, 1.0))
for args in (2,), (2, 10), (1j, 2j), (0,), (2, 1), (2, 0), ("x",):
    attempt("log", lambda *a: shown(cmath.log(*a)), *args)
for z in 1j, -1, complex(-1, -0.0), inf, complex(inf, nan), 3 + 4j, 1e308 + 1e308j, 1.7e308 + 1.7e308j:
    attempt("polar", cmath.polar, z)
    attempt("phase", cmath.phase, z)
for r in 0.0, -0.0, 2.0, -2.0, inf, -inf, nan:
    for phi in 0.0, -0.0, 1.0, -4.0, inf, nan:
        attempt("rect", lambda *a: shown(cmath.rect(*a)), r, phi)
print(cmath.isclose(1 + 1e-10j, 1), cmath.isclose(1j, 2j), cmath.isclose(inf, inf), cmath.isclose(1, 1.5, abs_tol=1))
attempt("isclose", lambda: cmath.isclose(1, 2, rel_tol=-1))
print(cmath.isnan(complex(nan, 0)), cmath.isinf(complex(0, -inf)), cmath.isfinite(1j), cmath.infj, cmath.nanj, cmath.tau)


class Convertible:
    def __init__(self, value):
        self.value = value

    def __complex__(self):
        return self.value


class Derived(complex):
    pass


class Index:
    def __index__(self):
        return 3


print(shown(cmath.sqrt(Convertible(3 + 4j))), shown(cmath.exp(Index())))
attempt("sqrt", cmath.sqrt, "x")
attempt("sqrt", lambda: cmath.sqrt(Convertible(1)))

# Construction.
for args in ("1+2j",), (" ( 1_0-2e-1j ) ",), ("j",), ("-j",), ("nan-infj",), ("1e500",), ("\u0661j",), ("1 + 2j",), ("1j+1",), ("(1",), ("",), ("1\0",), (b"1",), (None,), ([],), ("1", 2), (1, "2"), (1, []), ({}, 1), (1, 2, 3), (Index(), Index()), (-0.0, -0.0), (Derived(1, 2),):
    try:
        print(complex(*args))
    except (TypeError, ValueError) as e:
        print(type(e).__name__, e)
print(complex(real=3, imag=-0.0), complex(Convertible(1 + 2j)), complex(imag=5))
print(complex.from_number(3), complex.from_number(Convertible(2j)), type(Derived.from_number(1)).__name__)
attempt("from_number", complex.from_number, "1")
print(type(+Derived(1)).__name__, type(Derived(1).__complex__()).__name__, (1 + 2j).__getnewargs__())
z = 1 + 2j
print(complex(z) is z, +z is z, complex.from_number(z) is z)

# Arithmetic: an operand that is real has no imaginary part at all.
print(-0.0 + complex(-0.0, -0.0), 1 - complex(0.0, 0.0), complex(-0.0, -0.0) * 2, 1 / complex(2.0, -0.0))
print(complex(inf, nan) * 2, complex(inf, 1) * 1j, inf * 1j, 1j * complex(inf, inf), complex(inf, 0) / complex(1, 1))
print(complex(1, 1) / complex(inf, inf), 2 / complex(inf, -inf), complex(3, 4) / 2, complex(1, 2) / complex(3, -4))
for f in (lambda: 1j / 0, lambda: 1 / 0j, lambda: 1j / 0j, lambda: 0j ** -1, lambda: 0j ** 1j, lambda: (1e300 + 1j) ** 50, lambda: pow(1j, 2, 3), lambda: 1j % 2, lambda: 1j < 2, lambda: abs(1.7e308 + 1.7e308j), lambda: 10 ** 400 * 1j, lambda: int(1j)):
    attempt("error", f)
print(1j ** 2, (1 + 2j) ** -3, (2 + 1j) ** 0, shown((1 + 2j) ** 0.5), shown(2 ** 1j), (-8) ** (1 / 3) == (-8 + 0j) ** (1 / 3))
print(1j == 1j, 1 + 0j == 1, 1 + 0j == True, 2j != 2, (1 << 60) + 0j == 1 << 60, hash(3 + 0j) == hash(3))

# Formatting.
for spec in "", "g", ".3f", "+.2e", ">30", "*^20", ",.1f", "z.1f", "#.3g", "n", "%", "d", "=20", "020", "010f":
    attempt(spec, format, 1234.5 - 6.25j, spec)
print(f"{1j:.2f} {complex(-0.0, 1)} {complex(0.0, -0.0)} {complex(nan, inf):g} {-1e16j} {1.5 + 2j:5}")
print(float.__getformat__("double"), float.__getformat__("float"))
attempt("__getformat__", float.__getformat__, "long")
attempt("__getformat__", float.__getformat__, 1)
