class Noisy:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        print('del', self.name)


def pass_on(thing):
    return thing.name


print(pass_on(Noisy('temporary')))
kept = [Noisy('listed')]
kept[0] = None
for thing in (Noisy('looped'),):
    pass
thing = Noisy('replaced') and None
try:
    raise ValueError(Noisy('in exception'))
except ValueError:
    pass
print('end')
