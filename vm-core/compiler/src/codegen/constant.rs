//! Constants of the syntax tree as constants of code objects.

use ruff_python_ast::Expr;
use tailscope_bytecode::code::Const;

use super::Codegen;
use crate::preprocess::literal;

/// Whether CPython's tree has a Constant here.
pub(super) fn is_constant(e: &Expr) -> bool {
    matches!(
        e,
        Expr::StringLiteral(_)
            | Expr::BytesLiteral(_)
            | Expr::NumberLiteral(_)
            | Expr::BooleanLiteral(_)
            | Expr::NoneLiteral(_)
            | Expr::EllipsisLiteral(_)
    )
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
            _ => return None,
        };
        Some(value)
    }
}
