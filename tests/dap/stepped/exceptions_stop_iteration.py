def leaky():
    yield 1
    raise StopIteration('not allowed')


def reading(it):
    try:
        while True:
            print(next(it))
    except StopIteration:
        print('normal end')
    except RuntimeError as e:
        print(e, type(e.__cause__).__name__)


reading(iter([1, 2]))
reading(leaky())
