//! Sums that lose no accuracy: `fsum`, `sumprod`, `hypot` and `dist`.

use super::libm::{fma, ldexp};
use crate::error::PyResult;
use crate::protocol::iter;
use crate::protocol::number::{self, BinaryOp};
use crate::shape;
use crate::types::float;
use crate::types::int::{self, Int};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// Two floats that together are the exact sum of two others.
fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let x = a + b;
    let z = x - a;
    (x, (a - (x - z)) + (b - z))
}

/// The same where `a` is not smaller than `b`.
fn fast_two_sum(a: f64, b: f64) -> (f64, f64) {
    let x = a + b;
    (x, (a - x) + b)
}

/// Two floats that together are the exact product of two others.
fn two_product(x: f64, y: f64) -> (f64, f64) {
    let z = x * y;
    (z, fma(x, y, -z))
}

/// `math.fsum`: Shewchuk's exact partial sums, rounded once.
pub(super) fn fsum(vm: &Vm, a: &[Value]) -> PyResult {
    let it = iter::get_iter(vm, a[0])?;
    let mut partials: Vec<f64> = Vec::new();
    let (mut special, mut infinite) = (0.0f64, 0.0f64);
    while let Some(v) = iter::next(vm, it.value())? {
        let given = float::as_f64(vm, v.value())?;
        let mut x = given;
        let mut kept = 0;
        for i in 0..partials.len() {
            let mut y = partials[i];
            if x.abs() < y.abs() {
                (x, y) = (y, x);
            }
            let high = x + y;
            let low = y - (high - x);
            if low != 0.0 {
                partials[kept] = low;
                kept += 1;
            }
            x = high;
        }
        partials.truncate(kept);
        if x == 0.0 {
            continue;
        }
        if x.is_finite() {
            partials.push(x);
        } else if given.is_finite() {
            return Err(vm.overflow_error("intermediate overflow in fsum"));
        } else {
            if given.is_infinite() {
                infinite += given;
            }
            special += given;
            partials.clear();
        }
    }
    if special != 0.0 {
        if infinite.is_nan() {
            return Err(vm.value_error("-inf + inf in fsum"));
        }
        return Ok(vm.new_float(special));
    }
    Ok(vm.new_float(round_partials(partials)))
}

/// The sum of partials that do not overlap, in increasing order of size, rounded half to even.
fn round_partials(mut partials: Vec<f64>) -> f64 {
    let Some(mut high) = partials.pop() else { return 0.0 };
    let mut low = 0.0;
    while let Some(y) = partials.pop() {
        let x = high;
        high = x + y;
        low = y - (high - x);
        if low != 0.0 {
            break;
        }
    }
    // A tie is decided by what lies below.
    if let Some(&next) = partials.last()
        && (low < 0.0 && next < 0.0 || low > 0.0 && next > 0.0)
    {
        let y = low * 2.0;
        let x = high + y;
        if y == x - high {
            high = x;
        }
    }
    high
}

/// Euclidean norm of values that are not negative, with the largest of them.
fn norm(values: &mut [f64], max: f64, found_nan: bool) -> f64 {
    if max.is_infinite() {
        return max;
    }
    if found_nan {
        return f64::NAN;
    }
    if max == 0.0 || values.len() <= 1 {
        return max;
    }
    let (_, exp) = float::frexp(max);
    if exp < -1023 {
        // The scale would overflow: make subnormal numbers normal first.
        values.iter_mut().for_each(|v| *v /= f64::MIN_POSITIVE);
        return f64::MIN_POSITIVE * norm(values, max / f64::MIN_POSITIVE, found_nan);
    }
    let scale = ldexp(1.0, -exp);
    let (mut sum, mut low_squares, mut low_sums) = (1.0, 0.0, 0.0);
    for v in values {
        let x = *v * scale;
        let (high, low) = two_product(x, x);
        let (s, rest) = fast_two_sum(sum, high);
        sum = s;
        low_squares += low;
        low_sums += rest;
    }
    let h = (sum - 1.0 + (low_squares + low_sums)).sqrt();
    // One step of correction: the difference between the sum and the square of its root.
    let (high, low) = two_product(-h, h);
    let (s, rest) = fast_two_sum(sum, high);
    let x = s - 1.0 + ((low_squares + low) + (low_sums + rest));
    (h + x / (2.0 * h)) / scale
}

fn norm_of(mut values: Vec<f64>) -> f64 {
    let found_nan = values.iter().any(|v| v.is_nan());
    let max = values.iter().fold(0.0, |m, v| if *v > m { *v } else { m });
    norm(&mut values, max, found_nan)
}

/// `math.hypot`.
pub(super) fn hypot(vm: &Vm, coordinates: &[Value]) -> PyResult {
    let values = coordinates.iter().map(|v| float::as_f64(vm, *v).map(f64::abs)).collect::<PyResult<_>>()?;
    Ok(vm.new_float(norm_of(values)))
}

/// `math.dist`.
pub(super) fn dist(vm: &Vm, a: &[Value]) -> PyResult {
    let (p, q) = (iter::collect(vm, a[0])?, iter::collect(vm, a[1])?);
    if p.len() != q.len() {
        return Err(vm.value_error("both points must have the same number of dimensions"));
    }
    let mut values = Vec::with_capacity(p.len());
    for (x, y) in p.iter().zip(&q) {
        let x = float::as_f64(vm, x.value())?;
        values.push((x - float::as_f64(vm, y.value())?).abs());
    }
    Ok(vm.new_float(norm_of(values)))
}

/// A sum in three floats.
#[derive(Clone, Copy, Default)]
struct Triple {
    high: f64,
    low: f64,
    tiny: f64,
}

impl Triple {
    fn add_product(self, x: f64, y: f64) -> Triple {
        let (product, error) = two_product(x, y);
        let (high, rest) = two_sum(self.high, product);
        let (low, rest2) = two_sum(self.low, error);
        let (low, rest3) = two_sum(low, rest);
        Triple { high, low, tiny: self.tiny + rest2 + rest3 }
    }

    fn value(self) -> f64 {
        let (sum, rest) = two_sum(self.low, self.high);
        self.tiny + rest + sum
    }
}

/// How far `sumprod` can still go without general arithmetic.
struct Products {
    ints: Option<i64>,
    floats: Option<Triple>,
    total: Ref,
    has_ints: bool,
    has_floats: bool,
}

impl Products {
    fn add(&mut self, vm: &Vm, v: Ref) -> PyResult<()> {
        self.total = number::binary(vm, self.total.value(), v.value(), BinaryOp::Add)?;
        Ok(())
    }

    fn end_ints(&mut self, vm: &Vm) -> PyResult<()> {
        match self.ints.take() {
            Some(n) if self.has_ints => self.add(vm, vm.new_int(n)),
            _ => Ok(()),
        }
    }

    fn end_floats(&mut self, vm: &Vm) -> PyResult<()> {
        match self.floats.take() {
            Some(t) if self.has_floats => self.add(vm, vm.new_float(t.value())),
            _ => Ok(()),
        }
    }

    fn pair(&mut self, vm: &Vm, p: Value, q: Value) -> PyResult<()> {
        if let Some(sum) = self.ints {
            let exact = |v: Value| if v.is_small_int() || v.has_shape(shape::INT) { int::to_i64(v) } else { None };
            let next = exact(p).zip(exact(q)).and_then(|(x, y)| sum.checked_add(x.checked_mul(y)?));
            if let Some(n) = next {
                (self.ints, self.has_ints) = (Some(n), true);
                return Ok(());
            }
            self.end_ints(vm)?;
        }
        if let Some(sum) = self.floats {
            let next = float_pair(p, q).map(|(x, y)| sum.add_product(x, y)).filter(|t| t.high.is_finite());
            if let Some(t) = next {
                (self.floats, self.has_floats) = (Some(t), true);
                return Ok(());
            }
            self.end_floats(vm)?;
        }
        let product = number::binary(vm, p, q, BinaryOp::Multiply)?;
        self.add(vm, product)
    }
}

/// Two floats, or a float and an int, as floats.
fn float_pair(p: Value, q: Value) -> Option<(f64, f64)> {
    let whole = |v: Value| {
        let plain = v.is_small_int() || v.has_shape(shape::INT) || v.has_shape(shape::BOOL);
        int::value_of(v).filter(|_| plain).as_ref().and_then(|i: &Int| int::to_f64(i))
    };
    match (float::exact_value_of(p), float::exact_value_of(q)) {
        (Some(x), Some(y)) => Some((x, y)),
        (Some(x), None) => Some((x, whole(q)?)),
        (None, Some(y)) => Some((whole(p)?, y)),
        (None, None) => None,
    }
}

/// `math.sumprod`.
pub(super) fn sumprod(vm: &Vm, a: &[Value]) -> PyResult {
    let (p, q) = (iter::get_iter(vm, a[0])?, iter::get_iter(vm, a[1])?);
    let mut products = Products {
        ints: Some(0),
        floats: Some(Triple::default()),
        total: Ref::small_int(0),
        has_ints: false,
        has_floats: false,
    };
    loop {
        match (iter::next(vm, p.value())?, iter::next(vm, q.value())?) {
            (Some(x), Some(y)) => products.pair(vm, x.value(), y.value())?,
            (None, None) => break,
            _ => return Err(vm.value_error("Inputs are not the same length")),
        }
    }
    products.end_ints(vm)?;
    products.end_floats(vm)?;
    Ok(products.total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn norms_do_not_overflow() {
        assert_eq!(norm_of(vec![3.0, 4.0]), 5.0);
        assert_eq!(norm_of(vec![3e300, 4e300]), 5e300);
        assert_eq!(norm_of(vec![5e-324, 5e-324]), 5e-324);
        assert!(norm_of(vec![f64::NAN, f64::INFINITY]).is_infinite());
    }

    #[test]
    fn partials_round_half_to_even() {
        assert_eq!(round_partials(vec![1e-16, 1.0, 1e16]), 1e16 + 2.0);
    }
}
