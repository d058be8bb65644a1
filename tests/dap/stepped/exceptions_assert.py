def check(n):
    assert n >= 0, f'{n} is negative'
    assert isinstance(n, int)
    return n


for n in (1, -1, 0.5):
    try:
        print(check(n))
    except AssertionError as e:
        print('assertion', e.args)
