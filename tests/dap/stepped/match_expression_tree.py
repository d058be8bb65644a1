def evaluate(tree):
    match tree:
        case ('+', a, b):
            return evaluate(a) + evaluate(b)
        case ('*', a, b):
            return evaluate(a) * evaluate(b)
        case ('neg', a):
            return -evaluate(a)
        case ('let', str(name), value, body):
            return evaluate(replace(body, name, evaluate(value)))
        case int():
            return tree
        case _:
            raise SyntaxError(f'no expression: {tree!r}')


def replace(tree, name, value):
    match tree:
        case str(n) if n == name:
            return value
        case (op, *rest):
            return (op, *(replace(r, name, value) for r in rest))
    return tree


print(evaluate(('let', 'x', ('+', 1, 2), ('*', 'x', ('neg', 4)))))
try:
    evaluate(('%', 1))
except SyntaxError as e:
    print(e)
