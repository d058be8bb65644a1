# Raising, handling, chaining, tracebacks, with, except*.
def lines(e):
    tb, out = e.__traceback__, []
    while tb:
        out.append((tb.tb_frame.f_code.co_name, tb.tb_lineno))
        tb = tb.tb_next
    return out


def thrower(n):
    if n == 0:
        raise ValueError("zero")
    thrower(n - 1)


for i in range(3):
    try:
        thrower(i)
    except ValueError as e:
        print(e, lines(e))

try:
    try:
        1 / 0
    except ZeroDivisionError as first:
        raise KeyError("k") from first
except KeyError as e:
    print(repr(e.__cause__), e.__suppress_context__, repr(e.__context__))

try:
    try:
        1 / 0
    except ZeroDivisionError:
        {}["missing"]
except KeyError as e:
    print(repr(e), repr(e.__context__), e.__cause__)

try:
    try:
        1 / 0
    except ZeroDivisionError:
        raise TypeError from None
except TypeError as e:
    print(repr(e), e.__suppress_context__, repr(e.__context__))


def returns():
    try:
        return "try"
    finally:
        print("finally")


def overrides():
    try:
        return "try"
    finally:
        return "finally"


def loops():
    out = []
    for i in range(5):
        try:
            if i == 1:
                continue
            if i == 3:
                break
            out.append(i)
        finally:
            out.append(-i)
    else:
        out.append("else")
    return out


def swallow():
    try:
        raise ValueError
    except ValueError:
        pass
    else:
        return "else"
    finally:
        return "end"


print(returns(), overrides(), loops(), swallow())


def nested():
    try:
        try:
            raise ValueError(1)
        except TypeError:
            print("wrong")
        finally:
            print("inner finally")
    except (KeyError, ValueError) as e:
        print("outer", e)
        try:
            raise
        except ValueError as again:
            print("again", again is e)
    try:
        e
    except UnboundLocalError as u:
        print(u)


nested()
try:
    raise
except RuntimeError as e:
    print(e)
for bad in (lambda: (_ for _ in ()).throw(1), ):
    try:
        bad()
    except TypeError as e:
        print(e)
try:
    raise 5
except TypeError as e:
    print(e)
try:
    raise ValueError from 5
except TypeError as e:
    print(e)
try:
    try:
        raise ValueError
    except 5:
        pass
except TypeError as e:
    print(e)


class Manager:
    def __init__(self, name, swallow=False):
        self.name, self.swallow = name, swallow

    def __enter__(self):
        print("enter", self.name)
        return self.name

    def __exit__(self, kind, value, tb):
        print("exit", self.name, kind and kind.__name__, value, tb is not None)
        return self.swallow


with Manager("a") as a, Manager("b") as b:
    print(a, b)
with Manager("outer", True):
    with Manager("inner"):
        raise ValueError("in with")
for i in range(3):
    try:
        with Manager(i):
            if i == 1:
                raise KeyError(i)
            if i == 2:
                continue
    except KeyError:
        print("caught")


def with_return():
    with Manager("r"):
        return 1


print(with_return())
for thing in (5, "x"):
    try:
        with thing:
            pass
    except TypeError as e:
        print(e)

try:
    raise ExceptionGroup("g", [ValueError(1), ExceptionGroup("h", [TypeError(2), ValueError(3)]), OSError(4)])
except* ValueError as g:
    print("V", g.exceptions)
except* TypeError as g:
    print("T", g.exceptions)
except* OSError as g:
    print("O", g.exceptions)
try:
    try:
        raise ExceptionGroup("g", [ValueError(1), TypeError(2)])
    except* ValueError:
        raise KeyError("new")
except ExceptionGroup as g:
    print(repr(g), [repr(e) for e in g.exceptions])
try:
    raise ValueError("naked")
except* ValueError as g:
    print(repr(g))


def assertion(x):
    assert x, f"message {x}"
    return x


print(assertion(1))
try:
    assertion(0)
except AssertionError as e:
    print(repr(e))


class Custom(Exception):
    def __init__(self, a, b):
        super().__init__(a)
        self.b = b

    def __str__(self):
        return f"custom {self.args} {self.b}"


try:
    raise Custom(1, 2)
except Exception as e:
    print(e, repr(e), e.args)


def cleanup(log):
    try:
        log.append("body")
        raise SystemExit(3)
    except BaseException as e:
        log.append(type(e).__name__)
        raise
    finally:
        log.append("finally")


log = []
try:
    cleanup(log)
except SystemExit as e:
    print(log, e.code)
e = None
try:
    x = [][1]
except IndexError as err:
    e = err
print(e.__traceback__.tb_lineno, e)
import sys
try:
    1 / 0
except ZeroDivisionError:
    print(sys.exc_info()[0].__name__, sys.exception())
    def inner():
        return sys.exception()
    print(inner())
print(sys.exception())
