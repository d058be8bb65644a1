"""What patterns, matches, scanners and templates hold is the collector's to see."""
import gc
import re

pattern = re.compile(b"(?P<key>a)(b)?")
match = pattern.match(b"ab" * 3)
match.regs
scanner = pattern.scanner(b"ab" * 300)


def held(of):
    return sorted({type(r).__name__ for r in gc.get_referents(of) if not isinstance(r, type)})


print(held(pattern))
print(held(match))
print("Pattern" in held(scanner))
print(gc.is_tracked(pattern), gc.is_tracked(match), gc.is_tracked(scanner))
