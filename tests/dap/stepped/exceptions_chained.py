def low():
    {}['key']


def middle():
    try:
        low()
    except KeyError as e:
        raise ValueError('bad value') from e


def high():
    try:
        middle()
    except ValueError:
        raise RuntimeError('gave up')


try:
    high()
except RuntimeError as e:
    while e:
        print(type(e).__name__, e)
        e = e.__cause__ or e.__context__
