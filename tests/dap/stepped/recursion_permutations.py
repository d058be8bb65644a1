def permutations(items):
    if not items:
        return [[]]
    found = []
    for i, first in enumerate(items):
        for rest in permutations(items[:i] + items[i + 1:]):
            found.append([first, *rest])
    return found


print(permutations([1, 2, 3]))
