from __future__ import annotations, division

x: int | None = 1
y: dict[str, "quoted"]
lambda_: (lambda a, /, b=1, *c, d, **e: a)
operators: a + b * c ** -d if not e else f(x, *y, k=1, **z)[1:2, ...].attr
strings: f"{a!r:>{b}} {{}}" "tail" + 'it\'s' + b"bytes"
collections: [1, (2,), {3}, {4: 5, **g}, *h, [i for i in j if k], (l async for l in m)]
numbers: (1_000, 0xFF, 1e100, 1j, ..., None, True, -1, 1 .real)
comparisons: a < b is not c not in d and (e or f)


def function(a: int, *args: *Ts, b: str = "x", **kw: Any) -> list[int]:
    local: int = 1


class Class:
    a: int
    def method(self) -> Class: ...
