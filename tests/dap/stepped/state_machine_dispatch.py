class Machine:
    def __init__(self):
        self.state, self.log = self.idle, []

    def idle(self, event):
        if event == 'coin':
            return self.ready
        return self.idle

    def ready(self, event):
        if event == 'push':
            self.log.append('opened')
            return self.idle
        self.log.append('refund')
        return self.ready

    def feed(self, *events):
        for event in events:
            self.state = self.state(event)
        return self.log, self.state.__name__


print(Machine().feed('push', 'coin', 'coin', 'push', 'push'))
