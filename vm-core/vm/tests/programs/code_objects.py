# Code objects: attributes, comparison, making them.
import sys


def f(a, b=1, /, c=2, *args, d, e=3, **kw):
    x = 1

    def g():
        return x, a
    for i in args:
        if i and i is not None:
            pass
    return g


c = f.__code__
CodeType = type(c)
print(c.co_varnames, c.co_cellvars, c.co_freevars, c.co_names, c.co_nlocals)
print([c._varname_from_oparg(i) for i in range(9)])
for i in (9, -1, 1 << 40, "x"):
    try:
        c._varname_from_oparg(i)
    except Exception as e:
        print(type(e).__name__, e)
print(list(c.co_lines()), list(c.co_branches()))


async def loop(xs):
    async for x in xs:
        pass
    while xs:
        xs = None

print(list(loop.__code__.co_branches()))
print(list(c.co_positions())[:3], type(c.co_lines()).__name__ != "tuple")

# Copies.
print(c == c.replace(), hash(c) == hash(c.replace()), c is c.replace())
same = dict(co_qualname="q", co_filename="y", co_stacksize=50)
for name, value in same.items():
    print(name, c.replace(**{name: value}) == c)
other = dict(co_name="z", co_firstlineno=7, co_consts=c.co_consts + (1,), co_flags=c.co_flags | 0x100)
for name, value in other.items():
    print(name, c.replace(**{name: value}) == c)
print(c.replace(co_consts=c.co_consts).co_consts == c.co_consts)
print(c.replace(co_name="n").co_consts[1] is c.co_consts[1])


def constant():
    return 12345678901234567890


class Marker:
    pass


def with_constants(*values):
    return constant.__code__.replace(co_consts=values)


marker = Marker()
for value in (1, 1.5, "s", b"b", None, (1, (2,)), frozenset([1]), marker, [1], slice(1, 2)):
    new = with_constants(value)
    constant.__code__ = new
    print(constant() is value or constant() == value, new == with_constants(value), new == with_constants(17))
print(with_constants(1) == with_constants(1.0), with_constants(0.0) == with_constants(-0.0))

# The constructor.
args = [c.co_argcount, c.co_posonlyargcount, c.co_kwonlyargcount, c.co_nlocals, c.co_stacksize, c.co_flags, c.co_code,
        c.co_consts, c.co_names, c.co_varnames, c.co_filename, c.co_name, c.co_qualname, c.co_firstlineno,
        c.co_linetable, c.co_exceptiontable, c.co_freevars, c.co_cellvars]
made = CodeType(*args)
print(made == c, made.co_varnames, made.co_cellvars, [made._varname_from_oparg(i) for i in range(9)])
f.__code__ = made
print(f(1, 2, 3, 4, d=5)())


def attempt(make, *args, **kw):
    try:
        made = make(*args, **kw)
    except Exception as e:
        print(type(e).__name__, e)
    else:
        print("made", made.co_name)


for i, wrong in [(0, -1), (1, -1), (2, -1), (3, -1), (0, "x"), (6, "x"), (7, []), (9, (1,)), (8, 1), (3, 2), (9, ("a",)), (0, 99)]:
    attempt(CodeType, *args[:i], wrong, *args[i + 1:])
attempt(CodeType, *args[:3])
for kw in (dict(co_code=b"1"), dict(co_nlocals=3), dict(co_consts=[1]), dict(co_argcount=-1), dict(co_flags=-1),
           dict(co_firstlineno=-5), dict(co_argcount=99), dict(co_varnames=("a",)), dict(co_code="x"), dict(co_name=3),
           dict(co_names=3), dict(co_stacksize=1 << 40), dict(foo=3)):
    attempt(c.replace, **kw)


# Code that cannot be run is refused, or at least not run into harm.
def damaged(**kw):
    try:
        constant.__code__.replace(**kw)
    except (ValueError, SystemError):
        pass


damaged(co_code=b"\x00\x00")
damaged(co_code=bytes([23, 9]))
damaged(co_consts=())
