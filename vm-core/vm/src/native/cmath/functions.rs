//! Functions of complex numbers. For finite arguments they avoid overflow and cancellation; for
//! infinities and NaNs they give what annex G of the C standard says, as the platform's library
//! does.

use std::f64::consts::{LN_2, LN_10, PI};

use crate::native::math::libm;
use crate::types::complex::arith::{Complex, complex};

/// What a function cannot give.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MathError {
    Domain,
    Range,
}

type Made = Result<Complex, MathError>;

/// C's functions of complex numbers, which are passed and returned like a structure of two floats.
mod c {
    #[repr(C)]
    pub struct Pair(pub f64, pub f64);

    macro_rules! functions {
        ($($name:ident)*) => {
            unsafe extern "C" { $(pub safe fn $name(z: Pair) -> Pair;)* }
        };
    }
    #[allow(improper_ctypes)]
    mod declared {
        use super::Pair;
        functions! { cacos cacosh casinh catanh ccosh cexp clog csinh csqrt ctanh }
    }
    pub use declared::*;
}

fn special(f: extern "C" fn(c::Pair) -> c::Pair, z: Complex) -> Complex {
    let r = f(c::Pair(z.re, z.im));
    complex(r.0, r.1)
}

/// Above this, squares overflow.
const LARGE: f64 = f64::MAX / 4.0;
/// `exp` and its like overflow above.
const LOG_LARGE: f64 = 709.089_565_712_824_1;

fn finite_or_range(r: Complex) -> Made {
    if r.is_infinite() { Err(MathError::Range) } else { Ok(r) }
}

/// `i * z`.
fn times_i(z: Complex) -> Complex {
    complex(-z.im, z.re)
}

/// `-i * z`.
fn times_minus_i(z: Complex) -> Complex {
    complex(z.im, -z.re)
}

/// `log(abs(z))` where `abs(z)` may overflow.
fn log_of_large(z: Complex, doublings: f64) -> f64 {
    libm::log(libm::hypot(z.re / 2.0, z.im / 2.0)) + doublings * LN_2
}

fn is_large(z: Complex) -> bool {
    z.re.abs() > LARGE || z.im.abs() > LARGE
}

pub fn acos(z: Complex) -> Made {
    if !z.is_finite() {
        let r = special(c::cacos, z);
        // The sign of this infinity is open; it is CPython's.
        return Ok(if z.im.is_nan() && r.im.is_infinite() { complex(r.re, r.im.abs()) } else { r });
    }
    if is_large(z) {
        let im = log_of_large(z, 2.0);
        let im = if z.re < 0.0 { -im.copysign(z.im) } else { im.copysign(-z.im) };
        return Ok(complex(libm::atan2(z.im.abs(), z.re), im));
    }
    let s1 = sqrt(complex(1.0 - z.re, -z.im))?;
    let s2 = sqrt(complex(1.0 + z.re, z.im))?;
    Ok(complex(2.0 * libm::atan2(s1.re, s2.re), libm::asinh(s2.re * s1.im - s2.im * s1.re)))
}

pub fn acosh(z: Complex) -> Made {
    if !z.is_finite() {
        return Ok(special(c::cacosh, z));
    }
    if is_large(z) {
        return Ok(complex(log_of_large(z, 2.0), libm::atan2(z.im, z.re)));
    }
    let s1 = sqrt(complex(z.re - 1.0, z.im))?;
    let s2 = sqrt(complex(z.re + 1.0, z.im))?;
    Ok(complex(libm::asinh(s1.re * s2.re + s1.im * s2.im), 2.0 * libm::atan2(s1.im, s2.re)))
}

pub fn asin(z: Complex) -> Made {
    asinh(times_i(z)).map(times_minus_i)
}

pub fn asinh(z: Complex) -> Made {
    if !z.is_finite() {
        let r = special(c::casinh, z);
        // As in `acos`.
        return Ok(if z.re.is_nan() && r.re.is_infinite() { complex(r.re.abs(), r.im) } else { r });
    }
    if is_large(z) {
        let re = log_of_large(z, 2.0);
        let re = if z.im >= 0.0 { re.copysign(z.re) } else { -re.copysign(-z.re) };
        return Ok(complex(re, libm::atan2(z.im, z.re.abs())));
    }
    let s1 = sqrt(complex(1.0 + z.im, -z.re))?;
    let s2 = sqrt(complex(1.0 - z.im, z.re))?;
    let re = libm::asinh(s1.re * s2.im - s2.re * s1.im);
    Ok(complex(re, libm::atan2(z.im, s1.re * s2.re - s1.im * s2.im)))
}

pub fn atan(z: Complex) -> Made {
    atanh(times_i(z)).map(times_minus_i)
}

pub fn atanh(z: Complex) -> Made {
    if !z.is_finite() {
        return Ok(special(c::catanh, z));
    }
    if z.re < 0.0 || (z.re == 0.0 && z.re.is_sign_negative()) {
        let r = atanh(complex(-z.re, -z.im))?;
        return Ok(complex(-r.re, -r.im));
    }
    let ay = z.im.abs();
    if z.re > LARGE.sqrt() || ay > LARGE.sqrt() {
        let h = libm::hypot(z.re / 2.0, z.im / 2.0);
        return Ok(complex(z.re / 4.0 / h / h, -(PI / 2.0).copysign(-z.im)));
    }
    if z.re == 1.0 && ay < f64::MIN_POSITIVE.sqrt() {
        if ay == 0.0 {
            return Err(MathError::Domain);
        }
        let re = -libm::log(ay.sqrt() / libm::hypot(ay, 2.0).sqrt());
        return Ok(complex(re, (libm::atan2(2.0, -ay) / 2.0).copysign(z.im)));
    }
    let rest = 1.0 - z.re;
    let re = libm::log1p(4.0 * z.re / (rest * rest + ay * ay)) / 4.0;
    Ok(complex(re, -libm::atan2(-2.0 * z.im, rest * (1.0 + z.re) - ay * ay) / 2.0))
}

pub fn cos(z: Complex) -> Made {
    cosh(times_i(z))
}

pub fn cosh(z: Complex) -> Made {
    if !z.is_finite() {
        if z.im.is_infinite() && !z.re.is_nan() {
            return Err(MathError::Domain);
        }
        return Ok(special(c::ccosh, z));
    }
    let (sin, cos) = (libm::sin(z.im), libm::cos(z.im));
    if z.re.abs() > LOG_LARGE {
        let less = z.re - 1f64.copysign(z.re);
        let e = std::f64::consts::E;
        return finite_or_range(complex(cos * libm::cosh(less) * e, sin * libm::sinh(less) * e));
    }
    finite_or_range(complex(cos * libm::cosh(z.re), sin * libm::sinh(z.re)))
}

pub fn exp(z: Complex) -> Made {
    if !z.is_finite() {
        if z.im.is_infinite() && (z.re.is_finite() || z.re == f64::INFINITY) {
            return Err(MathError::Domain);
        }
        return Ok(special(c::cexp, z));
    }
    let (sin, cos) = (libm::sin(z.im), libm::cos(z.im));
    if z.re > LOG_LARGE {
        let l = libm::exp(z.re - 1.0);
        let e = std::f64::consts::E;
        return finite_or_range(complex(l * cos * e, l * sin * e));
    }
    let l = libm::exp(z.re);
    finite_or_range(complex(l * cos, l * sin))
}

pub fn log(z: Complex) -> Made {
    if !z.is_finite() {
        return Ok(special(c::clog, z));
    }
    let (ax, ay) = (z.re.abs(), z.im.abs());
    let re = if is_large(z) {
        log_of_large(z, 1.0)
    } else if ax < f64::MIN_POSITIVE && ay < f64::MIN_POSITIVE {
        if ax == 0.0 && ay == 0.0 {
            return Err(MathError::Domain);
        }
        let digits = f64::MANTISSA_DIGITS as i32;
        libm::log(libm::hypot(libm::ldexp(ax, digits), libm::ldexp(ay, digits))) - f64::from(digits) * LN_2
    } else {
        let h = libm::hypot(ax, ay);
        if (0.71..=1.73).contains(&h) {
            // Near 1 the logarithm of a rounded value would have lost most digits.
            let (most, least) = (ax.max(ay), ax.min(ay));
            libm::log1p((most - 1.0) * (most + 1.0) + least * least) / 2.0
        } else {
            libm::log(h)
        }
    };
    Ok(complex(re, libm::atan2(z.im, z.re)))
}

pub fn log10(z: Complex) -> Made {
    let r = log(z)?;
    Ok(complex(r.re / LN_10, r.im / LN_10))
}

pub fn sin(z: Complex) -> Made {
    sinh(times_i(z)).map(times_minus_i)
}

pub fn sinh(z: Complex) -> Made {
    if !z.is_finite() {
        if z.im.is_infinite() && !z.re.is_nan() {
            return Err(MathError::Domain);
        }
        return Ok(special(c::csinh, z));
    }
    let (sin, cos) = (libm::sin(z.im), libm::cos(z.im));
    if z.re.abs() > LOG_LARGE {
        let less = z.re - 1f64.copysign(z.re);
        let e = std::f64::consts::E;
        return finite_or_range(complex(cos * libm::sinh(less) * e, sin * libm::cosh(less) * e));
    }
    finite_or_range(complex(cos * libm::sinh(z.re), sin * libm::cosh(z.re)))
}

pub fn sqrt(z: Complex) -> Made {
    /// A power of two that makes subnormal numbers normal; with the formula's factor 2 it is a square.
    const UP: i32 = 53;
    const DOWN: i32 = -(UP + 1) / 2;
    if !z.is_finite() {
        return Ok(special(c::csqrt, z));
    }
    if z.re == 0.0 && z.im == 0.0 {
        return Ok(complex(0.0, z.im));
    }
    let (ax, ay) = (z.re.abs(), z.im.abs());
    let s = if ax < f64::MIN_POSITIVE && ay < f64::MIN_POSITIVE {
        let ax = libm::ldexp(ax, UP);
        libm::ldexp((ax + libm::hypot(ax, libm::ldexp(ay, UP))).sqrt(), DOWN)
    } else {
        let ax = ax / 8.0;
        2.0 * (ax + libm::hypot(ax, ay / 8.0)).sqrt()
    };
    let d = ay / (2.0 * s);
    Ok(if z.re >= 0.0 { complex(s, d.copysign(z.im)) } else { complex(d, s.copysign(z.im)) })
}

pub fn tan(z: Complex) -> Made {
    tanh(times_i(z)).map(times_minus_i)
}

pub fn tanh(z: Complex) -> Made {
    if !z.is_finite() {
        if z.im.is_infinite() && z.re.is_finite() {
            return Err(MathError::Domain);
        }
        return Ok(special(c::ctanh, z));
    }
    if z.re.abs() > LOG_LARGE {
        let im = 4.0 * libm::sin(z.im) * libm::cos(z.im) * libm::exp(-2.0 * z.re.abs());
        return Ok(complex(1f64.copysign(z.re), im));
    }
    let (tx, ty, cx) = (libm::tanh(z.re), libm::tan(z.im), 1.0 / libm::cosh(z.re));
    let both = tx * ty;
    let denominator = 1.0 + both * both;
    Ok(complex(tx * (1.0 + ty * ty) / denominator, ty / denominator * cx * cx))
}

/// The number with this absolute value and this phase.
pub fn rect(r: f64, phi: f64) -> Made {
    if !r.is_finite() || !phi.is_finite() {
        return infinite_rect(r, phi);
    }
    if phi == 0.0 {
        // Exact, with the sign of the zero.
        return Ok(complex(r, r * phi));
    }
    finite_or_range(complex(r * libm::cos(phi), r * libm::sin(phi)))
}

fn infinite_rect(r: f64, phi: f64) -> Made {
    if !phi.is_finite() {
        if phi.is_infinite() && r != 0.0 && !r.is_nan() {
            return Err(MathError::Domain);
        }
        return Ok(match r {
            0.0 => complex(0.0, 0.0),
            r if r.is_infinite() => complex(f64::INFINITY, f64::NAN),
            _ => complex(f64::NAN, f64::NAN),
        });
    }
    if phi == 0.0 {
        return Ok(complex(r, if r.is_nan() { 0.0 } else { phi * 1f64.copysign(r) }));
    }
    if r.is_nan() {
        return Ok(complex(r, r));
    }
    let (cos, sin) = (f64::INFINITY.copysign(libm::cos(phi)), f64::INFINITY.copysign(libm::sin(phi)));
    Ok(if r > 0.0 { complex(cos, sin) } else { complex(-cos, -sin) })
}
