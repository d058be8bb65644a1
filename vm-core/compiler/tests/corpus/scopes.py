def shadowing(x):
    def inner():
        x = 1
        return [x for x in x]
    return inner, [lambda: x for _ in x]


def deep():
    a = 1
    def one():
        def two():
            class Three:
                b = a
                def four(self):
                    return a, b
            return Three
        return two
    return one


def deleted():
    x = 1
    del x
    x
    try: x
    except E as x: pass
    x


def many():
    a0=a1=a2=a3=a4=a5=a6=a7=a8=a9=a10=a11=a12=a13=a14=a15=a16=a17 = 0
    def inner(): return a17, a3, a11
    return a0, a16, inner


def conditional_binding(flag):
    if flag:
        import os as x
    else:
        from os import path as x
    return x


class Outer:
    def f(self):
        nonlocal_ = 1
        def g():
            nonlocal nonlocal_
            nonlocal_ = super().f
            return __class__
        return g


def exec_globals():
    global a, b
    b = 1
    def inner():
        return a, b
