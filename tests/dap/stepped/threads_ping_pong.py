# threads: pong
import _thread

ping, pong_lock, over = (_thread.allocate_lock() for _ in range(3))
pong_lock.acquire()
over.acquire()
log = []


def pong():
    for i in range(3):
        pong_lock.acquire()
        log.append(f'pong {i}')
        ping.release()
    over.release()


_thread.start_new_thread(pong, ())
for i in range(3):
    ping.acquire()
    log.append(f'ping {i}')
    pong_lock.release()
over.acquire()
print(log)
