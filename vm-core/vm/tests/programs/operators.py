# Arithmetic, comparison, subscription; the ways in which specialized forms give up.
def arithmetic(a, b):
    out = []
    for op in (lambda: a + b, lambda: a - b, lambda: a * b, lambda: a / b, lambda: a // b, lambda: a % b,
               lambda: a ** b if b not in (2**62,) else 0, lambda: a << b if b != 2**62 else 0, lambda: a >> b, lambda: a & b, lambda: a | b, lambda: a ^ b,
               lambda: a == b, lambda: a != b, lambda: a < b, lambda: a <= b, lambda: a > b, lambda: a >= b):
        try:
            out.append(op())
        except Exception as e:
            out.append(f"{type(e).__name__}: {e}")
    return out


for a, b in [(7, 3), (-7, 3), (7, -3), (0, 5), (5, 0), (2.5, 2), (2, 2.5), (2.5, 0.5), (1.0, 0.0), (True, 2),
             ("a", "b"), ("a", 3), ([1], [2]), ([1], 2), ((1,), (2,)), (2**62, 2**62), (-2**62, 1), (1, 70),
             (2**100, 2**3), ({1}, {1, 2}), (None, 1), (1 + 2j, 2), (0.1, 0.2)]:
    print(a, b, arithmetic(a, b))


# One site sees ints, then floats, then strings, then lists, then ints again.
def add(a, b):
    return a + b


for batch in ([(i, i) for i in range(5)], [(i + .5, 1.0) for i in range(5)], [("a", str(i)) for i in range(60)],
              [([i], [i]) for i in range(60)], [(i, i) for i in range(60)]):
    r = None
    for a, b in batch:
        r = add(a, b)
    print(r)


def sums(n):
    i, total, f = 0, 0, 0.0
    while i < n:
        total += i * 2 - 1
        f += i / 2 - 0.5
        f = f * 1.0
        i += 1
    return total, f


print(sums(1000), sums(3))
big = 2**61
for i in range(5):
    print(big + big, big * 2, -big - big - 1, big - -big)
    big += big // 2
print(sum(i % 7 for i in range(100)), sum(i // 7 for i in range(-50, 50)), 7 // -2, -7 % 3, 7 % -3, 5.5 // 2, -5.5 % 2)
print([1 << i for i in (0, 10, 61, 62, 63, 64)], [(-1) << i for i in (61, 62, 63)], -9 >> 1, 9 >> 100, -9 >> 100)
x = 5
x += 1; x -= 2; x *= 3; x //= 2; x **= 2; x %= 17; x <<= 3; x >>= 1; x |= 1; x &= 0xff; x ^= 3
print(x)
x = 5.0
x += 1; x -= .5; x *= 3; x /= 2; x **= 2; x //= 2; x %= 7
print(x)
l = [1, 2, 3]
l += (4,)
l *= 2
print(l, l[0], l[-1], l[2:4], l[::-1], l[True])


def index(seq, i):
    try:
        return seq[i]
    except Exception as e:
        return f"{type(e).__name__}: {e}"


for seq in ([10, 20, 30], (10, 20, 30), "abc", {0: "zero", "k": 1}, b"xyz", range(5), "äöü"):
    print([index(seq, i) for i in (0, 2, 0, 1, -1, 5, "k", 1.5, None, slice(1), 10**20)])
d = {}
for i in range(10):
    d[i % 3] = i
    d["s"] = i
    d[i % 3] += 1
print(d, d["s"], 1 in d, 5 in d, "s" in d, 5 not in d)
l = [0] * 5
for i in range(5):
    l[i] = i * i
    l[-1] += 1
print(l)
del l[0], d[0]
l[1:3] = [7, 8, 9]
print(l, d)
for bad in (lambda: l.__setitem__(99, 1), lambda: d.__delitem__("no"), lambda: {}[[]], lambda: 5[0], lambda: 5 in 5,
            lambda: l["a"], lambda: -"a", lambda: ~1.5, lambda: +[], lambda: not_defined):
    try:
        bad()
    except Exception as e:
        print(type(e).__name__, e)
print(1 < 2 < 3, 1 < 3 < 2, 1 is 1, None is not None, not [], not 1, -True, ~5, +3)
print([a < b for a in (1, 2.5, float("nan")) for b in (1, 2.5, float("nan"))])
print("abc" < "abd", "a" == "a", "a" != "a", [1, 2] < [1, 3], (1,) == (1,), {1: 2} == {1: 2})
print(3 in [1, 2, 3], "b" in "abc", 3 in {1, 2}, 3 in (1, 2, 3), 3 in range(3), (1, 2) in {(1, 2)})


def compare_site(a, b):
    return a < b, a == b, bool(a), a is b


for a, b in [(1, 2)] * 5 + [(1.5, 2.5)] * 60 + [("a", "b")] * 60 + [([], [1])] * 60 + [(None, None)] * 60 + [(1, 2.5)] * 5:
    try:
        r = compare_site(a, b)
    except TypeError as e:
        r = str(e)
print(r)
s = ""
for i in range(20):
    s += "x"
    t = s
    s += "y"
print(s, len(t))
s = t = "shared"
s += "!"
print(s, t)
print(0.0 == -0.0, 0.0 * -1, 1e308 * 10, -1e308 * 10, 1e-320, 5e-324 / 2, 0.1 + 0.2, 1.0 - 1.0)
print(2 ** 0.5, 2.0 ** 2, 2 ** -1, 3 ** 2, (-2.0) ** 2, 10 ** 20, 0 ** 0)
