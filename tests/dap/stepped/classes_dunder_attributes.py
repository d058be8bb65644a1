class Dynamic:
    def __getattr__(self, name):
        if name.startswith('get_'):
            return lambda: name[4:]
        raise AttributeError(name)

    def __setattr__(self, name, value):
        print('set', name)
        object.__setattr__(self, name, value)

    def __delattr__(self, name):
        print('del', name)
        object.__delattr__(self, name)


d = Dynamic()
d.x = 1
print(d.x, d.get_colour())
del d.x
print(hasattr(d, 'x'), getattr(d, 'y', 'default'))
