"""Compiles snippets with CPython and prints what it reports, for `tests/reports.rs`.

Snippets come on standard input, each ended by a NUL. For each, its error is printed ("E",
class, line, offset, end line, end offset, message) or, if it has none, its warnings ("W",
line, message), a line each, fields separated by tabs; then a line that ends the report.
"""

import sys
import warnings

for source in sys.stdin.read().split("\0")[:-1]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            compile(source, "f.py", "exec", dont_inherit=True)
        except (SyntaxError, UnicodeEncodeError) as e:
            place = [getattr(e, field, None) for field in ("lineno", "offset", "end_lineno", "end_offset")]
            print("E", type(e).__name__, *place, getattr(e, "msg", e), sep="\t")
        else:
            for w in caught:
                print("W", w.lineno, w.message, sep="\t")
    print("===")
