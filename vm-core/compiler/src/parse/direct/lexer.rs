//! Text to tokens, one at a time.

use ruff_text_size::{TextRange, TextSize};

use super::token::{Tok, keyword_or_name};
use super::{Declined, Parsing};

/// What a byte is where a token may begin.
mod class {
    pub const OTHER: u8 = 0;
    pub const BLANK: u8 = 1;
    pub const NEWLINE: u8 = 2;
    pub const DIGIT: u8 = 3;
    pub const QUOTE: u8 = 4;
    pub const COMMENT: u8 = 5;
    pub const BACKSLASH: u8 = 6;
    /// A letter or `_`. The two that are frequent have a bit each: they are asked for first, and not by a jump
    /// through a table, which would be foreseen less often.
    pub const LETTER: u8 = 1 << 6;
    pub const OPERATOR: u8 = 1 << 7;
}

static CLASSES: [u8; 256] = {
    let mut table = [class::OTHER; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        table[byte as usize] = match byte {
            b' ' | b'\t' | 0x0C => class::BLANK,
            b'\n' => class::NEWLINE,
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => class::LETTER,
            b'0'..=b'9' => class::DIGIT,
            b'"' | b'\'' => class::QUOTE,
            b'#' => class::COMMENT,
            b'\\' => class::BACKSLASH,
            b'(' | b')' | b'[' | b']' | b'{' | b'}' | b',' | b':' | b';' | b'.' | b'=' | b'!' | b'~' | b'+' | b'-' | b'*'
            | b'/' | b'%' | b'@' | b'<' | b'>' | b'&' | b'|' | b'^' => class::OPERATOR,
            _ => class::OTHER,
        };
        byte += 1;
    }
    table
};

/// What an operator or a bracket is that stands by itself, and what makes another one of it.
#[derive(Clone, Copy)]
struct Punctuation {
    tok: Tok,
    /// It opens a bracket (1) or closes one (-1).
    opens: i8,
    /// Whether it is looked at closely: behind it a byte of a kind that may be a part of it.
    longer: u8,
}

/// Kinds of bytes that may belong to the operator before them.
mod part {
    pub const EQUAL: u8 = 1;
    /// The second of two that are the same.
    pub const SAME: u8 = 1 << 1;
    pub const GREATER: u8 = 1 << 2;
    pub const DIGIT: u8 = 1 << 3;
    /// Whatever it is.
    pub const ANY: u8 = 1 << 4;
}

static PARTS: [u8; 256] = {
    let mut table = [part::ANY; 256];
    let mut digit = b'0';
    while digit <= b'9' {
        table[digit as usize] |= part::DIGIT;
        digit += 1;
    }
    table[b'=' as usize] |= part::EQUAL;
    table[b'>' as usize] |= part::GREATER | part::SAME;
    table[b'*' as usize] |= part::SAME;
    table[b'/' as usize] |= part::SAME;
    table[b'<' as usize] |= part::SAME;
    table[b'.' as usize] |= part::SAME;
    table
};

static PUNCTUATION: [Punctuation; 128] = {
    let mut table = [Punctuation { tok: Tok::Unknown, opens: 0, longer: part::ANY }; 128];
    let all = [
        (b'(', Tok::Lpar, 1, 0),
        (b'[', Tok::Lsqb, 1, 0),
        (b'{', Tok::Lbrace, 1, 0),
        (b')', Tok::Rpar, -1, 0),
        (b']', Tok::Rsqb, -1, 0),
        (b'}', Tok::Rbrace, -1, 0),
        (b',', Tok::Comma, 0, 0),
        (b';', Tok::Semi, 0, 0),
        (b'~', Tok::Tilde, 0, 0),
        (b':', Tok::Colon, 0, part::EQUAL),
        (b'.', Tok::Dot, 0, part::SAME | part::DIGIT),
        (b'=', Tok::Equal, 0, part::EQUAL),
        (b'!', Tok::Bang, 0, part::EQUAL),
        (b'+', Tok::Plus, 0, part::EQUAL),
        (b'-', Tok::Minus, 0, part::EQUAL | part::GREATER),
        (b'*', Tok::Star, 0, part::EQUAL | part::SAME),
        (b'/', Tok::Slash, 0, part::EQUAL | part::SAME),
        (b'%', Tok::Percent, 0, part::EQUAL),
        (b'@', Tok::At, 0, part::EQUAL),
        (b'<', Tok::Less, 0, part::EQUAL | part::SAME | part::GREATER),
        (b'>', Tok::Greater, 0, part::EQUAL | part::SAME),
        (b'&', Tok::Amper, 0, part::EQUAL),
        (b'|', Tok::Vbar, 0, part::EQUAL),
        (b'^', Tok::Circumflex, 0, part::EQUAL),
    ];
    let mut i = 0;
    while i < all.len() {
        let (byte, tok, opens, longer) = all[i];
        table[byte as usize] = Punctuation { tok, opens, longer };
        i += 1;
    }
    table
};

/// Whether a byte may continue a name of ASCII letters.
#[inline(always)]
fn continues_name(byte: u8) -> bool {
    matches!(CLASSES[byte as usize], class::LETTER | class::DIGIT)
}

/// A word of bytes that are all this one.
const fn each(byte: u8) -> u64 {
    u64::MAX / 0xFF * byte as u64
}

/// How many of the bytes, beginning with the lowest, can be of a name.
#[inline(always)]
fn name_bytes(word: u64) -> u32 {
    const HIGH: u64 = each(0x80);
    // In each byte the highest bit tells; there is none in the others, so that no sum carries.
    let ascii = word & !HIGH;
    let letters = ascii | each(0x20);
    let at_least = |bytes: u64, least: u8| bytes + each(0x80 - least);
    let between = |bytes: u64, first: u8, last: u8| at_least(bytes, first) & !at_least(bytes, last + 1);
    let underscores = !at_least(ascii ^ each(b'_'), 1);
    let is_name = (between(letters, b'a', b'z') | between(ascii, b'0', b'9') | underscores) & !word & HIGH;
    (is_name ^ HIGH).trailing_zeros() / 8
}

/// CPython's tokenizer holds this many open brackets and levels of indentation.
const MAX_BRACKETS: u32 = 200;
const MAX_INDENTS: usize = 100;

/// What is known of a string from its token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct StringToken {
    pub kind: StringKind,
    /// `r` is in the prefix, or `R`.
    pub raw: bool,
    pub uppercase_r: bool,
    pub quote: u8,
    pub triple: bool,
    /// What is between the quotes; without the end, if the string has fields.
    pub content: (usize, usize),
    /// There is a backslash in it.
    pub has_backslash: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum StringKind {
    #[default]
    Plain,
    Unicode,
    Bytes,
    Format,
    Template,
}

/// Where the lexer stands, and its token.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor {
    pub tok: Tok,
    /// Of the token.
    pub start: usize,
    pub end: usize,
    /// Where the last token before it ended, but for those of layout.
    pub before: usize,
    /// Brackets that are open behind the token.
    pub open: u32,
    pub string: StringToken,
    /// The token is the first of its line.
    begins_line: bool,
}

impl Cursor {
    pub fn new() -> Cursor {
        Cursor {
            tok: Tok::Newline,
            start: 0,
            end: 0,
            before: 0,
            open: 0,
            string: StringToken::default(),
            begins_line: true,
        }
    }
}

impl<'a> Parsing<'a> {
    #[inline(always)]
    fn byte(&self, at: usize) -> u8 {
        self.text.as_bytes().get(at).copied().unwrap_or(0)
    }

    pub(super) fn slice(&self, start: usize, end: usize) -> &'a str {
        self.text.get(start..end).unwrap_or("")
    }

    /// From `start` to the end of what was taken last.
    #[inline(always)]
    pub(super) fn range_from(&self, start: usize) -> TextRange {
        range(start, self.at.before)
    }

    pub(super) fn at(&self, tok: Tok) -> bool {
        self.at.tok == tok
    }

    /// Takes the token.
    #[inline]
    pub(super) fn advance(&mut self) {
        if !self.at.tok.is_layout() {
            self.at.before = self.at.end;
        }
        self.next_token(self.at.end);
    }

    /// Takes the token, if it is this one.
    #[inline]
    pub(super) fn take(&mut self, tok: Tok) -> bool {
        let is_it = self.at.tok == tok;
        if is_it {
            self.advance();
        }
        is_it
    }

    #[inline]
    pub(super) fn expect(&mut self, tok: Tok) -> Result<(), Declined> {
        if self.take(tok) { Ok(()) } else { Err(Declined) }
    }

    /// Finds the token at or behind a place.
    pub(super) fn next_token(&mut self, mut at: usize) {
        if self.at.begins_line {
            self.at.begins_line = false;
            match self.indentation(at) {
                Some(Some(layout)) => return self.at.tok = layout,
                Some(None) => at = self.at.end,
                None => return self.at.tok = Tok::Unknown,
            }
        }
        // Mostly there is one blank, or none: which, no branch foresees.
        at += usize::from(self.byte(at) == b' ');
        loop {
            while self.byte(at) == b' ' {
                at += 1;
            }
            let byte = self.byte(at);
            let class = CLASSES[byte as usize];
            let (tok, end) = if class & class::LETTER != 0 {
                self.word(at)
            } else if class & class::OPERATOR != 0 {
                self.punctuation(at, byte)
            } else {
                match class {
                    class::BLANK => {
                        at += 1;
                        continue;
                    }
                    class::NEWLINE if self.at.open == 0 => {
                        self.at.begins_line = true;
                        (Tok::Newline, at + 1)
                    }
                    class::NEWLINE if self.field_of_line => (Tok::Unknown, at),
                    class::NEWLINE => {
                        at += 1;
                        continue;
                    }
                    class::QUOTE => self.string(at, at),
                    class::DIGIT => self.number(at),
                    class::COMMENT if self.field_at != 0 => (Tok::Unknown, at),
                    class::COMMENT => {
                        at = self.line_end(at);
                        continue;
                    }
                    class::BACKSLASH if self.byte(at + 1) == b'\n' && at + 2 < self.text.len() && self.field_at == 0 => {
                        at += 2;
                        continue;
                    }
                    _ if at >= self.text.len() => (self.end_of_text(), at),
                    _ => (Tok::Unknown, at),
                }
            };
            self.at.tok = tok;
            self.at.start = at;
            self.at.end = end;
            return;
        }
    }

    fn line_end(&self, at: usize) -> usize {
        memchr::memchr(b'\n', &self.text.as_bytes()[at..]).map_or(self.text.len(), |length| at + length)
    }

    /// The token at the end of the text. A line that has no end ends there.
    fn end_of_text(&mut self) -> Tok {
        match self.at.tok {
            _ if self.at.open != 0 => Tok::Unknown,
            Tok::Newline | Tok::Dedent => Tok::End,
            _ => {
                self.at.begins_line = true;
                Tok::Newline
            }
        }
    }

    /// Looks at the beginning of a line, and at those behind it that are empty: the token there if it is one of
    /// layout, or none, with the place where another one may be as its end. Nothing at all for
    /// indentation that is wrong, or that both tabs and blanks make.
    fn indentation(&mut self, mut at: usize) -> Option<Option<Tok>> {
        let mut line = at;
        let column = loop {
            while let Some(bytes) = self.text.as_bytes().get(at..).and_then(<[u8]>::first_chunk) {
                let blanks = (u64::from_le_bytes(*bytes) ^ each(b' ')).trailing_zeros() as usize / 8;
                at += blanks;
                if blanks < bytes.len() {
                    break;
                }
            }
            while self.byte(at) == b' ' {
                at += 1;
            }
            match self.byte(at) {
                b'#' => at = self.line_end(at),
                // A form feed begins the line anew.
                b'\n' | 0x0C => {
                    at += 1;
                    line = at;
                }
                _ if at >= self.text.len() => break 0,
                b'\t' => at = self.empty_behind_tab(at)?,
                b'\\' => return None,
                _ => break at - line,
            }
        };
        (self.at.start, self.at.end) = (at, at);
        let current = self.indents.last().copied().unwrap_or(0);
        if column == current {
            return Some(None);
        }
        if column > current {
            self.indents.push(column);
            return if self.indents.len() < MAX_INDENTS { Some(Some(Tok::Indent)) } else { None };
        }
        self.indents.pop();
        let outer = self.indents.last().copied().unwrap_or(0);
        // The token behind it looks again, from the same place.
        self.at.begins_line = column != outer;
        if column > outer {
            return None;
        }
        if self.at.begins_line {
            (self.at.start, self.at.end) = (at - column, at - column);
        }
        Some(Some(Tok::Dedent))
    }

    /// Where the line ends, or its comment begins, if nothing else is behind the tab.
    #[cold]
    fn empty_behind_tab(&self, at: usize) -> Option<usize> {
        let behind = &self.text.as_bytes()[at..];
        let blanks = behind.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        matches!(behind.get(blanks), Some(b'#' | b'\n')).then_some(at + blanks)
    }

    /// A name, a keyword, or a string with a prefix.
    fn word(&mut self, at: usize) -> (Tok, usize) {
        let mut end = at;
        while let Some(bytes) = self.text.as_bytes().get(end..).and_then(<[u8]>::first_chunk) {
            let length = name_bytes(u64::from_le_bytes(*bytes)) as usize;
            end += length;
            if length < bytes.len() {
                break;
            }
        }
        // The last few bytes of the text.
        while continues_name(self.byte(end)) {
            end += 1;
        }
        let behind = self.byte(end);
        if behind >= 0x80 {
            return (Tok::Unknown, at);
        }
        if matches!(behind, b'"' | b'\'') && end - at <= 2 {
            return self.string(at, end);
        }
        (keyword_or_name(self.text.as_bytes(), at, end), end)
    }

    /// An operator or a bracket. Most are a single byte, and are told apart without a branch.
    #[inline(always)]
    fn punctuation(&mut self, at: usize, byte: u8) -> (Tok, usize) {
        let found = PUNCTUATION[usize::from(byte) % PUNCTUATION.len()];
        if found.longer & PARTS[usize::from(self.byte(at + 1))] != 0 {
            return self.operator(at, byte, found.tok);
        }
        let open = self.at.open.wrapping_add_signed(i32::from(found.opens));
        if open > MAX_BRACKETS {
            // Too many, or fewer than none.
            return (Tok::Unknown, at);
        }
        self.at.open = open;
        (found.tok, at + 1)
    }

    /// An operator that may be of several bytes; `single` if it is not.
    fn operator(&mut self, at: usize, byte: u8, single: Tok) -> (Tok, usize) {
        let (second, third) = (self.byte(at + 1), self.byte(at + 2));
        let doubled = match byte {
            b'.' if second == b'.' && third == b'.' => return (Tok::Ellipsis, at + 3),
            b'.' if second.is_ascii_digit() => return self.number(at),
            b'-' if second == b'>' => return (Tok::Arrow, at + 2),
            b'<' if second == b'>' => return (Tok::Unknown, at),
            // What follows the colon of a field is not of Python.
            b':' if self.at.open == self.field_at && self.field_at != 0 => return (Tok::Colon, at + 1),
            b':' | b'=' | b'!' | b'<' | b'>' if second == b'=' => {
                let tok = match byte {
                    b':' => Tok::ColonEqual,
                    b'=' => Tok::EqEqual,
                    b'!' => Tok::NotEqual,
                    b'<' => Tok::LessEqual,
                    _ => Tok::GreaterEqual,
                };
                return (tok, at + 2);
            }
            b'*' => Some(Tok::DoubleStar),
            b'/' => Some(Tok::DoubleSlash),
            b'<' => Some(Tok::LeftShift),
            b'>' => Some(Tok::RightShift),
            _ => None,
        };
        let (tok, length) = match doubled {
            Some(doubled) if second == byte => (doubled, 2),
            _ => (single, 1),
        };
        let is_augmented = self.byte(at + length) == b'=' && byte != b'.';
        if is_augmented { (Tok::Augmented, at + length + 1) } else { (tok, at + length) }
    }

    /// Where a number ends. What is behind it must not look like a part of it.
    fn number(&mut self, at: usize) -> (Tok, usize) {
        let digits = |mut at: usize, is_digit: fn(&u8) -> bool| {
            loop {
                let from = at;
                while is_digit(&self.byte(at)) {
                    at += 1;
                }
                match self.byte(at) {
                    b'_' if at > from && is_digit(&self.byte(at + 1)) => at += 1,
                    _ => return at,
                }
            }
        };
        let end = match (self.byte(at), self.byte(at + 1) | 0x20) {
            (b'0', radix @ (b'x' | b'o' | b'b')) => {
                let from = at + 2 + usize::from(self.byte(at + 2) == b'_');
                let end = match radix {
                    b'x' => digits(from, u8::is_ascii_hexdigit),
                    b'o' => digits(from, |b| matches!(b, b'0'..=b'7')),
                    _ => digits(from, |b| matches!(b, b'0' | b'1')),
                };
                if end == from {
                    return (Tok::Unknown, at);
                }
                end
            }
            _ => {
                let mut end = digits(at, u8::is_ascii_digit);
                let mut is_decimal = true;
                if self.byte(end) == b'.' {
                    is_decimal = false;
                    end += 1;
                    if self.byte(end).is_ascii_digit() {
                        end = digits(end, u8::is_ascii_digit);
                    }
                }
                if self.byte(end) | 0x20 == b'e' {
                    let sign = usize::from(matches!(self.byte(end + 1), b'+' | b'-'));
                    if !self.byte(end + 1 + sign).is_ascii_digit() {
                        return (Tok::Unknown, at);
                    }
                    is_decimal = false;
                    end = digits(end + 1 + sign, u8::is_ascii_digit);
                }
                let is_imaginary = self.byte(end) | 0x20 == b'j';
                // Zeros may lead no other integer than zero.
                let is_zero = || self.text.as_bytes()[at..end].iter().all(|b| matches!(b, b'0' | b'_'));
                if is_decimal && !is_imaginary && self.byte(at) == b'0' && !is_zero() {
                    return (Tok::Unknown, at);
                }
                end + usize::from(is_imaginary)
            }
        };
        let behind = self.byte(end);
        if continues_name(behind) || behind >= 0x80 {
            return (Tok::Unknown, at);
        }
        (Tok::Number, end)
    }

    /// A string whose prefix begins at `at`, and whose quote is at `quote`.
    fn string(&mut self, at: usize, quote: usize) -> (Tok, usize) {
        let mut string = StringToken { quote: self.byte(quote), ..StringToken::default() };
        for place in at..quote {
            let letter = self.byte(place);
            let kind = match letter | 0x20 {
                b'r' if !string.raw => {
                    (string.raw, string.uppercase_r) = (true, letter == b'R');
                    continue;
                }
                b'u' if quote - at == 1 => StringKind::Unicode,
                b'b' => StringKind::Bytes,
                b'f' => StringKind::Format,
                b't' => StringKind::Template,
                _ => return (Tok::Unknown, at),
            };
            if string.kind != StringKind::Plain {
                return (Tok::Unknown, at);
            }
            string.kind = kind;
        }
        string.triple = self.byte(quote + 1) == string.quote && self.byte(quote + 2) == string.quote;
        let content = quote + if string.triple { 3 } else { 1 };
        string.content = (content, content);
        let has_fields = matches!(string.kind, StringKind::Format | StringKind::Template);
        let end = if has_fields { Some(content) } else { self.string_end(&mut string) };
        self.at.string = string;
        end.map_or((Tok::Unknown, at), |end| (Tok::String, end))
    }

    /// Where a string without fields ends, with its quotes; what is between them is noted.
    fn string_end(&self, string: &mut StringToken) -> Option<usize> {
        let mut at = string.content.0;
        let bytes = self.text.as_bytes();
        loop {
            if string.triple {
                at += memchr::memchr2(string.quote, b'\\', &bytes[at..])?;
            } else {
                while !matches!(*bytes.get(at)?, b'"' | b'\'' | b'\\' | b'\n') {
                    at += 1;
                }
            }
            match bytes[at] {
                b'\\' => {
                    string.has_backslash = true;
                    // What follows may be of several bytes; none of those ends the string.
                    at += 2;
                    if at >= bytes.len() {
                        return None;
                    }
                }
                b'\n' => return None,
                byte if byte != string.quote => at += 1,
                _ if !string.triple => {
                    string.content.1 = at;
                    return Some(at + 1);
                }
                quote if self.byte(at + 1) == quote && self.byte(at + 2) == quote => {
                    string.content.1 = at;
                    return Some(at + 3);
                }
                _ => at += 1,
            }
        }
    }

    pub(super) fn token_text(&self) -> &'a str {
        self.slice(self.at.start, self.at.end)
    }
}

/// Nothing at `start`, if what was taken last ends before: no parameters between blanks.
#[inline(always)]
pub(super) fn range(start: usize, end: usize) -> TextRange {
    TextRange::new(TextSize::new(start as u32), TextSize::new(end.max(start) as u32))
}
