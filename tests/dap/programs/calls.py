"""Several calls and statements on a line."""


def one():
    return 1  # @one


def two(n):
    return n + 1  # @two


def both():
    first = two(one()) + two(5)  # @nested
    a = 1; b = two(a); c = 7  # @statements
    squares = [two(n) for n in (1, 2)]  # @inner
    return first, a, b, c, squares  # @both_return


def again(n):
    extra = n * 2  # @again_first
    n = n + 1  # @again_second
    for i in range(2):
        extra += i  # @again_body
    return n, extra  # @again_return


def plain():
    x = 1  # @x_one
    x = 2  # @x_two
    x = 3  # @x_three
    return x  # @x_return


both()  # @main_both
again(1)  # @main_again
plain()  # @main_plain
exec("def made():\n    return 'made by exec'\nmade()\nlast = 1")
print("done")  # @main_print
