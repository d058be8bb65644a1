def f(*args, **kwargs):
    return len(args) + len(kwargs)


def g(x):
    return x * 2


value = f(
    g(1),
    g(
        f(1,
          2)
    ),
    key=g(3),
    *[g(4),
      g(5)],
)
text = (
    'a'
    + str(g(1))
    + f'{g(
        2)}'
)
print(value,
      text,
      [g(1),
       g(2)],
      {'a':
       g(3)})
