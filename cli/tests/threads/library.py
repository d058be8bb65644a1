import threading, queue, time, sys
from concurrent.futures import ThreadPoolExecutor, as_completed

# Counting with a lock, without a race whatever the interleaving.
lock = threading.Lock()
total = 0
def add(n):
    global total
    for _ in range(n):
        with lock:
            total += 1
threads = [threading.Thread(target=add, args=(5000,), name=f"adder-{i}") for i in range(8)]
for t in threads: t.start()
for t in threads: t.join()
print("total", total, [t.is_alive() for t in threads])
print(repr(threads[0]).split(" stopped")[0])

# Condition, Event, Semaphore, Barrier.
items = []
cond = threading.Condition()
def consumer(out):
    with cond:
        while len(items) < 3:
            cond.wait()
        out.append(sum(items))
out = []
c = threading.Thread(target=consumer, args=(out,)); c.start()
for i in range(3):
    with cond:
        items.append(i); cond.notify()
c.join(); print("condition", out)

event = threading.Event()
seen = []
w = threading.Thread(target=lambda: seen.append(event.wait(5))); w.start()
event.set(); w.join(); print("event", seen, event.wait(0.01))

sem = threading.BoundedSemaphore(2)
peak = now = 0
def use():
    global peak, now
    with sem:
        with lock:
            now += 1; peak = max(peak, now)
        time.sleep(0.01)
        with lock: now -= 1
ts = [threading.Thread(target=use) for _ in range(6)]
[t.start() for t in ts]; [t.join() for t in ts]
print("semaphore", peak, now)
try: sem.release()
except ValueError as e: print(e)

barrier = threading.Barrier(3, action=lambda: order.append("action"))
order = []
def meet(i):
    barrier.wait(); order.append("after")
ts = [threading.Thread(target=meet, args=(i,)) for i in range(3)]
[t.start() for t in ts]; [t.join() for t in ts]
print("barrier", order)

# Thread-local data.
class Noisy:
    def __init__(self, who): self.who = who
    def __del__(self): print("local of", self.who, "gone")
local = threading.local()
local.x = "main"
def own(i):
    print(hasattr(local, "x"), end=" ")
    local.x = Noisy(i)
for i in range(2):
    t = threading.Thread(target=own, args=(i,)); t.start(); t.join()
print(local.x)

# Queues and pools.
q = queue.Queue(maxsize=2)
def produce():
    for i in range(6): q.put(i)
    q.put(None)
threading.Thread(target=produce).start()
print("queue", list(iter(q.get, None)))
try: queue.Queue().get(timeout=0.01)
except queue.Empty: print("empty")
with ThreadPoolExecutor(4) as pool:
    print("map", list(pool.map(lambda x: x * x, range(10))))
    fs = [pool.submit(divmod, 7, i) for i in range(3)]
    for f in fs:
        try: print(f.result())
        except ZeroDivisionError as e: print("error", e)

# Exceptions.
def hook(args): print("hook", args.exc_type.__name__, args.exc_value, args.thread.name)
threading.excepthook = hook
def fail(): raise KeyError("boom")
t = threading.Thread(target=fail, name="failing"); t.start(); t.join()
def leave(): sys.exit(3)
t = threading.Thread(target=leave); t.start(); t.join(); print("left")

# Sleepers wake by time.
woken = []
def sleeper(s): time.sleep(s); woken.append(s)
ts = [threading.Thread(target=sleeper, args=(s,)) for s in (0.09, 0.03, 0.06)]
[t.start() for t in ts]; [t.join() for t in ts]
print(woken)
t = threading.Timer(0.01, lambda: print("timer")); t.start(); t.join()
print(threading.active_count(), threading.current_thread().name, threading.main_thread() is threading.current_thread())
try: threading.current_thread().join()
except RuntimeError as e: print(e)
rl = threading.RLock()
with rl, rl: print(rl._recursion_count() if hasattr(rl, "_recursion_count") else 2)
try: rl.release()
except RuntimeError as e: print(e)
def late():
    time.sleep(0.02); print("late, before the end")
threading.Thread(target=late).start()
threading.Thread(target=lambda: time.sleep(100), daemon=True).start()
print("main ends")
