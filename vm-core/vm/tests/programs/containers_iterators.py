# iter, enumerate, reversed, zip, map, filter; unpacking; what native consumers ask.
def t(f, *a, **k):
    try:
        return f(*a, **k)
    except Exception as e:
        return type(e).__name__, str(e)

class Seq:
    def __init__(self, n): self.n = n
    def __getitem__(self, i):
        if i >= self.n: raise IndexError(i)
        return i * i
    def __len__(self): return self.n
print(list(Seq(4)), tuple(Seq(3)), list(reversed(Seq(4))), 4 in Seq(5), 5 in Seq(5), sum(Seq(3)), [*Seq(2)], set(Seq(3)))
it = iter(Seq(3))
print(it.__length_hint__(), next(it), it.__reduce__()[2], it.__setstate__(2), list(it), it.__length_hint__(), it.__reduce__()[1:], next(it, "x"))
it = reversed(Seq(3))
print(it.__length_hint__(), next(it), it.__reduce__()[2], it.__setstate__(0), list(it), it.__length_hint__(), it.__reduce__()[1:])
class NoLen:
    def __getitem__(self, i):
        if i > 2: raise StopIteration
        return i
print(list(NoLen()), iter(NoLen()).__length_hint__(), t(reversed, NoLen()), t(len, NoLen()))
class Bad:
    def __getitem__(self, i): raise KeyError("k")
print(t(list, Bad()), t(iter, 5), t(iter, None), t(list, 5), t(lambda: [*5]), t(iter), t(next, [1]), t(next, iter([]), 5))
class NotIter:
    def __iter__(self): return 5
print(t(iter, NotIter()), t(list, NotIter()))
class NoneIter:
    __iter__ = None
    def __getitem__(self, i): return 1
print(t(iter, NoneIter()), t(list, NoneIter()), t(lambda: 1 in NoneIter()))
class RaisesStop:
    def __init__(self): self.i = 0
    def __iter__(self): return self
    def __next__(self):
        self.i += 1
        if self.i > 3: raise StopIteration("done")
        return self.i
print(list(RaisesStop()), list(map(lambda x: x, RaisesStop())), dict(enumerate(RaisesStop())))
# callable iterators
n = 0
def count():
    global n
    n += 1
    return n
print(list(iter(count, 4)), n, t(iter, 1, 2), iter(count, 99).__reduce__()[1][1])
def stops():
    raise StopIteration
print(list(iter(stops, 1)))
def fails():
    raise ValueError("f")
print(t(list, iter(fails, 1)))
# enumerate
print(list(enumerate("ab")), list(enumerate("ab", 5)), list(enumerate("ab", start=-1)), list(enumerate(iterable="a", start=2)), list(enumerate("ab", 2**62)), list(enumerate("ab", 10**30)))
print(t(enumerate), t(enumerate, 1), t(enumerate, "a", "b"), t(enumerate, "a", 1, 2), t(enumerate, "a", foo=1), t(enumerate, start=1), enumerate("ab", 3).__reduce__()[1][1])
# reversed
print(list(reversed([1, 2])), list(reversed((1, 2))), list(reversed("ab")), list(reversed(range(3))), list(reversed({1: 2, 3: 4})), t(reversed, {1}), t(reversed, 5), t(reversed, iter([])), t(reversed))
class Rev:
    def __reversed__(self): return "rev"
class NoRev(list):
    __reversed__ = None
print(reversed(Rev()), t(reversed, NoRev()))
# zip
print(list(zip()), list(zip("ab")), list(zip("ab", [1, 2, 3])), list(zip("abc", range(2), [7, 8, 9])), t(zip, 1), t(zip, "a", 1), t(zip, "a", foo=1))
print(list(zip("ab", "cd", strict=True)), t(list, zip("ab", "c", strict=True)), t(list, zip("a", "cd", strict=True)), t(list, zip("ab", "cd", "e", strict=True)), t(list, zip("ab", "cd", "efg", strict=True)), list(zip(strict=True)), t(list, zip("", "a", strict=True)))
z = zip([1], strict=True)
print(len(z.__reduce__()), z.__setstate__(False), len(z.__reduce__()))
a = iter([1, 2, 3])
b = iter([1])
print(list(zip(a, b)), list(a))
# map
print(list(map(abs, [-1, 2])), list(map(lambda x, y: x + y, [1, 2], [3, 4, 5])), list(map(max, [1], [2], [3])), t(map), t(map, abs), t(list, map(5, [1])), t(map, abs, 5), t(map, abs, [1], foo=1))
print(list(map(pow, [2, 3], [2, 2], strict=True)), t(list, map(pow, [2, 3], [2], strict=True)), t(list, map(pow, [2], [2, 3], strict=True)), t(list, map(max, "a", "b", "", strict=True)))
def stop2(x):
    if x == 2: raise StopIteration
    return x
print(list(map(stop2, [1, 2, 3])), map(abs, [1]).__reduce__()[1][0])
# filter
print(list(filter(None, [0, 1, "", "a"])), list(filter(bool, [0, 2])), list(filter(lambda x: x > 1, [1, 2, 3])), t(filter, None), t(filter, None, 5), t(list, filter(5, [1])), filter(None, [1]).__reduce__()[1][0])
# unpacking
def unpack(n, it):
    if n == 0:
        [] = it
        return ()
    if n == 1:
        a, = it
        return a,
    if n == 2:
        a, b = it
        return a, b
    a, *b, c = it
    return a, b, c
for n in (0, 1, 2, 3):
    for it in ([], [1], (1, 2), "abc", range(5), Seq(2), {1: 2}, 5, iter([1, 2])):
        print(n, t(unpack, n, it))
class Asked:
    def __init__(self): self.n = 0
    def __iter__(self): print("iter"); return self
    def __length_hint__(self): print("hint"); return 2
    def __next__(self):
        self.n += 1
        if self.n > 4: raise StopIteration
        return self.n
a, *b, c = Asked(); print(a, b, c)
# hints
class Hint:
    def __init__(self, h): self.h = h
    def __iter__(self): return iter([1, 2])
    def __length_hint__(self):
        if isinstance(self.h, Exception): raise self.h
        return self.h
for h in (0, 5, -1, "a", NotImplemented, TypeError("t"), ValueError("v"), 10**30, 1.5):
    print(t(list, Hint(h)), t(tuple, Hint(h)))
class LenBad:
    def __iter__(self): return iter([1])
    def __len__(self): return -1
print(t(list, LenBad()), t(len, LenBad()))
print(all([]), any([]), all([1, 0]), any([0, 2]), sum([1, 2], 3), t(sum, ["a"]), max([1, 3, 2]), t(max, []), max([], default=5), min("b", "a"), max("a", "bb", key=len), t(sum, 5), min([[2], [1]]))
for x in iter(lambda: 5, 5): print("never")
