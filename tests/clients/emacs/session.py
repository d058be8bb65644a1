#!/usr/bin/env python3
"""A debug session in Emacs with dape, typed key by key. What it showed is in shown.txt."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from terminal import Terminal

PREFIX = ("C-x", "C-a")  # dape's own keys

with Terminal("emacs") as emacs:
    init = emacs.folder / "init.el"
    init.write_text((pathlib.Path(__file__).parent / "init.el").read_text())
    emacs.start("emacs", "-nw", "--load", str(init), str(emacs.program))
    emacs.until(r"def with_fee")

    emacs.keys("M-x")
    emacs.type("eglot\n")
    emacs.until(r"Connected")
    emacs.keys("M-g", "g")
    emacs.type("5\n")
    emacs.keys("M-m")
    emacs.until(r"^with_fee line 5|instructions")  # in the echo area, in short
    emacs.keys("C-h", ".")
    emacs.record("M-x eglot, C-h .: the language server's hover", r"BINARY_OP +2 \(//\)")
    emacs.keys("C-x", "1", *PREFIX, "b")
    emacs.record("C-x C-a b: a breakpoint", r"^B +fee = amount")
    emacs.keys("M-x")
    emacs.type("dape\n")
    emacs.record("M-x dape: the adapter is proposed", r"Run adapter: tailscope")
    emacs.keys("Enter")
    emacs.record("stopped: variables, stack, breakpoints", r"^B =>  fee", r"amount +100", r"pay of payments\.py:12", r"MainThread stopped/breakpoint")

    emacs.keys(*PREFIX, "n")
    emacs.record("C-x C-a n: a step", r"=>  return amount \+ fee", r"fee +1\b", r"stopped/step")
    emacs.keys(*PREFIX, "x")
    emacs.until(r"Evaluate")
    emacs.keys("C-a", "C-k")
    emacs.type("amount * 2 + fee\n")
    emacs.record("C-x C-a x: an expression", r"^201$")
    emacs.keys(*PREFIX, "o")
    emacs.record("C-x C-a o: out of the function", r"=> +paid \+= with_fee", r"=>pay of payments\.py:12")
    emacs.keys(*PREFIX, "c")
    emacs.record("C-x C-a c: on to the breakpoint", r"^B =>  fee", r"amount +200")

    emacs.keys("M-g", "g")
    emacs.type("5\n")
    emacs.keys(*PREFIX, "b")
    emacs.until(r"^ *=>  fee")
    emacs.keys(*PREFIX, "c")
    emacs.record("to the end, and what the program printed", r"paid 606", r"[Ee]xit.*0")
