rows = [
    (
        name,
        size,
    )
    for name in ('a', 'b')
    for size in range(3)
    if size
    if name != 'b'
    or size > 1
]
print(
    rows,
    len(
        rows
    ),
)
