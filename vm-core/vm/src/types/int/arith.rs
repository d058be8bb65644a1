//! Arithmetic of ints.

use num_bigint::{BigInt, Sign};
use num_integer::Integer;
use num_traits::{Signed, ToPrimitive, Zero};

use super::{Int, from_big, from_i64, to_f64, value_of};
use crate::error::PyResult;
use crate::protocol::number::BinaryOp;
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// Quotient rounded down.
pub fn floor_div(a: i64, b: i64) -> i64 {
    let q = a.wrapping_div(b);
    if a % b != 0 && (a < 0) != (b < 0) { q - 1 } else { q }
}

/// Remainder with the sign of the divisor.
pub fn floor_mod(a: i64, b: i64) -> i64 {
    let r = a.wrapping_rem(b);
    if r != 0 && (r < 0) != (b < 0) { r + b } else { r }
}

/// A binary operation on small ints, where the result surely is an int that fits 64 bits.
pub fn binary_small(a: i64, b: i64, op: BinaryOp) -> Option<i64> {
    match op {
        BinaryOp::Add => a.checked_add(b),
        BinaryOp::Subtract => a.checked_sub(b),
        BinaryOp::Multiply => a.checked_mul(b),
        BinaryOp::FloorDivide if b != 0 => Some(floor_div(a, b)),
        BinaryOp::Remainder if b != 0 => Some(floor_mod(a, b)),
        BinaryOp::And => Some(a & b),
        BinaryOp::Or => Some(a | b),
        BinaryOp::Xor => Some(a ^ b),
        BinaryOp::Lshift if (0..62).contains(&b) => {
            let r = a << b;
            (r >> b == a).then_some(r)
        }
        BinaryOp::Rshift if b >= 0 => Some(a >> b.min(63)),
        _ => None,
    }
}

/// The slots of int: `None` of an operand means NotImplemented.
pub(super) fn binary(vm: &Vm, a: Value, b: Value, op: BinaryOp) -> PyResult {
    let (Some(x), Some(y)) = (value_of(a), value_of(b)) else {
        return Ok(vm.not_implemented().to_ref());
    };
    if let (Int::Small(x), Int::Small(y)) = (&x, &y)
        && let Some(r) = binary_small(*x, *y, op)
    {
        return Ok(from_i64(r));
    }
    match op {
        BinaryOp::TrueDivide => true_divide(vm, &x, &y),
        BinaryOp::Power => pow(vm, &x, &y),
        BinaryOp::Lshift => lshift(vm, &x, &y),
        BinaryOp::Rshift => rshift(vm, &x, &y),
        BinaryOp::FloorDivide | BinaryOp::Remainder | BinaryOp::Divmod => divide(vm, &x, &y, op),
        _ => {
            let (x, y) = (x.to_big(), y.to_big());
            Ok(from_big(match op {
                BinaryOp::Add => x + y,
                BinaryOp::Subtract => x - y,
                BinaryOp::Multiply => x * y,
                BinaryOp::And => x & y,
                BinaryOp::Or => x | y,
                BinaryOp::Xor => x ^ y,
                _ => return Ok(vm.not_implemented().to_ref()),
            }))
        }
    }
}

fn divide(vm: &Vm, x: &Int, y: &Int, op: BinaryOp) -> PyResult {
    if y.is_zero() {
        return Err(vm.zero_division_error("division by zero"));
    }
    let (q, r) = match (x, y) {
        // Only the quotient of the smallest number and -1 does not fit; 63 bits exclude it.
        (Int::Small(x), Int::Small(y)) => (from_i64(floor_div(*x, *y)), from_i64(floor_mod(*x, *y))),
        _ => {
            let (q, r) = x.to_big().div_mod_floor(&y.to_big());
            (from_big(q), from_big(r))
        }
    };
    Ok(match op {
        BinaryOp::FloorDivide => q,
        BinaryOp::Remainder => r,
        _ => crate::types::tuple::PyTuple::from_vec(vm, vec![q, r]),
    })
}

fn lshift(vm: &Vm, x: &Int, y: &Int) -> PyResult {
    if y.is_negative() {
        return Err(vm.value_error("negative shift count"));
    }
    if x.is_zero() {
        return Ok(from_i64(0));
    }
    match y.to_i64() {
        // More bits than memory could hold.
        Some(n) if n < 1 << 40 => Ok(from_big(x.to_big() << n as u64)),
        _ => Err(vm.overflow_error("too many digits in integer")),
    }
}

fn rshift(vm: &Vm, x: &Int, y: &Int) -> PyResult {
    if y.is_negative() {
        return Err(vm.value_error("negative shift count"));
    }
    match y.to_i64() {
        Some(n) => Ok(from_big(x.to_big() >> n as u64)),
        None => Ok(from_i64(if x.is_negative() { -1 } else { 0 })),
    }
}

/// `x / y`, correctly rounded.
pub fn true_divide(vm: &Vm, x: &Int, y: &Int) -> PyResult {
    if y.is_zero() {
        return Err(vm.zero_division_error("division by zero"));
    }
    const EXACT: i64 = 1 << 53;
    if let (Int::Small(a), Int::Small(b)) = (x, y)
        && a.abs() <= EXACT
        && b.abs() <= EXACT
    {
        return Ok(vm.new_float(*a as f64 / *b as f64));
    }
    match divide_rounded(&x.to_big(), &y.to_big()) {
        Some(f) => Ok(vm.new_float(f)),
        None => Err(vm.overflow_error("integer division result too large for a float")),
    }
}

/// The quotient of big integers rounded to the nearest float, ties to even.
fn divide_rounded(x: &BigInt, y: &BigInt) -> Option<f64> {
    if x.is_zero() {
        return Some(if y.is_negative() { -0.0 } else { 0.0 });
    }
    let negative = x.is_negative() != y.is_negative();
    let (a, b) = (x.magnitude(), y.magnitude());
    // Scale such that the integer quotient has at least 55 bits, but no bits below what a
    // subnormal result can hold.
    let shift = (a.bits() as i64 - b.bits() as i64 - 55).max(-1074 - 2);
    let (q, r) = if shift <= 0 {
        (a << (-shift) as u64).div_rem(b)
    } else {
        a.div_rem(&(b << shift as u64))
    };
    // A sticky bit stands for what the division left over.
    let q = (q << 1u32) | num_bigint::BigUint::from(!r.is_zero() as u8);
    let shift = shift - 1;
    let extra = (q.bits() as i64 - 53).max(-1074 - shift).max(0) as u64;
    let mut m = (&q >> extra).to_u64()?;
    if extra > 0 {
        let rest = &q - ((&q >> extra) << extra);
        let half = num_bigint::BigUint::from(1u8) << (extra - 1);
        if rest > half || (rest == half && m & 1 == 1) {
            m += 1;
        }
    }
    let e = shift + extra as i64;
    let f = scale(m as f64, e);
    if f.is_infinite() { None } else { Some(if negative { -f } else { f }) }
}

/// `m * 2^e` for a result that is exact (or overflows).
fn scale(m: f64, e: i64) -> f64 {
    let mut f = m;
    let mut e = e;
    while e > 1000 {
        f *= 2f64.powi(1000);
        e -= 1000;
        if f.is_infinite() {
            return f;
        }
    }
    while e < -1000 {
        // Exact as long as the result is: two steps never round twice, since `m` has no bits
        // below the smallest subnormal.
        f *= 2f64.powi(-500);
        e += 500;
    }
    f * 2f64.powi(e as i32)
}

/// `x ** y`; a negative exponent gives a float.
pub fn pow(vm: &Vm, x: &Int, y: &Int) -> PyResult {
    if y.is_negative() {
        let (Some(a), Some(b)) = (to_f64(x), to_f64(y)) else {
            return Err(vm.overflow_error("int too large to convert to float"));
        };
        if a == 0.0 {
            return Err(vm.zero_division_error("zero to a negative power"));
        }
        return Ok(vm.new_float(a.powf(b)));
    }
    let base = x.to_big();
    match y.to_i64() {
        Some(n) if n <= u32::MAX as i64 => {
            if base.bits().saturating_mul(n as u64) > 1 << 40 {
                return Err(vm.memory_error(""));
            }
            Ok(from_big(base.pow(n as u32)))
        }
        _ if base.is_zero() => Ok(from_i64(0)),
        _ if base == BigInt::from(1) => Ok(from_i64(1)),
        _ if base == BigInt::from(-1) => {
            Ok(from_i64(if y.to_big().is_even() { 1 } else { -1 }))
        }
        _ => Err(vm.memory_error("")),
    }
}

/// `pow(a, b, m)` on ints.
pub(super) fn pow_mod(vm: &Vm, a: Value, b: Value, m: Value) -> PyResult {
    let (Some(a), Some(b), Some(m)) = (value_of(a), value_of(b), value_of(m)) else {
        return Ok(vm.not_implemented().to_ref());
    };
    if m.is_zero() {
        return Err(vm.value_error("pow() 3rd argument cannot be 0"));
    }
    let m = m.to_big();
    let mut base = a.to_big();
    let mut exp = b.to_big();
    if exp.is_negative() {
        let g = base.mod_floor(&m.abs()).extended_gcd(&m.abs());
        if g.gcd != BigInt::from(1) && m.abs() != BigInt::from(1) {
            return Err(vm.value_error("base is not invertible for the given modulus"));
        }
        base = g.x.mod_floor(&m.abs());
        exp = -exp;
    }
    let r = base.mod_floor(&m.abs()).modpow(&exp, &m.abs());
    let r = if m.sign() == Sign::Minus && !r.is_zero() { r + &m } else { r };
    Ok(from_big(r.mod_floor(&m)))
}

pub(super) fn negate(v: &Int) -> Ref {
    match v {
        Int::Small(i) => from_i64(-i),
        Int::Big(b) => from_big(-(*b).clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floor_division_rounds_down() {
        for (a, b, q, r) in [(7, 2, 3, 1), (-7, 2, -4, 1), (7, -2, -4, -1), (-7, -2, 3, -1), (0, 5, 0, 0)] {
            assert_eq!((floor_div(a, b), floor_mod(a, b)), (q, r), "{a} // {b}");
        }
    }

    #[test]
    fn division_is_correctly_rounded() {
        let big = |s: &str| s.parse::<BigInt>().expect("digits");
        assert_eq!(divide_rounded(&big("9007199254740993"), &big("1")), Some(9007199254740992.0));
        assert_eq!(divide_rounded(&big("9007199254740995"), &big("1")), Some(9007199254740996.0));
        assert_eq!(divide_rounded(&big("1"), &big("3")), Some(1.0 / 3.0));
        let huge = BigInt::from(10).pow(400);
        assert_eq!(divide_rounded(&huge, &big("1")), None);
        assert_eq!(divide_rounded(&huge, &BigInt::from(10).pow(399)), Some(10.0));
        assert_eq!(divide_rounded(&big("1"), &(BigInt::from(1) << 1074u32)), Some(5e-324));
        assert_eq!(divide_rounded(&big("1"), &(BigInt::from(1) << 1080u32)), Some(0.0));
    }
}
