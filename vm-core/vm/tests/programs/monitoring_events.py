# sys.monitoring: tools, events, DISABLE.
import sys

m = sys.monitoring
E = m.events
TOOL = 2
print({n: getattr(E, n) for n in sorted(vars(E))})


def offsets_off(event, args):
    """Arguments of a callback that are alike from run to run."""
    out = []
    for a in args:
        if a is m.MISSING:
            a = "MISSING"
        elif isinstance(a, BaseException):
            a = type(a).__name__
        elif callable(a) or hasattr(a, "gi_frame"):
            a = getattr(a, "__name__", "?")
        elif type(a).__name__ == "generator":
            a = "generator"
        elif type(a).__module__ == "__main__":
            a = type(a).__name__
        out.append(a)
    return out


def watch(function, names, local=False, *args):
    events = []
    wanted = 0
    for name in names.split():
        def callback(code, *rest, name=name):
            if code is not watch.__code__:
                if name == "LINE":
                    rest = (rest[0] - code.co_firstlineno,)
                events.append((code.co_name, name, *offsets_off(name, rest)))
        event = getattr(E, name)
        wanted |= event
        m.register_callback(TOOL, event, callback)
    if local:
        m.set_local_events(TOOL, function.__code__, wanted)
    else:
        m.set_events(TOOL, wanted)
    try:
        function(*args)
    except Exception as e:
        events.append(type(e).__name__)
    m.set_events(TOOL, 0)
    m.set_local_events(TOOL, function.__code__, 0)
    for name in names.split():
        m.register_callback(TOOL, getattr(E, name), None)
    print(function.__name__, names)
    for e in events:
        print("   ", e)


def simple():
    a = 1
    return a


def loops():
    n = 0
    for i in (1, 2):
        if i > 1:
            n += 1
    while n:
        n -= 1
    return None if n is None else n


def natives():
    len("a")
    x = [].append(1)
    print(end="")
    isinstance(1, int)
    simple()
    try:
        len(1)
    except TypeError:
        pass
    len(*["abc"])


def generators():
    def g():
        try:
            yield 1
            yield 2
        finally:
            pass
        return 5

    def d():
        return (yield from g())
    list(d())
    it = g()
    next(it)
    try:
        it.throw(KeyError("k"))
    except KeyError:
        pass


def exceptions():
    try:
        try:
            raise ValueError
        except TypeError:
            pass
        finally:
            x = 1
    except ValueError as e:
        pass

    def inner():
        raise KeyError
    inner()


def supers():
    class A:
        def f(self):
            return 1

    class B(A):
        def f(self):
            return super().f()
    B().f()


m.use_tool_id(TOOL, "test")
print(m.get_tool(TOOL), m.get_tool(3))
EXCEPTIONS = "RAISE RERAISE EXCEPTION_HANDLED PY_UNWIND PY_THROW STOP_ITERATION"
watch(simple, "PY_START PY_RETURN LINE")
watch(simple, "LINE INSTRUCTION", True)
watch(loops, "LINE JUMP BRANCH_LEFT BRANCH_RIGHT")
watch(loops, "INSTRUCTION", True)
watch(loops, "BRANCH")
watch(natives, "CALL C_RETURN C_RAISE", True)
watch(natives, "CALL LINE")
watch(generators, "PY_START PY_RESUME PY_YIELD PY_RETURN")
watch(generators, EXCEPTIONS)
watch(exceptions, EXCEPTIONS)
watch(exceptions, "LINE RAISE", False)
watch(supers, "CALL C_RETURN C_RAISE")


# DISABLE and restart_events.
def disabling():
    lines = []

    def line(code, number):
        lines.append(number - code.co_firstlineno)
        return m.DISABLE
    m.register_callback(TOOL, E.LINE, line)
    m.set_local_events(TOOL, loops.__code__, E.LINE)
    loops()
    print(lines)
    loops()
    print(lines)
    m.restart_events()
    loops()
    print(lines)
    m.set_local_events(TOOL, loops.__code__, 0)
    m.set_local_events(TOOL, loops.__code__, E.LINE)
    loops()
    print(lines)
    m.set_local_events(TOOL, loops.__code__, 0)
    m.register_callback(TOOL, E.LINE, None)


disabling()


def not_disabled():
    def raised(*args):
        return m.DISABLE
    m.register_callback(TOOL, E.RAISE, raised)
    m.set_events(TOOL, E.RAISE)
    try:
        {}["k"]
    except Exception as e:
        print(type(e).__name__, e)
    m.set_events(TOOL, 0)


not_disabled()


def failing_callback():
    def start(code, offset):
        if code is simple.__code__:
            raise ZeroDivisionError("in the callback")
    m.register_callback(TOOL, E.PY_START, start)
    m.set_events(TOOL, E.PY_START)
    try:
        simple()
    except ZeroDivisionError as e:
        print("raised:", e)
    m.set_events(TOOL, 0)
    m.register_callback(TOOL, E.PY_START, None)


failing_callback()


# Two tools: the one with the higher number first.
def two_tools():
    m.use_tool_id(3, "other")
    told = []
    m.register_callback(TOOL, E.PY_START, lambda code, offset: told.append(2))
    m.register_callback(3, E.PY_START, lambda code, offset: told.append(3))
    m.set_local_events(TOOL, simple.__code__, E.PY_START)
    m.set_events(3, E.PY_START)
    simple()
    m.set_events(3, 0)
    simple()
    print(told, m.get_local_events(TOOL, simple.__code__), m.get_events(3))
    m.free_tool_id(3)
    m.clear_tool_id(TOOL)
    simple()
    print(told, m.get_local_events(TOOL, simple.__code__))


two_tools()


def errors():
    def attempt(f, *args):
        try:
            print(f(*args))
        except Exception as e:
            print(type(e).__name__, e)
    attempt(m.use_tool_id, TOOL, "again")
    attempt(m.use_tool_id, 6, "x")
    attempt(m.use_tool_id, 3, 1)
    attempt(m.set_events, 4, E.CALL)
    attempt(m.set_events, TOOL, E.C_RETURN)
    attempt(m.set_events, TOOL, 1 << 19)
    attempt(m.set_events, TOOL, -1)
    attempt(m.set_local_events, TOOL, simple.__code__, E.RAISE)
    attempt(m.set_local_events, TOOL, simple, E.LINE)
    attempt(m.register_callback, TOOL, 3, None)
    attempt(m.register_callback, TOOL, 1 << 20, None)
    attempt(m.get_local_events, TOOL, 1)
    attempt(m.get_events, 9)


errors()
m.free_tool_id(TOOL)
print(m.get_tool(TOOL), m._all_events())
