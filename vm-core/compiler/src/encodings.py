"""Writes encodings.txt, from the codecs of the CPython 3.14 that runs this:

    python3.14 vm-core/compiler/src/encodings.py > vm-core/compiler/src/encodings.txt

A line has the name of an encoding, its other names, and what the bytes from 0x80 on mean in it
(U+FFFF: nothing), separated by tabs. Encodings of several bytes a character have no such table.
Those in which a byte below 0x80 is no ASCII character are left out: nobody can read the comment
that declares them.
"""

import encodings.aliases
import importlib
import pkgutil

# Several bytes a character, and known to the library that decodes them.
WIDE = ["big5", "cp932", "cp949", "cp950", "euc_jp", "euc_kr", "gb18030", "gb2312", "gbk", "shift_jis"]
ASCII = bytes(range(128))


def table(name):
    """The meaning of the upper half, or None if this is no encoding of single bytes."""
    module = importlib.import_module(f"encodings.{name}")
    if not hasattr(module, "decoding_table") and not hasattr(module, "decoding_map"):
        return None
    if ASCII.decode(name, "replace") != ASCII.decode("ascii"):
        return None
    return "".join(bytes([b]).decode(name, "replace").replace("\ufffd", "\uffff") for b in range(128, 256))


def main():
    names = sorted(m.name for m in pkgutil.iter_modules(encodings.__path__))
    for name in names:
        if name in ("aliases", "mbcs", "oem", "_win_cp_codecs"):
            continue
        upper = "" if name in WIDE else table(name)
        if upper is not None:
            others = sorted(a for a, n in encodings.aliases.aliases.items() if n == name)
            # Two tables have characters that would end the line or the field.
            upper = "".join(f"\\{ord(c):x};" if c in "\t\n\r\\\x85\u2028" else c for c in upper)
            print(name, " ".join(others), upper, sep="\t")


main()
