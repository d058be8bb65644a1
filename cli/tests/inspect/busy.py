import sys

from report import report


def spin(limit):
    a = 0
    b = 0
    items = []
    while a < limit:
        a = a + 1
        b = b + 1
        items = [a, b]
        if step(a) != b:
            break
    return items


def step(number):
    twice = number * 2
    return twice - number


def start(limit):
    return spin(limit=limit)


print("ready", flush=True)
start(1 << 60)
