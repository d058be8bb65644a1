def plain[T](x: T) -> T: return x
def bounded[T: int, *Ts, **P](x: T, y=1, *args: *Ts, k: T = 2, **kw: P.kwargs) -> T: ...
def defaults[T = int, U: (int, str) = str, *Ts = *tuple[int], **P = [int]](): ...
async def coroutine[T](x: T): await x
type Alias = int | Alias
type Generic[T: Alias, *Ts, **P] = dict[T, Callable[P, T]]


@decorate
class Class[T](Base[T], metaclass=Meta): 
    type Member = T
    x: T

    def method[U](self, other: U, x: T = 1) -> T:
        type Local[V] = U | V | T
        return lambda: (T, U)

    type InClass[V] = (x, V)


class Private[__T: __Bound]:
    def method(self, x: __T): return __T


class Bare[T]: pass


def function():
    x = 1
    class Inner[T: x]:
        y: T = x
        z = [T for _ in x]
    return Inner
