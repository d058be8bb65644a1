def noted(n):
    try:
        return 1 / n
    except ZeroDivisionError as e:
        e.add_note(f'with n = {n}')
        raise


for n in (1, 0):
    try:
        print(noted(n))
    except ArithmeticError as e:
        print(repr(e), e.__notes__)
        saved = e
print(saved.__traceback__.tb_next is not None)
