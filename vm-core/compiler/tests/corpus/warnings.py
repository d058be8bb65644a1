a = "\d \e" '\q' "\400" "\400" "\é" r"\d" f"\d{a}\e" f"a\{a}b" f"\{{x}}" rf"\d{a}" f"{a:\d}" f"{a!r:\{a}}"
z = b"\d\400"
q=t"\d{a}"
b = """
\d
  \e""" f'''
\w{a}
\z'''
c = 1or 2
d = [0x1for x in (1,)]
e = 1if 1.else 2jif 3 else 0b1and 0o7in x
assert (1, "x")
x is 1; x is not "a"; 1 is x; x is (); None is x
(1, 2)(3)
"abc"()
[1]["a"]
{1: 2}[3]
"a"[x]
"a"["b"]
1[2]
(lambda: 1)[0]
f"{x}"(1)
(x for x in y)[1]
for i in x:
    try: pass
    finally:
        continue
def f():
    try: pass
    finally:
        return
    while 1:
        try: pass
        finally:
            break
    try: pass
    finally:
        for i in x: break
        def g(): return
        try: pass
        finally: return 1
