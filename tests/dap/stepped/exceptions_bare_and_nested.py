def nested(which):
    try:
        try:
            if which == 0:
                raise TypeError
            if which == 1:
                raise ValueError
            return 'none'
        except TypeError:
            return 'inner'
    except:  # noqa
        try:
            raise
        except ValueError:
            return 'outer'


print([nested(i) for i in range(3)])
