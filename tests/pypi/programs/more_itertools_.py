import more_itertools as mi

print(list(mi.chunked(range(7), 3)), list(mi.windowed([1, 2, 3, 4], 2)), mi.first([], "none"), mi.last([1, 2]))
print(list(mi.flatten([[1], [2, 3]])), list(mi.collapse([1, [2, [3, "ab"]]])), list(mi.interleave_longest([1, 2, 3], "ab")))
p = mi.peekable([1, 2, 3])
print(p.peek(), next(p), p[0], bool(p), list(p), bool(p))
s = mi.spy(iter(range(5)), 2)
print(s[0], list(s[1]), mi.ilen(x for x in range(9)), list(mi.split_at("abcdc", lambda c: c == "c")))
print(mi.map_reduce("hello", lambda c: c in "aeiou", lambda c: 1, sum), list(mi.distinct_permutations("aab")))
print(list(mi.sliding_window(range(5), 3)), mi.nth_or_last(range(3), 9), list(mi.roundrobin("abc", "d")))
print([list(g) for g in mi.consecutive_groups([1, 2, 4, 5, 7])], list(mi.powerset([1, 2])), mi.all_equal("aaa"))
print(list(mi.set_partitions([1, 2, 3], 2)), mi.one(["x"]), list(mi.unique_everseen("AaBb", str.lower)))
print(list(mi.numeric_range(1.5, 3.0, 0.5)), mi.seekable("abc").peek(), list(mi.stagger(range(3))), mi.quantify([1, 0]))
for wrong in [lambda: mi.one([]), lambda: mi.one([1, 2]), lambda: list(mi.strictly_n("ab", 3)), lambda: mi.first([])]:
    try:
        wrong()
    except Exception as e:
        print(type(e).__name__, e)
