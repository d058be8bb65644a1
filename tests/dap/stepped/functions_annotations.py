def typed(a: int, b: 'str' = 'x', *c: float) -> list[int]:
    value: int = a
    other: str
    return [value, len(b), len(c)]


class Record:
    x: int
    y: 'Record' = None

    def of(self, z: dict[str, int]): ...


print(typed(1, 'ab', 1.0), typed.__annotations__['a'].__name__, list(Record.__annotations__))
type Pair[T] = tuple[T, T]


def first[T](pair: Pair[T]) -> T:
    return pair[0]


print(first((1, 2)), Pair.__name__, Pair.__value__)
