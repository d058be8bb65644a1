def counter(start=0):
    n = start

    def increment(by=1):
        nonlocal n
        n += by
        return n

    def reset():
        nonlocal n
        n = start

    return increment, reset


increment, reset = counter(5)
print(increment(), increment(10), reset(), increment())
cells = [c.cell_contents for c in increment.__closure__]
print(cells)
