//! Strings as JSON writes and reads them.

use crate::types::str_::{CodePoints, PyStr, push_code_point};

const DIGITS: &[u8; 16] = b"0123456789abcdef";

fn push_unicode_escape(out: &mut Vec<u8>, unit: u32) {
    out.extend_from_slice(b"\\u");
    out.extend((0..4).map(|i| DIGITS[(unit >> (12 - 4 * i) & 15) as usize]));
}

/// Whether a byte stands for itself.
fn is_plain(b: u8, ascii: bool) -> bool {
    b >= 0x20 && b != b'"' && b != b'\\' && (!ascii || b < 0x7f)
}

/// Appends the string in quotes; with `ascii` everything else is escaped.
pub fn quote(s: &PyStr, ascii: bool, out: &mut Vec<u8>) {
    let bytes = s.as_bytes();
    out.push(b'"');
    if bytes.iter().all(|b| is_plain(*b, ascii)) {
        out.extend_from_slice(bytes);
    } else {
        s.code_points().for_each(|c| push_character(c, ascii, out));
    }
    out.push(b'"');
}

fn push_character(c: u32, ascii: bool, out: &mut Vec<u8>) {
    match c {
        0x22 => out.extend_from_slice(b"\\\""),
        0x5c => out.extend_from_slice(b"\\\\"),
        0x08 => out.extend_from_slice(b"\\b"),
        0x0c => out.extend_from_slice(b"\\f"),
        0x0a => out.extend_from_slice(b"\\n"),
        0x0d => out.extend_from_slice(b"\\r"),
        0x09 => out.extend_from_slice(b"\\t"),
        0..=0x1f => push_unicode_escape(out, c),
        0x20..=0x7e => out.push(c as u8),
        _ if !ascii => push_code_point(out, c),
        0x1_0000.. => {
            let c = c - 0x1_0000;
            push_unicode_escape(out, 0xd800 | c >> 10);
            push_unicode_escape(out, 0xdc00 | (c & 0x3ff));
        }
        _ => push_unicode_escape(out, c),
    }
}

/// What is wrong with a string, and at which byte; without one, at its opening quote.
pub struct Broken {
    pub message: &'static str,
    pub at: Option<usize>,
}

/// Four hexadecimal digits.
fn unit(text: &[u8], at: usize) -> Option<u32> {
    let digits = text.get(at..at + 4)?;
    digits.iter().try_fold(0, |n, d| Some(n << 4 | (*d as char).to_digit(16)?))
}

/// Reads the string that begins at a byte behind its opening quote: its contents and the byte
/// behind the closing quote.
pub fn unquote(text: &[u8], begin: usize, strict: bool) -> Result<(Vec<u8>, usize), Broken> {
    let unterminated = || Broken { message: "Unterminated string starting at", at: None };
    let mut out = Vec::new();
    let mut at = begin;
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let plain = rest.iter().position(|b| matches!(b, b'"' | b'\\') || (strict && *b < 0x20));
        let Some(plain) = plain else { return Err(unterminated()) };
        out.extend_from_slice(&rest[..plain]);
        at += plain;
        match text[at] {
            b'"' => return Ok((out, at + 1)),
            b'\\' => {}
            _ => return Err(Broken { message: "Invalid control character at", at: Some(at) }),
        }
        let Some(escape) = text.get(at + 1).copied() else { return Err(unterminated()) };
        at += 2;
        let c = match escape {
            b'"' | b'\\' | b'/' => escape,
            b'b' => 0x08,
            b'f' => 0x0c,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => {
                let Some(high) = unit(text, at) else {
                    return Err(Broken { message: "Invalid \\uXXXX escape", at: Some(at - 1) });
                };
                at += 4;
                let follows = text.get(at..at + 2) == Some(b"\\u");
                let low = if (0xd800..0xdc00).contains(&high) && follows { unit(text, at + 2) } else { None };
                match low {
                    Some(low @ 0xdc00..0xe000) => {
                        at += 6;
                        push_code_point(&mut out, 0x1_0000 + ((high & 0x3ff) << 10 | (low & 0x3ff)));
                    }
                    _ => push_code_point(&mut out, high),
                }
                continue;
            }
            _ => return Err(Broken { message: "Invalid \\escape", at: Some(at - 2) }),
        };
        out.push(c);
    }
}

/// Number of characters of a part of a text.
pub fn characters(bytes: &[u8]) -> usize {
    CodePoints::of(bytes).count()
}
