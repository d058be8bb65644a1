a, b = 17, 5
print(a + b, a - b, a * b, a / b, a // b, a % b, a ** b, -a, +a, ~a)
print(a & b, a | b, a ^ b, a << 2, a >> 1, divmod(a, b), abs(-a), round(2.567, 2))
big = 2 ** 70
print(big, big // 3, big % 1000, hash(big) == hash(2 ** 70), float(2 ** 40))
x = 10
x += 1; x -= 2; x *= 3; x //= 2; x **= 2; x %= 100; x <<= 2; x |= 1; x &= 0xff; x ^= 3; x >>= 1
print(x, 0.1 + 0.2 == 0.3, 1e3, 3 + 4j, (1 + 2j) * 1j)
