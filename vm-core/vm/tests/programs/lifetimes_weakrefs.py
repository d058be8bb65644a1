# Weak references to objects that die together: callbacks of one see the others dead or alive, and
# revive none. Members of instances that vary in size.
from _weakref import ref


class Thing:
    pass


class Keeper:
    def __init__(self):
        self.data = {}
        mine = ref(self)

        def remove(key):
            me = mine()
            if me is not None:
                del me.data[key]

        self._remove = remove

    def keep(self, thing):
        self.data[ref(thing, self._remove)] = 1


def together():
    keeper = Keeper()
    thing, other = Thing(), Thing()
    keeper.keep(thing)
    keeper.keep(other)


def one_by_one():
    keeper = Keeper()
    thing, other = Thing(), Thing()
    keeper.keep(thing)
    keeper.keep(other)
    del thing
    print(len(keeper.data))
    del keeper
    del other


for i in range(100):
    together()
one_by_one()
things = [Thing() for i in range(100)]
print(len([r for r in [ref(t) for t in things] if r() is not None]))


class Line(str):
    __slots__ = "clean", "has_comments"

    def __new__(cls, text):
        self = super().__new__(cls, text.strip())
        self.clean = text.split("#")[0]
        return self


line = Line("  key = value # comment ")
print(line, repr(line.clean), len(line), line == "key = value # comment", hasattr(line, "has_comments"))
line.has_comments = True
print(line.has_comments, Line.__slots__, hasattr(line, "__dict__"), type(Line.clean).__name__)
for action in (lambda: setattr(line, "other", 1), lambda: delattr(line, "has_comments"), lambda: line.has_comments, lambda: delattr(line, "has_comments"), lambda: Line.clean.__get__("text")):
    try:
        print(action())
    except (AttributeError, TypeError) as e:
        print(type(e).__name__, e)


class Sub(Line):
    pass


sub = Sub("a#b")
sub.more = 5
print(sub, sub.clean, sub.more)
for base in int, bytes, tuple:
    try:
        type("Slotted", (base,), {"__slots__": ("a",)})
    except TypeError as e:
        print(e)
