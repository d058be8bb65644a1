import time

from report import report


class Thing:
    def __init__(self, name):
        self.name = name
        self.size = 3


def outer(first, *rest, key="value", **more):
    thing = Thing("it")
    shared = [first]

    def inner(n):
        text = "text with 'quotes'"
        later = None
        report(); time.sleep(1000)
        return shared, n, text, later

    return inner(len(rest))


values = {
    "big": 1 << 100,
    "float": 0.1,
    "bytes": b"\x00a",
    "nested": [(1, 2), {3}, {"k": [True, None, ...]}],
    "many": list(range(1000)),
}
outer(1, 2, 3, extra=-5)
