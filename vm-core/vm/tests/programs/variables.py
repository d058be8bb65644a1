# Locals, globals, cells, names, deletion, comprehensions' scopes.
x = 1


def read_global():
    return x


def write_global():
    global x, y
    x = x + 1
    y = "new"


for i in range(5):
    write_global()
    print(read_global(), y)
del y
try:
    y
except NameError as e:
    print(e, e.name)


def deleted():
    v = 1
    del v
    try:
        v
    except UnboundLocalError as e:
        print(e)
    try:
        del v
    except UnboundLocalError as e:
        print(e)


deleted()


def closures():
    fs = []
    for i in range(3):
        def f(j=i):
            return i, j
        fs.append(f)
    return [f() for f in fs]


print(closures())


def counter():
    n = 0

    def up(by=1):
        nonlocal n
        n += by
        return n

    def gone():
        nonlocal n
        del n

    return up, gone


up, gone = counter()
print([up() for _ in range(4)], up(10))
gone()
try:
    up()
except (NameError, UnboundLocalError) as e:
    print(type(e).__name__, e)
try:
    gone()
except (NameError, UnboundLocalError) as e:
    print(type(e).__name__, e)


def free_unbound():
    def inner():
        return later
    try:
        inner()
    except NameError as e:
        print(e)
    later = 1
    return inner()


print(free_unbound())


def argument_cell(a, *b, **c):
    def f():
        return a, b, c
    a = a + 1
    return f


print(argument_cell(1, 2, k=3)())
print([x for x in range(3)], x, {k: v for k, v in zip("ab", (1, 2))}, {z for z in (1, 1)})


class Body:
    x = "class"
    y = [x for _ in range(2)]
    z = [(lambda: x)() for _ in range(1)]
    locals()["dynamic"] = 5
    w = x
    del x


print(Body.y, Body.z, Body.dynamic, Body.w, hasattr(Body, "x"))
try:
    class Missing:
        a = missing
except NameError as e:
    print(e)
try:
    class Deleting:
        del nothing
except NameError as e:
    print(e)


def walrus():
    if (n := 10) > 5:
        print([m := n + i for i in range(2)], m)
    return n


print(walrus())
a, (b, *c), d = 1, (2, 3, 4), 5
print(a, b, c, d)
for bad in ("a, b = 1,", "a, b = 1, 2, 3", "a, *b, c = 1,", "a, b = 5", "a, b = [1]", "a, b = 'xyz'"):
    try:
        exec(bad)
    except (ValueError, TypeError) as e:
        print(e)
i = 0
while True:
    i += 1
    if i == 3:
        continue
    if i > 5:
        break
else:
    print("not here")
print(i)
ns = {"q": 5}
exec("r = q * 2\ndef f(): return r + q", ns)
print(ns["r"], ns["f"](), eval("q + 1", ns), eval("[q for _ in range(2)]", {"q": 1}, {"q": 2}))


class Mapping(dict):
    def __missing__(self, key):
        return f"<{key}>"


exec("print(undefined)", {}, Mapping(print=print))


def snapshot(a, b=2):
    c = 3
    return locals()


print(snapshot(1))


def swap(a, b, c):
    a, b = b, a
    a, b, c = c, a, b
    return a, b, c


print(swap(1, 2, 3))
import sys


def through_frame():
    v = 1
    f = sys._getframe()
    f.f_locals["v"] = 2
    f.f_locals["w"] = 3
    return v, sorted(k for k in f.f_locals), f.f_lineno - f.f_code.co_firstlineno


print(through_frame())


def caller_name():
    return sys._getframe(1).f_code.co_name


def calls_it():
    return caller_name()


print(calls_it(), caller_name())
