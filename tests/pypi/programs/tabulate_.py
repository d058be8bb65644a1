from tabulate import tabulate, tabulate_formats

rows = [["Sun", 696000, 1989100000.0], ["Earth", 6371, 5973.6], ["Moon", 1737, 73.5], ["naïve – ü", None, -0.00012]]
for style in sorted(tabulate_formats):
    print(style)
    print(tabulate(rows, headers=["name", "R (km)", "mass"], tablefmt=style))
print(tabulate({"a": [1, 2], "b": ["x", "long text " * 6]}, headers="keys", maxcolwidths=[None, 20], showindex="always"))
print(tabulate([[1.23456, 100], ["x", True]], floatfmt=".2f", numalign="center", stralign="right", missingval="?"))
print(tabulate([{"k": 1, "v": 2}, {"k": 3}], headers={"k": "Key"}, colalign=("left", "right"), intfmt=","))
