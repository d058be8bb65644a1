"""Writes what CPython's re finds for random patterns and texts, for examples/compare.rs to compare.

    python3.14 cases.py SEED PATTERNS | cargo run --release -p tailscope-sre --example compare

The lines: `K` has the magic number and the names of operations, positions and categories;
`P groups word...` is a pattern's code words, `T chars...` a text; below each, what was
asked and answered: `M`, `F`, `S` (match, fullmatch, search) or `I` (all that finditer finds), pos,
endpos, and an answer per match: `-` for none, `E` for an error, else `lastindex start end start end...`
with the whole match first and -1 for what is missing. Numbers are in base 16.
"""

import random
import re
import signal
import sys
import warnings
from re import _compiler, _constants, _parser

warnings.simplefilter("ignore")

TEXTS = ["ab", "abc", "ab\n", "aAbB", "abcd01_ -", "sSſkK\u212a", "ßẞsS", "iİIıi", "a\U00010400\U00010428b", "aéÉ\u0100\u0101", "ab\n c"]
BYTES = ["ab", "abc", "aAbB\n", "a\xe0\xc0_1", "ab\n "]


# What engines got wrong, written before the random ones: pattern, texts.
FOUND = [
    ("(?:a?)*?y", ["a", "aay", "", "y"]),
    ("(?:(?:ab)*c){2,3}?d", ["abcd", "abcabcd", "ccd", "cccd", "ccccd"]),
    ("(?:a|ab)*?(?:c|bc)$", ["abc", "aabbc", "ababc"]),
    ("(?:(a)|b)*?c(?:d|(e))", ["abce", "bacd"]),
    ("(?:(a)|b)++", ["ab", "abb", "ba"]),
    ("(?:(a)x|aay|b)++", ["baxaay"]),
    ("(?:(ab)|(ac))++", ["abac"]),
    ("(?:(?:(a)x|b|aay)++z)*", ["axaayz"]),
    ("((a)b?(?(1)b|y))y", ["abyby", "aby", "abx"]),
    ("((a)(?:b|c)*(?(1)b|y))y?", ["abcby", "aby", "abyb", "acby"]),
    ("(?:((a)|b)*(?(1)c|d))+", ["abcdc", "dabc"]),
    (b"(?iL)[^B\\d]*+", [b"aBb1", b"\nb"]),
    (b"(?iL)[^a-c]x", [b"Bx", b"dx"]),
    ("a*|^|$|\\b|\\B", ["", "aa", "ab ", "\n"]),
    ("(?m)^|$", ["", "a\nb\n", "\n\n"]),
    ("(a)|b", ["ab", "ba"]), ("((a)(b)?)+", ["aba", "abab"]), ("(a)?(b)?(?(1)c|d)", ["abc", "bd", "d", "bc"]),
    ("(?=(a+))a*b\\1", ["baaabac"]), ("(?=(a+))", ["baaabac"]), ("(?<=(a))b|(?<!a)c", ["ab", "bc", "ac"]),
    ("(?:(?=(a))a)+b", ["aaab"]), ("(?:a(?=b|(c)))*", ["ac", "abac"]), ("(?!(a)b)a", ["ac", "ab"]),
    ("(?i)(\u017f|k)\\1", ["sS", "\u212ak", "\u017fs"]), ("(?i)[\u0130\u1e9e]+", ["i\u0307", "\u00df", "\u0130"]),
    ("[\U00010400-\U00010428]+|[^\\W\u0100-\uffff]", ["\U00010400a", "\u0101\U00010429"]),
    ("(?:){3,5}?a|(?:b|){2,}c", ["a", "bbc", "c"]), ("(?>a|ab)c|(?>(a+))(?:b|a)", ["abc", "aab", "aaa"]),
    ("abab(?:c|d)|x", ["ababababc", "abababd", "abab"]), ("(?s:.)*?b(?-s:.)?", ["a\nb\n", "b"]),
]


class Maker:
    def __init__(self, rng):
        self.rng = rng

    def pattern(self):
        r = self.rng
        self.is_bytes = r.random() < 0.2
        self.alphabet = r.choice(BYTES if self.is_bytes else TEXTS)
        self.groups = 0
        self.depth = r.choice([1, 2, 2, 3, 3, 4, 5])
        self.in_back = False
        flags = "".join(f for f in "imsx" if r.random() < (0.3 if f == "i" else 0.12))
        kinds = "aL" if self.is_bytes else "au"
        if r.random() < 0.25:
            flags += r.choice(kinds)
        head = f"(?{flags})" if flags else ""
        return head + self.alternatives(self.depth)

    def alternatives(self, depth):
        n = self.rng.choice([1, 1, 1, 2, 2, 3])
        return "|".join(self.sequence(depth) for _ in range(n))

    def sequence(self, depth):
        return "".join(self.item(depth) for _ in range(self.rng.choice([0, 1, 1, 2, 2, 3, 4])))

    def char(self):
        c = self.rng.choice(self.alphabet)
        return {"\n": "\\n", " ": "\\ ", "-": "\\-"}.get(c, c)

    def char_set(self):
        r = self.rng
        parts = []
        for _ in range(r.choice([1, 1, 2, 3])):
            k = r.random()
            if k < 0.5:
                parts.append(self.char())
            elif k < 0.75:
                lo, hi = sorted([r.choice(self.alphabet), r.choice(self.alphabet)])
                if r.random() < 0.15 and not self.is_bytes:
                    hi = chr(ord(hi) + r.choice([300, 70000]))
                esc = lambda c: {"\n": "\\n", " ": "\\ ", "-": "\\-"}.get(c, c)
                parts.append(f"{esc(lo)}-{esc(hi)}")
            else:
                parts.append(r.choice(["\\d", "\\w", "\\s", "\\D", "\\W", "\\S"]))
        return "[" + ("^" if r.random() < 0.3 else "") + "".join(parts) + "]"

    def atom(self, depth):
        r = self.rng
        k = r.random()
        if depth <= 0 or k < 0.42:
            k = r.random()
            if k < 0.5:
                return self.char()
            if k < 0.65:
                return "."
            if k < 0.85:
                return self.char_set()
            return r.choice(["\\d", "\\w", "\\s", "\\W", "\\S", "\\D"])
        if k < 0.62:
            self.groups += 1
            return f"({self.alternatives(depth - 1)})"
        if k < 0.72:
            return f"(?:{self.alternatives(depth - 1)})"
        if k < 0.77:
            return f"(?>{self.alternatives(depth - 1)})"
        if k < 0.81:
            return f"(?={self.alternatives(depth - 1)})"
        if k < 0.85:
            return f"(?!{self.alternatives(depth - 1)})"
        if k < 0.90:
            return f"(?<{r.choice('=!')}{self.behind(depth - 1)})"
        if k < 0.95 and self.groups:
            return f"(?({r.randint(1, self.groups)}){self.sequence(depth - 1)}" + (
                f"|{self.sequence(depth - 1)})" if r.random() < 0.6 else ")")
        if k < 0.97:
            on = r.choice(["i", "s", "m", "i-s", "-i", "-s"])
            return f"(?{on}:{self.alternatives(depth - 1)})"
        if self.groups:
            return f"\\{r.randint(1, self.groups)}"
        return self.char()

    def behind(self, depth):
        r = self.rng
        width = r.choice([0, 1, 1, 2])
        def fixed():
            return "".join(r.choice([self.char(), ".", self.char_set(), f"(?:{self.char()})"]) for _ in range(width))
        if r.random() < 0.15 and self.groups:
            return f"\\{r.randint(1, self.groups)}"
        if r.random() < 0.2 and width:
            self.groups += 1
            return f"({fixed()})"
        return fixed() if r.random() < 0.7 else fixed() + "|" + fixed()

    def item(self, depth):
        r = self.rng
        if r.random() < 0.1:
            return r.choice(["^", "$", "\\A", "\\Z", "\\b", "\\B"])
        if self.groups and r.random() < 0.08:
            return f"\\{r.randint(1, self.groups)}" + r.choice(["", "", "?", "*"])
        text = self.atom(depth)
        k = r.random()
        if k < 0.5:
            return text
        lo, hi = sorted([r.randint(0, 3), r.randint(0, 3)])
        many = r.choice(["*", "*", "+", "+", "?", f"{{{lo},{hi}}}", f"{{{lo},}}", f"{{{lo}}}"])
        return text + many + r.choice(["", "", "", "?", "?", "+"])


class TooLong(Exception):
    pass


def too_long(*_):
    raise TooLong


def answer(f):
    try:
        m = f()
    except SystemError:
        return "E"
    if m is None:
        return "-"
    words = [m.lastindex or 0]
    for group in range(m.re.groups + 1):
        words += m.span(group)
    return " ".join("%x" % w for w in words)


def all_found(pattern, text, pos, end):
    scanner = pattern.scanner(text, pos, end)
    found = []
    while len(found) < 50:
        one = answer(scanner.search)
        found.append(one)
        if one in "-E":
            break
    return ";".join(found)


def compiled(source, flags=0):
    parsed = _parser.parse(source, flags)
    code = [int(w) for w in _compiler._code(parsed, flags)]
    return re.compile(source, flags), code


def random_cases(maker, rng, out, per_pattern):
    source = maker.pattern()
    if maker.is_bytes:
        source = source.encode("latin-1")
    lengths = (rng.choice([0, 1, 2, 3, 4, 5, 6, 8, 10]) for _ in range(per_pattern))
    return cases(source, ["".join(rng.choice(maker.alphabet) for _ in range(n)) for n in lengths], rng, out)


def cases(source, texts, rng, out, windows=True):
    try:
        pattern, code = compiled(source)
    except (re.PatternError, OverflowError, RecursionError, ValueError):
        return 0
    lines = ["P %x %s" % (pattern.groups, " ".join("%x" % w for w in code))]
    n = 0
    for text in texts:
        if isinstance(source, bytes) and isinstance(text, str):
            text = text.encode("latin-1")
        lines.append("T " + " ".join("%x" % (c if isinstance(c, int) else ord(c)) for c in text))
        pos, end = 0, len(text)
        for op in "MFSI":
            if windows and rng.random() < 0.15:
                pos, end = rng.randint(0, len(text)), rng.randint(0, len(text))
            if op == "I":
                found = all_found(pattern, text, pos, end)
            else:
                f = {"M": pattern.match, "F": pattern.fullmatch, "S": pattern.search}[op]
                found = answer(lambda: f(text, pos, end))
            lines.append("%s %x %x %s" % (op, pos, end, found))
            n += 1
    out += lines
    return n


def main():
    seed, patterns = int(sys.argv[1]), int(sys.argv[2])
    per_pattern = int(sys.argv[3]) if len(sys.argv) > 3 else 6
    rng = random.Random(seed)
    maker = Maker(rng)
    signal.signal(signal.SIGALRM, too_long)
    names = (",".join(map(str, codes)) for codes in (_constants.OPCODES, _constants.ATCODES, _constants.CHCODES))
    lines = ["K %x %s" % (_constants.MAGIC, " ".join(names))]
    n = sum(cases(source, texts, rng, lines, False) for source, texts in FOUND)
    for _ in range(patterns):
        print("\n".join(lines))
        lines.clear()
        signal.setitimer(signal.ITIMER_REAL, 0.5)
        try:
            n += random_cases(maker, rng, lines, per_pattern)
        except TooLong:
            lines.clear()
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    print("\n".join(lines))
    print(n, "cases", file=sys.stderr)


if __name__ == "__main__":
    main()
