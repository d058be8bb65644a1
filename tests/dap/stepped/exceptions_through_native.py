def key(x):
    if x == 3:
        raise LookupError(x)
    return -x


for values in ([1, 2], [2, 3, 1]):
    try:
        print(sorted(values, key=key))
    except LookupError as e:
        print('key failed for', e)
try:
    list(map(key, [1, 3]))
except LookupError:
    print('map failed')
