//! Arithmetic of complex numbers, also with one real operand: then the missing imaginary part is
//! not taken for zero, which would lose signs of zeros and make NaNs of infinities.

use crate::native::math::libm;

/// A complex number's parts.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Complex {
    pub re: f64,
    pub im: f64,
}

pub const fn complex(re: f64, im: f64) -> Complex {
    Complex { re, im }
}

/// What arithmetic cannot give.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ComplexError {
    DivisionByZero,
    ZeroPower,
    Overflow,
}

impl Complex {
    pub fn is_finite(self) -> bool {
        self.re.is_finite() && self.im.is_finite()
    }

    pub fn is_infinite(self) -> bool {
        self.re.is_infinite() || self.im.is_infinite()
    }

    fn is_nan(self) -> bool {
        self.re.is_nan() && self.im.is_nan()
    }

    fn scaled(self, factor: f64) -> Complex {
        complex(self.re * factor, self.im * factor)
    }

    /// The absolute value; infinite if either part is, even where the other is NaN.
    pub fn abs(self) -> f64 {
        if self.is_infinite() { f64::INFINITY } else { libm::hypot(self.re, self.im) }
    }
}

/// An operand: a complex number or a real one.
#[derive(Clone, Copy, Debug)]
pub enum Operand {
    Complex(Complex),
    Real(f64),
}

use Operand::{Complex as C, Real as R};

impl Operand {
    pub fn widened(self) -> Complex {
        match self {
            C(c) => c,
            R(re) => complex(re, 0.0),
        }
    }
}

pub fn add(a: Operand, b: Operand) -> Complex {
    match (a, b) {
        (C(a), R(b)) | (R(b), C(a)) => complex(a.re + b, a.im),
        _ => {
            let (a, b) = (a.widened(), b.widened());
            complex(a.re + b.re, a.im + b.im)
        }
    }
}

pub fn subtract(a: Operand, b: Operand) -> Complex {
    match (a, b) {
        (C(a), R(b)) => complex(a.re - b, a.im),
        (R(a), C(b)) => complex(a - b.re, -b.im),
        _ => {
            let (a, b) = (a.widened(), b.widened());
            complex(a.re - b.re, a.im - b.im)
        }
    }
}

pub fn multiply(a: Operand, b: Operand) -> Complex {
    match (a, b) {
        (C(a), R(b)) | (R(b), C(a)) => a.scaled(b),
        _ => product(a.widened(), b.widened()),
    }
}

/// 1 for an infinity and 0 for anything else, with the sign kept.
fn boxed(z: Complex) -> Complex {
    let part = |x: f64| if x.is_infinite() { 1f64.copysign(x) } else { 0f64.copysign(x) };
    complex(part(z.re), part(z.im))
}

fn zeros_for_nans(z: Complex) -> Complex {
    let part = |x: f64| if x.is_nan() { 0f64.copysign(x) } else { x };
    complex(part(z.re), part(z.im))
}

/// A product. Where it comes out as NaN although a factor or a partial product is infinite, it is
/// an infinity, as annex G of the C standard says.
fn product(a: Complex, b: Complex) -> Complex {
    let (ac, bd, ad, bc) = (a.re * b.re, a.im * b.im, a.re * b.im, a.im * b.re);
    let r = complex(ac - bd, ad + bc);
    if !r.is_nan() {
        return r;
    }
    let (mut x, mut y) = (a, b);
    if a.is_infinite() {
        (x, y) = (boxed(a), zeros_for_nans(y));
    }
    if y.is_infinite() {
        (x, y) = (zeros_for_nans(x), boxed(y));
    }
    if !a.is_infinite() && !b.is_infinite() {
        if ![ac, bd, ad, bc].iter().any(|p| p.is_infinite()) {
            return r;
        }
        (x, y) = (zeros_for_nans(a), zeros_for_nans(b));
    }
    complex(x.re * y.re - x.im * y.im, x.re * y.im + x.im * y.re).scaled(f64::INFINITY)
}

pub fn divide(a: Operand, b: Operand) -> Result<Complex, ComplexError> {
    match (a, b) {
        (_, R(0.0)) => Err(ComplexError::DivisionByZero),
        (C(a), R(b)) => Ok(complex(a.re / b, a.im / b)),
        (R(a), C(b)) => real_quotient(a, b),
        _ => quotient(a.widened(), b.widened()),
    }
}

/// Division by the part of the divisor that is larger first, so that nothing overflows on the way.
fn quotient(a: Complex, b: Complex) -> Result<Complex, ComplexError> {
    let r = if b.re.abs() >= b.im.abs() {
        if b.re == 0.0 {
            return Err(ComplexError::DivisionByZero);
        }
        let ratio = b.im / b.re;
        let denominator = b.re + b.im * ratio;
        complex((a.re + a.im * ratio) / denominator, (a.im - a.re * ratio) / denominator)
    } else if b.im.abs() >= b.re.abs() {
        let ratio = b.re / b.im;
        let denominator = b.re * ratio + b.im;
        complex((a.re * ratio + a.im) / denominator, (a.im * ratio - a.re) / denominator)
    } else {
        complex(f64::NAN, f64::NAN)
    };
    if !r.is_nan() {
        return Ok(r);
    }
    let recovered = |x: Complex, y: Complex| complex(x.re * y.re + x.im * y.im, x.im * y.re - x.re * y.im);
    Ok(if a.is_infinite() && b.is_finite() {
        recovered(boxed(a), b).scaled(f64::INFINITY)
    } else if b.is_infinite() && a.is_finite() {
        recovered(a, boxed(b)).scaled(0.0)
    } else {
        r
    })
}

/// A real number by a complex one.
fn real_quotient(a: f64, b: Complex) -> Result<Complex, ComplexError> {
    let r = if b.re.abs() >= b.im.abs() {
        if b.re == 0.0 {
            return Err(ComplexError::DivisionByZero);
        }
        let ratio = b.im / b.re;
        let denominator = b.re + b.im * ratio;
        complex(a / denominator, -a * ratio / denominator)
    } else if b.im.abs() >= b.re.abs() {
        let ratio = b.re / b.im;
        let denominator = b.re * ratio + b.im;
        complex(a * ratio / denominator, -a / denominator)
    } else {
        complex(f64::NAN, f64::NAN)
    };
    if r.is_nan() && a.is_finite() && b.is_infinite() {
        let y = boxed(b);
        return Ok(complex(a * y.re, -a * y.im).scaled(0.0));
    }
    Ok(r)
}

/// A power with a positive whole exponent, by squaring.
fn whole_power(mut x: Complex, mut n: u32) -> Complex {
    while n & 1 == 0 {
        x = product(x, x);
        n >>= 1;
    }
    let mut r = x;
    n >>= 1;
    while n > 0 {
        x = product(x, x);
        if n & 1 == 1 {
            r = product(r, x);
        }
        n >>= 1;
    }
    r
}

pub fn power(a: Complex, b: Complex) -> Result<Complex, ComplexError> {
    let small = b.im == 0.0 && b.re == b.re.floor() && b.re.abs() <= 100.0;
    let r = if small {
        match b.re as i32 {
            0 => complex(1.0, 0.0),
            n if n > 0 => whole_power(a, n.unsigned_abs()),
            n => quotient(complex(1.0, 0.0), whole_power(a, n.unsigned_abs())).map_err(|_| ComplexError::ZeroPower)?,
        }
    } else {
        polar_power(a, b)?
    };
    if r.is_infinite() { Err(ComplexError::Overflow) } else { Ok(r) }
}

fn polar_power(a: Complex, b: Complex) -> Result<Complex, ComplexError> {
    if a == complex(0.0, 0.0) {
        let defined = b.im == 0.0 && b.re >= 0.0;
        return if defined { Ok(complex(0.0, 0.0)) } else { Err(ComplexError::ZeroPower) };
    }
    let (abs, at) = (libm::hypot(a.re, a.im), libm::atan2(a.im, a.re));
    let mut len = libm::pow(abs, b.re);
    let mut phase = at * b.re;
    if b.im != 0.0 {
        len /= libm::exp(at * b.im);
        phase += b.im * libm::log(abs);
    }
    Ok(complex(len * libm::cos(phase), len * libm::sin(phase)))
}
