# The engine of regular expressions: backtracking, groups that are put back, signals, sizes.
import re
import signal
import sys


def t(pattern, text, how="match", **window):
    try:
        m = getattr(re.compile(pattern), how)(text, **window)
        print(how, ascii(pattern)[:60], ascii(text)[:30], m and (m.regs, m.lastindex))
    except BaseException as e:
        print(how, ascii(pattern)[:60], type(e).__name__, e)


# Lazy repeats of groups: the position is put back, and each repeat counts for itself.
for text in ("a", "aay", "", "y", "aab"):
    t("(?:a?)*?y", text)
    t("(?:a?)*?y", text, "search")
for text in ("abcd", "abcabcd", "ccd", "cccd", "ccccd", "abccabcd"):
    t("(?:(?:ab)*c){2,3}?d", text)
    t("(?:(?:ab)*?c){2,3}d", text)
    t("((ab)*?c){2,3}?d", text)
t("(?:a|ab)*?(?:c|bc)$", "aababbc")
t("(?:(a)|b)*?c(?:d|(e))", "abce")

# Groups and lastindex after what did not match.
for pattern, text in (
    ("(a)|b", "b"), ("((a)(b)?)+", "aba"), ("((a)|(b))*", "ab"), ("(a)?(b)?(?(1)c|d)", "bd"),
    ("(?:(a)|b)*", "ab"), ("(?:(a)b|ac)*(c)", "abacc"), ("(?:(a)x|aay|b)++", "baxaay"),
    ("(?=(a+))a*b\\1", "aba"), ("(?!(a)b)a", "ac"), ("(?<=(a))b", "b"), ("(?>(a)|b)+", "ab"),
    ("((a)b?(?(1)b|y))y", "abyby"), ("(?P<x>a)(?P<y>b)?", "ac"), ("(((a)))", "a"), ("(a)(?:(b)|c)*", "abcb"),
):
    t(pattern, text)
    t(pattern, text, "fullmatch")
print([m.span() for m in re.finditer("a*?", "aab")], re.findall("(a)|(b)|c", "abc"), re.split("(x)?", "axb"))
print(re.sub("(a*)(b)?", r"[\1\2]", "aabxab"), re.sub("(?<=a)(?=b)", "-", "abab"))

# Windows, also such as end before they begin.
for pattern in ("a*", "^", "$", "(?m)$", r"\b", r"\B", "(?<=a)", "b?", ""):
    t(re.compile(pattern), "aa ba", pos=3, endpos=2)
    t(re.compile(pattern), "aa ba", "search", pos=3, endpos=2)
    t(re.compile(pattern), "aa ba", "fullmatch", pos=2, endpos=4)

# Each case of each member of a set, in the locale's way and in Unicode's.
t(rb"(?iL)[^B\d]+", b"acBb1")
t(rb"(?iL)[^a-c]", b"B")
t("(?i)(\u017f|k)\\1", "sS")
t("(?i)[\u212a\u1e9e]+", "k\u00df\u212a")
t("(?i)[^\u0131]+", "iI\u0130\u0131")


class Enough(Exception):
    pass


def bounded(seconds, handler, f):
    """Calls f with a handler of an alarm."""
    signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        return f()
    except Enough as e:
        return repr(e)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def enough(*_):
    raise Enough("of this")


# A signal's handler runs while a match goes on, and can end it.
catastrophe = re.compile(r"(a+)+$")
long = "a" * 60 + "b"
for name in ("match", "search", "fullmatch", "findall", "split"):
    print(name, bounded(0.05, enough, lambda: getattr(catastrophe, name)(long)))
print("sub", bounded(0.05, enough, lambda: catastrophe.sub("", long)))
for pattern in (r"(?:a|a)*b", r"(?:a|a)*?b", r"(?:a*)*+b|(?:a|aa)+$", r"(?=(?:a|a)*b)", r"(?>(?:a|a)*b)", r"(a*)*?c"):
    print(pattern, bounded(0.05, enough, lambda: re.match(pattern, long.replace("b", "x"))))
print(catastrophe.match("aaa").span())

calls = []


def count(*_):
    calls.append(re.sub("a", "b", "aaa"))
    if len(calls) == 3:
        raise Enough(calls)
    signal.setitimer(signal.ITIMER_REAL, 0.02)


print(bounded(0.02, count, lambda: catastrophe.match(long)))

scanner = catastrophe.scanner(long)


def reenter(*_):
    try:
        scanner.search()
    except ValueError as e:
        raise Enough(e)


print(bounded(0.05, reenter, scanner.search))

buffer = bytearray(b"a" * 60 + b"b")


def resize(*_):
    try:
        buffer.extend(b"a" * 100)
    except BufferError:
        raise Enough("it stays as long as it is")


print(bounded(0.05, resize, lambda: re.match(rb"(a+)+$", buffer)))
buffer.extend(b"c")
print(len(buffer))

# Long texts and deep patterns.
n = 300_000
print(re.match("(?:ab|cd)*e", "abcd" * n + "e").end(), re.match("(?:(a)|(b))*", "ab" * n).regs)
print(re.match("(?:ab|cd)*?e", "abcd" * n + "e").end(), re.match("(?:a(?=b)|b)*+$", "ab" * n).end())
print(re.match("(?:.|\u0444)*?\u0444(?!.)", "ab" * n + "\u0444").end(), re.search("(x+)y", "x" * 1000))
sys.setrecursionlimit(30_000)
pattern, text = "a", "a"
for _ in range(700):
    pattern, text = f"(?:{pattern}b)?c", text + "bc"
print(re.fullmatch(pattern, text).end(), re.fullmatch(pattern, text[1:]))
pattern = "a"
for _ in range(300):
    pattern = f"(?>(?:{pattern})+|x)"
print(re.match(pattern, "aaa").end())
