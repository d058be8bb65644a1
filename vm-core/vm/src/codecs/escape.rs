//! The codecs of Python's escape sequences: `unicode_escape`, `raw_unicode_escape` and that of
//! bytes literals.

use super::decode::{Decoder, Problem};
use crate::error::PyResult;
use crate::shape;
use crate::types::str_::{CodePoints, PyStr};
use crate::unicode::names;
use crate::value::Ref;
use crate::vm::Vm;

use super::handlers::push_backslash_escapes;

/// What an escape sequence turned out to be.
enum Escape {
    Char(u32),
    /// A backslash before the end of a line.
    Nothing,
    /// Not an escape sequence: the backslash and the byte after it stay.
    Unknown(u8),
    /// The input ends within it.
    Incomplete(&'static str),
    Wrong(&'static str),
}

/// Reads the escape sequence whose backslash is before `at`; returns where it ends.
fn read_escape(data: &[u8], mut at: usize) -> (Escape, usize) {
    let Some(&b) = data.get(at) else { return (Escape::Incomplete("\\ at end of string"), at) };
    at += 1;
    let simple = match b {
        b'\n' => return (Escape::Nothing, at),
        b'\\' | b'\'' | b'"' => b,
        b'b' => 8,
        b'f' => 12,
        b't' => 9,
        b'n' => 10,
        b'r' => 13,
        b'v' => 11,
        b'a' => 7,
        b'0'..=b'7' => {
            let rest = data[at..].iter().take(2).take_while(|b| (b'0'..=b'7').contains(*b));
            let digits = rest.clone().count();
            let c = rest.fold(u32::from(b - b'0'), |c, d| c << 3 | u32::from(d - b'0'));
            return (Escape::Char(c), at + digits);
        }
        b'x' => return hex_escape(data, at, 2, "truncated \\xXX escape", "illegal Unicode character"),
        b'u' => return hex_escape(data, at, 4, "truncated \\uXXXX escape", "illegal Unicode character"),
        b'U' => return hex_escape(data, at, 8, "truncated \\UXXXXXXXX escape", "illegal Unicode character"),
        b'N' => return named_escape(data, at),
        _ => return (Escape::Unknown(b), at),
    };
    (Escape::Char(u32::from(simple)), at)
}

fn hex_escape(
    data: &[u8],
    mut at: usize,
    digits: usize,
    truncated: &'static str,
    illegal: &'static str,
) -> (Escape, usize) {
    let mut c: u32 = 0;
    for _ in 0..digits {
        let Some(b) = data.get(at) else { return (Escape::Incomplete(truncated), at) };
        let Some(d) = (*b as char).to_digit(16) else { return (Escape::Wrong(truncated), at) };
        c = c << 4 | d;
        at += 1;
    }
    if c > 0x10ffff { (Escape::Wrong(illegal), at) } else { (Escape::Char(c), at) }
}

fn named_escape(data: &[u8], at: usize) -> (Escape, usize) {
    const MALFORMED: &str = "malformed \\N character escape";
    match data.get(at) {
        None => return (Escape::Incomplete(MALFORMED), at),
        Some(b'{') => {}
        Some(_) => return (Escape::Wrong(MALFORMED), at),
    }
    let start = at + 1;
    let Some(n) = memchr::memchr(b'}', &data[start..]) else { return (Escape::Incomplete(MALFORMED), data.len()) };
    if n == 0 {
        return (Escape::Wrong(MALFORMED), start);
    }
    let name = std::str::from_utf8(&data[start..start + n]).ok();
    match name.and_then(names::lookup_character) {
        Some(c) => (Escape::Char(c), start + n + 1),
        None => (Escape::Wrong("unknown Unicode character name"), start + n + 1),
    }
}

/// Decodes escape sequences in Latin-1; returns the str and the bytes used.
pub fn unicode_escape_decode(vm: &Vm, data: &[u8], errors: &str, is_final: bool) -> PyResult<(Ref, usize)> {
    let mut d = Decoder::new(vm, "unicodeescape", data, errors);
    let mut at = 0;
    let mut invalid = None;
    while let Some(&b) = d.data.get(at) {
        if b != b'\\' {
            d.push(u32::from(b));
            at += 1;
            continue;
        }
        let (escape, end) = read_escape(&d.data, at + 1);
        match escape {
            Escape::Char(c) => {
                if c > 0xff && matches!(d.data.get(at + 1), Some(b'0'..=b'7')) {
                    invalid = invalid.or(Some(format!("{c:o} is an invalid octal")));
                }
                d.push(c);
            }
            Escape::Nothing => {}
            Escape::Unknown(b) => {
                invalid = invalid.or(Some(format!("{} is an invalid", b as char)));
                d.out.push(b'\\');
                d.push(u32::from(b));
            }
            Escape::Incomplete(_) if !is_final => break,
            Escape::Incomplete(reason) | Escape::Wrong(reason) => {
                at = d.handle(Problem { start: at, end, reason })?;
                continue;
            }
        }
        at = end;
    }
    warn_invalid(vm, "", invalid)?;
    Ok((d.finish(), at))
}

/// Warns of the first invalid escape sequence: its text and kind.
fn warn_invalid(vm: &Vm, prefix: &str, invalid: Option<String>) -> PyResult<()> {
    let Some(what) = invalid else { return Ok(()) };
    let (shown, kind) = what.split_once(' ').unwrap_or((&what, ""));
    let text = format!(
        "{prefix}\"\\{shown}\" {kind} escape sequence. Such sequences will not work in the future. "
    );
    crate::runtime::warn(vm, shape::DEPRECATION_WARNING, &text, 1)
}

/// Text as ASCII with escape sequences.
pub fn unicode_escape_encode(s: &PyStr) -> Vec<u8> {
    let mut out = Vec::with_capacity(s.as_bytes().len());
    for c in s.code_points() {
        match c {
            0x5c => out.extend_from_slice(b"\\\\"),
            0x20..=0x7e => out.push(c as u8),
            0x09 => out.extend_from_slice(b"\\t"),
            0x0a => out.extend_from_slice(b"\\n"),
            0x0d => out.extend_from_slice(b"\\r"),
            c => push_backslash_escapes(&mut out, &[c]),
        }
    }
    out
}

/// Decodes `\u` and `\U` in Latin-1; returns the str and the bytes used.
pub fn raw_unicode_escape_decode(vm: &Vm, data: &[u8], errors: &str, is_final: bool) -> PyResult<(Ref, usize)> {
    let mut d = Decoder::new(vm, "rawunicodeescape", data, errors);
    let mut at = 0;
    while let Some(&b) = d.data.get(at) {
        let digits = match d.data.get(at + 1) {
            Some(b'u') if b == b'\\' => 4,
            Some(b'U') if b == b'\\' => 8,
            None if b == b'\\' && !is_final => break,
            Some(next) if b == b'\\' => {
                let next = u32::from(*next);
                d.out.push(b'\\');
                d.push(next);
                at += 2;
                continue;
            }
            _ => {
                d.push(u32::from(b));
                at += 1;
                continue;
            }
        };
        let truncated = if digits == 4 { "truncated \\uXXXX escape" } else { "truncated \\UXXXXXXXX escape" };
        match hex_escape(&d.data, at + 2, digits, truncated, "\\Uxxxxxxxx out of range") {
            (Escape::Char(c), end) => {
                d.push(c);
                at = end;
            }
            (Escape::Incomplete(_), _) if !is_final => break,
            (Escape::Incomplete(reason) | Escape::Wrong(reason), end) => {
                at = d.handle(Problem { start: at, end, reason })?;
            }
            _ => break,
        }
    }
    Ok((d.finish(), at))
}

/// Text in Latin-1, what does not fit as `\u` and `\U`.
pub fn raw_unicode_escape_encode(s: &PyStr) -> Vec<u8> {
    let mut out = Vec::with_capacity(s.as_bytes().len());
    for c in CodePoints::of(s.as_bytes()) {
        match u8::try_from(c) {
            Ok(b) => out.push(b),
            Err(_) => push_backslash_escapes(&mut out, &[c]),
        }
    }
    out
}

/// Decodes the escape sequences of bytes literals.
pub fn escape_decode(vm: &Vm, data: &[u8], errors: &str) -> PyResult<Vec<u8>> {
    let mut out = Vec::with_capacity(data.len());
    let mut at = 0;
    let mut invalid = None;
    while let Some(&b) = data.get(at) {
        at += 1;
        if b != b'\\' {
            out.push(b);
            continue;
        }
        let Some(&kind) = data.get(at) else { return Err(vm.value_error("Trailing \\ in string")) };
        match kind {
            b'x' => {
                at += 1;
                let digit = |i: usize| data.get(i).and_then(|b| (*b as char).to_digit(16));
                if let (Some(h), Some(l)) = (digit(at), digit(at + 1)) {
                    out.push((h << 4 | l) as u8);
                    at += 2;
                    continue;
                }
                match errors {
                    "strict" => {
                        return Err(vm.value_error(format!("invalid \\x escape at position {}", at - 2)));
                    }
                    "replace" => out.push(b'?'),
                    "ignore" => {}
                    _ => {
                        return Err(vm.value_error(format!(
                            "decoding error; unknown error handling code: {errors}"
                        )));
                    }
                }
                at += digit(at).is_some() as usize;
            }
            b'u' | b'U' | b'N' => {
                invalid = invalid.or(Some(format!("{} is an invalid", kind as char)));
                out.push(b'\\');
            }
            _ => match read_escape(data, at) {
                (Escape::Char(c), end) => {
                    if c > 0xff {
                        invalid = invalid.or(Some(format!("{c:o} is an invalid octal")));
                    }
                    out.push(c as u8);
                    at = end;
                }
                (Escape::Nothing, end) => at = end,
                _ => {
                    invalid = invalid.or(Some(format!("{} is an invalid", kind as char)));
                    out.push(b'\\');
                }
            },
        }
    }
    warn_invalid(vm, "b", invalid)?;
    Ok(out)
}

/// Bytes as they stand in a literal.
pub fn escape_encode(data: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(data.len());
    for &b in data {
        match b {
            b'\'' => out.extend_from_slice(b"\\'"),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\t' => out.extend_from_slice(b"\\t"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            0x20..=0x7e => out.push(b),
            b => push_backslash_escapes(&mut out, &[u32::from(b)]),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octal_escapes_have_at_most_three_digits() {
        let read = |t: &[u8]| match read_escape(t, 0) {
            (Escape::Char(c), n) => (c, n),
            _ => (u32::MAX, 0),
        };
        assert_eq!(read(b"0"), (0, 1));
        assert_eq!(read(b"12x"), (0o12, 2));
        assert_eq!(read(b"1234"), (0o123, 3));
        assert_eq!(read(b"0007"), (0, 3));
        assert_eq!(read(b"777"), (0o777, 3));
    }
}
