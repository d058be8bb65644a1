# frame.f_lineno set by a trace function.
import sys

out = []


def jump(function, start, end, event="line", *args):
    """Runs a function; at a line of it the frame is sent to another."""
    out.clear()
    first = function.__code__.co_firstlineno
    done = []

    def tracer(frame, what, arg):
        if frame.f_code is not function.__code__ and frame.f_code.co_name != "inner":
            return None
        if what == event and frame.f_lineno == first + start and not done:
            done.append(1)
            frame.f_lineno = first + end
            out.append(("now at", frame.f_lineno - first))
        return tracer

    sys.settrace(tracer)
    try:
        function(*args)
    except Exception as e:
        out.append((type(e).__name__, str(e)))
    sys.settrace(None)
    print(function.__name__, start, end, out)


def straight():
    out.append(1)
    out.append(2)
    out.append(3)


def loop():
    out.append(1)
    for i in 1, 2:
        out.append(3)
        out.append(4)
    out.append(5)
    while len(out) < 12:
        out.append(7)


def handlers():
    out.append(1)
    try:
        out.append(3)
        1 / 0
    except ZeroDivisionError:
        out.append(6)
        out.append(sys.exception())
    finally:
        out.append(9)
    out.append(sys.exception())


class Context:
    def __enter__(self):
        out.append("enter")

    def __exit__(self, *args):
        out.append("exit")


def contexts():
    out.append(1)
    with Context():
        out.append(3)
    with Context():
        out.append(5)
    out.append(6)


def unbound():
    if not out:
        x = 1
    y = 3
    out.append(x)
    out.append(y)


def in_calls():
    x = [1]
    print(end=str(
        x))
    out.append(
        x)


def generator():
    def inner():
        out.append(2)
        yield 3
        out.append(4)
    for x in inner():
        out.append(x)


jump(straight, 3, 1)
jump(straight, 1, 3)
jump(straight, 1, 99)
jump(straight, 1, -5)
jump(loop, 1, 3)
jump(loop, 3, 5)
jump(loop, 3, 4)
jump(loop, 4, 2)
jump(loop, 3, 1)
jump(handlers, 3, 10)
jump(handlers, 6, 10)
jump(handlers, 1, 6)
jump(handlers, 6, 3)
jump(handlers, 1, 9)
jump(contexts, 1, 3)
jump(contexts, 3, 5)
jump(contexts, 3, 6)
jump(contexts, 5, 3)
jump(in_calls, 1, 4)
jump(straight, 0, 2, "call")
jump(straight, 3, 1, "return")
jump(generator, 3, 2, "return")
jump(generator, 3, 2)


def bad_values():
    def tracer(frame, event, arg):
        if event == "line" and frame.f_code is straight.__code__:
            for v in (None, "1", 1.0, True, 1 << 40):
                try:
                    frame.f_lineno = v
                except Exception as e:
                    print(type(e).__name__, e)
            try:
                del frame.f_lineno
            except Exception as e:
                print(type(e).__name__, e)
            try:
                frame.f_back.f_lineno = 1
            except Exception as e:
                print(type(e).__name__)
            sys.settrace(None)
        return tracer
    sys.settrace(tracer)
    straight()
    try:
        sys._getframe().f_lineno = 1
    except ValueError as e:
        print(e)


bad_values()
