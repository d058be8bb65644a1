# Imports each module that standard input names, in a process of its own; prints what fails.
import os
import sys


def attempt(name):
    """The error of an import, or nothing."""
    try:
        __import__(name)
    except BaseException as error:
        return f"{type(error).__name__}: {error}".splitlines()[0]
    return ""


def in_a_process(name):
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        silent = os.open(os.devnull, os.O_RDWR)
        for stream in range(3):
            os.dup2(silent, stream)
        os.write(write, attempt(name).encode())
        os._exit(0)
    os.close(write)
    with open(read, "rb") as result:
        error = result.read().decode()
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return f"the process ended with {status}" if status else error


for name in sys.stdin.read().split():
    error = in_a_process(name)
    if error:
        print(f"{name}: {error}")
