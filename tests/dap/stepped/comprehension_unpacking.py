pairs = [(1, (2, 3)), (4, (5, 6))]
print([a + b + c for a, (b, c) in pairs])
print({first: rest for first, *rest in ['abc', 'de']})
print([*range(2), *'xy'], {**{'a': 1}, 'b': 2}, (*[], 1))
first, *middle, last = [x * x for x in range(5)]
print(first, middle, last)
