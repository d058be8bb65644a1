# Eight threads that contend for everything.
import queue
import threading

lock, results, jobs = threading.Lock(), {}, queue.Queue()


def collatz(n):
    steps = 0
    while n != 1:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        steps += 1
    return steps


def work(name):
    while True:
        job = jobs.get()
        if job is None:
            break
        steps = collatz(job)
        with lock:
            results.setdefault(name, []).append((job, steps))


for n in range(1, 400):
    jobs.put(n)
workers = [threading.Thread(target=work, args=(i,)) for i in range(8)]
for _ in workers:
    jobs.put(None)
for w in workers:
    w.start()
for w in workers:
    w.join()
print(sum(steps for found in results.values() for _, steps in found))
print({name: len(found) for name, found in sorted(results.items())})
