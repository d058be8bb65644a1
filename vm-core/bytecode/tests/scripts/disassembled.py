"""Compiles files of the standard library and prints code objects with their disassemblies.

Arguments: take every Nth file, beginning with the Mth (0 if not given); or paths of files. A record is a line with the file's name
and two numbers of bytes, then the marshalled code object, then the texts, one for each set of
options, a form feed after each. Addresses of code objects are all 0x0.
"""

import dis
import io
import marshal
import os
import re
import sys

sys.path.insert(0, os.path.dirname(__file__))
from compiled import compiled

OPTIONS = [
    {},
    {"show_caches": True, "show_offsets": True},
    {"show_positions": True, "show_offsets": True},
]


def main():
    out = sys.stdout.buffer
    for path, data in compiled(sys.argv[1:]):
        code = marshal.loads(data)
        texts = io.StringIO()
        for options in OPTIONS:
            dis.dis(code, file=texts, **options)
            texts.write("\f")
        infos = [code]
        for each in infos:
            texts.write(dis.code_info(each) + "\n")
            infos.extend(c for c in each.co_consts if hasattr(c, "co_code"))
        text = re.sub(r" at 0x[0-9a-f]+", " at 0x0", texts.getvalue())
        text = text.encode("utf-8", "surrogatepass")
        out.write(b"%s\t%d\t%d\n" % (os.fsencode(path), len(data), len(text)))
        out.write(data + text)


main()
