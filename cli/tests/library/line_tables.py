"""`-X no_debug_ranges`: code objects know lines only, and tracebacks have no carets."""

import os
import subprocess
import sys

PROGRAM = """
import inspect, sys
def f(a, b=[1,
       2]):
    try:
        return (a +
                b[0]) / \\
            0
    except* TypeError: pass
    finally:
        lambda: [x for x in a if x]
def codes(code):
    yield code
    for c in code.co_consts:
        if hasattr(c, "co_code"): yield from codes(c)
for c in codes(compile(open(__file__).read(), __file__, "exec")):
    print(c.co_name, c.co_linetable.hex(), list(c.co_lines())[:4], list(c.co_positions())[:3])
print(codes.__code__.co_linetable.hex())
import marshal
c = marshal.loads(marshal.dumps(f.__code__))
print(c.co_linetable == f.__code__.co_linetable, c.replace(co_name="g").co_linetable == c.co_linetable)
f(1)
"""
import tempfile

with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "program.py")
    with open(path, "w") as file:
        file.write(PROGRAM)
    for options, environment in ([], {}), (["-X", "no_debug_ranges"], {}), ([], {"PYTHONNODEBUGRANGES": "1"}):
        run = subprocess.run([sys.executable, *options, path], capture_output=True, text=True, env={**os.environ, **environment})
        print(run.returncode, run.stdout.replace(folder, "FOLDER"), run.stderr.replace(folder, "FOLDER"))
