# Details of built-in functions and types, as CPython has them.
def error(f, *args, **kwargs):
    try:
        return f(*args, **kwargs)
    except Exception as e:
        return f"{type(e).__name__}: {e}"


def reduced(x):
    f, args = x.__reduce__()
    return f.__name__, args


print(len.__reduce__(), reduced([1].append), reduced(str.upper), reduced((3).__add__), reduced(dict.fromkeys))
print(reduced(iter([1, 2]))[0] if len(iter([1, 2]).__reduce__()) == 2 else iter([1, 2]).__reduce__()[1:])


# anext
class Async:
    def __init__(self, n):
        self.n = n

    def __aiter__(self):
        return self

    async def __anext__(self):
        if not self.n:
            raise StopAsyncIteration
        self.n -= 1
        return self.n


def run(awaitable):
    it = awaitable.__await__()
    try:
        while True:
            next(it)
    except StopIteration as e:
        return e.value


async def agen():
    yield 1


async def main():
    a = Async(2)
    print(await anext(a), await anext(a), await anext(a, "default"))
    try:
        await anext(a)
    except StopAsyncIteration:
        print("ended")
    g = agen()
    print(await anext(g), await anext(g, None))


run(main())
print(error(anext, 1), error(anext))


# property
class Base:
    @property
    def p(self):
        "first"

    @p.setter
    def p(self, v):
        pass

    @p.getter
    def p(self):
        "second"

    @p.getter
    def q(self):
        pass


print(Base.p.__doc__, Base.q.__doc__, property(doc="x").__doc__, error(property().__set_name__, 1))


class Slotted(property):
    __slots__ = ("more",)


def getter(self):
    "doc of the getter"


print(error(Slotted, getter), Slotted(None, doc="dropped").__doc__ is Slotted.__doc__)


# exec and eval of code with free variables
def outer():
    free = 1

    def inner():
        return free
    return inner


code = outer().__code__
print(error(exec, code), error(eval, code), sep="\n")
print(error(exec, code, closure=outer().__closure__), error(exec, code, closure=()), error(exec, "1", closure=()), sep="\n")
print(error(exec, compile("1", "x", "exec"), closure=()), error(compile, "1", "x", "exec", 1 << 30), sep="\n")
ns = {}
inner = "c = compile('def f(x: y): pass', 's', 'exec')\ne = compile('def f(x: y): pass', 's', 'exec', 0, True)"
exec(compile(inner, "x", "exec", 0x1000000), ns)
print(hex(ns["c"].co_flags & 0x1fe0000), hex(ns["e"].co_flags & 0x1fe0000))
print(error(lambda: "ab" * (1 << 62)), error(lambda: "a" * ((1 << 63) - 100)).split(":")[0])
