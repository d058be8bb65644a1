module: int
valued: str = "x"
attribute.target: int = 1
subscript[0]: list[int]
(parenthesized): int = 2


def function(a: int, b: "str" = 1, /, *args: *Ts, c: list[int] = [], **kw: dict) -> None:
    local: unevaluated(x) = 1
    other: int


async def coroutine(x: int) -> int: ...


class Class:
    a: int
    b: Class = None
    if a:
        c: conditional
    for _ in (): d: int = 1

    def method(self, x: Class.a) -> Class:
        self.attribute: int = 1

    class Nested:
        y: Class


def outer(t):
    class Inner:
        a: t
        __private: int

        def f(self, x: t, __y: t): ...
    return Inner


if module:
    later: int
