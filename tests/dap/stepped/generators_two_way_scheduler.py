def task(name, n):
    for i in range(n):
        got = yield f'{name}{i}'
        print(name, 'got', got)


tasks = [task('a', 2), task('b', 3)]
said = [next(t) for t in tasks]
while tasks:
    for t in list(tasks):
        try:
            said.append(t.send(len(said)))
        except StopIteration:
            tasks.remove(t)
print(said)
