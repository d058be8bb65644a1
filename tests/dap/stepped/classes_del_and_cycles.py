log = []


class Tracked:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        log.append('gone ' + self.name)


def scope():
    inner = Tracked('inner')
    log.append('made ' + inner.name)


scope()
outer = Tracked('outer')
outer = None
items = [Tracked('a'), Tracked('b')]
items.pop()
items.clear()
print(log)
