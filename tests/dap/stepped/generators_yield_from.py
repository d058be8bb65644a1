def leaves(tree):
    if isinstance(tree, list):
        for branch in tree:
            yield from leaves(branch)
    else:
        yield tree


def chained(*iterables):
    for iterable in iterables:
        n = yield from iterable
        print('ended with', n)


def ending():
    yield 'a'
    return 7


print(list(leaves([1, [2, [3, 4]], [[5]]])))
print(list(chained(ending(), 'xy')))
