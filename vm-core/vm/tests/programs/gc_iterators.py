# Iterators in cycles are garbage like anything else.
import _io
import _json
import _struct
import _typing
import _weakref
import array
import gc
import itertools
from _collections import deque
from _functools import cmp_to_key


class Mark:
    gone = 0

    def __del__(self):
        Mark.gone += 1


def cycle_through(make):
    """A list that holds an iterator over (or with) that list, and a mark."""
    held = [Mark()]
    held.append(make(held))
    del held
    before = Mark.gone
    gc.collect()
    return Mark.gone - before


class Holder:
    """An object, and an array, of attributes."""

    def __init__(self, **names):
        self.__dict__.update(names)

    def __buffer__(self, flags):
        return memoryview(b"1234")


class Numbers(array.array):
    pass


def array_iterator(x):
    numbers = Numbers("b", b"123")
    numbers.held = x
    return iter(numbers)


def scanner(x):
    names = dict(strict=True, object_hook=None, object_pairs_hook=None, parse_float=float, parse_int=int, parse_constant=None)
    return [_json.make_scanner(Holder(**names | {k: x.append})) for k in names if k != "strict"]


def encoder(x):
    return _json.make_encoder({"markers": x}, x.append, x.pop, None, ":", ",", False, False, True)


target = Holder()
makers = {
    "accumulate": lambda x: itertools.accumulate(x, lambda a, b: a),
    "batched": lambda x: itertools.batched(x, 2),
    "chain": lambda x: itertools.chain(x, x),
    "combinations": lambda x: itertools.combinations([x], 1),
    "combinations_with_replacement": lambda x: itertools.combinations_with_replacement([x], 1),
    "compress": lambda x: itertools.compress(x, x),
    "cycle": lambda x: itertools.cycle(x),
    "dropwhile": lambda x: itertools.dropwhile(bool, x),
    "filterfalse": lambda x: itertools.filterfalse(bool, x),
    "groupby": lambda x: itertools.groupby(x),
    "grouper": lambda x: next(itertools.groupby(x))[1],
    "islice": lambda x: itertools.islice(x, 3),
    "pairwise": lambda x: itertools.pairwise(x),
    "permutations": lambda x: itertools.permutations([x]),
    "product": lambda x: itertools.product([x]),
    "repeat": lambda x: itertools.repeat(x),
    "starmap": lambda x: itertools.starmap(print, x),
    "takewhile": lambda x: itertools.takewhile(bool, x),
    "tee": lambda x: itertools.tee(x)[0],
    "zip_longest": lambda x: itertools.zip_longest(x, fillvalue=x),
    "deque": lambda x: iter(deque([x])),
    "deque, backwards": lambda x: reversed(deque([x])),
    "array": array_iterator,
    "unpack": lambda x: _struct.iter_unpack("2s", Holder(x=x)),
    "template": lambda x: t"{x}",
    "parts of a template": lambda x: iter(t"{x}"),
    "alias": lambda x: _typing.TypeAliasType("A", x),
    "scanner": scanner,
    "encoder": encoder,
    "proxy": lambda x: _weakref.proxy(target, x.append),
    "weakref": lambda x: _weakref.ref(target, x.append),
    "newlines": lambda x: _io.IncrementalNewlineDecoder(Holder(x=x), False),
    "key": lambda x: cmp_to_key(lambda a, b: 0)(x),
}
gc.disable()
for name, make in makers.items():
    print(name, cycle_through(make))

# The fields of named tuples hold what documents them.
from _collections import _tuplegetter

doc = ["what it is"]
print(any(x is doc for x in gc.get_referents(_tuplegetter(0, doc))))
