def check(a, b, c):
    if (
        a
        and b
        or c
    ):
        return (
            'yes'
            if a
            else 'c'
        )
    elif (a or
          b):
        return 'half'
    else:
        return 'no'


print([check(a, b, c) for a in (0, 1) for b in (0, 1) for c in (0, 1)])
