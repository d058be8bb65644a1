# Type parameters: PEP 695 and 696 syntax, the objects, `typing` on top of them.
import typing
from typing import *
def t(f,*a,**k):
    try: print(f(*a,**k))
    except BaseException as e: print(type(e).__name__, e)
for T in (TypeVar,ParamSpec,TypeVarTuple):
    t(T); t(T,1); t(T,'A',1,2,x=3); t(T,'A',name='B'); t(T,'A',default=int); t(T,'A','B')
t(TypeAliasType); t(TypeAliasType,1,2); t(TypeAliasType,'a',2,type_params=[]); t(TypeAliasType,'a'); t(TypeAliasType,'a',2,3); t(TypeAliasType,'a',int,type_params=(1,))
t(TypeVar,'T',bound=5); t(TypeVar,'T',int); t(TypeVar,'T',int,str,bound=int); t(TypeVar,'T',covariant=1,contravariant=1); t(TypeVar,'T',covariant=1,infer_variance=1)
P=ParamSpec('P'); print(P.__bound__, P, P.args, P.kwargs, P.args==P.args, P.__module__, type(P.args)); t(hash,P.args); t(ParamSpecArgs); t(lambda: ParamSpecArgs(1).__origin__); t(lambda: repr(ParamSpecArgs(1)))
t(type(NoDefault)); t(type(NoDefault),1); t(lambda: type(typing.TypeVar('T',default=int).evaluate_default)); t(lambda: typing.TypeVar('T',default=int).evaluate_default); t(lambda: typing.TypeVar('T',default=int).evaluate_default(4)); t(lambda: typing.TypeVar('T',default=int).evaluate_default('a'));t(lambda: typing.TypeVar('T',default=int).evaluate_default())
def f():
    class X(TypeVar('T')): pass
t(f)
def f():
    class X(TypeVar): pass
t(f)
type L[T]=list[T]
t(lambda: L[int]); t(lambda:L.__value__); t(lambda: TypeAliasType('X',int)[3]); t(lambda: L|int); t(lambda: L.__module__); t(lambda: TypeVar('T')|int); t(lambda: int|TypeVar('T'))
t(lambda:list(TypeVarTuple('Ts'))); t(lambda: L[int].__origin__); t(lambda: L.__type_params__); t(lambda: L.__parameters__); t(lambda: (L.__type_params__[0].__bound__, L.__type_params__[0].__infer_variance__))

def first[T: (int, str), *Ts, **P](x: T, *a: *Ts) -> T:
    return x
print(first.__type_params__, [type(p).__name__ for p in first.__type_params__], first(3), first.__annotations__)
print(first.__type_params__[0].__constraints__, first.__type_params__[0].__bound__)

class Stack[T]:
    def __init__(self): self.items: list[T] = []
    def push(self, x: T) -> None: self.items.append(x)
    def map[U](self, f: Callable[[T], U]) -> 'Stack[U]':
        s = Stack[U]()
        for x in self.items: s.push(f(x))
        return s
s = Stack[int](); s.push(1); s.push(2)
print(s.map(str).items, Stack.__type_params__, Stack.__parameters__, Stack.__bases__, Stack.__mro__, Stack[int], Stack.__orig_bases__)
print(Stack.map.__type_params__, Stack.push.__annotations__, s.__orig_class__)
t(lambda: Stack[int, str])
class Child[K, V](Stack[K], dict[K, V]): pass
print(Child.__orig_bases__, Child.__parameters__, Child[int, str], Child[int, str].__args__)

def lazily[T: Missing = AlsoMissing](): pass
p = lazily.__type_params__[0]
print(p, p.has_default()); t(lambda: p.__bound__); t(lambda: p.__default__)
class Missing: pass
AlsoMissing = int
t(lambda: p.__bound__); t(lambda: p.__default__); print(p.evaluate_bound(1), p.evaluate_default(1))
class D[T = int, **P = [int, str]]: pass
class D2[*Ts = *tuple[str, bool]]: pass
print(D2.__type_params__[0].__default__)
print([ (q, q.__default__, q.has_default()) for q in D.__type_params__])
type Rec = list[Rec] | None
print(Rec, Rec.__value__, Rec.__value__.__args__)
type Pair[A, B = A] = tuple[A, B]
print(Pair[int], Pair[int, str], Pair.__parameters__, Pair[int].__value__)
type Fn[**P, R] = Callable[P, R]
print(Fn[[int, str], bool], Fn.__value__, Fn[..., int])
type Tup[*Ts] = tuple[int, *Ts]
print(Tup[str, bool], Tup.__value__, Tup[()])
T = TypeVar('T'); K = TypeVar('K', bound='int', covariant=True); A = TypeVar('A', int, str, contravariant=True)
print(T, K, A, K.__bound__, A.__constraints__, T.__module__, T.__name__, Optional[T], List[T][int], Dict[T, K][str, int])
class G(Generic[T, K]): x: T
print(G, G[int, str], G.__parameters__, G.__orig_bases__, G[int, T].__parameters__); t(lambda: G[int]); t(lambda: Generic[int]); t(lambda: Generic[T, T])
class Pr(Protocol[T]):
    def m(self) -> T: ...
@runtime_checkable
class HasLen(Protocol):
    def __len__(self) -> int: ...
print(Pr[int], Pr.__parameters__)
class TD(TypedDict, total=False): a: int; b: Required[str]
print(TD.__required_keys__, TD.__optional_keys__, TD(a=1), TD.__annotations__)
class NT(NamedTuple): a: int; b: str = 'x'
print(NT(1), NT.__annotations__, NT._field_defaults)
print(get_type_hints(Stack.push), get_origin(List[int]), get_args(Callable[[int], str]), Union[int, str, None], Literal[1, 'a'], Annotated[int, 3], Final[int], ClassVar[int])
class Inner:
    class C[T]:
        type X = T
        def m[U: T](self): return U.__bound__
print(Inner.C.X.__value__, Inner.C().m(), Inner.C.__qualname__)
def outer():
    y = str
    type Z[Q: y] = dict[y, Q]
    return Z
z = outer(); print(z.__value__, z.__type_params__[0].__bound__)
@overload
def ov(x: int) -> int: ...
def ov(x): return x
print(ov(3), len(get_overloads(ov)), cast(int, 'a'), TYPE_CHECKING, NewType('N', int)(5))
t(lambda: first.__type_params__[0].__typing_subst__(int))
