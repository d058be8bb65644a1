# The modules mmap, resource, termios and _queue.
import _queue
import mmap
import posix
import resource
import termios


def attempt(what, function, *args):
    try:
        print(what, function(*args))
    except Exception as e:
        print(what, type(e).__name__, e)


m = mmap.mmap(-1, 20)
print(len(m), m.tell(), m.closed, m[:5], m[0], m[-1])
print(m.write(b"hello\nworld\n"), m.tell(), m.seek(0), m.readline(), m.read(3), m.read_byte(), m.read(), m.read(5))
attempt("size", m.size)
attempt("write", m.write, b"x" * 30)
attempt("write_byte", m.write_byte, 3)
attempt("read_byte", m.read_byte)
m[0] = 72
m[1:3] = b"EL"
m[10:20:2] = b"abcde"
print(m[:], m.find(b"l"), m.find(b"l", 0), m.rfind(b"l", 0), m.find(b"zz", 0), m.find(b"o", -20, 6))
for key, value in (0, 300), (0, "x"), (50, 1), ("x", 1), (slice(0, 2), b"xyz"):
    attempt("set", m.__setitem__, key, value)
attempt("get", m.__getitem__, 20)
attempt("delete", m.__delitem__, 0)
m.move(5, 0, 5)
print(m[:], m.seek(-2, 2), m.seek(1, 1))
attempt("seek", m.seek, 21)
attempt("seek", m.seek, 0, 9)
attempt("move", m.move, 0, 15, 10)
attempt("flush", m.flush, 0, 100)
print(m.flush(), m.seekable())
v = memoryview(m)
print(v[:5].tobytes(), v.readonly, v.nbytes, repr(m))
attempt("close", m.close)
v.release()
m.close()
print(m.closed, repr(m))
attempt("closed", m.read)
attempt("closed", len, m)

path = "/tmp/tailscope-mmap-test"
fd = posix.open(path, posix.O_RDWR | posix.O_CREAT | posix.O_TRUNC)
attempt("empty", mmap.mmap, fd, 0)
posix.write(fd, b"some text in a file")
with mmap.mmap(fd, 0, access=mmap.ACCESS_READ) as m:
    print(m[:], m.size(), memoryview(m).readonly)
    attempt("read-only", m.write, b"x")
    attempt("read-only", m.__setitem__, 0, 1)
    attempt("read-only", m.resize, 5)
with mmap.mmap(fd, 0) as m:
    m[:4] = b"SOME"
    m.flush()
    print(posix.pread(fd, 10, 0))
    m.resize(4096)
    print(len(m), m.size(), posix.fstat(fd).st_size)
with mmap.mmap(fd, 4, access=mmap.ACCESS_COPY) as m:
    m[:] = b"copy"
    print(m[:], posix.pread(fd, 4, 0))
attempt("length", mmap.mmap, fd, -1)
attempt("length", mmap.mmap, fd, 5000)
attempt("offset", mmap.mmap, fd, 1, 1, 3, 0, -1)
attempt("access", mmap.mmap, fd, 0, mmap.MAP_PRIVATE, mmap.PROT_READ, mmap.ACCESS_READ)
attempt("access", lambda: mmap.mmap(fd, 0, access=9))
posix.close(fd)
posix.unlink(path)
attempt("descriptor", mmap.mmap, 0x7000, 1)

# Limits.
soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
resource.setrlimit(resource.RLIMIT_CORE, (0, hard))
print(resource.getrlimit(resource.RLIMIT_CORE) == (0, hard), resource.prlimit(0, resource.RLIMIT_CORE) == (0, hard))
attempt("getrlimit", resource.getrlimit, 99)
attempt("getrlimit", resource.getrlimit, "x")
attempt("setrlimit", resource.setrlimit, resource.RLIMIT_CORE, 5)
attempt("setrlimit", resource.setrlimit, resource.RLIMIT_CORE, (1, 2, 3))
attempt("setrlimit", resource.setrlimit, resource.RLIMIT_NOFILE, (100, 10))
usage = resource.getrusage(resource.RUSAGE_SELF)
print(len(usage), usage.ru_maxrss > 0, type(usage.ru_utime).__name__, resource.getpagesize() == mmap.PAGESIZE)
attempt("getrusage", resource.getrusage, 99)
print(resource.RLIM_INFINITY, resource.error is OSError)

# Terminals.
master, slave = posix.openpty()
attributes = termios.tcgetattr(slave)
print(len(attributes), len(attributes[6]), attributes[4:6], attributes[6][termios.VINTR], attributes[3] & termios.ECHO != 0)
attributes[3] &= ~(termios.ECHO | termios.ICANON)
attributes[6][termios.VMIN] = 1
termios.tcsetattr(slave, termios.TCSANOW, attributes)
print(termios.tcgetattr(slave)[3] & termios.ECHO, termios.tcgetattr(slave)[6][termios.VMIN])
termios.tcsetwinsize(slave, (24, 80))
print(termios.tcgetwinsize(slave), termios.tcflush(slave, termios.TCIOFLUSH), termios.tcdrain(slave))
attempt("tcsetwinsize", termios.tcsetwinsize, slave, (1,))
attempt("tcsetattr", termios.tcsetattr, slave, 0, [1, 2])
attempt("tcsetattr", termios.tcsetattr, slave, 0, attributes[:6] + [[]])
r, w = posix.pipe()
try:
    termios.tcgetattr(r)
except termios.error as e:
    print(e.args)

# Queues.
q = _queue.SimpleQueue()
print(q.empty(), q.qsize(), q.put(1), q.put(2, block=False), q.put_nowait(item=3), q.qsize(), q.get(), q.get(timeout=1), q.get_nowait())
attempt("get", q.get, False)
attempt("get", q.get, True, 0.01)
attempt("get", q.get, True, -1)
attempt("get_nowait", q.get_nowait)
print(issubclass(_queue.Empty, Exception), _queue.Empty.__module__, _queue.SimpleQueue[int])
