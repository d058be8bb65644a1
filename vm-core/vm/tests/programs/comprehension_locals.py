# What locals() and f_locals show within comprehensions of modules and classes.
import sys

y = 5
print([sorted(locals()) for x in [1]], [type(sys._getframe().f_locals).__name__ for x in [1]])
print([list(sys._getframe().f_locals) for x in [1]][0])
print([[sorted(locals()) for b in [1]] for a in [2]])


class C:
    z = 1
    print([sorted(locals()) for x in [1]])
    print([dict(sys._getframe().f_locals) for x in [1]])
    print([eval("x") for x in [3]], [exec("y = x; print(y, locals())") for x in [4]])
    try:
        print([eval("z") for x in [3]])
    except NameError as e:
        print(e)
    print([vars()["x"] for x in "ab"], ["x" in dir() for x in [1]])
    print(sorted(locals()))


def f(a):
    print([sorted(locals()) for x in [1]])
    return [eval("x + a") for x in [3]]


print(f(1), y)
