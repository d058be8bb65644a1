name, width = 'Ada', 8
print(f'{name!r:>{width}}|{3.14159:.2f}|{255:#x}|{name=}')
print('%s has %d' % (name, 3), '{0}-{1}'.format('a', 'b'), name * 2, name[::-1], name[1:])
text = 'one two  three'
print(text.split(), '-'.join(text.split()), text.upper(), text.find('two'), text.replace('o', '0'))
parts = []
for i, word in enumerate(text.title().split()):
    parts += [f'{i}:{word:<6}']
print(parts, b'ab'[0], 'é'.encode(), ord('é'))
