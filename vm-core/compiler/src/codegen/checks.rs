//! Warnings about expressions that are certain to fail, or not to mean what they say.

use ruff_python_ast::{CmpOp, Expr, ExprCompare, Number};

use tailscope_bytecode::code::Const;

use super::Codegen;
use super::constant::is_constant;
use crate::instr::Loc;
use crate::source::SourceFile;

/// Name of the type of an expression's value, where the expression alone tells it.
fn type_name(e: &Expr, source: &SourceFile) -> Option<&'static str> {
    let name = match e {
        Expr::Tuple(_) => "tuple",
        Expr::List(_) | Expr::ListComp(_) => "list",
        Expr::Dict(_) | Expr::DictComp(_) => "dict",
        Expr::Set(_) | Expr::SetComp(_) => "set",
        Expr::Generator(_) => "generator",
        Expr::Lambda(_) => "function",
        Expr::TString(_) => "string.templatelib.Template",
        Expr::FString(_) | Expr::StringLiteral(_) => "str",
        Expr::BytesLiteral(_) => "bytes",
        Expr::NumberLiteral(e) => match e.value {
            Number::Int(_) => "int",
            Number::Float(_) => "float",
            Number::Complex { .. } => "complex",
        },
        Expr::BooleanLiteral(_) => "bool",
        Expr::NoneLiteral(_) => "NoneType",
        Expr::EllipsisLiteral(_) => "ellipsis",
        Expr::IpyEscapeCommand(e) => match source.constant(e.range)? {
            Const::Tuple(_) => "tuple",
            _ => "frozenset",
        },
        _ => return None,
    };
    Some(name)
}

/// Whether an expression has a sensible identity: named singletons have, other constants
/// have not.
fn has_identity(e: &Expr) -> bool {
    match e {
        Expr::Tuple(tuple) => !tuple.elts.iter().all(is_constant),
        Expr::NoneLiteral(_) | Expr::BooleanLiteral(_) | Expr::EllipsisLiteral(_) => true,
        _ => !is_constant(e),
    }
}

impl Codegen<'_> {
    /// Warns of `is` with a constant.
    pub(super) fn check_compare(&mut self, loc: Loc, e: &ExprCompare) {
        let mut left = &*e.left;
        for (op, right) in e.ops.iter().zip(&e.comparators) {
            let literal = [left, right]
                .into_iter()
                .find(|operand| !has_identity(operand));
            if let (CmpOp::Is | CmpOp::IsNot, Some(literal)) = (op, literal) {
                let name = type_name(literal, self.source).unwrap_or("object");
                let (is, equals) = match op {
                    CmpOp::Is => ("is", "=="),
                    _ => ("is not", "!="),
                };
                let msg = format!("\"{is}\" with '{name}' literal. Did you mean \"{equals}\"?");
                self.warn(loc, msg);
                return;
            }
            left = right;
        }
    }

    /// Warns of calling what cannot be called.
    pub(super) fn check_caller(&mut self, e: &Expr) {
        if matches!(e, Expr::Lambda(_)) {
            return;
        }
        if let Some(name) = type_name(e, self.source) {
            let msg = format!("'{name}' object is not callable; perhaps you missed a comma?");
            let loc = self.loc(e);
            self.warn(loc, msg);
        }
    }

    /// Warns of subscripting what has no items.
    pub(super) fn check_subscripter(&mut self, e: &Expr) {
        let has_no_items = matches!(
            e,
            Expr::NoneLiteral(_)
                | Expr::EllipsisLiteral(_)
                | Expr::NumberLiteral(_)
                | Expr::BooleanLiteral(_)
                | Expr::Set(_)
                | Expr::SetComp(_)
                | Expr::Generator(_)
                | Expr::TString(_)
                | Expr::Lambda(_)
        ) || matches!(self.constant(e), Some(Const::FrozenSet(_)));
        if let Some(name) = type_name(e, self.source).filter(|_| has_no_items) {
            let msg = format!("'{name}' object is not subscriptable; perhaps you missed a comma?");
            let loc = self.loc(e);
            self.warn(loc, msg);
        }
    }

    /// Warns of indexing a sequence with what is no index.
    pub(super) fn check_index(&mut self, e: &Expr, index: &Expr) {
        let Some(index_type) = type_name(index, self.source).filter(|name| !matches!(*name, "int" | "bool"))
        else {
            return;
        };
        let is_sequence = matches!(
            e,
            Expr::StringLiteral(_)
                | Expr::BytesLiteral(_)
                | Expr::Tuple(_)
                | Expr::List(_)
                | Expr::ListComp(_)
                | Expr::FString(_)
        ) || matches!(self.constant(e), Some(Const::Tuple(_)));
        if let Some(name) = type_name(e, self.source).filter(|_| is_sequence) {
            let msg = format!(
                "{name} indices must be integers or slices, not {index_type}; \
                 perhaps you missed a comma?"
            );
            let loc = self.loc(e);
            self.warn(loc, msg);
        }
    }
}
