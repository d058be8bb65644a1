#!/usr/bin/env python3
"""Runs the ten pyperformance programs under tailscope and CPython 3.14, side by side.

    benches/compare.py [--rounds N] [--scale X] [--cpu] [--markdown] [PROGRAM ...]

The programs come from the package pyperformance 1.14.0, fetched from PyPI into target/ at first
use. Each round runs every program under every interpreter in turn; the best round counts. The
figures are ratios of times taken in the same run: above 1 tailscope is faster than CPython.
CPython is found by $PYTHON314, as python3.14 on PATH, or where the oracle's setup put it.
"""

import argparse
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "pyperformance==1.14.0"
# Loops that take CPython something like a third of a second.
PROGRAMS = {
    "richards": 8,
    "deltablue": 100,
    "nbody": 4,
    "fannkuch": 1,
    "spectral_norm": 3,
    "nqueens": 4,
    "float": 5,
    "raytrace": 1,
    "chaos": 4,
    "hexiom": 50,
}


def find_cpython():
    candidates = [os.environ.get("PYTHON314"), shutil.which("python3.14")]
    oracle = os.environ.get("TAILSCOPE_ORACLE", str(Path.home() / ".cache/tailscope-oracle"))
    candidates.append(f"{oracle}/usr/bin/py314")
    for c in candidates:
        if c and Path(c).exists():
            return c
    return None


def fetch_programs():
    """The folder with the bm_* programs."""
    folder = Path(os.environ.get("TAILSCOPE_PYPERFORMANCE", ROOT / "target/pyperformance"))
    benchmarks = folder / "pyperformance/data-files/benchmarks"
    if not benchmarks.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", str(folder), PACKAGE], check=True
        )
        wheel = next(folder.glob("pyperformance-*.whl"))
        with zipfile.ZipFile(wheel) as z:
            z.extractall(folder)
    return benchmarks


def find_tailscope():
    binary = Path(os.environ.get("TAILSCOPE_BIN", ROOT / "target/release/tailscope"))
    if not binary.exists():
        sys.exit(f"{binary} is not there: cargo build --release, or set TAILSCOPE_BIN")
    return str(binary)


def arguments_of(program, loops, scratch, cpu):
    arguments = [f"--loops={loops}"]
    if program in ("raytrace", "chaos"):
        arguments.append(f"--filename={scratch}/image.ppm")
    return arguments + ["--cpu"] * cpu


def run(command, program, loops, benchmarks, scratch, cpu=False):
    """Seconds and digest of one run, or what went wrong."""
    env = dict(os.environ, PYTHONPATH=str(ROOT / "benches/standin"))
    script = benchmarks / f"bm_{program}" / "run_benchmark.py"
    arguments = arguments_of(program, loops, scratch, cpu)
    try:
        done = subprocess.run(
            [*command, str(script), *arguments], env=env, capture_output=True, text=True, timeout=600
        )
    except subprocess.TimeoutExpired:
        return None, "it took more than 600 s"
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode != 0 or not lines:
        return None, (done.stderr or done.stdout).strip().splitlines()[-1:] or [f"exit status {done.returncode}"]
    result = json.loads(lines[-1])
    return result["seconds"], result["digest"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs", nargs="*", default=list(PROGRAMS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--scale", type=float, default=1.0, help="multiply the loops")
    parser.add_argument("--cpu", action="store_true", help="processor time instead of elapsed time")
    parser.add_argument("--markdown", action="store_true", help="print a table for the README")
    parser.add_argument("--check", action="store_true", help="compare results only, one loop")
    args = parser.parse_args()
    benchmarks, tailscope, cpython = fetch_programs(), find_tailscope(), find_cpython()
    interpreters = {"tail": [tailscope, "run", "--interp", "tail"], "loop": [tailscope, "run", "--interp", "loop"]}
    if cpython:
        interpreters = {"CPython": [cpython], **interpreters}
    else:
        print("SKIPPED: no CPython 3.14 to compare with (set PYTHON314)", file=sys.stderr)
    rows, failures = {}, []
    with tempfile.TemporaryDirectory() as scratch:
        for program in args.programs:
            loops = 1 if args.check else max(1, round(PROGRAMS[program] * args.scale))
            best, digests = {}, {}
            for _ in range(1 if args.check else args.rounds):
                for name, command in interpreters.items():
                    seconds, digest = run(command, program, loops, benchmarks, scratch, args.cpu)
                    if seconds is None:
                        failures.append(f"{program} on {name}: {digest}")
                        continue
                    best[name] = min(seconds, best.get(name, math.inf))
                    digests[name] = digest
            if len(set(digests.values())) > 1:
                failures.append(f"{program}: results differ: {digests}")
            rows[program] = best
            print(f"{program:14}", "  ".join(f"{n} {s:.3f} s" for n, s in best.items()), file=sys.stderr, flush=True)
    if not args.check:
        print_table(rows, args.markdown)
    for f in failures:
        print("FAILED:", f)
    sys.exit(1 if failures else 0)


def ratio(row, numerator, denominator):
    return row[numerator] / row[denominator] if numerator in row and denominator in row else None


def print_table(rows, markdown):
    columns = [("CPython / tail", "CPython", "tail"), ("CPython / loop", "CPython", "loop"), ("loop / tail", "loop", "tail")]
    line = (lambda cells: "| " + " | ".join(cells) + " |") if markdown else (lambda cells: "".join(f"{c:>16}" for c in cells))
    print(line(["program", *(c[0] for c in columns)]))
    if markdown:
        print(line(["---", *("---:" for _ in columns)]))
    logs = {c[0]: [] for c in columns}
    for program, row in rows.items():
        cells = [program]
        for title, a, b in columns:
            r = ratio(row, a, b)
            cells.append("-" if r is None else f"{r:.2f}")
            if r is not None:
                logs[title].append(math.log(r))
        print(line(cells))
    means = ["-" if not logs[c[0]] else f"{math.exp(sum(logs[c[0]]) / len(logs[c[0]])):.2f}" for c in columns]
    print(line(["geomean", *means]))


if __name__ == "__main__":
    main()
