//! Operators on ints, bools included.

use num_bigint::{BigInt, BigUint, Sign};
use num_integer::Integer;
use num_traits::{Signed, ToPrimitive, Zero};
use tailscope_bytecode::code::Const;

use super::{Operator, floats};

/// Products, powers and left shifts of more bits than this are left to run time.
const MAX_BITS: u64 = 128;

pub(super) fn binary(op: Operator, a: &BigInt, b: &BigInt) -> Option<Const> {
    let value = match op {
        Operator::Add => a + b,
        Operator::Subtract => a - b,
        Operator::Multiply => {
            if !a.is_zero() && !b.is_zero() && a.bits() + b.bits() > MAX_BITS {
                return None;
            }
            a * b
        }
        Operator::TrueDivide => return true_divide(a, b).map(Const::Float),
        Operator::FloorDivide if !b.is_zero() => a.div_floor(b),
        Operator::Remainder if !b.is_zero() => a.mod_floor(b),
        Operator::Power if b.is_negative() => {
            return floats::binary(op, to_float(a)?, to_float(b)?);
        }
        Operator::Power => power(a, b)?,
        Operator::LeftShift => left_shift(a, b)?,
        Operator::RightShift if b.is_negative() => return None,
        Operator::RightShift => match b.to_usize() {
            Some(count) => a >> count,
            None => BigInt::from(if a.is_negative() { -1 } else { 0 }),
        },
        Operator::And => a & b,
        Operator::Or => a | b,
        Operator::Xor => a ^ b,
        Operator::FloorDivide | Operator::Remainder | Operator::Subscript => return None,
    };
    Some(Const::Int(value))
}

/// `float(a)`, rounded to nearest; `None` if it is too large.
pub(super) fn to_float(a: &BigInt) -> Option<f64> {
    a.to_f64().filter(|x| x.is_finite())
}

/// `a ** b` for `b` not negative.
fn power(a: &BigInt, b: &BigInt) -> Option<BigInt> {
    if b.is_zero() {
        return Some(BigInt::from(1));
    }
    if a.is_zero() {
        return Some(BigInt::ZERO);
    }
    let exponent = b.to_u64()?;
    if a.bits() > MAX_BITS / exponent {
        return None;
    }
    Some(a.pow(u32::try_from(exponent).ok()?))
}

fn left_shift(a: &BigInt, b: &BigInt) -> Option<BigInt> {
    if b.is_negative() {
        return None;
    }
    if a.is_zero() || b.is_zero() {
        return Some(a.clone());
    }
    let count = b.to_u64().filter(|&count| count <= MAX_BITS)?;
    (a.bits() <= MAX_BITS - count).then(|| a << count)
}

/// `a / b`, correctly rounded; `None` for a zero divisor and on overflow.
fn true_divide(a: &BigInt, b: &BigInt) -> Option<f64> {
    if b.is_zero() {
        return None;
    }
    let negative = (a.sign() == Sign::Minus) != (b.sign() == Sign::Minus);
    let magnitude = divide_magnitudes(a.magnitude(), b.magnitude())?;
    Some(if negative { -magnitude } else { magnitude })
}

/// Digits of a double's significand, and the exponents of the least normal double and of
/// the first power of two that is too large, all as C's `DBL_MANT_DIG` and so on.
const MANT_DIG: i64 = 53;
const MIN_EXP: i64 = -1021;
const MAX_EXP: i64 = 1024;

fn divide_magnitudes(a: &BigUint, b: &BigUint) -> Option<f64> {
    if a.is_zero() {
        return Some(0.0);
    }
    if let (true, Some(a), Some(b)) = (a.bits() <= 53 && b.bits() <= 53, a.to_f64(), b.to_f64()) {
        return Some(a / b);
    }
    let scale = a.bits() as i64 - b.bits() as i64;
    if scale > MAX_EXP {
        return None;
    }
    if scale < MIN_EXP - MANT_DIG - 1 {
        return Some(0.0);
    }
    // The quotient with two or three bits more than a double has (where it is subnormal:
    // than it will keep), the lowest of which also says whether anything was cut off.
    let shift = scale.max(MIN_EXP) - MANT_DIG - 2;
    let (dividend, divisor) = match shift {
        ..=0 => (a << shift.unsigned_abs(), b.clone()),
        _ => (a.clone(), b << shift.unsigned_abs()),
    };
    let (quotient, rest) = dividend.div_rem(&divisor);
    let mut x = quotient.to_u64()?;
    let x_bits = 64 - i64::from(x.leading_zeros());
    x |= u64::from(!rest.is_zero());
    // Round half to even.
    let extra_bits = x_bits.max(MIN_EXP - shift) - MANT_DIG;
    let half = 1u64 << (extra_bits - 1);
    if x & half != 0 && x & (3 * half - 1) != 0 {
        x += half;
    }
    x &= !(2 * half - 1);
    let value = scaled(x as f64, shift);
    value.is_finite().then_some(value)
}

/// `x * 2**exponent`, exact if the result is a double.
fn scaled(x: f64, exponent: i64) -> f64 {
    let power_of_two = |e: i64| f64::from_bits(((e + 1023) as u64) << 52);
    let half = exponent / 2;
    x * power_of_two(half) * power_of_two(exponent - half)
}
