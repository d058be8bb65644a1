//! The module `cmath`.

use crate::convert::module_function as function;
use crate::error::{PyResult, Raised};
use crate::native::math::libm;
use crate::native::{self, ModuleDef};
use crate::types::complex::arith::{self, Complex, Operand, complex as complex_of};
use crate::types::complex::{self, parts};
use crate::types::float::as_f64;
use crate::types::tuple::PyTuple;
use crate::value::Value;
use crate::vm::Vm;

mod functions;

use functions::MathError;

#[cold]
fn math_error(vm: &Vm, e: MathError) -> Raised {
    match e {
        MathError::Domain => vm.value_error("math domain error"),
        MathError::Range => vm.overflow_error("math range error"),
    }
}

fn made(vm: &Vm, r: Result<Complex, MathError>) -> PyResult {
    match r {
        Ok(c) => Ok(complex::new(c.re, c.im)),
        Err(e) => Err(math_error(vm, e)),
    }
}

macro_rules! unary {
    ($($name:ident)*) => {
        $(fn $name(vm: &Vm, a: &[Value]) -> PyResult { made(vm, functions::$name(parts(vm, a[0])?)) })*
    };
}

unary! { acos acosh asin asinh atan atanh cos cosh exp log10 sin sinh sqrt tan tanh }

fn log(vm: &Vm, a: &[Value]) -> PyResult {
    let x = functions::log(parts(vm, a[0])?);
    let Some(base) = a[1].non_null() else { return made(vm, x) };
    let base = functions::log(parts(vm, base)?);
    let (x, base) = match (x, base) {
        (Ok(x), Ok(base)) => (x, base),
        (Err(e), _) | (_, Err(e)) => return Err(math_error(vm, e)),
    };
    let quotient = arith::divide(Operand::Complex(x), Operand::Complex(base));
    made(vm, quotient.map_err(|_| MathError::Domain))
}

fn angle(z: Complex) -> f64 {
    libm::atan2(z.im, z.re)
}

fn phase(vm: &Vm, a: &[Value]) -> PyResult {
    Ok(vm.new_float(angle(parts(vm, a[0])?)))
}

fn polar(vm: &Vm, a: &[Value]) -> PyResult {
    let z = parts(vm, a[0])?;
    let r = z.abs();
    if r.is_infinite() && z.is_finite() {
        return Err(math_error(vm, MathError::Range));
    }
    Ok(PyTuple::pair(vm.new_float(r), vm.new_float(angle(z))))
}

fn rect(vm: &Vm, a: &[Value]) -> PyResult {
    let (r, phi) = (as_f64(vm, a[0])?, as_f64(vm, a[1])?);
    made(vm, functions::rect(r, phi))
}

fn isfinite(vm: &Vm, a: &[Value]) -> PyResult {
    Ok(vm.bool_ref(parts(vm, a[0])?.is_finite()))
}

fn isinf(vm: &Vm, a: &[Value]) -> PyResult {
    Ok(vm.bool_ref(parts(vm, a[0])?.is_infinite()))
}

fn isnan(vm: &Vm, a: &[Value]) -> PyResult {
    let z = parts(vm, a[0])?;
    Ok(vm.bool_ref(z.re.is_nan() || z.im.is_nan()))
}

fn isclose(vm: &Vm, a: &[Value]) -> PyResult {
    let (x, y) = (parts(vm, a[0])?, parts(vm, a[1])?);
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
    let difference = complex_of(x.re - y.re, x.im - y.im).abs();
    let close = difference <= relative * y.abs() || difference <= relative * x.abs() || difference <= absolute;
    Ok(vm.bool_ref(close))
}

fn init(vm: &Vm, m: Value) -> PyResult<()> {
    use std::f64::consts::{E, PI, TAU};
    for (name, x) in [("pi", PI), ("e", E), ("tau", TAU), ("inf", f64::INFINITY), ("nan", f64::NAN)] {
        native::add(vm, m, name, vm.new_float(x).value())?;
    }
    native::add(vm, m, "infj", complex::new(0.0, f64::INFINITY).value())?;
    native::add(vm, m, "nanj", complex::new(0.0, f64::NAN).value())
}

const ONE: &str = "($module, z, /)";

pub static MODULE: ModuleDef = ModuleDef {
    name: "cmath",
    doc: "This module provides access to mathematical functions for complex\nnumbers.",
    functions: &[
        function!("acos", ONE, acos, "Return the arc cosine of z."),
        function!("acosh", ONE, acosh, "Return the inverse hyperbolic cosine of z."),
        function!("asin", ONE, asin, "Return the arc sine of z."),
        function!("asinh", ONE, asinh, "Return the inverse hyperbolic sine of z."),
        function!("atan", ONE, atan, "Return the arc tangent of z."),
        function!("atanh", ONE, atanh, "Return the inverse hyperbolic tangent of z."),
        function!("cos", ONE, cos, "Return the cosine of z."),
        function!("cosh", ONE, cosh, "Return the hyperbolic cosine of z."),
        function!("exp", ONE, exp, "Return the exponential value e**z."),
        function!("isclose", "($module, /, a, b, *, rel_tol=1e-09, abs_tol=0.0)", isclose, "Determine whether two complex numbers are close in value.\n\n  rel_tol\n    maximum difference for being considered \"close\", relative to the\n    magnitude of the input values\n  abs_tol\n    maximum difference for being considered \"close\", regardless of the\n    magnitude of the input values\n\nReturn True if a is close in value to b, and False otherwise.\n\nFor the values to be considered close, the difference between them must be\nsmaller than at least one of the tolerances.\n\n-inf, inf and NaN behave similarly to the IEEE 754 Standard. That is, NaN is\nnot close to anything, even itself. inf and -inf are only close to themselves."),
        function!("isfinite", ONE, isfinite, "Return True if both the real and imaginary parts of z are finite, else False."),
        function!("isinf", ONE, isinf, "Checks if the real or imaginary part of z is infinite."),
        function!("isnan", ONE, isnan, "Checks if the real or imaginary part of z not a number (NaN)."),
        function!("log", "($module, z, base=<unrepresentable>, /)", log, "log(z[, base]) -> the logarithm of z to the given base.\n\nIf the base is not specified, returns the natural logarithm (base e) of z."),
        function!("log10", ONE, log10, "Return the base-10 logarithm of z."),
        function!("phase", ONE, phase, "Return argument, also known as the phase angle, of a complex."),
        function!("polar", ONE, polar, "Convert a complex from rectangular coordinates to polar coordinates.\n\nr is the distance from 0 and phi the phase angle."),
        function!("rect", "($module, r, phi, /)", rect, "Convert from polar coordinates to rectangular coordinates."),
        function!("sin", ONE, sin, "Return the sine of z."),
        function!("sinh", ONE, sinh, "Return the hyperbolic sine of z."),
        function!("sqrt", ONE, sqrt, "Return the square root of z."),
        function!("tan", ONE, tan, "Return the tangent of z."),
        function!("tanh", ONE, tanh, "Return the hyperbolic tangent of z."),
    ],
    init,
};
