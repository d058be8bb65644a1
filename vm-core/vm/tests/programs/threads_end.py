# Threads that have ended leave nothing behind: the accounts of tests/refcounts.sh tell.
import _thread


class Told:
    def __del__(self):
        print("the argument ended")


def start(daemon):
    handle = _thread.start_joinable_thread(lambda told=Told(): None, daemon=daemon)
    handle.join()
    print(handle.is_done())


for daemon in (False, True, False):
    start(daemon)
handles = [_thread.start_joinable_thread(lambda: None, daemon=False) for _ in range(5)]
for handle in handles:
    handle.join()
print(all(handle.is_done() for handle in handles))
