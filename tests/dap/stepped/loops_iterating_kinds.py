for c in 'ab':
    print(c)
for k, v in {'x': 1, 'y': 2}.items():
    print(k, v)
for i, (a, b) in enumerate(zip([1, 2], (3, 4)), start=1):
    print(i, a * b)
for x in reversed([1, 2]):
    print(x)
for b in b'hi':
    print(b)
for x in iter(lambda it=iter([1, 2, 0]): next(it), 0):
    print('until zero', x)
print(sorted({3, 1}), list(range(5, 0, -2)))
