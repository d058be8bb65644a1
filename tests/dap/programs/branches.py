"""A loop whose branch goes one way every third time."""


def run(count):
    hits = 0
    for i in range(count):
        if i % 3 == 0:  # @branch
            hits += 1  # @hit
    return hits  # @after


print(run(48))  # @main
