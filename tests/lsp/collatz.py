"""Collatz sequences: which start below a limit takes the most steps?"""


def steps(n):
    count = 0
    while n != 1:
        if n % 2 == 0:
            n //= 2
        else:
            n = 3 * n + 1
        count += 1
    return count


def longest(limit):
    best = None
    for start in range(1, limit):
        length = steps(start)
        if best is None or length > best[1]:
            best = start, length
    return best


def unused():
    return [x for x in "never"]


print(longest(60))
