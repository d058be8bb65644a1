//! The tokenizer, with CPython's errors.
//!
//! Like CPython's, it reads line by line, and what it says of an error depends on how far it
//! has read: the cursor, the line it is in, and the reason why it stopped.

mod number;
mod text;

use super::token::{self, Kind, Place, Token, literal, name_kind};

const MAX_INDENTS: usize = 100;
const MAX_LEVEL: usize = 200;
const TAB_SIZE: i32 = 8;

/// Why the tokenizer stopped, or that it did not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Done {
    Ok,
    Eof,
    /// A line that dedents to no level of indentation.
    Dedent,
    /// Tabs and spaces whose meaning depends on the size of a tab.
    TabSpace,
    TooDeep,
    /// A backslash that does not end its line.
    LineContinuation,
    /// A message of its own: text, columns in bytes from 1.
    Error {
        msg: String,
        line: i32,
        col: i32,
        end_col: i32,
        at_end: bool,
    },
}

impl Done {
    /// Whether more input could be what is missing.
    pub fn is_at_end(&self) -> bool {
        matches!(self, Done::Eof | Done::Error { at_end: true, .. })
    }
}

/// A string with replacement fields that the tokenizer is in.
#[derive(Clone, Debug)]
struct Mode {
    /// Reading literal text, not a field.
    in_text: bool,
    quote: u8,
    quote_size: usize,
    raw: bool,
    template: bool,
    start: usize,
    line_start: usize,
    first_line: i32,
    depth: i32,
    field_depth: i32,
    in_format: bool,
    in_debug: bool,
}

pub(super) struct Tokenizer<'s> {
    src: &'s [u8],
    pub cur: usize,
    /// End of the line that is being read, its line end included.
    inp: usize,
    pub line_start: usize,
    /// Where the token began that was the first of its line, or thereabouts.
    pub buf: usize,
    pub lineno: i32,
    start: Option<usize>,
    start_col: i32,
    at_line_start: bool,
    pub parens: Vec<(u8, Place)>,
    indents: Vec<(i32, i32)>,
    pending: i32,
    modes: Vec<Mode>,
    first_line: i32,
    multi_line_start: usize,
    pub done: Done,
    /// Comments and the ends of lines without a statement are tokens too, and what only the
    /// parser minds is let pass: for the module `tokenize`.
    pub extra: bool,
    /// The last token was a comment on a line of its own.
    comment_line: bool,
}

/// Where a tokenizer is in its source, without the source.
pub(super) struct Saved(Tokenizer<'static>);

/// A token that cannot be made: [`Tokenizer::done`] says why.
#[derive(Debug)]
pub(super) struct Stopped;

type Made = Result<Kind, Stopped>;

impl<'s> Tokenizer<'s> {
    /// Starts at a line that begins a statement at the top level.
    pub fn new(src: &'s [u8], at: usize, line: i32) -> Self {
        Tokenizer {
            src,
            cur: at,
            inp: at,
            line_start: at,
            buf: at,
            lineno: line - 1,
            start: None,
            start_col: -1,
            at_line_start: true,
            parens: Vec::new(),
            indents: vec![(0, 0)],
            pending: 0,
            modes: Vec::new(),
            first_line: 0,
            multi_line_start: at,
            done: Done::Ok,
            extra: false,
            comment_line: false,
        }
    }

    /// The state, to go on later with the same source.
    pub fn save(self) -> Saved {
        Saved(Tokenizer { src: &[], ..self })
    }

    /// Goes on where another tokenizer of the same source was.
    pub fn restore(&mut self, saved: Saved) {
        *self = Tokenizer { src: self.src, ..saved.0 };
    }

    /// Start of the line on which the last string began.
    pub fn multi_line_start(&self) -> usize {
        self.multi_line_start
    }

    /// End of the line that is being read, its line end included.
    pub fn line_end(&self) -> usize {
        self.inp
    }

    /// The line that is being read, its line end included.
    pub fn line(&self) -> &'s str {
        std::str::from_utf8(&self.src[self.line_start..self.inp]).unwrap_or("")
    }

    pub fn in_string(&self) -> bool {
        !self.modes.is_empty()
    }

    /// Whether the innermost string with fields is raw.
    pub fn in_raw_string(&self) -> bool {
        self.modes.last().is_some_and(|m| m.raw)
    }

    /// The prefix letter of the innermost string with fields.
    pub fn string_prefix(&self) -> char {
        if self.modes.last().is_some_and(|m| m.template) {
            't'
        } else {
            'f'
        }
    }

    /// The whole text, for the text of tokens.
    pub fn text(&self, token: &Token) -> &'s str {
        std::str::from_utf8(&self.src[token.from..token.to]).unwrap_or("")
    }

    /// Forgets all indentation, to end open blocks: interactive input ends so.
    pub fn end_blocks(&mut self) {
        self.pending = -(self.indents.len() as i32 - 1);
        self.indents.truncate(1);
    }

    /// The next token; of kind [`token::ERROR`] where there is none.
    pub fn next_token(&mut self) -> Token {
        let in_text = self.modes.last().is_some_and(|m| m.in_text);
        let mut span = None;
        let made = if in_text {
            self.text_part(&mut span)
        } else {
            self.normal(&mut span)
        };
        let kind = made.unwrap_or(token::ERROR);
        let string = matches!(
            kind,
            token::STRING
                | token::FSTRING_START
                | token::FSTRING_MIDDLE
                | token::FSTRING_END
                | token::TSTRING_START
                | token::TSTRING_MIDDLE
                | token::TSTRING_END
        );
        let line = if string { self.first_line } else { self.lineno };
        let (start_col, end_col) = match span {
            Some(_) => (self.start_col, self.column()),
            None => (-1, -1),
        };
        let (from, to) = span.unwrap_or((self.cur, self.cur));
        Token {
            kind,
            start: Place {
                line,
                col: start_col,
            },
            end: Place {
                line: self.lineno,
                col: end_col,
            },
            level: self.parens.len(),
            from,
            to,
        }
    }

    fn column(&self) -> i32 {
        (self.cur - self.line_start) as i32
    }

    fn next(&mut self) -> Option<u8> {
        if self.cur == self.inp {
            if self.done != Done::Ok {
                return None;
            }
            if self.inp == self.src.len() {
                self.done = Done::Eof;
                return None;
            }
            let rest = &self.src[self.inp..];
            let line = rest
                .iter()
                .position(|&b| b == b'\n')
                .map_or(rest.len(), |i| i + 1);
            if self.start.is_none() {
                self.buf = self.cur;
            }
            self.line_start = self.cur;
            self.lineno += 1;
            self.inp += line;
        }
        self.cur += 1;
        Some(self.src[self.cur - 1])
    }

    fn back(&mut self, c: Option<u8>) {
        if c.is_some() {
            self.cur -= 1;
        }
    }

    fn peek(&mut self) -> Option<u8> {
        let c = self.next();
        self.back(c);
        c
    }

    fn stop(&mut self, done: Done) -> Made {
        self.done = done;
        self.cur = self.inp;
        Err(Stopped)
    }

    /// An error at the cursor.
    pub fn error(&mut self, msg: impl Into<String>) -> Made {
        let col = self.column();
        self.error_in(col, col, msg)
    }

    fn error_in(&mut self, col: i32, end_col: i32, msg: impl Into<String>) -> Made {
        let (msg, line) = (msg.into(), self.lineno);
        self.done = Done::Error {
            msg,
            line,
            col,
            end_col,
            at_end: false,
        };
        Err(Stopped)
    }

    /// Notes that the text ended where more was to come.
    fn ended_early(&mut self) {
        if let Done::Error { at_end, .. } = &mut self.done {
            *at_end = true;
        }
    }

    fn normal(&mut self, span: &mut Option<(usize, usize)>) -> Made {
        'line: loop {
            self.start = None;
            self.start_col = -1;
            let mut blank = false;
            if std::mem::take(&mut self.at_line_start) {
                blank = self.indentation()?;
            }
            self.start = Some(self.cur);
            self.start_col = self.column();
            if self.pending != 0 {
                let dedent = self.pending < 0;
                if self.extra {
                    *span = Some((if dedent { self.cur } else { self.line_start }, self.cur));
                }
                self.pending -= self.pending.signum();
                return Ok(if dedent { token::DEDENT } else { token::INDENT });
            }
            self.peek();
            loop {
                self.start = None;
                let mut c = self.next();
                while matches!(c, Some(b' ' | b'\t' | 0x0c)) {
                    c = self.next();
                }
                let start = self.cur - usize::from(c.is_some());
                self.start = Some(start);
                self.start_col = self.column() - i32::from(c.is_some());
                if c == Some(b'#') {
                    while !matches!(c, None | Some(b'\n')) {
                        c = self.next();
                    }
                    if self.extra {
                        self.back(c);
                        self.comment_line = blank;
                        *span = Some((start, self.cur));
                        return Ok(token::COMMENT);
                    }
                }
                let Some(c) = c else {
                    let ended = self.done == Done::Eof && self.parens.is_empty();
                    return if ended { Ok(token::END) } else { Err(Stopped) };
                };
                if c == b'\n' {
                    self.at_line_start = true;
                    if self.extra && (blank || !self.parens.is_empty() || self.comment_line) {
                        self.comment_line = false;
                        *span = Some((start, self.cur));
                        return Ok(token::NL);
                    }
                    if blank || !self.parens.is_empty() {
                        continue 'line;
                    }
                    // The line end itself is no part of the token.
                    *span = Some((start, self.cur - 1));
                    return Ok(token::NEWLINE);
                }
                if c == b'\\' {
                    self.continuation()?;
                    continue;
                }
                let kind = self.token_at(c, start)?;
                *span = Some((start, self.cur));
                return Ok(kind);
            }
        }
    }

    fn token_at(&mut self, c: u8, start: usize) -> Made {
        match c {
            b'0'..=b'9' => self.number(c),
            b'.' => self.dot(),
            b'"' | b'\'' => self.string(c, start),
            c if c == b'_' || c.is_ascii_alphabetic() || c >= 0x80 => self.name(c, start),
            c => self.punctuation(c),
        }
    }

    /// Reads the indentation of a line; says whether the line is blank.
    fn indentation(&mut self) -> Result<bool, Stopped> {
        let (mut col, mut alt, mut continued) = (0, 0, 0);
        let c = loop {
            match self.next() {
                Some(b' ') => {
                    col += 1;
                    alt += 1;
                }
                Some(b'\t') => {
                    col = (col / TAB_SIZE + 1) * TAB_SIZE;
                    alt += 1;
                }
                Some(0x0c) => (col, alt) = (0, 0),
                Some(b'\\') => {
                    // The first backslash fixes the indentation.
                    continued = if continued == 0 { col } else { continued };
                    self.continuation()?;
                }
                c => break c,
            }
        };
        self.back(c);
        if matches!(c, Some(b'#' | b'\n')) {
            return Ok(true);
        }
        if !self.parens.is_empty() {
            return Ok(false);
        }
        if continued != 0 {
            (col, alt) = (continued, continued);
        }
        self.indent_to(col, alt)?;
        Ok(false)
    }

    fn indent_to(&mut self, col: i32, alt: i32) -> Result<(), Stopped> {
        let innermost = |t: &Self| t.indents.last().copied().unwrap_or((0, 0));
        let (top, top_alt) = innermost(self);
        if col > top {
            if self.indents.len() >= MAX_INDENTS {
                return self.stop(Done::TooDeep).map(drop);
            }
            if alt <= top_alt {
                return self.stop(Done::TabSpace).map(drop);
            }
            self.pending += 1;
            self.indents.push((col, alt));
            return Ok(());
        }
        while self.indents.len() > 1 && col < innermost(self).0 {
            self.pending -= 1;
            self.indents.pop();
        }
        let (top, top_alt) = innermost(self);
        if col != top {
            return self.stop(Done::Dedent).map(drop);
        }
        if alt != top_alt {
            return self.stop(Done::TabSpace).map(drop);
        }
        Ok(())
    }

    /// The rest of a line after a backslash.
    fn continuation(&mut self) -> Result<(), Stopped> {
        if self.next() != Some(b'\n') {
            self.done = Done::LineContinuation;
            return Err(Stopped);
        }
        if self.peek().is_none() {
            return self.stop(Done::Eof).map(drop);
        }
        Ok(())
    }

    fn name(&mut self, first: u8, start: usize) -> Made {
        let mut prefix = [false; 5];
        let mut c = Some(first);
        while let Some(letter) = c.and_then(|c| b"burft".iter().position(|l| *l == c | 0x20)) {
            if prefix[letter] {
                break;
            }
            prefix[letter] = true;
            c = self.next();
            if let Some(quote @ (b'"' | b'\'')) = c {
                self.check_prefixes(prefix, start)?;
                return if prefix[3] || prefix[4] {
                    self.string_with_fields(quote, start)
                } else {
                    self.string(quote, start)
                };
            }
        }
        let mut ascii = true;
        while let Some(b) = c
            && is_name_byte(b)
        {
            ascii &= b < 0x80;
            c = self.next();
        }
        self.back(c);
        if !ascii {
            self.check_name(start)?;
        }
        Ok(name_kind(
            std::str::from_utf8(&self.src[start..self.cur]).unwrap_or(""),
        ))
    }

    fn check_prefixes(&mut self, saw: [bool; 5], start: usize) -> Result<(), Stopped> {
        let pairs = [(1, 0), (1, 2), (1, 3), (1, 4), (0, 3), (0, 4), (3, 4)];
        let Some((a, b)) = pairs.into_iter().find(|&(a, b)| saw[a] && saw[b]) else {
            return Ok(());
        };
        let letter = |i: usize| char::from(b"burft"[i]);
        let msg = format!(
            "'{}' and '{}' prefixes are incompatible",
            letter(a),
            letter(b)
        );
        let col = (start + 1 - self.line_start) as i32;
        let end = self.column();
        self.error_in(col, end, msg).map(drop)
    }

    fn check_name(&mut self, start: usize) -> Result<(), Stopped> {
        if self.extra {
            return Ok(());
        }
        let text = std::str::from_utf8(&self.src[start..self.cur]).unwrap_or("");
        let wrong = text.char_indices().find(|&(i, c)| match i {
            0 => c != '_' && !unicode_ident::is_xid_start(c),
            _ => !unicode_ident::is_xid_continue(c),
        });
        let Some((at, c)) = wrong else { return Ok(()) };
        self.cur = start + at + c.len_utf8();
        let code = u32::from(c);
        let msg = if tailscope_bytecode::repr::is_printable(c) {
            format!("invalid character '{c}' (U+{code:04X})")
        } else {
            format!("invalid non-printable character U+{code:04X}")
        };
        self.error(msg).map(drop)
    }

    fn punctuation(&mut self, c: u8) -> Made {
        if matches!(c, b':' | b'}' | b'!' | b'{')
            && let Some(mode) = self.modes.last_mut()
            && mode.field_depth >= 0
            && c == b':'
            && mode.depth - 1 == mode.field_depth
        {
            mode.in_text = true;
            mode.in_format = true;
            return Ok(kind_of(":"));
        }
        let c2 = self.next();
        if let Some(second) = c2
            && let Some(kind) = operator(&[c, second])
        {
            let c3 = self.next();
            if let Some(third) = c3
                && let Some(kind) = operator(&[c, second, third])
            {
                return Ok(kind);
            }
            self.back(c3);
            return Ok(kind);
        }
        self.back(c2);
        match c {
            b'(' | b'[' | b'{' => self.open(c)?,
            b')' | b']' | b'}' => self.close(c)?,
            _ => {}
        }
        if c < b' ' || c == 0x7f {
            return self.error(format!("invalid non-printable character U+{c:04X}"));
        }
        if c == b'='
            && let Some(mode) = self.modes.last_mut()
            && mode.depth - mode.field_depth == 1
        {
            mode.in_debug = true;
        }
        Ok(operator(&[c]).unwrap_or(token::OTHER))
    }

    fn open(&mut self, c: u8) -> Result<(), Stopped> {
        if self.parens.len() >= MAX_LEVEL {
            return self.error("too many nested parentheses").map(drop);
        }
        let col = self.column() - 1;
        self.parens.push((
            c,
            Place {
                line: self.lineno,
                col,
            },
        ));
        if let Some(mode) = self.modes.last_mut() {
            mode.depth += 1;
        }
        Ok(())
    }

    fn close(&mut self, c: u8) -> Result<(), Stopped> {
        let closing = char::from(c);
        let prefix = self.string_prefix();
        if c == b'}' && self.modes.last().is_some_and(|m| m.depth == 0) {
            return self
                .error(format!("{prefix}-string: single '}}' is not allowed"))
                .map(drop);
        }
        let Some((opening, place)) = self.parens.pop() else {
            if self.extra {
                return Ok(());
            }
            return self.error(format!("unmatched '{closing}'")).map(drop);
        };
        if !self.extra && !matches!((opening, c), (b'(', b')') | (b'[', b']') | (b'{', b'}')) {
            let ends_field = self
                .modes
                .last()
                .is_some_and(|m| opening == b'{' && m.depth - 1 == m.field_depth);
            let opening = char::from(opening);
            let msg = if ends_field {
                format!("{prefix}-string: unmatched '{closing}'")
            } else if place.line != self.lineno {
                format!(
                    "closing parenthesis '{closing}' does not match opening parenthesis \
                     '{opening}' on line {}",
                    place.line
                )
            } else {
                format!(
                    "closing parenthesis '{closing}' does not match opening parenthesis \
                     '{opening}'"
                )
            };
            return self.error(msg).map(drop);
        }
        if let Some(mode) = self.modes.last_mut() {
            mode.depth -= 1;
            if mode.depth < 0 {
                return self
                    .error(format!("{prefix}-string: unmatched '{closing}'"))
                    .map(drop);
            }
            if c == b'}' && mode.depth == mode.field_depth {
                mode.field_depth -= 1;
                mode.in_text = true;
                mode.in_format = false;
                mode.in_debug = false;
            }
        }
        Ok(())
    }
}

fn is_name_byte(b: u8) -> bool {
    b == b'_' || b.is_ascii_alphanumeric() || b >= 0x80
}

fn operator(bytes: &[u8]) -> Option<Kind> {
    std::str::from_utf8(bytes).ok().and_then(literal)
}

/// The kind of an operator that the grammar knows.
fn kind_of(text: &str) -> Kind {
    literal(text).unwrap_or(token::OTHER)
}
