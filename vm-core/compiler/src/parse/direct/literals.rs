//! Values of numbers, and of strings without fields.

use std::borrow::Cow;

use ruff_python_ast::str::{Quote, TripleQuotes};
use ruff_python_ast::str_prefix::{ByteStringPrefix, StringLiteralPrefix};
use ruff_python_ast::{BytesLiteral, BytesLiteralFlags, Expr, ExprNumberLiteral, Int, Number, StringLiteral, StringLiteralFlags};

use super::lexer::{StringKind, StringToken, range};
use super::{Declined, NodeIndex, Parsed, Parsing};

/// Integers with more digits may exceed a limit.
const MAX_DIGITS: usize = 600;

impl Parsing<'_> {
    pub(super) fn number_literal(&mut self) -> Parsed<Expr> {
        let token = self.token_text();
        let value = match token.parse::<u32>() {
            Ok(small) => Number::Int(Int::from(small)),
            Err(_) => number(token).or_else(|_| self.rare())?,
        };
        Ok(Expr::NumberLiteral(ExprNumberLiteral { node_index: NodeIndex::NONE, range: range(self.at.start, self.at.end), value }))
    }

    /// The string at the token, which has no fields, and is not of bytes.
    pub(super) fn string_literal(&mut self) -> Parsed<StringLiteral> {
        let string = self.at.string;
        let (from, to) = string.content;
        let content = self.slice(from, to);
        let value = match string.has_backslash && !string.raw {
            true => self.unescaped(content)?.into_boxed_str(),
            false => content.into(),
        };
        let prefix = match string.kind {
            StringKind::Unicode => StringLiteralPrefix::Unicode,
            _ if string.raw => StringLiteralPrefix::Raw { uppercase: string.uppercase_r },
            _ => StringLiteralPrefix::Empty,
        };
        let flags = StringLiteralFlags::empty().with_quote_style(string.quotes()).with_triple_quotes(string.triple_quotes());
        let flags = flags.with_prefix(prefix);
        Ok(StringLiteral { range: range(self.at.start, self.at.end), node_index: NodeIndex::NONE, value, flags })
    }

    pub(super) fn unescaped(&mut self, content: &str) -> Parsed<String> {
        unescaped(content).or_else(|_| self.rare())
    }

    /// The string of bytes at the token.
    pub(super) fn bytes_literal(&mut self) -> Parsed<BytesLiteral> {
        let string = self.at.string;
        let (from, to) = string.content;
        let content = self.slice(from, to);
        if !content.is_ascii() {
            return Err(Declined);
        }
        let value = match string.has_backslash && !string.raw {
            true => unescaped_bytes(content.as_bytes()).or_else(|_| self.rare())?.into_boxed_slice(),
            false => content.as_bytes().into(),
        };
        let prefix = match string.raw {
            true => ByteStringPrefix::Raw { uppercase_r: string.uppercase_r },
            false => ByteStringPrefix::Regular,
        };
        let flags = BytesLiteralFlags::empty().with_quote_style(string.quotes()).with_triple_quotes(string.triple_quotes());
        let flags = flags.with_prefix(prefix);
        Ok(BytesLiteral { range: range(self.at.start, self.at.end), node_index: NodeIndex::NONE, value, flags })
    }
}

impl StringToken {
    pub(super) fn quotes(&self) -> Quote {
        if self.quote == b'\'' { Quote::Single } else { Quote::Double }
    }

    pub(super) fn triple_quotes(&self) -> TripleQuotes {
        if self.triple { TripleQuotes::Yes } else { TripleQuotes::No }
    }
}

fn number(token: &str) -> Parsed<Number> {
    let plain = match memchr::memchr(b'_', token.as_bytes()) {
        Some(_) => Cow::from(token.replace('_', "")),
        None => Cow::from(token),
    };
    let bytes = plain.as_bytes();
    let radix = match bytes.get(1).map(|b| b | 0x20) {
        Some(b'x') => 16,
        Some(b'o') => 8,
        Some(b'b') => 2,
        _ => 10,
    };
    if radix != 10 {
        return Int::from_str_radix(&plain[2..], radix, token).map(Number::Int).map_err(|_| Declined);
    }
    if let Some(imaginary) = plain.strip_suffix(['j', 'J']) {
        let imag = imaginary.parse().map_err(|_| Declined)?;
        return Ok(Number::Complex { real: 0.0, imag });
    }
    if bytes.iter().all(u8::is_ascii_digit) {
        if plain.len() > MAX_DIGITS {
            return Err(Declined);
        }
        return plain.parse().map(Number::Int).map_err(|_| Declined);
    }
    plain.parse().map(Number::Float).map_err(|_| Declined)
}

/// A string with what its escapes stand for. Those that are unknown or name a character are declined. Lone
/// surrogates are U+FFFD, as [`crate::preprocess::literal`] expects them.
fn unescaped(content: &str) -> Parsed<String> {
    let mut value = String::with_capacity(content.len());
    let mut rest = content;
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        value.push_str(&rest[..at]);
        let escape = &rest.as_bytes()[at + 1..];
        let (length, code) = match escape.first() {
            Some(b'u') => (5, hexadecimal(escape.get(1..5))?),
            Some(b'U') => (9, hexadecimal(escape.get(1..9))?),
            _ => match short_escape(escape)? {
                (length, Some(code)) => (length, u32::from(code)),
                (length, None) => {
                    rest = &rest[at + 1 + length..];
                    continue;
                }
            },
        };
        match code {
            0xD800..=0xDFFF => value.push(char::REPLACEMENT_CHARACTER),
            _ => value.push(char::from_u32(code).ok_or(Declined)?),
        }
        rest = &rest[at + 1 + length..];
    }
    value.push_str(rest);
    Ok(value)
}

fn unescaped_bytes(content: &[u8]) -> Parsed<Vec<u8>> {
    let mut value = Vec::with_capacity(content.len());
    let mut rest = content;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        value.extend_from_slice(&rest[..at]);
        let (length, code) = short_escape(&rest[at + 1..])?;
        value.extend(code);
        rest = &rest[at + 1 + length..];
    }
    value.extend_from_slice(rest);
    Ok(value)
}

/// The length of an escape behind its backslash, and what it stands for, if anything: those that strings have in
/// common with bytes.
fn short_escape(escape: &[u8]) -> Parsed<(usize, Option<u8>)> {
    let code = match escape.first().ok_or(Declined)? {
        b'\n' => return Ok((1, None)),
        quote @ (b'\\' | b'\'' | b'"') => *quote,
        b'a' => 0x07,
        b'b' => 0x08,
        b'f' => 0x0C,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 0x0B,
        b'x' => {
            let code = hexadecimal(escape.get(1..3))?;
            return Ok((3, Some(code as u8)));
        }
        b'0'..=b'7' => {
            let length = escape.iter().take(3).take_while(|b| matches!(b, b'0'..=b'7')).count();
            let code = escape[..length].iter().fold(0, |code, digit| code * 8 + u32::from(digit - b'0'));
            // CPython warns of greater ones.
            return Ok((length, Some(u8::try_from(code).map_err(|_| Declined)?)));
        }
        _ => return Err(Declined),
    };
    Ok((1, Some(code)))
}

fn hexadecimal(digits: Option<&[u8]>) -> Parsed<u32> {
    let digits = digits.ok_or(Declined)?;
    digits.iter().try_fold(0, |code, &digit| {
        let value = char::from(digit).to_digit(16).ok_or(Declined)?;
        Ok(code << 4 | value)
    })
}
