// What is debugged while the adapter is fuzzed. Every program ends by itself, should an adapter ever leave one behind.

/** Calls, loops, an exception, a generator and a thread, over and over. */
export const BUSY = `import time
import _thread
def fib(n):
    if n < 2:
        return n
    return fib(n - 1) + fib(n - 2)
def numbers(n):
    for i in range(n):
        yield i
def fails(n):
    try:
        return 1 / n
    except ZeroDivisionError as error:
        return str(error)
data = bytearray(range(16))
items = {"a": [1, 2, 3], "b": (4.5, None), 3: {"deep": {"deeper": [{}]}}}
class Point:
    def __init__(self, x):
        self.x = x
    @property
    def twice(self):
        return self.x * 2
point = Point(3)
def other():
    while time.time() < end:
        time.sleep(0.001)
end = time.time() + 60
_thread.start_new_thread(other, ())
while time.time() < end:
    x = fib(5) + sum(numbers(4))
    y = [fails(n) for n in (0, 1)]
    point.x = x
    data[0] = x % 256
    time.sleep(0.0005)
`;

/** Waits, doing nothing. */
export const ASLEEP = `import time
for n in range(600):
    time.sleep(0.1)
`;

/** Writes more than anybody reads. */
export const LOUD = `import sys, time
end = time.time() + 60
while time.time() < end:
    print("x" * 1000)
    print("y" * 10, file=sys.stderr)
`;

/** Is over at once. */
export const SHORT = `x = 1
print("hello")
`;

/** Takes no notice of being asked to end. */
export const STUBBORN = `import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
end = time.time() + 60
while time.time() < end:
    try:
        time.sleep(0.01)
    except BaseException:
        pass
`;

/** Has started another process. */
export const FAMILY = `import os, time
x = 0
if os.fork() == 0:
    time.sleep(60)
    os._exit(0)
end = time.time() + 60
while time.time() < end:
    x += 1
    time.sleep(0.001)
`;
