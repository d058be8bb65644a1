# __buffer__ and __release_buffer__ that call themselves.
import sys


reported = []
# No function of the program: it could not be called.
sys.unraisablehook = reported.append


class Asks:
    def __buffer__(self, flags):
        return memoryview(self)


for f in (memoryview, bytes, bytearray, lambda o: b"".join([o]), lambda o: b"".find(o), lambda o: bytearray() + o):
    try:
        f(Asks())
    except (RecursionError, TypeError) as e:
        print(type(e).__name__)


class Releases(bytearray):
    def __release_buffer__(self, view):
        memoryview(self)


memoryview(Releases(b"x")).release()
print({type(e.exc_value).__name__ for e in reported})
reported.clear()


class Again:
    def __buffer__(self, flags):
        return memoryview(b"x")

    def __release_buffer__(self, view):
        bytes(self)


print(bytes(Again()))
print({type(e.exc_value).__name__ for e in reported})


class Link:
    told = 0

    def __init__(self, view):
        self.view = view

    def __buffer__(self, flags):
        return self.view

    def __release_buffer__(self, view):
        Link.told += 1


def chain(n):
    v = memoryview(b"the end")
    for _ in range(n):
        v = memoryview(Link(v))
    return v


v = chain(5000)
print(bytes(v), Link.told)
del v
print(Link.told)
Link.told = 0


class Drops:
    def __init__(self):
        self.chain = chain(5000)

    def __buffer__(self, flags):
        return memoryview(b"dropped")

    def __release_buffer__(self, view):
        del self.chain
        print(Link.told)


print(bytes(Drops()))
