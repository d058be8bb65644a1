# array.array: conversion of items, methods, messages.
import array
for c in array.typecodes.replace('u', ''):
    for v in (-1,300,2**15,2**16,2**31,2**32,2**63,2**64,-2**15-1,-2**31-1,-2**63-1,'a','ab','\U0001f600',1.5,None,b'a',1e300):
        try: print(c,repr(v),array.array(c,[v]))
        except Exception as e: print(c,repr(v),type(e).__name__,e)
def t(f,*a):
    try: print(f(*a))
    except BaseException as e: print(type(e).__name__, e)
A=array.array
t(A); t(A,1); t(A,'ab'); t(A,'z'); t(A,b'i'); t(A,'i',5); t(A,'i',1,2); t(lambda:A('i',x=1)); t(lambda: A('i')+[1]); t(lambda: A('i')+A('f'))
t(lambda: A('i')*'a'); 
def f():
    a=A('i'); a+=[1]
t(f)
def f():
    a=A('i'); a*=1.5
t(f)
def f():
    a=A('i',[1]); m=memoryview(a); a.append(2)
t(f)
def f():
    a=A('i',[1]); a[0:1]=A('f')
t(f)
print(A.__text_signature__, A.append.__text_signature__, A.index.__text_signature__,A.pop.__text_signature__)
t(lambda:A('i',[1]).index(2)); t(A('i').pop); t(lambda:A('i',[1]).pop(5)); t(lambda:A('i',[1]).pop('a'))
t(lambda:A('i').fromlist((1,))); t(lambda:A('i').fromunicode('a')); t(lambda:A('i').fromunicode(1)); t(lambda:A('i').frombytes('a')); t(lambda:A('i').frombytes(b'a')); t(lambda: A('i').frombytes(A('i',[1])))
t(lambda: A('i').extend(A('f'))); t(lambda: A('i').extend(1)); t(lambda:A('i')['a'])
t(lambda: A('i',[1]).__reduce_ex__(3)); t(lambda: A('i',[1]).__reduce_ex__(2)); t(lambda: A('i',[1]).__reduce_ex__('a'))

t(lambda:array._array_reconstructor(int,'i',8,b'')); t(lambda:array._array_reconstructor(A,'z',8,b''));t(lambda:array._array_reconstructor(A,'i',99,b'')); t(lambda:array._array_reconstructor(A,'i',8,1)); t(lambda:array._array_reconstructor(A,'i',7,b'\0\0\0\1')); t(lambda:array._array_reconstructor(A,'f',15,b'?\x80\0\0')); t(lambda:array._array_reconstructor(A,5,15,b'?\x80\0\0'))
t(lambda:array._array_reconstructor(5,'i',15,b'?\x80\0\0'));t(lambda:array._array_reconstructor(A,'i',14,b'?\x80\0\0'))
class B(A): pass
t(lambda:B('i',[1])); t(lambda:B('i',x=1)); t(lambda:B('i',[1])[:]); t(lambda:B('i',[1])+B('i',[1])); t(lambda:B('i',[1])*2)
t(lambda:B('i',[1]).__copy__())
t(lambda:A('i',[1])<A('i',[2])); t(lambda:A('i',[1])<[2]); t(lambda:A('i',[1])==A('d',[1.0]))
it=iter(A('i',[1,2])); next(it); print(it.__reduce__()[1:]); t(lambda: type(it)); 
t(lambda:A('i',[1,2]).__sizeof__()); t(lambda:A('w','ab')); t(lambda:A('w','ab').tounicode()); t(lambda:A('i').tounicode())
t(lambda: A('i','ab')); t(lambda: A('i',A('w','a'))); t(lambda: A('d',A('i',[1])))
t(lambda: memoryview(A('w','ab')).format); t(lambda: A.__doc__[:40]); t(lambda: hash(A('i')))
def f():
    a=A('i',[1,2,3,4]); a[::2]=A('i',[5]); 
t(f)
def f():
    a=A('i',[1,2,3,4]); a[1]='x'
t(f)
def f():
    a=A('i',[1,2,3,4]); a[9]=1
t(f)
def f():
    a=A('i',[1,2,3,4]); a[0:1]=[1]
t(f)
def f():
    a=A('i',[1,2,3,4]); a.remove(7)
t(f)
print(sorted(set(dir(A))-set(dir(object))-{'__buffer__','__release_buffer__'})); print(A.__module__, array.__doc__)
t(lambda: A('i',range(3)).buffer_info()[1]); t(lambda:A('i').insert('a',1)); t(lambda: A('w').__mul__(2**62)); t(lambda: A('i',[1])*2**62)
for n in range(40):
    a=A('i'); [a.append(1) for _ in range(n)]; print(a.__sizeof__(), end=' ')
print(); a=A('d',range(20)); a.extend(range(3)); print(a.__sizeof__()); a+=a; print(a.__sizeof__());del a[5:]; print(a.__sizeof__())

# Slices, as lists do them.
for n in range(5):
    for key in [slice(a, b, c) for a in (None, 0, 2, -2) for b in (None, 1, 3, -1) for c in (None, 1, 2, -1, -2)]:
        x, y = A('h', range(n)), list(range(n))
        assert x[key].tolist() == y[key]
        for new in ([], [7], [7, 8], [7, 8, 9]):
            x, y = A('h', range(n)), list(range(n))
            try:
                y[key] = new
            except ValueError:
                try:
                    x[key] = A('h', new)
                    # An empty array deletes.
                    assert not new
                except ValueError as e:
                    print(n, key, new, e)
                continue
            x[key] = A('h', new)
            assert x.tolist() == y, (n, key, new, x, y)
        x, y = A('h', range(n)), list(range(n))
        del x[key], y[key]
        assert x.tolist() == y
for code in 'bBhHiIlLqQfdw':
    x = A(code, 'ab' if code == 'w' else [1, 2, 3])
    x.append(x[0]); x.insert(1, x[1]); x.insert(-100, x[1]); x.extend(x); x.byteswap(); x.byteswap(); x.reverse()
    print(x, x.tobytes(), x.count(x[0]), x.index(x[-1]), x[0] in x, x.itemsize, memoryview(x).format, memoryview(x).nbytes)
    y = A(code); y.frombytes(x.tobytes()); print(y == x, y != x, y <= x, y > x[1:], x.pop(), x.pop(0), x)
x = A('B', b'hello')
print(bytes(x), b'' + x, bytearray(x), b'hello' == x, bytearray(b'hello') == x, bytes.join(b'-', [x, x]), b'say hello'.find(x))
m = memoryview(x); m[0] = 72; print(x.tobytes()); t(x.append, 1); t(x.__delitem__, 0); t(x.__setitem__, slice(0, 1), A('B')); m.release(); x.append(33); print(x.tobytes())
b = bytearray(b'abc'); m = memoryview(b); t(b.append, 1); m2 = m[1:]; m.release(); t(b.append, 1); del m2; b.append(1); print(b)
class W:
    def __init__(self): self.data = b''
    def write(self, b): self.data += b
    def read(self, n): r, self.data = self.data[:n], self.data[n:]; return r
w = W(); A('i', [1, 2, 3]).tofile(w); y = A('i'); y.fromfile(w, 2); print(y); t(y.fromfile, w, 2); print(y); t(y.fromfile, w, -1)
import _weakref
r = _weakref.ref(y); print(r() is y); del y; print(r())
x = A('d', [1.5, float('nan')]); print(x == x, x < A('d', [2.0]), A('i', [1, 2]) < A('d', [1.0, 2.5]), A('u' if 0 else 'w', 'b') > A('w', 'a'))
it = iter(A('i', [1, 2, 3])); next(it); it.__setstate__(0); print(list(it), it.__reduce__()[1:]); it.__setstate__(0); print(list(it))
