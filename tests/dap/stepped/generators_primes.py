def sieve():
    composites = {}
    n = 2
    while True:
        factors = composites.pop(n, None)
        if factors is None:
            yield n
            composites[n * n] = [n]
        else:
            for p in factors:
                composites.setdefault(p + n, []).append(p)
        n += 1


for prime in sieve():
    if prime > 20:
        break
    print(prime, end=' ')
print()
