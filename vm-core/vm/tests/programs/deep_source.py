# Source that is nested deeper than a compiler can follow is refused, one way or another.
def kind(source, mode="exec"):
    try:
        compile(source, "<deep>", mode)
    except RecursionError:
        return "refused"
    except MemoryError:
        return "refused"
    except SyntaxError as e:
        return "refused"
    return "compiled"


N = 20_000
for name, source in (
    ("parentheses", "(" * N + "1" + ")" * N),
    ("brackets", "[" * N + "]" * N),
    ("braces", "{1:" * N + "1" + "}" * N),
    ("unary", "-" * N + "1"),
    ("not", "not " * N + "1"),
    ("lambda", "lambda:" * N + "1"),
    ("attributes", "a" + ".a" * N),
    ("calls", "a" + "()" * N),
    ("calls in calls", "a(" * N + ")" * N),
    ("subscripts", "a" + "[0]" * N),
    ("power", "1" + "**1" * N),
    ("sum", "1" + "+1" * N),
    ("strings", "+".join(["'a'"] * N)),
    ("comparison", "1" + "<1" * N),
    ("conditional", "1 if 1 else " * N + "1"),
    ("await", "async def f(): " + "await " * N + "1"),
    ("blocks", "".join(" " * i + "if 1:\n" for i in range(200)) + " " * 200 + "pass\n"),
    ("elif", "if 1: pass\n" + "elif 1: pass\n" * 2_000),
    ("f-strings", "f'{" * 200 + "1" + "}'" * 200),
    ("comprehension", "[" * 2_000 + "1" + " for x in y]" * 2_000),
    ("targets", "(" * N + "a" + ",)" * N + " = 1"),
    ("pattern", "match 1:\n case " + "[" * N + "1" + "]" * N + ": pass"),
    ("or pattern", "match 1:\n case " + "1|" * N + "1: pass"),
    ("walrus", "".join(f"(x{i} := " for i in range(N)) + "1" + ")" * N),
    ("star", "*" * N + "a"),
    ("dots", "from " + "." * N + " import a"),
    ("decorators", "@a\n" * 2_000 + "def f(): pass"),
    ("strings in one", "'a' " * N),
    ("types", "type A = " + "B[" * N + "1" + "]" * N),
):
    print(name, kind(source) in ("refused", "compiled"))
