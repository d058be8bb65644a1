class Suppress:
    def __init__(self, *kinds):
        self.kinds = kinds

    def __enter__(self):
        return self

    def __exit__(self, kind, value, traceback):
        return kind is not None and issubclass(kind, self.kinds)


with Suppress(KeyError):
    {}['missing']
    print('never')
print('after')
try:
    with Suppress(KeyError):
        [][0]
except IndexError:
    print('not suppressed')
