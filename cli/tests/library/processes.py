"""subprocess over _posixsubprocess and posix, select, pwd and grp."""

import grp
import os
import pwd
import select
import subprocess


def show(f, *args, **kwargs):
    try:
        print(repr(f(*args, **kwargs)))
    except Exception as e:
        print(repr(e))


show(subprocess.run, ["echo", "hi"], capture_output=True)
show(subprocess.run, "echo $X; exit 3", shell=True, env={"X": "5"}, stdout=subprocess.PIPE, text=True)
show(subprocess.run, ["/nonexistent"])
show(subprocess.run, ["ls"], cwd="/nonexistent")
process = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
print(process.communicate(b"abc" * 10), process.returncode)
try:
    subprocess.run(["sleep", "5"], timeout=0.1)
except subprocess.TimeoutExpired as e:
    print(e.cmd, e.output)
show(subprocess.check_output, ["sh", "-c", "echo a >&2; echo b"], stderr=subprocess.STDOUT)
show(subprocess.check_output, ["sh", "-c", "kill -9 $$"])
show(subprocess.run, ["true"], preexec_fn=lambda: None)
show(subprocess.run, ["true"], preexec_fn=lambda: 1 / 0)
r, w = os.pipe()
show(subprocess.run, ["sh", "-c", f"echo x >&{w}"], pass_fds=[w])
print(os.read(r, 9))
print(subprocess.run(["sh", "-c", f"echo x 2>&- >&{w}"], stderr=subprocess.DEVNULL).returncode != 0)

print(select.select([r], [w], [], 0) == ([], [w], []))
os.write(w, b"x")
print(select.select([r], [], [], None) == ([r], [], []))
p = select.poll()
p.register(r)
print(p.poll(0) == [(r, 1)])
e = select.epoll()
e.register(r, select.EPOLLIN)
print(e.poll(0) == [(r, 1)])
e.close()
show(e.poll)
show(select.select, 1)
show(select.select, [-1], [], [], 0)
show(select.select, ["x"], [], [], 0)

print(pwd.getpwuid(0).pw_name, pwd.getpwnam("root")[2], grp.getgrgid(0).gr_name)
show(pwd.getpwuid, -5)
show(pwd.getpwuid, "a")
show(pwd.getpwnam, "nobody at all")
show(grp.getgrnam, "nobody at all")
