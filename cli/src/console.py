import code
import linecache
import sys


class Console(code.InteractiveConsole):
    """The library's console as CPython's own one is: statements come from `<stdin>`, tracebacks show their lines."""

    def __init__(self, namespace):
        super().__init__(namespace, "<stdin>")
        compiler = self.compile

        def compile(source, filename, symbol):
            try:
                made = compiler(source, filename, symbol)
            except SyntaxError as e:
                # What is read line by line has line ends; an error there has no column without one.
                if e.text and not e.text.endswith("\n"):
                    if not e.offset:
                        e.offset = e.end_offset = len(e.text) + 1
                    e.text += "\n"
                raise
            if made is not None:
                linecache._register_code(made, source, filename)
            return made

        self.compile = compile

    def raw_input(self, prompt=""):
        if not (sys.stdin.isatty() and sys.stdout.isatty()):
            sys.stderr.write(prompt)
            sys.stderr.flush()
            prompt = ""
        return input(prompt)


def interact(namespace):
    # The console prints a banner and a farewell of its own unless they are empty.
    Console(namespace).interact("", "")
