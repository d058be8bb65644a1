#!/usr/bin/env python3
"""Runs generated hostile programs (`cases.py`) under tailscope and under CPython 3.14, and the crashers of CPython's tests.

    tests/hostile/run.py [--seed S] [--first N] [--count N] [--jobs N] [--show N]

Each must end as in CPython, or with a Python exception: never by a signal, and not later than after 30 seconds where
CPython ends. Address space is limited to 256 MiB beyond what the start takes. `--show N` prints a program.

$TAILSCOPE names the binary. Without a CPython 3.14 ($PYTHON314, or python3.14 on the PATH) only crashes are found.
"""

import argparse
import concurrent.futures
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import cases

BATCH = 50
# Under which the crashers run: some would take all there is.
MEMORY = 600 << 20
# They take for ever in CPython, too, or nearly so.
ENDLESS = {"infinite_loop_re.py"}


def outcomes(command, seed, first, count):
    """How programs ended, by number."""
    with tempfile.NamedTemporaryFile("r") as results:
        env = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")} | {"PYTHONHASHSEED": "0"}
        arguments = [*command, str(HERE / "batch.py"), seed, str(first), str(count), results.name]
        done = subprocess.run(arguments, env=env, capture_output=True, text=True)
        ended = dict(line.rstrip("\n").split("\t") for line in results)
    if done.returncode or len(ended) != count:
        sys.exit(f"tests/hostile: {command[0]} could not run the programs: status {done.returncode}, {done.stderr[-500:]}")
    return {int(n): how for n, how in ended.items()}


def crashers(tailscope, python):
    """Runs the programs that crash CPython, or did; sentences about those that end by a signal, or do not end."""
    asked = subprocess.run([python, "-c", "import test; print(test.__path__[0])"], capture_output=True, text=True)
    found = sorted(Path(asked.stdout.strip(), "crashers").glob("*.py"))
    limit = lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    wrong = []
    for program in found:
        try:
            status = subprocess.run([tailscope, program], capture_output=True, stdin=subprocess.DEVNULL, timeout=10 if program.name in ENDLESS else 120, preexec_fn=limit).returncode
        except subprocess.TimeoutExpired:
            status = 0 if program.name in ENDLESS else "not ended after 120 s"
        if status not in (0, 1):
            wrong.append(f"{program.name}: {status}")
    print(f"{len(found)} crashers, {len(wrong)} crash", flush=True)
    return wrong


def is_bad(ours, theirs):
    """Whether a program ended in a way that it must not."""
    if ours.startswith("end "):
        return ours == "end fine" and theirs not in (None, "end fine") and theirs.startswith("end ")
    return ours != theirs


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", default="1")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, default=10000)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--show", type=int, help="print that program, and end")
    options = parser.parse_args()
    if options.show is not None:
        return print(cases.case(options.seed, options.show))
    python = os.environ.get("PYTHON314") or shutil.which("python3.14")
    tailscope = os.environ.get("TAILSCOPE") or str(HERE.parent.parent / "target/release/tailscope")

    def both(first):
        count = min(BATCH, options.first + options.count - first)
        ours = outcomes([tailscope], options.seed, first, count)
        theirs = outcomes([python], options.seed, first, count) if python else {}
        return [(n, how, theirs.get(n)) for n, how in ours.items()]

    bad = same = total = 0
    for sentence in crashers(tailscope, python) if python else []:
        bad += 1
        print(sentence)
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for batch in pool.map(both, range(options.first, options.first + options.count, BATCH)):
            for number, ours, theirs in batch:
                total += 1
                same += ours == theirs
                if is_bad(ours, theirs):
                    bad += 1
                    print(f"{number}: {ours}, in CPython {theirs}", flush=True)
    print(f"{total} hostile programs, {same} ended as in CPython, {bad} as they must not")
    sys.exit(1 if bad else 0)


main()
