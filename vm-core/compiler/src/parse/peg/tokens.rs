//! The tokens of a source as the module `tokenize` shows them.

use super::token::{self, Kind};
use super::tokenizer::{Done, Tokenizer};
use crate::error::ErrorKind;

/// Numbers of the kinds of tokens, as in `Lib/token.py`.
pub mod number {
    pub const END: u8 = 0;
    pub const NAME: u8 = 1;
    pub const NEWLINE: u8 = 4;
    pub const DEDENT: u8 = 6;
    pub const OP: u8 = 55;
    pub const FSTRING_START: u8 = 59;
    pub const COMMENT: u8 = 65;
    pub const NL: u8 = 66;
}

/// Operators and their numbers.
const OPERATORS: [(&str, u8); 48] = [
    ("(", 7), (")", 8), ("[", 9), ("]", 10), (":", 11), (",", 12), (";", 13), ("+", 14), ("-", 15), ("*", 16),
    ("/", 17), ("|", 18), ("&", 19), ("<", 20), (">", 21), ("=", 22), (".", 23), ("%", 24), ("{", 25), ("}", 26),
    ("==", 27), ("!=", 28), ("<=", 29), (">=", 30), ("~", 31), ("^", 32), ("<<", 33), (">>", 34), ("**", 35),
    ("+=", 36), ("-=", 37), ("*=", 38), ("/=", 39), ("%=", 40), ("&=", 41), ("|=", 42), ("^=", 43), ("<<=", 44),
    (">>=", 45), ("**=", 46), ("//", 47), ("//=", 48), ("@", 49), ("@=", 50), ("->", 51), ("...", 52), (":=", 53),
    ("!", 54),
];

/// A token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceToken {
    /// A number of [`number`] or of an operator.
    pub kind: u8,
    pub text: String,
    /// Line from 1 and column in characters from 0.
    pub start: (i64, i64),
    pub end: (i64, i64),
    /// The physical lines that it stands on.
    pub line: String,
}

/// What is wrong with a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenError {
    pub kind: ErrorKind,
    pub message: String,
    pub line: i64,
    /// Columns in characters from 1.
    pub offset: i64,
    pub text: Option<String>,
    /// The end, of errors that have one.
    pub end: Option<(i64, i64)>,
}

/// Makes the tokens of a source one by one.
pub struct Tokens {
    /// Lines end with `\n`, also the last one.
    source: String,
    /// The last line had no end of its own.
    implicit_end: bool,
    /// Whether lines ended with `\r\n` before that was made one character.
    carriage_returns: Vec<bool>,
    extra: bool,
    /// Where the tokenizer is; it borrows the source anew for each token.
    state: Option<super::tokenizer::Saved>,
    ended: bool,
}

impl Tokens {
    /// With `extra` tokens there are comments and ends of lines that mean nothing, and all
    /// operators are of one kind.
    pub fn new(mut source: String, extra: bool) -> Tokens {
        let mut carriage_returns = Vec::new();
        if source.contains('\r') {
            carriage_returns = source.split('\n').map(|line| line.ends_with('\r')).collect();
            source = source.replace("\r\n", "\n");
        }
        let implicit_end = !source.is_empty() && !source.ends_with('\n');
        if implicit_end {
            source.push('\n');
        }
        Tokens { source, implicit_end, carriage_returns, extra, state: None, ended: false }
    }

    /// The next token; `None` after the last one.
    ///
    /// # Errors
    /// What is wrong where no token can be made.
    pub fn next_token(&mut self) -> Result<Option<SourceToken>, TokenError> {
        if self.ended {
            return Ok(None);
        }
        let source = std::mem::take(&mut self.source);
        let mut tokenizer = Tokenizer::new(source.as_bytes(), 0, 1);
        tokenizer.extra = self.extra;
        if let Some(saved) = self.state.take() {
            tokenizer.restore(saved);
        }
        let made = self.make(&source, &mut tokenizer);
        self.state = Some(tokenizer.save());
        self.source = source;
        if made.as_ref().is_ok_and(|t| t.kind == number::END) || made.is_err() {
            self.ended = true;
        }
        made.map(Some)
    }

    fn make(&self, source: &str, tokenizer: &mut Tokenizer) -> Result<SourceToken, TokenError> {
        let token = tokenizer.next_token();
        if token.kind == token::ERROR {
            return Err(error(source, tokenizer));
        }
        let text = &source[token.from..token.to];
        let mut kind = kind_number(token.kind, text, self.extra);
        let is_string = matches!(kind, 3 | number::FSTRING_START..=64);
        let ends_string = kind == number::FSTRING_START + 2 || kind == number::FSTRING_START + 5;
        let line_start = if is_string && !ends_string { tokenizer.multi_line_start() } else { tokenizer.line_start };
        let at_end = kind == number::END || (kind == number::DEDENT && tokenizer.done == Done::Eof);
        let end_line = i64::from(tokenizer.lineno);
        if at_end && self.extra {
            let place = (end_line + 1, 0);
            return Ok(SourceToken { kind, text: String::new(), start: place, end: place, line: String::new() });
        }
        // The last line, if its end is not the source's own.
        let implicit = self.implicit_end && tokenizer.line_end() == source.len();
        let columns = |from: usize, to: usize| source.get(from..to).map_or(0, |s| s.chars().count() as i64);
        let mut line = source[line_start..tokenizer.line_end()].to_owned();
        if implicit {
            line.pop();
        }
        let returns = self.carriage_returns.get((end_line - 1).max(0) as usize) == Some(&true);
        if returns {
            line = line.replace('\n', "\r\n");
        }
        let start = (i64::from(token.start.line), columns(line_start, token.from));
        let mut end = (end_line, columns(tokenizer.line_start, token.to));
        let mut text = text.to_owned();
        if self.extra && kind == number::NEWLINE {
            text = if implicit { String::new() } else { "\n".to_owned() };
            end.1 += 1;
        } else if self.extra && kind == number::NL && implicit {
            text.clear();
        }
        if returns && text == "\n" {
            text = "\r\n".to_owned();
            end.1 += 1;
        }
        if token.from == token.to && !self.extra {
            kind = kind_number(token.kind, "", false);
        }
        Ok(SourceToken { kind, text, start, end, line })
    }
}

/// The number of a token's kind.
fn kind_number(kind: Kind, text: &str, extra: bool) -> u8 {
    match kind {
        token::FSTRING_START..=token::TSTRING_END => number::FSTRING_START + (kind - token::FSTRING_START) as u8,
        token::COMMENT => number::COMMENT,
        token::NL => number::NL,
        kind if kind < token::FSTRING_START => kind as u8,
        _ if text.starts_with(|c: char| c.is_ascii_alphabetic()) => number::NAME,
        _ if extra => number::OP,
        _ => OPERATORS.iter().find(|(op, _)| *op == text).map_or(number::OP, |(_, n)| *n),
    }
}

/// Why the tokenizer stopped.
fn error(source: &str, tokenizer: &Tokenizer) -> TokenError {
    let line = i64::from(tokenizer.lineno);
    let whole = source.get(tokenizer.buf..tokenizer.line_end()).unwrap_or_default();
    let at_line = |kind: ErrorKind, message: &str| TokenError {
        kind,
        message: message.to_owned(),
        line,
        offset: whole.chars().count() as i64,
        text: Some(whole.trim_end_matches('\n').to_owned()),
        end: None,
    };
    match &tokenizer.done {
        Done::Ok | Done::Eof => TokenError {
            kind: ErrorKind::Syntax,
            message: "unexpected EOF in multi-line statement".to_owned(),
            line,
            offset: 0,
            text: None,
            end: None,
        },
        Done::Dedent => at_line(ErrorKind::Indentation, "unindent does not match any outer indentation level"),
        Done::TabSpace => at_line(ErrorKind::Tab, "inconsistent use of tabs and spaces in indentation"),
        Done::TooDeep => at_line(ErrorKind::Indentation, "too many levels of indentation"),
        Done::LineContinuation => {
            at_line(ErrorKind::Syntax, "unexpected character after line continuation character")
        }
        Done::Error { msg, line, col, end_col, .. } => {
            let text = source.lines().nth((*line - 1).max(0) as usize).unwrap_or_default();
            let characters = |col: i32| {
                let bytes = usize::try_from(col).unwrap_or(0).min(text.len());
                text.as_bytes()[..bytes].iter().filter(|b| (**b as i8) >= -0x40).count() as i64
            };
            TokenError {
                kind: ErrorKind::Syntax,
                message: msg.clone(),
                line: (*line).into(),
                offset: characters(*col),
                text: Some(text.to_owned()),
                end: Some(((*line).into(), characters(*end_col))),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(source: &str) -> Vec<(u8, String)> {
        let mut tokens = Tokens::new(source.to_owned(), true);
        let mut out = Vec::new();
        while let Ok(Some(t)) = tokens.next_token() {
            out.push((t.kind, t.text));
        }
        out
    }

    #[test]
    fn comments_and_line_ends_are_tokens() {
        let found = all("x # c\n\n(\n1)\n");
        let kinds: Vec<u8> = found.iter().map(|t| t.0).collect();
        assert_eq!(kinds, [1, 65, 4, 66, 55, 66, 2, 55, 4, 0]);
        assert_eq!(found[1].1, "# c");
    }

    #[test]
    fn a_missing_line_end_is_shown_as_nothing() {
        assert_eq!(all("x"), [(1, "x".to_owned()), (4, String::new()), (0, String::new())]);
    }

    #[test]
    fn errors_have_places() {
        let mut tokens = Tokens::new("if a:\n  b\n c\n".to_owned(), true);
        let e = loop {
            match tokens.next_token() {
                Ok(Some(_)) => {}
                Ok(None) => panic!("no error"),
                Err(e) => break e,
            }
        };
        assert_eq!((e.line, e.offset), (3, 3));
        assert_eq!(tokens.next_token(), Ok(None));
    }
}
