//! What CPython's tokenizer and parser warn of: invalid escape sequences, and numbers that
//! run into a keyword.

use ruff_python_ast::token::{Token, TokenKind};
use ruff_text_size::{Ranged, TextRange, TextSize};

use crate::error::Warning;
use crate::source::SourceFile;

/// An f-string or t-string that is being read.
#[derive(Default)]
struct Open {
    /// Braces open inside: in some, a literal part belongs to a format specification.
    braces: usize,
    /// Literal parts, which CPython decodes when the string ends.
    parts: Vec<TextRange>,
}

/// Collects the warnings, in CPython's order.
pub(super) struct Collector {
    pub warnings: Vec<Warning>,
    /// The strings with fields that are being read, the innermost last.
    open: Vec<Open>,
    /// Where the next backslash is, or the end. Most strings have none.
    backslash: usize,
}

impl Collector {
    pub fn new(source: &SourceFile) -> Collector {
        Collector { warnings: Vec::new(), open: Vec::new(), backslash: next_backslash(source, 0) }
    }

    /// Looks at the next token if it is a string without fields.
    #[inline]
    pub fn string(&mut self, token: &Token, source: &SourceFile) {
        let (start, end) = (token.start().to_usize(), token.end().to_usize());
        if self.backslash < start {
            self.backslash = next_backslash(source, start);
        }
        if self.backslash < end {
            string(token, source, &mut self.warnings);
        }
    }

    /// Looks at the next token if it is another. All but numbers and, in strings with fields, braces may
    /// be left out.
    pub fn see(&mut self, token: &Token, source: &SourceFile) {
        match token.kind() {
            TokenKind::Int | TokenKind::Float | TokenKind::Complex => {
                number(token, source, &mut self.warnings);
            }
            TokenKind::FStringStart | TokenKind::TStringStart => self.open.push(Open::default()),
            _ => {
                if let Some(open) = self.open.last_mut() {
                    inside(token, source, open, &mut self.warnings);
                }
                if let TokenKind::FStringEnd | TokenKind::TStringEnd = token.kind() {
                    self.open.pop();
                }
            }
        }
    }
}

fn next_backslash(source: &SourceFile, from: usize) -> usize {
    let text = source.text().as_bytes();
    let rest = text.get(from..).unwrap_or_default();
    memchr::memchr(b'\\', rest).map_or(text.len(), |at| from + at)
}

/// A token in a string with fields.
fn inside(token: &Token, source: &SourceFile, open: &mut Open, warnings: &mut Vec<Warning>) {
    match token.kind() {
        TokenKind::Lbrace => open.braces += 1,
        TokenKind::Rbrace => open.braces = open.braces.saturating_sub(1),
        TokenKind::FStringMiddle | TokenKind::TStringMiddle => middle(token, source, open, warnings),
        TokenKind::FStringEnd | TokenKind::TStringEnd => {
            let line = source.position(token.start()).0;
            for part in open.parts.drain(..) {
                warnings.extend(part_warning(part, line, source));
            }
        }
        _ => {}
    }
}

/// A string with a backslash.
fn string(token: &Token, source: &SourceFile, warnings: &mut Vec<Warning>) {
    let text = source.slice(token.range());
    let prefix = text.find(['"', '\'']).unwrap_or(0);
    let is = |letter: char| {
        text[..prefix]
            .chars()
            .any(|c| c.eq_ignore_ascii_case(&letter))
    };
    if is('r') {
        return;
    }
    if let Some(escape) = first_invalid_escape(&text[prefix..], is('b')) {
        warnings.push(warning(
            escape,
            token.start() + TextSize::of(&text[..prefix]),
            source,
        ));
    }
}

/// A literal part of an f-string or t-string. CPython's parts end at doubled braces.
fn middle(token: &Token, source: &SourceFile, open: &mut Open, warnings: &mut Vec<Warning>) {
    let text = source.slice(token.range());
    let raw = token
        .string_flags()
        .is_some_and(|flags| flags.is_raw_string());
    if raw || !text.contains('\\') {
        return;
    }
    let mut start = 0;
    loop {
        let rest = &text[start..];
        let braces = [rest.find("{{"), rest.find("}}")]
            .into_iter()
            .flatten()
            .min();
        let part = &rest[..braces.map_or(rest.len(), |at| at + 1)];
        let at = token.start() + TextSize::of(&text[..start]);
        // The tokenizer reports a backslash before a brace: it does so at once.
        if let Some(brace) = escaped_brace(part) {
            warnings.push(warning((brace, &part[brace..brace + 1]), at, source));
        }
        let range = TextRange::at(at, TextSize::of(part));
        if open.braces == 0 {
            open.parts.push(range);
        } else {
            warnings.extend(part_warning(range, source.position(at).0, source));
        }
        match braces {
            Some(braces) => start += braces + 2,
            None => break,
        }
    }
    // A backslash that ends the token stands before the brace of a field, or before the one that
    // ends a format specification.
    let next = &source.text()[usize::from(token.end())..];
    if trailing_backslashes(text) % 2 == 1
        && let Some(brace) = next.get(..1).filter(|next| ["{", "}"].contains(next))
    {
        warnings.push(warning((text.len(), brace), token.start(), source));
    }
}

/// What CPython warns of when it decodes a part. It counts lines from that of the string's
/// end.
fn part_warning(part: TextRange, line: i32, source: &SourceFile) -> Option<Warning> {
    let text = source.slice(part);
    let escape = first_invalid_escape(text, false)?;
    if escape.1.starts_with(['{', '}']) {
        return None;
    }
    let lines = text[..escape.0].bytes().filter(|&b| b == b'\n').count() as i32;
    let mut warning = warning(escape, part.start(), source);
    warning.loc.line = line + lines;
    warning.loc.end_line = line + lines;
    Some(warning)
}

/// Where a brace stands behind a backslash that is not escaped itself.
fn escaped_brace(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(backslash) = text.get(at..)?.find('\\') {
        let next = at + backslash + 1;
        match bytes.get(next)? {
            b'{' | b'}' => return Some(next),
            b'\\' => at = next + 1,
            _ => at = next,
        }
    }
    None
}

fn trailing_backslashes(text: &str) -> usize {
    text.len() - text.trim_end_matches('\\').len()
}

/// The first escape sequence that means nothing: offset and text after its backslash.
fn first_invalid_escape(text: &str, bytes: bool) -> Option<(usize, &str)> {
    let mut chars = text.char_indices();
    while let Some((_, c)) = chars.next() {
        if c != '\\' {
            continue;
        }
        let (at, escaped) = chars.next()?;
        match escaped {
            '\n' | '\\' | '\'' | '"' | 'a' | 'b' | 'f' | 'n' | 'r' | 't' | 'v' | 'x' => {}
            'N' | 'u' | 'U' if !bytes => {}
            '0'..='7' => {
                let digits = text[at..]
                    .bytes()
                    .take(3)
                    .take_while(|b| (b'0'..=b'7').contains(b));
                let count = digits.count();
                if count == 3 && escaped > '3' {
                    return Some((at, &text[at..at + 3]));
                }
                // The digits of an escape sequence contain no other.
                chars.by_ref().take(count - 1).for_each(drop);
            }
            // A backslash before anything that is not ASCII stands for itself silently.
            c if !c.is_ascii() => {}
            c => return Some((at, &text[at..at + c.len_utf8()])),
        }
    }
    None
}

fn warning((offset, escape): (usize, &str), base: TextSize, source: &SourceFile) -> Warning {
    let octal = if escape.len() == 3 { "octal " } else { "" };
    let msg = format!(
        "\"\\{escape}\" is an invalid {octal}escape sequence. Such sequences will not work in \
         the future. Did you mean \"\\\\{escape}\"? A raw string is also an option."
    );
    let at = base + TextSize::new(offset as u32) - TextSize::new(1);
    Warning::syntax(source.loc(TextRange::at(at, TextSize::new(2))), msg)
}

/// `1if x else y`: the keywords that may follow a number are told apart from a typing error
/// only by luck.
fn number(token: &Token, source: &SourceFile, warnings: &mut Vec<Warning>) {
    let rest = &source.text()[usize::from(token.end())..];
    if !rest.as_bytes().first().is_some_and(u8::is_ascii_alphabetic) {
        return;
    }
    let keywords = ["and", "else", "for", "if", "in", "is", "or", "not"];
    if !keywords.iter().any(|keyword| rest.starts_with(keyword)) {
        return;
    }
    let text = source.slice(token.range());
    let kind = match text.get(..2) {
        Some("0x" | "0X") => "hexadecimal",
        Some("0o" | "0O") => "octal",
        Some("0b" | "0B") => "binary",
        _ if token.kind() == TokenKind::Complex => "imaginary",
        _ => "decimal",
    };
    let loc = source.loc(token.range());
    warnings.push(Warning::syntax(loc, format!("invalid {kind} literal")));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_invalid_escapes() {
        assert_eq!(first_invalid_escape(r"\n\x41\N{DIGIT ONE}", false), None);
        assert_eq!(first_invalid_escape(r"a\d\e", false), Some((2, "d")));
        assert_eq!(first_invalid_escape(r"\u0041", true), Some((1, "u")));
        assert_eq!(first_invalid_escape(r"\377\400", false), Some((5, "400")));
        assert_eq!(first_invalid_escape(r"\477", false), Some((1, "477")));
        assert_eq!(first_invalid_escape(r"\é\_", false), Some((4, "_")));
        assert_eq!(first_invalid_escape("\\\n\\", false), None);
    }
}
