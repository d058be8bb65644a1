from io import StringIO

from rich.console import Console
from rich.markdown import Markdown
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

out = StringIO()
console = Console(file=out, width=72, force_terminal=True, color_system="truecolor", legacy_windows=False)
table = Table(title="Planets", show_lines=True)
table.add_column("Name", style="cyan", no_wrap=True)
table.add_column("Moons", justify="right", style="magenta")
for name, moons in [("Mercury", 0), ("Earth", 1), ("Mars", 2), ("Jupiter", 95)]:
    table.add_row(name, str(moons))
console.print(table)
console.print(Panel(Text("stop", style="bold red on white"), title="[green]A panel", subtitle="below"))
console.print(Markdown("# Title\n\n* one\n* **two** and `code`\n\n> quoted\n\n1. first\n2. second"))
console.print(Syntax("def f(x):\n    return x + 1  # a comment\n", "python", line_numbers=True))
tree = Tree("root")
tree.add("[bold]branch").add("leaf")
console.print(tree)
console.print(ProgressBar(total=10, completed=4, width=20))
console.print({"a": [1, 2.5, None, True], "b": {"c": ("x", "y" * 60)}})
console.print("[b]bold[/b] [i]italic[/i] :smiley: https://example.org 123 'text'")
print(out.getvalue())
