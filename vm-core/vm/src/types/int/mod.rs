//! `int`: 63-bit ints live in the value; larger ones are boxed big integers.
//!
//! Invariant: an exact int that fits 63 bits is never boxed. Instances of subclasses (and the
//! two bools) are boxed whatever their size.

use std::cmp::Ordering;

use num_bigint::BigInt;
use num_traits::{Signed, ToPrimitive, Zero};

use crate::error::PyResult;
use crate::object::{self, Header, Payload};
use crate::shape;
use crate::types::type_::TypeRef;
use crate::value::{Ref, Value};
use crate::vm::Vm;

mod arith;
mod methods;
mod parse;
pub use arith::{binary_small, floor_div, floor_mod, pow, true_divide};
pub use methods::{DEF, to_int};
pub use parse::{MAX_STR_DIGITS, check_digits, parse_literal, to_decimal};

/// Payload of a boxed int.
#[repr(C)]
pub struct PyInt {
    header: Header,
    value: BigInt,
}

// SAFETY: repr(C), header first.
unsafe impl Payload for PyInt {
    const SHAPE: u32 = shape::INT;
}

impl PyInt {
    pub fn value(&self) -> &BigInt {
        &self.value
    }
}

/// The numeric value of an int, borrowed from where it is.
pub enum Int<'a> {
    Small(i64),
    Big(&'a BigInt),
}

impl Int<'_> {
    pub fn to_big(&self) -> BigInt {
        match self {
            Int::Small(i) => BigInt::from(*i),
            Int::Big(b) => (*b).clone(),
        }
    }

    pub fn is_zero(&self) -> bool {
        match self {
            Int::Small(i) => *i == 0,
            Int::Big(b) => b.is_zero(),
        }
    }

    pub fn is_negative(&self) -> bool {
        match self {
            Int::Small(i) => *i < 0,
            Int::Big(b) => b.is_negative(),
        }
    }

    // Ints of two forms compare by value; `Ord` would ask for equality to agree.
    #[allow(clippy::should_implement_trait)]
    pub fn cmp(&self, other: &Int) -> Ordering {
        match (self, other) {
            (Int::Small(a), Int::Small(b)) => a.cmp(b),
            (a, b) => a.to_big().cmp(&b.to_big()),
        }
    }

    pub fn to_i64(&self) -> Option<i64> {
        match self {
            Int::Small(i) => Some(*i),
            Int::Big(b) => b.to_i64(),
        }
    }
}

/// The value of an int, a bool or an instance of a subclass; `None` for anything else.
#[inline]
pub fn value_of<'a>(v: Value) -> Option<Int<'a>> {
    if let Some(i) = v.as_small_int() {
        return Some(Int::Small(i));
    }
    let b = v.cast::<PyInt>()?;
    Some(match b.value.to_i64() {
        Some(i) if b.value.bits() < 63 => Int::Small(i),
        _ => Int::Big(&b.value),
    })
}

/// An int object.
#[inline]
pub fn from_i64(i: i64) -> Ref {
    match Value::try_small_int(i) {
        Some(v) => v.to_ref(),
        None => object::new(PyInt { header: object::header(), value: BigInt::from(i) }),
    }
}

pub fn from_u64(i: u64) -> Ref {
    from_big(BigInt::from(i))
}

/// An int object of any size.
pub fn from_big(b: BigInt) -> Ref {
    match b.to_i64().and_then(Value::try_small_int) {
        Some(v) => v.to_ref(),
        None => object::new(PyInt { header: object::header(), value: b }),
    }
}

/// An instance of a subclass of int.
pub fn new_subclass(ty: TypeRef, value: BigInt) -> Ref {
    object::new_instance(ty, PyInt { header: object::header(), value })
}

/// A bool's payload.
pub(crate) fn payload(i: i64) -> PyInt {
    PyInt { header: object::header(), value: BigInt::from(i) }
}

/// The exact int with the same value (ints of subclasses and bools are converted).
pub fn exact(v: Value) -> Ref {
    match value_of(v) {
        Some(Int::Small(i)) => from_i64(i),
        Some(Int::Big(b)) if v.has_shape(shape::INT) => {
            let _ = b;
            v.to_ref()
        }
        Some(Int::Big(b)) => from_big(b.clone()),
        None => v.to_ref(),
    }
}

/// The value of an int object as i64, if it fits.
pub fn to_i64(v: Value) -> Option<i64> {
    value_of(v)?.to_i64()
}

/// The value of an int object, clipped to i64.
pub fn to_i64_clipped(v: Value) -> i64 {
    match value_of(v) {
        Some(Int::Small(i)) => i,
        Some(Int::Big(b)) => b.to_i64().unwrap_or(if b.is_negative() { i64::MIN } else { i64::MAX }),
        None => 0,
    }
}

const HASH_MODULUS: i64 = (1 << 61) - 1;

/// CPython's hash of an int: modulo 2^61 - 1, sign kept, never -1.
pub fn hash_i64(i: i64) -> i64 {
    let h = (i.unsigned_abs() % HASH_MODULUS as u64) as i64;
    let h = if i < 0 { -h } else { h };
    if h == -1 { -2 } else { h }
}

pub fn hash_big(b: &BigInt) -> i64 {
    let h = (b.magnitude() % HASH_MODULUS as u64).to_i64().unwrap_or(0);
    let h = if b.is_negative() { -h } else { h };
    if h == -1 { -2 } else { h }
}

pub fn hash(v: &Int) -> i64 {
    match v {
        Int::Small(i) => hash_i64(*i),
        Int::Big(b) => hash_big(b),
    }
}

/// What a Python-level `__hash__` returned, as a hash.
pub fn hash_of_result(_: &Vm, v: Value) -> PyResult<i64> {
    let h = match value_of(v) {
        Some(Int::Small(i)) => i,
        Some(Int::Big(b)) => b.to_i64().unwrap_or_else(|| hash_big(b)),
        None => 0,
    };
    Ok(if h == -1 { -2 } else { h })
}

/// Mantissa in [0.5, 1), rounded to even, and exponent of an int that is not zero.
pub fn frexp(b: &BigInt) -> (f64, i64) {
    let bits = b.bits() as i64;
    let shift = (bits - 64).max(0);
    // The 64 highest bits, the last one standing for all that is below.
    let high: BigInt = b.magnitude().clone().into();
    let mut m = (&high >> shift as u64).to_u64().unwrap_or(u64::MAX);
    if shift > 0 && high.trailing_zeros().is_some_and(|z| (z as i64) < shift) {
        m |= 1;
    }
    let (f, e) = crate::types::float::frexp(m as f64);
    (if b.is_negative() { -f } else { f }, e as i64 + shift)
}

/// An int as f64, rounded to even; `None` when it is too large.
pub fn to_f64(v: &Int) -> Option<f64> {
    match v {
        Int::Small(i) => Some(*i as f64),
        Int::Big(b) => b.to_f64().filter(|f| f.is_finite()),
    }
}
