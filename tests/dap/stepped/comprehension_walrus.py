data = [3, 8, 1, 9, 4]
total = 0
running = [total := total + x for x in data]
big = [y for x in data if (y := x * 2) > 7]
print(running, big, y, total)
if (n := len(data)) > 3:
    print(f'{n} items')
while (x := data.pop()) != 8:
    print('popped', x)
