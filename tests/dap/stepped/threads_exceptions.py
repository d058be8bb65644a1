# threads: failing
import _thread
import sys

done = _thread.allocate_lock()
done.acquire()


def failing(n):
    try:
        inner(n)
    except ZeroDivisionError as e:
        print('thread caught', e)
    finally:
        done.release()


def inner(n):
    return 1 / (n - n)


_thread.start_new_thread(failing, (3,))
done.acquire()
print('main goes on')
sys.stdout.flush()
