//! What happens to the syntax tree between parsing and the symbol table.
//!
//! Ruff's tree is made to say what CPython's says: positions (in [`crate::parse`], which
//! calls `positions` here), future statements, then the rewriting of
//! `Python/ast_preprocess.c`. What ruff's nodes cannot hold is answered by queries that
//! code generation calls: [`literal`] for string values (lone surrogates), [`joined`] for
//! the parts of f-strings and t-strings, [`pattern_constant`] for numbers in patterns.

mod format;
mod future;
pub mod joined;
pub mod literal;
mod pattern;
pub(crate) mod positions;
mod rewrite;

use ruff_python_ast::{ExprStringLiteral, Mod, Stmt};
use ruff_text_size::TextSize;

use crate::error::Warning;
use crate::parse::Mode;
use crate::source::SourceFile;

pub use future::FutureFlags;
pub use pattern::pattern_constant;

/// Where a tree may have something to rewrite, or to warn of.
#[derive(Clone, Debug)]
pub enum Rewritable {
    Everywhere,
    /// Where such nodes begin, in order.
    At(Vec<TextSize>),
}

impl Rewritable {
    pub(crate) fn is_nowhere(&self) -> bool {
        matches!(self, Rewritable::At(places) if places.is_empty())
    }

    /// Whether there may be something from `start` on, before `end`.
    fn is_between(&self, start: TextSize, end: TextSize) -> bool {
        let Rewritable::At(places) = self else { return true };
        let next = places.partition_point(|&place| place < start);
        places.get(next).is_some_and(|&place| place < end)
    }
}

/// Rewrites the tree as CPython does before the symbol table: `__debug__` becomes a
/// constant, `'...' % (...)` an f-string, docstrings go with `optimize` = 2. Returns the
/// warnings of PEP 765 (`return` in a `finally` block).
///
/// Interactive statements have no docstring.
///
/// Without `optimize` the tree stays as it is; only the warnings are found.
///
/// Nodes made here that stand nowhere in the source have [`crate::source::no_range`].
pub fn preprocess(
    module: &mut Mod,
    source: &SourceFile,
    future: FutureFlags,
    optimize: Option<u8>,
    mode: Mode,
) -> Vec<Warning> {
    preprocess_where(&Rewritable::Everywhere, module, source, future, optimize, mode)
}

/// [`preprocess`], which looks only where there may be something to do. Docstrings go from
/// everywhere, or not at all.
pub(crate) fn preprocess_where(
    rewritable: &Rewritable,
    module: &mut Mod,
    source: &SourceFile,
    future: FutureFlags,
    optimize: Option<u8>,
    mode: Mode,
) -> Vec<Warning> {
    rewrite::Rewriter::new(rewritable, source, future, optimize).module(module, mode)
}

/// The docstring that a body begins with (CPython's `_PyAST_GetDocString`).
pub fn docstring(body: &[Stmt]) -> Option<&ExprStringLiteral> {
    match body.first()? {
        Stmt::Expr(first) => first.value.as_string_literal_expr(),
        _ => None,
    }
}
