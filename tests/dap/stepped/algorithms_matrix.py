def transpose(m):
    return [list(row) for row in zip(*m)]


def determinant(m):
    if len(m) == 1:
        return m[0][0]
    return sum(
        (-1) ** column
        * m[0][column]
        * determinant([row[:column] + row[column + 1:] for row in m[1:]])
        for column in range(len(m))
    )


m = [[2, 0, 1], [1, 3, 2], [1, 1, 1]]
print(transpose(m), determinant(m))
