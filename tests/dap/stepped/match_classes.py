class Point:
    __match_args__ = ('x', 'y')

    def __init__(self, x, y):
        self.x, self.y = x, y


class Line:
    def __init__(self, start, end):
        self.start, self.end = start, end


def where(shape):
    match shape:
        case Point(0, 0):
            return 'origin'
        case Point(x=0, y=y):
            return f'on y at {y}'
        case Line(start=Point(x1, _), end=Point(x2, _)) if x1 == x2:
            return 'vertical'
        case Line(start=Point() as p):
            return f'from {p.x}'
        case int(n) | float(n):
            return f'number {n}'
        case str():
            return 'text'
    return 'unknown'


shapes = [Point(0, 0), Point(0, 5), Line(Point(1, 2), Point(1, 9)), Line(Point(3, 0), Point(4, 0)), 7, 1.5, '', []]
print([where(s) for s in shapes])
