from report import report


def hang():
    report()
    while True: pass


hang()
