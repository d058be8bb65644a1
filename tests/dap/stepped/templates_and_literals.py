name, n = 'x', 3
template = t'hello {name!r:>5} and {n + 1}'
print(template.strings, [i.value for i in template.interpolations])
print(1_000, 0x1f, 0b101, 0o17, 1.5e-3, 2j, b'\x00\xff', 'a' 'b', r'\n', ...)
print({1, 2} | {3}, {'k': [1, {2: (3,)}]}, (), [None, True, False], -0.0)
