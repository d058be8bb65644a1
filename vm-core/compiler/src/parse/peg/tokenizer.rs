//! The tokenizer, with CPython's errors.
//!
//! Like CPython's, it reads line by line, and what it says of an error depends on how far it
//! has read: the cursor, the line it is in, and the reason why it stopped.

use super::token::{self, Kind, Place, Token, literal, name_kind};

const MAX_INDENTS: usize = 100;
const MAX_LEVEL: usize = 200;
const MAX_STRINGS: usize = 150;
const MAX_FIELD_NESTING: i32 = 3;
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
    },
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
}

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
        }
    }

    pub fn in_string(&self) -> bool {
        !self.modes.is_empty()
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
        };
        Err(Stopped)
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
                }
                let Some(c) = c else {
                    let ended = self.done == Done::Eof && self.parens.is_empty();
                    return if ended { Ok(token::END) } else { Err(Stopped) };
                };
                if c == b'\n' {
                    self.at_line_start = true;
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

    fn dot(&mut self) -> Made {
        let c = self.next();
        if c.is_some_and(|c| c.is_ascii_digit()) {
            return self.fraction(c);
        }
        if c == Some(b'.') {
            let c2 = self.next();
            if c2 == Some(b'.') {
                return Ok(kind_of("..."));
            }
            self.back(c2);
        }
        self.back(c);
        Ok(kind_of("."))
    }

    fn number(&mut self, first: u8) -> Made {
        if first != b'0' {
            let c = self.decimal_tail()?;
            return self.after_integer(c);
        }
        let c = self.next();
        match c {
            Some(b'x' | b'X') => self.with_base("hexadecimal", 16),
            Some(b'o' | b'O') => self.with_base("octal", 8),
            Some(b'b' | b'B') => self.with_base("binary", 2),
            c => self.zeros(c),
        }
    }

    /// A number that begins with zeros.
    fn zeros(&mut self, mut c: Option<u8>) -> Made {
        let start = self.cur - usize::from(c.is_some()) - 1;
        loop {
            if c == Some(b'_') {
                c = self.next();
                if !c.is_some_and(|c| c.is_ascii_digit()) {
                    self.back(c);
                    return self.error("invalid decimal literal");
                }
            }
            if c != Some(b'0') {
                break;
            }
            c = self.next();
        }
        let zeros_end = self.cur;
        let mut nonzero = false;
        if c.is_some_and(|c| c.is_ascii_digit()) {
            nonzero = true;
            c = self.decimal_tail()?;
        }
        if nonzero && !matches!(c, Some(b'.' | b'e' | b'E' | b'j' | b'J')) {
            self.back(c);
            let col = (start + 1 - self.line_start) as i32;
            let end = (zeros_end - self.line_start) as i32;
            return self.error_in(
                col,
                end,
                "leading zeros in decimal integer literals are not permitted; use an 0o prefix \
                 for octal integers",
            );
        }
        self.after_integer(c)
    }

    fn with_base(&mut self, name: &str, base: u32) -> Made {
        let is_digit = |c: Option<u8>| c.is_some_and(|c| char::from(c).is_digit(base));
        let mut c = self.next();
        loop {
            if c == Some(b'_') {
                c = self.next();
            }
            if !is_digit(c) {
                if base != 16
                    && let Some(digit @ b'0'..=b'9') = c
                {
                    let digit = char::from(digit);
                    return self.error(format!("invalid digit '{digit}' in {name} literal"));
                }
                self.back(c);
                return self.error(format!("invalid {name} literal"));
            }
            while is_digit(c) {
                c = self.next();
            }
            if c != Some(b'_') {
                break;
            }
        }
        if base != 16
            && let Some(digit @ b'0'..=b'9') = c
        {
            let digit = char::from(digit);
            return self.error(format!("invalid digit '{digit}' in {name} literal"));
        }
        self.end_of_number(c, name)
    }

    fn after_integer(&mut self, c: Option<u8>) -> Made {
        match c {
            Some(b'.') => {
                let c = self.next();
                self.fraction(c)
            }
            c => self.exponent(c),
        }
    }

    fn fraction(&mut self, mut c: Option<u8>) -> Made {
        if c.is_some_and(|c| c.is_ascii_digit()) {
            c = self.decimal_tail()?;
        }
        self.exponent(c)
    }

    fn exponent(&mut self, mut c: Option<u8>) -> Made {
        if let Some(b'e' | b'E') = c {
            let e = c;
            c = self.next();
            if let Some(b'+' | b'-') = c {
                c = self.next();
                if !c.is_some_and(|c| c.is_ascii_digit()) {
                    self.back(c);
                    return self.error("invalid decimal literal");
                }
            } else if !c.is_some_and(|c| c.is_ascii_digit()) {
                self.back(c);
                return self.end_of_number(e, "decimal");
            }
            c = self.decimal_tail()?;
        }
        if let Some(b'j' | b'J') = c {
            let c = self.next();
            return self.end_of_number(c, "imaginary");
        }
        self.end_of_number(c, "decimal")
    }

    fn decimal_tail(&mut self) -> Result<Option<u8>, Stopped> {
        loop {
            let mut c = self.next();
            while c.is_some_and(|c| c.is_ascii_digit()) {
                c = self.next();
            }
            if c != Some(b'_') {
                return Ok(c);
            }
            c = self.next();
            if !c.is_some_and(|c| c.is_ascii_digit()) {
                self.back(c);
                return self.error("invalid decimal literal").map(|_| None);
            }
        }
    }

    /// What may follow a number: not a name, unless it is a keyword that may follow an
    /// expression.
    fn end_of_number(&mut self, c: Option<u8>, name: &str) -> Made {
        self.back(c);
        let rest = &self.src[self.cur..self.inp];
        let keywords: [(&[u8], bool); 8] = [
            (b"and", true),
            (b"else", true),
            (b"for", true),
            (b"if", false),
            (b"in", false),
            (b"is", false),
            (b"or", true),
            (b"not", true),
        ];
        let allowed = keywords.into_iter().any(|(word, alone)| {
            rest.strip_prefix(word)
                .is_some_and(|rest| !alone || !rest.first().is_some_and(|&b| is_name_byte(b)))
        });
        if !allowed && c.is_some_and(|c| c < 0x80 && is_name_byte(c)) {
            return self.error(format!("invalid {name} literal"));
        }
        Ok(token::NUMBER)
    }

    fn string(&mut self, quote: u8, start: usize) -> Made {
        self.first_line = self.lineno;
        self.multi_line_start = self.line_start;
        let (mut size, mut end_size, mut escaped_quote) = (1, 0, false);
        let mut c = self.next();
        if c == Some(quote) {
            c = self.next();
            if c == Some(quote) {
                size = 3;
            } else {
                end_size = 1;
            }
        }
        if c != Some(quote) {
            self.back(c);
        }
        while end_size != size {
            c = self.next();
            match c {
                None => return self.unterminated(quote, size, start, escaped_quote),
                Some(b'\n') if size == 1 => {
                    return self.unterminated(quote, size, start, escaped_quote);
                }
                Some(b) if b == quote => end_size += 1,
                Some(b) => {
                    end_size = 0;
                    if b == b'\\' {
                        escaped_quote |= self.next() == Some(quote);
                    }
                }
            }
        }
        Ok(token::STRING)
    }

    fn unterminated(&mut self, quote: u8, size: usize, start: usize, escaped: bool) -> Made {
        let line = self.lineno;
        self.cur = start + 1;
        self.line_start = self.multi_line_start;
        self.lineno = self.first_line;
        if let Some(mode) = self.modes.last()
            && (mode.quote, mode.quote_size) == (quote, size)
        {
            let prefix = self.string_prefix();
            return self.error(format!("{prefix}-string: expecting '}}'"));
        }
        let kind = if size == 3 {
            "triple-quoted string"
        } else {
            "string"
        };
        let hint = if size == 1 && escaped {
            "; perhaps you escaped the end quote?"
        } else {
            ""
        };
        self.error(format!(
            "unterminated {kind} literal (detected at line {line}){hint}"
        ))
    }

    fn string_with_fields(&mut self, quote: u8, start: usize) -> Made {
        self.first_line = self.lineno;
        self.multi_line_start = self.line_start;
        let mut quote_size = 1;
        let after = self.next();
        if after == Some(quote) {
            let third = self.next();
            if third == Some(quote) {
                quote_size = 3;
            } else {
                self.back(third);
                self.back(after);
            }
        } else {
            self.back(after);
        }
        if self.modes.len() + 1 >= MAX_STRINGS {
            return self.error("too many nested f-strings or t-strings");
        }
        let letters = &self.src[start..start + 2];
        let template = letters.iter().any(|l| l | 0x20 == b't');
        self.modes.push(Mode {
            in_text: true,
            quote,
            quote_size,
            raw: letters.iter().any(|l| l | 0x20 == b'r'),
            template,
            start,
            line_start: self.line_start,
            first_line: self.lineno,
            depth: 0,
            field_depth: -1,
            in_format: false,
            in_debug: false,
        });
        Ok(if template {
            token::TSTRING_START
        } else {
            token::FSTRING_START
        })
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
            return self.error(format!("unmatched '{closing}'")).map(drop);
        };
        if !matches!((opening, c), (b'(', b')') | (b'[', b']') | (b'{', b'}')) {
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

    /// Literal text of a string with fields, or its end.
    fn text_part(&mut self, span: &mut Option<(usize, usize)>) -> Made {
        let Some(mode) = self.modes.last().cloned() else {
            return Err(Stopped);
        };
        let middle = if mode.template {
            token::TSTRING_MIDDLE
        } else {
            token::FSTRING_MIDDLE
        };
        let start = self.cur;
        self.start = Some(start);
        self.first_line = self.lineno;
        self.start_col = self.column();

        let first = self.next();
        if first == Some(b'{') {
            let second = self.peek();
            self.back(first);
            if second != Some(b'{') {
                self.enter_field()?;
                return self.normal(span);
            }
        } else {
            self.back(first);
        }
        if self.at_end_quotes(&mode) {
            *span = Some((start, self.cur));
            self.modes.pop();
            return Ok(if mode.template {
                token::TSTRING_END
            } else {
                token::FSTRING_END
            });
        }
        self.multi_line_start = self.line_start;
        let end = self.text_end(&mode)?;
        *span = Some((start, end));
        Ok(middle)
    }

    /// Reads the closing quotes if they stand here. A part of them that stands here is read
    /// too: it belongs to the text.
    fn at_end_quotes(&mut self, mode: &Mode) -> bool {
        for _ in 0..mode.quote_size {
            let c = self.next();
            if c != Some(mode.quote) {
                self.back(c);
                return false;
            }
        }
        true
    }

    fn enter_field(&mut self) -> Result<(), Stopped> {
        let prefix = self.string_prefix();
        let Some(mode) = self.modes.last_mut() else {
            return Err(Stopped);
        };
        mode.field_depth += 1;
        if mode.field_depth >= MAX_FIELD_NESTING {
            return self
                .error(format!("{prefix}-string: expressions nested too deeply"))
                .map(drop);
        }
        mode.in_text = false;
        Ok(())
    }

    fn leave_text(&mut self) {
        if let Some(mode) = self.modes.last_mut() {
            mode.in_text = false;
            mode.in_format = false;
        }
    }

    /// Reads literal text; returns where it ends.
    fn text_end(&mut self, mode: &Mode) -> Result<usize, Stopped> {
        let (mut quotes, mut named) = (0, false);
        let in_format = mode.in_format && mode.field_depth >= 0;
        while quotes != mode.quote_size {
            let c = self.next();
            let Some(byte) = c.filter(|&c| mode.quote_size != 1 || c != b'\n') else {
                return self.unterminated_text(c, mode, in_format);
            };
            if byte == mode.quote {
                quotes += 1;
                continue;
            }
            quotes = 0;
            match byte {
                b'{' => {
                    let second = self.next();
                    if second == Some(b'{') && !in_format {
                        return Ok(self.cur - 1);
                    }
                    self.back(second);
                    self.back(c);
                    self.enter_field()?;
                    self.leave_text();
                    return Ok(self.cur);
                }
                b'}' if named => return Ok(self.cur),
                b'}' => {
                    let second = self.next();
                    if second == Some(b'}') && !in_format && mode.depth == 0 {
                        return Ok(self.cur - 1);
                    }
                    self.back(second);
                    self.back(c);
                    self.leave_text();
                    return Ok(self.cur);
                }
                b'\\' => {
                    let escaped = self.next();
                    if let Some(b'{' | b'}') = escaped {
                        self.back(escaped);
                    } else if escaped == Some(b'N') && !mode.raw {
                        let brace = self.next();
                        named |= brace == Some(b'{');
                        if brace != Some(b'{') {
                            self.back(brace);
                        }
                    }
                }
                _ => {}
            }
        }
        self.cur -= mode.quote_size;
        Ok(self.cur)
    }

    fn unterminated_text(
        &mut self,
        c: Option<u8>,
        mode: &Mode,
        in_format: bool,
    ) -> Result<usize, Stopped> {
        let prefix = self.string_prefix();
        if in_format && c.is_some() {
            let msg = format!(
                "{prefix}-string: newlines are not allowed in format specifiers for single \
                 quoted {prefix}-strings"
            );
            return self.error(msg).map(|_| 0);
        }
        let line = self.lineno;
        self.cur = mode.start + 1;
        self.line_start = mode.line_start;
        self.lineno = mode.first_line;
        let triple = if mode.quote_size == 3 {
            "triple-quoted "
        } else {
            ""
        };
        let msg = format!("unterminated {triple}{prefix}-string literal (detected at line {line})");
        self.error(msg).map(|_| 0)
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
