"""throw() through generators and coroutines that delegate: all of them are on the stack meanwhile."""
import sys


def stack():
    frame, out = sys._getframe(1), []
    while frame:
        out.append((frame.f_code.co_name, frame.f_lineno))
        frame = frame.f_back
    return out


def inner():
    n = 0
    while n < 3:
        try:
            yield n, stack()
        except ZeroDivisionError as e:
            n += 1
            print("caught", n, stack(), repr(e.__context__))
    raise ValueError("end")


def middle():
    try:
        1 .nothing
    except AttributeError:
        # What is handled here is no context for what is thrown further in.
        try:
            yield from inner()
        except ValueError as e:
            print("middle", repr(e), repr(e.__context__), repr(e.__context__ and e.__context__.__context__))
            yield "last", stack()
    return 5


def outer():
    result = yield from middle()
    print("returned", result, stack())
    yield "done"


g = outer()
print(next(g))
for _ in range(3):
    print(g.throw(ZeroDivisionError))
    print(g.gi_running, g.gi_yieldfrom is not None, g.gi_frame.f_back)
print(g.send(None))
try:
    g.throw(KeyError("out"))
except KeyError as e:
    t = e.__traceback__
    while t:
        print(t.tb_frame.f_code.co_name, t.tb_lineno, t.tb_frame.f_back and t.tb_frame.f_back.f_code.co_name)
        t = t.tb_next
print(g.gi_frame, list(g))


# Something else than a generator in the middle.
class Iterator:
    def __iter__(self):
        return self

    def __next__(self):
        return "next"

    def throw(self, *args):
        print("throw", [type(a).__name__ for a in args], stack(), end=" ")
        print(f"running {g.gi_running}", end=" ")
        try:
            g.send(None)
        except ValueError as e:
            print(e)
        if len(args) == 1 and isinstance(args[0], KeyError):
            raise args[0]
        return "thrown"


def delegate():
    try:
        yield from Iterator()
    finally:
        print("finally", stack())


g = delegate()
print(next(g), g.throw(IndexError()), g.throw(IndexError()), next(g))
try:
    g.throw(KeyError("x"))
except KeyError as e:
    print(repr(e), g.gi_frame)


# Coroutines that wait for each other.
class Wait:
    def __await__(self):
        try:
            yield stack()
        except ZeroDivisionError:
            yield stack()
        return "waited"


async def a():
    return await b()


async def b():
    async with Context():
        return await Wait()


class Context:
    async def __aenter__(self):
        pass

    async def __aexit__(self, *e):
        print("exit", e[0], stack())


c = a()
print(c.send(None))
print(c.throw(ZeroDivisionError))
try:
    c.send(None)
except StopIteration as e:
    print(e.value)
c = a()
c.send(None)
try:
    c.throw(KeyError)
except KeyError as e:
    print(repr(e), c.cr_frame)


# Closed and thrown away in between.
def ends():
    try:
        yield 1
    except ZeroDivisionError:
        return "ended"


def after():
    print((yield from ends()), stack())
    yield 2


g = after()
print(next(g), g.throw(ZeroDivisionError), next(g, "none"))

# Deeply.
def deep(n):
    if n:
        yield from deep(n - 1)
    else:
        try:
            yield 1
        except ZeroDivisionError:
            yield len(stack())


g = deep(200)
print(next(g), g.throw(ZeroDivisionError))


# What cannot be made is raised inside.
class Odd(Exception):
    def __new__(cls, *args):
        return cls


def plain():
    try:
        yield
    except TypeError as e:
        yield str(e).replace("__main__.", "")


g = plain()
next(g)
print(g.throw(Odd))
g = (x for x in [1])
try:
    g.throw(Odd)
except TypeError as e:
    print("TypeError", list(g))
g = plain()
next(g)
for bad in (1, "x", int):
    try:
        g.throw(bad)
    except TypeError as e:
        print(e)
print(next(g, "went on"))


# A generator that has ended, or has raised, has no caller.
def seen():
    global frame
    frame = sys._getframe()
    yield


for g in (seen(),):
    next(g)
    print(frame.f_back)
    next(g, None)
    print(frame.f_back)


# Looking for the method goes on with the generator, or ends it.
class Looked:
    def __init__(self, act):
        self.act = act

    def __iter__(self):
        return self

    def __next__(self):
        return 1


class Found(Looked):
    @property
    def throw(self):
        self.act()
        return lambda e: "thrown" if e.args else 1 / 0


class Missing(Looked):
    def __getattr__(self, name):
        self.act()
        raise AttributeError(name)


def looked_for(iterator):
    try:
        yield from iterator
    finally:
        print("finally", end=" ")
    yield 2


for kind in Found, Missing:
    for act in (lambda: g.close(), lambda: print(next(g), end=" "), lambda: None):
        for e in KeyError("x"), KeyError():
            g = looked_for(kind(act))
            next(g)
            try:
                print(g.throw(e), list(zip(g, range(2))))
            except (KeyError, ZeroDivisionError) as e:
                print(repr(e), list(g))
