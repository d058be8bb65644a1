"""Compiles sources with CPython as they come, for the fuzzer and the comparison of errors.

A request on standard input: whether it is text (else bytes), the mode (0 exec, 1 eval, 2 single),
the optimization level, flags, length; then the source. The answer on standard output: a length,
and that many bytes of marshal, a tuple of the warnings (category, message, line) and of a code
object or what an exception says.
"""

import marshal
import signal
import struct
import sys
import warnings

MODES = ("exec", "eval", "single")
FIELDS = ("lineno", "offset", "end_lineno", "end_offset", "text")
# A compilation may take that many seconds; then the process dies, and is started again.
TIME = 20


def error(e):
    message = getattr(e, "msg", None) or str(e)
    return (type(e).__name__, message) + tuple(getattr(e, f, None) for f in FIELDS)


def answer(source, mode, optimize, flags):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            value = compile(source, "<source>", mode, flags, dont_inherit=True, optimize=optimize)
        except Exception as e:
            value = error(e)
    told = tuple((w.category.__name__, str(w.message), w.lineno) for w in caught)
    return marshal.dumps((told, value))


def main():
    read, write = sys.stdin.buffer.read, sys.stdout.buffer.write
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    while head := read(11):
        text, mode, optimize, flags, length = struct.unpack("<BBBII", head)
        source = read(length)
        if text:
            source = source.decode("utf-8", "surrogatepass")
        signal.alarm(TIME)
        data = answer(source, MODES[mode], optimize, flags)
        signal.alarm(0)
        write(struct.pack("<I", len(data)) + data)
        sys.stdout.buffer.flush()


main()
