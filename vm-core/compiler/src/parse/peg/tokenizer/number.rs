//! Numbers, and what may not follow them.

use super::super::token;
use super::{Made, Stopped, Tokenizer, is_name_byte, kind_of};

impl Tokenizer<'_> {
    pub(super) fn dot(&mut self) -> Made {
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

    pub(super) fn number(&mut self, first: u8) -> Made {
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
        if nonzero && !self.extra && !matches!(c, Some(b'.' | b'e' | b'E' | b'j' | b'J')) {
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
        if self.extra {
            return Ok(token::NUMBER);
        }
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
        let found = keywords.into_iter().find(|(word, alone)| {
            rest.strip_prefix(*word)
                .is_some_and(|rest| !alone || !rest.first().is_some_and(|&b| is_name_byte(b)))
        });
        if let Some((word, true)) = found {
            // What is behind the keyword has been read then, which may have been the end.
            let start = self.cur;
            self.cur += word.len();
            self.peek();
            self.cur = start;
        }
        let allowed = found.is_some();
        if !allowed && c.is_some_and(|c| c < 0x80 && is_name_byte(c)) {
            return self.error(format!("invalid {name} literal"));
        }
        Ok(token::NUMBER)
    }
}
