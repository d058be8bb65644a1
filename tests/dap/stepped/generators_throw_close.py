def careful():
    try:
        while True:
            try:
                yield 'waiting'
            except ValueError as e:
                print('got', e)
    except GeneratorExit:
        print('closing')
        raise
    finally:
        print('closed')


g = careful()
print(next(g))
print(g.throw(ValueError('one')))
g.close()
try:
    g.send(1)
except StopIteration:
    print('over')
