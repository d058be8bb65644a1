table = {x: list(y * x for y in range(x)) for x in range(4)}
flat = [v for row in table.values() for v in row if v % 2 == 0]
pairs = ((a, b) for a in range(3) for b in range(a) if a != b)
print(table, flat, dict(pairs))
