# What is a warning, and a category of warnings, is asked of objects themselves.
import _warnings


class Asked(tuple):
    def __getattribute__(self, name):
        print("asked for", name)
        return object.__getattribute__(self, name)


class Pretends:
    """Is a warning by its own account only."""

    __class__ = UserWarning


class Fails:
    @property
    def __class__(self):
        raise ZeroDivisionError("asked for its class")


class FailingBases:
    def __str__(self):
        return "text"

    @property
    def __bases__(self):
        raise ZeroDivisionError("asked for its bases")


def attempt(*args):
    try:
        print(_warnings.warn(*args))
    except BaseException as e:
        print(f"{type(e).__name__}: {e}")


_warnings.filters[:] = [("error", None, Warning, None, 0)]
asked = Asked((1,))
attempt(asked)
attempt("x", asked)
attempt(asked, asked)
for thing in (Pretends, Fails, FailingBases):
    print(thing.__name__)
    attempt(thing())
    attempt("x", thing())
    attempt("x", thing)
attempt("x", int)
attempt("x", 5)
attempt("x", None)
attempt("x", type)
