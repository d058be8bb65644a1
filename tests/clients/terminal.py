"""An editor in a terminal of tmux: keys go in as a person types them, and what the screen shows comes out."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent

PROGRAM = '''\
"""A month of payments."""


def with_fee(amount):
    fee = amount // 100
    return amount + fee


def pay(amounts):
    paid = 0
    for amount in amounts:
        paid += with_fee(amount)
    return paid


print("paid", pay([100, 200, 300]))
'''


class Terminal:
    """`with Terminal(name) as terminal:` makes a folder with the program, a home, and `tailscope` on the PATH."""

    def __init__(self, name: str, width: int = 132, height: int = 42):
        self.name, self.size = name, (width, height)
        # A folder in a folder: editors show its name, which is the same each time.
        self.made = pathlib.Path(tempfile.mkdtemp(prefix=f"tailscope-{name}-"))
        self.folder = self.made / "work"
        self.folder.mkdir()
        self.socket = str(self.folder / "tmux")
        self.program = self.folder / "payments.py"
        self.program.write_text(PROGRAM)
        self.home = self.folder / "home"
        (self.folder / "bin").mkdir()
        self.home.mkdir()
        binary = pathlib.Path(os.environ.get("TAILSCOPE_BIN", ROOT / "target/release/tailscope"))
        if not binary.is_file():
            sys.exit(f"There is no binary at {binary}: build it, or set TAILSCOPE_BIN.")
        shutil.copy(binary, self.folder / "bin/tailscope")
        self.shown: list[str] = []

    def tmux(self, *args: str) -> str:
        done = subprocess.run(["tmux", "-S", self.socket, *args], capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"{self.name} did not start, or has ended: tmux {args[0]}: {done.stderr.strip()}")
        return done.stdout

    def start(self, *command: str) -> None:
        """Runs the editor, from beside the system unless EDITOR_COMMAND names another."""
        own = os.environ.get("EDITOR_COMMAND")
        command = (*own.split(), *command[1:]) if own else (str(HERE / "beside.sh"), *command)
        env = [f"HOME={self.home}", f"PATH={self.folder}/bin:/usr/bin:/bin", "TERM=tmux-256color", "LANG=C.UTF-8"]
        width, height = self.size
        places = f"TAILSCOPE_EDITORS={os.environ.get('TAILSCOPE_EDITORS', pathlib.Path.home() / '.cache/tailscope-editors')}"
        self.tmux(
            "-f", "/dev/null", "new-session", "-d", "-x", str(width), "-y", str(height), "-c", str(self.folder),
            "env", "-i", places, *env, *command,
        )
        self.tmux("set-option", "-g", "status", "off")
        self.tmux("set-option", "-sg", "escape-time", "0")

    def keys(self, *keys: str) -> None:
        """Presses keys, named as tmux names them (Enter, C-x, M-x), one after another."""
        for key in keys:
            self.tmux("send-keys", key)
            time.sleep(0.05)

    def type(self, text: str) -> None:
        self.tmux("send-keys", "-l", text)

    def screen(self) -> str:
        lines = self.tmux("capture-pane", "-p").splitlines()
        return "\n".join(line.rstrip() for line in lines).rstrip()

    def until(self, pattern: str, seconds: float = 20) -> str:
        """The screen once it shows this."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            screen = self.screen()
            if re.search(pattern, screen, re.M):
                return screen
            time.sleep(0.1)
        sys.exit(f"{self.name} does not show /{pattern}/ but:\n{self.screen()}")

    def record(self, title: str, *patterns: str) -> None:
        """Waits until the screen shows all of these, and keeps it."""
        for pattern in patterns:
            self.until(pattern)
        time.sleep(0.3)
        screen = self.screen().replace(str(self.folder), "/work")
        self.shown.append(f"== {title}\n{screen}\n")
        print(f"ok: {title}", flush=True)

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, *_: object) -> None:
        subprocess.run(["tmux", "-S", self.socket, "kill-server"], capture_output=True)
        out = pathlib.Path(os.environ.get("SHOWN", HERE / self.name / "shown.txt"))
        if self.shown:
            out.write_text("\n".join(self.shown))
            print(f"what was shown is in {out}")
        shutil.rmtree(self.made, ignore_errors=True)
