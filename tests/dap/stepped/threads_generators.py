# threads: producer
import _thread


class Channel:
    def __init__(self):
        self.free, self.full = _thread.allocate_lock(), _thread.allocate_lock()
        self.full.acquire()

    def put(self, value):
        self.free.acquire()
        self.value = value
        self.full.release()

    def __iter__(self):
        while True:
            self.full.acquire()
            value = self.value
            self.free.release()
            if value is None:
                return
            yield value


def squares(n):
    for i in range(n):
        yield i * i


def producer(channel):
    for value in squares(4):
        channel.put(value)
    channel.put(None)


channel = Channel()
_thread.start_new_thread(producer, (channel,))
print(sum(channel), [x for x in 'ab'])
