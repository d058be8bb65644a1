def collatz(n):
    length = 1
    while n != 1:
        if n & 1:
            n = 3 * n + 1
        else:
            n >>= 1
        length += 1
    return length


def gcd(a, b):
    while b:
        a, b = b, a % b
    return a


print([collatz(n) for n in (1, 3, 6)], gcd(48, 18), gcd(17, 5))
