#!/usr/bin/env python3
"""What a data breakpoint on a local variable costs that does not stop the program.

    benches/data_breakpoint.py [--rounds N] [--loops N]

Runs a loop under `tailscope dap` that times itself: without a breakpoint; with one on a variable
of the loop's own call that the loop does not write; with one on a variable of another call of the
same function, which the loop writes in its own; with one on the variable that the loop writes,
whose condition is false; and with one on a global, for which every instruction is looked after.
The best round of each counts, as a ratio to the first.
"""

import argparse
import math
import tempfile

from compare import find_tailscope
from debugger import Session

PROGRAM = """\
import sys, time
level = 0
def hot(count, again):
    total = kept = 0
    if again:
        return hot(count, False)
    start = time.process_time()
    for i in range(count):
        total += i
    return time.process_time() - start
print(hot(LOOPS, sys.argv[1] == "outer"))
"""

# What is watched, in which call of the function it is asked about, and under which condition.
WAYS = {
    "none": None,
    "not written": ("kept", "inner", None),
    "other call": ("total", "outer", None),
    "false condition": ("total", "inner", "total < 0"),
    "global": ("level", "inner", None),
}


def measure(tailscope, script, way):
    """Seconds of the loop."""
    session = Session(tailscope)
    what, call, condition = way or (None, "inner", None)
    output = ""
    try:
        session.send("initialize", {"adapterID": "tailscope"})
        session.send("launch", {"program": script, "args": [call]})
        while True:
            message = session.receive()
            kind, body = message.get("event"), message.get("body") or {}
            if message["type"] == "response" and not message["success"]:
                raise RuntimeError(message["message"])
            if kind == "initialized":
                session.send("setBreakpoints", {"source": {"path": script}, "breakpoints": [{"line": 5}]})
                session.send("configurationDone", {})
            elif kind == "stopped":
                if body["reason"] != "breakpoint":
                    raise RuntimeError(f"stopped for {body['reason']}")
                thread = body["threadId"]
                session.send("stackTrace", {"threadId": thread})
            elif message.get("command") == "stackTrace":
                session.send("setBreakpoints", {"source": {"path": script}, "breakpoints": []})
                frame = body["stackFrames"][0]["id"]
                if what:
                    session.send("dataBreakpointInfo", {"name": what, "frameId": frame})
                else:
                    session.send("continue", {"threadId": thread})
            elif message.get("command") == "dataBreakpointInfo":
                wanted = {"dataId": body["dataId"], **({"condition": condition} if condition else {})}
                session.send("setDataBreakpoints", {"breakpoints": [wanted]})
            elif message.get("command") == "setDataBreakpoints":
                if not body["breakpoints"][0]["verified"]:
                    raise RuntimeError(body["breakpoints"][0]["message"])
                session.send("continue", {"threadId": thread})
            elif kind == "output" and body.get("category") == "stdout":
                output += body["output"]
            elif kind == "terminated":
                return float(output)
    finally:
        session.end()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--loops", type=int, default=1_000_000)
    args = parser.parse_args()
    tailscope = find_tailscope()
    best = dict.fromkeys(WAYS, math.inf)
    with tempfile.NamedTemporaryFile("w", suffix=".py") as file:
        file.write(PROGRAM.replace("LOOPS", str(args.loops)))
        file.flush()
        for _ in range(args.rounds):
            for name, way in WAYS.items():
                best[name] = min(best[name], measure(tailscope, file.name, way))
    for name, seconds in best.items():
        print(f"{name:16}{seconds:>9.4f} s{seconds / best['none']:>8.2f}")


if __name__ == "__main__":
    main()
