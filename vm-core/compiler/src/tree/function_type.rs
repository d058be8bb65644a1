//! The type of a function in a type comment, `(int, *str) -> float`: what `compile` parses in the
//! mode `func_type`.

use std::ops::Range;

use ruff_python_ast::token::{TokenKind, Tokens};
use ruff_python_ast::{Expr, Mod};
use ruff_python_parser::{Mode as RuffMode, ParseOptions as RuffOptions, parse_unchecked};
use ruff_text_size::Ranged;

use super::{Extras, Tree, read};
use crate::error::{CompileError, ErrorKind};
use crate::instr::Loc;
use crate::parse::{self, positions};
use crate::source::SourceFile;

/// Parses such a type.
///
/// # Errors
/// SyntaxErrors, and RecursionErrors for types that are too deep.
pub fn parse(source: &SourceFile) -> Result<Tree, CompileError> {
    let refused = || {
        let start = Loc { line: 1, end_line: 1, col: 0, end_col: 0 };
        source.error_at(start, "invalid syntax")
    };
    let options = RuffOptions::from(RuffMode::Expression);
    let parts = split(parse_unchecked(source.text(), options).tokens()).ok_or_else(refused)?;
    let mut argtypes = Vec::with_capacity(parts.arguments.len());
    for argument in parts.arguments {
        argtypes.push(expression(parts.open, argument, source)?.ok_or_else(refused)?);
    }
    let returns = parts.returns..source.text().len();
    let returns = expression(parts.open, returns, source)?.ok_or_else(refused)?;
    Ok(read::plain("FunctionType", vec![("argtypes", Tree::List(argtypes)), ("returns", returns)]))
}

struct Parts {
    /// Where the parenthesis is with which the type begins.
    open: usize,
    /// Without stars and commas.
    arguments: Vec<Range<usize>>,
    /// Where what is returned begins.
    returns: usize,
}

fn split(tokens: &Tokens) -> Option<Parts> {
    let mut tokens = tokens.iter().filter(|t| !t.kind().is_trivia());
    let open = tokens.next().filter(|t| t.kind() == TokenKind::Lpar)?;
    let mut arguments = Vec::new();
    let (mut start, mut depth, mut stars) = (usize::from(open.end()), 0usize, 0);
    let (mut tokens, mut first) = (tokens.peekable(), true);
    loop {
        let token = tokens.next()?;
        match token.kind() {
            // One star after what has none, two after that.
            TokenKind::Star | TokenKind::DoubleStar if first => {
                let now = if token.kind() == TokenKind::Star { 1 } else { 2 };
                if now <= stars {
                    return None;
                }
                (stars, start) = (now, usize::from(token.end()));
                first = false;
                continue;
            }
            _ if first && stars > 0 && depth == 0 && token.kind() != TokenKind::Rpar => return None,
            TokenKind::Lpar | TokenKind::Lsqb | TokenKind::Lbrace => depth += 1,
            TokenKind::Rpar if depth == 0 => {
                let nothing = arguments.is_empty() && first;
                if !nothing {
                    arguments.push(start..usize::from(token.start()));
                }
                break;
            }
            TokenKind::Rpar | TokenKind::Rsqb | TokenKind::Rbrace => depth = depth.checked_sub(1)?,
            TokenKind::Comma if depth == 0 => {
                arguments.push(start..usize::from(token.start()));
                start = usize::from(token.end());
                first = true;
                continue;
            }
            _ => {}
        }
        first = false;
    }
    let arrow = tokens.next().filter(|t| t.kind() == TokenKind::Rarrow)?;
    Some(Parts { open: usize::from(open.start()), arguments, returns: usize::from(arrow.end()) })
}

/// The text with nothing but a part of it, which stays where it is, and parentheses around it:
/// it may go over several lines.
fn alone(text: &str, open: usize, part: Range<usize>) -> String {
    let keep = |(at, byte): (usize, u8)| match byte {
        _ if part.contains(&at) => byte,
        _ if at == open => b'(',
        _ if at == part.end => b')',
        b'\n' => b'\n',
        _ => b' ',
    };
    let mut bytes: Vec<u8> = text.bytes().enumerate().map(keep).collect();
    if part.end == text.len() {
        bytes.push(b')');
    }
    // Parts are between tokens, so that no character is cut.
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The tree of the expression in a part of the text, if it is one that may be a type.
fn expression(open: usize, part: Range<usize>, source: &SourceFile) -> Result<Option<Tree>, CompileError> {
    let text = &alone(source.text(), open, part);
    let parsed = parse_unchecked(text, RuffOptions::from(RuffMode::Expression));
    let wrong = !parsed.errors().is_empty();
    let mut module = parsed.into_syntax();
    let depth = positions::normalize(&mut module, text, super::MAX_DEPTH, None).depth;
    let tree = match &module {
        _ if wrong || depth > super::MAX_DEPTH => None,
        Mod::Expression(e) if is_type(&e.body, open) => {
            let needed = crate::tree_stack(depth);
            Some(stacker::maybe_grow(needed, needed, || read::expr_of(&e.body, source, &Extras::default())))
        }
        _ => None,
    };
    parse::dispose(module, depth);
    if depth > super::MAX_DEPTH {
        let error = CompileError::without_location("maximum recursion depth exceeded during ast construction");
        return Err(CompileError { kind: ErrorKind::Recursion, ..error });
    }
    Ok(tree)
}

/// Whether no other parentheses are missing than those that stand at `open` now.
fn is_type(e: &Expr, open: usize) -> bool {
    match e {
        Expr::Tuple(_) | Expr::Generator(_) => usize::from(e.range().start()) != open,
        e => !matches!(e, Expr::Starred(_) | Expr::Named(_) | Expr::Yield(_) | Expr::YieldFrom(_)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(text: &str) -> Option<usize> {
        let source = SourceFile::from_text(text, "f").expect("a text");
        let tree = parse(&source).ok()?;
        Some(tree.node().map_or(0, |n| n.list("argtypes").len()))
    }

    #[test]
    fn stars_come_last_and_in_order() {
        assert_eq!(count("() -> int\n"), Some(0));
        assert_eq!(count("(a,\n  b[c, d], *e, **f) -> (g, h)"), Some(4));
        assert_eq!(count("(**a) -> b"), Some(1));
        let wrong = ["(*a, b) -> c", "(**a, *b) -> c", "(a,) -> b", "(a) -> b, c", "a -> b", "(a", "(*) -> b", "() -> *x"];
        for wrong in wrong {
            assert_eq!(count(wrong), None, "{wrong}");
        }
    }
}
