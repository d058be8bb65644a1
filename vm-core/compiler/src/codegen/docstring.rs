//! Docstrings: finding them, and removing their indentation as CPython does since 3.13.

use std::borrow::Cow;

use ruff_python_ast::{Expr, Stmt};
use tailscope_bytecode::code::Wtf8;

use super::Codegen;
use crate::error::{CodecProblem, CompileError, ErrorKind};
use crate::preprocess::literal::string_bytes;

/// The docstring expression at the head of a body, and the statements after it.
pub(super) fn split(body: &[Stmt]) -> Option<(&Expr, &[Stmt])> {
    match body.split_first() {
        Some((Stmt::Expr(first), rest)) if first.value.is_string_literal_expr() => {
            Some((&first.value, rest))
        }
        _ => None,
    }
}

impl Codegen<'_> {
    /// The value of the docstring expression `e`, cleaned.
    pub(super) fn docstring(&self, e: &Expr) -> Result<Wtf8, CompileError> {
        let Expr::StringLiteral(literal) = e else {
            return Ok(Wtf8::from(""));
        };
        let value = string_bytes(&literal.value, self.source);
        let doc = expand_tabs(&value);
        match lone_surrogates(&doc) {
            Some(msg) => Err(CompileError {
                kind: ErrorKind::UnicodeEncode,
                codec_problem: Some(Box::new(CodecProblem::Surrogates(Wtf8(doc.as_ref().into())))),
                ..CompileError::without_location(msg)
            }),
            None => Ok(clean(&doc)),
        }
    }
}

/// CPython cleans the UTF-8 of a docstring, and so refuses what has none, in its codec's words.
fn lone_surrogates(doc: &[u8]) -> Option<String> {
    let is_surrogate = |pair: &[u8]| matches!(pair, [0xED, 0xA0..=0xBF, ..]);
    let first = memchr::memchr_iter(0xED, doc).find(|&at| is_surrogate(&doc[at..]))?;
    let position = doc[..first].iter().filter(|b| !matches!(b, 0x80..=0xBF)).count();
    let run = doc[first..].chunks_exact(3).take_while(|c| is_surrogate(c)).count();
    let what = match run {
        1 => {
            let (high, low) = (u32::from(doc[first + 1] & 0x3F), u32::from(doc[first + 2] & 0x3F));
            let code = 0xD000 | high << 6 | low;
            format!("character '\\u{code:04x}' in position {position}")
        }
        _ => format!("characters in position {position}-{}", position + run - 1),
    };
    Some(format!("'utf-8' codec can't encode {what}: surrogates not allowed"))
}

/// Removes the indentation that all lines but the first have in common, and that of the
/// first line; blank lines stay, so that line numbers do. Tabs have been expanded.
fn clean(doc: &[u8]) -> Wtf8 {
    let begins: Vec<usize> = memchr::memchr_iter(b'\n', doc).map(|end| end + 1).collect();
    if begins.is_empty() {
        return Wtf8(doc[leading_spaces(doc)..].into());
    }
    let margin = begins
        .iter()
        .filter_map(|&begin| {
            let line = &doc[begin..];
            let indent = leading_spaces(line);
            (!matches!(line.get(indent), None | Some(b'\n'))).then_some(indent)
        })
        .min()
        .unwrap_or(0);
    let mut out = Vec::with_capacity(doc.len());
    // Where what is kept of the current line begins.
    let mut rest = leading_spaces(doc);
    for begin in begins {
        out.extend_from_slice(&doc[rest..begin]);
        rest = begin + leading_spaces(&doc[begin..]).min(margin);
    }
    out.extend_from_slice(&doc[rest..]);
    Wtf8(out.into())
}

fn leading_spaces(line: &[u8]) -> usize {
    line.iter().take_while(|&&b| b == b' ').count()
}

/// `str.expandtabs()`: columns count code points, and begin anew after each line end.
fn expand_tabs(text: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(b'\t', text).is_none() {
        return Cow::Borrowed(text);
    }
    let mut out = Vec::with_capacity(text.len());
    let mut column = 0;
    for &byte in text {
        match byte {
            b'\t' => {
                let width = 8 - column % 8;
                out.resize(out.len() + width, b' ');
                column += width;
                continue;
            }
            b'\n' | b'\r' => column = 0,
            // Bytes that continue a code point take no column.
            0x80..=0xBF => {}
            _ => column += 1,
        }
        out.push(byte);
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(doc: &str) -> String {
        clean(&expand_tabs(doc.as_bytes())).as_str().unwrap().to_owned()
    }

    #[test]
    fn indentation_goes_and_blank_lines_stay() {
        assert_eq!(cleaned("  a\n    b\n\n      c\n  "), "a\nb\n\n  c\n");
        assert_eq!(cleaned("a"), "a");
        assert_eq!(cleaned("\n\n  x\n"), "\n\nx\n");
        assert_eq!(cleaned("a\n\tb\n\t\tc"), "a\nb\n        c");
        assert_eq!(cleaned("  "), "");
        assert_eq!(cleaned("a\n b\n  "), "a\nb\n ");
    }

    #[test]
    fn tabs_stop_every_eight_code_points() {
        assert_eq!(
            &*expand_tabs("é\tx\n\ty".as_bytes()),
            "é       x\n        y".as_bytes()
        );
    }
}
