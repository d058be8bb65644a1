"""How long the Collatz sequence of a number is, and which start below a limit has the longest."""


def length(n, known):
    steps = 0
    start = n
    while n != 1:
        if n in known:
            steps += known[n]
            break
        if n % 2 == 0:
            n = n // 2
        else:
            n = 3 * n + 1
        steps += 1
    known[start] = steps
    return steps


def longest(limit):
    known = {}
    best, at = 0, 1
    for start in range(2, limit):
        steps = length(start, known)
        if steps > best:
            best, at = steps, start
    return at, best


if __name__ == "__main__":
    print("longest below 3000: start %d, %d steps" % longest(3000))
