class Manager:
    def __init__(self, generator):
        self.generator = generator

    def __enter__(self):
        return next(self.generator)

    def __exit__(self, kind, value, traceback):
        if kind is None:
            next(self.generator, None)
            return False
        try:
            self.generator.throw(value)
        except StopIteration:
            return True
        return False


def managed(name):
    print('begin', name)
    try:
        yield name * 2
    except ZeroDivisionError:
        print('handled', name)
    print('end', name)


with Manager(managed('a')) as value:
    print(value)
with Manager(managed('b')):
    1 / 0
