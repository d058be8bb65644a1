import threading
import time

from report import report

first, second = threading.Lock(), threading.RLock()


def one():
    with first:
        time.sleep(0.05)
        with second:
            print("never")


def two():
    with second:
        time.sleep(0.05)
        with first:
            print("never")


threads = [threading.Thread(target=one, name="one"), threading.Thread(target=two, name="two")]
for t in threads:
    t.start()
time.sleep(0.2)
print("ready", flush=True)
for t in threads:
    t.join()
