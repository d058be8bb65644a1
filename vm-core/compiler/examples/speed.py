"""Compiles the files named on standard input with CPython; prints seconds of processor time and peak memory in KiB."""

import resource
import sys
import time
import warnings

warnings.simplefilter("ignore")
seconds = 0.0
for path in sys.stdin.read().splitlines():
    with open(path, "rb") as file:
        source = file.read()
    start = time.process_time()
    code = compile(source, path, "exec", dont_inherit=True)
    seconds += time.process_time() - start
    del code
print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
