# The module _symtable: blocks and their names, as the compiler sees them.
import _symtable
import sys

SOURCE = '''
"""A module."""
import os.path as path, json
glob: int = 42
some_var: "str"

class Mine[T](Base, metaclass=Meta):
    member: T
    __private = 1
    def a_method(self, *args, key=None, **rest) -> int:
        global bar
        bar = __class__
        return self.__private

def spam(a, b, *var, **kw):
    global bar
    bar = 47
    some_assigned = []
    def internal():
        nonlocal some_assigned
        return lambda: (a, some_assigned)
    return [x for x in var if (y := x)] + list(z + b for z in kw)

async def generic[U: (int, str) = int, *Ts, **P](x: U) -> P: ...

type Alias[V: int] = dict[V, glob]
'''


def show(entry, depth=0):
    indent = "  " * depth
    print(f"{indent}{entry.name} type={entry.type} nested={entry.nested} line={entry.lineno} {entry.varnames}")
    for name, flags in sorted(entry.symbols.items()):
        print(f"{indent}  . {name} {flags & 0xfff:#x} {flags >> _symtable.SCOPE_OFF & _symtable.SCOPE_MASK}")
    for child in entry.children:
        show(child, depth + 1)


top = _symtable.symtable(SOURCE, "<source>", "exec")
show(top)
print(type(top).__name__, top.id > 0, hash(top) == hash(top))
show(_symtable.symtable("x + 1", "f", "eval"))
show(_symtable.symtable(b"# coding: latin-1\nx = '\xe4'", b"f", "single"))
print({n: v for n, v in sorted(vars(_symtable).items()) if n.isupper()})
for args in ("x = ", "file", "exec"), ("def f(a): global a", "file", "exec"), ("def f():\n  nonlocal x", "file", "exec"), ("x", "f", "mode"), (5, "f", "exec"), ("x", 5, "exec"), ("x\0", "f", "exec"), ("x", "f", 5):
    try:
        print(_symtable.symtable(*args))
    except SyntaxError as e:
        print(type(e).__name__, e, e.filename, e.lineno, e.offset)
    except (ValueError, TypeError) as e:
        print(type(e).__name__, e)


# What `dataclass(slots=True)` does to a class that it makes anew.
class Plain:
    pass


print(sorted(n for n in vars(Plain) if n in ("__dict__", "__weakref__")))
sys._clear_type_descriptors(Plain)
print(sorted(n for n in vars(Plain) if n in ("__dict__", "__weakref__")))
for wrong in int, 5:
    try:
        sys._clear_type_descriptors(wrong)
    except TypeError as e:
        print(e)
