namespace = {'x': 4}
exec('def square(n):\n    return n * n\ny = square(x)\n', namespace)
print(namespace['y'], eval('x + y', namespace))
code = compile('[i * 2\n for i in range(n)]', '<made>', 'eval')
print(eval(code, {'n': 3}))
try:
    exec('1 +')
except SyntaxError as e:
    print('SyntaxError')


def with_locals():
    a = 1
    exec('b = a + 1')
    return eval('a + 5'), sorted(locals())


print(with_locals())
