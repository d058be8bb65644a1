"""A stand-in for the part of `pyperf` that the pyperformance programs use.

It runs a benchmark in this very process, as often as `--loops=N` says, and prints one JSON line: the seconds it took, and a digest of what the program computed (returned values, and the
state that its module is left with), to be compared between interpreters.
"""

import sys

# `--cpu`: processor time, which says more on a busy machine. Programs take the clock from here.
if "--cpu" in sys.argv:
    sys.argv.remove("--cpu")
    from time import process_time as perf_counter
else:
    from time import perf_counter

__all__ = ["Runner", "perf_counter"]


class _Arguments:
    pass


class _Parser:
    """The handful of argparse that the programs need."""

    def __init__(self):
        self.defaults = {}
        self.types = {}

    def add_argument(self, *names, **options):
        name = [n for n in names if n.startswith("--")]
        key = (name[0] if name else names[0]).lstrip("-").replace("-", "_")
        self.defaults[key] = options.get("default")
        self.types[key] = options.get("type", str)
        return self

    def parse(self, argv):
        result = _Arguments()
        for key, value in self.defaults.items():
            setattr(result, key, value)
        for argument in argv:
            key, _, text = argument.lstrip("-").partition("=")
            key = key.replace("-", "_")
            setattr(result, key, self.types.get(key, str)(text))
        return result


def _describe(value, depth, out, seen):
    """Appends a text of the value that does not depend on addresses or on the order of sets."""
    if value is None or isinstance(value, (bool, int, float, complex, str, bytes)):
        out.append(repr(value))
        return
    if depth == 0 or id(value) in seen:
        out.append("~")
        return
    seen = seen | {id(value)}
    if isinstance(value, (list, tuple)):
        out.append("[")
        for item in value:
            _describe(item, depth - 1, out, seen)
            out.append(",")
        out.append("]")
    elif isinstance(value, (set, frozenset)):
        parts = []
        for item in value:
            part = []
            _describe(item, depth - 1, part, seen)
            parts.append("".join(part))
        out.append("{%s}" % ",".join(sorted(parts)))
    elif isinstance(value, dict):
        out.append("{")
        for key, item in value.items():
            _describe(key, depth - 1, out, seen)
            out.append(":")
            _describe(item, depth - 1, out, seen)
            out.append(",")
        out.append("}")
    elif isinstance(value, type) or callable(value):
        out.append(getattr(value, "__qualname__", type(value).__name__))
    else:
        out.append(type(value).__qualname__)
        attributes = getattr(value, "__dict__", None)
        if attributes is None:
            slots = getattr(type(value), "__slots__", ())
            attributes = {s: getattr(value, s) for s in slots if hasattr(value, s)}
        _describe(attributes, depth - 1, out, seen)


def _digest(values):
    out = []
    for value in values:
        _describe(value, 7, out, frozenset())
    text = "".join(out)
    h = 0xCBF29CE484222325
    for byte in text.encode("utf-8", "backslashreplace"):
        h = ((h ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return "%016x-%d" % (h, len(text))


def _module_state():
    main = sys.modules["__main__"]
    hidden = ("runner", "args", "cmd")
    return [
        (name, value)
        for name, value in sorted(vars(main).items())
        if not name.startswith("__") and name not in hidden and not isinstance(value, type(sys))
    ]


class Runner:
    def __init__(self, *args, **kwargs):
        self.argparser = _Parser()
        self.metadata = {}
        self.args = None
        self.loops = 1
        for argument in sys.argv[1:]:
            if argument.startswith("--loops="):
                self.loops = int(argument[len("--loops="):])
                sys.argv.remove(argument)

    def parse_args(self, argv=None):
        self.args = self.argparser.parse(sys.argv[1:] if argv is None else argv)
        return self.args

    def bench_func(self, name, function, *args):
        start = perf_counter()
        for _ in range(self.loops):
            result = function(*args)
        self._report(name, perf_counter() - start, result)

    def bench_time_func(self, name, function, *args, **kwargs):
        self._report(name, function(self.loops, *args), None)

    def _report(self, name, seconds, result):
        files = []
        for key, value in sorted(vars(self.args).items()) if self.args else ():
            if key == "filename" and value:
                with open(value, "rb") as f:
                    files.append(f.read())
        digest = _digest([result, _module_state(), files])
        print('{"name": "%s", "loops": %d, "seconds": %r, "digest": "%s"}' % (name, self.loops, seconds, digest))
