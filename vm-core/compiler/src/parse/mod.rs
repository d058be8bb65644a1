//! Source text to syntax tree, with CPython's limits, modes and error messages.

mod warnings;

use ruff_python_ast::token::{TokenKind, Tokens};
use ruff_python_ast::{Mod, PythonVersion, Stmt};
use ruff_python_parser::{
    InterpolatedStringErrorType, LexicalErrorType, Mode as RuffMode, ParseError, ParseErrorType,
    ParseOptions,
};
use ruff_text_size::{Ranged, TextRange, TextSize};

use crate::error::{CompileError, ErrorKind, Warning};
use crate::preprocess::positions;
use crate::source::SourceFile;

/// What a source text is (the `mode` of Python's `compile`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Mode {
    /// A module.
    #[default]
    Exec,
    /// One expression.
    Eval,
    /// One interactive statement, whose value is printed.
    Single,
}

/// A syntax tree whose positions are CPython's.
#[derive(Debug)]
pub struct Parsed {
    pub module: Mod,
    /// How deep statements and expressions nest.
    pub depth: usize,
    /// What CPython's tokenizer and parser warn of.
    pub warnings: Vec<Warning>,
}

/// Trees deeper than this are refused, as CPython refuses what would overflow its stack.
pub const MAX_DEPTH: usize = 25_000;
/// CPython's tokenizer holds this many open parentheses and levels of indentation.
const MAX_PARENTHESES: usize = 200;
const MAX_INDENTS: usize = 100;

/// Parses a source text.
///
/// # Errors
///
/// What CPython's tokenizer or parser refuses.
pub fn parse(source: &SourceFile, mode: Mode) -> Result<Parsed, CompileError> {
    let ruff_mode = match mode {
        Mode::Exec | Mode::Single => RuffMode::Module,
        Mode::Eval => RuffMode::Expression,
    };
    let options = ParseOptions::from(ruff_mode).with_target_version(PythonVersion::PY314);
    let parsed = ruff_python_parser::parse_unchecked(source.text(), options);
    let problem = check_limits(parsed.tokens(), source)
        .and_then(|()| match parsed.errors().first() {
            Some(error) => Err(translate(error, source)),
            None => Ok(()),
        })
        .and_then(|()| match parsed.unsupported_syntax_errors().first() {
            Some(error) => Err(error_at(
                source,
                ErrorKind::Syntax,
                error.range,
                "invalid syntax",
            )),
            None => Ok(()),
        })
        .and_then(|()| match mode {
            Mode::Single => check_single(parsed.tokens(), parsed.syntax(), source),
            Mode::Exec | Mode::Eval => Ok(()),
        });
    let warnings = match problem {
        Ok(()) => warnings::warnings(parsed.tokens(), source),
        Err(_) => Vec::new(),
    };
    let mut module = parsed.into_syntax();
    let depth = positions::normalize(&mut module, source.text(), MAX_DEPTH);
    if let Err(error) = problem {
        dispose(module, depth);
        return Err(error);
    }
    if depth > MAX_DEPTH {
        dispose(module, source.text().len());
        let mut error =
            CompileError::without_location("maximum recursion depth exceeded during compilation");
        error.kind = ErrorKind::Recursion;
        return Err(error);
    }
    Ok(Parsed { module, depth, warnings })
}

/// Drops a tree that may be too deep for the native stack: dropping recurses.
pub fn dispose(module: Mod, depth: usize) {
    const FRAME: usize = 512;
    if depth < 100 {
        drop(module);
        return;
    }
    stacker::maybe_grow(depth * FRAME, depth * FRAME + (1 << 16), || drop(module));
}

fn check_limits(tokens: &Tokens, source: &SourceFile) -> Result<(), CompileError> {
    let (mut parentheses, mut indents) = (0usize, 0usize);
    for token in tokens {
        match token.kind() {
            TokenKind::Lpar | TokenKind::Lsqb | TokenKind::Lbrace => {
                parentheses += 1;
                if parentheses >= MAX_PARENTHESES {
                    let range = token.range();
                    let msg = "too many nested parentheses";
                    return Err(error_at(source, ErrorKind::Syntax, range, msg));
                }
            }
            TokenKind::Rpar | TokenKind::Rsqb | TokenKind::Rbrace => {
                parentheses = parentheses.saturating_sub(1);
            }
            TokenKind::Indent => {
                indents += 1;
                if indents >= MAX_INDENTS {
                    let range = token.range();
                    let msg = "too many levels of indentation";
                    return Err(error_at(source, ErrorKind::Indentation, range, msg));
                }
            }
            TokenKind::Dedent => indents = indents.saturating_sub(1),
            _ => {}
        }
    }
    Ok(())
}

/// Interactive input is one compound statement or one line of simple ones.
fn check_single(tokens: &Tokens, module: &Mod, source: &SourceFile) -> Result<(), CompileError> {
    let Mod::Module(module) = module else {
        return Ok(());
    };
    let Some(first) = module.body.first() else {
        return Err(error_at(
            source,
            ErrorKind::Syntax,
            TextRange::default(),
            "invalid syntax",
        ));
    };
    let line_end = if is_compound(first) {
        first.end()
    } else {
        tokens
            .iter()
            .find(|t| t.kind() == TokenKind::Newline && t.start() >= first.end())
            .map_or(TextSize::of(source.text()), Ranged::end)
    };
    match module.body.iter().find(|stmt| stmt.start() >= line_end) {
        Some(_) => Err(error_at(
            source,
            ErrorKind::Syntax,
            first.range(),
            "multiple statements found while compiling a single statement",
        )),
        None => Ok(()),
    }
}

fn is_compound(stmt: &Stmt) -> bool {
    matches!(
        stmt,
        Stmt::FunctionDef(_)
            | Stmt::ClassDef(_)
            | Stmt::If(_)
            | Stmt::For(_)
            | Stmt::While(_)
            | Stmt::Try(_)
            | Stmt::With(_)
            | Stmt::Match(_)
    )
}

/// An error of the parser: its columns count characters.
fn error_at(
    source: &SourceFile,
    kind: ErrorKind,
    range: TextRange,
    msg: impl Into<String>,
) -> CompileError {
    let mut error = source.error_of(kind, source.loc(range), msg);
    let characters = |line: Option<i32>, col: Option<i32>| {
        let text = source.line_text(line?)?;
        let bytes = usize::try_from(col?.checked_sub(1)?).ok()?.min(text.len());
        Some(text.get(..bytes)?.chars().count() as i32 + 1)
    };
    error.col = characters(error.line, error.col);
    error.end_col = characters(error.end_line, error.end_col);
    error
}

fn translate(error: &ParseError, source: &SourceFile) -> CompileError {
    let text = source.slice(error.location);
    let (kind, msg) = match &error.error {
        ParseErrorType::Lexical(e) => lexical(e),
        ParseErrorType::FStringError(e) => (ErrorKind::Syntax, interpolated('f', e)),
        ParseErrorType::TStringError(e) => (ErrorKind::Syntax, interpolated('t', e)),
        ParseErrorType::UnexpectedIndentation => {
            (ErrorKind::Indentation, "unexpected indent".to_owned())
        }
        ParseErrorType::NonDefaultParamAfterDefaultParam => (
            ErrorKind::Syntax,
            "parameter without a default follows parameter with a default".to_owned(),
        ),
        ParseErrorType::PositionalAfterKeywordArgument => (
            ErrorKind::Syntax,
            "positional argument follows keyword argument".to_owned(),
        ),
        ParseErrorType::PositionalAfterKeywordUnpacking => (
            ErrorKind::Syntax,
            "positional argument follows keyword argument unpacking".to_owned(),
        ),
        ParseErrorType::InvalidArgumentUnpackingOrder => (
            ErrorKind::Syntax,
            "iterable argument unpacking follows keyword argument unpacking".to_owned(),
        ),
        ParseErrorType::UnparenthesizedGeneratorExpression => (
            ErrorKind::Syntax,
            "Generator expression must be parenthesized".to_owned(),
        ),
        ParseErrorType::ExpectedKeywordParam => (
            ErrorKind::Syntax,
            "named parameters must follow bare *".to_owned(),
        ),
        ParseErrorType::InvalidAssignmentTarget => (
            ErrorKind::Syntax,
            format!("cannot assign to {}", target_name(text)),
        ),
        ParseErrorType::InvalidDeleteTarget => (
            ErrorKind::Syntax,
            format!("cannot delete {}", target_name(text)),
        ),
        ParseErrorType::InvalidAnnotatedAssignmentTarget => (
            ErrorKind::Syntax,
            "illegal target for annotation".to_owned(),
        ),
        ParseErrorType::InvalidAugmentedAssignmentTarget => (
            ErrorKind::Syntax,
            format!(
                "'{}' is an illegal expression for augmented assignment",
                target_name(text)
            ),
        ),
        ParseErrorType::ExpectedToken {
            expected: TokenKind::Indent,
            ..
        } => (
            ErrorKind::Indentation,
            "expected an indented block".to_owned(),
        ),
        ParseErrorType::ExpectedToken {
            expected: TokenKind::Colon,
            found,
        } if *found == TokenKind::Newline => (ErrorKind::Syntax, "expected ':'".to_owned()),
        ParseErrorType::OtherError(msg) if msg.starts_with("Expected an indented block") => (
            ErrorKind::Indentation,
            msg.replacen('E', "e", 1).replace('`', "'"),
        ),
        _ => (ErrorKind::Syntax, "invalid syntax".to_owned()),
    };
    error_at(source, kind, error.location, msg)
}

fn lexical(error: &LexicalErrorType) -> (ErrorKind, String) {
    let msg = match error {
        LexicalErrorType::IndentationError => {
            let msg = "unindent does not match any outer indentation level";
            return (ErrorKind::Indentation, msg.to_owned());
        }
        LexicalErrorType::UnclosedStringError => "unterminated string literal".to_owned(),
        LexicalErrorType::InvalidByteLiteral => {
            "bytes can only contain ASCII literal characters".to_owned()
        }
        LexicalErrorType::LineContinuationError => {
            "unexpected character after line continuation character".to_owned()
        }
        LexicalErrorType::Eof => "unexpected EOF while parsing".to_owned(),
        LexicalErrorType::FStringError(e) => interpolated('f', e),
        LexicalErrorType::TStringError(e) => interpolated('t', e),
        LexicalErrorType::UnrecognizedToken { tok } if !tok.is_ascii() => {
            format!("invalid character '{tok}' (U+{:04X})", u32::from(*tok))
        }
        _ => "invalid syntax".to_owned(),
    };
    (ErrorKind::Syntax, msg)
}

fn interpolated(prefix: char, error: &InterpolatedStringErrorType) -> String {
    use InterpolatedStringErrorType as E;
    match error {
        E::UnclosedLbrace => format!("{prefix}-string: expecting '}}'"),
        E::InvalidConversionFlag => {
            format!("{prefix}-string: invalid conversion character: expected 's', 'r', or 'a'")
        }
        E::SingleRbrace => format!("{prefix}-string: single '}}' is not allowed"),
        E::UnterminatedString => format!("unterminated {prefix}-string literal"),
        E::UnterminatedTripleQuotedString => {
            format!("unterminated triple-quoted {prefix}-string literal")
        }
        E::LambdaWithoutParentheses => {
            format!("{prefix}-string: lambda expressions are not allowed without parentheses")
        }
        E::ConversionFlagNotImmediatelyAfterExclamation => {
            format!("{prefix}-string: conversion type must come right after the exclamation mark")
        }
        E::NewlineInFormatSpec => format!(
            "{prefix}-string: newlines are not allowed in format specifiers for single quoted \
             {prefix}-strings"
        ),
    }
}

/// CPython's word for what stands where only a name, attribute or subscript may.
fn target_name(text: &str) -> &'static str {
    match text {
        "True" => "True",
        "False" => "False",
        "None" => "None",
        "..." => "ellipsis",
        _ if text.ends_with(')') => "function call",
        _ if text.starts_with(|c: char| c.is_ascii_digit() || c == '"' || c == '\'') => "literal",
        _ => "expression",
    }
}
