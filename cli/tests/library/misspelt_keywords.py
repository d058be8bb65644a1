"""Syntax errors know the last compound statement before them, by which traceback finds the keyword that was meant."""

import os
import subprocess
import sys
import tempfile
import traceback


def show(source, mode="exec"):
    try:
        compile(source, "<test>", mode)
    except SyntaxError as e:
        print(repr(source), mode, e.msg, e.lineno, e.offset, e._metadata)
        for line in traceback.format_exception_only(e):
            print("   ", line, end="")


for source in (
    "x = = 1",
    "if 1:\n  pass\n@a\n@b\ndef f():\n   return\nx y",
    "if 1:\n  if 2:\n    pass\nx y",
    "'abc",
    "(",
    "return",
    "if 1:\n  if 2:\n    pass\n  fro x in y: pass\n",
    "if 1:\n  if 2:\n    pass\n   x\n",
    "if 1:\n  if 2:\n    pass\n x\n",
    "if 1:\n  pass\nf(x for x in y, 1)",
    "if 1:\n  pass\nprint x",
    "if 1:\n  pass\n1 = x",
    "é = 1; if 1:\n  pass\n1 = x",
    "if é: é = 1\nif 2:\n  pass\n1 1 1",
    "if 1:\n é; x y\n",
    "async def f():\n  pass\nx x",
    "@a\nasync def f():\n  pass\nx x",
    "class A:\n  @p\n  def f():\n    pass\n  x x",
    "match x:\n  case 1:\n    pass\nx x",
    "if 1: pass\nelif 2: pass\nelse:\n  for x in y: pass\n  while 1: pass\nx x",
    "def f(): pass\ndef g():\n  pass\nx x",
    "def f():\n  if 1:\n    pass\nx x",
    "def f():\n  if 1:\n    pass\n  x x",
    "class A: pass\nx x",
    "with a: pass\nx x",
    "try: pass\nfinally: pass\nx x",
    "async for a in b: pass\nx x",
    "\n\ndef f(): pass\n\nif 1: pass\n\nwhile a: pass\n\nx = 1\n\ndef f(): pass\nx x",
    "if 1: pass\nx = 1\nx = 2\nx = 3\nx = 4\nx x",
    "if 1:\n   pass\nelif 2:\n   while 1: pass\nelse:\n   while x x",
    "while 1:\n if 1:\n  if 2: pass\n  if 3: pass\n  x x",
    "if 1: pass\nif 2: pass\nf(a b)",
    "@a\n@b(lambda: 1)\nclass A:\n  pass\nx x",
    # What was meant.
    "fro x in range(10):\n    pass\n",
    "whille True:\n    pass\n",
    "def f():\n    retrun 1\n",
    "for x im range(10): pass",
    "clas A:\n    pass",
    "if x:\n    pass\nels:\n    pass\n",
    "if x:\n    pass\nelseif y:\n    pass\n",
    "tyr:\n    pass\nexcept:\n    pass\n",
    "x = 1 iff y else 2",
    "imprt os",
    "from os imoprt path",
    "with open(x) ass f: pass",
    "f(a, b for b in lambdaa: 1)",
    "async dev f(): pass",
    "def f():\n    yeld 5\n",
    "raisee ValueError",
    "assrt x",
    "a adn b",
    "not_a_keyword at all",
    "class A:\n  if 1:\n    pass\n  def f(self):\n    x = 1\n    asert x\n",
):
    show(source)
for source in ("fro x in y", "if 1:\n pass\nfro x in y", "x y", "if 1:\n  x y\n"):
    show(source, "single")
show("fro x in y", "eval")
show("a adn b", "eval")

e = SyntaxError("x", ("f", 1, 2, "t", 3, 4, (1, 2, 3)))
print(e, e._metadata, e.args)
e = SyntaxError("x")
print(e._metadata)
e._metadata = 5
print(e._metadata)

with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "script.py")
    for source in (
        "import os\nif 1:\n    pass\nx = 1\nfro x in range(3):\n    print(x)\n",
        "whille True:\n    pass\n",
        "class A:\n    deff f(self): pass\n",
    ):
        with open(path, "w") as file:
            file.write(source)
        for command in ([path], ["-c", source], ["-"]):
            run = subprocess.run([sys.executable, *command], capture_output=True, text=True, input=source)
            print(run.returncode, run.stderr.replace(folder, "FOLDER"), end="")
