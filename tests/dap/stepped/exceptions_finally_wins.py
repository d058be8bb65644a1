def override():
    try:
        raise ValueError
    finally:
        return 'finally'  # noqa


def loop():
    seen = []
    for i in range(4):
        try:
            if i == 1:
                continue
            if i == 3:
                break
            seen.append(i)
        finally:
            seen.append(-i)
    return seen


print(override(), loop())
