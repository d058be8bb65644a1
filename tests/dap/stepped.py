#!/usr/bin/env python3.14
"""What CPython 3.14 says of the programs in `stepped/`, with which the debugger's steps are compared.

    $PYTHON314 stepped.py            compares with the golden files in stepped/golden/
    $PYTHON314 stepped.py --write    writes them

A golden file has, for a program,

- `lines`: the LINE events of `sys.monitoring`, thread by thread in the order of their beginning: a
  qualified name, then the lines that its code reached until another name's turn. An event for the
  line that its activation is on already (a loop on one line) is left out: it is no other line.
- `names`: for each of these events, behind one another with `;` between them, the names of the
  variables that have a value there, with `,` between them; `=` where they are those of the event
  before, `-` outside of functions.
- `codes`: for each code object, by qualified name and the line of its RESUME, how deep the value
  stack is before each code unit (base 36; `.` where no instruction begins or control does not
  come), and `resumed`: offsets of each RESUME that goes on after a `yield` or an `await`, and of
  each CLEANUP_THROW, where what was thrown in goes on: in the middle of a line. CPython has no
  event there, while a step ends there. Code objects with the
  same name and line (two lambdas on a line) stand one after the other.
- `output` and `status`: what it writes to its standard output, and how it exits.
"""

import dis
import inspect
import io
import json
import subprocess
import sys
import threading
import types
from contextlib import redirect_stdout
from pathlib import Path

HERE = Path(__file__).resolve().parent / "stepped"
GOLDEN = HERE / "golden"
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
TOOL = 4
TEXTS = ("<string>", "<made>")


class Watch:
    """Collects the lines of the program's own code."""

    def __init__(self, file):
        self.files = {file, *TEXTS}
        self.threads = []
        self.own = threading.local()
        self.last = {}

    def begin(self, code, offset):
        self.last.pop(id(sys._getframe(1)), None)

    def line(self, code, line):
        if code.co_filename not in self.files:
            return sys.monitoring.DISABLE
        activation = id(sys._getframe(1))
        if self.last.get(activation) == line:
            return None
        self.last[activation] = line
        if not hasattr(self.own, "lines"):
            self.own.lines = []
            self.threads.append(self.own.lines)
        names = "-"
        if code.co_flags & inspect.CO_OPTIMIZED:
            names = ",".join(sorted(sys._getframe(1).f_locals))
        self.own.lines.append((code.co_qualname, line, names))
        return None

    def __enter__(self):
        monitoring, events = sys.monitoring, sys.monitoring.events
        monitoring.use_tool_id(TOOL, "stepped")
        monitoring.register_callback(TOOL, events.PY_START, self.begin)
        monitoring.register_callback(TOOL, events.LINE, self.line)
        monitoring.set_events(TOOL, events.PY_START | events.LINE)
        return self

    def __exit__(self, *_):
        sys.monitoring.set_events(TOOL, 0)
        sys.monitoring.free_tool_id(TOOL)


def in_words(events):
    """`f 2 3 g 7 f 4`: names where they change, without spaces, and lines."""
    words, last = [], None
    for name, line, _ in events:
        if name != last:
            words.append(name.replace(" ", "_"))
        words.append(str(line))
        last = name
    return " ".join(words)


def names(events):
    """The variables' names."""
    words, last = [], None
    for *_, found in events:
        words.append("=" if found == last else found)
        last = found
    return ";".join(words)


def depths(code):
    """The depth of the value stack before each instruction that control can come to, by offset."""
    instructions = {i.offset: i for i in dis.get_instructions(code)}
    order = sorted(instructions)
    following = dict(zip(order, order[1:]))
    found, todo = {}, [(0, 0)]
    for entry in dis._parse_exception_table(code):
        todo.append((entry.target, entry.depth + entry.lasti + 1))
    while todo:
        offset, depth = todo.pop()
        if offset in found:
            assert found[offset] == depth, (code, offset)
            continue
        found[offset] = depth
        instruction = instructions[offset]
        effect = lambda jump: dis.stack_effect(instruction.opcode, instruction.arg, jump=jump)
        # What END_ASYNC_FOR names is the SEND that it belongs to, for the events of branches.
        if instruction.jump_target is not None and instruction.opname != "END_ASYNC_FOR":
            todo.append((instruction.jump_target, depth + effect(True)))
        ends = instruction.opname in ("RETURN_VALUE", "RAISE_VARARGS", "RERAISE") or instruction.opname.startswith(("JUMP_FORWARD", "JUMP_BACKWARD"))
        if not ends and offset in following:
            todo.append((following[offset], depth + effect(False)))
    return found


def describe(code):
    """A code object's depths, and where it goes on within a line."""
    depth, instructions = depths(code), list(dis.get_instructions(code))
    units = ["."] * (len(code.co_code) // 2)
    for offset, n in depth.items():
        units[offset // 2] = DIGITS[n]
    goes_on = lambda i: i.opname == "CLEANUP_THROW" or i.opname == "RESUME" and i.arg & 3
    resumed = [i.offset for i in instructions if goes_on(i)]
    begins = next(i.line_number for i in instructions if i.line_number is not None)
    return f"{code.co_qualname}:{begins}", {"depths": "".join(units), "resumed": resumed}


def all_codes(code):
    yield code
    for const in code.co_consts:
        if hasattr(const, "co_code"):
            yield from all_codes(const)


def run(path):
    """Runs a program in this process; returns its golden data."""
    code = compile(path.read_text(), str(path), "exec")
    codes = {}
    for each in all_codes(code):
        key, data = describe(each)
        codes.setdefault(key, []).append(data)
    module = sys.modules["__main__"] = types.ModuleType("__main__")
    module.__file__ = str(path)
    output, status = io.StringIO(), 0
    with redirect_stdout(output), Watch(str(path)) as watch:
        try:
            exec(code, module.__dict__)
        except SystemExit as e:
            status = e.code
        except Exception:
            status = 1
    return {
        "lines": [in_words(events) for events in watch.threads],
        "names": [names(events) for events in watch.threads],
        "codes": codes,
        "output": output.getvalue(),
        "status": status,
    }


def text(data):
    """JSON with a line per code object."""
    codes = ",\n".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in data["codes"].items())
    lines = ",\n".join(json.dumps(words) for words in data["lines"])
    names = ",\n".join(json.dumps(words) for words in data["names"])
    rest = f'"output": {json.dumps(data["output"])},\n"status": {data["status"]}'
    return f'{{"lines": [\n{lines}],\n"names": [\n{names}],\n"codes": {{\n{codes}}},\n{rest}}}\n'


def main():
    if sys.argv[1:2] == ["--one"]:
        sys.__stdout__.write(text(run(Path(sys.argv[2]))))
        return 0
    differ = []
    GOLDEN.mkdir(exist_ok=True)
    programs = sorted(HERE.glob("*.py"))
    for program in programs:
        command = [sys.executable, "-I", __file__, "--one", str(program)]
        made = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        golden = GOLDEN / f"{program.stem}.json"
        if sys.argv[1:] == ["--write"]:
            golden.write_text(made)
        elif not golden.exists() or golden.read_text() != made:
            differ.append(program.stem)
    unknown = {f.stem for f in GOLDEN.glob("*.json")} - {p.stem for p in programs}
    for name in differ:
        print(f"{name}: CPython says otherwise than stepped/golden/{name}.json")
    for name in sorted(unknown):
        print(f"{name}: there is no such program")
    print(f"{len(programs)} programs compared with CPython {sys.version.split()[0]}")
    return 1 if differ or unknown else 0


if __name__ == "__main__":
    sys.exit(main())
