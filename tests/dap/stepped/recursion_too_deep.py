def dive(n):
    return dive(n + 1) if n < 30 else reach(n)


def reach(n):
    raise RecursionError(f'as deep as {n}')


try:
    dive(0)
except RecursionError as error:
    print(error)
