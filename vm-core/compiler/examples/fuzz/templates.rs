//! Constructs to put real fragments into. `§E` stands for an expression, `§S` for a statement
//! (alone on its line), `§N` for a name, `§C` for a constant, `§P` for a pattern, `§O` for what
//! is there already.

use crate::fragments::{Pool, Sort, indented};
use crate::random::Random;

/// Around or beside a statement.
const STATEMENTS: &[&str] = &[
    "if §E:\n    §O\nelif §E:\n    §S\nelse:\n    §S",
    "if §E:\n    §O",
    "while §E:\n    §O\n    if §E: break\n    if §E: continue\nelse:\n    §S",
    "while True:\n    §O",
    "for §N in §E:\n    §O\nelse:\n    §S",
    "for §N, *§N in §E:\n    §O\n    continue",
    "async for §N in §E:\n    §O",
    "try:\n    §O\nexcept §E as §N:\n    §S\nelse:\n    §S\nfinally:\n    §S",
    "try:\n    §O\nfinally:\n    §S",
    "try:\n    §S\nexcept:\n    §O\n    raise",
    "try:\n    §O\nexcept* §E as §N:\n    §S",
    "try:\n    §S\nfinally:\n    §O",
    "with §E as §N, §E:\n    §O",
    "async with §E as (§N, §N):\n    §O",
    "def §N(§N, /, §N=§C, *§N, §N: §E = §E, **§N) -> §E:\n    §O\n    return §E",
    "def §N(§N):\n    §N = §E\n    def §N():\n        nonlocal §N\n        §O\n    return §N",
    "def §N():\n    global §N\n    §O",
    "async def §N(§N=§E):\n    §O\n    await §E",
    "async def §N():\n    §O\n    yield §E\n    return",
    "def §N():\n    §O\n    §N = yield §E\n    yield from §E",
    "class §N(§E, §N=§E):\n    '''§N'''\n    §N: §E = §E\n    §O\n    def §N(self):\n        return super().§N(__class__, __§N)",
    "class §N[§N: §E = §E, *§N, **§N](§E):\n    §O",
    "def §N[§N: (§E, §E)](§N: §N) -> §N:\n    §O",
    "type §N[§N = §E] = §E",
    "match §E:\n    case §P:\n        §O\n    case §P if §E:\n        §S\n    case _:\n        §S",
    "match §E, §E:\n    case [§P, *§N] | {'§N': §P, **§N}:\n        §O",
    "@§E\n@§E(§E)\ndef §N(): §E",
    "§O\n§S",
    "§S\n§O",
    "del §N, §N[§E], (§N, §N.§N)",
    "§N = §N.§N = §N[§E] = §E",
    "§N, (§N, *§N), §N[§E] = §E",
    "§N += §E",
    "§N.§N **= §E",
    "§N[§E:§E] @= §E",
    "(§N): §E",
    "§N: §E",
    "§N.§N: §E = §E",
    "assert §E, §E",
    "raise §E from §E",
    "return §E",
    "return",
    "break",
    "continue",
    "import §N.§N as §N, §N",
    "from ..§N import (§N as §N, §N,)",
    "from __future__ import annotations",
    "from §N import *",
    "global §N, §N",
    "nonlocal §N",
    "'''§N'''",
    "§N = §N = §E; §N; pass",
    "__debug__",
    "if __debug__:\n    §O",
    "if not §C:\n    §O",
    "while §C:\n    §O\nelse:\n    §S",
    "if §C and §E or §C:\n    §O",
];

/// Around or in the place of an expression.
const EXPRESSIONS: &[&str] = &[
    "(§O)",
    "(§O,)",
    "(§O, *§E)",
    "[§O, §C, §C]",
    "[§C, §C, §C, §C]",
    "{§C, §C, §C}",
    "(§C, §C, §C, -§C)",
    "{§E: §O, **§E}",
    "{'§N': §C, '§N': §C}",
    "{§O, *§E}",
    "[§O for §N in §E if §E for §N in §E]",
    "{§O for §N in §E}",
    "{§O: §E for §N, §N in §E}",
    "(§O for §N in §E)",
    "[§O async for §N in §E]",
    "[[§O for §N in §N] for §N in §E]",
    "[lambda: (§N, §O) for §N in §E]",
    "lambda §N, /, §N=§C, *§N, §N, **§N: §O",
    "lambda: §O",
    "(§N := §O)",
    "await §O",
    "(yield §O)",
    "(yield from §O)",
    "(yield)",
    "not §O",
    "not not §O",
    "-§O",
    "~§C",
    "+§C",
    "§O and §E",
    "§O or §E and not §E",
    "§O if §E else §E",
    "§O < §E <= §E",
    "§O is not §E",
    "§O in (§C, §C)",
    "§O not in [§C, §C]",
    "§O in {§C, §C}",
    "§O == §C",
    "§O + §E * §E ** §E",
    "§C + §C",
    "§C * §C",
    "§C ** §C",
    "§C // §C",
    "§C % §C",
    "§C << §C",
    "§C | §C",
    "(§C, §C)[§C]",
    "'§N'[§C]",
    "'%s %r' % (§O, §E)",
    "'§N' % §O",
    "§O @ §E",
    "§O.§N",
    "§O.§N.§N()",
    "§O[§E]",
    "§O[§E:§E]",
    "§O[§C:§C]",
    "§O[§C:§C:§C]",
    "§O[§E, *§E, ::§E]",
    "§O()",
    "§O(§E, *§E, §N=§E, **§E)",
    "§O(§E, §N=§E)",
    "§N(*§O)",
    "§N(§O for §N in §E)",
    "tuple(§O for §N in §E)",
    "all(§O for §N in §E)",
    "any(§O for §N in §E)",
    "super().§N",
    "super().§N(§O)",
    "super(§N, §N).§N(§O)",
    "f'§N{§O!r:>{§E}}§N'",
    "f'{§O=}'",
    "f'{§O}' '§N' f'{§E:§N}'",
    "t'§N{§O!s:{§E}}'",
    "rf'\\{§O}'",
    "f'''{\n§O\n}'''",
    "'§N' '§N'",
    "b'§N' b'§N'",
    "...",
    "__debug__",
    "__class__",
    "§C",
    "§N",
    "*§O",
    "print §O",
];

/// In the place of a pattern.
const PATTERNS: &[&str] = &[
    "§O | §P",
    "§P as §N",
    "[§O, *_]",
    "[*§N, §P]",
    "(§O, §P, *§N)",
    "{'§N': §O, **§N}",
    "{§C: §O, -1: _}",
    "§N(§O, §N=§P)",
    "§N.§N(§O)",
    "§N.§N",
    "§N",
    "_",
    "§C",
    "-1 + 2j",
    "'§N' '§N'",
    "None | True | False",
];

pub const CONSTANTS: &[&str] = &[
    "0", "1", "2", "3", "-1", "255", "256", "-5", "1000", "2**63", "0x7fffffffffffffff", "10**20",
    "1.5", "0.0", "-0.0", "1e400", "1e-400", "2j", "0j", "1_000", "0b11", "0o17", "''", "'a'", "'abc'",
    "'a b'", "'é'", "'\\udc80'", "'\\N{BULLET}'", "'\\x00'", "r'\\d'", "'\\d'", "b''", "b'a'", "b'\\xff'", "None",
    "True", "False", "...", "()", "(1, 2)", "(1, (2, 'x'))", "'x' * 5", "__debug__", "1if 1else 2",
];

pub const NAMES: &[&str] = &[
    "a", "b", "x", "self", "cls", "_", "__x", "__class__", "__debug__", "__name__", "super", "print", "match",
    "case", "type", "int", "__classdict__", "__annotations__", "__static_attributes__", "é", "ﬁ", "x1", "async_",
    "tuple", "all", "any", "None", "True", "__x__", "_A__x", "__type_params__", "__conditional_annotations__",
];

/// A template filled in. `original` stands for what is there, of that indentation.
fn fill(template: &str, original: &str, indent: &str, pool: &Pool, random: &mut Random) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some(at) = rest.find('§') {
        out.push_str(&rest[..at]);
        let after = &rest[at + '§'.len_utf8()..];
        // Fragments of several lines stand at the indentation of the line that they begin.
        let line = &out[out.rfind('\n').map_or(0, |at| at + 1)..];
        let deeper = if line.trim().is_empty() { line.to_owned() } else { String::new() };
        let piece = match &after[..1] {
            "E" if random.one_in(4) => random.of_list(NAMES).to_owned(),
            "E" if random.one_in(6) => random.of_list(CONSTANTS).to_owned(),
            "E" => pool.fragment(Sort::Expression, &deeper, random),
            "S" if random.one_in(3) => "pass".to_owned(),
            "S" => pool.fragment(Sort::Statement, &deeper, random),
            "N" if random.one_in(3) => pool.fragment(Sort::Name, "", random),
            "N" => random.of_list(NAMES).to_owned(),
            "C" => random.of_list(CONSTANTS).to_owned(),
            "P" => pool.fragment(Sort::Pattern, &deeper, random),
            _ => indented(original, indent, &deeper),
        };
        out.push_str(&piece);
        rest = &after[1..];
    }
    out.push_str(rest);
    indented(&out, "", indent)
}

/// Something of this sort made from what is there.
pub fn around(sort: Sort, original: &str, indent: &str, pool: &Pool, random: &mut Random) -> String {
    let template = match sort {
        Sort::Statement => random.of_list(STATEMENTS),
        Sort::Pattern => random.of_list(PATTERNS),
        _ => random.of_list(EXPRESSIONS),
    };
    fill(template, original, indent, pool, random)
}
