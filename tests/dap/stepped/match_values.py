def describe(x):
    match x:
        case 0:
            return 'zero'
        case 1 | 2 | 3:
            return 'small'
        case -1:
            return 'negative one'
        case 'a' | 'b':
            return 'letter'
        case None | True:
            return 'singleton'
        case _:
            return 'other'


print([describe(x) for x in (0, 2, -1, 'b', None, True, 99)])
