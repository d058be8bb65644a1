#!/usr/bin/env python3
"""Runs programs with a tailscope that was built with AddressSanitizer; see asan.sh.

    tests/asan.py BINARY [PROGRAM ...]

A program fails if the sanitizer reports something, or if a signal ends it. What it prints is
compared with what CPython prints elsewhere.
"""

import os
import resource
import signal
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROGRAMS = ROOT / "vm-core/vm/tests/programs"
# The exit status that the sanitizer is told to use: no program here ends with it.
FOUND = 99
# Programs that recurse until the native stack ends get there soon; instrumented frames are large.
STACK = 2 << 20
WAYS = {
    "tail": ["run", "--interp", "tail"],
    "loop": ["run", "--interp", "loop"],
    "frames": ["run", "--interp", "frames"],
    "recorded": ["trace", "-o", "{scratch}/{name}.tstrace"],
    "counted": ["profile", "-o", "{scratch}/{name}.json"],
}
# Memory that cannot be had is no finding: programs get a MemoryError for it.
OPTIONS = f"allocator_may_return_null=1:detect_leaks=0:exitcode={FOUND}:handle_abort=0:allow_user_segv_handler=0:detect_stack_use_after_return=0"


def run(binary, arguments, what, **more):
    """What is wrong with a run, or None."""
    env = dict(os.environ, ASAN_OPTIONS=OPTIONS, RUST_BACKTRACE="1")
    try:
        done = subprocess.run([binary, *arguments], env=env, capture_output=True, timeout=600, **more)
    except subprocess.TimeoutExpired:
        return f"{what}: it took more than 600 s"
    text = done.stderr.decode(errors="replace")
    if "ERROR: AddressSanitizer" in text or done.returncode == FOUND:
        start = max(text.find("ERROR: AddressSanitizer"), 0)
        return f"{what}: {' '.join(arguments)}\n{text[start:start + 6000]}"
    if done.returncode < 0:
        return f"{what}: ended by {signal.Signals(-done.returncode).name}\n{text[-2000:]}"
    return None


def finds_mistakes(binary):
    """Whether the binary is instrumented: a sanitizer that is not there finds nothing."""
    env = dict(os.environ, ASAN_OPTIONS="help=1")
    done = subprocess.run([binary, "--version"], env=env, capture_output=True, text=True)
    return "AddressSanitizer" in done.stdout + done.stderr


def main():
    binary, *chosen = sys.argv[1:]
    if not finds_mistakes(binary):
        sys.exit(f"{binary} was built without AddressSanitizer")
    resource.setrlimit(resource.RLIMIT_STACK, (STACK, resource.getrlimit(resource.RLIMIT_STACK)[1]))
    programs = [Path(p) for p in chosen] or sorted(PROGRAMS.glob("*.py"))
    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = []
        for program in programs:
            for way, arguments in WAYS.items():
                arguments = [a.format(scratch=scratch, name=program.stem) for a in arguments]
                jobs.append(pool.submit(run, binary, [*arguments, str(program)], f"{program.stem}, {way}"))
        found = [result for job in jobs if (result := job.result())]
    for result in found:
        print("FAILED:", result)
    print(f"{len(jobs)} runs under AddressSanitizer, {len(found)} failed")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
