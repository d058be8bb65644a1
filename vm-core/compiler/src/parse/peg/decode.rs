//! Escape sequences that cannot be decoded, in the words of CPython's codecs.

use crate::error::Undecodable;

/// What is wrong with a literal.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Problem {
    /// A bytes literal with other characters.
    NotAscii,
    /// A bytes literal, with what CPython says of it.
    Bytes(String),
    Text(Undecodable),
}

/// Checks a string or bytes literal with its prefix and quotes.
pub(super) fn check_literal(literal: &str) -> Result<(), Problem> {
    let prefix = literal.find(['"', '\'']).unwrap_or(0);
    let has = |letter: u8| literal[..prefix].bytes().any(|b| b | 0x20 == letter);
    let quoted = &literal[prefix..];
    let quotes = match quoted.get(..3) {
        Some("\"\"\"" | "'''") if quoted.len() >= 6 => 3,
        _ => 1,
    };
    let text = quoted.get(quotes..quoted.len() - quotes).unwrap_or("");
    if has(b'b') {
        if !text.is_ascii() {
            return Err(Problem::NotAscii);
        }
        return if has(b'r') { Ok(()) } else { check_bytes(text) };
    }
    check_text(text, has(b'r')).map_err(Problem::Text)
}

fn check_bytes(text: &str) -> Result<(), Problem> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(offset) = text[at..].find('\\') {
        at += offset;
        if bytes.get(at + 1) == Some(&b'x') {
            let digits = bytes[at + 2..]
                .iter()
                .take(2)
                .take_while(|b| b.is_ascii_hexdigit());
            if digits.count() < 2 {
                let msg = format!("(value error) invalid \\x escape at position {at}");
                return Err(Problem::Bytes(msg));
            }
        }
        at += 2;
        if at >= text.len() {
            break;
        }
    }
    Ok(())
}

/// Checks text between quotes, or a literal part of a string with fields.
pub(super) fn check_text(text: &str, raw: bool) -> Result<(), Undecodable> {
    if raw || !text.contains('\\') {
        return Ok(());
    }
    let expanded = expand(text);
    check_escapes(&expanded)
}

/// The buffer that CPython decodes: characters beyond ASCII become escape sequences of ten
/// bytes. Positions in messages count its bytes.
fn expand(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '\\' {
            out.push(b'\\');
            match chars.peek() {
                Some(next) if next.is_ascii() => {
                    out.push(*next as u8);
                    chars.next();
                }
                _ => out.extend_from_slice(b"u005c"),
            }
        } else if c.is_ascii() {
            out.push(c as u8);
        } else {
            out.extend_from_slice(format!("\\U{:08x}", u32::from(c)).as_bytes());
        }
    }
    out
}

fn check_escapes(text: &[u8]) -> Result<(), Undecodable> {
    let mut at = 0;
    while let Some(offset) = text[at..].iter().position(|&b| b == b'\\') {
        let start = at + offset;
        let rest = text.get(start + 2..).unwrap_or(b"");
        at = start + 2;
        let (digits, msg) = match text.get(start + 1) {
            None => return Err(undecodable(start, start + 1, text, "\\ at end of string")),
            Some(b'x') => (2, "truncated \\xXX escape"),
            Some(b'u') => (4, "truncated \\uXXXX escape"),
            Some(b'U') => (8, "truncated \\UXXXXXXXX escape"),
            Some(b'N') => {
                at = check_name(text, start)?;
                continue;
            }
            Some(_) => {
                if at >= text.len() {
                    break;
                }
                continue;
            }
        };
        let found = rest
            .iter()
            .take(digits)
            .take_while(|b| b.is_ascii_hexdigit())
            .count();
        at += found;
        if found < digits {
            return Err(undecodable(start, at, text, msg));
        }
        let code = rest[..digits].iter().fold(0u64, |code, &b| {
            code << 4 | u64::from(char::from(b).to_digit(16).unwrap_or(0))
        });
        if code > 0x10_FFFF {
            return Err(undecodable(start, at, text, "illegal Unicode character"));
        }
        if at >= text.len() {
            break;
        }
    }
    Ok(())
}

/// Checks `\N{...}`; returns where it ends.
fn check_name(text: &[u8], start: usize) -> Result<usize, Undecodable> {
    let malformed = "malformed \\N character escape";
    if text.get(start + 2) != Some(&b'{') {
        return Err(undecodable(start, start + 2, text, malformed));
    }
    let name_start = start + 3;
    let name = &text[name_start..];
    let Some(length) = name.iter().position(|&b| b == b'}') else {
        return Err(undecodable(start, text.len(), text, malformed));
    };
    if length == 0 {
        return Err(undecodable(start, name_start, text, malformed));
    }
    let end = name_start + length + 1;
    let name = std::str::from_utf8(&name[..length]).unwrap_or("");
    match unicode_names2::character(name) {
        Some(_) => Ok(end),
        None => Err(undecodable(
            start,
            end,
            text,
            "unknown Unicode character name",
        )),
    }
}

fn undecodable(start: usize, end: usize, text: &[u8], reason: &'static str) -> Undecodable {
    Undecodable { bytes: text.to_vec(), start, end, reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(literal: &str) -> String {
        match check_literal(literal) {
            Err(Problem::Text(undecodable)) => undecodable.to_string().rsplit("decode ").next().unwrap().to_owned(),
            Err(Problem::Bytes(msg)) => msg,
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn escapes() {
        assert_eq!(
            problem(r"'\x4'"),
            "bytes in position 0-2: truncated \\xXX escape"
        );
        assert_eq!(
            problem(r"'é\u12'"),
            "bytes in position 10-13: truncated \\uXXXX escape"
        );
        assert_eq!(
            problem(r"'\U00110000'"),
            "bytes in position 0-9: illegal Unicode character"
        );
        assert_eq!(
            problem(r"'\N'"),
            "bytes in position 0-1: malformed \\N character escape"
        );
        assert_eq!(
            problem(r"'hello \N{INVALID} world'"),
            "bytes in position 6-16: unknown Unicode character name"
        );
        assert_eq!(problem(r"'\N{BULLET}\x41\d'"), "Ok(())");
        assert_eq!(
            problem(r"b'a\x4'"),
            "(value error) invalid \\x escape at position 1"
        );
        assert_eq!(check_literal("b'é'"), Err(Problem::NotAscii));
        assert_eq!(check_literal(r"rb'\x'"), Ok(()));
    }
}
