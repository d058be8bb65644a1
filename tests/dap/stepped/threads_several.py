# threads: worker worker worker
import _thread

started, *turns = (_thread.allocate_lock() for _ in range(5))
for lock in (started, *turns[1:]):
    lock.acquire()
log = []


def worker(n):
    started.release()
    turns[n].acquire()
    for i in range(n + 1):
        log.append(n * 10 + i)
    turns[n + 1].release()


for n in range(3):
    _thread.start_new_thread(worker, (n,))
    started.acquire()
turns[3].acquire()
print(log)
