def first(values, test):
    for value in values:
        if test(value):
            return value
    else:
        return None


def chunks(values, size):
    piece = []
    for value in values:
        piece.append(value)
        if len(piece) == size:
            yield piece
            piece = []
    if piece:
        yield piece


print(first(range(10), lambda n: n > 3), first([], bool))
print(list(chunks(range(7), 3)))
