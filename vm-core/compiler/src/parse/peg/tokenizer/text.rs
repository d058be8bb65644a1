//! Strings: plain ones as a whole, those with fields in parts.

use super::super::token;
use super::{Made, Mode, Stopped, Tokenizer};

const MAX_STRINGS: usize = 150;
const MAX_FIELD_NESTING: i32 = 3;

impl Tokenizer<'_> {
    pub(super) fn string(&mut self, quote: u8, start: usize) -> Made {
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
                None => {
                    let made = self.unterminated(quote, size, start, escaped_quote);
                    if !self.closes_field(quote, size) {
                        self.ended_early();
                    }
                    return made;
                }
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

    /// Whether quotes are those of the string around, where a brace should be.
    fn closes_field(&self, quote: u8, size: usize) -> bool {
        self.modes
            .last()
            .is_some_and(|m| (m.quote, m.quote_size) == (quote, size))
    }

    fn unterminated(&mut self, quote: u8, size: usize, start: usize, escaped: bool) -> Made {
        let line = self.lineno;
        self.cur = start + 1;
        self.line_start = self.multi_line_start;
        self.lineno = self.first_line;
        if self.closes_field(quote, size) {
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

    pub(super) fn string_with_fields(&mut self, quote: u8, start: usize) -> Made {
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

    /// Literal text of a string with fields, or its end.
    pub(super) fn text_part(&mut self, span: &mut Option<(usize, usize)>) -> Made {
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
        let made = self.error(msg).map(|_| 0);
        if mode.quote_size == 3 {
            self.ended_early();
        }
        made
    }
}
