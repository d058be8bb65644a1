# An exception on its way survives the finalizers of what the frames that it leaves have held.
class Mine(Exception):
    pass


def guarded(n):
    for i in range(n):
        try:
            yield i
        except AttributeError:
            pass


def outer(n):
    for f in guarded(n):
        yield f


def finally_(log):
    try:
        yield 1
    finally:
        try:
            raise KeyError("inner")
        except KeyError as e:
            log.append(repr(e.__context__))


class Raising:
    def __del__(self):
        try:
            raise ValueError("in a finalizer")
        except ValueError:
            pass


def through(iterator):
    for x in iterator:
        held = Raising()
        raise Mine(x)


log = []
for make in guarded, outer, lambda n: finally_(log), range:
    for _ in range(3):
        try:
            through(make(3))
        except Mine as e:
            print(repr(e), repr(e.__context__), e.__traceback__.tb_next.tb_lineno)
print(log)


def handled_within():
    held = [Raising()]
    try:
        for x in outer(2):
            raise Mine("within")
    except Mine as e:
        return repr(e)


print(handled_within(), handled_within())
print(sorted([3, 1, 2], key=lambda x: handled_within() and -x))
