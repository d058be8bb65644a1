words = ['pear', 'fig', 'plum', 'fig']
lengths = [len(w) for w in words]
unique = {w for w in words if w != 'plum'}
index = {w: i for i, w in enumerate(words)}
matrix = [[i * j for j in range(3)] for i in range(3)]
print(lengths, sorted(unique), index, matrix)
print(sum(x for row in matrix for x in row if x % 2 == 0))
