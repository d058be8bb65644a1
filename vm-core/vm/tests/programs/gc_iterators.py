# Iterators in cycles are garbage like anything else.
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
    "key": lambda x: cmp_to_key(lambda a, b: 0)(x),
}
gc.disable()
for name, make in makers.items():
    print(name, cycle_through(make))
