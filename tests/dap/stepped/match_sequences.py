def parse(command):
    match command.split():
        case []:
            return 'nothing'
        case ['go', ('north' | 'south') as where]:
            return f'going {where}'
        case ['take', item]:
            return f'taking {item}'
        case ['drop', *items] if len(items) > 1:
            return f'dropping {len(items)}'
        case [first, *_, last]:
            return f'{first}..{last}'
        case [word]:
            return f'just {word}'


for command in ('', 'go north', 'take lamp', 'drop a b', 'x y z', 'look'):
    print(parse(command))
