def everything(a, b=2, /, c=3, *args, d, e=5, **kwargs):
    return a, b, c, args, d, e, kwargs


print(everything(1, d=4))
print(everything(1, 2, 3, 4, 5, d=6, f=7))
print(everything(*[1, 2], **{'d': 3, 'c': 4}))
for bad in (lambda: everything(), lambda: everything(1, d=1, a=2), lambda: everything(1)):
    try:
        print(bad())
    except TypeError as e:
        print('TypeError')


def mutable(value, into=[]):
    into.append(value)
    return into


print(mutable(1), mutable(2) is mutable(3))
