total = 0
for i in range(5): total += i
while total > 3: total -= 2
x = [i for i in range(3)]; y = sum(x); z = y * 2
if total: print('odd') if total % 2 else print('even')
for i in range(2): print(i); total = i
print(total, x, y, z)
