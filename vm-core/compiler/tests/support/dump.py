"""Compiles files with CPython and writes what came out, for the differential tests.

Arguments: "code", "symtable", "dis" or "warnings", then an optimization level, a
mode and flags. Paths come on standard
input, one a line. For each, a record goes to standard output: "K" (a code object, the scopes
as nested tuples, the text of dis, or the warnings as a tuple) or "X" (what the exception says), a 32-bit length, and that many
bytes of marshal.
"""

import dis
import io
import marshal
import re
import struct
import sys
import warnings


def scopes(entry):
    symbols = tuple(sorted(entry.symbols.items()))
    children = tuple(scopes(child) for child in entry.children)
    varnames = tuple(entry.varnames)
    head = (entry.name, entry.type, int(entry.nested), entry.lineno)
    return head + (varnames, symbols, children)


def error(e):
    message = getattr(e, "msg", None) or str(e)
    fields = ("lineno", "offset", "end_lineno", "end_offset", "text")
    return (type(e).__name__, message) + tuple(getattr(e, f, None) for f in fields)


def disassembled(code):
    """What python -m dis prints; the addresses of code objects are no part of it."""
    text = io.StringIO()
    dis.dis(code, file=text)
    return re.sub(r" at 0x[0-9a-f]+", " at 0x0", text.getvalue()).encode("utf-8", "surrogatepass")


def main():
    what, optimize, mode, flags = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
    for path in sys.stdin:
        path = path.rstrip("\n")
        with open(path, "rb") as f:
            source = f.read()
        try:
            if what == "symtable":
                import _symtable

                value = scopes(_symtable.symtable(source, path, "exec"))
            else:
                with warnings.catch_warnings(record=True) as caught:
                    warnings.simplefilter("always" if what == "warnings" else "ignore")
                    value = compile(
                        source, path, mode, flags, dont_inherit=True, optimize=optimize
                    )
                if what == "warnings":
                    value = tuple(
                        (w.category.__name__, str(w.message), w.lineno) for w in caught
                    )
                if what == "dis":
                    value = disassembled(value)
            tag = b"K"
        except Exception as e:
            value, tag = error(e), b"X"
        data = marshal.dumps(value)
        sys.stdout.buffer.write(tag + struct.pack("<I", len(data)) + data)
        sys.stdout.buffer.flush()


sys.setrecursionlimit(100_000)
main()
