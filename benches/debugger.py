#!/usr/bin/env python3
"""What an attached debugger costs a program that it does not stop.

    benches/debugger.py [--rounds N] [--scale X] [--limit PERCENT] [--cpu] [PROGRAM ...]

Runs the ten pyperformance programs of compare.py by themselves and under `tailscope dap`, in turn.
The client does what an editor does without breakpoints: it asks for uncaught exceptions. The
programs time themselves, so that starting the adapter does not count. The best round of each
counts; above 1 the debugged program is slower. With --limit, a geometric mean above it is a
failure; with --cpu processor time counts, which says more on a busy machine.
"""

import argparse
import json
import math
import subprocess
import sys
import tempfile

from compare import PROGRAMS, ROOT, arguments_of, fetch_programs, find_tailscope, run


class Session:
    """A debug session that runs a program to its end."""

    def __init__(self, tailscope):
        pipe = subprocess.PIPE
        self.adapter = subprocess.Popen([tailscope, "dap"], stdin=pipe, stdout=pipe)
        self.sent = 0

    def send(self, command, arguments):
        self.sent += 1
        message = {"seq": self.sent, "type": "request", "command": command, "arguments": arguments}
        body = json.dumps(message).encode()
        self.adapter.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.adapter.stdin.flush()

    def receive(self):
        length = 0
        while (line := self.adapter.stdout.readline().strip()) or not length:
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
            elif not line and self.adapter.poll() is not None:
                raise RuntimeError("the adapter has ended")
        return json.loads(self.adapter.stdout.read(length))

    def run(self, script, arguments, env):
        """The program's output and exit status."""
        self.send("initialize", {"adapterID": "tailscope"})
        self.send("launch", {"program": script, "args": arguments, "env": env})
        output, status = [], None
        while True:
            message = self.receive()
            kind, body = message.get("event"), message.get("body") or {}
            if message["type"] == "response" and not message["success"]:
                raise RuntimeError(message["message"])
            if kind == "initialized":
                self.send("setExceptionBreakpoints", {"filters": ["uncaught"]})
                self.send("configurationDone", {})
            elif kind == "stopped":
                raise RuntimeError(body.get("text") or body["reason"])
            elif kind == "output" and body.get("category") == "stdout":
                output.append(body["output"])
            elif kind == "exited":
                status = body["exitCode"]
            elif kind == "terminated":
                return "".join(output), status

    def end(self):
        self.adapter.stdin.close()
        try:
            self.adapter.wait(10)
        except subprocess.TimeoutExpired:
            self.adapter.kill()
            self.adapter.wait()


def debugged(tailscope, program, loops, benchmarks, scratch, cpu):
    """Seconds and digest of one run under the debugger, or what went wrong."""
    script = benchmarks / f"bm_{program}" / "run_benchmark.py"
    arguments = arguments_of(program, loops, scratch, cpu)
    session = Session(tailscope)
    try:
        output, status = session.run(str(script), arguments, {"PYTHONPATH": str(ROOT / "benches/standin")})
    except RuntimeError as e:
        return None, str(e)
    finally:
        session.end()
    lines = [line for line in output.splitlines() if line.startswith("{")]
    if status != 0 or not lines:
        return None, f"exit status {status}"
    result = json.loads(lines[-1])
    return result["seconds"], result["digest"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs", nargs="*", default=list(PROGRAMS))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--scale", type=float, default=1.0, help="multiply the loops")
    parser.add_argument("--limit", type=float, help="percent that the mean may be slower")
    parser.add_argument("--cpu", action="store_true", help="processor time instead of elapsed time")
    args = parser.parse_args()
    benchmarks, tailscope = fetch_programs(), find_tailscope()
    logs, failures = [], []
    print(f"{'program':14}{'alone':>10}{'debugged':>10}{'ratio':>8}")
    with tempfile.TemporaryDirectory() as scratch:
        ways = {
            "alone": lambda *a: run([tailscope, "run"], *a),
            "debugged": lambda *a: debugged(tailscope, *a),
        }
        for program in args.programs:
            loops = max(1, round(PROGRAMS[program] * args.scale))
            best, digests, wrong = {}, set(), None
            for turn in range(args.rounds):
                # Each goes first as often as the other: what heats up the machine is shared.
                for way in sorted(ways, reverse=turn % 2 == 1):
                    seconds, digest = ways[way](program, loops, benchmarks, scratch, args.cpu)
                    if seconds is None:
                        wrong = f"{program} {way}: {digest}"
                        break
                    best[way] = min(seconds, best.get(way, math.inf))
                    digests.add(digest)
                if wrong:
                    break
            if wrong or len(digests) > 1:
                failures.append(wrong or f"{program}: results differ")
                continue
            ratio = best["debugged"] / best["alone"]
            logs.append(math.log(ratio))
            print(f"{program:14}{best['alone']:>8.3f} s{best['debugged']:>8.3f} s{ratio:>8.3f}", flush=True)
    mean = math.exp(sum(logs) / len(logs)) if logs else math.nan
    print(f"{'geomean':34}{mean:>8.3f}")
    if args.limit is not None and not mean <= 1 + args.limit / 100:
        failures.append(f"a debugged program is more than {args.limit:g} % slower")
    for f in failures:
        print("FAILED:", f)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
