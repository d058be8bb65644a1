# Tokens of right and wrong sources.
import tokenize,io
def show(s):
    print(repr(s))
    try:
        for t in tokenize.generate_tokens(io.StringIO(s).readline): print('  ',tuple(t))
    except BaseException as e: print('  ',type(e).__name__,e, getattr(e,'args',None))
for s in ['','x','x = 1 # c\n','# c','# c\n','\n\n','if a:\n  b # x\n\n  # y\n c\n','if a:\n  b\nc','(a,\n b # c\n\n)\n','x = """a\nb"""\n','f"a{b}c{d!r:>{w}}"\n','a\\\nb\n','"abc','(', '$', 'x = 08','é = "ü" + ß # ö\n','  x\n','\tx\n  y\n',')','def f():\r\n  pass\r\n','a\x0cb','x\n  # c\n','0x','lambda: 0;;\n','f"{a\n}"','f"""{\na}"""\nx','t"{x}"','...', 'a->b:=c', 'x  \n','if 1:\n    x\n  y\n', "'''abc", '\\', 'x\n\\\n', '?', 'print `a`','1_0_','é€😀 = 1']: show(s)
