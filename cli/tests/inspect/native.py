import collections
import itertools

from report import report


def consume(iterator):
    report(); collections.deque(iterator, maxlen=0)


consume(itertools.repeat("x"))
