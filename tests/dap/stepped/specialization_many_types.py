def add(a, b):
    return a + b


def item(container, key):
    return container[key]


def attribute(thing):
    return thing.value


class A:
    value = 1


class B:
    def __init__(self):
        self.value = 2


for _ in range(12):
    add(1, 2)
    item([5], 0)
    attribute(A)
for pair in ((1, 2), (1.5, 2), ('a', 'b'), ([1], [2]), (2 ** 80, 1)):
    print(add(*pair))
print(item({'k': 1}, 'k'), item((1, 2), 1), item('abc', 2), attribute(B()), attribute(A()))
