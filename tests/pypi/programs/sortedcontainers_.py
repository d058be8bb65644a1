import random

from sortedcontainers import SortedDict, SortedKeyList, SortedList, SortedSet

random.seed(1)
numbers = [random.randrange(10_000) for _ in range(5_000)]
sl = SortedList(numbers)
for n in numbers[:2500]:
    sl.remove(n)
print(len(sl), sl[:5], sl[-5:], sl.bisect(5000), sl.count(sl[100]), list(sl.irange(4000, 4010)), sl.pop(7))
sl.update(range(20))
sl._check()
print(sl.index(19), sl[::500], 42 in sl)
sd = SortedDict({n % 100: n for n in numbers})
print(sd.peekitem(0), sd.peekitem(-1), sd.keys()[10:15], sd.bisect_left(50), list(sd.irange(95)))
del sd[50]
print(sd.setdefault(50, "new"), sd.pop(51), sd.popitem(), len(sd))
ss = SortedSet(numbers[:50]) & SortedSet(numbers[25:100])
print(ss, ss | {1, 2}, ss - {ss[0]}, ss[0], ss <= SortedSet(numbers))
sk = SortedKeyList(["pear", "fig", "apple", "kiwi"], key=len)
sk.add("plum")
print(sk, sk.bisect_key(4), list(sk.irange_key(4, 5)))
for wrong in [lambda: sl.remove(-1), lambda: sl[10**6], lambda: SortedDict()["x"], lambda: sl.index(-5), lambda: sl.append(3)]:
    try:
        wrong()
    except Exception as e:
        print(type(e).__name__, e)
