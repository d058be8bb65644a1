# What the exception types take, hold and show.
def t(f):
    try: print(repr(f()))
    except BaseException as e: print(type(e).__name__, e)
t(lambda: UnicodeEncodeError())
t(lambda: UnicodeEncodeError('ascii','x',1,2))
t(lambda: UnicodeEncodeError('ascii',b'x',1,2,'r'))
t(lambda: UnicodeEncodeError('ascii','x',1.5,2,'r'))
t(lambda: UnicodeEncodeError(1,'x',1,2,'r'))
t(lambda: UnicodeEncodeError('ascii','x',1,2,3))
t(lambda: UnicodeEncodeError('ascii','x',10**30,2,'r'))
t(lambda: UnicodeEncodeError('ascii','x',1,2,'r',6))
t(lambda: UnicodeDecodeError('ascii','x',1,2,'r'))
t(lambda: UnicodeDecodeError('ascii',bytearray(b'x'),0,1,'r').object)
t(lambda: str(UnicodeDecodeError('ascii',bytearray(b'x'),0,1,'r')))
t(lambda: UnicodeDecodeError('ascii',1,1,2,'r'))
t(lambda: UnicodeTranslateError('x',1,2,'r'))
t(lambda: UnicodeTranslateError('x',1,2))
t(lambda: UnicodeTranslateError(b'x',1,2,'r'))
t(lambda: UnicodeEncodeError('ascii','x',1,2,'r', k=1))
e = UnicodeEncodeError('ascii','xyz',1,2,'r')
t(lambda: setattr(e,'start','a'))
t(lambda: setattr(e,'start',1.5))
t(lambda: delattr(e,'start'))
t(lambda: setattr(e,'object',5))
t(lambda: str(e))
e = UnicodeEncodeError('ascii','xyz',1,2,'r')
for s,n in [(-5,2),(0,0),(2,1),(5,6),(0,100),(3,4),(2,3)]:
    e.start=s; e.end=n
    print(s,n,str(e))
e.encoding=None; t(lambda: str(e))
e = UnicodeEncodeError('ascii','xyz',1,2,'r'); e.reason=5; t(lambda: str(e))
e.encoding=b'bb'; t(lambda: str(e))
del e.encoding; t(lambda: str(e))
del e.object; t(lambda: str(e))
t(lambda: e.object)
t(lambda: str(UnicodeEncodeError.__new__(UnicodeEncodeError)))
e=UnicodeEncodeError.__new__(UnicodeEncodeError, 1)
t(lambda: (e.args,e.start,e.end,e.object))
t(lambda: OSError(1,2,3,4,5,6))
t(lambda: OSError(1,'a',filename=5))
t(lambda: OSError(2,'a','f').args)
t(lambda: type(OSError(2,'a','f')))
class S(OSError):
    def __init__(self, a): self.q=a
t(lambda: S(2).args)
class S2(OSError):
    def __new__(cls, a): return super().__new__(cls, a, 'hm')
    def __init__(self, a): pass
t(lambda: (S2(2).args, S2(2).errno))
t(lambda: BlockingIOError(1,'a',5).characters_written)
t(lambda: BlockingIOError(1,'a').characters_written)
t(lambda: BlockingIOError(1,'a','x').characters_written)
t(lambda: OSError(1,'a',5).characters_written)
b=BlockingIOError(1,'a',5)
t(lambda: b.args)
t(lambda: b.filename)
b.characters_written=7
t(lambda: b.characters_written)
del b.characters_written
t(lambda: b.characters_written)
t(lambda: delattr(b,'characters_written'))
t(lambda: setattr(b,'characters_written','x'))
t(lambda: ImportError('m', name='a', path='p'))
t(lambda: ImportError('m', name='a', path='p').__reduce__())
t(lambda: ImportError('m', bad=1))
t(lambda: ImportError('m', bad=1, name=2))
t(lambda: AttributeError('m', name=3, obj=4).__reduce__())
t(lambda: AttributeError('m', name=3, obj=4).__getstate__())
t(lambda: AttributeError('m', x=3))
t(lambda: NameError('m', x=3))
t(lambda: NameError('m', name=3).name)
t(lambda: NameError('m', name=3, y=4).name)
t(lambda: ValueError(x=1))
t(lambda: SyntaxError('m',(1,2)))
t(lambda: SyntaxError('m',(1,2,3)))
t(lambda: SyntaxError('m',(1,2,3,4,5)))
t(lambda: SyntaxError('m',(1,2,3,4,5,6,7,8)))
t(lambda: SyntaxError('m',5))
s=SyntaxError('m',('f',2,3,'t',5,6))
t(lambda: (s.msg,s.filename,s.lineno,s.offset,s.text,s.end_lineno,s.end_offset,s.print_file_and_line,s._metadata))
t(lambda: str(s))
s.lineno='x'; t(lambda: str(s))
s.filename=5; t(lambda: str(s))
s.lineno=10**30;  t(lambda: str(s))
s.lineno=True;  t(lambda: str(s))
s.msg=[1]; t(lambda: str(s))
t(lambda: str(SyntaxError()))
t(lambda: str(SyntaxError(1,2,3)))
t(lambda: StopIteration(1,2).value)
t(lambda: StopIteration().value)
t(lambda: SystemExit(1,2).code)
t(lambda: SystemExit().code)
t(lambda: StopIteration(x=1))
t(lambda: (ExceptionGroup.__mro__, ExceptionGroup.__bases__))
G=ExceptionGroup
t(lambda: G())
t(lambda: G("a"))
t(lambda: G("a",[ValueError()],1))
t(lambda: G(1,[ValueError()]))
t(lambda: G("a",5))
t(lambda: G("a",[]))
t(lambda: G("a",{1:2}))
t(lambda: G("a",[1]))
t(lambda: G("a",[ValueError,1]))
t(lambda: G("a",[KeyboardInterrupt()]))
t(lambda: G("a",[ValueError()], x=1))
t(lambda: BaseExceptionGroup("a",[ValueError()]))
t(lambda: BaseExceptionGroup("a",[KeyboardInterrupt()]))
class E(ExceptionGroup): pass
t(lambda: E("a",[KeyboardInterrupt()]))
class E2(BaseExceptionGroup): pass
t(lambda: E2("a",[KeyboardInterrupt()]))
t(lambda: E2("a",(ValueError(),)))
class Sq:
    def __len__(s): return 1
    def __getitem__(s,i):
        if i: raise IndexError
        return ValueError(9)
    def __repr__(s): return "<Sq>"
t(lambda: G("a",Sq()))
t(lambda: G("a",Sq()).exceptions)
l=[ValueError(1)]
g=G("a",l); l.append(TypeError()); t(lambda: g)
t(lambda: g.split(5))
t(lambda: g.split(int))
t(lambda: g.split((ValueError,int)))
t(lambda: g.split([ValueError]))
t(lambda: g.split(ValueError))
t(lambda: g.split(lambda e: True))
t(lambda: g.split(lambda e: 1/0))
t(lambda: g.subgroup(TypeError))
t(lambda: g.subgroup((TypeError,ValueError)))
t(lambda: g.derive([KeyError()]))
g.add_note("n1"); g.__cause__=KeyError(3)
n=G("o",[g,TypeError(2)])
n.add_note("n2")
m,r=n.split(ValueError); print(repr(m),repr(r),m.__notes__,r.__notes__, m.exceptions[0] is g, m.__suppress_context__)
t(lambda: G[int])
t(lambda: setattr(g,'message',1))
t(lambda: setattr(g,'exceptions',1))
class D(G):
    def derive(self, e): return 5
t(lambda: D("d",[ValueError(),TypeError()]).split(ValueError))
class D(G):
    def derive(self, e): return D("d"+self.message, e)
t(lambda: D("d",[ValueError(),TypeError()]).split(ValueError))
print(str(G("x",[ValueError(1)])), str(G("x",[ValueError(1),ValueError()])))


# What an AttributeError says of where it came from, also one that was made without.
class Silent:
    def __getattr__(self, name):
        raise AttributeError


class Talking:
    def __getattr__(self, name):
        raise AttributeError("no", name="own", obj=5)

    @property
    def inner(self):
        raise AttributeError("inner")


for owner, name in (Silent(), "first"), (Talking(), "second"), (Talking(), "inner"), (5, "third"):
    try:
        getattr(owner, name)
    except AttributeError as e:
        print(e.name, type(e.obj).__name__, e.args)
try:
    Silent().direct
except AttributeError as e:
    print(e.name, type(e.obj).__name__)
