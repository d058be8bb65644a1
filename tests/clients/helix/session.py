#!/usr/bin/env python3
"""A debug session in Helix, typed key by key. What it showed is in shown.txt."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from terminal import Terminal

MENU = ("Space", "G")

with Terminal("helix") as helix:
    config = helix.home / ".config/helix"
    config.mkdir(parents=True)
    (config / "languages.toml").write_text((pathlib.Path(__file__).parent / "languages.toml").read_text())
    helix.start("hx", str(helix.program))
    helix.until(r"def with_fee")

    helix.keys("5", "g", "g", "w", "w", "w", "Space", "k")
    helix.record("Space k: the language server's hover", r"BINARY_OP +2 \(//\)")
    helix.keys("Escape", "5", "g", "g", *MENU)
    helix.until(r"Toggle breakpoint")  # the menu stays until Escape
    helix.keys("b", "Escape")
    helix.record("Space G b: a breakpoint", r"^◯ +5 +fee = amount")
    helix.keys(*MENU, "l")
    helix.record("Space G l: the templates", r"> file")
    helix.keys("Enter")
    helix.until("program:")
    helix.type("payments.py")
    helix.keys("Enter")
    helix.record("stopped", r"^▶ +5 +fee", r"Thread 1 stopped because of breakpoint")

    helix.keys("Escape", *MENU, "v")
    helix.record("Space G v: variables", r"Locals", r"amount: int = 100", r"opcode = LOAD_FAST_BORROW")
    helix.keys("Escape", "Escape", *MENU, "n")
    helix.record("Space G n: a step", r"^▶ +6 +return amount", r"stopped because of step")
    helix.keys("Escape", *MENU, "s", "f")
    helix.record("Space G s f: the call stack", r"with_fee.*│", r"│ +pay ", r"<module>")
    helix.keys("Escape", "Escape")
    helix.type(":debug-eval 'amount * 2 + fee'")
    helix.keys("Enter")
    helix.record(":debug-eval 'amount * 2 + fee'", r"^201$")
    helix.keys(*MENU, "c")
    helix.until(r"^▶ +5 +fee")
    helix.keys("v")
    helix.record("Space G c: on to the breakpoint", r"amount: int = 200")
    helix.keys("Escape", "Escape", "5", "g", "g", *MENU, "b", "c")
    helix.record("Space G b c: no breakpoint any more, to the end", r"Terminated debugging session")
