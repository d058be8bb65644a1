"""Pseudo-terminals: os.openpty, forkpty, login_tty and what opens one step by step; pty over them."""

import os
import pty
import sys
import tempfile
import tty


def show(f, *args):
    try:
        print(repr(f(*args)))
    except Exception as e:
        print(repr(e))


def read_all(fd):
    """What the other end writes until it is closed, which Linux says by EIO."""
    out = b""
    while True:
        try:
            data = os.read(fd, 1000)
        except OSError as e:
            return out, e.errno == 5
        if not data:
            return out, False
        out += data


def status(pid):
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


# Both ends are kept from programs that are started.
master, slave = os.openpty()
print(os.get_inheritable(master), os.get_inheritable(slave), os.isatty(master), os.isatty(slave))
print(os.ptsname(master) == os.ttyname(slave))
os.write(slave, b"line\n")
print(os.read(master, 100))
tty.setraw(slave)
os.write(slave, b"line\n")
print(os.read(master, 100))
show(os.get_terminal_size, slave)
os.close(slave)
print(read_all(master))
os.close(master)

# The child has the terminal as its own, and goes on with its own end.
sys.stdout.flush()
pid, fd = os.forkpty()
if pid == 0:
    print("child", os.isatty(0), os.isatty(1), os.isatty(2), os.getsid(0) == os.getpid(), os.tcgetpgrp(0) == os.getpgrp(), flush=True)
    print(input().upper(), flush=True)
    os._exit(3)
os.write(fd, b"hello\n")
print(sorted(read_all(fd)[0].split(b"\r\n")), status(pid))
os.close(fd)

sys.stdout.flush()
pid, fd = pty.fork()
if pid == 0:
    os._exit(len(os.ttyname(1)) > 5)
print(read_all(fd), status(pid))
os.close(fd)

# Step by step.
master = os.posix_openpt(os.O_RDWR | os.O_NOCTTY)
print(os.get_inheritable(master), os.grantpt(master), os.unlockpt(master))
slave = os.open(os.ptsname(master), os.O_RDWR | os.O_NOCTTY)
sys.stdout.flush()
pid = os.fork()
if pid == 0:
    os.close(master)
    os.login_tty(slave)
    os.write(1, b"%d %d" % (os.isatty(0), os.getsid(0) == os.getpid()))
    os._exit(0)
os.close(slave)
print(read_all(master), status(pid))
os.close(master)

# What is refused.
r, w = os.pipe()
for f in os.ptsname, os.grantpt, os.unlockpt, os.ttyname, os.login_tty, os.tcgetpgrp:
    show(f, r)
    show(f, -1)
    show(f, "0")
for f in os.forkpty, os.openpty, os.posix_openpt:
    show(f, 1, 2)

# Between a pipe and a file, without a copy in between.
with tempfile.TemporaryFile() as file:
    os.write(w, b"0123456789")
    print(os.splice(r, file.fileno(), 4), os.splice(r, file.fileno(), 3, offset_dst=8))
    print(file.read(), file.seek(0), file.read())
    print(os.splice(file.fileno(), w, 100, offset_src=9), os.read(r, 100))
    show(os.splice, r, w, -1)
    show(os.splice, r, file.fileno(), 1, 0)
    show(os.splice, file.fileno(), file.fileno(), 1)
