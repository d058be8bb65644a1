import threading
import time

turns = []


def work(name):
    for turn in range(2):
        time.sleep(0.05)
        label = f"{name}{turn}"  # @work_label
        turns.append(label)  # @work_append
    return name  # @work_return


workers = [threading.Thread(target=work, args=(name,), name=f"worker-{name}") for name in "ab"]
for worker in workers:
    worker.start()
for worker in workers:
    worker.join()  # @main_join
print(sorted(turns))  # @main_print
