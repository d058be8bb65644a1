# What int() and float() take, what powers of floats give at the edges, sizes of types; methods are
# equal where they are the same method of the same object; other conversions of arguments.
import _functools
import _json
import _operator
import _struct
import array


class Big(int):
    pass


class Fine(float):
    pass


class ToInt:
    def __int__(self):
        return 7


class Trunc:
    def __trunc__(self):
        return 7


class Wrong:
    def __int__(self):
        return "x"

    __index__ = __float__ = __int__


class Text(str):
    def __float__(self):
        return 2.5


class Own(float):
    def __float__(self):
        return 42.0


def attempt(what, function):
    try:
        print(what, function())
    except Exception as e:
        print(what, type(e).__name__, str(e)[:100])


for name, value in {"ToInt": ToInt(), "Trunc": Trunc(), "Wrong": Wrong(), "bytes": b"12", "array": array.array("b", b"12"), "view": memoryview(b"12"), "space": "\xa012", "byte": b"12\xa0", "object": object(), "Big": Big(5)}.items():
    attempt("int " + name, lambda: int(value))
    attempt("int 8 " + name, lambda: int(value, 8))
attempt("digits", lambda: len(str(10 ** 4299)))
for make in (lambda: str(10 ** 4300), lambda: str(-10 ** 4300), lambda: f"{10 ** 4300}", lambda: "%d" % 10 ** 4300, lambda: int("1" * 4301)):
    attempt("digits", make)
for value in b"1", memoryview(b" 1 "), b"1\xa0", "1\xa0", "\ud800", Text("8"), Own(1), Wrong(), Fine(2.5), None:
    attempt("float", lambda: repr(float(value)))
nan, inf = float("nan"), float("inf")
print(float.from_number(nan) is nan, type(Fine.from_number(2)).__name__)
for x in 0.0, -0.0, 1.0, -1.0, 2.0, -2.0, 0.5, inf, -inf, nan:
    for y in 0.0, 3.0, -3.0, 2.0, 2.5, inf, -inf, nan:
        attempt(f"{x} ** {y}", lambda: x ** y)
print(int.__itemsize__, tuple.__itemsize__, bytes.__itemsize__, bool.__itemsize__, float.__itemsize__)
print([i.__sizeof__() - int.__basicsize__ for i in (0, 1, -1, (1 << 30) - 1, 1 << 30, 1 << 60)])


class Plain:
    pass


class Slotted:
    __slots__ = ()


print(Plain.__dictoffset__, Plain.__weakrefoffset__, Slotted.__dictoffset__, Slotted.__weakrefoffset__)

# Methods.
items = []
print(items.append == items.append, hash(items.append) == hash(items.append), items.append != items.pop, [].append == items.append)
print(items.__len__ == items.__len__, hash(items.__len__) == hash(items.__len__), [].__len__ == items.__len__, len == len)
print(Plain.__init_subclass__ == Plain.__init_subclass__, Plain.__name__ is Plain.__name__)
attempt("order", lambda: items.append < items.append)

# Memory, by its methods.
for owner in b"abc", bytearray(b"abc"), memoryview(b"abc"), array.array("b", b"abc"):
    view = owner.__buffer__(0)
    print(type(view).__name__, view.tobytes(), hasattr(owner, "__release_buffer__"))
    view.release()
attempt("writable", lambda: b"abc".__buffer__(1))
attempt("release", lambda: bytearray(b"abc").__release_buffer__(b"abc"))

# Names for signatures, attributes of partial objects, structs that were not initialized.
print(_operator.itemgetter(1).__text_signature__, _functools.cmp_to_key(len).__text_signature__)
p = _functools.partial(hex)
for change in (lambda: delattr(p, "__dict__"), lambda: setattr(p, "__dict__", 5), lambda: setattr(p, "__dict__", {"a": 1})):
    attempt("partial", change)
print(p.a)
p.__setstate__((hex, (), None, None))
print(p.__dict__, _struct.Struct.__new__(_struct.Struct).size)
