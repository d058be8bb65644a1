"""Runs some of the standard library until it specializes, then prints its code objects.

A record is a line with a name and three numbers of bytes, then the marshalled code object, its
code array as it is while running, and the disassembly of that array with its caches. Addresses
of code objects are all 0x0.
"""

import _pydecimal
import collections
import dis
import fractions
import gc
import io
import json.encoder
import json.decoder
import marshal
import random
import re
import statistics
import string
import sys
import textwrap
import types


def work():
    text = "the quick brown fox, jumps over: the lazy dog. " * 20
    for _ in range(60):
        json.decoder.py_scanstring('"a\\u00e9b\\n"', 1)
        list(json.encoder._make_iterencode(
            {}, None, json.encoder.py_encode_basestring, " ", float.__repr__, ": ", ", ",
            False, False, False)({"a": [1, 2.5, None, {"b": "c"}]}, 0))
        textwrap.wrap(text, 40)
        str(_pydecimal.Decimal("1.25") * 3 / 7)
        fractions.Fraction(3, 7) + fractions.Fraction(1, 3)
        statistics.median([3, 1, 2])
        re._compiler.compile(r"(a|b)*c[^d-f]+\d{2,3}?", 0)
        random.Random(1).sample(range(100), 10)
        string.Template("$a ${b}").substitute(a=1, b=2)
        collections.ChainMap({"a": 1}, {"b": 2})["b"]


def run_monitored():
    """Functions whose jumps and lines are monitored, as far as dis itself can show them."""
    def lines(n):
        total = 0
        while n:
            total += n
            n -= 1
        return total

    monitoring = sys.monitoring
    monitoring.use_tool_id(3, "tailscope-test")
    events = monitoring.events
    monitoring.set_local_events(3, lines.__code__, events.LINE | events.PY_START | events.JUMP | events.PY_RETURN)
    lines(5)
    return lines


def main():
    work()
    functions = [run_monitored()]
    functions += [o for o in gc.get_objects() if isinstance(o, types.FunctionType)]
    out = sys.stdout.buffer
    seen = set()
    for function in functions:
        code = function.__code__
        adaptive = code._co_code_adaptive
        if id(code) in seen or adaptive == code.co_code:
            continue
        seen.add(id(code))
        text = io.StringIO()
        dis.disassemble(code, file=text, adaptive=True, show_caches=True, show_offsets=True)
        # The counters go on while dis itself runs; what it has seen is what counts.
        if code._co_code_adaptive != adaptive:
            continue
        text = re.sub(r" at 0x[0-9a-f]+", " at 0x0", text.getvalue()).encode("utf-8", "surrogatepass")
        data = marshal.dumps(code)
        out.write(f"{code.co_qualname}\t{len(data)}\t{len(adaptive)}\t{len(text)}\n".encode())
        out.write(data + adaptive + text)


main()
