class Config:
    base = 3
    values = [x for x in range(base)]
    names = {v: str(v) for v in values}


def adders(n):
    return [lambda x, i=i: x + i for i in range(n)], [lambda: i for i in range(n)]


bound, late = adders(3)
print(Config.values, Config.names, [f(10) for f in bound], [f() for f in late])
