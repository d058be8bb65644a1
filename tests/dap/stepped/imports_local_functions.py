import sys
from math import floor, pi as PI
import math as m


def lazily():
    from math import sqrt
    import operator as op
    return op.add(sqrt(16), floor(PI))


print(lazily(), m.ceil(2.1), sys.byteorder in ('little', 'big'))
try:
    import no_such_module
except ImportError as e:
    print(e.name)
try:
    from math import no_such_name
except ImportError:
    print('no such name')
