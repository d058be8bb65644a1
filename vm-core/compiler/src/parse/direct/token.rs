//! Tokens, and what the parser asks of their kinds.

/// The kind of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Tok {
    /// Nothing that is known here.
    Unknown,
    End,
    Newline,
    Indent,
    Dedent,
    Name,
    Number,
    /// A string without fields, or the beginning of one with them.
    String,
    Lpar,
    Rpar,
    Lsqb,
    Rsqb,
    Lbrace,
    Rbrace,
    Comma,
    Colon,
    Semi,
    Dot,
    Ellipsis,
    Equal,
    Arrow,
    ColonEqual,
    Bang,
    Tilde,
    Plus,
    Minus,
    Star,
    Slash,
    Percent,
    At,
    DoubleSlash,
    DoubleStar,
    LeftShift,
    RightShift,
    Amper,
    Vbar,
    Circumflex,
    EqEqual,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    /// An operator with `=` behind it; which, the text tells.
    Augmented,
    And,
    As,
    Assert,
    Async,
    Await,
    Break,
    Class,
    Continue,
    Def,
    Del,
    Elif,
    Else,
    Except,
    False,
    Finally,
    For,
    From,
    Global,
    If,
    Import,
    In,
    Is,
    Lambda,
    None,
    Nonlocal,
    Not,
    Or,
    Pass,
    Raise,
    Return,
    True,
    Try,
    While,
    With,
    Yield,
}

/// How many kinds there are.
const KINDS: usize = Tok::Yield as usize + 1;

/// How tightly an operator between two operands binds: more is tighter.
pub(super) mod binding {
    /// It is no such operator.
    pub const NONE: u8 = 0;
    pub const OR: u8 = 1;
    pub const AND: u8 = 2;
    /// What the prefix `not` may be in front of.
    pub const NOT: u8 = 3;
    pub const COMPARISON: u8 = 4;
    pub const BIT_OR: u8 = 5;
    pub const BIT_XOR: u8 = 6;
    pub const BIT_AND: u8 = 7;
    pub const SHIFT: u8 = 8;
    pub const SUM: u8 = 9;
    pub const PRODUCT: u8 = 10;
}

static BINDING: [u8; KINDS] = {
    let mut table = [binding::NONE; KINDS];
    let operators = [
        (Tok::Or, binding::OR),
        (Tok::And, binding::AND),
        (Tok::Not, binding::COMPARISON),
        (Tok::In, binding::COMPARISON),
        (Tok::Is, binding::COMPARISON),
        (Tok::EqEqual, binding::COMPARISON),
        (Tok::NotEqual, binding::COMPARISON),
        (Tok::Less, binding::COMPARISON),
        (Tok::LessEqual, binding::COMPARISON),
        (Tok::Greater, binding::COMPARISON),
        (Tok::GreaterEqual, binding::COMPARISON),
        (Tok::Vbar, binding::BIT_OR),
        (Tok::Circumflex, binding::BIT_XOR),
        (Tok::Amper, binding::BIT_AND),
        (Tok::LeftShift, binding::SHIFT),
        (Tok::RightShift, binding::SHIFT),
        (Tok::Plus, binding::SUM),
        (Tok::Minus, binding::SUM),
        (Tok::Star, binding::PRODUCT),
        (Tok::Slash, binding::PRODUCT),
        (Tok::DoubleSlash, binding::PRODUCT),
        (Tok::Percent, binding::PRODUCT),
        (Tok::At, binding::PRODUCT),
    ];
    let mut i = 0;
    while i < operators.len() {
        table[operators[i].0 as usize] = operators[i].1;
        i += 1;
    }
    table
};

impl Tok {
    /// How tightly it binds as an operator between two operands.
    #[inline(always)]
    pub fn binding(self) -> u8 {
        BINDING[self as usize % KINDS]
    }

    /// Whether it is no part of the text of a statement.
    pub fn is_layout(self) -> bool {
        matches!(self, Tok::Newline | Tok::Indent | Tok::Dedent | Tok::End)
    }
}

const KEYWORDS: [(&str, Tok); 35] = [
    ("and", Tok::And),
    ("as", Tok::As),
    ("assert", Tok::Assert),
    ("async", Tok::Async),
    ("await", Tok::Await),
    ("break", Tok::Break),
    ("class", Tok::Class),
    ("continue", Tok::Continue),
    ("def", Tok::Def),
    ("del", Tok::Del),
    ("elif", Tok::Elif),
    ("else", Tok::Else),
    ("except", Tok::Except),
    ("False", Tok::False),
    ("finally", Tok::Finally),
    ("for", Tok::For),
    ("from", Tok::From),
    ("global", Tok::Global),
    ("if", Tok::If),
    ("import", Tok::Import),
    ("in", Tok::In),
    ("is", Tok::Is),
    ("lambda", Tok::Lambda),
    ("None", Tok::None),
    ("nonlocal", Tok::Nonlocal),
    ("not", Tok::Not),
    ("or", Tok::Or),
    ("pass", Tok::Pass),
    ("raise", Tok::Raise),
    ("return", Tok::Return),
    ("True", Tok::True),
    ("try", Tok::Try),
    ("while", Tok::While),
    ("with", Tok::With),
    ("yield", Tok::Yield),
];

/// The longest keyword, in bytes: as many as a word has.
const LONGEST: usize = 8;
const SLOTS: usize = 128;

/// Keywords by a product of their bytes in which no two of them meet.
struct Keywords {
    factor: u64,
    slots: [(u64, Tok); SLOTS],
}

const fn slot(word: u64, factor: u64) -> usize {
    (word.wrapping_mul(factor) >> (u64::BITS - SLOTS.trailing_zeros())) as usize
}

static BY_WORD: Keywords = {
    let mut words = [0; KEYWORDS.len()];
    let mut i = 0;
    while i < KEYWORDS.len() {
        let bytes = KEYWORDS[i].0.as_bytes();
        let mut j = 0;
        while j < bytes.len() {
            words[i] |= (bytes[j] as u64) << (8 * j);
            j += 1;
        }
        i += 1;
    }
    // Odd numbers that look random: one in about a hundred separates all keywords.
    let mut factor = 0x9E37_79B9_7F4A_7C15_u64;
    loop {
        let mut slots = [(0, Tok::Name); SLOTS];
        let mut i = 0;
        while i < words.len() {
            let at = slot(words[i], factor);
            if slots[at].0 != 0 {
                break;
            }
            slots[at] = (words[i], KEYWORDS[i].1);
            i += 1;
        }
        if i == words.len() {
            break Keywords { factor, slots };
        }
        factor = factor.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(0x1405_7B7E_F767_814F) | 1;
    }
};

/// The keyword that stands at `start..end`, or a name.
#[inline(always)]
pub(super) fn keyword_or_name(text: &[u8], start: usize, end: usize) -> Tok {
    let length = end - start;
    let word = match text.get(start..).and_then(<[u8]>::first_chunk::<LONGEST>) {
        Some(bytes) => {
            let others = 8 * LONGEST.saturating_sub(length);
            u64::from_le_bytes(*bytes) << others >> others
        }
        None => text[start..end].iter().take(LONGEST).rev().fold(0, |word, &byte| word << 8 | u64::from(byte)),
    };
    let (keyword, tok) = BY_WORD.slots[slot(word, BY_WORD.factor) % SLOTS];
    // No branch foresees which names are longer.
    if (keyword == word) & (length <= LONGEST) { tok } else { Tok::Name }
}

#[cfg(test)]
mod tests {
    use super::{KEYWORDS, Tok, keyword_or_name};

    #[test]
    fn keywords_are_told_from_names() {
        for (word, tok) in KEYWORDS {
            for behind in ["", " ", "     and more"] {
                let text = format!("{word}{behind}");
                assert_eq!(keyword_or_name(text.as_bytes(), 0, word.len()), tok, "{text}");
            }
            for more in ["s", "_and_more"] {
                let longer = format!("{word}{more}");
                assert_eq!(keyword_or_name(longer.as_bytes(), 0, longer.len()), Tok::Name, "{longer}");
            }
        }
        assert_eq!(keyword_or_name(b"a", 0, 1), Tok::Name);
    }
}
