# Displays, comprehensions, unpacking, slices, iteration, f-strings, match.
print([1, *range(3), *"ab"], (*[1], 2), {*"aab"} == {"a", "b"}, {**{"a": 1}, "b": 2, **{"a": 3}})
print([(i, j) for i in range(3) if i for j in range(i)], {i: i * i for i in range(3)}, sorted({i % 2 for i in range(5)}))
for bad in ("[*5]", "{**5}", "{*5}", "(*None,)", "{[]}", "{[]: 1}", "print(*5)"):
    try:
        eval(bad)
    except TypeError as e:
        print(e)
for seq in ([1, 2], (1, 2), "ab", {1: 2, 3: 4}, range(2), iter([5, 6]), (i for i in (7, 8))):
    a, b = seq
    print(a, b)
head, *tail = [1, 2, 3]
*init, last = "abc"
first, *middle, end = range(5)
print(head, tail, init, last, first, middle, end)
for a, (b, c) in [(1, (2, 3)), (4, [5, 6])]:
    print(a, b, c)
l = list(range(10))
print(l[2:5], l[:3], l[7:], l[::3], l[::-2], l[-3:], l[5:2], l[2:8:2])
l[2:4] = "xyz"
del l[::2]
print(l)
t = tuple(range(5))
print(t[1:3], "hello"[1:3], t[::-1])
total = 0
for i in range(10):
    for x in [1, 2, 3]:
        for y in (4, 5):
            total += x * y + i
print(total)
for i in range(0):
    print("never")
else:
    print("else")
for i in range(5, 0, -2):
    print(i, end=" ")
for k, v in {"a": 1, "b": 2}.items():
    print(k, v, end=" ")
for i, c in enumerate("xy", 1):
    print(i, c, end=" ")
print()
growing = [1]
for x in growing:
    if x < 5:
        growing.append(x + 1)
print(growing)


class Iter:
    def __init__(self, n): self.n = n
    def __iter__(self): return self
    def __next__(self):
        if self.n == 0:
            raise StopIteration
        self.n -= 1
        return self.n


class Broken:
    def __iter__(self): return self
    def __next__(self): raise KeyError("broken")


class NotIter:
    def __iter__(self): return 5


for i in range(3):
    print(list(Iter(3)), [x for x in Iter(2)], sum(Iter(4)))
for cls in (Broken, NotIter, int):
    try:
        for x in cls():
            pass
    except Exception as e:
        print(type(e).__name__, e)
name, n, f = "x", 255, 3.14159
print(f"{name} {name!r} {name!s:>3} {n:#x} {n:08b} {f:.2f} {f:>10.3} {{}} {n=} {f'{n}':*^9} {name:{n % 10}}")
print(f"{'nested ' + f'{1 + 1}'}" "concat" f"{[1, 2][0]}")


class Format:
    def __format__(self, spec): return f"<{spec}>"
    def __str__(self): return "str"
    def __repr__(self): return "repr"


print(f"{Format()} {Format():abc} {Format()!r} {Format()!s:>5} {Format()!a}")


def match(x):
    match x:
        case 0 | 1: return "small"
        case int(n) if n < 0: return f"negative {n}"
        case int() | float(): return "number"
        case "a" | "b": return "letter"
        case str(s): return f"str {s}"
        case []: return "empty"
        case [1, *rest]: return f"one then {rest}"
        case [a, b]: return f"pair {a} {b}"
        case (a, (b, c), *_): return f"nested {a} {b} {c}"
        case {"k": v, **rest}: return f"k={v} {rest}"
        case {"x": 1}: return "x one"
        case Point(x=0, y=0): return "origin"
        case Point(a, b): return f"point {a} {b}"
        case None | True | False: return "constant"
        case Format(): return "format"
        case _: return "other"


class Point:
    __match_args__ = ("x", "y")

    def __init__(self, x, y):
        self.x, self.y = x, y


for x in (0, 1, -5, 10, 2.5, "a", "zz", [], [1, 2, 3], [5, 6], (1, (2, 3), 4), [7, 8, 9], {"k": 1, "z": 2}, {"x": 1}, {},
          Point(0, 0), Point(3, 4), None, True, Format(), {1}, b"x"):
    print(match(x))


class BadArgs:
    __match_args__ = "x"


for subject, code in ((Point(1, 2), "case Point(1, 2, 3): pass"), (BadArgs(), "case BadArgs(1): pass"), (Point(1, 2), "case Point(1, x=1): pass")):
    try:
        exec(f"match subject:\n {code}")
    except TypeError as e:
        print(e)
a = b = []
a.append(1)
print(b, a is b, [[]] * 2)
x = [i for i in range(3)]
x[0], x[1] = x[1], x[0]
print(x)
print([y for x in [[1, 2], [3]] for y in x], [[y for y in range(x)] for x in range(3)])
