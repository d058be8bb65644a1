# What a person sees of how modules are imported: specs, hints about circular imports and about files
# that are in the way of others, threads that import the same module.
import json
import os
import subprocess
import sys
import tempfile

print(json.__spec__.name, json.__spec__.loader is json.__loader__ is not None)
print(sys.modules["time"], getattr(sys, "__spec__").origin)

FILES = {
    "specs.py": """
        import sys
        import plain, asks, pack.sub
        print(__spec__, sys.modules['__main__'].__spec__)
        for m in plain, asks, pack, pack.sub:
            s = m.__spec__
            print(s.name, s.parent, s.has_location, s.origin.replace(HERE, ''), type(m.__loader__).__name__, s.loader is m.__loader__)
            print(s.submodule_search_locations and [p.replace(HERE, '') for p in s.submodule_search_locations], s._initializing)
        """,
    "plain.py": "x = 1",
    "asks.py": """
        def f(): return __spec__, __loader__
        print('asks', __spec__.name, __spec__._initializing, f()[0] is __spec__, f()[1] is __loader__)
        """,
    "pack/__init__.py": "",
    "pack/sub.py": "",
    "circular.py": "import left",
    "left.py": """
        from right import y
        x = 1
        """,
    "right.py": """
        import left
        try: left.x
        except AttributeError as e: print(e, e.name)
        try: from left import x
        except ImportError as e: print(e, e.name, e.name_from, e.path.replace(HERE, ''))
        y = 2
        """,
    "far.py": """
        import pack.first
        import pack
        try: pack.none
        except AttributeError as e: print(e)
        try: from pack import none
        except ImportError as e: print(e)
        try: from pack.first import none
        except ImportError as e: print(e)
        """,
    "pack/first.py": """
        from pack.second import y
        x = 1
        """,
    "pack/second.py": """
        import pack, pack.first as first
        for f in (lambda: pack.first, lambda: pack.second, lambda: first.x):
            try: print(f().__name__)
            except AttributeError as e: print(e)
        try: from pack.first import x
        except ImportError as e: print(e)
        y = 2
        """,
    "shadow.py": """
        import fractions
        try: fractions.Fraction
        except AttributeError as e: print(e)
        try: from fractions import Fraction
        except ImportError as e: print(e)
        import plain
        try: plain.y
        except AttributeError as e: print(e)
        """,
    "fractions.py": "x = 1",
    "threads.py": """
        import threading
        def work(n):
            import slow
            from pack.later import y
            got.append((slow.x, y))
        got = []
        all = [threading.Thread(target=work, args=(n,)) for n in range(5)]
        for t in all: t.start()
        for t in all: t.join()
        print(got)
        import importlib
        def work(n):
            if n % 2: import slower
            else: slower = importlib.import_module('slower')
            got.append(slower.x)
        got = []
        all = [threading.Thread(target=work, args=(n,)) for n in range(5)]
        for t in all: t.start()
        for t in all: t.join()
        print(got)
        def work(n):
            try: import fails
            except ValueError as e: got.append(str(e))
        got = []
        all = [threading.Thread(target=work, args=(n,)) for n in range(3)]
        for t in all: t.start()
        for t in all: t.join()
        print(got)
        # Each loads what the other needs: one of them takes it as it is.
        def work(name):
            __import__(name)
        all = [threading.Thread(target=work, args=(n,)) for n in ('one', 'two')]
        for t in all: t.start()
        for t in all: t.join()
        print('no deadlock')
        """,
    "slow.py": """
        import time
        time.sleep(0.05)
        x = 'whole'
        """,
    "slower.py": """
        import time
        time.sleep(0.05)
        x = 'whole'
        """,
    "pack/later.py": """
        import time
        time.sleep(0.05)
        y = 'whole'
        """,
    "fails.py": """
        import time
        time.sleep(0.02)
        raise ValueError('no')
        """,
    "one.py": """
        import time
        time.sleep(0.05)
        import two
        """,
    "two.py": """
        import time
        time.sleep(0.05)
        import one
        """,
    "zipped.py": """
        import sys, zipfile
        with zipfile.ZipFile('some.zip', 'w') as z:
            z.writestr('inside.py', 'x = __file__\\nprint(__name__, __spec__.origin == __file__)')
            z.writestr('box/__init__.py', '')
            z.writestr('box/thing.py', 'from . import other')
            z.writestr('box/other.py', 'print(__name__, __package__)')
            z.writestr('plain.py', 'print("not this one")')
            z.writestr('__main__.py', 'print(__name__, __file__)')
        sys.path.append('some.zip')
        import inside, box.thing, plain
        print(inside.x, type(inside.__loader__).__name__, box.__path__)
        try: import box.nothing
        except ModuleNotFoundError as e: print(e)
        try: import nothing
        except ModuleNotFoundError as e: print(e)
        import runpy, subprocess
        print(sorted(runpy.run_path('some.zip'))[:2])
        print(subprocess.run([sys.executable, 'some.zip'], capture_output=True, text=True).stdout)
        """,
    "hooked.py": """
        import sys, importlib.machinery, importlib.util
        class Finder:
            def find_spec(self, name, target=None):
                print('asked for', name)
                if name == 'made': return importlib.util.spec_from_loader(name, self)
            def create_module(self, spec): return None
            def exec_module(self, m): m.x = 'of a hook'
        def hook(path):
            if path != 'my://place': raise ImportError
            return Finder()
        sys.path_hooks.append(hook)
        sys.path.insert(0, 'my://place')
        import made
        print(made.x, made.__spec__.name)
        try: import neither
        except ModuleNotFoundError as e: print(e)
        """,
    "spaces.py": """
        import room.inner, room
        print(room.inner.x, type(room.__path__).__name__, room.__file__, room.__spec__.origin, type(room.__loader__).__name__)
        print(list(room.__path__)[0].replace(HERE, ''), repr(room).replace(HERE, ''))
        import room.deeper
        print(repr(room.deeper).replace(HERE, ''), room.deeper.__package__)
        """,
    "room/inner.py": "x = 'in a namespace'",
    "room/deeper/none.txt": "",
    "forked.py": """
        import os, sys, threading, time
        t = threading.Thread(target=lambda: __import__('slow'))
        t.start()
        while 'slow' not in sys.modules: time.sleep(0.001)
        t.join()
        pid = os.fork()
        if pid == 0:
            import slow
            print('child', slow.x, flush=True)
            os._exit(0)
        os.waitpid(pid, 0)
        print('parent', slow.x if 'slow' in globals() else sys.modules['slow'].x)
        """,
}

with tempfile.TemporaryDirectory() as folder:
    folder = os.path.realpath(folder)
    for name, text in FILES.items():
        os.makedirs(os.path.dirname(os.path.join(folder, name)), exist_ok=True)
        lines = text.split("\n")
        with open(os.path.join(folder, name), "w") as f:
            f.write("\n".join(line[8:] if line.startswith(" " * 8) else line for line in lines).replace("HERE", repr(folder)))
    for name in ("specs", "circular", "far", "shadow", "threads", "zipped", "hooked", "spaces", "forked"):
        print("--", name, flush=True)
        done = subprocess.run([sys.executable, "-W", "ignore", name + ".py"], cwd=folder, capture_output=True, text=True)
        print(done.stdout.replace(folder, "..."), end="")
        print(done.stderr.replace(folder, "..."), end="")
    # -P: nothing is in the way.
    done = subprocess.run([sys.executable, "-P", "-c", "import fractions; print(fractions.Fraction(1, 2))"], cwd=folder, capture_output=True, text=True)
    print(done.stdout, done.stderr, end="")
    done = subprocess.run([sys.executable, "-c", "import fractions; fractions.Fraction"], cwd=folder, capture_output=True, text=True)
    print(done.stderr.replace(folder, "...").splitlines()[-1])
    # Bytecode in the place of a source.
    code = "import py_compile; py_compile.compile('asks.py', 'bytecode.pyc')"
    subprocess.run([sys.executable, "-c", code], cwd=folder, check=True)
    code = "import bytecode; print(bytecode.f()[0].origin, type(bytecode.__loader__).__name__)"
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True)
    print(done.stdout.replace(folder, "..."), done.stderr.replace(folder, "..."), end="")
    # Relative entries of sys.path.
    code = "import plain, sys; sys.path[0] = 'pack/..'; import slow; sys.path[0] = '.'; import fractions as f; print(plain.__file__, slow.__file__, f.__file__)"
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True)
    print(done.stdout.replace(folder, "..."), done.stderr.replace(folder, "..."), end="")
    # A script has the name that it was called by.
    with open(os.path.join(folder, "named.py"), "w") as f:
        f.write("import sys; print(__file__, sys.argv); raise ValueError")
    for name in ("named.py", "./named.py", "pack/../named.py"):
        done = subprocess.run([sys.executable, name], cwd=folder, capture_output=True, text=True)
        print(done.stdout.replace(folder, "..."), done.stderr.replace(folder, "..."), end="")
    # Who loaded the program itself.
    with open(os.path.join(folder, "loaded.py"), "w") as f:
        f.write("import sys\ndef f(): return __loader__\n"
                "print(getattr(f(), '__name__', type(f()).__name__), getattr(f(), 'name', None), __spec__)\n"
                "print(f() is sys.modules['__main__'].__loader__, getattr(f(), 'path', None))\n")
    code = "import py_compile; py_compile.compile('loaded.py', 'loaded.pyc')"
    subprocess.run([sys.executable, "-c", code], cwd=folder, check=True)
    source = open(os.path.join(folder, "loaded.py")).read()
    for args, text in (["loaded.py"], ""), (["loaded.pyc"], ""), (["-c", source], ""), (["-"], source):
        done = subprocess.run([sys.executable, *args], cwd=folder, capture_output=True, text=True, input=text)
        print(args[0], done.stdout.replace(folder, "..."), done.stderr.replace(folder, "..."), end="")
