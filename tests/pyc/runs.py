#!/usr/bin/env python3
"""Runs CPython's .pyc files under tailscope.

    python3.14 tests/pyc/runs.py TAILSCOPE

Each file of CPython's library, its test suite left out, is compiled by CPython and run from the
.pyc and from its source: output, errors and exit status must be the same. (What a module needs
and tailscope does not have ends both in the same way.)
"""

import os
import py_compile
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

LIBRARY = Path(sysconfig.get_path("stdlib"))
LEFT_OUT = {"test", "tests", "idle_test", "__pycache__", "site-packages", "dist-packages", "turtledemo"}
# They wait for somebody, show the time or a random number, or look at other files than their own.
RESTLESS = {"antigravity.py", "compileall.py", "cProfile.py", "profile.py", "timeit.py", "tabnanny.py", "pyclbr.py", "uuid.py"}

PATIENCE_S = 20


def outcome(tailscope, file, folder):
    try:
        done = subprocess.run(
            [tailscope, "run", file], capture_output=True, stdin=subprocess.DEVNULL, timeout=PATIENCE_S, cwd=folder
        )
    except subprocess.TimeoutExpired:
        return f"more than {PATIENCE_S} s"
    return done.returncode, done.stdout, done.stderr


def comparable(result):
    """Without the name of the program, and how lines are broken by its length."""
    return "".join(repr(result).replace(".pyc", ".py").replace("\\n", " ").split())


def main():
    tailscope = Path(sys.argv[1]).resolve()
    files = [p for p in sorted(LIBRARY.rglob("*.py")) if p.is_file() and not LEFT_OUT & set(p.parts)]
    files = [p for p in files if p.name not in RESTLESS]
    differing, ended_well = [], 0
    with tempfile.TemporaryDirectory() as scratch:
        for number, path in enumerate(files):
            # In folders of their own, so that neither finds the other, nor modules beside it.
            folder = Path(scratch) / str(number)
            folder.mkdir()
            source, pyc = folder / path.name, folder / path.with_suffix(".pyc").name
            source.write_bytes(path.read_bytes())
            py_compile.compile(str(source), str(pyc), doraise=True, quiet=2)
            from_source, from_pyc = (outcome(tailscope, str(f), folder) for f in (source, pyc))
            if comparable(from_source) != comparable(from_pyc):
                differing.append(f"{path}:\n   source {from_source}\n   .pyc   {from_pyc}")
            if isinstance(from_pyc, str):
                print(f"{path.relative_to(LIBRARY)}: {from_pyc}", flush=True)
            ended_well += from_pyc[0] == 0
    print(f"{len(files)} files run from .pyc ({ended_well} to a good end), {len(differing)} unlike their source")
    for line in differing[:10]:
        print("  ", line[:1500])
    sys.exit(1 if differing else 0)


main()
