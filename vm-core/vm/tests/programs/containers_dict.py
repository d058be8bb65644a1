# Dictionaries: order, views, methods, mutation, user-defined keys.
def t(f, *a, **k):
    try:
        return f(*a, **k)
    except Exception as e:
        return type(e).__name__, str(e)

print({}, dict(), dict(a=1), dict({1: 2}, b=3), dict([(1, 2), "ab", [3, 4]]), dict(zip("ab", [1, 2])))
print(t(dict, 1), t(dict, 1, 2), t(dict, [1]), t(dict, [(1, 2, 3)]), t(dict, ["a"]), t(dict, [[]]))
d = {"a": 1, 2: "b", (1, 2): [3], None: 4, 1.5: 5, True: 6}
print(d, len(d), d["a"], d[2], d[(1, 2)], d[1], d[1.0], d[2.0])
print(t(lambda: d["zz"]), t(lambda: d[[]]), t(lambda: {[]: 1}), t(lambda: {{}: 1}), t(lambda: [] in d), t(d.get, []))
d[1] = "one"
d[True] = "t"
print(d)
del d[2]
print(d, t(d.__delitem__, 2))
d[2] = "again"
print(list(d), list(d.values()), list(d.items()))
print(d.get("a"), d.get("q"), d.get("q", 7), d.setdefault("a", 9), d.setdefault("n"), d.setdefault("m", 3), d)
print(d.pop("a"), d.pop("a", None), t(d.pop, "a"), t({}.pop, []), t({1: 1}.pop, []), d.popitem(), d, t({}.popitem))
print(d.copy(), d.copy() is d, d.copy() == d, d.clear(), d)
print(dict.fromkeys("aba"), dict.fromkeys([1, 2], 0), dict.fromkeys({3: 1}), dict.fromkeys({5}), t(dict.fromkeys), t(dict.fromkeys, 1))
d = {"x": 1}
print(d.update({"y": 2}), d.update([("z", 3)], w=4), d.update(), d, t(d.update, 1), t(d.update, 1, 2), t(d.update, [1]))
class Keys:
    def keys(self): return ["k1", "k2"]
    def __getitem__(self, k): return k + "!"
d.update(Keys())
print(d, dict(Keys()))
print({1: 2} | {3: 4}, {1: 2} | {1: 5}, t(lambda: {} | []), t(lambda: {} | None))
d = {1: 1}
d |= {2: 2}
d |= [(3, 3)]
print(d, t(d.__ior__, 5), d.__or__(5), d.__ror__({9: 9}))
print({1: 2} == {1: 2}, {1: 2} == {1: 3}, {1: 2} != {2: 1}, {} == [], t(lambda: {} < {}), {1: 2, 3: 4} == {3: 4, 1: 2})
print(d.keys(), d.values(), d.items(), d.keys().mapping, len(d.keys()), 1 in d.keys(), (1, 1) in d.items(), (1, 2) in d.items(), 3 in d.values())
k = {1: "a", 2: "b", 3: "c"}
print(k.keys() & {1, 2, 9}, k.keys() | [5], k.keys() - {1}, k.keys() ^ {1, 7}, {1, 9} & k.keys(), [1, 9] - k.keys() if False else 0)
print({1, 9} - k.keys(), {9} | k.keys(), k.items() & {(1, "a"), (2, "x")}, sorted(k.items() ^ {1: "a", 5: "e"}.items()), sorted(k.items() - {(1, "a")}))
print(k.keys() == {1, 2, 3}, k.keys() == [1, 2, 3], k.keys() < {1, 2, 3, 4}, k.keys() >= {1}, k.keys() > {1, 2, 3}, k.items() == set(k.items()))
print(k.keys().isdisjoint([4, 5]), k.keys().isdisjoint({3}), k.items().isdisjoint(k.items()), t(k.keys().isdisjoint, 1), t(lambda: k.values() & {1}))
print(list(reversed(k)), list(reversed(k.values())), list(reversed(k.items())), list(reversed(k.keys())))
print(t(hash, k.keys()), k.values() == k.values(), t(lambda: k.keys() < [1]))
it = iter(k)
print(it.__length_hint__(), next(it), it.__length_hint__(), it.__reduce__()[1], list(it), it.__length_hint__(), next(it, "e"))
def mutate(d, how):
    out = []
    try:
        for x in d:
            out.append(x)
            how(d, x)
            if len(out) > 20:
                break
    except RuntimeError as e:
        out.append(str(e))
    return out
print(mutate({1: 1, 2: 2}, lambda d, x: d.__setitem__(x + 10, 0)))
print(mutate({1: 1, 2: 2}, lambda d, x: d.pop(x)))
print(mutate({1: 1, 2: 2, 3: 3}, lambda d, x: d.__setitem__(x, 5)))
def delete_add(d, x):
    del d[x]
    d[x + 100] = 1
print(mutate({1: 1, 2: 2, 3: 3}, delete_add))
def swap(d, x):
    del d[x]
    d[x] = 1
for n in range(1, 8):
    print(n, mutate(dict.fromkeys(range(n)), swap))
d = {i: i for i in range(10)}
for i in range(0, 10, 2):
    del d[i]
d["n"] = 1
print(d, list(d.items()))
big = {}
for i in range(1000):
    big[i * 7 % 1009] = i
for i in range(0, 1000, 3):
    big.pop(i, None)
print(len(big), sum(big), sum(big.values()), list(big)[:10], list(big)[-5:])
q = {}
for i in range(5000):
    q[i] = i
    if i >= 10:
        del q[next(iter(q))]
print(list(q))
class K:
    def __init__(self, h, n): self.h, self.n = h, n
    def __hash__(self): return self.h
    def __eq__(self, o):
        print("eq", self.n, o.n)
        return self.n == o.n
    def __repr__(self): return f"K{self.n}"
d = {K(1, "a"): 1, K(1, "b"): 2, K(9, "c"): 3}
print(d[K(1, "b")], K(1, "z") in d, K(9, "c") in d)
class Evil:
    def __init__(self, h): self.h = h
    def __hash__(self): return self.h
    def __eq__(self, o):
        e.clear()
        return False
e = {}
e[Evil(1)] = 1
print(t(e.__setitem__, Evil(1), 2), len(e))
e[1] = 5
print(t(e.get, Evil(1)), e)
class BadHash:
    def __hash__(self): raise ValueError("h")
class BadEq:
    def __hash__(self): return 1
    def __eq__(self, o): raise ValueError("e")
print(t(lambda: {BadHash(): 1}), t(lambda: {BadEq(): 1, BadEq(): 2}), t({1: 2}.get, BadEq()), t({}.get, BadHash()))
class Missing(dict):
    def __missing__(self, key): return f"<{key}>"
m = Missing(a=1)
print(m["a"], m["b"], m.get("b"), m, "b" in m, type(m.copy()), type(m | {}), m == {"a": 1})
class D(dict):
    def __init__(self, *a, **k):
        super().__init__(*a, **k)
        self.x = 5
x = D(a=1)
print(x, x.x, D.fromkeys("ab"), type(D.fromkeys("ab")))
class S(str):
    def __eq__(self, o): return False
    def __hash__(self): return hash("a")
s = {"a": 1, S("a"): 2}
print(len(s), s["a"], s[S("a")] if S("a") in s else "no")
r = {}
r["self"] = r
print(r, str(r), {1: r})
print(list({**{"a": 1}, "b": 2, **{"a": 3}}.items()), {k: v for k, v in zip("abc", range(3))})
d = dict(a=1, b=2)
print(d.__contains__("a"), d.__len__(), d.__getitem__("a"), d.__iter__().__next__(), d.__eq__(5), d.__repr__(), dict[int, str])
print(max({"a": 2, "b": 1}), sorted({"b": 1, "a": 2}.items()), [*d], {**d}, dict(**d, c=3), t(lambda: dict(**{1: 2})))
a, *b = {"p": 1, "q": 2, "r": 3}
print(a, b, {1: "x", 1.0: "y", True: "z"}, {0.0: 1, -0.0: 2})
