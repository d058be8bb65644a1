class Adder:
    def __init__(self, n):
        self.n = n

    def add(self, x):
        return self.n + x

    @property
    def twice(self):
        return self.n * 2


def plain(x, y=1):
    return x + y


def loop(n):
    total = 0
    for i in range(n):
        a = Adder(i)
        total += plain(i) + a.add(i) + a.twice + len([i]) + int('1')
        total -= isinstance(a, Adder) + max(1, 0)
    return total


print(loop(14))
