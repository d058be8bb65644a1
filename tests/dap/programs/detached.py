"""Writes down that it is alive, until a file tells it to end."""

import os
import sys
import time

folder = sys.argv[1]
n = 0


def step():
    global n
    n += 1  # @step
    with open(os.path.join(folder, "alive"), "w") as file:
        file.write(str(n))


while not os.path.exists(os.path.join(folder, "end")):
    step()  # @loop
    time.sleep(0.01)
print("ended by itself", n)
sys.exit(7)
