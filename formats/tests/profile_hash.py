"""The bytecode hash of docs/profile-format.md, computed in CPython 3.14.

Reads Python source from standard input, and prints a line for each code object in it:
hash, layout, qualified name. Before them: the marshalled module in hexadecimal.
"""
import hashlib
import marshal
import struct
import sys
import types


def put_bytes(data):
    return struct.pack(">I", len(data)) + data


def put_text(text):
    return put_bytes(text.encode("utf-8", "surrogatepass"))


def put_const(value):
    match value:
        case None:
            return b"N"
        case True:
            return b"T"
        case False:
            return b"F"
        case types.EllipsisType():
            return b"."
        case int():
            return b"i" + put_bytes(format(value, "x").encode())
        case float():
            return b"f" + struct.pack(">d", value)
        case complex():
            return b"c" + struct.pack(">dd", value.real, value.imag)
        case str():
            return b"s" + put_text(value)
        case bytes():
            return b"b" + put_bytes(value)
        case tuple():
            return b"(" + put_all(map(put_const, value))
        case slice():
            return b":" + put_all(map(put_const, (value.start, value.stop, value.step)))
        case frozenset():
            return b"{" + put_all(sorted(map(put_const, value)))
        case types.CodeType():
            return b"C" + put_text(value.co_qualname)
    raise TypeError(type(value))


def put_all(parts):
    parts = list(parts)
    return struct.pack(">I", len(parts)) + b"".join(parts)


def bytecode_hash(code):
    slots = [*code.co_varnames]
    slots += [name for name in code.co_cellvars if name not in code.co_varnames]
    slots += code.co_freevars
    data = b"tailscope-code-1\0"
    data += struct.pack(
        ">IIII", code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags
    )
    data += put_bytes(code.co_code) + put_bytes(code.co_exceptiontable)
    data += put_all(map(put_text, code.co_names)) + put_all(map(put_text, slots))
    data += put_all(map(put_const, code.co_consts))
    return hashlib.sha256(data).hexdigest()[:16]


def walk(code):
    layout = hashlib.sha256(code.co_linetable).hexdigest()[:16]
    print(bytecode_hash(code), layout, ascii(code.co_qualname))
    for const in code.co_consts:
        if isinstance(const, types.CodeType):
            walk(const)


module = compile(sys.stdin.buffer.read(), "hash.py", "exec")
print(marshal.dumps(module).hex())
walk(module)
