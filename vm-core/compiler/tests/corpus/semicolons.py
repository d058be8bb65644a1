# `match` behind a semicolon is a name, whatever follows.
a; match; pass
b = 1; match = b; match.c = 2; match(b)[match] += [match for match in match]
def f(match):
    pass; match: int; match -1
    return lambda: match; match
if b: match; m0000 = match
# `raise` before a semicolon, which a break replaces while it is parsed.
def g():
    for x in b:
        if x: raise; break
        try: pass
        except x: raise ; match = raised
        break; raise; continue
