counter = 0


def bump(by):
    global counter, made
    counter += by
    made = counter * 2


bump(1)
bump(2)
print(counter, made)
globals()['dynamic'] = 'yes'
print(dynamic, 'bump' in globals(), sorted(vars(type('C', (), {'x': 1})))[-1])
setattr(bump, 'attribute', 5)
print(bump.attribute, getattr(bump, 'other', None))
del made
print('made' in globals())
