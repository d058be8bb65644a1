import atexit
import sys
import time

atexit.register(lambda: print("atexit ran"))
what = sys.argv[1] if len(sys.argv) > 1 else "loop"
print("running")  # @running
try:
    if what == "sleep":
        time.sleep(3600)  # @sleep
    n = 0
    while True:
        n += 1  # @spin
finally:
    print("finally ran")
