"""Syntax trees are compiled to what their source is compiled to, and changed trees to what they say."""
import ast
import codeop
import types
import warnings

SOURCE = r"""
def f(a, /, b: int = 1, *args: str, c, d=2, **kw) -> None:
    'doc'
    global g1
    x: int = f'{a!r:>{b}} {c=}' 'tail'
    try:
        return a
    except* (ValueError, TypeError) as e:
        pass
    finally:
        del x
class C[T: int, *Ts, **P = [str]](Base, metaclass=M, **kws):
    '''class doc'''
    y: T = 1
    def m(self): return super().m() + self.__priv
    async def am(self):
        async with a as b, c: await d
        async for i in x: yield i
        return
type Al[T] = list[T]
def pat(v):
    match v:
        case 1 | -2 | 3+4j: return 1
        case {'a': 1, **rest} if rest: return 2
        case Point(x=0, y=[a, *b, _]): return 3
        case 'str' as s: return 4
        case None | True: pass
        case a.b.c: pass
        case _: return t'hello {v!r:>{1}} x'
def loops():
    for i, *j in range(3):
        if i: continue
        elif j: break
        else: pass
    else: x = 1
    while x < 1 <= 2 != 3: x += 1; y[1:2] += 3; z.a -= 1
    with open('f') as f, g: pass
    assert x, 'msg'
    raise X from Y
    lambda *a, k=1: (yield)
    return [i for i in x if (y := i) for k in {a: b for a, b in z}], {*a, 1}, {**d, 'k': 1}, (q async for q in r), x[1, ::2], not -x ** +y, a if b else c, x and y or z
import os.path as p, sys
from . import *
from a.b import c as d
def closure():
    n = 0
    def inner():
        nonlocal n
        n += 1
        return __class__, n
    return inner
@dec
@dec2(1)
def g(*, a: 'x' = 1): return f"{x}{y:{z}}{{}}", u'u', b'b', 1_000, 1e5, 3j, ..., '%s and %r' % (a, b), __debug__
"""

FIELDS = [
    "co_name", "co_qualname", "co_code", "co_names", "co_varnames", "co_cellvars", "co_freevars", "co_flags",
    "co_stacksize", "co_argcount", "co_kwonlyargcount", "co_posonlyargcount", "co_firstlineno", "co_linetable",
    "co_exceptiontable",
]


def constant(k):
    if isinstance(k, types.CodeType):
        return described(k)
    if isinstance(k, tuple):
        return tuple(map(constant, k))
    if isinstance(k, frozenset):
        return "frozenset", sorted(repr(constant(x)) for x in k)
    return type(k).__name__, ascii(k)


def described(code):
    return [getattr(code, f) for f in FIELDS] + [constant(k) for k in code.co_consts]


def codes(code):
    yield code
    for k in code.co_consts:
        if isinstance(k, types.CodeType):
            yield from codes(k)


def error_of(f):
    try:
        return f()
    except Exception as e:
        return type(e).__name__, str(e)


print("the same code")
for optimize in (0, 1, 2):
    whole = compile(SOURCE, "f", "exec", optimize=optimize)
    tree = compile(ast.parse(SOURCE), "f", "exec", optimize=optimize)
    print(optimize, described(whole) == described(tree))
future = "from __future__ import annotations\n" + SOURCE
print(described(compile(future, "f", "exec")) == described(compile(ast.parse(future), "f", "exec")))


class Changed(ast.NodeTransformer):
    def visit_Constant(self, node):
        if isinstance(node.value, int) and not isinstance(node.value, bool):
            return ast.copy_location(ast.Constant((node.value, -node.value, frozenset({node.value}))), node)
        return node

    def visit_Match(self, node):
        return node

    def visit_Assert(self, node):
        new = ast.parse("if not x: raise AssertionError(f'{x!r:>10} {y}')").body[0]
        return [node, ast.fix_missing_locations(ast.copy_location(new, node))]

    def visit_Pass(self, node):
        return ast.Expr(ast.Call(ast.Name("print", ast.Load()), [ast.Constant("\ud800 \ufffd")], []))


print("changed trees")
tree = ast.fix_missing_locations(Changed().visit(ast.parse(SOURCE)))
ast.increment_lineno(tree, 1000)
for code in codes(compile(tree, "f", "exec")):
    print(code.co_qualname, code.co_firstlineno, code.co_code.hex(), code.co_linetable.hex())
    print([constant(k) for k in code.co_consts if not isinstance(k, types.CodeType)])

print("running them")
tree = ast.parse("def f(a, *, b=2):\n  'doc'\n  return [a, b, f'{a}{b!r:>4}', t'{a}!'.strings]\nprint(f(1), f.__doc__)")
exec(compile(tree, "f", "exec"))
tree.body[0].body[1].value.elts.reverse()
exec(compile(tree, "f", "exec"))
number = ast.FormattedValue(ast.Constant(5), -1, ast.Constant("03"))
joined = ast.JoinedStr([ast.Constant("a"), ast.Constant("b"), number])
print(eval(compile(ast.fix_missing_locations(ast.Expression(joined)), "f", "eval")))
one = ast.fix_missing_locations(ast.Interactive([ast.Expr(ast.Constant(-(2**70)))]))
exec(compile(one, "f", "single"))

print("type comments")
commented = """
def f(a,  # type: A
      *b  # type: B
      ):
    # type: (...) -> C
    for x in y:  # type: D
        z = 1  # type: E
    with a as b:  # type: F
        pass  # type: ignore[g]
"""
print(ast.dump(ast.parse(commented, type_comments=True)))
print(ast.dump(ast.parse("(int, *str, **Any) -> float", mode="func_type")))
print(ast.dump(ast.parse("() -> x[int]", mode="func_type")))
print(error_of(lambda: ast.parse("x = [  # type: int\n]", type_comments=True))[0])
print(error_of(lambda: ast.parse("def f():  # type: () -> x\n  # type: () -> y\n  pass", type_comments=True))[0])
for version, text in [(5, "x: int"), (7, "(x := 1)"), (9, "match x:\n case 1: pass"), (10, "x"), (11, "type X = int")]:
    print(version, error_of(lambda: ast.dump(ast.parse(text, feature_version=(3, version)))))
print(ast.dump(ast.parse("match x:\n case -1 | 1+2j: __debug__", optimize=1)))

print("warnings")
for text in ["'\\d' x", "'\\d'", "try: pass\nfinally:\n  continue"]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        error = error_of(lambda: compile(text, "f", "exec") and None)
        print(error, [str(w.message) for w in caught])

print("pieces of input")
for text in [
    "", "x", "x = (", "if x:", "if x:\n  y", "if x:\n  y\n", "x y", "'''a", "@d", "class C:\n\n", "\\", "a = '", "else:",
    "lambda z: \\",
]:
    made = error_of(lambda: codeop.compile_command(text))
    print(repr(text), type(made).__name__ if isinstance(made, types.CodeType) else made)
print(error_of(lambda: compile("if x:", "f", "single", 0x4000)))
print(type(error_of(lambda: compile("if x:\n  y\n", "f", "single", 0x200))))
later = codeop.Compile()
later("from __future__ import barry_as_FLUFL", "f", "single")
print(error_of(lambda: eval(later("1 <> 2", "f", "eval"))), error_of(lambda: later("1 != 2", "f", "eval")))

print("texts without UTF-8")
print(error_of(lambda: compile("'\ud800'", "f", "exec")))
try:
    compile("def f():\n  '\\tx\\ud800'", "f", "exec")
except UnicodeEncodeError as e:
    print(e.encoding, ascii(e.object), e.start, e.end, e.reason)

print("encodings")
for name in ["utf_7", "raw_unicode_escape", "hex_codec", "nonsense", "utf8", "punycode"]:
    source = b"# coding: " + name.encode() + b"\nprint(ascii('+AOk- \\u00e9'))\n"
    print(name, error_of(lambda: exec(source)))
print(error_of(lambda: exec(b"# coding: utf8\n#\xa4")), error_of(lambda: exec(b"# coding: utf8\n#\xe2\x82")))
print(error_of(lambda: eval("# coding: latin-1\n'\u20ac'")))

# Characters by their names divide format specifications, which are constants then.
for text in [
    r"f'{0:\N{BULLET}}'", r"f'{0:a\N{BULLET}b}'", r"f'{0:a\N{BULLET}{1}}'", r"f'{0:\N{BULLET}\N{DIGIT ONE}}'",
    r"rf'{0:\N{1}b}'", r"t'{0:\N{BULLET}a}'", "f'{0:\\N{BULLET}\\\n}'", "f'{0:\\N{BULLET}\\\nb}'", r"f'{0!r:b\N{BULLET}c}'",
]:
    tree = ast.parse(text, mode="eval")
    print(ast.dump(tree.body, include_attributes=True), ast.unparse(tree))
