# Trace and profile functions: which events come, in which order, with which lines.
import sys


def tell(function, *args, opcodes=False, lines=True):
    """Calls a function and prints what a trace function is told meanwhile."""
    events = []
    first = function.__code__.co_firstlineno

    def tracer(frame, event, arg):
        if frame.f_code is tell.__code__:
            return None
        frame.f_trace_opcodes = opcodes
        frame.f_trace_lines = lines
        if event == "exception":
            arg = arg[0].__name__
        elif type(arg).__repr__ is object.__repr__:
            arg = type(arg).__name__
        elif hasattr(arg, "gi_frame") or hasattr(arg, "cr_frame"):
            arg = "generator"
        events.append((frame.f_code.co_name, event, frame.f_lineno - first, arg))
        return tracer

    sys.settrace(tracer)
    try:
        function(*args)
    except BaseException as e:
        events.append(("raised", type(e).__name__))
    finally:
        sys.settrace(None)
    print(function.__name__)
    for e in events:
        print("   ", *e)


def straight():
    a = 1
    b = [a,
         a]
    return b


def one_line_loop():
    n = 3
    while n: n -= 1
    return n


def branches(x):
    if x:
        y = 1
    else:
        y = 2
    for i in range(2):
        y += i
    else:
        y += 10
    return y


def raising():
    try:
        1 / 0
    except ZeroDivisionError as e:
        pass
    finally:
        x = 1


def escaping():
    def inner():
        raise KeyError(1)
    inner()


def generator():
    def g():
        yield 1
        x = yield 2
        return 3
    it = g()
    next(it)
    for x in it:
        pass


def delegating():
    def inner():
        yield 1
        return 2

    def outer():
        x = yield from inner()
        return x
    return list(outer())


def throwing():
    def g():
        try:
            yield 1
        except KeyError:
            yield 2
    it = g()
    next(it)
    it.throw(KeyError)
    it.close()


def contexts():
    class C:
        def __enter__(self):
            return self

        def __exit__(self, *args):
            return True
    with C() as c:
        raise ValueError


def comprehensions():
    a = [i
         for i in range(2)
         if i]
    b = list(i for i in a)
    return a, b


def matching(x):
    match x:
        case [a, b]:
            return a
        case {"k": v}:
            return v
        case _:
            pass


def groups():
    try:
        raise ExceptionGroup("g", [ValueError(1), TypeError(2)])
    except* ValueError:
        pass
    except* TypeError:
        pass


tell(straight)
tell(one_line_loop)
tell(branches, True)
tell(branches, False)
tell(raising)
tell(escaping)
tell(generator)
tell(delegating)
tell(throwing)
tell(contexts)
tell(comprehensions)
tell(matching, [1, 2])
tell(matching, {"k": 1})
tell(matching, 3)
tell(groups)
tell(straight, lines=False)


def two():
    a = 1
    return a


tell(two, opcodes=True)


# The local function, and failures.
def local_functions():
    seen = []

    def local(frame, event, arg):
        seen.append(("local", event))
        return None

    def outer(frame, event, arg):
        seen.append(("global", event, frame.f_code.co_name))
        return local if frame.f_code is two.__code__ else None

    sys.settrace(outer)
    two()
    print(sys.gettrace() is outer)
    sys.settrace(None)
    print(sys.gettrace(), seen)

    def failing(frame, event, arg):
        if event == "line":
            raise KeyError("from the trace function")
        return failing

    sys.settrace(failing)
    try:
        two()
    except KeyError as e:
        t = e.__traceback__
        names = []
        while t:
            names.append((t.tb_frame.f_code.co_name, t.tb_lineno - t.tb_frame.f_code.co_firstlineno))
            t = t.tb_next
        print("raised", e, names, sys.gettrace())


local_functions()


# Profile functions.
def profiled(function, *args):
    events = []

    def profiler(frame, event, arg):
        name = getattr(arg, "__name__", arg) if event.startswith("c_") else arg
        events.append((frame.f_code.co_name, event, name))

    sys.setprofile(profiler)
    try:
        function(*args)
    except Exception as e:
        pass
    sys.setprofile(None)
    print(function.__name__, sys.getprofile())
    for e in events:
        print("   ", *e)


def natives():
    x = []
    x.append(len("ab"))
    sorted([2, 1], key=lambda v: -v)
    "abc".upper()
    str.upper("x")
    int("1")


def native_failure():
    try:
        len(1)
    except TypeError:
        pass
    [].pop()


def calls():
    class A:
        def __init__(self, x):
            self.x = x

        def m(self, y):
            return self.x + y
    A(1).m(y=2)


profiled(natives)
profiled(native_failure)
profiled(calls)
profiled(lambda: sum(i for i in range(2)))
