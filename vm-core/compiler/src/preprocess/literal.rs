//! Values of string literals and numbers.
//!
//! Ruff keeps a literal's value as a Rust string, with U+FFFD in place of each lone
//! surrogate that an escape sequence names. Where a value has a U+FFFD, the escapes in its
//! source tell what stood there. Literals that preprocessing makes have no source: they
//! spell such code points out (see [`synthetic_value`]).

use std::borrow::Cow;

use num_bigint::BigInt;
use ruff_python_ast::str_prefix::StringLiteralPrefix;
use ruff_python_ast::{Int, Number, StringLiteral, StringLiteralValue};
use ruff_text_size::TextRange;
use tailscope_bytecode::code::{Const, Wtf8};

use crate::source::{SourceFile, no_range};

const REPLACEMENT: &str = "\u{FFFD}";

/// The value of a string literal (or of several side by side), lone surrogates included.
pub fn string_value(value: &StringLiteralValue, source: &SourceFile) -> Wtf8 {
    Wtf8(string_bytes(value, source).as_ref().into())
}

/// [`string_value`], where the parser has it if possible.
pub fn string_bytes<'a>(value: &'a StringLiteralValue, source: &SourceFile) -> Cow<'a, [u8]> {
    match value.as_slice() {
        [single] => match is_plain(single.flags.prefix(), &single.value) {
            true => Cow::Borrowed(single.value.as_bytes()),
            false => Cow::Owned(literal_bytes(single, source)),
        },
        parts => {
            let mut bytes = Vec::new();
            for part in parts {
                match is_plain(part.flags.prefix(), &part.value) {
                    true => bytes.extend_from_slice(part.value.as_bytes()),
                    false => bytes.extend(literal_bytes(part, source)),
                }
            }
            Cow::Owned(bytes)
        }
    }
}

fn is_raw(prefix: StringLiteralPrefix) -> bool {
    matches!(prefix, StringLiteralPrefix::Raw { .. })
}

/// Whether a literal's value is what the parser made of it.
fn is_plain(prefix: StringLiteralPrefix, value: &str) -> bool {
    // The first byte of U+FFFD is rare.
    let has_replacement = || memchr::memchr(0xEF, value.as_bytes()).is_some() && value.contains(REPLACEMENT);
    is_raw(prefix) || !has_replacement()
}

/// The value of one string literal, as WTF-8.
pub fn literal_bytes(literal: &StringLiteral, source: &SourceFile) -> Vec<u8> {
    let raw = is_raw(literal.flags.prefix());
    let range = if literal.range == no_range() || source.has_no_text() {
        no_range()
    } else {
        literal.content_range()
    };
    unescaped(&literal.value, range, raw, source)
}

/// `value`, which the parser made of the source in `range`, with its lone surrogates.
pub fn unescaped(value: &str, range: TextRange, raw: bool, source: &SourceFile) -> Vec<u8> {
    if raw || !value.contains(REPLACEMENT) {
        return value.as_bytes().to_vec();
    }
    if range == no_range() || source.has_no_text() {
        return spelled_out(value);
    }
    let mut codes = replaced_codes(source.slice(range)).into_iter();
    let mut pieces = value.split(REPLACEMENT);
    let mut out = pieces.next().unwrap_or("").as_bytes().to_vec();
    for piece in pieces {
        push_wtf8(&mut out, codes.next().unwrap_or(0xFFFD));
        out.extend_from_slice(piece.as_bytes());
    }
    out
}

/// The code points behind each U+FFFD of a literal's value, from its source.
fn replaced_codes(source: &str) -> Vec<u32> {
    let mut codes = Vec::new();
    let mut chars = source.chars();
    while let Some(c) = chars.next() {
        if c == '\u{FFFD}' {
            codes.push(0xFFFD);
        }
        if c != '\\' {
            continue;
        }
        let digits = match chars.next() {
            Some('u') => 4,
            Some('U') => 8,
            Some('N') => {
                let name = chars
                    .as_str()
                    .strip_prefix('{')
                    .and_then(|s| s.split('}').next());
                if name.is_some_and(|n| n.eq_ignore_ascii_case("replacement character")) {
                    codes.push(0xFFFD);
                }
                continue;
            }
            Some('\u{FFFD}') => {
                codes.push(0xFFFD);
                continue;
            }
            _ => continue,
        };
        let code = chars
            .as_str()
            .get(..digits)
            .and_then(|hex| u32::from_str_radix(hex, 16).ok());
        if let Some(code @ (0xD800..=0xDFFF | 0xFFFD)) = code {
            codes.push(code);
        }
    }
    codes
}

/// Appends a code point, surrogates included, in three bytes if it takes three.
fn push_wtf8(out: &mut Vec<u8>, code: u32) {
    match char::from_u32(code) {
        Some(c) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        None => out.extend([
            0xE0 | (code >> 12) as u8,
            0x80 | (code >> 6 & 0x3F) as u8,
            0x80 | (code & 0x3F) as u8,
        ]),
    }
}

/// A WTF-8 value for a literal without a source: each surrogate, and U+FFFD itself,
/// becomes U+FFFD followed by its four hexadecimal digits.
pub(crate) fn synthetic_value(wtf8: &[u8]) -> String {
    let mut out = String::with_capacity(wtf8.len());
    let mut rest = wtf8;
    loop {
        match std::str::from_utf8(rest) {
            Ok(text) => {
                push_spelled(&mut out, text);
                return out;
            }
            Err(error) => {
                let (valid, tail) = rest.split_at(error.valid_up_to());
                push_spelled(&mut out, &String::from_utf8_lossy(valid));
                let (surrogate, tail) = tail.split_at(tail.len().min(3));
                let code = surrogate
                    .iter()
                    .skip(1)
                    .fold(0xD, |c, b| c << 6 | u32::from(b & 0x3F));
                out.push_str(&format!("{REPLACEMENT}{:04X}", code & 0xFFFF));
                rest = tail;
            }
        }
    }
}

fn push_spelled(out: &mut String, text: &str) {
    let mut pieces = text.split(REPLACEMENT);
    out.push_str(pieces.next().unwrap_or(""));
    for piece in pieces {
        out.push_str(REPLACEMENT);
        out.push_str("FFFD");
        out.push_str(piece);
    }
}

fn spelled_out(value: &str) -> Vec<u8> {
    let mut pieces = value.split(REPLACEMENT);
    let mut out = pieces.next().unwrap_or("").as_bytes().to_vec();
    for piece in pieces {
        let (digits, tail) = piece.split_at_checked(4).unwrap_or((piece, ""));
        push_wtf8(&mut out, u32::from_str_radix(digits, 16).unwrap_or(0xFFFD));
        out.extend_from_slice(tail.as_bytes());
    }
    out
}

/// The value of a number as a constant.
pub fn number_value(value: &Number) -> Const {
    match value {
        Number::Int(n) => Const::Int(int_value(n)),
        Number::Float(x) => Const::Float(*x),
        Number::Complex { real, imag } => Const::Complex(*real, *imag),
    }
}

/// The value of an integer literal. Ruff keeps those beyond 64 bits as they stand in the
/// source, base and all.
pub fn int_value(n: &Int) -> BigInt {
    if let Some(small) = n.as_u64() {
        return small.into();
    }
    let text: String = n.to_string().chars().filter(|&c| c != '_').collect();
    let (digits, radix) = match text.get(..2) {
        Some("0x" | "0X") => (&text[2..], 16),
        Some("0o" | "0O") => (&text[2..], 8),
        Some("0b" | "0B") => (&text[2..], 2),
        _ => (text.as_str(), 10),
    };
    BigInt::parse_bytes(digits.as_bytes(), radix).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn surrogates_survive_without_a_source() {
        let mut wtf8 = "a\u{FFFD}b".as_bytes().to_vec();
        push_wtf8(&mut wtf8, 0xD83D);
        push_wtf8(&mut wtf8, 0xDFFF);
        wtf8.extend_from_slice("é".as_bytes());
        assert_eq!(spelled_out(&synthetic_value(&wtf8)), wtf8);
        assert_eq!(synthetic_value("plain".as_bytes()), "plain");
    }

    #[test]
    fn escapes_tell_what_was_replaced() {
        let source =
            SourceFile::from_text(r"\ud800-\\ud800-\N{REPLACEMENT CHARACTER}", "f").unwrap();
        let all = TextRange::up_to(ruff_text_size::TextSize::of(source.text()));
        let bytes = unescaped("\u{FFFD}-\\ud800-\u{FFFD}", all, false, &source);
        assert_eq!(bytes, b"\xed\xa0\x80-\\ud800-\xef\xbf\xbd");
    }
}
