items = list(range(10))
items[2:4] = ['a', 'b', 'c']
del items[0], items[-1]
items[::3] = 'wxyz'[:len(items[::3])]
print(items, items[1:-1:2])
d = {'a': 1, 'b': 2, 'c': 3}
del d['a']
d |= {'z': 26}
b = d.pop('b')
print(d, b, d.setdefault('n', []), list(d | {'q': 0}))
x = y = [1]
x += [2]
x, y[0] = y, 'first'
print(x, y)
