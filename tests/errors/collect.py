#!/usr/bin/env python3
"""Collects the sources that modules of CPython's test suite compile, for a comparison of errors.

    python3.14 tests/errors/collect.py OUTPUT [MODULE ...]

Run it with the CPython whose tests are to be run. compile(), exec(), eval() and ast.parse() are
replaced by ones that note what they are given before they go on; so is what doctests run. OUTPUT
gets each source once: whether it is text, mode, optimization level, flags, length, source; as
vm-core/compiler/tests/support/sources.py reads them.
"""

import ast
import builtins
import io
import os
import struct
import sys
import unittest
import warnings

MODULES = ["test_syntax", "test_exceptions", "test_fstring", "test_patma", "test_named_expressions", "test_unparse"]
MODES = {"exec": 0, "eval": 1, "single": 2}
# PyCF_ONLY_AST and the like make no code; those that change what is accepted are kept.
KEPT_FLAGS = 0x1FE0000 | 0x200 | 0x2000 | 0x4000

real_compile, real_exec, real_eval, real_parse = builtins.compile, builtins.exec, builtins.eval, ast.parse
found = {}


def note(source, mode="exec", flags=0, optimize=-1):
    if isinstance(source, str):
        try:
            data = source.encode("utf-8")
        except UnicodeEncodeError:
            return  # no text that could come from a file
        text = 1
    elif isinstance(source, (bytes, bytearray, memoryview)):
        data, text = bytes(source), 0
    else:
        return
    if mode not in MODES:
        return
    found.setdefault((text, MODES[mode], max(optimize, 0), flags & KEPT_FLAGS, data))


def noting_compile(source, filename, mode, flags=0, dont_inherit=False, optimize=-1, **more):
    note(source, mode, flags, optimize)
    return real_compile(source, filename, mode, flags, True, optimize, **more)


def namespaces(globals, locals):
    """Those of the caller, where none are given."""
    if globals is None:
        frame = sys._getframe(2)
        globals, locals = frame.f_globals, frame.f_locals if locals is None else locals
    return globals, globals if locals is None else locals


def noting_exec(source, globals=None, locals=None, /, **more):
    note(source)
    return real_exec(source, *namespaces(globals, locals), **more)


def noting_eval(source, globals=None, locals=None, /):
    note(source.lstrip(" \t") if isinstance(source, (str, bytes)) else source, "eval")
    return real_eval(source, *namespaces(globals, locals))


def noting_parse(source, filename="<unknown>", mode="exec", **more):
    note(source, mode)
    return real_parse(source, filename, mode, **more)


def run(name):
    __import__(f"test.{name}")
    suite = unittest.defaultTestLoader.loadTestsFromName(f"test.{name}")
    unittest.TextTestRunner(io.StringIO()).run(suite)


def main():
    output, *modules = sys.argv[1:]
    warnings.simplefilter("ignore")
    sys.stdout = io.StringIO()
    builtins.compile, builtins.exec, builtins.eval, ast.parse = noting_compile, noting_exec, noting_eval, noting_parse
    try:
        for name in modules or MODULES:
            before = len(found)
            run(name)
            print(f"{name}: {len(found) - before} sources", file=sys.__stdout__)
    finally:
        builtins.compile, builtins.exec, builtins.eval, ast.parse = real_compile, real_exec, real_eval, real_parse
    with open(output, "wb") as file:
        for text, mode, optimize, flags, data in found:
            file.write(struct.pack("<BBBII", text, mode, optimize, flags, len(data)) + data)
    sys.__stdout__.flush()
    os._exit(0)  # what tests have left behind has no say


main()
