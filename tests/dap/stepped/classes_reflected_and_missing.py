class Left:
    def __add__(self, other):
        return NotImplemented


class Right:
    def __radd__(self, other):
        return 'radd'

    def __format__(self, spec):
        return f'<{spec}>'

    def __index__(self):
        return 2


class Default(dict):
    def __missing__(self, key):
        self[key] = key * 2
        return self[key]


print(Left() + Right(), f'{Right():wide}', 'abc'[Right()])
d = Default(a='x')
print(d['a'], d['b'], sorted(d))
try:
    Left() + 1
except TypeError as e:
    print('TypeError')
