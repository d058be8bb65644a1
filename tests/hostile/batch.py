"""Runs some of the hostile programs, each in a process forked for it, and writes how each ended.

    PYTHON batch.py SEED FIRST COUNT RESULTS

A line per program: number, tab, `end` with what it came to, or the signal that killed it, or `hang`.
"""

import os
import resource
import select
import signal
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import cases

# The parent has what the programs import, so that each starts at once.
import array, asyncio, bisect, codecs, collections, contextlib, copy, dataclasses, enum, functools, gc, heapq, io, itertools, json, math
import operator, pickle, random, re, string, struct, traceback, types, warnings, weakref

SECONDS = 30
MEMORY = 256 << 20


def run(source):
    """What a program comes to: the class of its exception, or `fine`."""
    import time  # noqa: F401
    scope = {"__name__": "hostile"}
    try:
        exec(compile(source, "hostile", "exec"), scope)
        return "fine"
    except BaseException as e:
        return type(e).__name__


def in_child(source, out):
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    with open("/proc/self/statm") as f:
        used = int(f.read().split()[0]) * 4096
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, used + MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.write(out, run(source).encode())
    os._exit(0)


def outcome(source):
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        try:
            in_child(source, write)
        finally:
            os._exit(3)
    os.close(write)
    answered = select.select([read], [], [], SECONDS)[0]
    if not answered:
        os.kill(child, signal.SIGKILL)
    said = os.read(read, 1000).decode()
    os.close(read)
    status = os.waitpid(child, 0)[1]
    if not answered:
        return "hang"
    if os.WIFSIGNALED(status):
        return signal.Signals(os.WTERMSIG(status)).name
    return f"end {said}" if said else f"status {os.WEXITSTATUS(status)}"


def main():
    seed, first, count, results = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    with open(results, "w") as f:
        for number in range(first, first + count):
            f.write(f"{number}\t{outcome(cases.case(seed, number))}\n")
            f.flush()


main()
