def a(x):
    def b(y):
        def c(z):
            def d():
                return x + y + z

            return d

        return c

    return b


print(a(1)(2)(3)())


def accumulate():
    items = []
    return items.append, lambda: items


add, show = accumulate()
add(1)
add(2)
print(show())
del add
