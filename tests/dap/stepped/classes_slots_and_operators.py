class Vector:
    __slots__ = ('x', 'y')

    def __init__(self, x, y):
        self.x, self.y = x, y

    def __mul__(self, k):
        return Vector(self.x * k, self.y * k)

    __rmul__ = __mul__

    def __iadd__(self, other):
        self.x += other.x
        self.y += other.y
        return self

    def __neg__(self):
        return Vector(-self.x, -self.y)

    def __bool__(self):
        return bool(self.x or self.y)

    def __lt__(self, other):
        return self.x < other.x


v = 2 * Vector(1, 2)
v += -Vector(1, 1)
print(v.x, v.y, bool(v), v < Vector(9, 9), sorted([v, Vector(0, 0)])[0].x)
try:
    v.z = 1
except AttributeError:
    print('slots')
