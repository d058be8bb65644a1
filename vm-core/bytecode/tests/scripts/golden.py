"""Writes the golden files anew: `python3.14 tests/scripts/golden.py`.

For each Python file in tests/golden: the .pyc, and the texts of dis for it.
"""

import dis
import glob
import importlib._bootstrap_external as bootstrap
import io
import os
import re

directory = os.path.join(os.path.dirname(__file__), "..", "golden")
for path in glob.glob(os.path.join(directory, "*.py")):
    stem = os.path.splitext(path)[0]
    with open(path, "rb") as file:
        source = file.read()
    code = compile(source, os.path.basename(path), "exec", dont_inherit=True)
    with open(stem + ".pyc", "wb") as file:
        file.write(bootstrap._code_to_timestamp_pyc(code, 1700000000, len(source)))
    for name, options in {
        "dis": {},
        "caches": {"show_caches": True, "show_offsets": True},
        "positions": {"show_positions": True},
    }.items():
        text = io.StringIO()
        dis.dis(code, file=text, **options)
        with open(f"{stem}.{name}.txt", "w", encoding="utf-8", newline="\n") as file:
            file.write(re.sub(r" at 0x[0-9a-f]+", " at 0x0", text.getvalue()))
