#!/usr/bin/env python3
"""A debug session in Neovim with nvim-dap, typed key by key. What it showed is in shown.txt.

NVIM_DAP names a checkout of nvim-dap, which no package of Debian has."""

import os
import pathlib
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from terminal import Terminal

plugin = pathlib.Path(os.environ.get("NVIM_DAP", "nowhere"))
if not (plugin / "lua/dap.lua").is_file():
    sys.exit("Set NVIM_DAP to a checkout of nvim-dap (https://codeberg.org/mfussenegger/nvim-dap).")

with Terminal("neovim") as nvim:
    shutil.copytree(plugin, nvim.folder / "nvim-dap")
    config = nvim.home / ".config/nvim"
    config.mkdir(parents=True)
    init = (pathlib.Path(__file__).parent / "init.lua").read_text()
    (config / "init.lua").write_text(f"vim.env.NVIM_DAP = '{nvim.folder}/nvim-dap'\n{init}")
    nvim.start("nvim", str(nvim.program))
    nvim.until(r"def with_fee")

    def command(text: str) -> None:
        nvim.type(":" + text)
        nvim.keys("Enter")

    def widget(name: str) -> None:
        command(f"lua local w = require('dap.ui.widgets'); w.centered_float(w.{name})")

    command("5")
    nvim.keys("w", "w", "w")
    nvim.type("K")
    nvim.record("K: the language server's hover", r"BINARY_OP +2 \(//\)")
    nvim.keys("Escape", "h")
    command("DapToggleBreakpoint")
    nvim.record(":DapToggleBreakpoint", r"^B +fee = amount")
    command("DapContinue")
    nvim.record(":DapContinue: stopped", r"^→ +fee = amount")
    widget("scopes")
    nvim.record("the scopes", r"Locals", r"amount: 100", r"Value stack")
    command("q")
    widget("frames")
    nvim.record("the frames", r"→ with_fee:5", r"pay:12", r"<module>:16")
    command("q")
    command("DapStepOver")
    nvim.record(":DapStepOver", r"^→ +return amount")
    command("DapToggleRepl")
    nvim.keys("C-w", "j", "i")
    nvim.type("amount * 2 + fee")
    nvim.keys("Enter")
    nvim.record(":DapToggleRepl: an expression", r"^201$")
    nvim.keys("Escape", "C-w", "k")
    command("DapStepOut")
    nvim.record(":DapStepOut", r"^→ +paid \+= with_fee")
    command("DapContinue")
    nvim.record(":DapContinue: on to the breakpoint", r"^→ +fee = amount")
    command("5")
    command("DapToggleBreakpoint")
    command("DapContinue")
    nvim.record("to the end, and what the program printed", r"paid 606")
