def level(n, log):
    try:
        if n == 0:
            raise EOFError('bottom')
        level(n - 1, log)
    finally:
        log.append(n)


log = []
try:
    level(4, log)
except EOFError as e:
    print(e, log)
