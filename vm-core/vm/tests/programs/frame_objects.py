# Frames, their variables as mappings, tracebacks, code with free variables.
import sys


def attempt(f, *args, **kw):
    try:
        print(f(*args, **kw))
    except Exception as e:
        print(type(e).__name__, e)


class Impostor:
    def __hash__(self):
        return hash("x")

    def __eq__(self, other):
        return other == "x"


class Text(str):
    pass


def variables(key):
    x = 1
    d = sys._getframe().f_locals
    d[key] = 2
    d["extra"] = 3
    print(x, d[key], "x" in d, list(d), type(reversed(d)).__name__)
    d |= {"x": 5}
    d.update({"y": 6})
    print(x, d["y"], d.pop("y"), d.get("y"), len(d))
    attempt(d.update, [(1, 2)])
    attempt(lambda: d | [1])
    attempt(lambda: d.pop("x"))
    attempt(lambda: d.pop("nothing"))
    attempt(d.__delitem__, "x")
    return d


for key in ("x", Text("x"), Impostor()):
    variables(key)


def recursive():
    d = sys._getframe().f_locals
    print(d)


recursive()


def flags():
    f = sys._getframe()
    for value in (True, False, 1, None):
        attempt(setattr, f, "f_trace_lines", value)
        attempt(setattr, f, "f_trace_opcodes", value)
    attempt(delattr, f, "f_trace_lines")
    attempt(delattr, f, "f_trace_opcodes")
    f.f_trace = 42
    print(f.f_trace, f.f_trace_lines, f.f_trace_opcodes)
    del f.f_trace
    print(f.f_trace, f.f_generator, f.f_back.f_code.co_name)
    attempt(f.clear)


flags()


def generators():
    def g():
        yield sys._getframe()
    it = g()
    f = next(it)
    print(f.f_generator is it, f.f_lasti > 0, f.f_back)
    attempt(f.clear)
    it.close()
    print(f.f_generator)
    attempt(f.clear)


generators()


def tracebacks():
    Traceback = None
    try:
        1 / 0
    except ZeroDivisionError as e:
        t = e.__traceback__
    Traceback = type(t)
    made = Traceback(t, t.tb_frame, 1, 2)
    print(made.tb_lasti, made.tb_lineno, made.tb_next is t, t.tb_lasti % 2)
    attempt(Traceback, 1, t.tb_frame, 1, 2)
    attempt(Traceback, None, 1, 1, 2)
    attempt(Traceback, None, t.tb_frame, "x", 2)
    attempt(setattr, made, "tb_next", made)
    attempt(setattr, t, "tb_next", made)
    attempt(setattr, t, "tb_next", 1)
    attempt(delattr, t, "tb_next")
    made.tb_next = None
    print(made.tb_next)


tracebacks()


def free_variables():
    x = 3

    def f():
        return x
    cells = f.__closure__
    attempt(eval, f.__code__)
    attempt(exec, f.__code__)
    attempt(exec, f.__code__, closure=cells)
    attempt(exec, f.__code__, closure=(1,))
    attempt(exec, f.__code__, closure=cells * 2)
    attempt(exec, free_variables.__code__, closure=cells)
    attempt(exec, "1", closure=cells)


free_variables()


def module_names():
    exec("def f(): return sys._getframemodulename()", {"__name__": "elsewhere", "sys": sys, "out": print}, d := {})
    print(d["f"]())
    d["f"].__module__ = "changed"
    print(d["f"]())
    print(sys._getframemodulename(), sys._getframemodulename(99))
    attempt(sys._getframe, 99)


module_names()
