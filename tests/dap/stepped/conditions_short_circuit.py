def t(x):
    print('t', x)
    return True


def f(x):
    print('f', x)
    return False


if f(1) and t(2) or t(3):
    print('first')
if not (t(4) and f(5)):
    print('second')
value = f(6) or [] or 'last'
other = t(7) and value and 3
print(value, other, 1 < 2 < 3, 1 < 3 < 2, t(8) if f(9) else f(10))
print(None is None, 'a' in 'abc', 2 not in [1])
