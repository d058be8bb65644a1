#!/usr/bin/env python3
"""Writes small Python programs that are made by chance, right and wrong ones, for the compiler to be compared over.

    tests/made/programs.py FOLDER [--count N] [--seed N]
    cargo run --release -p tailscope-compiler --example diff -- FOLDER

The compiler's fuzzer takes real sources apart, and seldom comes to what nobody writes: this goes through the
grammar instead. Fields of strings and patterns, where most that is strange has been found, are made of pieces
that need not fit. A third of the programs can be compiled.
"""

import argparse
import pathlib
import random

ATOMS = [
    "x", "y", "_", "a.b", "f()", "x[1]", "(x)", "()", "[]", "{}", "None", "True", "...", "1", "-1", "1j", "0x1F", "1_0.5e3",
    '""', 'b"a"', 'f"{x}"', 't"{x}"', '"a" "b"', "r'\\d'", 'f"{x!r:>{w}}"', 'f"{x=}"', "__debug__", "'''a\nb'''",
]
TARGETS = ["x", "y", "_", "a.b", "x[0]", "*x", "(x)", "()", "[]", "__debug__", "*a.b"]
CLOSED_PATTERNS = [
    "x", "_", "y", "1", "-1", "1+2j", "-x", "1-1", "None", "True", '"a"', 'b"a"', '"a" "b"', 'f"a"', "a.b", "_.b", "*x", "*_", "_()",
]
PATTERN_PIECES = ["_=1", "2", "a=1", "_", "_.b", "b=_", "_(x)", "x", "*_", "_=_", "(_)", "1|_", "_ as q", "a._=2", ""]
PARAMETERS = [
    "a", "b", "c", "a=1", "b=2", "*", "/", "*a", "**k", "a: int", "*b: int", "*c: *d", "**k: x", "b: x = 1", "_", "__debug__", "",
]
TYPE_PARAMETERS = [
    "[T]", "[T: int]", "[*T]", "[**P]", "[T = 1]", "[*T = *x]", "[T: (a, b) = c, U]", "[T, T]", "[]", "[*T: x]", "[T: (yield)]",
    "[T: (x := 1)]", "[**P = [a]]", "[T=1, U]",
]
FIELD_PIECES = [
    "{1}", "{x}", "{x!r}", "{x=}", "{x = !s:^{w}}", "{x!r:>{w}}", "{y:{z}{{}", "{y:}", "{ {1} }", "{*a}", "{yield}", "{lambda x: 1}",
    '{f"{a:{b}}"}', "{a:%H:%M}", "{a!x}", "{:=5}", "{a:=5}", "{a if b else c}", "{{", "}}", "{{{", "}}}", "{", "}", "{1", "{}", "!r", "=",
    ":", "a", " ", "#", "\n", "\\\n", '"q"', "\\x41", "\\x4", "\\{", "\\N{BULLET}", "\\N{", "\\N", "\\u12", "\\\\", "\\d", "é",
]
SIMPLE = [
    "pass", "break", "continue", "return", "raise", "yield", "import a.b as c", "import a, b.c", "import a as b.c", "from . import x",
    "from .a import (b as c, d,)", "from a import *", "from a import b,", "from .. import (x)", "from __future__ import annotations",
    "global x", "global x, y", "nonlocal x", "nonlocal _, y", "print x", "exec 'x'", "x++", "fro x in y", "return return",
]
# Of these, `{}` is made, each from the list that its place names.
EXPRESSIONS = [
    "{e} + {e}", "{e} ** -{e}", "not {e}", "{e} and {e} or {e}", "{e} < {e} is not {e}", "{e} not in {e}", "{e} if {e} else {e}",
    "lambda {parameters}: {e}", "({t} := {e})", "{t} := {e}", "await {e}", "(yield {e})", "yield {e}", "(yield from {e})", "*{e}", "({e})",
    "({e}, {e})", "[{e}, {e}]", "{{{e}, *{e}}}", "{{**{e}, {e}: {e}}}", "[{e} for {t} in {e}]", "({e} for {t} in {e} async for {t} in {e})",
    "{{{e}: {e} for {t} in {e} if {e}}}", "{{{e} for {t} in {e}}}", "{e}({arguments})", "{e}[{slices}]", "{e}.b", "{string}",
]
ARGUMENTS = ["{e}", "a={e}", "b={e}", "*{e}", "**{e}", "{e} for x in {e}", "a := {e}", "{e}={e}", ""]
SLICES = ["{e}", "{e}:{e}", "::", ":{e}:", "*{e}", "x := {e}", ""]
ASSIGNMENTS = ["{t}, {t}", "({t}, {t})", "[{t}]", "({t})", "{e}", "{t},", "*{t}"]
PATTERNS = [
    "{p} | {p}", "({p})", "({p},)", "[{p}, {p}]", "({p}, {p})", "{p}, {p}", "{p},", "{p} as x", "{p} as _", "{p} as a.b", "f()", "f({p}, a={p})",
    "a.f({p})", "f(a={p}, _={p})", "{{{p}: {p}, **r}}", "{{{p}: {p}, **_}}", '{{"a": {p}}}', "{{a.b: {p}, -1: {p}}}", "f({pieces})", "1 | f({pieces})",
]
STATEMENTS = [
    "{e}", "{t} = {e}", "{t} = {t} = {e}", "{t} = yield {e}", "{t} += {e}", "{t}: {e}", "{t}: {e} = {e}", "del {t}", "return {e}", "raise {e}",
    "raise {e} from {e}", "assert {e}, {e}", "type X{types} = {e}", "{e}; {e}", "{simple}", "{simple}",
]
# A block is behind each line that ends with a colon.
COMPOUND = [
    "if {e}:", "if {e}:\nelse:", "if {e}:\nelif {e}:", "while {e}:", "while {e}:\nelse:", "for {t} in {e}:", "async for {t} in {e}:\nelse:",
    "def f{types}({parameters}):", "async def f({parameters}) -> {e}:", "class C{types}({arguments}):", "class C:", "@{e}\ndef f({parameters}):",
    "try:\nexcept {e} as x:", "try:\nexcept {e} as x.y:\nfinally:", "try:\nexcept {e}, {e}:", "try:\nexcept* {e}:", "try:\nfinally:", "try:\nelse:",
    "try:\nexcept:\nelse:", "with {e} as {t}, {e}:", "with ({e} as {t}, {e} as x,):", "async with {e}:", "with {e}:", "match {e}:\n case {p}:",
    "match {e}:\n case {p} if {e}:\n case {p}:", "match {e}:\n case {p}: {simple}", "if {e}: {simple}",
]


class Maker:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.depth = 0

    def chance(self, part):
        return self.random.random() < part

    def several(self, most, make, between=", "):
        return between.join(make() for _ in range(self.random.randint(0, most)))

    def fill(self, templates):
        """One of the templates, with its places filled."""
        places = {"e": self.expression, "t": self.target, "p": self.pattern, "parameters": self.parameters, "types": self.types}
        places |= {"arguments": self.arguments, "slices": self.slices, "pieces": self.pieces, "simple": self.simple, "string": self.string}
        template = self.random.choice(templates)
        self.depth += 1
        made = ""
        while template:
            before, brace, rest = template.partition("{")
            made += before.replace("}}", "}")
            if rest.startswith("{"):
                made, template = made + "{", rest[1:]
                continue
            name, _, template = rest.partition("}")
            if brace:
                made += places[name]()
        self.depth -= 1
        return made

    def one_of(self, atoms, templates, part):
        """An atom, the more likely the deeper it is, or more than that."""
        return self.random.choice(atoms) if self.depth > 4 or self.chance(part) else self.fill(templates)

    def expression(self):
        return self.one_of(ATOMS, EXPRESSIONS, 0.5)

    def target(self):
        return self.one_of(TARGETS, ASSIGNMENTS, 0.6)

    def pattern(self):
        return self.one_of(CLOSED_PATTERNS, PATTERNS, 0.45)

    def simple(self):
        return self.random.choice(SIMPLE)

    def pieces(self):
        return self.several(4, lambda: self.random.choice(PATTERN_PIECES))

    def parameters(self):
        return self.several(4, lambda: self.random.choice(PARAMETERS))

    def types(self):
        return self.random.choice(TYPE_PARAMETERS) if self.chance(0.3) else ""

    def arguments(self):
        return self.several(3, lambda: self.fill(ARGUMENTS))

    def slices(self):
        return self.several(3, lambda: self.fill(SLICES)) or "x"

    def string(self):
        quotes = self.random.choice(["'", '"', "'''", '"""'])
        prefix = self.random.choice(["f", "f", "F", "rf", "t", "Rt", ""])
        parts = self.several(4, lambda: self.random.choice(FIELD_PIECES), "")
        if self.chance(0.5):
            parts = f"{{x:{self.random.choice(['{1}', '{x}', '', 'w{v!r}'])}{parts}}}"
        return prefix + quotes + parts + quotes

    def block(self, indent):
        lines = [line for _ in range(self.random.randint(1, 2)) for line in self.statement().split("\n")]
        return "\n".join(" " * indent + line for line in lines)

    def statement(self):
        if self.depth > 2 or self.chance(0.55):
            return self.fill(STATEMENTS)
        lines = []
        for line in self.fill(COMPOUND).split("\n"):
            lines.append(line)
            if line.endswith(":") and not line.startswith("match"):
                self.depth += 1
                lines.append(self.block(2 if line.startswith(" ") else 1))
                self.depth -= 1
        return "\n".join(lines)

    def program(self):
        source = "\n".join(self.statement() for _ in range(self.random.randint(1, 2)))
        if self.chance(0.4):
            head = self.random.choice(["async def g():", "def g():", "class G:"])
            source = head + "".join(f"\n {line}" for line in source.split("\n"))
        # What the compiler's own parser leaves to the others.
        if self.chance(0.15):
            source = f"é = 1\n{source}"
        return source + self.random.choice(["", "\n", "\n", " # end\n"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    maker = Maker(args.seed)
    for number in range(args.count):
        (args.folder / f"made{number}.py").write_text(maker.program(), encoding="utf-8")


if __name__ == "__main__":
    main()
