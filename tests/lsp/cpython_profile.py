"""Runs a program under CPython 3.14 and writes what its instructions did as a profile.

    python3.14 cpython_profile.py PROGRAM OUTPUT

The format is docs/profile-format.md's. Counts come from `sys.monitoring`, which keeps CPython
from specializing; a second run without it gives the specialized opcodes and branch histories.
Only code of the program's own file is recorded.
"""
import collections
import dis
import hashlib
import importlib.util
import json
import pathlib
import platform
import sys
import time
import types

HASH = pathlib.Path(__file__).resolve().parents[2] / "formats/tests/profile_hash.py"


def load_hash():
    """`bytecode_hash` of the script that documents it, without running its main part."""
    text = HASH.read_text().split("\nmodule = compile(")[0]
    module = types.ModuleType("profile_hash")
    exec(compile(text, HASH, "exec"), module.__dict__)
    return module.bytecode_hash


def codes_in(code):
    yield code
    for const in code.co_consts:
        if isinstance(const, types.CodeType):
            yield from codes_in(const)


def run(code, path):
    module = types.ModuleType("__main__")
    module.__file__ = path
    exec(code, module.__dict__)


def count(source, path):
    """Executions and jumps of each instruction of the program."""
    mon, tool = sys.monitoring, sys.monitoring.PROFILER_ID
    code = compile(source, path, "exec")
    executions, jumps = collections.Counter(), collections.Counter()
    mon.use_tool_id(tool, "profile")
    mon.register_callback(
        tool, mon.events.INSTRUCTION, lambda code, at: executions.update([(code, at)])
    )
    # The right side of a branch is the one that is jumped to. RESUME is no INSTRUCTION event.
    mon.register_callback(
        tool, mon.events.BRANCH_RIGHT, lambda code, at, to: jumps.update([(code, at)])
    )
    mon.register_callback(
        tool, mon.events.PY_START, lambda code, at: executions.update([(code, at)])
    )
    wanted = mon.events.INSTRUCTION | mon.events.BRANCH_RIGHT | mon.events.PY_START
    for one in codes_in(code):
        mon.set_local_events(tool, one, wanted)
    run(code, path)
    mon.free_tool_id(tool)
    return code, executions, jumps


def entry(path, counted, warm, executions, jumps, bytecode_hash):
    """The profile's entry of one code object, which ran `counted` and, specialized, `warm`."""
    instructions = []
    adaptive = {item.offset: item for item in dis.get_instructions(warm, adaptive=True)}
    for item in dis.get_instructions(counted):
        n = executions[counted, item.offset]
        if n == 0:
            continue
        one = {"offset": item.offset, "opcode": adaptive[item.offset].opname, "executions": n}
        if item.opname.startswith(("POP_JUMP_IF", "FOR_ITER", "SEND")):
            taken = jumps[counted, item.offset]
            if item.opname == "FOR_ITER":  # leaves for the POP_ITER after its END_FOR
                taken = executions[counted, item.jump_target + 2]
            one |= {"taken": taken, "not_taken": n - taken}
        if item.opname.startswith("POP_JUMP_IF"):
            at = item.offset + 2
            history = int.from_bytes(warm._co_code_adaptive[at : at + 2], "little")
            one["history"] = format(history, "016b")
        instructions.append({key: value for key, value in one.items() if value != 0 or key == "offset"})
    return {
        "file": path,
        "qualname": counted.co_qualname,
        "first_line": counted.co_firstlineno,
        "hash": bytecode_hash(counted),
        "layout": hashlib.sha256(counted.co_linetable).hexdigest()[:16],
        "code": counted.co_code.hex(),
        "instructions": instructions,
    }


def main(program, output):
    path = str(pathlib.Path(program).resolve())
    source = pathlib.Path(path).read_bytes()
    bytecode_hash = load_hash()
    counted, executions, jumps = count(source, path)
    warm = compile(source, path, "exec")
    run(warm, path)
    pairs = zip(codes_in(counted), codes_in(warm), strict=True)
    codes = [entry(path, one, two, executions, jumps, bytecode_hash) for one, two in pairs]
    profile = {
        "format": "tailscope-profile",
        "version": 1,
        "producer": {"name": "CPython", "version": platform.python_version()},
        "program": pathlib.Path(program).name,
        "arguments": [],
        "recorded_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "instructions_executed": executions.total(),
        "codes": [code for code in codes if code["instructions"]],
    }
    target = pathlib.Path(output)
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_suffix(".part")
    part.write_text(json.dumps(profile) + "\n")
    part.replace(target)


if __name__ == "__main__":
    main(*sys.argv[1:])
