import faulthandler

from report import report


def crash(depth):
    here = f"depth {depth}"
    if depth == 0:
        report(); faulthandler._sigsegv()
    crash(depth - 1)
    return here


crash(3)
