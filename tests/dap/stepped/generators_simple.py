def count(n):
    i = 0
    while i < n:
        yield i
        i += 1
    return 'done'


for value in count(5):
    print(value)
print(sum(count(10)))
