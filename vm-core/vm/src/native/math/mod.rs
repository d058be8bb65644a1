//! The module `math`.

mod gamma;
mod integer;
pub mod libm;
mod sums;

use gamma::MathError;

use crate::convert::module_function as function;
use crate::error::{PyResult, Raised};
use crate::format::float_repr;
use crate::native::{self, ModuleDef};
use crate::protocol::number::{self, BinaryOp};
use crate::protocol::{attr, iter};
use crate::types::float::{self, as_f64};
use crate::types::int::{self, Int};
use crate::types::tuple::PyTuple;
use crate::value::Value;
use crate::vm::Vm;

#[cold]
fn domain_error(vm: &Vm) -> Raised {
    vm.value_error("math domain error")
}

#[cold]
fn range_error(vm: &Vm) -> Raised {
    vm.overflow_error("math range error")
}

/// A domain error that names the argument; `expected` says what would be right.
#[cold]
fn unexpected(vm: &Vm, expected: &str, x: f64) -> Raised {
    if expected.is_empty() {
        return domain_error(vm);
    }
    vm.value_error(format!("{expected}, got {}", float_repr(x)))
}

/// A function of one float: NaN from a number is a domain error, infinity from a finite number
/// an overflow where the function can overflow, else a singularity.
#[inline]
fn one(vm: &Vm, v: Value, f: fn(f64) -> f64, can_overflow: bool, expected: &str) -> PyResult {
    let x = as_f64(vm, v)?;
    let r = f(x);
    if r.is_finite() {
        return Ok(vm.new_float(r));
    }
    if r.is_nan() && !x.is_nan() {
        return Err(unexpected(vm, expected, x));
    }
    if r.is_infinite() && x.is_finite() {
        return Err(if can_overflow { range_error(vm) } else { unexpected(vm, expected, x) });
    }
    Ok(vm.new_float(r))
}

/// A function of two floats.
fn two(vm: &Vm, a: &[Value], f: fn(f64, f64) -> f64) -> PyResult {
    let (x, y) = (as_f64(vm, a[0])?, as_f64(vm, a[1])?);
    let r = f(x, y);
    if r.is_nan() && !x.is_nan() && !y.is_nan() {
        return Err(domain_error(vm));
    }
    if r.is_infinite() && x.is_finite() && y.is_finite() {
        return Err(range_error(vm));
    }
    Ok(vm.new_float(r))
}

const UNIT: &str = "expected a number in range from -1 up to 1";
const FINITE: &str = "expected a finite input";
const POSITIVE: &str = "expected a positive input";

macro_rules! unary {
    ($($name:ident = $f:expr, $overflow:literal, $expected:expr;)*) => {
        $(fn $name(vm: &Vm, a: &[Value]) -> PyResult { one(vm, a[0], $f, $overflow, $expected) })*
    };
}

unary! {
    acos = libm::acos, false, UNIT;
    acosh = libm::acosh, false, "expected argument value not less than 1";
    asin = libm::asin, false, UNIT;
    asinh = libm::asinh, false, "";
    atan = libm::atan, false, "";
    atanh = libm::atanh, false, "expected a number between -1 and 1";
    cbrt = libm::cbrt, false, "";
    cos = libm::cos, false, FINITE;
    cosh = libm::cosh, true, "";
    erf = libm::erf, false, "";
    erfc = libm::erfc, false, "";
    exp = libm::exp, true, "";
    exp2 = libm::exp2, true, "";
    expm1 = libm::expm1, true, "";
    fabs = f64::abs, false, "";
    log1p = log1p_of, false, "expected argument value > -1";
    sin = libm::sin, false, FINITE;
    sinh = libm::sinh, true, "";
    sqrt = f64::sqrt, false, "expected a nonnegative input";
    tan = libm::tan, false, FINITE;
    tanh = libm::tanh, false, "";
}

/// The sign of zero is kept, whatever the library does.
fn log1p_of(x: f64) -> f64 {
    if x == 0.0 { x } else { libm::log1p(x) }
}

/// IEEE 754 remainder.
fn remainder_of(x: f64, y: f64) -> f64 {
    if x.is_finite() && y.is_finite() {
        if y == 0.0 {
            return f64::NAN;
        }
        let (absx, absy) = (x.abs(), y.abs());
        let m = absx % absy;
        let c = absy - m;
        let r = if m < c {
            m
        } else if m > c {
            -c
        } else {
            // Halfway: the even multiple.
            m - 2.0 * ((0.5 * (absx - m)) % absy)
        };
        return 1f64.copysign(x) * r;
    }
    if x.is_nan() || y.is_nan() {
        return if x.is_nan() { x } else { y };
    }
    if x.is_infinite() { f64::NAN } else { x }
}

fn atan2(vm: &Vm, a: &[Value]) -> PyResult {
    two(vm, a, libm::atan2)
}

fn copysign(vm: &Vm, a: &[Value]) -> PyResult {
    two(vm, a, f64::copysign)
}

fn remainder(vm: &Vm, a: &[Value]) -> PyResult {
    two(vm, a, remainder_of)
}

fn fmod(vm: &Vm, a: &[Value]) -> PyResult {
    let (x, y) = (as_f64(vm, a[0])?, as_f64(vm, a[1])?);
    let r = x % y;
    if r.is_nan() && !x.is_nan() && !y.is_nan() {
        return Err(domain_error(vm));
    }
    Ok(vm.new_float(r))
}

fn gamma_or(vm: &Vm, a: &[Value], f: fn(f64) -> Result<f64, MathError>) -> PyResult {
    let x = as_f64(vm, a[0])?;
    match f(x) {
        Ok(r) => Ok(vm.new_float(r)),
        Err(MathError::Domain) => Err(unexpected(vm, "expected a noninteger or positive integer", x)),
        Err(MathError::Range) => Err(range_error(vm)),
    }
}

fn gamma_(vm: &Vm, a: &[Value]) -> PyResult {
    gamma_or(vm, a, gamma::gamma)
}

fn lgamma(vm: &Vm, a: &[Value]) -> PyResult {
    gamma_or(vm, a, gamma::lgamma)
}

/// A logarithm, also of ints that are too large for a float.
fn logarithm(vm: &Vm, v: Value, f: fn(f64) -> f64) -> PyResult<f64> {
    if let Some(i) = int::value_of(v) {
        if i.is_negative() || i.is_zero() {
            return Err(vm.value_error(POSITIVE));
        }
        return Ok(match (int::to_f64(&i), &i) {
            (None, Int::Big(b)) => {
                let (m, e) = int::frexp(b);
                f(m) + f(2.0) * e as f64
            }
            (x, _) => f(x.unwrap_or(0.0)),
        });
    }
    let x = as_f64(vm, v)?;
    if x.is_nan() || x > 0.0 { Ok(f(x)) } else { Err(unexpected(vm, POSITIVE, x)) }
}

fn log(vm: &Vm, a: &[Value]) -> PyResult {
    let x = logarithm(vm, a[0], libm::log)?;
    let Some(base) = a[1].non_null() else { return Ok(vm.new_float(x)) };
    let base = logarithm(vm, base, libm::log)?;
    if base == 0.0 {
        return Err(vm.zero_division_error("division by zero"));
    }
    Ok(vm.new_float(x / base))
}

fn log2(vm: &Vm, a: &[Value]) -> PyResult {
    logarithm(vm, a[0], libm::log2).map(|r| vm.new_float(r))
}

fn log10(vm: &Vm, a: &[Value]) -> PyResult {
    logarithm(vm, a[0], libm::log10).map(|r| vm.new_float(r))
}

/// `ceil` and `floor`: a float by the function, other objects by their method.
fn rounded(vm: &Vm, v: Value, method: Value, f: fn(f64) -> f64) -> PyResult {
    if float::exact_value_of(v).is_none() {
        if v.is_small_int() {
            return Ok(v.to_ref());
        }
        if let Some(m) = attr::lookup_method(vm, v, method)? {
            return m.call(vm, &[]);
        }
    }
    float::to_int(vm, f(as_f64(vm, v)?))
}

fn ceil(vm: &Vm, a: &[Value]) -> PyResult {
    rounded(vm, a[0], vm.names().__ceil__, f64::ceil)
}

fn floor(vm: &Vm, a: &[Value]) -> PyResult {
    rounded(vm, a[0], vm.names().__floor__, f64::floor)
}

fn trunc(vm: &Vm, a: &[Value]) -> PyResult {
    if let Some(f) = float::exact_value_of(a[0]) {
        return float::to_int(vm, f);
    }
    match attr::lookup_method(vm, a[0], vm.names().__trunc__)? {
        Some(m) => m.call(vm, &[]),
        None => Err(vm.type_error(format!(
            "type {} doesn't define __trunc__ method",
            vm.type_of(a[0]).full_name()
        ))),
    }
}

fn frexp(vm: &Vm, a: &[Value]) -> PyResult {
    let (m, e) = float::frexp(as_f64(vm, a[0])?);
    Ok(PyTuple::from_vec(vm, vec![vm.new_float(m), vm.new_int(e as i64)]))
}

fn ldexp(vm: &Vm, a: &[Value]) -> PyResult {
    let x = as_f64(vm, a[0])?;
    if int::value_of(a[1]).is_none() {
        return Err(vm.type_error("Expected an int as second argument to ldexp."));
    }
    let e = int::to_i64_clipped(a[1]);
    if x == 0.0 || !x.is_finite() {
        return Ok(vm.new_float(x));
    }
    let r = match i32::try_from(e) {
        Ok(e) => libm::ldexp(x, e),
        Err(_) if e > 0 => f64::INFINITY,
        Err(_) => 0f64.copysign(x),
    };
    if r.is_infinite() { Err(range_error(vm)) } else { Ok(vm.new_float(r)) }
}

fn modf(vm: &Vm, a: &[Value]) -> PyResult {
    let x = as_f64(vm, a[0])?;
    let (frac, whole) = match x {
        x if x.is_nan() => (x, x),
        x if x.is_infinite() => (0f64.copysign(x), x),
        x => (x.fract().copysign(x), x.trunc()),
    };
    Ok(PyTuple::from_vec(vm, vec![vm.new_float(frac), vm.new_float(whole)]))
}

fn pow(vm: &Vm, a: &[Value]) -> PyResult {
    let (x, y) = (as_f64(vm, a[0])?, as_f64(vm, a[1])?);
    let r = libm::pow(x, y);
    if !x.is_finite() || !y.is_finite() || r.is_finite() {
        return Ok(vm.new_float(r));
    }
    // NaN comes from a negative base with a fractional exponent, infinity also from zero.
    Err(if r.is_nan() || x == 0.0 { domain_error(vm) } else { range_error(vm) })
}

fn fma(vm: &Vm, a: &[Value]) -> PyResult {
    let (x, y, z) = (as_f64(vm, a[0])?, as_f64(vm, a[1])?, as_f64(vm, a[2])?);
    let r = libm::fma(x, y, z);
    if r.is_nan() && !x.is_nan() && !y.is_nan() && !z.is_nan() {
        return Err(vm.value_error("invalid operation in fma"));
    }
    if r.is_infinite() && x.is_finite() && y.is_finite() && z.is_finite() {
        return Err(vm.overflow_error("overflow in fma"));
    }
    Ok(vm.new_float(r))
}

fn degrees(vm: &Vm, a: &[Value]) -> PyResult {
    Ok(vm.new_float(as_f64(vm, a[0])? * (180.0 / std::f64::consts::PI)))
}

fn radians(vm: &Vm, a: &[Value]) -> PyResult {
    Ok(vm.new_float(as_f64(vm, a[0])? * (std::f64::consts::PI / 180.0)))
}

fn isfinite(vm: &Vm, a: &[Value]) -> PyResult {
    Ok(vm.bool_ref(as_f64(vm, a[0])?.is_finite()))
}

fn isinf(vm: &Vm, a: &[Value]) -> PyResult {
    Ok(vm.bool_ref(as_f64(vm, a[0])?.is_infinite()))
}

fn isnan(vm: &Vm, a: &[Value]) -> PyResult {
    Ok(vm.bool_ref(as_f64(vm, a[0])?.is_nan()))
}

fn isclose(vm: &Vm, a: &[Value]) -> PyResult {
    let (x, y) = (as_f64(vm, a[0])?, as_f64(vm, a[1])?);
    let tolerance = |v: Value, default| v.non_null().map_or(Ok(default), |v| as_f64(vm, v));
    let (relative, absolute) = (tolerance(a[2], 1e-9)?, tolerance(a[3], 0.0)?);
    if relative < 0.0 || absolute < 0.0 {
        return Err(vm.value_error("tolerances must be non-negative"));
    }
    if x == y {
        return Ok(vm.bool_ref(true));
    }
    if x.is_infinite() || y.is_infinite() {
        return Ok(vm.bool_ref(false));
    }
    let diff = (y - x).abs();
    let close = diff <= (relative * y).abs() || diff <= (relative * x).abs() || diff <= absolute;
    Ok(vm.bool_ref(close))
}

fn prod(vm: &Vm, a: &[Value]) -> PyResult {
    let mut result = a[1].non_null().unwrap_or(Value::small_int(1)).to_ref();
    let it = iter::get_iter(vm, a[0])?;
    while let Some(v) = iter::next(vm, it.value())? {
        result = number::binary(vm, result.value(), v.value(), BinaryOp::Multiply)?;
    }
    Ok(result)
}

fn nextafter(vm: &Vm, a: &[Value]) -> PyResult {
    let (x, y) = (as_f64(vm, a[0])?, as_f64(vm, a[1])?);
    let Some(steps) = a[2].non_null().filter(|s| !s.is(vm.none())) else {
        return Ok(vm.new_float(libm::nextafter(x, y)));
    };
    let steps = number::index(vm, steps)?;
    let steps = int::value_of(steps.value()).unwrap_or(Int::Small(0));
    if steps.is_negative() {
        return Err(vm.value_error("steps must be a non-negative integer"));
    }
    let n = num_traits::ToPrimitive::to_u64(&steps.to_big()).unwrap_or(u64::MAX);
    Ok(vm.new_float(steps_towards(x, y, n)))
}

/// The float `n` steps from `x` in the direction of `y`, not beyond it.
fn steps_towards(x: f64, y: f64, n: u64) -> f64 {
    const SIGN: u64 = 1 << 63;
    if n == 0 || x.is_nan() {
        return x;
    }
    if y.is_nan() {
        return y;
    }
    let (bx, by) = (x.to_bits(), y.to_bits());
    if bx == by {
        return x;
    }
    let (ax, ay) = (bx & !SIGN, by & !SIGN);
    if (bx ^ by) & SIGN != 0 {
        return if ax + ay <= n {
            y
        } else if ax < n {
            f64::from_bits(by & SIGN | (n - ax))
        } else {
            f64::from_bits(bx - n)
        };
    }
    match (ax > ay, ax.abs_diff(ay) >= n) {
        (_, false) => y,
        (true, true) => f64::from_bits(bx - n),
        (false, true) => f64::from_bits(bx + n),
    }
}

fn ulp(vm: &Vm, a: &[Value]) -> PyResult {
    let x = as_f64(vm, a[0])?.abs();
    let r = if !x.is_finite() {
        x
    } else if x == f64::MAX {
        x - libm::nextafter(x, 0.0)
    } else {
        libm::nextafter(x, f64::INFINITY) - x
    };
    Ok(vm.new_float(r))
}

fn hypot(vm: &Vm, a: &[Value]) -> PyResult {
    sums::hypot(vm, a[0].cast::<PyTuple>().map_or(&[], |t| t.as_slice()))
}

fn gcd(vm: &Vm, a: &[Value]) -> PyResult {
    integer::gcd(vm, a[0].cast::<PyTuple>().map_or(&[], |t| t.as_slice()))
}

fn lcm(vm: &Vm, a: &[Value]) -> PyResult {
    integer::lcm(vm, a[0].cast::<PyTuple>().map_or(&[], |t| t.as_slice()))
}

fn init(vm: &Vm, m: Value) -> PyResult<()> {
    use std::f64::consts;
    for (name, f) in [
        ("pi", consts::PI),
        ("e", consts::E),
        ("tau", consts::TAU),
        ("inf", f64::INFINITY),
        ("nan", f64::NAN),
    ] {
        native::add(vm, m, name, vm.new_float(f).value())?;
    }
    Ok(())
}

const X: &str = "($module, x, /)";
const XY: &str = "($module, x, y, /)";

pub static MODULE: ModuleDef = ModuleDef {
    name: "math",
    doc: "Mathematical functions on real numbers, as the C standard defines them.",
    functions: &[
        function!("acos", X, acos, "Arc cosine of x, between 0 and pi."),
        function!("acosh", X, acosh, "Inverse hyperbolic cosine of x."),
        function!("asin", X, asin, "Arc sine of x, between -pi/2 and pi/2."),
        function!("asinh", X, asinh, "Inverse hyperbolic sine of x."),
        function!("atan", X, atan, "Arc tangent of x, between -pi/2 and pi/2."),
        function!("atan2", "($module, y, x, /)", atan2, "Arc tangent of y/x in the quadrant that the signs say."),
        function!("atanh", X, atanh, "Inverse hyperbolic tangent of x."),
        function!("cbrt", X, cbrt, "Cube root of x."),
        function!("ceil", X, ceil, "The smallest integer that is not less than x."),
        function!("comb", "($module, n, k, /)", integer::comb, "Number of ways to choose k of n items, regardless of order."),
        function!("copysign", XY, copysign, "The size of x with the sign of y."),
        function!("cos", X, cos, "Cosine of x radians."),
        function!("cosh", X, cosh, "Hyperbolic cosine of x."),
        function!("degrees", X, degrees, "Radians as degrees."),
        function!("dist", "($module, p, q, /)", sums::dist, "Euclidean distance of two points of the same dimension."),
        function!("erf", X, erf, "Error function at x."),
        function!("erfc", X, erfc, "Complementary error function at x."),
        function!("exp", X, exp, "e to the power of x."),
        function!("exp2", X, exp2, "2 to the power of x."),
        function!("expm1", X, expm1, "exp(x) - 1, accurate for small x."),
        function!("fabs", X, fabs, "Absolute value of x as a float."),
        function!("factorial", "($module, n, /)", integer::factorial, "n factorial."),
        function!("floor", X, floor, "The largest integer that is not greater than x."),
        function!("fma", "($module, x, y, z, /)", fma, "x*y + z, rounded once."),
        function!("fmod", XY, fmod, "Remainder of x/y with the sign of x."),
        function!("frexp", X, frexp, "Mantissa m and exponent e of x = m * 2**e, with 0.5 <= abs(m) < 1."),
        function!("fsum", "($module, seq, /)", sums::fsum, "Accurate sum of floats."),
        function!("gamma", X, gamma_, "Gamma function at x."),
        function!("gcd", "($module, /, *integers)", gcd, "Greatest common divisor."),
        function!("hypot", "($module, /, *coordinates)", hypot, "Euclidean distance of a point from the origin."),
        function!("isclose", "($module, /, a, b, *, rel_tol=1e-09, abs_tol=0.0)", isclose, "Whether two numbers differ by no more than a tolerance, relative to the larger or absolute."),
        function!("isfinite", X, isfinite, "Whether x is neither infinite nor NaN."),
        function!("isinf", X, isinf, "Whether x is infinite."),
        function!("isnan", X, isnan, "Whether x is NaN."),
        function!("isqrt", "($module, n, /)", integer::isqrt, "The integer part of the square root of n."),
        function!("lcm", "($module, /, *integers)", lcm, "Least common multiple."),
        function!("ldexp", "($module, x, i, /)", ldexp, "x * 2**i."),
        function!("lgamma", X, lgamma, "Natural logarithm of the absolute value of the gamma function at x."),
        function!("log", "($module, x, base=math.e, /)", log, "Logarithm of x, natural or to a base."),
        function!("log10", X, log10, "Logarithm of x to base 10."),
        function!("log1p", X, log1p, "Natural logarithm of 1 + x, accurate for small x."),
        function!("log2", X, log2, "Logarithm of x to base 2."),
        function!("modf", X, modf, "Fractional and integer part of x, both with its sign."),
        function!("nextafter", "($module, x, y, /, *, steps=None)", nextafter, "The float that many steps (one) from x towards y."),
        function!("perm", "($module, n, k=None, /)", integer::perm, "Number of ways to choose k of n items in order."),
        function!("pow", XY, pow, "x to the power of y, as floats."),
        function!("prod", "($module, iterable, /, *, start=1)", prod, "Product of the items and start."),
        function!("radians", X, radians, "Degrees as radians."),
        function!("remainder", XY, remainder, "x minus the nearest multiple of y (of two, the even one)."),
        function!("sin", X, sin, "Sine of x radians."),
        function!("sinh", X, sinh, "Hyperbolic sine of x."),
        function!("sqrt", X, sqrt, "Square root of x."),
        function!("sumprod", "($module, p, q, /)", sums::sumprod, "Sum of the products of items of two iterables."),
        function!("tan", X, tan, "Tangent of x radians."),
        function!("tanh", X, tanh, "Hyperbolic tangent of x."),
        function!("trunc", X, trunc, "The integer part of x."),
        function!("ulp", X, ulp, "Value of the last bit of x."),
    ],
    init,
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stepping_crosses_zero() {
        assert_eq!(steps_towards(1.0, 2.0, 1), 1.0 + f64::EPSILON);
        assert_eq!(steps_towards(5e-324, -1.0, 2), -5e-324);
        assert_eq!(steps_towards(1.0, 1.0 + f64::EPSILON, 5), 1.0 + f64::EPSILON);
        assert_eq!(steps_towards(0.0, f64::INFINITY, 1), 5e-324);
    }

    #[test]
    fn remainders_take_the_even_multiple() {
        assert_eq!(remainder_of(5.0, 2.0), 1.0);
        assert_eq!(remainder_of(3.0, 2.0), -1.0);
        assert_eq!(remainder_of(-0.0, 1.0).to_bits(), (-0.0f64).to_bits());
    }
}
