found = []
for i in range(2, 12):
    for j in range(2, i):
        if i % j == 0:
            break
    else:
        found.append(i)
        continue
    if i > 8:
        break
print(found)
n, steps = 27, 0
while n != 1 and steps < 12:
    n = n // 2 if n % 2 == 0 else 3 * n + 1
    steps += 1
else:
    print('loop ended', n)
print(n, steps)
