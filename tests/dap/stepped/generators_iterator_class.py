class Countdown:
    def __init__(self, n):
        self.n = n

    def __iter__(self):
        while self.n:
            self.n -= 1
            yield self.n


class Cursor:
    def __init__(self, items):
        self.items, self.at = items, -1

    def __iter__(self):
        return self

    def __next__(self):
        self.at += 1
        if self.at == len(self.items):
            raise StopIteration
        return self.items[self.at]


print(list(Countdown(4)), [x for x in Cursor('abc')])
a, *b = Cursor([1, 2, 3])
print(a, b)
