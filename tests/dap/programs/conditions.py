"""Conditions of breakpoints in hot code."""

import threading

LIMIT = 3


class Item:
    def __init__(self, size):
        self.size = size

    @property
    def double(self):
        return self.size * 2


def plain(n):
    text, ratio, items, item, other = "", 0.0, [], Item(0), Item(1)
    for i in range(n):
        item.size = i
        text = str(i)
        ratio = i / 2
        items.append(i)  # @plain_line
    return other


def unbound(n):
    for i in range(n):
        if i == 2:
            late = i
        i += 0  # @unbound_line
    return late


def divide(n):
    for i in range(n):
        i += 0  # @divide_line


def cells(n):
    seen = 0

    def add(i):
        nonlocal seen
        seen += i  # @cell_add
        return seen

    for i in range(n):
        add(i)  # @cell_line
    return seen


def generate(n):
    for i in range(n):
        kept = i * 2  # @generator_write
        yield kept


def recurse(depth):
    total = 0  # @recurse_begin
    if depth:
        recurse(depth - 1)
    for i in range(4):
        total += i  # @recurse_write
    return total


def pair(n):
    first = second = 0  # @pair_begin
    for i in range(n):
        first, second = second, i  # @pair_write
    return first


def store(values):
    level = 0  # @store_begin
    for value in values:
        level = value  # @store_write
    return level


def change(n):
    flag = 0
    for i in range(n):
        flag += 1  # @change_line
    return flag


def work(who, n):
    total = 0
    for i in range(n):
        total += i  # @thread_line
    return total


class Body:
    for step in range(5):
        level = step  # @class_line


print(plain(32).size)
print(unbound(4))
divide(8)
print(cells(5))
print(list(generate(4)))  # @main_generate
print(recurse(2))  # @main_recurse
print(pair(5))
print(change(5))
for _ in range(6):
    store([1, 2, 3, 2.5, 3.5, 4, True, 3, 10**30, 0, 3])
threads = [threading.Thread(target=work, args=(who, 2000)) for who in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("done")  # @main_done
