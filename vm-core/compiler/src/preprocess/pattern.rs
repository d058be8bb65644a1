//! Numbers in patterns, which CPython folds before it compiles them.

use ruff_python_ast::{Expr, Operator, UnaryOp};
use tailscope_bytecode::code::Const;

use super::literal::number_value;

/// The number that a value pattern or a mapping pattern's key folds to, when it is a
/// negative number or a complex literal (`-1`, `1+2j`). Its position is that of `expr`.
pub fn pattern_constant(expr: &Expr) -> Option<Const> {
    match expr {
        Expr::UnaryOp(e) if e.op == UnaryOp::USub => number(&e.operand).map(negative),
        Expr::BinOp(e) if matches!(e.op, Operator::Add | Operator::Sub) => {
            let left = number(&e.left).or_else(|| pattern_constant(&e.left))?;
            combine(left, number(&e.right)?, e.op == Operator::Sub)
        }
        _ => None,
    }
}

fn number(expr: &Expr) -> Option<Const> {
    expr.as_number_literal_expr()
        .map(|e| number_value(&e.value))
}

fn negative(value: Const) -> Const {
    match value {
        Const::Int(n) => Const::Int(-n),
        Const::Float(x) => Const::Float(-x),
        Const::Complex(re, im) => Const::Complex(-re, -im),
        other => other,
    }
}

/// A real number plus or minus an imaginary one, the only sum that patterns allow. In
/// CPython 3.14 a real operand of a complex sum leaves the imaginary part's sign alone.
fn combine(left: Const, right: Const, subtract: bool) -> Option<Const> {
    let real = match left {
        Const::Int(n) => int_to_float(&n)?,
        Const::Float(x) => x,
        _ => return None,
    };
    let Const::Complex(re, im) = right else {
        return None;
    };
    Some(if subtract {
        Const::Complex(real - re, -im)
    } else {
        Const::Complex(real + re, im)
    })
}

/// Rounded to even; none where CPython raises OverflowError and folds nothing.
fn int_to_float(n: &num_bigint::BigInt) -> Option<f64> {
    n.to_string().parse::<f64>().ok().filter(|x| x.is_finite())
}
