squares = [x * x for x in range(10) if x if x % 2]
pairs = {(a, b) for a in x for b in a if b}
mapping = {k: v for k, v in pairs}
lazy = (x for x in y for z in x if z)
nested = [[y for y in x] for x in z]
with_lambda = [lambda: x for x in y]
with_walrus = [last := x for x in y]


def function(items, outer):
    inlined = [outer for x in items]
    cell = [lambda: (x, outer) for x in items]
    shadow = [items for items in items]
    nested = [[(x, y, outer) for y in x] for x in items]
    late = {x: (lambda: x) for x in items}
    [last := x for x in items]
    return [x for x in [y for y in items]], any(x for x in items), last


class Body:
    names = ["a"]
    one = [n for n in names]
    two = [(n, names) for n in one for m in names]
    three = {n: [__class__ for _ in n] for n in two}


[x for x in y for y in (1, 2, 3)]
[x for x, in [[1]]]
[x for (x.y) in z]
[i for i in [1]]
[(yes) for x in [no] if (no := x)]
