#!/usr/bin/env python3
"""Imports CPython's library from .pyc files that tailscope has written.

    python3.14 tests/pyc/imports.py TAILSCOPE

Run it with the CPython whose library is to be imported. The library is copied, without its test
suite, each file is compiled with `tailscope compile`, and the copy's sources are overwritten with
as many line ends: what is imported can only have come from a .pyc. Each file must hold the same
code object as compile() makes, and each module that CPython imports from its own library must be
imported from the copy, with the same names in it.
"""

import concurrent.futures
import importlib.util
import marshal
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

LIBRARY = Path(sysconfig.get_path("stdlib"))
# Not to be imported: they run something, end the process, or are always frozen.
LEFT_OUT = {"antigravity", "this", "__phello__.spam", "zipimport"}

# Imports modules one by one and says what is in each.
IMPORTER = """
import importlib, io, os, sys, warnings
warnings.simplefilter("ignore")
names = sys.argv[2:]
# What the start of the process has imported is imported again.
for name, module in list(sys.modules.items()):
    if getattr(module, "__file__", None) and not name.startswith(("importlib._bootstrap", "__main__")) and "lib-dynload" not in module.__file__:
        del sys.modules[name]
if sys.argv[1]:
    sys.path[:] = [sys.argv[1]] + [p for p in sys.path if "lib-dynload" in p]
out, sys.stdout, sys.stdin = sys.stdout, io.StringIO(), io.StringIO()
for name in names:
    try:
        module = importlib.import_module(name)
    except BaseException as e:
        # Addresses of objects differ from process to process.
        result = f"{type(e).__name__}"
    else:
        result = " ".join(sorted(vars(module)))
        file = getattr(module, "__file__", None) or ""
        if sys.argv[1] and not file.startswith(sys.argv[1]):
            result += " from " + file
    print(name, result, sep="\\t", file=out)
out.flush()
os._exit(0)
"""


def sources():
    for path in sorted(LIBRARY.rglob("*.py")):
        relative = path.relative_to(LIBRARY)
        parts = relative.parts
        if path.is_file() and "site-packages" not in parts and "dist-packages" not in parts:
            if not {"test", "tests", "idle_test", "__pycache__"} & set(parts):
                yield relative


def comparable(code):
    """Everything that a code object is made of."""
    fields = [n for n in dir(code) if n.startswith("co_") and n != "co_lnotab" and not callable(getattr(code, n))]
    values = {name: getattr(code, name) for name in fields if name != "co_consts"}
    consts = [comparable(c) if hasattr(c, "co_code") else (type(c).__name__, repr_of(c)) for c in code.co_consts]
    return values, consts, list(code.co_positions())


def repr_of(constant):
    if isinstance(constant, frozenset):
        return sorted(map(repr, constant))
    return repr(constant)


def compile_one(tailscope, copy, relative):
    """Writes a .pyc for a copied file; gives what is wrong with it, or None."""
    source = copy / relative
    pyc = Path(importlib.util.cache_from_source(str(source)))
    pyc.parent.mkdir(exist_ok=True)
    done = subprocess.run([tailscope, "compile", source, "-o", pyc], capture_output=True, text=True)
    if done.returncode:
        return f"{relative}: {done.stderr.strip()}"
    ours = marshal.loads(pyc.read_bytes()[16:])
    theirs = compile(source.read_bytes(), str(source), "exec", dont_inherit=True)
    if comparable(ours) != comparable(theirs):
        return f"{relative}: another code object"
    times = source.stat()
    source.write_bytes(b"\n" * times.st_size)
    os.utime(source, ns=(times.st_atime_ns, times.st_mtime_ns))
    return None


def module_names(files):
    for relative in files:
        parts = relative.with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        if name not in LEFT_OUT and parts[-1] != "__main__" and all(map(str.isidentifier, parts)):
            yield name


def imported(path, names):
    """What importing the modules gives, each in the same process as some others."""
    results = {}
    for start in range(0, len(names), 8):
        arguments = [sys.executable, "-s", "-X", "frozen_modules=off", "-c", IMPORTER, path, *names[start : start + 8]]
        done = subprocess.run(arguments, capture_output=True, text=True, timeout=120, env=dict(os.environ, PYTHONDONTWRITEBYTECODE="1"))
        results.update(line.split("\t", 1) for line in done.stdout.splitlines() if "\t" in line)
    return results


def main():
    tailscope = Path(sys.argv[1]).resolve()
    files = list(sources())
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / "lib"
        for relative in files:
            (copy / relative).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(LIBRARY / relative, copy / relative)
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            wrong = [w for w in pool.map(lambda f: compile_one(tailscope, copy, f), files) if w]
        print(f"{len(files)} files compiled, {len(wrong)} wrong")
        names = list(module_names(files))
        theirs, ours = imported("", names), imported(str(copy), names)
    works = {name for name, result in theirs.items() if not re.fullmatch(r"\w+(Error|Exit)", result)}
    differing = [f"{n}: CPython's {theirs[n][:200]}\n   ours {ours.get(n, 'nothing')[:200]}" for n in theirs if ours.get(n) != theirs[n]]
    print(f"{len(names)} modules: CPython imports {len(works)} of its own; {len(theirs) - len(differing)} equal from tailscope's files")
    for line in (wrong + differing)[:20]:
        print("  ", line)
    sys.exit(1 if wrong or differing else 0)


main()
