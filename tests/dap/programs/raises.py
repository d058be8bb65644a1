"""Exceptions that are caught, and one that is not."""


def parse(text):
    try:
        return int(text)  # @caught
    except ValueError:
        return None


def fail(depth):
    if depth:
        fail(depth - 1)  # @deeper
    raise KeyError("missing")  # @uncaught


parse("x")
try:
    fail(0)
except KeyError as error:
    cause = error
fail(1)  # @main
