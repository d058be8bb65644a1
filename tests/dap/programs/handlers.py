# Instructions of several kinds, so that the handlers of the last ones are told apart.
class Point:
    def __init__(self, x, y):
        self.x = x
        self.y = y

    def __lt__(self, other):
        return self.x < other.x  # @compare


def add(a, b):
    return a + b  # @add


def numbers(n):
    for i in range(n):
        yield i * 2.5


def total_of(n):
    total = 0
    for i in range(n):
        total = add(total, i)
    for x in numbers(3):
        total = add(total, x)
    return total  # @returned


def main():
    words = {"one": 1, "two": 2}
    total = total_of(12)
    points = sorted([Point(3, 1), Point(1, 2), Point(2, 3)])
    names = [w.upper() for w in words if words[w] > 0]
    try:
        words["three"]
    except KeyError as e:
        missing = str(e)
    text = f"{total} {names} {points[0].x} {missing}"
    print(text)  # @end


main()
