#!/usr/bin/env python3
"""Looks for references that are not given back, or given back twice.

    tests/refcounts.py TAILSCOPE [PROGRAM or MODULE...]

Each program of the VM's corpus, and each of CPython's test modules that is named (`test_list`), is run several times in one
process of a build that checks. What no object and no class accounts for (`gc._unaccounted()`) must not grow or shrink
from run to run. Tests run one by one, so that what grows has a name.
"""

import concurrent.futures
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROGRAMS = ROOT / "vm-core/vm/tests/programs"
# CPython's tests as the harness of tests/cpython lays them out.
TESTS = ROOT / "target/cpython-tests/lib"
WARM_UP, RUNS = 3, 3

DRIVER = r"""
import gc, io, os, sys, warnings
warm_up, runs, what = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
report = os.fdopen(os.dup(1), "w")
null = os.open(os.devnull, os.O_RDWR)
os.dup2(null, 1); os.dup2(null, 2)

def account():
    for _ in range(3): gc.collect()
    return gc._unaccounted()

def measure(name, run):
    before = steps = None
    for i in range(warm_up + runs + 1):
        run()
        now = account()
        if i > warm_up:
            step = {t: now.get(t, 0) - before.get(t, 0) for t in now.keys() | before.keys()}
            steps = step if steps is None else {t: n if (n > 0) == (steps.get(t, 0) > 0) else 0 for t, n in step.items() if n and steps.get(t)}
        before = now
    left = {t: n for t, n in steps.items() if n}
    print(f"{name}\t{left or ''}", file=report, flush=True)

def run_program(path):
    code = compile(open(path).read(), path, "exec")
    def run():
        modules = set(sys.modules)
        filters, limit, out, err = warnings.filters[:], sys.getrecursionlimit(), sys.stdout, sys.stderr
        try:
            exec(code, {"__name__": "__main__", "__file__": path, "__builtins__": __builtins__})
        except BaseException:
            pass
        warnings.filters[:] = filters
        sys.setrecursionlimit(limit)
        sys.stdout, sys.stderr = out, err
        sys.settrace(None); sys.setprofile(None)
        for name in set(sys.modules) - modules:
            if getattr(sys.modules[name], "__spec__", None) is None: del sys.modules[name]
    measure(os.path.basename(path), run)

def run_tests(name):
    import doctest, unittest
    sys.modules["__main__"].__file__ = name
    def each(suite):
        for t in suite:
            if isinstance(t, unittest.TestSuite): yield from each(t)
            else: yield t
    for test in list(each(unittest.defaultTestLoader.loadTestsFromName("test." + name))):
        if type(test).__name__ == "_FailedTest": continue
        def run(test=test):
            # Doctests begin anew by themselves.
            again = test if isinstance(test, doctest.DocTestCase) else type(test)(test._testMethodName)
            single = unittest.defaultTestLoader.suiteClass([again])
            single.run(unittest.TestResult())
        try:
            measure(test.id(), run)
        except Exception as e:
            print(f"{test.id()}\tcould not be measured: {e!r}", file=report, flush=True)

try:
    (run_program if what.endswith(".py") else run_tests)(what)
except BaseException as e:
    print(f"{what}\tcould not be measured: {e!r}", file=report, flush=True)
"""


def check(binary, what):
    env = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")} | {"PYTHONPATH": str(TESTS)}
    try:
        done = subprocess.run([binary, "-c", DRIVER, str(WARM_UP), str(RUNS), what], capture_output=True, text=True, timeout=1800, env=env, cwd=PROGRAMS)
    except subprocess.TimeoutExpired as e:
        return (e.stdout or b"").decode().splitlines(), "more than half an hour"
    return done.stdout.splitlines(), f"status {done.returncode}: {done.stderr[-300:]}" if done.returncode else ""


def main():
    binary, names = str(Path(sys.argv[1]).resolve()), [str(Path(n).resolve()) if n.endswith(".py") else n for n in sys.argv[2:]] or sorted(str(p) for p in PROGRAMS.glob("*.py"))
    measured = bad = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for what, (lines, failed) in zip(names, pool.map(lambda n: check(binary, n), names)):
            for line in lines:
                name, _, left = line.partition("\t")
                measured += 1
                if left:
                    bad += 1
                    print(f"{name}: each run leaves {left}", flush=True)
            if failed or not lines:
                bad += 1
                print(f"{what}: {failed or 'nothing was measured'}", flush=True)
    print(f"{measured} programs and tests measured, {bad} with a finding")
    sys.exit(1 if bad else 0)


main()
