//! What ruff's parser refuses though it is right, on a detour around its mistakes:
//!
//! - `match` behind a semicolon is a name, as no compound statement can follow; ruff takes it for
//!   the keyword. It gets another name of its length before it is parsed, and its own back in
//!   the tree.
//! - `raise;` raises the current exception; ruff wants an expression. A `break` of the same length
//!   is parsed in its place.

use ruff_python_ast::name::Name;
use ruff_python_ast::token::TokenKind;
use ruff_python_ast::visitor::transformer::{Transformer, walk_body, walk_expr, walk_stmt};
use ruff_python_ast::{Expr, Mod, Stmt, StmtRaise};
use ruff_python_parser::Parsed;
use ruff_text_size::{Ranged, TextRange, TextSize};

const MATCH: &str = "match";
/// As long as `raise`, and a statement by itself.
const BREAK: &str = "break";

/// A text that ruff's parser gets right.
pub(super) struct Detour {
    pub text: String,
    /// The name that stands for `match`.
    name: String,
    /// Where a `break` stands for `raise`.
    raises: Vec<TextSize>,
}

/// The way around, if ruff's parser minds something and it may be this.
pub(super) fn find(parsed: &Parsed<Mod>, text: &str) -> Option<Detour> {
    if parsed.errors().is_empty() {
        return None;
    }
    let (mut names, mut raises): (Vec<TextRange>, Vec<TextRange>) = (Vec::new(), Vec::new());
    let mut last = (TokenKind::Newline, TextRange::default());
    for token in parsed.tokens() {
        let (kind, range) = (token.kind(), token.range());
        if kind.is_trivia() {
            continue;
        }
        // The parser has made some of these tokens plain names by now.
        if last.0 == TokenKind::Semi && &text[range] == MATCH {
            names.push(range);
        }
        if kind == TokenKind::Semi && last.0 == TokenKind::Raise {
            raises.push(last.1);
        }
        last = (kind, range);
    }
    if names.is_empty() && raises.is_empty() {
        return None;
    }
    let name = (0..10_000).map(|n| format!("m{n:04}")).find(|name| !text.contains(name))?;
    let mut detour = text.to_owned();
    for place in names {
        detour.replace_range(place.to_std_range(), &name);
    }
    for place in &raises {
        detour.replace_range(place.to_std_range(), BREAK);
    }
    let raises = raises.iter().map(Ranged::start).collect();
    Some(Detour { text: detour, name, raises })
}

impl Detour {
    /// Makes the tree that of the original text. The native stack must do for its depth.
    pub fn restore(&self, module: &mut Mod) {
        match module {
            Mod::Module(module) => walk_body(self, &mut module.body),
            Mod::Expression(e) => self.visit_expr(&mut e.body),
        }
    }
}

impl Transformer for Detour {
    fn visit_stmt(&self, stmt: &mut Stmt) {
        match stmt {
            Stmt::Break(s) if self.raises.binary_search(&s.range.start()).is_ok() => {
                *stmt = Stmt::Raise(StmtRaise {
                    node_index: s.node_index.clone(),
                    range: s.range,
                    exc: None,
                    cause: None,
                });
            }
            _ => walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&self, expr: &mut Expr) {
        match expr {
            Expr::Name(name) if name.id.as_str() == self.name => name.id = Name::new_static(MATCH),
            _ => walk_expr(self, expr),
        }
    }
}
