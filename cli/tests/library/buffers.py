# Classes with __buffer__ (PEP 688) given to the library.
import array
import base64
import collections.abc
import hashlib
import hmac
import inspect
import io
import itertools
import os
import pickle
import re
import socket
import struct
import tempfile
import typing
import zlib


class Data:
    def __init__(self, data=b"12"):
        self.data = data
        self.held = 0

    def __buffer__(self, flags):
        print(f"<{inspect.BufferFlags(flags).name}", end=" ")
        self.held += 1
        return memoryview(self.data)

    def __release_buffer__(self, view):
        self.held -= 1
        print(">", end=" ")


def attempt(f, *args):
    try:
        print(f(*args))
    except BaseException as e:
        print(f"{type(e).__name__}: {e}")


print("-- collections.abc.Buffer")
Buffer = collections.abc.Buffer
for o in (b"", bytearray(), memoryview(b""), array.array("B"), Data(), "", 1, [], io.BytesIO().getbuffer(), Data):
    print(type(o).__name__, isinstance(o, Buffer), issubclass(type(o), Buffer))


class Not(bytearray):
    __buffer__ = None


class Abstract(Buffer):
    pass


class Real(Buffer):
    def __buffer__(self, flags):
        return memoryview(b"real")


print(isinstance(Not(), Buffer), issubclass(Real, Buffer), bytes(Real()))
attempt(Abstract)
attempt(memoryview, Not())
attempt(Buffer.__buffer__, Data(), 0)
attempt(bytes, type("Super", (Buffer,), {"__buffer__": lambda self, f: Buffer.__buffer__(self, f)})())
Late = type("Late", (), {})
print(isinstance(Late(), Buffer))
setattr(Late, "__buffer__", lambda self, flags: memoryview(b"late"))
print(bytes(Late()), issubclass(Late, Buffer))
print([f.name for f in inspect.BufferFlags], inspect.BufferFlags.FULL_RO.value)

print("-- re")
for o in (Data(b"a1b22"),):
    print(re.findall(rb"\d+", o), o.held)
    print(re.sub(rb"\d", b"#", o), re.sub(rb"\d", Data(b"#"), b"a1b2"), re.sub(rb"(\d)", Data(rb"<\1>"), b"a1b2"))
    print(re.split(rb"\d", o), re.match(rb"(.)", o)[1], re.fullmatch(rb".*", o).span())
    it = re.finditer(rb"\d", o)
    print(next(it)[0], o.held)
    print(list(m[0] for m in it))
    del it
    print(o.held)
    m = re.search(rb"b", o)
    print(m.string is o, m.group(), o.held)
    attempt(re.search, "b", o)
    attempt(re.compile, o)
held = Data(bytearray(b"abc"))
print(re.sub(rb".", lambda m: attempt(held.data.clear) or b"x", held))
attempt(held.data.clear)

print("-- hashes, checksums, encodings")
print(hashlib.sha256(Data()).hexdigest()[:8], hashlib.new("md5", Data()).hexdigest()[:8], hmac.new(b"k", Data(), "md5").hexdigest()[:8])
print(hmac.compare_digest(Data(), b"12"), zlib.crc32(Data()), base64.b64encode(Data()), base64.b64decode(Data(b"MTI=")))

print("-- struct, pickle")
print(struct.unpack_from("<H", Data()), list(struct.iter_unpack("b", Data())), struct.calcsize("H"))
attempt(pickle.loads, Data(pickle.dumps([1])))

print("-- files and sockets")
with tempfile.TemporaryFile() as f:
    print(f.write(Data()), f.write(memoryview(Data())), f.seek(0), f.read())
    f.seek(0)
    to = Data(bytearray(4))
    print(f.readinto(to), to.data, to.held)
with tempfile.TemporaryFile(buffering=0) as f:
    print(f.write(Data()), os.write(f.fileno(), Data()), os.writev(f.fileno(), [Data(), b"3"]), os.pwrite(f.fileno(), Data(b"x"), 0))
    f.seek(0)
    to, rest = Data(bytearray(3)), Data(bytearray(3))
    print(os.readv(f.fileno(), [to, rest]), to.data, rest.data)
    f.seek(0)
    print(f.readinto(to), to.data, os.readinto(f.fileno(), rest), rest.data)
    attempt(f.readinto, Data(b"read only"))
    attempt(os.readinto, f.fileno(), Data(b"read only"))
a, b = socket.socketpair()
print(a.send(Data()), a.sendall(Data()), a.sendmsg([Data(), Data()]))
to = Data(bytearray(3))
print(b.recv_into(to), to.data, b.recv(100))
a.send(b"abcdef")
print(b.recvmsg_into([to, Data(bytearray(2))])[0], to.data)
attempt(b.recv_into, Data(b"read only"))
a.close(), b.close()
print("".join(io.TextIOWrapper(io.BytesIO(Data(b"text\n")))), bytes(itertools.chain(b"1", [2])))


class Raw(io.RawIOBase):
    def readable(self):
        return True

    def readinto(self, to):
        kept.append(to)
        to[:2] = Data(b"ok")
        return 2


kept = []
print(io.BufferedReader(Raw()).read(2), len(kept))
print(typing.get_type_hints(Buffer.__buffer__) != None)
