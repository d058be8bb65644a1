def many(x):
    v0 = v1 = v2 = v3 = v4 = v5 = v6 = v7 = v8 = v9 = x
    for i in range(2):
        if x > 1:
            v0 = v1 + v2 * v3 - v4 + v5 * v6 - v7 + v8 * v9
            v1 = v2 + v3 * v4 - v5 + v6 * v7 - v8 + v9 * v0
            v2 = v3 + v4 * v5 - v6 + v7 * v8 - v9 + v0 * v1
            v3 = v4 + v5 * v6 - v7 + v8 * v9 - v0 + v1 * v2
            v4 = v5 + v6 * v7 - v8 + v9 * v0 - v1 + v2 * v3
            v5 = v6 + v7 * v8 - v9 + v0 * v1 - v2 + v3 * v4
            v6 = v7 + v8 * v9 - v0 + v1 * v2 - v3 + v4 * v5
            v7 = v8 + v9 * v0 - v1 + v2 * v3 - v4 + v5 * v6
            v8 = v9 + v0 * v1 - v2 + v3 * v4 - v5 + v6 * v7
            v9 = v0 + v1 * v2 - v3 + v4 * v5 - v6 + v7 * v8
        else:
            v0 = -1
    return v0 % 1000, v9 % 1000


print(many(1), many(2))
