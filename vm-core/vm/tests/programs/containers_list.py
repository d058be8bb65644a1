# Lists: methods, slices, operators, errors, mutation while something walks them.
def t(f, *a, **k):
    try:
        return f(*a, **k)
    except Exception as e:
        return type(e).__name__, str(e)

print(list(), list("abc"), list(range(3)), list((1, 2)), list({3, 1}), list({"a": 1}))
print(t(list, 5), t(list, 1, 2), t(list, x=1))
a = [1, 2, 3]
print(a + [4], a * 2, 2 * a, a * 0, a * -1, [] + [])
print(t(lambda: a + (1,)), t(lambda: a * 1.5), t(lambda: "a" * a))
a += "xy"
print(a)
a *= 2
print(a)
a *= 0
print(a)
a = list(range(10))
print(a[2:5], a[::-1], a[::3], a[-3:], a[100:], a[5:2], a[8:1:-2], a[True], a[-1])
print(t(lambda: a[10]), t(lambda: a[-11]), t(lambda: a["x"]), t(lambda: a[1:2:0]), t(lambda: a["a":]))
print(t(lambda: a[1 << 80]), a[: 1 << 80] == a, a[-1 << 80 :] == a)

def assign(index, value):
    b = list(range(10))
    try:
        b[index] = value
    except Exception as e:
        return type(e).__name__, str(e)
    return b

print(assign(slice(2, 5), "ab"), assign(slice(2, 2), [7, 7]), assign(slice(None), []))
print(assign(slice(None, None, 2), range(5)), assign(slice(None, None, -1), range(10)))
print(assign(slice(0, 10, 3), [1]), assign(slice(1, 2), 5), assign(slice(0, 4, 2), 5))
print(assign(3, "x"), assign(-1, "x"), assign(10, "x"), assign("k", 1))

def delete(index):
    b = list(range(10))
    try:
        del b[index]
    except Exception as e:
        return type(e).__name__, str(e)
    return b

for s in [3, -1, 10, slice(2, 5), slice(None), slice(None, None, 2), slice(None, None, -3),
          slice(8, 1, -2), slice(1, 9, 4), slice(5, 2), slice(0, 10, 20), "x"]:
    print(s, delete(s))

b = [3, 1, 2]
print(b.append(4), b, b.extend((5, 6)), b.extend(x for x in "ab"), b)
print(b.insert(0, "f"), b.insert(100, "l"), b.insert(-1, "m"), b)
print(b.pop(), b.pop(0), b.pop(-2), b, t([].pop), t(b.pop, 99), t(b.pop, "a"), t(b.pop, 1 << 70))
print(b.remove(5), b, t(b.remove, "zz"))
print(b.index(2), b.index(6, 2), t(b.index, 99), t(b.index, 3, 1, -1), t(b.index, 1, "a"), t(b.index, 1, None))
print(b.count(1), b.count("q"), b.reverse(), b, b.copy(), b.copy() is b, b.clear(), b)
print(t([].append), t([].append, 1, 2), t([].append, x=1), t([].insert, 1), t([].copy, 1), t([].index), t([].pop, 1, 2))
print([1, 2] == [1, 2], [1, 2] != [1, 2], [1, 2] < [1, 3], [1] < [1, 0], [2] > [1, 9], [1] <= [1], [] >= [])
print([1] == (1,), t(lambda: [1] < (1,)), t(lambda: [1, "a"] < [1, 2]), [float("nan")] == [float("nan")])
n = float("nan")
print([n] == [n], n in [n], [n].index(n), [n].count(n))
c = [1]
c.append(c)
print(c, [c], str(c), c == c)
print(t(hash, []), bool([]), bool([0]), len([1, 2]), 1 in [1], 2 not in [1], 1.0 in [1], True in [1])

class Evil:
    def __init__(self, lst):
        self.lst = lst
    def __eq__(self, other):
        self.lst.clear()
        return False
    def __repr__(self):
        self.lst.append(1) if len(self.lst) < 5 else None
        return "E"

d = []
d.extend([Evil(d), 1, 2])
print(1 in d, d)
d.extend([Evil(d), 1, 2])
print(d.count(5), d)
d.extend([Evil(d), 1, 2])
print(t(d.index, 5), d)
d.extend([Evil(d), 1])
print(repr(d))
d = [1, 2, 3]
for x in d:
    if len(d) < 8:
        d.append(x * 10)
print(d)
d = [1, 2, 3, 4]
for x in d:
    d.remove(x)
print(d)
it = iter([1, 2, 3])
print(it.__length_hint__(), next(it), it.__reduce__()[1:], it.__setstate__(2), next(it), list(it), it.__reduce__()[1:])
it = reversed([1, 2, 3])
print(it.__length_hint__(), next(it), it.__reduce__()[1:], list(it), it.__reduce__()[1:])
it = iter([1])
list(it)
print(next(it, "end"), next(it, "end"))
d = [1, 2, 3]
d[1:2] = d
print(d)
d.extend(d)
print(d)

class L(list):
    def __init__(self, a, b=3):
        super().__init__(a)
        self.b = b

x = L("ab", b=9)
print(x, x.b, type(x), x + [1], type(x + [1]), x * 2, type(x[:1]), x == ["a", "b"], type(x.copy()))
class N(list):
    def __new__(cls, *a, **k):
        return super().__new__(cls)
print(N([1, 2]), t(N, 1, 2))
print(list.__class_getitem__(int), list[int], list.__hash__)
print([1, 2, 3].__contains__(2), [1].__len__(), [1].__add__([2]), [1].__iadd__([3]), [1].__imul__(2), [1].__rmul__(2))
print([1].__eq__(3), [1].__lt__(3), [1, 2].__getitem__(0), [[1, 2], [3]].__getitem__(slice(1)))
def gen():
    yield 1
    yield 2
    raise KeyError("g")
e = []
print(t(e.extend, gen()), e)
print([*"ab", *[1]], sorted([3, 1, 2]), sum([1, 2]), max([1, 3]), min([4, 2]), [1, 2].__sizeof__() > 0)
