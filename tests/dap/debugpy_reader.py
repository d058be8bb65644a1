#!/usr/bin/env python3
"""The adapter's stream, read by debugpy's own reader: sessions over its `JsonMessageChannel`, which checks each message.

    debugpy_reader.py TAILSCOPE [PROGRAM ...]

Each program is run from its first instruction to its end, with stops and steps at which everything is asked
for that can be shown. A message that debugpy does not accept fails the test. Needs debugpy of PyPI; see debugpy.sh.
"""

import os
import pathlib
import queue
import subprocess
import sys

from debugpy.common import log, messaging

HERE = pathlib.Path(__file__).resolve().parent
PROGRAMS = ["branches.py", "calls.py", "flow.py", "groups.py", "output.py", "raises.py", "threads.py", "values.py", "watched.py"]
STOPS = 12

refusals: list[str] = []


def refused(text: str, *args: object, **_: object) -> None:
    refusals.append(text.format(*args) if args else text)


# The channel logs what it does not accept, and goes on.
log.error = refused


class Session:
    """A debug session, and what the adapter has told of."""

    def __init__(self, tailscope: str, program: pathlib.Path, terminal: bool):
        self.program, self.terminal = program, terminal
        self.events: queue.Queue = queue.Queue()
        self.counts: dict[str, int] = {}
        self.children: list[subprocess.Popen] = []
        self.adapter = subprocess.Popen([tailscope, "dap"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        stream = messaging.JsonIOStream.from_process(self.adapter)
        self.channel = messaging.JsonMessageChannel(stream, self)
        self.channel.start()

    # What the channel calls.
    def event(self, event: messaging.Event) -> None:
        self.counts[event.event] = self.counts.get(event.event, 0) + 1
        if event.event in ("initialized", "stopped", "terminated"):
            self.events.put(event)

    def runInTerminal_request(self, request: messaging.Request) -> dict:
        command = [str(arg) for arg in request("args", list)]
        env = os.environ | dict(request("env", {}))
        self.children.append(subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL))
        return {"processId": self.children[-1].pid}

    def disconnect(self) -> None:
        self.events.put(None)

    # What the test does.
    def ask(self, command: str, **arguments: object) -> messaging.MessageDict:
        self.counts[command] = self.counts.get(command, 0) + 1
        return self.channel.request(command, arguments)

    def refuses(self, command: str, **arguments: object) -> None:
        try:
            self.ask(command, **arguments)
        except messaging.MessageHandlingError:
            return
        raise AssertionError(f"{command} with {arguments} is not refused")

    def tries(self, command: str, **arguments: object) -> None:
        """What may be refused with reason: only how that is said matters here."""
        try:
            self.ask(command, **arguments)
        except messaging.MessageHandlingError as error:
            assert not isinstance(error, messaging.InvalidMessageError), error

    def next_event(self, name: str) -> messaging.Event:
        event = self.events.get(timeout=60)
        assert event is not None and event.event in (name, "terminated"), f"{event} instead of {name}"
        return event

    def run(self) -> None:
        self.ask("initialize", adapterID="tailscope", supportsRunInTerminalRequest=self.terminal, supportsVariableType=True)
        console = "integratedTerminal" if self.terminal else "internalConsole"
        launched = self.channel.send_request("launch", {"program": str(self.program), "stopOnEntry": True, "console": console})
        self.next_event("initialized")
        source = {"path": str(self.program)}
        lines = len(self.program.read_text().splitlines())
        self.ask("setBreakpoints", source=source, breakpoints=[{"line": line} for line in range(1, lines + 1, 4)])
        self.ask("setExceptionBreakpoints", filters=["raised", "uncaught"])
        self.ask("configurationDone")
        launched.wait_for_response()
        self.ask("breakpointLocations", source=source, line=1, endLine=lines)
        self.refuses("nothingOfTheKind")
        self.refuses("stackTrace", threadId="one")
        for number in range(STOPS):
            stop = self.next_event("stopped")
            if stop.event == "terminated":
                break
            self.look(stop)
            thread = stop("threadId", int)
            self.ask(("stepIn", "next", "continue")[number % 3], threadId=thread)
        else:
            self.next_event("stopped")
        self.ask("disconnect", terminateDebuggee=True)
        self.channel.wait()
        assert self.adapter.wait(timeout=30) == 0
        for child in self.children:
            child.wait(timeout=30)

    def look(self, stop: messaging.Event) -> None:
        """Asks for all that can be shown at a stop."""
        thread = stop("threadId", int)
        if stop("reason", str) == "exception":
            self.ask("exceptionInfo", threadId=thread)
        self.ask("threads")
        self.ask("modules")
        self.ask("loadedSources")
        frame = self.ask("stackTrace", threadId=thread)("stackFrames", list)[0]
        for scope in self.ask("scopes", frameId=frame["id"])("scopes", list):
            for variable in self.ask("variables", variablesReference=scope["variablesReference"])("variables", list)[:10]:
                reference = variable["variablesReference"]
                self.ask("dataBreakpointInfo", variablesReference=scope["variablesReference"], name=variable["name"])
                if reference:
                    self.ask("variables", variablesReference=reference)
        self.ask("evaluate", expression="[1, 'ä', {2: 3}]", frameId=frame["id"], context="repl")
        self.refuses("evaluate", expression="1 / 0", frameId=frame["id"], context="repl")
        self.ask("completions", frameId=frame["id"], text="pri", column=4)
        self.tries("stepInTargets", frameId=frame["id"])
        self.tries("gotoTargets", source={"path": str(self.program)}, line=frame["line"])
        pointer = frame["instructionPointerReference"]
        self.ask("disassemble", memoryReference=pointer, instructionOffset=-20, instructionCount=40)


def main() -> None:
    tailscope, *named = sys.argv[1:]
    programs = [pathlib.Path(name).resolve() for name in named] or [HERE / "programs" / name for name in PROGRAMS]
    messages: dict[str, int] = {}
    for number, program in enumerate(programs):
        session = Session(tailscope, program, terminal=number == 0)
        session.run()
        for name, count in session.counts.items():
            messages[name] = messages.get(name, 0) + count
        for text in refusals:
            print(f"{program.name}: {text}", file=sys.stderr)
    print(f"debugpy reads {sum(messages.values())} messages of {len(messages)} kinds, from {len(programs)} programs")
    if refusals:
        sys.exit(f"debugpy does not accept {len(refusals)} of them")


main()
