# Syntax trees: compile() with PyCF_ONLY_AST.
import _ast


def dump(v):
    if isinstance(v, _ast.AST):
        fields = [f"{n}={dump(getattr(v, n))}" for n in v._fields]
        place = [str(getattr(v, n)) for n in v._attributes]
        return type(v).__name__ + "(" + ", ".join(fields) + ")" + ("@" + ":".join(place) if place else "")
    if isinstance(v, list):
        return "[" + ", ".join(map(dump, v)) + "]"
    return ascii(v)


SOURCE = r'''
match x:
    case 1 | -2 | 1+2j | "a" | None | a.b: pass
    case [a, *_, (b as c)]: pass
    case {"k": v, **rest}: pass
    case C(1, x=2) if y: pass
    case _: pass
def f[T: int = str, *Ts, **P](a, /, b: int = 1, *args: x, c, d=2, **kw: y) -> z:
    "doc"
    global q
    nonlocal_ = 1
    async def g():
        async for i in j: await k
        async with a as b, c: return
        return [x async for x in y if z if w]
    return lambda *a, b=1, **k: (yield)
@dec
@dec2(1)
class K[T](A, *B, metaclass=M, **kw): x: int = 1; (y): str; a.b: c
type X[T] = list[T]
try: pass
except* (A, B) as e: pass
try: pass
except A: raise X from Y
except: raise
else: 1
finally: del a, b[1], c.d
if a: 1
elif b: 2
elif c: 3
else: 4
f"a{x!r:>{w}} {y=} {{z}}" 'lit' f"{1+1:%Y}"
t"hello {name!s:x} {a + b}"
u"uni" "code"; b"by" b"tes"; 1_000; 1e5; 3j; ...; True
x = y = (1,); x += 1; x, *y = z; (x := 1)
a[1:2, ::3, ...]; a[*b]; f(*a, **k, x=1); f(i for i in j); {**a, b: c}; {*a}; {k: v for k in v}
a < b <= c is not d not in e; not a; ~a; a and b or c; a if b else c
from . import a as b, c; from ..x.y import *; import a.b as c, d
while x:
    break
else: continue_
"é€" + "\ud800"; 'x' 'ä' f'{"n"}'
with (a as b, c): pass
assert a, "m"; print(); pass;
x @ y // z ** -w << 1
'''
tree = compile(SOURCE, "<tree>", "exec", _ast.PyCF_ONLY_AST)
for statement in tree.body:
    print(dump(statement))
print(dump(compile("a + 1", "", "eval", 0x400)), dump(compile("x; y", "", "single", 0x400)))
print(dump(compile(b"# coding: latin-1\n'\xe4'", "", "exec", 0x400)))
for wrong in ["a b", "f(", "if x:\n", "\tx\n y"]:
    try:
        compile(wrong, "<wrong>", "exec", 0x400)
    except SyntaxError as e:
        print(type(e).__name__, e.msg, e.lineno, e.offset)
try:
    compile("-" * 60000 + "1", "<deep>", "exec", 0x400)
except (RecursionError, MemoryError) as e:
    print("too deep")
