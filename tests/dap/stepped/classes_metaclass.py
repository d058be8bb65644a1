class Registry(type):
    known = []

    def __new__(meta, name, bases, namespace, **options):
        cls = super().__new__(meta, name, bases, namespace)
        meta.known.append((name, sorted(options)))
        return cls

    def __call__(cls, *args):
        made = super().__call__(*args)
        made.made_by = 'registry'
        return made


class Thing(metaclass=Registry, colour='red'):
    def __init__(self, n):
        self.n = n


class Other(Thing, size=3):
    pass


thing = Other(5)
print(Registry.known, thing.n, thing.made_by)
