def handle(event):
    match event:
        case {'type': 'key', 'code': code}:
            return f'key {code}'
        case {'type': 'move', 'at': [x, y]} if x == y:
            return f'diagonal {x}'
        case {'type': 'move', 'at': (x, y), **rest}:
            return f'move {x} {y} {sorted(rest)}'
        case {}:
            return 'mapping'


print(handle({'type': 'key', 'code': 3}))
print(handle({'type': 'move', 'at': [2, 2]}))
print(handle({'type': 'move', 'at': (1, 2), 'fast': True}))
print(handle({'what': 1}), handle([]))
