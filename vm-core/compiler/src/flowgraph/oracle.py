"""Runs CPython's own compiler stages and prints what went in and came out.

Usage: oracle.py --operators    Prints lines of words: `binary OP LEFT RIGHT RESULT`,
                                `unary OPCODE ARG OPERAND RESULT`, `set RESULT ITEM...`, where
                                the result is `!` if nothing was folded.
       oracle.py FILE...        Prints records of lines, each ended by a line "end":

    unit NAME           the unit, for messages
    nlocals N
    const VALUE         a constant of the unit, in order
    in OP ARG LINE END_LINE COL END_COL
                        an instruction from code generation; a target is an instruction's index
    out ...             an instruction after `_testinternalcapi.optimize_cfg`
    outconst VALUE      a constant after it
    cells N M           fabricated numbers of cell and free variables, for the code object
    code HEX STACKSIZE KINDS LINETABLE EXCEPTIONTABLE
                        of `_testinternalcapi.assemble_code_object` on the input, unoptimized
    final HEX STACKSIZE LINETABLE EXCEPTIONTABLE
                        of `compile`, for modules (their real constants are known)
    finalconst VALUE    a constant of that
"""

import ast
import dis
import gc
import os
import struct
import sys
import types
import warnings

import _testinternalcapi as internals

warnings.simplefilter("ignore")
TARGETS = {n for n, name in enumerate(dis._all_opname) if name.startswith("SETUP_")
           and name not in ("SETUP_ANNOTATIONS",)}
TARGETS |= {n for name, n in dis._all_opmap.items()
            if n in dis.hasjrel or n in dis.hasjabs or name.startswith("JUMP")}
LOAD_CONST = dis.opmap["LOAD_CONST"]
PLACEHOLDER = dis._all_opmap["ANNOTATIONS_PLACEHOLDER"]
DEREF = {dis._all_opmap[name] for name in (
    "MAKE_CELL", "LOAD_CLOSURE", "LOAD_DEREF", "STORE_DEREF", "DELETE_DEREF",
    "LOAD_FROM_DICT_OR_DEREF")}
LOCALS = {dis._all_opmap[name] for name in (
    "LOAD_FAST", "STORE_FAST", "DELETE_FAST", "LOAD_FAST_AND_CLEAR", "STORE_FAST_MAYBE_NULL")}
FINAL = {dis._all_opmap[name] for name in (
    "JUMP", "JUMP_NO_INTERRUPT", "RETURN_VALUE", "RAISE_VARARGS", "RERAISE")}
# Stand-ins for the constants of functions, which CPython does not tell.
SAMPLES = [None, True, 7, "ab", 2.5, 300, b"xyz", (1, "t"), 3, "", False, -4, 10**30, 0.0,
           1.5j, 2, "long", 255, 256, 1, (), ...]


def encode(value):
    match value:
        case None | True | False:
            return {None: "N", True: "T", False: "F"}[value]
        case int():
            return f"i{value};"
        case float():
            return f"f{struct.pack('>d', value).hex()};"
        case complex():
            return f"c{struct.pack('>dd', value.real, value.imag).hex()};"
        case str():
            return f"s{value.encode('utf-8', 'surrogatepass').hex()};"
        case bytes():
            return f"b{value.hex()};"
        case tuple():
            return f"({''.join(map(encode, value))})"
        case frozenset():
            return f"{{{''.join(map(encode, value))}}}"
        case slice():
            return f"[{encode(value.start)}{encode(value.stop)}{encode(value.step)}]"
        case types.CodeType():
            return f"o{value.co_qualname}:{value.co_firstlineno};"
    assert value is ..., value
    return "E"


def rebuild(instrs):
    """An instruction sequence that CPython has not touched yet."""
    seq = internals.new_instruction_sequence()
    labels = {arg: seq.new_label() for op, arg, *_ in instrs if op in TARGETS}
    for i, (op, arg, *loc) in enumerate(instrs):
        if i in labels:
            seq.use_label(labels[i])
        seq.addop(op, labels[arg] if op in TARGETS else arg or 0, *loc)
    return seq


def show(kind, instrs):
    for op, arg, *loc in instrs:
        print(kind, op, arg or 0, *loc)


def has_dead_code(instrs):
    """Whether there are instructions that control never reaches: CPython's assembler, which
    expects optimized code, crashes on what is in some of them."""
    reached, work = set(), [0]
    while work:
        i = work.pop()
        if i not in reached and i < len(instrs):
            reached.add(i)
            op, arg, *_ = instrs[i]
            work += [i + 1] * (op not in FINAL) + [arg] * (op in TARGETS)
    return len(reached) < len(instrs)


def fabricate(count, seed):
    return [SAMPLES[(i * 7 + seed) % len(SAMPLES)] for i in range(count)]


def dump_assembled(instrs):
    """The code object of the unoptimized instructions, with made-up variables."""
    nlocals = 1 + max((arg for op, arg, *_ in instrs if op in LOCALS), default=-1)
    nderef = 1 + max((arg for op, arg, *_ in instrs if op in DEREF), default=-1)
    ncells = nderef // 2
    varnames = {f"v{i}": i for i in range(nlocals)}
    # Every other cell is a local.
    cellvars = {f"v{nlocals - 1 - i}" if i % 2 and i < nlocals else f"c{i}": i
                for i in range(ncells)}
    freevars = {f"f{i}": i for i in range(ncells, nderef)}
    metadata = dict(name="f", qualname="f", consts={}, names={}, varnames=varnames,
                    cellvars=cellvars, freevars=freevars, fasthidden={}, argcount=0,
                    posonlyargcount=0, kwonlyargcount=0, firstlineno=1)
    try:
        code = internals.assemble_code_object("f.py", rebuild(instrs), metadata)
    except ValueError:
        return
    kinds = bytes(2 * (n in varnames) + (n in cellvars) for n in
                  dict.fromkeys((*code.co_varnames, *code.co_cellvars, *code.co_freevars)))
    print("cells", ncells, nderef - ncells)
    print("code", code.co_code.hex(), code.co_stacksize, kinds.hex() or "-",
          code.co_linetable.hex(), code.co_exceptiontable.hex() or "-")


def dump_unit(name, seq, consts, seed, final=None):
    instrs = seq.get_instructions()
    spliced = final and any(op == PLACEHOLDER for op, *_ in instrs) and final.has_annotations
    print("unit", name)
    if consts is None:
        count = 1 + max((arg for op, arg, *_ in instrs if op == LOAD_CONST), default=-1)
        consts = fabricate(count, seed)
    nlocals = 1 + max((arg for op, arg, *_ in instrs if op in LOCALS), default=-1)
    print("nlocals", nlocals)
    for value in consts:
        print("const", encode(value))
    show("in", instrs)
    consts = list(consts)
    show("out", internals.optimize_cfg(rebuild(instrs), consts, nlocals).get_instructions())
    for value in consts:
        print("outconst", encode(value))
    if not has_dead_code(instrs):
        dump_assembled(instrs)
    if final and not spliced:
        code = final.code
        print("final", code.co_code.hex(), code.co_stacksize, code.co_linetable.hex(),
              code.co_exceptiontable.hex() or "-")
        for value in code.co_consts:
            print("finalconst", encode(value))
    print("end")
    for i, nested in enumerate(seq.get_nested()):
        dump_unit(f"{name}.{i}", nested, None, seed + i + 1)


class Final:
    def __init__(self, tree, source, path):
        self.code = compile(source, path, "exec", optimize=0)
        # The code that is spliced in at the placeholder is not shown to us.
        self.has_annotations = any(isinstance(node, ast.AnnAssign) for node in ast.walk(tree))


INF, NAN = float("inf"), float("nan")
INTS = [0, 1, -1, 2, -2, 3, 7, -7, 10, 63, 64, 100, 127, 128, 129, 255, 256, 257, -256, 4096, 4097,
        2**31, -(2**31), 2**53, 2**53 + 1, 2**62, 2**63 - 1, 2**63, -(2**63), 2**64, 10**18,
        -(10**18) - 1, 2**100, 2**127, -(2**128), 10**40, 3**500, -(7**400), 10**308, 10**309,
        2**1023 + 2**970 - 1, 2**1024 - 1, 2**54 + 1, 2**54 + 2, 2**54 + 3, 2**1074, 3**680]
FLOATS = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, 3.0, -3.0, 1.5, 1e16, 1e308, -1e308, 5e-324,
          2.2250738585072014e-308, 0.1, -0.1, 1e-300, 7.25, 100.0, 1e22, 2.5e-8, INF, -INF, NAN]
COMPLEXES = [complex(*parts) for parts in (
    (0.0, 1.0), (1.0, 1.0), (-1.0, 0.5), (0.0, 0.0), (-0.0, -0.0), (3.0, -4.0), (1e200, 1e200),
    (INF, 0.0), (0.0, -INF), (NAN, 1.0), (INF, NAN), (1e-200, 1e-200), (2.0, 0.0), (-2.0, 0.0))]
STRINGS = ["", "a", "abc", "h\xe9llo \u20ac\U0001f600", "\ud800", "\udc00x", "x" * 2048, "y" * 4096,
           b"", b"a", b"abc", b"\xff\x00", b"z" * 1025]
TUPLES = [(), (1,), (1, "a", None), (1, (2, (3, 4))), tuple(range(30)), tuple(range(256)),
          ((1,) * 100,) * 3, (0.0,), (None, ...)]
# No frozensets: they are made where they are iterated or searched, and are never operands.
OTHERS = [None, True, False, ...]
SLICES = [slice(None), slice(1, None), slice(None, -1), slice(None, None, -1), slice(0, 2),
          slice(-2, 10**30), slice(5, 1, -2), slice(None, None, 0), slice(1.0, 2), slice(True, None),
          slice(-(10**30), 10**30, 10**25), slice(None, None, 2), slice("a", None),
          slice(10**30, -(10**30), -3)]
SETS = [(1, True, 1.0, 1 + 0j), (0.0, -0.0, False), ("a", b"a"), ((1, 2), (1.0, True)), (NAN, 1),
        (2**53 + 1, float(2**53)), (2**60, float(2**60)), (None, ..., None), ((), ""), (1.5, 1.5 + 0j)]


def folded(operands, *instr):
    """What the optimizer makes of constants and an instruction on them, as text."""
    seq = internals.new_instruction_sequence()
    for i in range(len(operands)):
        seq.addop(LOAD_CONST, i, 1, 1, 0, 0)
    seq.addop(*instr, 1, 1, 0, 0)
    if instr[0] == dis.opmap["BUILD_SET"]:
        seq.addop(dis.opmap["GET_ITER"], 0, 1, 1, 0, 0)
    seq.addop(dis.opmap["RETURN_VALUE"], 0, 1, 1, 0, 0)
    consts = list(operands)
    op, arg = internals.optimize_cfg(seq, consts, 0).get_instructions()[0][:2]
    last = len(internals.optimize_cfg(seq, list(operands), 0).get_instructions())
    if last > 2 + (instr[0] == dis.opmap["BUILD_SET"]):
        return "!"
    return encode(consts[arg] if op == LOAD_CONST else arg)


def show_operators():
    values = INTS + FLOATS + COMPLEXES + STRINGS + TUPLES + OTHERS
    for op, (name, _) in enumerate(dis._nb_ops):
        if "INPLACE" in name:
            continue
        rights = values + SLICES if name == "NB_SUBSCR" else values
        for left in values:
            for right in rights:
                result = folded((left, right), dis.opmap["BINARY_OP"], op)
                print("binary", op, encode(left), encode(right), result)
    unary = [(dis.opmap["UNARY_NEGATIVE"], 0), (dis.opmap["UNARY_INVERT"], 0),
             (dis.opmap["UNARY_NOT"], 0), (dis.opmap["CALL_INTRINSIC_1"], 5)]
    for op, arg in unary:
        for value in values + SLICES:
            print("unary", op, arg, encode(value), folded((value,), op, arg))
    for items in SETS:
        result = folded(items, dis.opmap["BUILD_SET"], len(items))
        print("set", result, *map(encode, items))


if sys.argv[1] == "--operators":
    show_operators()
    sys.exit()
# CPython frees a sequence with spliced-in code twice, so nothing is freed here.
gc.disable()
keep = []
for path in sys.argv[1:]:
    try:
        with open(path, "rb") as file:
            source = file.read()
        tree = ast.parse(source)
        final = Final(tree, source, path)
        seq, metadata = internals.compiler_codegen(tree, path, 0, 0)
    except (OSError, SyntaxError, ValueError, RecursionError):
        continue
    keep.append((seq, metadata))
    dump_unit(path, seq, metadata["consts"], len(source), final)
sys.stdout.flush()
os._exit(0)
