//! Operators on constants, as Python evaluates them.
//!
//! `None` stands for "not at compile time": the operation raises, or its result would be
//! larger than CPython lets constants grow.

mod complexes;
mod floats;
mod ints;
mod sequences;

use std::borrow::Cow;

use num_bigint::BigInt;
use num_traits::{FromPrimitive, Zero};
use tailscope_bytecode::code::Const;

/// A binary operator; the numbers are BINARY_OP's opargs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Add = 0,
    And = 1,
    FloorDivide = 2,
    LeftShift = 3,
    Multiply = 5,
    Remainder = 6,
    Or = 7,
    Power = 8,
    RightShift = 9,
    Subtract = 10,
    TrueDivide = 11,
    Xor = 12,
    Subscript = 26,
}

impl Operator {
    const ALL: [Operator; 13] = {
        use Operator::*;
        [
            Add,
            And,
            FloorDivide,
            LeftShift,
            Multiply,
            Remainder,
            Or,
            Power,
            RightShift,
            Subtract,
            TrueDivide,
            Xor,
            Subscript,
        ]
    };

    /// `None` for matrix multiplication, which no constant has, and in-place operators,
    /// which never act on constants.
    fn from_oparg(oparg: u32) -> Option<Operator> {
        Operator::ALL.into_iter().find(|&op| op as u32 == oparg)
    }
}

/// A number, bools included.
enum Number<'a> {
    Int(Cow<'a, BigInt>),
    Float(f64),
    Complex(f64, f64),
}

impl Number<'_> {
    fn of(value: &Const) -> Option<Number<'_>> {
        Some(match value {
            Const::False => Number::Int(Cow::Owned(BigInt::from(0))),
            Const::True => Number::Int(Cow::Owned(BigInt::from(1))),
            Const::Int(int) => Number::Int(Cow::Borrowed(int)),
            Const::Float(x) => Number::Float(*x),
            Const::Complex(re, im) => Number::Complex(*re, *im),
            _ => return None,
        })
    }

    /// The value as a float; `None` for complex numbers and for ints too large.
    fn real(&self) -> Option<f64> {
        match self {
            Number::Int(int) => ints::to_float(int),
            Number::Float(x) => Some(*x),
            Number::Complex(..) => None,
        }
    }
}

/// `left op right`, the operator given as BINARY_OP's oparg.
pub(crate) fn binary(oparg: u32, left: &Const, right: &Const) -> Option<Const> {
    let op = Operator::from_oparg(oparg)?;
    if op == Operator::Subscript {
        return sequences::subscript(left, right);
    }
    if let (Some(a), Some(b)) = (Number::of(left), Number::of(right)) {
        let value = arithmetic(op, &a, &b)?;
        let bools = is_bool(left) && is_bool(right);
        return Some(match (op, value) {
            (Operator::And | Operator::Or | Operator::Xor, Const::Int(bit)) if bools => {
                bool_const(!bit.is_zero())
            }
            (_, value) => value,
        });
    }
    match op {
        Operator::Add => sequences::concat(left, right),
        Operator::Multiply => sequences::repeat(left, right),
        _ => None,
    }
}

fn arithmetic(op: Operator, a: &Number, b: &Number) -> Option<Const> {
    match (a, b) {
        (Number::Int(a), Number::Int(b)) => ints::binary(op, a, b),
        (Number::Complex(..), _) | (_, Number::Complex(..)) => complexes::binary(op, a, b),
        _ => floats::binary(op, a.real()?, b.real()?),
    }
}

/// `-value`.
pub(crate) fn negative(value: &Const) -> Option<Const> {
    Some(match Number::of(value)? {
        Number::Int(int) => Const::Int(-int.into_owned()),
        Number::Float(x) => Const::Float(-x),
        Number::Complex(re, im) => Const::Complex(-re, -im),
    })
}

/// `+value`.
pub(crate) fn positive(value: &Const) -> Option<Const> {
    Some(match Number::of(value)? {
        Number::Int(int) => Const::Int(int.into_owned()),
        Number::Float(x) => Const::Float(x),
        Number::Complex(re, im) => Const::Complex(re, im),
    })
}

/// `~value`; of a bool it is deprecated, and left to run time.
pub(crate) fn invert(value: &Const) -> Option<Const> {
    match value {
        Const::Int(int) => Some(Const::Int(!int.clone())),
        _ => None,
    }
}

/// `bool(value)`.
pub(crate) fn is_true(value: &Const) -> bool {
    match value {
        Const::None | Const::False => false,
        Const::True | Const::Ellipsis | Const::Slice(_) | Const::Code(_) => true,
        Const::Int(int) => !int.is_zero(),
        Const::Float(x) => *x != 0.0,
        Const::Complex(re, im) => *re != 0.0 || *im != 0.0,
        Const::Str(text) => !text.0.is_empty(),
        Const::Bytes(bytes) => !bytes.is_empty(),
        Const::Tuple(items) | Const::FrozenSet(items) => !items.is_empty(),
    }
}

/// `frozenset(items)`: of items that are equal the first stays.
pub(crate) fn frozenset(items: Vec<Const>) -> Const {
    let mut distinct: Vec<Const> = Vec::with_capacity(items.len());
    for item in items {
        if !distinct.iter().any(|known| equal(known, &item)) {
            distinct.push(item);
        }
    }
    Const::FrozenSet(distinct.into())
}

/// `a == b` in Python: numbers compare across types.
fn equal(a: &Const, b: &Const) -> bool {
    match (a, b) {
        (Const::Tuple(a), Const::Tuple(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| equal(a, b))
        }
        (Const::Slice(a), Const::Slice(b)) => a.iter().zip(b.iter()).all(|(a, b)| equal(a, b)),
        (Const::FrozenSet(a), Const::FrozenSet(b)) => {
            a.len() == b.len() && a.iter().all(|a| b.iter().any(|b| equal(a, b)))
        }
        _ => match (Number::of(a), Number::of(b)) {
            (Some(a), Some(b)) => numbers_equal(&a, &b),
            (None, None) => a == b,
            _ => false,
        },
    }
}

fn numbers_equal(a: &Number, b: &Number) -> bool {
    use Number::*;
    match (a, b) {
        (Int(a), Int(b)) => a == b,
        (Float(a), Float(b)) => a == b,
        (Int(int), Float(x)) | (Float(x), Int(int)) => {
            x.fract() == 0.0 && BigInt::from_f64(*x).as_ref() == Some(int)
        }
        (Complex(a, b), Complex(c, d)) => a == c && b == d,
        (Complex(re, im), real) | (real, Complex(re, im)) => {
            *im == 0.0 && numbers_equal(&Float(*re), real)
        }
    }
}

fn is_bool(value: &Const) -> bool {
    matches!(value, Const::True | Const::False)
}

/// The constant True or False.
pub(crate) fn bool_const(value: bool) -> Const {
    if value { Const::True } else { Const::False }
}
