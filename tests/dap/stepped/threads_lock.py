# threads: worker
import _thread

lock = _thread.allocate_lock()
done = _thread.allocate_lock()
done.acquire()
total = 0


def worker(n):
    global total
    for i in range(n):
        with lock:
            total += i
    done.release()


_thread.start_new_thread(worker, (5,))
done.acquire()
print(total)
