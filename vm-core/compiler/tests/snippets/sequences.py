"""Prints what CPython's code generation makes of files, for `tests/sequences.rs`.

Arguments are paths. For each, the sequences of all its units are printed, nested ones
before the unit they are in: an instruction a line (name, oparg, line, end line, column, end
column; the oparg of a jump is the index of its target), an empty line after each unit, and
a line with a dot after each file. The units of a module's own annotations are missing:
CPython does not show them.
"""

import ast
import dis
import sys
import warnings

from _testinternalcapi import compiler_codegen

warnings.simplefilter("ignore")


def show(sequence):
    for nested in sequence.get_nested():
        show(nested)
    for op, oparg, *location in sequence.get_instructions():
        print(dis._all_opname[op], oparg or 0, *location)
    print()


for path in sys.argv[1:]:
    with open(path, "rb") as f:
        tree = ast.parse(f.read())
    sequence, metadata = compiler_codegen(tree, path, 0)
    show(sequence)
    print(".")
