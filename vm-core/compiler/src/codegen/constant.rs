//! Constants of the syntax tree as constants of code objects.

use ruff_python_ast::Expr;
use tailscope_bytecode::code::Const;

use super::{Codegen, Result};
use crate::error::{CompileError, ErrorKind};
use crate::preprocess::literal;

/// Whether CPython's tree has a Constant here. An escape of IPython stands for one that no literal
/// can say.
pub(super) fn is_constant(e: &Expr) -> bool {
    matches!(
        e,
        Expr::StringLiteral(_)
            | Expr::BytesLiteral(_)
            | Expr::NumberLiteral(_)
            | Expr::BooleanLiteral(_)
            | Expr::NoneLiteral(_)
            | Expr::EllipsisLiteral(_)
            | Expr::IpyEscapeCommand(_)
    )
}

/// The error of an assignment to what no parser lets stand there: only trees that were made by
/// hand have it, and only these kinds of nodes get so far.
pub(super) fn no_target<T>(target: &Expr, assignment: &str) -> Result<T> {
    let number = match target {
        Expr::Starred(_) => 25,
        Expr::List(_) => 27,
        _ => 28,
    };
    let msg = format!("invalid node type ({number}) for {assignment} assignment");
    Err(Box::new(CompileError { kind: ErrorKind::System, ..CompileError::without_location(msg) }))
}

impl Codegen<'_> {
    /// The value of a constant expression.
    pub(super) fn constant(&self, e: &Expr) -> Option<Const> {
        let value = match e {
            Expr::StringLiteral(e) => Const::Str(literal::string_value(&e.value, self.source)),
            Expr::BytesLiteral(e) => Const::Bytes(e.value.bytes().collect()),
            Expr::NumberLiteral(e) => literal::number_value(&e.value),
            Expr::BooleanLiteral(e) if e.value => Const::True,
            Expr::BooleanLiteral(_) => Const::False,
            Expr::NoneLiteral(_) => Const::None,
            Expr::EllipsisLiteral(_) => Const::Ellipsis,
            Expr::IpyEscapeCommand(e) => self.source.constant(e.range)?.clone(),
            _ => return None,
        };
        Some(value)
    }
}
