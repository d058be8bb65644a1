"""Compiles snippets with CPython and prints what it reports, for `tests/reports.rs`.

Snippets come on standard input, each ended by a NUL. For each, the warnings are printed
("W", line, message) and the error, if there is one ("E", class, line, offset, end line, end
offset, message), a line each, fields separated by tabs; then a line with a dot.
"""

import sys
import warnings

for source in sys.stdin.read().split("\0")[:-1]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        error = None
        try:
            compile(source, "f.py", "exec", dont_inherit=True)
        except SyntaxError as e:
            error = e
    for w in caught:
        print("W", w.lineno, w.message, sep="\t")
    if error is not None:
        place = (error.lineno, error.offset, error.end_lineno, error.end_offset)
        print("E", type(error).__name__, *place, error.msg, sep="\t")
    print(".")
