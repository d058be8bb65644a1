"""Tells what `inspect` should find: the stack as `traceback` has it, a frame a line."""
import traceback


def report():
    frames = traceback.extract_stack()[:-1]
    print(";".join(f"{f.name}:{f.lineno}" for f in reversed(frames)), flush=True)
