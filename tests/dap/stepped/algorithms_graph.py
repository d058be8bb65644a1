graph = {'a': ['b', 'c'], 'b': ['d'], 'c': ['d'], 'd': []}


def paths(start, end, seen=()):
    if start == end:
        yield [end]
        return
    for following in graph[start]:
        if following not in seen:
            for path in paths(following, end, (*seen, start)):
                yield [start] + path


def order(graph):
    done, result = set(), []

    def visit(node):
        if node in done:
            return
        done.add(node)
        for following in graph[node]:
            visit(following)
        result.insert(0, node)

    for node in graph:
        visit(node)
    return result


print(list(paths('a', 'd')), order(graph))
