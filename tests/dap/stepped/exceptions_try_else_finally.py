def attempt(divisor):
    try:
        result = 10 // divisor
    except ZeroDivisionError as e:
        print('no:', e)
        return -1
    else:
        print('yes:', result)
        return result
    finally:
        print('tried', divisor)


print([attempt(n) for n in (2, 0, 3)])
