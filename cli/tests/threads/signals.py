import threading, time, os, signal, sys
def beat():
    time.sleep(0.05); os.kill(os.getpid(), signal.SIGINT)
threading.Thread(target=beat).start()
try:
    threading.Event().wait()
except KeyboardInterrupt: print("interrupted a wait")
def spin():
    end = time.monotonic() + 0.3
    while time.monotonic() < end: pass
s = threading.Thread(target=spin); s.start()
threading.Thread(target=beat).start()
try: s.join()
except KeyboardInterrupt: print("interrupted a join", s.is_alive())
s.join()
signal.signal(signal.SIGUSR1, lambda *a: print("handler in", threading.current_thread().name))
def kick(): os.kill(os.getpid(), signal.SIGUSR1)
t = threading.Thread(target=kick); t.start(); t.join()
time.sleep(0.01)
pid = os.fork()
if pid == 0:
    print("child", threading.active_count(), threading.current_thread().name, flush=True); os._exit(3)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


def copy():
    if os.fork() == 0:
        # The thread that made the copy is the only one in it.
        print(len(sys._current_frames()), threading.active_count(), flush=True)
        os._exit(0)
    os.wait()


t = threading.Thread(target=copy); t.start(); t.join()
