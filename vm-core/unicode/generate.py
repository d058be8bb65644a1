"""Writes `tables.rs`: the properties of all code points, asked of a CPython 3.14.

    python3.14 generate.py > src/tables.rs

The tables hold what that interpreter answers (Unicode 16), so nothing else has to be trusted.
"""

import sys
import unicodedata
import _sre

PAGE = 128
CATEGORIES = "Cn Lu Ll Lt Mn Mc Me Nd Nl No Zs Zl Zp Cc Cf Cs Co Lm Lo Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So".split()
BIDI = [""] + "L LRE LRO R AL RLE RLO PDF EN ES ET AN CS NSM BN B S WS ON LRI RLI FSI PDI".split()
WIDTHS = "F H W Na A N".split()

FLAGS = ["LOWER", "UPPER", "TITLE", "CASED", "CASE_IGNORABLE", "SPACE", "LINE_BREAK", "XID_START",
         "XID_CONTINUE", "MIRRORED", "SRE_CASED", "SPECIAL_CASE"]

numbers = []
specials = {"LOWER": [], "UPPER": [], "TITLE": [], "FOLD": []}


def number_index(v):
    if v is None:
        return 0
    if v not in numbers:
        numbers.append(v)
    return numbers.index(v) + 1


def delta(c, text, kind):
    """The distance to a single-character mapping; a longer one goes to its own table."""
    if len(text) == 1:
        return ord(text) - c, False
    specials[kind].append((c, [ord(x) for x in text]))
    return 0, True


def record(c):
    s = chr(c)
    flags = 0

    def flag(name, on):
        nonlocal flags
        if on:
            flags |= 1 << FLAGS.index(name)

    final_alone = (s + "\u03a3").lower()[-1] == "\u03c2"
    final_after = ("A" + s + "\u03a3").lower()[-1] == "\u03c2"
    flag("LOWER", s.islower())
    flag("UPPER", s.isupper() and unicodedata.category(s) != "Lt")
    flag("TITLE", unicodedata.category(s) == "Lt")
    flag("CASED", (s + "a").title()[-1] == "a")
    flag("CASE_IGNORABLE", final_after and not final_alone)
    flag("SPACE", s.isspace())
    flag("LINE_BREAK", len(("a" + s + "b").splitlines()) > 1)
    flag("XID_START", s.isidentifier())
    flag("XID_CONTINUE", ("a" + s).isidentifier())
    flag("MIRRORED", unicodedata.mirrored(s))
    flag("SRE_CASED", _sre.unicode_iscased(c))
    lower = _sre.unicode_tolower(c) - c
    # The full lower case differs from the simple one where it has several characters.
    _, a = delta(c, s.lower(), "LOWER")
    upper, b = delta(c, s.upper(), "UPPER")
    title, d = delta(c, s.title(), "TITLE")
    fold, e = delta(c, s.casefold(), "FOLD")
    if not a:
        assert ord(s.lower()) - c == lower, hex(c)
    flag("SPECIAL_CASE", a or b or d or e)
    return (
        flags,
        CATEGORIES.index(unicodedata.category(s)),
        BIDI.index(unicodedata.bidirectional(s)),
        unicodedata.combining(s),
        WIDTHS.index(unicodedata.east_asian_width(s)),
        unicodedata.decimal(s, -1),
        unicodedata.digit(s, -1),
        number_index(unicodedata.numeric(s, None)),
        lower,
        upper,
        title,
        fold,
    )


def two_stage(values):
    pages, index = {}, []
    for i in range(0, 0x110000, PAGE):
        page = tuple(values[i:i + PAGE])
        index.append(pages.setdefault(page, len(pages)))
    return index, [v for page in pages for v in page]


def array(name, ty, items, doc):
    print(f"\n/// {doc}")
    print(f"pub static {name}: [{ty}; {len(items)}] = [")
    line = "   "
    for item in items:
        text = f" {item},"
        if len(line) + len(text) > 120:
            print(line)
            line = "   "
        line += text
    if line.strip():
        print(line)
    print("];")


def main():
    records, index_of = {}, []
    for c in range(0x110000):
        r = record(c)
        index_of.append(records.setdefault(r, len(records)))
    index, pages = two_stage(index_of)
    assert max(index) < 65536 and len(records) < 65536
    print("//! Properties of all code points. Written by `generate.py`; do not edit.")
    print("\nuse super::Record;")
    print(f"\n/// Version of the Unicode Character Database.\npub const VERSION: &str = \"{unicodedata.unidata_version}\";")
    for i, name in enumerate(FLAGS):
        print(f"pub const {name}: u16 = 1 << {i};")
    for name, items, doc in (
        ("CATEGORIES", CATEGORIES, "General categories, by their number in a record."),
        ("BIDIRECTIONAL", BIDI, "Bidirectional classes, by their number in a record."),
        ("WIDTHS", WIDTHS, "East Asian widths, by their number in a record."),
    ):
        array(name, "&str", [f'"{x}"' for x in items], doc)
    array("NUMBERS", "f64", [repr(float(n)) for n in numbers], "Numeric values; a record holds the index plus one.")
    array("RECORDS", "Record", [f"Record::new{r}" for r in records], "The distinct sets of properties.")
    array("INDEX", "u16", index, "Page of each 128 code points.")
    array("PAGES", "u16", pages, "Records of the pages' code points.")
    for kind, items in specials.items():
        name = f"SPECIAL_{kind}"
        rows = [f"({c:#x}, [{', '.join(hex(x) for x in m + [0] * (3 - len(m)))}])" for c, m in items]
        array(name, "(u32, [u32; 3])", rows, "Mappings to several characters, filled up with zeros.")
    decompositions()
    old_version(index_of)


def decompositions():
    tags, rows, data = [""], [], []
    for c in range(0x110000):
        text = unicodedata.decomposition(chr(c))
        if not text or 0xAC00 <= c < 0xD7A4:  # Hangul syllables are computed.
            continue
        parts = text.split()
        tag = ""
        if parts[0].startswith("<"):
            tag = parts.pop(0)
        if tag not in tags:
            tags.append(tag)
        points = [int(p, 16) for p in parts]
        composes = not tag and len(points) == 2 and unicodedata.normalize("NFC", "".join(map(chr, points))) == chr(c)
        rows.append(f"({c:#x}, {tags.index(tag)}, {str(composes).lower()}, {len(data)}, {len(points)})")
        data.extend(points)
    array("DECOMPOSITION_TAGS", "&str", [f'"{t}"' for t in tags], "Kinds of decompositions; the canonical one has no name.")
    array("DECOMPOSITIONS", "(u32, u8, bool, u16, u8)", rows,
          "Code point, kind, whether the pair composes to it again, start and length in DECOMPOSITION_DATA.")
    array("DECOMPOSITION_DATA", "u32", data, "Code points of the decompositions.")


def old_version(index_of):
    """What differs in Unicode 3.2 (`unicodedata.ucd_3_2_0`)."""
    old = unicodedata.ucd_3_2_0
    ranges, changes = [], []
    for c in range(0x110000):
        s = chr(c)
        if old.category(s) == "Cn":
            if unicodedata.category(s) != "Cn":
                if ranges and ranges[-1][1] == c:
                    ranges[-1][1] = c + 1
                else:
                    ranges.append([c, c + 1])
            continue
        new_values = (unicodedata.category(s), unicodedata.bidirectional(s), unicodedata.mirrored(s),
                      unicodedata.decimal(s, -1), unicodedata.numeric(s, -1), unicodedata.east_asian_width(s))
        old_values = (old.category(s), old.bidirectional(s), old.mirrored(s),
                      old.decimal(s, -1), old.numeric(s, -1), old.east_asian_width(s))
        if new_values != old_values:
            changes.append((c, CATEGORIES.index(old_values[0]), BIDI.index(old_values[1]), str(bool(old_values[2])).lower(),
                            old_values[3], repr(float(old_values[4])), WIDTHS.index(old_values[5])))
    array("NEW_SINCE_3_2", "(u32, u32)", [f"({a:#x}, {b:#x})" for a, b in ranges],
          "Ranges (ends excluded) that Unicode 3.2 had not assigned.")
    rows = [f"({c:#x}, {a}, {b}, {m}, {d}, {n}, {w})" for c, a, b, m, d, n, w in changes]
    array("CHANGED_SINCE_3_2", "(u32, u8, u8, bool, i8, f64, u8)", rows,
          "Category, bidirectional class, mirrored, decimal value (or -1), numeric value (or -1), width in Unicode 3.2.")
    changed = []
    for c in range(0x110000):
        s = chr(c)
        if old.category(s) != "Cn":
            a, b = old.normalize("NFD", s), unicodedata.normalize("NFD", s)
            if a != b:
                changed.append(f"({c:#x}, [{', '.join(hex(ord(x)) for x in a)}])")
    array("NORMALIZATION_3_2", "(u32, [u32; 1])", changed, "Canonical decompositions that were corrected since Unicode 3.2.")


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8", errors="surrogatepass")
    main()
