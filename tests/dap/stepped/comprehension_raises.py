def fails(x):
    if x == 2:
        raise ValueError(x)
    return x


x = 'outer'
try:
    print([fails(x) for x in range(4)])
except ValueError as e:
    print('stopped at', e)
print(x)


def in_function():
    y = 'kept'
    try:
        return {y: fails(y) for y in range(3)}
    except ValueError:
        return y


print(in_function())
