//! Functions on ints: gcd, lcm, isqrt, factorial, comb, perm.

use num_bigint::BigInt;
use num_integer::{Integer, Roots};
use num_traits::{One, Signed, ToPrimitive, Zero};

use crate::error::PyResult;
use crate::protocol::number;
use crate::types::int::{self, Int};
use crate::value::{Ref, Value};
use crate::vm::Vm;

fn index_big(vm: &Vm, v: Value) -> PyResult<BigInt> {
    let i = number::index(vm, v)?;
    Ok(int::value_of(i.value()).unwrap_or(Int::Small(0)).to_big())
}

fn gcd_u64(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// `math.gcd`.
pub(super) fn gcd(vm: &Vm, args: &[Value]) -> PyResult {
    if let [a, b] = args
        && let (Some(a), Some(b)) = (a.as_small_int(), b.as_small_int())
    {
        return Ok(vm.new_int(gcd_u64(a.unsigned_abs(), b.unsigned_abs()) as i64));
    }
    let mut g = BigInt::zero();
    for v in args {
        let x = index_big(vm, *v)?;
        g = g.gcd(&x);
    }
    Ok(int::from_big(g))
}

/// `math.lcm`.
pub(super) fn lcm(vm: &Vm, args: &[Value]) -> PyResult {
    let mut m = BigInt::one();
    for v in args {
        let x = index_big(vm, *v)?;
        m = if m.is_zero() || x.is_zero() { BigInt::zero() } else { m.lcm(&x) };
    }
    Ok(int::from_big(m))
}

/// `math.isqrt`.
pub(super) fn isqrt(vm: &Vm, a: &[Value]) -> PyResult {
    let n = number::index(vm, a[0])?;
    let n = int::value_of(n.value()).unwrap_or(Int::Small(0));
    if n.is_negative() {
        return Err(vm.value_error("isqrt() argument must be nonnegative"));
    }
    Ok(match n {
        Int::Small(i) => int::from_i64(i.sqrt()),
        Int::Big(b) => int::from_big(b.sqrt()),
    })
}

/// The product of `from..=to`, split in halves so that factors stay balanced.
fn product(from: u64, to: u64) -> BigInt {
    if from > to {
        return BigInt::one();
    }
    if to - from < 16 {
        let mut all = BigInt::one();
        let mut part: u64 = 1;
        for i in from..=to {
            match part.checked_mul(i) {
                Some(p) => part = p,
                None => {
                    all *= part;
                    part = i;
                }
            }
        }
        return all * part;
    }
    let middle = from + (to - from) / 2;
    product(from, middle) * product(middle + 1, to)
}

/// `math.factorial`.
pub(super) fn factorial(vm: &Vm, a: &[Value]) -> PyResult {
    let n = number::index(vm, a[0])?;
    let n = int::value_of(n.value()).unwrap_or(Int::Small(0));
    if n.is_negative() {
        return Err(vm.value_error("factorial() not defined for negative values"));
    }
    match n.to_i64() {
        Some(n) => Ok(factorial_of(n as u64)),
        None => Err(vm.overflow_error(format!("factorial() argument should not exceed {}", i64::MAX))),
    }
}

fn factorial_of(n: u64) -> Ref {
    let small = (1..=n.min(20)).product::<u64>();
    if n <= 20 {
        return int::from_u64(small);
    }
    int::from_big(BigInt::from(small) * product(21, n))
}

fn not_negative(vm: &Vm, v: &BigInt, name: &str) -> PyResult<()> {
    if v.is_negative() {
        return Err(vm.value_error(format!("{name} must be a non-negative integer")));
    }
    Ok(())
}

/// `n * (n - 1) * ...`, `k` factors.
fn falling(n: &BigInt, k: u64) -> BigInt {
    match n.to_u64() {
        Some(n) => product(n - k + 1, n),
        None => (0..k).fold(BigInt::one(), |acc, i| acc * (n - i)),
    }
}

/// `math.perm`.
pub(super) fn perm(vm: &Vm, a: &[Value]) -> PyResult {
    let Some(k) = a[1].non_null().filter(|k| !k.is(vm.none())) else { return factorial(vm, a) };
    let (n, k) = (index_big(vm, a[0])?, index_big(vm, k)?);
    not_negative(vm, &n, "n")?;
    not_negative(vm, &k, "k")?;
    if n < k {
        return Ok(Ref::small_int(0));
    }
    match k.to_i64() {
        Some(k) => Ok(int::from_big(falling(&n, k as u64))),
        None => Err(vm.overflow_error(format!("k must not exceed {}", i64::MAX))),
    }
}

/// `math.comb`.
pub(super) fn comb(vm: &Vm, a: &[Value]) -> PyResult {
    let (n, k) = (index_big(vm, a[0])?, index_big(vm, a[1])?);
    not_negative(vm, &n, "n")?;
    not_negative(vm, &k, "k")?;
    if n < k {
        return Ok(Ref::small_int(0));
    }
    let k = k.clone().min(&n - &k);
    let Some(k) = k.to_i64() else {
        return Err(vm.overflow_error(format!("min(n - k, k) must not exceed {}", i64::MAX)));
    };
    Ok(int::from_big(comb_of(&n, k as u64)))
}

/// The binomial coefficient, split so that numbers stay small: choosing `k` of `n` is choosing
/// `j` of `n`, then `k - j` of the rest, divided by the ways to choose `j` of `k`.
fn comb_of(n: &BigInt, k: u64) -> BigInt {
    if k <= 64 {
        return falling(n, k) / product(1, k);
    }
    let j = k / 2;
    comb_of(n, j) * comb_of(&(n - j), k - j) / comb_of(&BigInt::from(k), j)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn binomials() {
        assert_eq!(comb_of(&BigInt::from(10), 3), BigInt::from(120));
        assert_eq!(comb_of(&BigInt::from(200), 100), falling(&BigInt::from(200), 100) / product(1, 100));
        assert_eq!(product(1, 25), (1..=25).map(BigInt::from).product());
    }
}
