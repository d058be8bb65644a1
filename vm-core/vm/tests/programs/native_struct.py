# The module _struct: formats, packing, unpacking, messages.
import _struct as struct


def t(f,*a,**k):
    try: print(f(*a,**k))
    except BaseException as e: print(type(e).__module__, type(e).__name__, e)
for f in ('', 'x', '<', '<x', 'b', '<bhilq', 'bhilqn', 'P', '<P', '<n', 'z', '3', '3 b', ' 3b', '>5s', '0s', '5p', '0p', 'e', 'F', 'D', '<F','?', 'c', '99999999999999999999b', '9223372036854775807b', '9223372036854775807i','bi0q', 'b0i','@bq','=bq','!H', '@@b', 5, b'<i', '\u20ac', '\0', 'i\0', None, '4294967295s', '1000000000000000000q2q'):
    t(struct.calcsize, f)
for f,vals in [('b',(1,-128,127,128,-129,'a',1.5,None,2**70)),('B',(0,255,256,-1,2**70,'a')),('h',(32767,32768,-32769,'a')),('H',(65535,65536,-1)),('i',(2**31-1,2**31,-2**31-1,2**100)),('I',(2**32-1,2**32,-1,'a')),('l',(2**63-1,2**63)),('L',(2**64-1,2**64,-1)),('q',(2**63-1,2**63,-2**63-1)),('Q',(2**64-1,2**64,-1,'a')),('n',(5,2**63)),('N',(5,2**64,-1)),('P',(5,-5,2**64,-2**63-1)),('f',(1.5,1e39,'a',5,float('inf'))),('d',(1.5,'a',2**2000)),('e',(1.5,65519.9,65520.0,1e-10,'a')),('c',(b'a',b'ab','a',5)),('?',(0,1,'',[1])),('3s',(b'a',b'abcd',bytearray(b'xy'),'abc',5)),('4p',(b'a',b'abcdef',b'','a')),('F',(1+2j,5,'a')),('D',(1+2j,1.5)),
    ('s',(b'',)),('x',()),('5x',()), ('p',(b'abc',)),('300p',(b'x'*299,))]:
    for v in vals:
        for pre in ('','<','>'):
            if pre and f in 'nNP': 
                t(struct.pack,pre+f,v); continue
            t(struct.pack,pre+f,v)
t(struct.pack); t(struct.pack,'i'); t(struct.pack,'i',1,2); t(struct.pack,'ii',1); t(struct.pack,5,1); t(struct.pack,'')
t(struct.unpack,'i',b'abc'); t(struct.unpack,'i',b'abcde'); t(struct.unpack,'i','abcd'); t(struct.unpack,'>ih3s2xc?',b'\0\0\0\5\0\6abcxxz\2'); t(struct.unpack,'bhilq',bytes(range(32))); t(struct.unpack,'5p',b'\x03abcd'); t(struct.unpack,'5p',b'\x09abcd'); t(struct.unpack,'0p',b''); t(struct.unpack,'',b''); t(struct.unpack,'<efdFD',struct.pack('<efdFD',1.5,2.5,3.5,1+2j,3-4j)); t(struct.unpack,'>BHILQ',b'\xff'*23);t(struct.unpack,'>bhilq',b'\xff'*19)
t(struct.unpack_from,'i',b'abcdefgh',2); t(struct.unpack_from,'i',b'abcdefgh',5); t(struct.unpack_from,'i',b'abcdefgh',-3); t(struct.unpack_from,'i',b'abcdefgh',-9); t(struct.unpack_from,'i',b'abcdefgh',offset=-8); t(struct.unpack_from,'i',buffer=b'abcd');t(struct.unpack_from,'i',b'abcdefgh',9)
b=bytearray(8); t(struct.pack_into,'<h',b,2,258); print(b); t(struct.pack_into,'<h',b,7,258); t(struct.pack_into,'<h',b,-2,1); print(b); t(struct.pack_into,'<h',b,-1,1); t(struct.pack_into,'<h',b,-9,1); t(struct.pack_into,'<h',b'abcd',0,1); t(struct.pack_into,'<h',b); t(struct.pack_into,'<h',b,0); t(struct.pack_into,'<h',b,0,1,2); t(struct.pack_into,'<h',b,'a',1); t(struct.pack_into); t(struct.pack_into,'<h'); t(struct.pack_into,'<h',b,8,1)
it=struct.iter_unpack('<h',b'\1\0\2\0'); print(it.__length_hint__(), list(it), it.__length_hint__()); t(struct.iter_unpack,'<h',b'abc'); t(struct.iter_unpack,'',b'abc'); t(lambda: list(struct.iter_unpack('5s',b'')))
S=struct.Struct
s=S('<ih'); print(s, s.size, s.format, s.pack(1,2), s.unpack(b'\1\0\0\0\2\0'), s.__sizeof__()); t(S); t(S,5); t(S,'z'); t(S,b'<i'); print(S(b'<i').format, S('i').unpack_from(b'abcdefgh',4)); t(s.pack); t(s.pack,1); t(s.unpack,b''); t(s.unpack_from,b'abcdefgh',offset=1); t(s.pack_into,bytearray(3),0,1,2); print(list(s.iter_unpack(b'abcdef')))
class X(S):
    def __init__(self, f): super().__init__(f)
t(lambda: X('i').pack(3)); t(S.__new__,S); t(lambda: S.__new__(S).pack(1)); t(lambda:S(format='b').size)
class I:
    def __index__(self): return 7
t(struct.pack,'b',I()); t(struct.pack,'Q',I())
class BI:
    def __index__(self): raise ZeroDivisionError
t(struct.pack,'b',BI())
class BB:
    def __bool__(self): raise ZeroDivisionError
t(struct.pack,'?',BB()); t(struct.pack,'3c',b'a',b'b',b'c'); t(struct.unpack,'3c',b'abc'); t(struct.pack,'<2h 3b',1,2,3,4,5)
t(lambda: type(struct.iter_unpack('b',b''))()); t(lambda: hash(S('b')) is not None)
