# itertools: every class, its arguments' errors, ends and re-entries.
from itertools import *
import itertools

def t(f, *a, **k):
    try:
        return f(*a, **k)
    except Exception as e:
        return type(e).__name__, str(e)

def L(f, *a, **k):
    return t(lambda: list(f(*a, **k)))

def take(n, it):
    return t(lambda: list(islice(it, n)))

print(take(4, count()), take(3, count(5)), take(3, count(1, 2)), take(3, count(step=-1)), take(3, count(1.5, 0.5)), take(3, count(2**62, 2**62)), take(2, count(0, 10**30)))
print(count(), count(1, 2), count(1.5), count(0, 1.0), count(10**30), t(count, "a"), t(count, 1, "a"), t(count, 1, 2, 3), count(0, True))
print(take(7, cycle("abc")), take(3, cycle([])), t(cycle), t(cycle, 5), t(cycle, x=1))
print(L(repeat, 1, 3), take(2, repeat("x")), L(repeat, 1, -3), L(repeat, object=1, times=2), repeat(1), repeat(1, 3), repeat(1, -5), t(repeat), t(repeat, 1, "a"), t(repeat, 1, 2, 3), repeat(1, 3).__length_hint__(), t(repeat(1).__length_hint__))
print(L(accumulate, [1, 2, 3]), L(accumulate, [1, 2, 3], initial=10), L(accumulate, "abc"), L(accumulate, [3, 1, 2], max), L(accumulate, []), L(accumulate, [], initial=1), L(accumulate, [1, 2], func=lambda a, b: a * b), t(accumulate), t(accumulate, 5), L(accumulate, [1, "a"]), L(accumulate, [1], initial=None))
print(L(chain), L(chain, "ab", [1]), L(chain, [1], 5), L(chain.from_iterable, ["ab", [1]]), L(chain.from_iterable, 5), t(chain, x=1), t(chain.from_iterable), chain[int], L(chain.from_iterable, [[1], 5, [2]]))
print(L(compress, "abcd", [1, 0, 1, 0]), L(compress, "abcd", [1, 1]), L(compress, data="ab", selectors=[0, 1]), t(compress, "a"), t(compress, 1, 2))
print(L(dropwhile, lambda x: x < 3, [1, 3, 2, 5]), L(takewhile, lambda x: x < 3, [1, 3, 2, 5]), L(filterfalse, None, [0, 1, "", 2]), L(filterfalse, lambda x: x > 1, [1, 2, 3]), t(dropwhile, 1), t(takewhile, 1), t(filterfalse, 1), L(dropwhile, 5, [1]), L(takewhile, None, [1]))
tw = takewhile(lambda x: x < 3, iter([1, 5, 2]))
print(list(tw), list(tw))
print(L(starmap, pow, [(2, 3), [3, 2]]), L(starmap, pow, [5]), L(starmap, pow, [(1,)]), t(starmap, pow), L(starmap, max, iter([[1, 2, 3]])))
for args in ((3,), (1, 3), (1, None), (0, None, 2), (1, 10, 3), (None,), (None, None), (None, None, None), (0,), (5, 2), (20,)):
    print(args, L(islice, "abcdefghij", *args), end=" ")
    it = iter("abcdefghij")
    list(islice(it, *args))
    print(list(it))
for args in ((), ("a",), (-1,), (-2,), (1, -1), (-1, 5), ("a", 5), (1, "a"), (1, 2, 0), (1, 2, -1), (1, 2, "a"), (1, 2, 3, 4), (10**30,), (1, 10**30)):
    print(args, t(islice, [1], *args) if len(args) != 2 or args[1] != 10**30 else t(islice, [1], *args))
print(t(islice, 5, 1), t(islice, [1], x=1))
print(L(zip_longest), L(zip_longest, "ab", [1]), L(zip_longest, "a", "bcd", fillvalue="-"), t(zip_longest, "a", x=1), t(zip_longest, 1), t(zip_longest, "a", fillvalue=1, y=2))
def group(it, key=None):
    return [(k, list(g)) for k, g in groupby(it, key)]
print(group("aabbc"), group([]), group([1, 2, 4, 5, 7], lambda x: x % 2), t(groupby), t(groupby, 5), [k for k, g in groupby("aabca")], t(lambda: list(groupby([1], 5))))
g = groupby("aab")
k1, g1 = next(g)
print(k1, next(g1), next(g)[0], list(g1))
g = groupby("aaabb")
_, first = next(g)
next(first)
print(list(g)[0][0], t(itertools._grouper), t(itertools._grouper, 1, 2))
print(L(pairwise, "abcd"), L(pairwise, "a"), L(pairwise, []), t(pairwise), t(pairwise, 5))
print(L(batched, "abcdefg", 3), L(batched, "abcdef", 3, strict=True), L(batched, "abcd", 3, strict=True), L(batched, "", 2), L(batched, "abc", n=2), t(batched, "a"), t(batched, "a", 0), t(batched, "a", "b"), t(batched), L(batched, "ab", 100), t(batched, "a", 10**30))
print(L(product, "ab", [1, 2]), L(product), L(product, "ab", repeat=2), L(product, "ab", []), L(product, [1], repeat=0), t(product, repeat=-1), t(product, "a", repeat="a"), t(product, "a", x=1), t(product, 5), t(product, "ab", repeat=2**62))
print(L(permutations, "abc"), L(permutations, "abc", 2), L(permutations, "ab", 3), L(permutations, "ab", 0), L(permutations, []), L(permutations, "abcd", None)[::7], t(permutations, 5), t(permutations, "a", "b"), t(permutations, "a", -1), t(permutations))
print(L(combinations, "abcd", 2), L(combinations, "ab", 3), L(combinations, "ab", 0), L(combinations, [], 0), L(combinations, [], 1), t(combinations, "a"), t(combinations, "a", -1), t(combinations, "a", "b"), t(combinations, 5, 1))
print(L(combinations_with_replacement, "abc", 2), L(combinations_with_replacement, [], 2), L(combinations_with_replacement, "a", 0), L(combinations_with_replacement, [], 0), t(combinations_with_replacement, "a", -1))
print(len(list(permutations(range(6)))), len(list(combinations(range(12), 5))), sum(a * b * c for a, b, c in product(range(5), repeat=3)), list(permutations(range(5), 3))[-1], list(combinations_with_replacement(range(4), 3))[-2])
a, b = tee(iter([1, 2, 3]))
print(next(a), next(a), list(b), list(a), next(b, "end"))
print([list(x) for x in tee("ab", 3)], tee([1], 0), t(tee, [1], -1), t(tee, 5), t(tee), t(tee, [1], "a"), len(tee([])))
a, b = tee(range(200))
print(sum(a), sum(b))
a, = tee("xyz", 1)
next(a)
c = a.__copy__()
print(list(a), list(c), type(a) is itertools._tee)
class Reenter:
    def __iter__(self): return self
    def __next__(self): return next(r)
r, _ = tee(Reenter())
print(t(next, r))
d = itertools._tee("abc")
print(list(d), t(itertools._tee), t(itertools._tee_dataobject, [1], [], None) and 1)
def gen():
    yield 1
    raise ValueError("g")
for f in (cycle, accumulate, chain.from_iterable, pairwise, lambda g: batched(g, 2), lambda g: islice(g, 5), lambda g: zip_longest(g, [1]), permutations, lambda g: tee(g)[0], groupby):
    it = t(f, gen())
    if isinstance(it, tuple):
        print(it)
        continue
    out = []
    for _ in range(3):
        try:
            v = next(it, "END")
            out.append(v if not isinstance(v, tuple) or not hasattr(v[-1], "__next__") else v[0])
        except Exception as e:
            out.append(repr(e))
    print(out)
class Sub(chain):
    pass
print(list(Sub("a", "b")), type(Sub.from_iterable(["a"])).__name__)
print([t(f, [1], 1) if f is not count else 0 for f in (batched,)] and type(batched([1], 1)), itertools.__name__)
