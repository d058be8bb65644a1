//! What happens to the syntax tree between parsing and the symbol table.
//!
//! Ruff's tree is made to say what CPython's says: positions (in [`crate::parse`], which
//! calls `positions` here), future statements, then the rewriting of
//! `Python/ast_preprocess.c`. What ruff's nodes cannot hold is answered by queries that
//! code generation calls: [`literal`] for string values (lone surrogates), [`joined`] for
//! the parts of f-strings and t-strings, [`pattern_constant`] for numbers in patterns.

pub mod joined;
pub mod literal;

use ruff_python_ast::{Expr, ExprStringLiteral, Mod, Stmt};
use tailscope_bytecode::code::Const;

use crate::error::{CompileError, Warning};
use crate::instr::Loc;
use crate::source::SourceFile;

/// The module's `from __future__` statements.
#[derive(Clone, Copy, Debug)]
pub struct FutureFlags {
    /// `CO_FUTURE_*` bits, those inherited by the caller of `compile` included.
    pub features: u32,
    /// Position of the last future statement; [`Loc::NONE`] without one.
    pub loc: Loc,
    /// `await` is allowed at module level (`PyCF_ALLOW_TOP_LEVEL_AWAIT`).
    pub top_level_await: bool,
}

impl FutureFlags {
    /// Whether `from __future__ import annotations` is in force.
    pub fn annotations(self) -> bool {
        self.features & tailscope_bytecode::code::flags::FUTURE_ANNOTATIONS != 0
    }

    /// Reads the future statements at the beginning of a module.
    ///
    /// # Errors
    ///
    /// Features that do not exist.
    pub fn of(_module: &Mod, _source: &SourceFile) -> Result<FutureFlags, CompileError> {
        todo!()
    }
}

/// Rewrites the tree as CPython does before the symbol table: `__debug__` becomes a
/// constant, `'...' % (...)` an f-string, docstrings go with `optimize` = 2.
///
/// Nodes made here that stand nowhere in the source have [`crate::source::no_range`].
pub fn preprocess(
    _module: &mut Mod,
    _source: &SourceFile,
    _future: FutureFlags,
    _optimize: u8,
) -> Vec<Warning> {
    todo!()
}

/// The docstring that a body begins with (CPython's `_PyAST_GetDocString`).
pub fn docstring(body: &[Stmt]) -> Option<&ExprStringLiteral> {
    match body.first()? {
        Stmt::Expr(first) => first.value.as_string_literal_expr(),
        _ => None,
    }
}

/// The number that a value pattern or a mapping pattern's key folds to, when it is a
/// negative number or a complex literal (`-1`, `1+2j`). Its position is that of `expr`.
pub fn pattern_constant(_expr: &Expr) -> Option<Const> {
    todo!()
}
