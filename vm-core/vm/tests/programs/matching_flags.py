# Which classes count as sequences and as mappings for pattern matching.
import _abc


def abstract(name, bit):
    made = type(name, (), {"__abc_tpflags__": bit})
    _abc._abc_init(made)
    return made


Sequence = abstract("Sequence", 1 << 5)
Mapping = abstract("Mapping", 1 << 6)


def kind(x):
    match x:
        case [*_]:
            return "sequence"
        case {}:
            return "mapping"
    return "neither"


# Registering a built-in type does not change what it is.
for builtin in (str, bytes, bytearray, tuple, dict):
    _abc._abc_register(Sequence, builtin)
print([kind(x) for x in ("x", b"x", bytearray(b"x"), (1,), [1], {}, range(3), memoryview(b"x"), 1)])


class Plain:
    def __len__(self):
        return 0

    def __getitem__(self, i):
        raise IndexError

    def get(self, key, default=None):
        return default


print(kind(Plain()))
_abc._abc_register(Sequence, Plain)
print(kind(Plain()))


class Derived(Plain):
    pass


class A(Mapping):
    pass


class B(Sequence, Mapping):
    pass


class C(Mapping, Sequence):
    pass


class D(Plain, dict):
    pass


class E(dict, Plain):
    pass


print([kind(cls()) for cls in (Derived, B, C, D, E)])
print([cls.__flags__ >> 5 & 3 for cls in (Sequence, Mapping, A, B, C, D, E, str, list, dict)])
