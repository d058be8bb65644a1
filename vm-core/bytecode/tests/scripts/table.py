"""Prints what this Python knows about its opcodes, for tests/oracle_table.rs.

One fact a line, words separated by tabs.
"""

import _opcode
import _opcode_metadata
import dis
import opcode
import sys

opmap = dict(_opcode_metadata.opmap)
specialized = dict(_opcode_metadata._specialized_opmap)
instrumented = {n for n, v in opmap.items() if _opcode_metadata.MIN_INSTRUMENTED_OPCODE <= v < 256}

print("have_argument", _opcode_metadata.HAVE_ARGUMENT, sep="\t")
print("min_instrumented", _opcode_metadata.MIN_INSTRUMENTED_OPCODE, sep="\t")

heads = {s: base for base, family in _opcode_metadata._specializations.items() for s in family}
for name, number in (opmap | specialized).items():
    print("opcode", number, name, heads.get(name, name), sep="\t")
    caches = opcode._inline_cache_entries.get(heads.get(name, name), 0)
    if name not in instrumented:
        print("caches", number, caches, sep="\t")
    for flag in ("arg", "const", "name", "jump", "free", "local", "exc"):
        print("has", number, flag, int(getattr(_opcode, "has_" + flag)(number)), sep="\t")

for name, layout in opcode._cache_format.items():
    print("layout", name, *(f"{entry}:{size}" for entry, size in layout.items()), sep="\t")

# Where the oparg is an index into a table of the interpreter, or a small number, only some
# make sense; the effect is computed for any.
OPARGS = [0, 1, 2, 3, 4, 5, 7, 8, 15, 16, 31, 32, 100, 255, 256, 257, 511, 1000, 65535, 65536, 1 << 24]
for name, number in opmap.items():
    if name in specialized:
        continue
    has_arg = number in dis.hasarg
    for oparg in OPARGS if has_arg else [None]:
        for jump in (None, True, False):
            try:
                effect = dis.stack_effect(number, oparg, jump=jump)
            except ValueError:
                effect = "error"
            print("effect", number, 0 if oparg is None else oparg, jump, effect, sep="\t")

for i, (name, symbol) in enumerate(_opcode.get_nb_ops()):
    print("BinaryOp", i, name, symbol, sep="\t")
for i, symbol in enumerate(opcode.cmp_op):
    print("CompareOp", i, "", symbol, sep="\t")
for i, name in enumerate(_opcode.get_special_method_names()):
    print("SpecialMethod", i, "", name, sep="\t")
for i, value in enumerate(opcode._common_constants):
    print("CommonConstant", i, "", value.__name__, sep="\t")
for i, name in enumerate(_opcode.get_intrinsic1_descs()):
    print("Intrinsic1", i, name, name, sep="\t")
for i, name in enumerate(_opcode.get_intrinsic2_descs()):
    print("Intrinsic2", i, name, name, sep="\t")
for i, name in enumerate(dis.FUNCTION_ATTR_FLAGS):
    print("FunctionAttribute", 1 << i, "", name, sep="\t")
for i, name in enumerate(["", "str", "repr", "ascii"]):
    print("Conversion", i, "", name, sep="\t")
