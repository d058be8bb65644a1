def some():
    errors = []
    for make in (lambda: 1 / 0, lambda: int('x'), lambda: [][1], lambda: 1):
        try:
            make()
        except Exception as e:
            errors.append(e)
    raise ExceptionGroup('several', errors)


try:
    some()
except* ZeroDivisionError as group:
    print('zero', len(group.exceptions))
except* (ValueError, IndexError) as group:
    print('others', [type(e).__name__ for e in group.exceptions])
