class Managed:
    def __init__(self, n, log):
        self.n, self.log = n, log

    def __enter__(self):
        self.log.append(self.n)
        return self

    def __exit__(self, *exception):
        self.log.append(-self.n)


log = []
with Managed(1, log), Managed(2, log) as two:
    log.append('body')
with (
    Managed(3, log) as three,
    Managed(4, log),
):
    log.append(three.n)
print(log, two.n)
