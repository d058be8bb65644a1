"""Exceptions with causes, contexts, notes and members; of several classes; passing through a library."""

import functools
import threading


class Odd(Exception):
    pass


def parse(text):
    try:
        return int(text)  # @parse
    except ValueError as error:
        raise Odd("no number") from error  # @odd


def noted():
    try:
        parse("x")
    except Odd as error:
        error.add_note("seen on the way")
        raise  # @again


def key():
    return {}["missing"]  # @key


def fails(a, b):
    raise LookupError("in a callback")  # @callback


def in_thread():
    raise OSError("in a thread")  # @thread


for function in (key, noted):
    try:
        function()
    except Exception:
        pass
try:
    functools.singledispatch(fails)(1, 2)  # @through_library
except LookupError:
    pass
thread = threading.Thread(target=in_thread)
thread.start()
thread.join()
several = ExceptionGroup("several", [Odd("a"), KeyError("b")])
several.add_note("look at both")
raise several  # @group
