f = lambda x: x + 1; g = lambda x: f(x) * 2
print(f(1), g(2)); print((lambda *a: sum(a))(1, 2, 3))
def h(x): return g(x); unreachable = 1
class C: x = h(1); y = [h(i) for i in range(2)]
print(C.x, C.y, h(3))
if h(0): k = 1
else: k = 2
try: 1 / 0
except ZeroDivisionError: k = 3
finally: print(k)
for i in map(h, [1, 2]): print(i)
