# What would take an object for one of another layout is refused.
def error(f, *args):
    try:
        return f(*args)
    except Exception as e:
        return f"{type(e).__name__}: {e}"


class NewOfList:
    __new__ = list.__new__


class LenOfList:
    __len__ = list.__len__
    __getitem__ = dict.__getitem__
    __iter__ = tuple.__iter__
    __add__ = str.__add__


print(type(error(NewOfList)).__name__)
for f in len, iter, lambda x: x[0], lambda x: x + x:
    print(error(f, LenOfList()))


class Mro(type):
    answer = None

    def mro(self):
        return [self, *Mro.answer]


for Mro.answer in [dict, object], [1], [object]:
    print(error(Mro, "X", (), {}))
print(error(object.__new__, type(int | str)), error(object.__new__, list), error(type(int | str)), sep="\n")


# A bound method, specialized for lists, that meets the list type itself.
def append(to, x):
    to.append((x,))


for i in range(3):
    append([], i)
print(error(append, list, 1))
print("abcdef"[5:0:-2], "a\u20acc"[::-(1 << 62)], "abc"[2::(1 << 62)])
