//! Tokens as CPython's tokenizer makes them.

/// What a token is: one of the constants here, or [`literal`] of a keyword or operator.
pub(super) type Kind = u16;

pub(super) const END: Kind = 0;
pub(super) const NAME: Kind = 1;
pub(super) const NUMBER: Kind = 2;
pub(super) const STRING: Kind = 3;
pub(super) const NEWLINE: Kind = 4;
pub(super) const INDENT: Kind = 5;
pub(super) const DEDENT: Kind = 6;
pub(super) const FSTRING_START: Kind = 7;
pub(super) const FSTRING_MIDDLE: Kind = 8;
pub(super) const FSTRING_END: Kind = 9;
pub(super) const TSTRING_START: Kind = 10;
pub(super) const TSTRING_MIDDLE: Kind = 11;
pub(super) const TSTRING_END: Kind = 12;
/// Type comments are not read: no token is of this kind.
pub(super) const TYPE_COMMENT: Kind = 13;
/// Where the tokenizer gave up.
pub(super) const ERROR: Kind = 14;
/// A character that Python has no use for.
pub(super) const OTHER: Kind = 15;
/// A comment; only where extra tokens are asked for.
pub(super) const COMMENT: Kind = 16;
/// The end of a line that ends no statement; only where extra tokens are asked for.
pub(super) const NL: Kind = 17;
const FIRST_LITERAL: Kind = 18;

/// Names of the kinds in the grammar.
pub(super) const NAMED: [(&str, Kind); 14] = [
    ("ENDMARKER", END),
    ("NAME", NAME),
    ("NUMBER", NUMBER),
    ("STRING", STRING),
    ("NEWLINE", NEWLINE),
    ("INDENT", INDENT),
    ("DEDENT", DEDENT),
    ("FSTRING_START", FSTRING_START),
    ("FSTRING_MIDDLE", FSTRING_MIDDLE),
    ("FSTRING_END", FSTRING_END),
    ("TSTRING_START", TSTRING_START),
    ("TSTRING_MIDDLE", TSTRING_MIDDLE),
    ("TSTRING_END", TSTRING_END),
    ("TYPE_COMMENT", TYPE_COMMENT),
];

pub(super) const SOFT_KEYWORDS: [&str; 4] = ["_", "case", "match", "type"];

/// Keywords, then operators.
const LITERALS: [&str; 83] = [
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue",
    "def", "del", "elif", "else", "except", "finally", "for", "from", "global", "if", "import",
    "in", "is", "lambda", "nonlocal", "not", "or", "pass", "raise", "return", "try", "while",
    "with", "yield", "(", ")", "[", "]", "{", "}", ":", ",", ";", "+", "-", "*", "/", "|", "&",
    "<", ">", "=", ".", "%", "~", "^", "@", "!", "==", "!=", "<=", ">=", "<<", ">>", "**", "+=",
    "-=", "*=", "/=", "%=", "&=", "|=", "^=", "//", "@=", "->", ":=", "<<=", ">>=", "**=", "//=",
    "...",
];
const KEYWORDS: usize = 35;

/// The kind of a keyword or operator.
pub(super) fn literal(text: &str) -> Option<Kind> {
    LITERALS
        .iter()
        .position(|l| *l == text)
        .map(|i| FIRST_LITERAL + i as Kind)
}

/// The kind of a name: keywords have kinds of their own.
pub(super) fn name_kind(text: &str) -> Kind {
    let keyword = LITERALS[..KEYWORDS].iter().position(|l| *l == text);
    keyword.map_or(NAME, |i| FIRST_LITERAL + i as Kind)
}

/// The text of a keyword or operator.
pub(super) fn literal_text(kind: Kind) -> &'static str {
    usize::from(kind)
        .checked_sub(FIRST_LITERAL.into())
        .map_or("", |i| LITERALS[i])
}

/// A position as the tokenizer gives it: line from 1, column in bytes from 0, -1 if unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub line: i32,
    pub col: i32,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub kind: Kind,
    pub start: Place,
    pub end: Place,
    /// Parentheses open after it.
    pub level: usize,
    /// Where its text stands in the source.
    pub from: usize,
    pub to: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_and_operators() {
        assert_eq!(name_kind("match"), NAME);
        assert_eq!(name_kind("yield"), literal("yield").unwrap());
        assert_eq!(literal_text(literal("...").unwrap()), "...");
        assert_eq!(literal("<>"), None);
        assert_eq!(literal_text(NAME), "");
    }
}
