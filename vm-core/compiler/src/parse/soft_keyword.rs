//! `match` as a name behind a semicolon.
//!
//! Ruff's parser takes it for the keyword there, though no compound statement can follow, and
//! finds an error. So the name gets another one of its length before it is parsed, and its own
//! back in the tree.

use ruff_python_ast::name::Name;
use ruff_python_ast::token::TokenKind;
use ruff_python_ast::visitor::transformer::{Transformer, walk_body, walk_expr};
use ruff_python_ast::{Expr, Mod};
use ruff_python_parser::{ParseErrorType, Parsed};
use ruff_text_size::{Ranged, TextRange};

const KEYWORD: &str = "match";

/// A text that parses, and the name that stands for `match` in it.
pub(super) struct Hidden {
    pub text: String,
    pub name: String,
}

/// The text with other names, if that is what ruff's parser minds.
pub(super) fn hide(parsed: &Parsed<Mod>, text: &str) -> Option<Hidden> {
    let minded = parsed
        .errors()
        .iter()
        .any(|e| e.error == ParseErrorType::SimpleAndCompoundStatementOnSameLine);
    if !minded {
        return None;
    }
    let mut places: Vec<TextRange> = Vec::new();
    let mut after_semicolon = false;
    for token in parsed.tokens() {
        let kind = token.kind();
        // The parser has made some of these tokens plain names by now.
        if after_semicolon && &text[token.range()] == KEYWORD {
            places.push(token.range());
        }
        after_semicolon = kind == TokenKind::Semi || (after_semicolon && kind.is_trivia());
    }
    if places.is_empty() {
        return None;
    }
    let name = (0..10_000).map(|n| format!("m{n:04}")).find(|name| !text.contains(name))?;
    let mut hidden = text.to_owned();
    for place in places {
        hidden.replace_range(place.to_std_range(), &name);
    }
    Some(Hidden { text: hidden, name })
}

/// Gives the names back. The native stack must do for a tree of that depth.
pub(super) fn restore(module: &mut Mod, name: &str) {
    let restorer = Restorer(name);
    match module {
        Mod::Module(module) => walk_body(&restorer, &mut module.body),
        Mod::Expression(e) => restorer.visit_expr(&mut e.body),
    }
}

struct Restorer<'a>(&'a str);

impl Transformer for Restorer<'_> {
    fn visit_expr(&self, expr: &mut Expr) {
        match expr {
            Expr::Name(name) if name.id.as_str() == self.0 => name.id = Name::new_static(KEYWORD),
            _ => walk_expr(self, expr),
        }
    }
}
