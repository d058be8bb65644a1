# When objects die: promptly, once, and in order.
class Noisy:
    alive = 0

    def __init__(self, name):
        self.name = name
        Noisy.alive += 1

    def __del__(self):
        Noisy.alive -= 1
        print("del", self.name)


def local():
    n = Noisy("local")
    print("in local")


local()
print("after", Noisy.alive)


def argument(n):
    print("in argument")


argument(Noisy("argument"))
print("after", Noisy.alive)


def reassigned():
    n = Noisy("first")
    n = Noisy("second")
    print("reassigned")


reassigned()


def returned():
    return Noisy("returned")


returned()
r = returned()
r = None
print("after", Noisy.alive)


def deleted():
    n = Noisy("deleted")
    del n
    print("after del")


deleted()


def raising():
    n = Noisy("raising")
    raise ValueError


try:
    raising()
except ValueError:
    print("caught")
print("after", Noisy.alive)
[Noisy(i) for i in range(3)]
print("list gone", Noisy.alive)
d = {"a": Noisy("value")}
d["a"] = 1
l = [Noisy("item0"), Noisy("item1")]
l[0] = None
del l[:]
t = (Noisy("tuple"),)
del t
print("containers", Noisy.alive)


def generator():
    n = Noisy("generator")
    yield 1
    yield 2


for x in generator():
    pass
g = generator()
next(g)
del g
print("generators", Noisy.alive)


class Holder:
    pass


h = Holder()
h.a = Noisy("attribute")
h.a = Noisy("attribute2")
h.b = Noisy("b")
del h.b
del h
print("instances", Noisy.alive)


def closure():
    n = Noisy("closure")
    return lambda: n


f = closure()
f()
del f
print("closures", Noisy.alive)


class Revived:
    saved = None

    def __del__(self):
        print("revive")
        Revived.saved = self


Revived()
print(Revived.saved is not None)
Revived.saved = None


class Raises:
    def __del__(self):
        Noisy("inside del")


Raises()


def chain():
    class Node:
        pass
    head = None
    for i in range(20000):
        n = Node()
        n.next = head
        head = n
    return head


c = chain()
c = None
print("long chain gone")


def many(n):
    if n:
        x = Noisy(n)
        many(n - 1)


many(3)
for i in range(3):
    n = Noisy(f"loop{i}")
print("end of loop")
n = None


def kwargs(**k):
    return len(k)


print(kwargs(a=Noisy("kw")), Noisy.alive)


def star(*a):
    return len(a)


print(star(Noisy("star"), *[Noisy("star2")]), Noisy.alive)
with_temp = (Noisy("temp"), 5)[1]
print(with_temp, Noisy.alive)


class Cmp:
    def __init__(self, n): self.n = Noisy(n)
    def __eq__(self, o): return True
    def __add__(self, o): return 1
    def __getitem__(self, i): return i


print(Cmp("l") == Cmp("r"), Cmp("a") + Cmp("b"), Cmp("i")[3], Noisy.alive)
try:
    Noisy("dying") + 1
except TypeError:
    print("type error", Noisy.alive)
try:
    raise KeyError(Noisy("in exception"))
except KeyError as e:
    pass
print("done", Noisy.alive)
