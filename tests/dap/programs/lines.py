"""Calls, loops and lines of all kinds."""


def inner(n):
    doubled = n * 2  # @inner
    return doubled  # @inner_return


def outer(n):
    first = inner(n)  # @outer
    return first + inner(first)  # @outer_two


def loop(count):
    total = 0  # @loop_before
    for i in range(count):  # @loop_head
        total += i  # @loop_body
    return total  # @loop_after


def one_line(count):
    squares = [n * n for n in range(count)]  # @comprehension
    for n in squares: count += n  # @one_line_loop
    return count  # @one_line_after


def factorial(n):
    if n < 2:  # @factorial_if
        return 1  # @factorial_one
    return n * factorial(n - 1)  # @factorial_call


# a comment  # @comment

result = outer(3)  # @main_outer
total = loop(5)  # @main_loop
flat = one_line(4)  # @main_one_line
product = factorial(4)  # @main_factorial
many = max(  # @many_lines
    inner(1),  # @many_second
    2,
)
print(result, total, flat, product, many)  # @main_print
