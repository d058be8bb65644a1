def queens(n, row=0, columns=(), found=None):
    if found is None:
        found = []
    if row == n:
        found.append(columns)
        return found
    for column in range(n):
        if all(column != c and abs(column - c) != row - r for r, c in enumerate(columns)):
            queens(n, row + 1, columns + (column,), found)
    return found


print(queens(3), queens(1))
