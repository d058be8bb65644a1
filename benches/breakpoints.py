#!/usr/bin/env python3
"""What breakpoints cost that do not stop the program.

    benches/breakpoints.py [--rounds N] [--scale X] [--cpu] [--ways WAY,...] [PROGRAM ...]

Runs fib, a hot loop and the ten programs of compare.py by themselves and under `tailscope dap`, in
turn, and prints a table of ratios to the run by itself: above 1 the debugged program is slower. The
programs time themselves, so that starting the adapter does not count, nor does the one stop that
asking for a data breakpoint takes. The best round of each counts. The ways:

    attached    no breakpoint; uncaught exceptions are asked for, as editors do
    never       a breakpoint in a hot function, on a line that never runs
    false       a breakpoint on a hot line, whose condition is false
    call        the same with a condition that calls a function
    kept        a data breakpoint on a local that the hot code does not write
    written     one on a local that it writes, whose condition is false

Programs whose hot function is one long call are run for one such call, which is the one that is
watched. Where a hot function has no line that never runs, it gets one; the copy is what all ways run.
"""

import argparse
import json
import math
import os
import sys
import tempfile
from pathlib import Path

from compare import PROGRAMS as LOOPS
from compare import ROOT, arguments_of, fetch_programs, find_tailscope, run
from debugger import Session

FIB = """\
import pyperf

def fib(n):
    if n < 0:
        raise ValueError("never")
    if n < 2:
        return n
    a = fib(n - 1)
    return a + fib(n - 2)

if __name__ == "__main__":
    pyperf.Runner().bench_func("fib", fib, 24)
"""

LOOP = """\
import pyperf

def hot(count):
    total = kept = 0
    if count < 0:
        raise ValueError("never")
    for i in range(count):
        total += i
    return total + kept

def run(loops):
    start = pyperf.perf_counter()
    hot(loops * 1_000_000)
    return pyperf.perf_counter() - start

if __name__ == "__main__":
    pyperf.Runner().bench_time_func("loop", run)
"""


class Spots:
    """Where a program is hot; lines are given by their text."""

    def __init__(self, hot, false, call, never, kept, written, at=None, after=None):
        self.hot, self.false, self.call, self.never = hot, false, call, never
        self.kept, self.written = kept, written
        # Where the data breakpoint is asked for.
        self.at = at or hot
        # A line that never runs is put behind this one.
        self.after = after

    def source(self, text):
        if not self.after:
            return text
        lines = text.split("\n")
        at = next(i for i, line in enumerate(lines) if line.strip() == self.after)
        indent = " " * (len(lines[at]) - len(lines[at].lstrip()) + 4)
        name = self.never
        lines[at + 1 : at + 1] = [f"{indent}if {name} is NotImplemented:", f'{indent}    raise ValueError("never")']
        return "\n".join(lines)

    def line(self, text, wanted):
        found = [i for i, line in enumerate(text.split("\n"), 1) if line.strip() == wanted]
        return found[0]

    def never_line(self, text):
        return self.line(text, 'raise ValueError("never")' if self.after else self.never)


SPOTS = {
    "fib": Spots("a = fib(n - 1)", "n > 1000", "abs(n) > 1000", 'raise ValueError("never")', "n", ("a", "a < 0")),
    "loop": Spots(
        "total += i", "i < 0", "abs(i) < 0", 'raise ValueError("never")', "kept", ("total", "total < 0"), "for i in range(count):"
    ),
    "richards": Spots(
        "t = t.runTask()", "t is None", "callable(t)", 'print("tcb =", t.ident)', "t", ("t", "t is Ellipsis")
    ),
    "deltablue": Spots(
        "d = todo.pop(0)", "mark < 0", "len(todo) == 0", "self.incremental_remove(c)", "mark", ("d", "d is None")
    ),
    "nbody": Spots(
        "b1m = m1 * mag", "mag < 0.0", "abs(mag) < 0", "n", "n", ("dx", "dx == 1.5"), "dx = x1 - x2",
        "def advance(dt, n, bodies=SYSTEM, pairs=PAIRS):",
    ),
    "fannkuch": Spots(
        "flips_count += 1", "k > 100", "len(perm) > 100", "n", "m", ("k", "k > 100"), None, "def fannkuch(n):"
    ),
    "spectral_norm": Spots(
        "partial_sum += eval_A(i, j) * u_j", "j < 0", "abs(j) < 0", "i_u", "i", ("j", "j < 0"), None,
        "def part_A_times_u(i_u):",
    ),
    "nqueens": Spots(
        "cycles[i] -= 1", "i < 0", "len(cycles) < 0", "r", "n", ("j", "j < 0"), None, "def permutations(iterable, r=None):"
    ),
    "float": Spots("y = self.y", "x > 2.0", "abs(x) > 2", "self", "self", ("norm", "norm < 0.0"), None, "def normalize(self):"),
    "raytrace": Spots(
        "candidateT = i[1]", "i is None", "len(i) > 9", "intersections", "intersections", ("candidateT", "candidateT == 1.5"),
        None, "def firstIntersection(intersections):",
    ),
    "chaos": Spots("U = self.knots", "I < 0", "abs(I) < 0", 'raise ValueError("Function value not in domain")', "u", ("ua", "ua < 0")),
    "hexiom": Spots(
        "if done.already_done(nid):", "nid < 0", "abs(nid) < 0", "pos", "pos", ("vmax", "vmax > 1000"), None,
        "def constraint_pass(pos, last_move=None):",
    ),
}

# Programs whose hot function is one long call: a data breakpoint is on a variable of the first.
ONE_CALL = ("richards", "nbody", "fannkuch")

WAYS = ["attached", "never", "false", "call", "kept", "written"]


class Debugged(Session):
    """A session that sets breakpoints which do not stop the program."""

    def ask(self, command, arguments):
        self.send(command, arguments)
        while True:
            message = self.receive()
            if message["type"] == "response" and message["command"] == command:
                if not message["success"]:
                    raise RuntimeError(message["message"])
                return message.get("body") or {}

    def wait(self, name):
        while (message := self.receive()).get("event") != name:
            if message["type"] == "response" and not message["success"]:
                raise RuntimeError(message["message"])
        return message.get("body") or {}

    def on_lines(self, script, *breakpoints):
        set_ = self.ask("setBreakpoints", {"source": {"path": script}, "breakpoints": list(breakpoints)})
        if bad := [b for b in set_["breakpoints"] if b.get("message") and "loaded" not in b["message"]]:
            raise RuntimeError(bad[0]["message"])

    def watch(self, script, line, name, condition):
        """Runs to a line, and watches a variable there."""
        self.on_lines(script, {"line": line})
        self.send("configurationDone", {})
        stop = self.wait("stopped")
        frames = self.ask("stackTrace", {"threadId": stop["threadId"]})["stackFrames"]
        self.on_lines(script)
        info = self.ask("dataBreakpointInfo", {"name": name, "frameId": frames[0]["id"]})
        wanted = {"dataId": info["dataId"], **({"condition": condition} if condition else {})}
        set_ = self.ask("setDataBreakpoints", {"breakpoints": [wanted]})["breakpoints"][0]
        if not set_["verified"]:
            raise RuntimeError(set_["message"])
        self.send("continue", {"threadId": stop["threadId"]})

    def debug(self, way, spots, text, script, arguments, env):
        """The program's output and exit status."""
        self.ask("initialize", {"adapterID": "tailscope"})
        self.send("launch", {"program": script, "args": arguments, "env": env})
        self.wait("initialized")
        self.ask("setExceptionBreakpoints", {"filters": ["uncaught"]})
        if way in ("kept", "written"):
            name, condition = (spots.kept, None) if way == "kept" else spots.written
            if way == "kept" and name == spots.written[0]:
                condition = spots.written[1]
            self.watch(script, spots.line(text, spots.at), name, condition)
        else:
            hot = {"line": spots.line(text, spots.hot)}
            wanted = {
                "attached": [],
                "never": [{"line": spots.never_line(text)}],
                "false": [{**hot, "condition": spots.false}],
                # Nothing has this value.
                "call": [{**hot, "condition": f"({spots.call}) is Ellipsis"}],
            }
            self.on_lines(script, *wanted[way])
            self.send("configurationDone", {})
        output, status = [], None
        while True:
            message = self.receive()
            kind, body = message.get("event"), message.get("body") or {}
            if kind == "stopped":
                raise RuntimeError(f"stopped: {body.get('text') or body['reason']}")
            if kind == "output" and body.get("category") == "stdout":
                output.append(body["output"])
            elif kind == "exited":
                status = body["exitCode"]
            elif kind == "terminated":
                return "".join(output), status


def debugged(tailscope, way, spots, text, script, arguments):
    """Seconds and digest of one run under the debugger, or what went wrong."""
    session = Debugged(tailscope)
    try:
        output, status = session.debug(way, spots, text, script, arguments, {"PYTHONPATH": str(ROOT / "benches/standin")})
    except (RuntimeError, KeyError) as e:
        return None, repr(e)
    finally:
        session.end()
    lines = [line for line in output.splitlines() if line.startswith("{")]
    if status != 0 or not lines:
        return None, f"exit status {status}"
    result = json.loads(lines[-1])
    return result["seconds"], result["digest"]


def prepare(program, benchmarks, scratch):
    """The program's text, written into a folder that compare.py's `run` can run it from."""
    own = {"fib": FIB, "loop": LOOP}
    text = own.get(program) or (benchmarks / f"bm_{program}" / "run_benchmark.py").read_text()
    text = SPOTS[program].source(text)
    script = Path(scratch) / f"bm_{program}" / "run_benchmark.py"
    script.parent.mkdir()
    script.write_text(text)
    return text, str(script)


def measure(program, args, tailscope, benchmarks, scratch):
    """The best seconds of each way, and what went wrong."""
    text, script = prepare(program, benchmarks, scratch)
    loops = 1 if program in ONE_CALL else max(1, round(LOOPS.get(program, 10) * args.scale))
    best, digests = {}, {}
    ways = ["alone", *args.ways]
    for turn in range(args.rounds):
        # Each goes first as often as another: what heats up the machine is shared.
        for way in ways[turn % len(ways) :] + ways[: turn % len(ways)]:
            if way == "alone":
                seconds, digest = run([tailscope, "run"], program, loops, Path(scratch), scratch, args.cpu)
            else:
                arguments = arguments_of(program, loops, scratch, args.cpu)
                seconds, digest = debugged(tailscope, way, SPOTS[program], text, script, arguments)
            if seconds is None:
                return best, f"{program} {way}: {digest}"
            best[way] = min(seconds, best.get(way, math.inf))
            digests[way] = digest
    wrong = f"{program}: results differ: {digests}" if len(set(digests.values())) > 1 else None
    return best, wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs", nargs="*", default=list(SPOTS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--scale", type=float, default=1.0, help="multiply the loops")
    parser.add_argument("--cpu", action="store_true", help="processor time instead of elapsed time")
    parser.add_argument("--ways", type=lambda text: text.split(","), default=WAYS, help="some of them, with commas")
    args = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    benchmarks, tailscope = fetch_programs(), find_tailscope()
    logs, failures = {way: [] for way in args.ways}, []
    print(f"{'program':14}{'alone':>10}" + "".join(f"{way:>10}" for way in args.ways))
    for program in args.programs:
        with tempfile.TemporaryDirectory() as scratch:
            best, wrong = measure(program, args, tailscope, benchmarks, scratch)
        if wrong:
            failures.append(wrong)
        row = f"{program:14}" + (f"{best['alone']:>8.3f} s" if "alone" in best else f"{'-':>10}")
        for way in args.ways:
            if way not in best or "alone" not in best:
                row += f"{'-':>10}"
                continue
            ratio = best[way] / best["alone"]
            logs[way].append(math.log(ratio))
            row += f"{ratio:>10.3f}"
        print(row, flush=True)
    means = (f"{math.exp(sum(log) / len(log)):>10.3f}" if log else f"{'-':>10}" for log in logs.values())
    print(f"{'geomean':24}" + "".join(means))
    worst = (f"{math.exp(max(log)):>10.3f}" if log else f"{'-':>10}" for log in logs.values())
    print(f"{'worst':24}" + "".join(worst))
    for f in failures:
        print("FAILED:", f)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
