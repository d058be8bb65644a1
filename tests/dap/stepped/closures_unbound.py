def early():
    def inner():
        return value

    try:
        inner()
    except NameError as e:
        print(e)
    value = 3
    print(inner())
    del value
    try:
        inner()
    except NameError:
        print('deleted')


early()
try:
    undefined
except NameError as e:
    print(e)


def local():
    print(x)
    x = 1


try:
    local()
except UnboundLocalError:
    print('unbound')
