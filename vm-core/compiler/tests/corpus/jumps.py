def nested_finally(a):
    for x in a:
        try:
            try:
                if x: return x
                if a: break
                continue
            finally:
                b()
        except E:
            pass
        with c as d:
            if x: continue
            if a: return 1
            break
    while a:
        try: return
        except: continue
        else: break
        finally: pass


def long_jumps(x):
    if x:
        x = (x + 1) * 2 - 3 / 4 + x.a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r.s.t.u.v.w.x.y.z + x.aa.bb.cc.dd.ee.ff
        x = (x + 1) * 2 - 3 / 4 + x.a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r.s.t.u.v.w.x.y.z + x.aa.bb.cc.dd.ee.ff
    else:
        return x
    return not x


def short_circuit(a, b, c, d):
    if a and (b or c) and not d: return 1
    while not (a and b) or c: a = b
    return (a or b) and (c or d), a if b else c if d else (a and b), not a or not b
    unreachable()


def async_finally(): 
    async def f(x):
        try:
            async with x:
                async for y in x:
                    if y: return await y
        finally:
            await x
    return f


def constants_in_conditions():
    if True: a()
    if False: b()
    if None: c()
    elif 1: d()
    else: e()
    while 1: f()
