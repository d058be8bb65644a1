"""Things that take time, memory, properties."""

import time


class Lazy:
    asked = 0

    @property
    def answer(self):
        Lazy.asked += 1
        return 42

    @property
    def broken(self):
        raise RuntimeError("no answer")


def forever():
    while True:
        time.sleep(0.01)


def show():
    lazy = Lazy()
    number = 255
    huge = -(1 << 70)
    data = b"hello world"
    buffer = bytearray(b"0123456789")
    view = memoryview(buffer)[2:6]
    _private = 1
    return lazy  # @show


show()  # @main
print("done")  # @main_print
