class Bad:
    def __enter__(self):
        return 1

    def __exit__(self, kind, value, traceback):
        raise RuntimeError('from exit')


class BadStart:
    def __enter__(self):
        raise OSError('from enter')

    def __exit__(self, *args):
        print('never')


try:
    with Bad():
        raise ValueError('from body')
except RuntimeError as e:
    print(e, '/', e.__context__)
try:
    with BadStart():
        print('never')
except OSError as e:
    print(e)
