# Classes, attributes, descriptors, super, metaclasses, slots.
class Base:
    tag = "base"

    def __init__(self, x):
        self.x = x

    def who(self):
        return f"{type(self).__name__}:{self.x}:{self.tag}"

    def __repr__(self):
        return f"<{self.who()}>"


class Derived(Base):
    tag = "derived"

    def __init__(self, x, y):
        super().__init__(x)
        self.y = y

    def who(self):
        return "D" + super().who() + str(self.y)


class Multi(Derived):
    def who(self):
        return "M" + super().who()


for i in range(5):
    print(Base(i), Derived(i, i + 1), Multi(i, -i))


class Property:
    def __init__(self):
        self._v = 0

    @property
    def v(self):
        return self._v

    @v.setter
    def v(self, new):
        self._v = new * 2

    @v.deleter
    def v(self):
        self._v = "deleted"


p = Property()
for i in range(5):
    p.v = i
    print(p.v)
del p.v
print(p.v)


class Slots:
    __slots__ = ("a", "b")

    def __init__(self, a):
        self.a = a


for i in range(5):
    s = Slots(i)
    print(s.a)
    try:
        print(s.b)
    except AttributeError as e:
        print("AttributeError", e)
    s.b = i * 2
    print(s.b)
try:
    s.c = 1
except AttributeError as e:
    print("AttributeError", e)


class GetAttr:
    def __init__(self):
        self.real = 1

    def __getattr__(self, name):
        if name.startswith("no"):
            raise AttributeError(name)
        return "made " + name


g = GetAttr()
for i in range(4):
    print(g.real, g.other)
    try:
        g.nothing
    except AttributeError as e:
        print("AttributeError", e)


class GetAttribute:
    def __getattribute__(self, name):
        return "always " + name


ga = GetAttribute()
for i in range(4):
    print(ga.x, ga.y)


class Adding:
    pass


# Attributes added in different orders, and attributes that come and go.
objects = []
for i in range(6):
    a = Adding()
    if i % 2:
        a.first = i
        a.second = -i
    else:
        a.second = -i
        a.first = i
    objects.append(a)
print([(o.first, o.second) for o in objects])
for o in objects:
    del o.first
    o.third = 3
    print(sorted(o.__dict__.items()))
many = Adding()
for i in range(60):
    setattr(many, f"attr{i}", i)
print(sum(getattr(many, f"attr{i}") for i in range(60)), len(many.__dict__))


# A data descriptor that comes after instances were made.
class Late:
    def __init__(self):
        self.value = "instance"

    def get(self):
        return self.value


late = Late()
for i in range(5):
    print(late.value, late.get())
Late.value = property(lambda self: "property")
for i in range(3):
    print(late.value, late.get())
del Late.value
print(late.value, late.get())


# A method that is replaced, and shadowed by an instance's attribute.
class Changing:
    def f(self):
        return 1


ch = Changing()
for i in range(6):
    if i == 3:
        Changing.f = lambda self: 2
    if i == 5:
        ch.f = lambda: 3
    print(ch.f())


class Meta(type):
    def __new__(mcs, name, bases, ns, **kw):
        cls = super().__new__(mcs, name, bases, ns)
        cls.made_with = kw
        return cls

    def __init__(cls, name, bases, ns, **kw):
        super().__init__(name, bases, ns)

    def __call__(cls, *args):
        return ("called", cls.__name__, args)

    shared = "meta"


class WithMeta(metaclass=Meta, option=1):
    attr = "class"


for i in range(3):
    print(WithMeta(1, 2), WithMeta.made_with, WithMeta.attr, WithMeta.shared)


class Items:
    def __getitem__(self, i):
        if i > 3:
            raise IndexError(i)
        return i * i

    def __setitem__(self, i, v):
        print("set", i, v)

    def __delitem__(self, i):
        print("del", i)

    def __len__(self):
        return 4

    def __contains__(self, x):
        return x == 9

    def __bool__(self):
        return False


it = Items()
for i in range(4):
    print(it[i], 9 in it, 8 in it, bool(it), len(it))
    it[i] = i
    del it[i]
print(list(it), [*it])


class Num:
    def __init__(self, v): self.v = v
    def __add__(self, o): return Num(self.v + (o.v if isinstance(o, Num) else o))
    def __radd__(self, o): return Num(o + self.v)
    def __iadd__(self, o): self.v += 100; return self
    def __eq__(self, o): return isinstance(o, Num) and self.v == o.v
    def __lt__(self, o): return self.v < o.v
    def __hash__(self): return hash(self.v)
    def __neg__(self): return Num(-self.v)
    def __invert__(self): return "inverted"
    def __repr__(self): return f"Num({self.v})"


a = Num(1)
print(a + 1, 1 + a, a + a, -a, ~a, a == Num(1), a != Num(1), a < Num(2), a > Num(0), {a: 1}[Num(1)])
a += 1
print(a)
try:
    a - 1
except TypeError as e:
    print(e)


class Init:
    def __init__(self):
        return 5


for i in range(4):
    try:
        Init()
    except TypeError as e:
        print(e)


class New:
    def __new__(cls, *args):
        print("new", args)
        return object.__new__(cls)

    def __init__(self, *args):
        print("init", args)


for i in range(3):
    New(i)


class SetName:
    def __set_name__(self, owner, name):
        print("set_name", owner.__name__, name)

    def __get__(self, obj, owner):
        return "got", obj is None


class Owner:
    d = SetName()


print(Owner.d, Owner().d)


def make():
    class Local:
        n = 0

        def inc(self):
            Local.n += 1
            return __class__.n
    return Local


L = make()
print(L().inc(), L().inc(), L.__qualname__)


