import os, threading, select, socket, subprocess, sys
r, w = os.pipe()
got = []
def reader():
    data = b""
    while len(data) < 1_000_000:
        data += os.read(r, 65536)
    got.append(len(data))
t = threading.Thread(target=reader); t.start()
print(os.write(w, b"x" * 1_000_000)); t.join(); print(got)
f = os.fdopen(r, "rb"); g = os.fdopen(w, "wb")
def lines():
    for line in f: got.append(line)
t = threading.Thread(target=lines); t.start()
for i in range(3): g.write(b"line %d\n" % i); g.flush()
g.close(); t.join(); print(got)
srv = socket.create_server(("127.0.0.1", 0))
def serve():
    c, _ = srv.accept()
    with c:
        while (d := c.recv(100_000)): c.sendall(d.upper())
t = threading.Thread(target=serve); t.start()
c = socket.create_connection(srv.getsockname())
n = []
def drain():
    while (d := c.recv(100_000)): n.append(len(d))
d = threading.Thread(target=drain); d.start()
c.sendall(b"ab" * 1_000_000); c.shutdown(socket.SHUT_WR); d.join(); t.join(); print(sum(n))
p = subprocess.Popen([sys.executable, "-c", "import sys; d = sys.stdin.read(); print(len(d)); print('err', file=sys.stderr)"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
print(p.communicate("y" * 200_000), p.returncode)
a, b = socket.socketpair()
t = threading.Timer(0.02, lambda: b.send(b"now")); t.start()
print(len(select.select([a], [], [], 5)[0]), a.recv(10))
po = select.poll(); po.register(a, select.POLLIN)
t = threading.Timer(0.02, lambda: b.send(b"now")); t.start()
print([e for _, e in po.poll(5000)])
import asyncio
async def main():
    r = await asyncio.gather(asyncio.to_thread(lambda: threading.current_thread() is threading.main_thread()), asyncio.sleep(0.01, "slept"))
    loop = asyncio.get_running_loop()
    return r, await loop.run_in_executor(None, sum, range(10))
print(asyncio.run(main()))
