def formatted(a, b, width):
    f""
    f"plain"
    f"{a}"
    f"{a!r:>{width}}" f"{b:.2f}" "tail" f"{{}}"
    "head {not}" f"{a}{b}{a!s}{b!a}"
    f"{a=}" f"{a = }" f"{a=!s}" f"{a=:>10}"
    f"""
    {a
     + b:
    }
    """
    f"{a:{'{'}>10}" f"{f'{f"{a}"}'}"
    f"{lambda_(lambda x: 1)}" f"{(lambda x: 1)}"
    f"{ {1: 2}[1] }" f"{a if b else width}" f"{a,}" f"{*a, b}"
    rf"\d{a}\{b}" f"\x41{a}\u00e9" f"\N{BULLET}{a}"
    f"{a}{{" f"}}{b}"
    return f"{yes}" if f"{no}" else (f"{a}"
                                     "b")


def percent(a, b):
    "%s" % (a,)
    "%s and %r, %a; 100%%" % (a, b, a)
    "%5s|%-5s|%.3s|%05s" % (a, b, a, b)
    "%d %s" % (a, b)
    "%s" % a
    "%s %s" % (a, *b)
    "no conversion" % ()
    "\ud800 %s \ufffd" % (a,)
    return "%s" % (f"{a}",)


def template(name):
    t"hello {name}"
    t"{name!r:>{10}} {name=}" t"{ name }"
    return t""
f"{a:b\N{BULLET}c}" f"{a:\N{BULLET}}" f"{a:{b}c\N{BULLET}d}" rf"{a:\N{b}c}" f"{a:\\N{b}c}"
f'''{a:\N{BULLET}\
}''' f'''{a:\N{BULLET}
}''' f"{a:\é\N{BULLET}\N{BULLET}}"
t"{a:b\N{BULLET}c}"
