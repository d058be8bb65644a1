#!/usr/bin/env python3
"""Runs CPython's own tests under tailscope and under CPython 3.14, and compares test by test.

    tests/cpython/run.py [MODULES] [--check | --write] [--failures] [--jobs N]

Counted are the tests that CPython passes and that tailscope does not skip as another implementation's detail: because
they are marked so, or need the modules that test CPython's C API (_testcapi and its like). A row per module, and the sum. `--failures` lists what fails and how. `--check` compares with the committed list of known failures
(`failures.txt`), and ends with status 1 where a test fails that is not in it, or passes although it is, twice in a row.
`--write` writes that list anew, from a run of all modules; causes that it tells already stay.

Needs a CPython 3.14 with its test suite: $PYTHON314, or python3.14 on the PATH. $TAILSCOPE names the binary.
CPython's own results are kept in target/cpython-tests, for its version.
"""

import argparse
import concurrent.futures
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
WORK = ROOT / "target" / "cpython-tests"
KNOWN = HERE / "failures.txt"
# Without a new line in its results for so long, a test hangs.
PATIENCE_S = 120
GOOD = ("passed", "expected")
# Words in the reasons for skipping what is only CPython's.
DETAILS = (
    "implementation detail", "_testcapi", "_testinternalcapi", "_testlimitedcapi", "xxsubtype",
    "internal kind of method object", "testing error message from implementation", "is specific to CPython",
)


# Modules of the library whose doctests a test module runs.
DOCTESTED = {"builtins": "test_builtin", "itertools": "test_itertools", "typing": "test_typing"}


class Module:
    """The results of one module in one interpreter: test id to (outcome, detail)."""

    def __init__(self):
        self.tests = {}
        self.seconds = 0.0

    def read(self, text):
        """Takes in the lines of a process's results; the test that was begun and not ended, if any, and
        whether the module was run to its end."""
        begun, over = None, False
        for line in text.splitlines():
            fields = line.split("\t")
            if fields[0] == "start" and len(fields) == 2:
                begun = fields[1]
            elif fields[0] == "end" and len(fields) == 4:
                self.tests[fields[1]] = (fields[2], fields[3])
                begun = None
            elif fields[0] == "over":
                over = True
        return begun, over


def run_module(command, module, env, patience=PATIENCE_S):
    """Runs a module, in as many processes as it takes: one that dies or hangs is followed by one that
    goes on behind the test that it died of."""
    result = Module()
    began = time.monotonic()
    for _ in range(200):
        with tempfile.TemporaryDirectory(prefix="tailscope-tests-") as folder:
            results, done = Path(folder, "results"), Path(folder, "done")
            results.touch()
            done.write_text("\n".join(result.tests))
            work = Path(folder, "work")
            work.mkdir()
            how, stderr = watch([*command, str(HERE / "one.py"), module, str(results), str(done)], results, work, env, patience)
            begun, over = result.read(results.read_text(encoding="utf-8", errors="replace"))
        if over:
            break
        if begun is None:
            result.tests[f"test.{module}"] = ("crash", f"{how}: {stderr[-300:]}")
            break
        result.tests[begun] = ("crash", f"{how}: {stderr[-300:]}")
    result.seconds = time.monotonic() - began
    return result


def watch(command, results, work, env, patience):
    """Runs a process until it ends, or writes no results for too long; how it ended, and its last output."""
    log = work.parent / "log"
    with open(log, "wb") as out:
        process = subprocess.Popen(command, cwd=work, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True)
        size, since = -1, time.monotonic()
        while True:
            try:
                status = process.wait(timeout=0.2)
                how = f"exit status {status}" if status >= 0 else f"killed by {signal.Signals(-status).name}"
                break
            except subprocess.TimeoutExpired:
                now = results.stat().st_size
                if now != size:
                    size, since = now, time.monotonic()
                elif time.monotonic() - since > patience:
                    how = f"no result for {patience} s"
                    break
        try:
            # Whatever the tests have started, too.
            os.killpg(process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass
        process.wait()
    return how, log.read_bytes()[-2000:].decode("utf-8", "replace").strip()


def environment(more):
    env = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    return env | {"LC_ALL": "C.UTF-8"} | more


def oracle():
    python = os.environ.get("PYTHON314") or shutil.which("python3.14")
    if not python:
        sys.exit("tests/cpython: no CPython 3.14: set PYTHON314, or put python3.14 on the PATH")
    code = "import sys, test.support, test; print(sys.version.split()[0]); print(test.__path__[0])"
    asked = subprocess.run([python, "-c", code], capture_output=True, text=True)
    if asked.returncode:
        sys.exit(f"tests/cpython: {python} has no test suite: {asked.stderr.strip().splitlines()[-1]}")
    version, suite = asked.stdout.split("\n")[:2]
    return python, version, suite


def cpython_results(python, version, module):
    kept = WORK / f"cpython-{version}" / f"{module}.tsv"
    result = Module()
    if kept.exists():
        result.read(kept.read_text())
        return result
    result = run_module([python], module, environment({}))
    kept.parent.mkdir(parents=True, exist_ok=True)
    lines = [f"end\t{t}\t{o}\t{d}" for t, (o, d) in result.tests.items()]
    kept.write_text("\n".join([*lines, "over"]) + "\n")
    return result


def tailscope_results(binary, suite, module):
    # A folder that holds the test suite and nothing else of CPython's library.
    lib = WORK / "lib"
    lib.mkdir(parents=True, exist_ok=True)
    link = lib / "test"
    if link.is_symlink() and os.readlink(link) != suite:
        link.unlink()
    if not link.is_symlink():
        link.symlink_to(suite)
    for stand_in in (HERE / "stand_ins").glob("*.py"):
        (lib / stand_in.name).write_text(stand_in.read_text())
    return run_module([binary], module, environment({"PYTHONPATH": str(lib)}))


def counted(theirs, ours):
    """Ids of the tests that count."""

    def is_detail(t):
        outcome, reason = ours.tests.get(t, ("", ""))
        return outcome == "skipped" and any(word in reason for word in DETAILS)

    return [t for t, (outcome, _) in theirs.tests.items() if outcome in GOOD and not is_detail(t)]


def failures(theirs, ours):
    found = {}
    for t in counted(theirs, ours):
        outcome, detail = ours.tests.get(t, ("missing", "the test was not run"))
        if outcome not in GOOD:
            found[t] = f"{outcome}: {detail}"
    return found


def list_failures(bad, theirs, ours):
    """What fails, and how. Tests of ours that CPython does not have tell why others are missing."""
    for t, (outcome, detail) in ours.tests.items():
        if t not in theirs.tests and outcome not in (*GOOD, "skipped"):
            print(f"    {t}\n        {outcome}: {detail[:400]}")
    missing = [t for t, why in bad.items() if why.startswith("missing")]
    for t, why in bad.items():
        if t not in missing:
            print(f"    {t}\n        {why[:400]}")
    if missing:
        print(f"    {len(missing)} tests were not run: {', '.join(missing[:4])}")


def known_failures():
    """Test ids of the committed list; `#` begins the cause."""
    lines = KNOWN.read_text().splitlines() if KNOWN.exists() else []
    return {line.split("#")[0].strip() for line in lines} - {""}


def write_known(failing):
    """Writes the list: each test with the cause that the list has told, else how it fails."""
    told = dict(re.findall(r"^([^#\s]+)\s+# (.*)$", KNOWN.read_text() if KNOWN.exists() else "", re.MULTILINE))
    head = "# Tests that CPython passes and tailscope does not, and why. `run.py --write` writes this file, and keeps the causes.\n\n"
    lines = [f"{test}  # {told.get(test) or shortened(why)}\n" for test, why in sorted(failing.items())]
    KNOWN.write_text(head + "".join(lines))


def shortened(why):
    """How a test fails, without what differs from run to run."""
    why = re.sub(r"0x[0-9a-f]+|/\S*/", "", why.replace("#", ""))
    return " ".join(why.split())[:140]


def main():
    parser = argparse.ArgumentParser(description="CPython's own tests under tailscope")
    parser.add_argument("modules", nargs="*")
    parser.add_argument("--check", action="store_true", help="compare with the list of known failures")
    parser.add_argument("--write", action="store_true", help="write the list of known failures anew")
    parser.add_argument("--failures", action="store_true", help="list what fails, and how")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    options = parser.parse_args()
    names = options.modules or (HERE / "modules.txt").read_text().split()
    names = [n if n.startswith("test_") else f"test_{n}" for n in names]
    python, version, suite = oracle()
    binary = os.environ.get("TAILSCOPE") or str(ROOT / "target" / "release" / "tailscope")

    def both(module):
        return module, cpython_results(python, version, module), tailscope_results(binary, suite, module)

    passed = total = status = 0
    failing = {}
    print(f"{'module':26} {'CPython':>8} {'counted':>8} {'pass':>6} {'share':>7} {'time':>7}", flush=True)
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for module, theirs, ours in pool.map(both, names):
            bad = failures(theirs, ours)
            if options.check and unexpected(bad, module, theirs, ours):
                # A busy machine can make a test fail that waits for something.
                ours = tailscope_results(binary, suite, module)
                bad = failures(theirs, ours)
            count = len(counted(theirs, ours))
            failing |= bad
            passed, total = passed + count - len(bad), total + count
            share = f"{100 * (count - len(bad)) / count:6.1f}%" if count else "      -"
            print(f"{module:26} {len(theirs.tests):8} {count:8} {count - len(bad):6} {share} {ours.seconds:6.1f}s", flush=True)
            if options.failures:
                list_failures(bad, theirs, ours)
            if options.check:
                wrong = unexpected(bad, module, theirs, ours)
                print(*wrong, sep="\n", end="\n" * bool(wrong), flush=True)
                status |= bool(wrong)
    print(f"{'all':26} {'':8} {total:8} {passed:6} {100 * passed / max(total, 1):6.2f}%  (CPython {version})")
    if options.write and not options.modules:
        write_known(failing)
    sys.exit(status)


def unexpected(failing, module, theirs, ours):
    """Where a module's failures are not those of the list, in sentences. What CPython does not pass on this machine
    counts for nothing."""
    known = {t for t in known_failures() if belongs(t, module)} & set(counted(theirs, ours))
    new, mended = sorted(set(failing) - known), sorted(known - set(failing))
    return [f"fails and is not in {KNOWN.name}: {t}\n    {failing[t][:300]}" for t in new] + [
        f"is in {KNOWN.name} and does not fail: {t}" for t in mended
    ]


def belongs(test, module):
    """Whether a test is a module's. Doctests of the library are named for what they are in."""
    return test.startswith(f"test.{module}.") or test == f"test.{module}" or DOCTESTED.get(test.split(".")[0]) == module


if __name__ == "__main__":
    main()
