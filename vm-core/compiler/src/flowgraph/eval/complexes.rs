//! Operators with a complex operand.
//!
//! Where the other operand is real, no zero imaginary part is made up for it (C11, annex G).

use tailscope_bytecode::code::Const;

use super::{Number, Operator};

#[derive(Clone, Copy)]
struct Complex {
    re: f64,
    im: f64,
}

const ONE: Complex = Complex { re: 1.0, im: 0.0 };

/// Exponents up to this magnitude are computed by multiplication if they are integers.
const MAX_INTEGER_EXPONENT: f64 = 100.0;

pub(super) fn binary(op: Operator, a: &Number, b: &Number) -> Option<Const> {
    let value = match op {
        Operator::Add => sum(a, b)?,
        Operator::Subtract => difference(a, b)?,
        Operator::Multiply => product(a, b)?,
        Operator::TrueDivide => match (a, b) {
            (Number::Complex(re, im), Number::Complex(c, d)) => {
                quotient(Complex { re: *re, im: *im }, Complex { re: *c, im: *d })?
            }
            (Number::Complex(re, im), real) => {
                let divisor = real.real().filter(|&x| x != 0.0)?;
                Complex {
                    re: re / divisor,
                    im: im / divisor,
                }
            }
            (real, Number::Complex(c, d)) => {
                real_quotient(real.real()?, Complex { re: *c, im: *d })?
            }
            _ => return None,
        },
        Operator::Power => power(widened(a)?, widened(b)?)?,
        _ => return None,
    };
    Some(Const::Complex(value.re, value.im))
}

/// The number with an imaginary part, zero if it had none.
fn widened(a: &Number) -> Option<Complex> {
    match a {
        Number::Complex(re, im) => Some(Complex { re: *re, im: *im }),
        real => Some(Complex {
            re: real.real()?,
            im: 0.0,
        }),
    }
}

fn sum(a: &Number, b: &Number) -> Option<Complex> {
    Some(match (a, b) {
        (Number::Complex(a, b), Number::Complex(c, d)) => Complex {
            re: a + c,
            im: b + d,
        },
        (Number::Complex(re, im), real) | (real, Number::Complex(re, im)) => Complex {
            re: re + real.real()?,
            im: *im,
        },
        _ => return None,
    })
}

fn difference(a: &Number, b: &Number) -> Option<Complex> {
    Some(match (a, b) {
        (Number::Complex(a, b), Number::Complex(c, d)) => Complex {
            re: a - c,
            im: b - d,
        },
        (Number::Complex(re, im), real) => Complex {
            re: re - real.real()?,
            im: *im,
        },
        (real, Number::Complex(re, im)) => Complex {
            re: real.real()? - re,
            im: -im,
        },
        _ => return None,
    })
}

fn product(a: &Number, b: &Number) -> Option<Complex> {
    Some(match (a, b) {
        (Number::Complex(a, b), Number::Complex(c, d)) => {
            multiply(Complex { re: *a, im: *b }, Complex { re: *c, im: *d })
        }
        (Number::Complex(re, im), real) | (real, Number::Complex(re, im)) => {
            let factor = real.real()?;
            Complex {
                re: re * factor,
                im: im * factor,
            }
        }
        _ => return None,
    })
}

/// An infinity as 1, anything else as 0, with the sign.
fn boxed(x: f64) -> f64 {
    f64::copysign(if x.is_infinite() { 1.0 } else { 0.0 }, x)
}

/// A NaN as a zero with its sign.
fn nan_to_zero(x: f64) -> f64 {
    if x.is_nan() { f64::copysign(0.0, x) } else { x }
}

impl Complex {
    fn is_infinite(self) -> bool {
        self.re.is_infinite() || self.im.is_infinite()
    }

    fn is_finite(self) -> bool {
        self.re.is_finite() && self.im.is_finite()
    }

    fn is_nan(self) -> bool {
        self.re.is_nan() && self.im.is_nan()
    }

    fn map(self, f: impl Fn(f64) -> f64) -> Complex {
        Complex {
            re: f(self.re),
            im: f(self.im),
        }
    }
}

/// The product; infinities that came out as NaNs are recovered.
fn multiply(z: Complex, w: Complex) -> Complex {
    let (ac, bd, ad, bc) = (z.re * w.re, z.im * w.im, z.re * w.im, z.im * w.re);
    let result = Complex {
        re: ac - bd,
        im: ad + bc,
    };
    if !result.is_nan() {
        return result;
    }
    let (mut z, mut w) = (z, w);
    let mut recalculate = false;
    if z.is_infinite() {
        z = z.map(boxed);
        w = w.map(nan_to_zero);
        recalculate = true;
    }
    if w.is_infinite() {
        w = w.map(boxed);
        z = z.map(nan_to_zero);
        recalculate = true;
    }
    if !recalculate && [ac, bd, ad, bc].into_iter().any(f64::is_infinite) {
        z = z.map(nan_to_zero);
        w = w.map(nan_to_zero);
        recalculate = true;
    }
    if !recalculate {
        return result;
    }
    Complex {
        re: f64::INFINITY * (z.re * w.re - z.im * w.im),
        im: f64::INFINITY * (z.re * w.im + z.im * w.re),
    }
}

/// The quotient by Smith's method; `None` for a zero divisor.
fn quotient(a: Complex, b: Complex) -> Option<Complex> {
    let mut result = if b.re.abs() >= b.im.abs() {
        if b.re == 0.0 {
            return None;
        }
        let ratio = b.im / b.re;
        let denominator = b.re + b.im * ratio;
        Complex {
            re: (a.re + a.im * ratio) / denominator,
            im: (a.im - a.re * ratio) / denominator,
        }
    } else if b.im.abs() >= b.re.abs() {
        let ratio = b.re / b.im;
        let denominator = b.re * ratio + b.im;
        Complex {
            re: (a.re * ratio + a.im) / denominator,
            im: (a.im * ratio - a.re) / denominator,
        }
    } else {
        Complex {
            re: f64::NAN,
            im: f64::NAN,
        }
    };
    if result.is_nan() {
        if a.is_infinite() && b.is_finite() {
            let a = a.map(boxed);
            result.re = f64::INFINITY * (a.re * b.re + a.im * b.im);
            result.im = f64::INFINITY * (a.im * b.re - a.re * b.im);
        } else if b.is_infinite() && a.is_finite() {
            let b = b.map(boxed);
            result.re = 0.0 * (a.re * b.re + a.im * b.im);
            result.im = 0.0 * (a.im * b.re - a.re * b.im);
        }
    }
    Some(result)
}

/// The quotient of a real dividend; `None` for a zero divisor.
fn real_quotient(a: f64, b: Complex) -> Option<Complex> {
    let mut result = if b.re.abs() >= b.im.abs() {
        if b.re == 0.0 {
            return None;
        }
        let ratio = b.im / b.re;
        let denominator = b.re + b.im * ratio;
        Complex {
            re: a / denominator,
            im: (-a * ratio) / denominator,
        }
    } else if b.im.abs() >= b.re.abs() {
        let ratio = b.re / b.im;
        let denominator = b.re * ratio + b.im;
        Complex {
            re: (a * ratio) / denominator,
            im: -a / denominator,
        }
    } else {
        Complex {
            re: f64::NAN,
            im: f64::NAN,
        }
    };
    if result.is_nan() && a.is_finite() && b.is_infinite() {
        let b = b.map(boxed);
        result.re = 0.0 * (a * b.re);
        result.im = 0.0 * (-a * b.im);
    }
    Some(result)
}

/// `a ** b`; `None` for zero to a negative or complex power and on overflow.
fn power(a: Complex, b: Complex) -> Option<Complex> {
    let integer = b.im == 0.0 && b.re == b.re.floor() && b.re.abs() <= MAX_INTEGER_EXPONENT;
    let result = if integer {
        let exponent = b.re as i32;
        let magnitude = integer_power(a, exponent.unsigned_abs());
        if exponent > 0 {
            magnitude
        } else {
            quotient(ONE, magnitude)?
        }
    } else {
        polar_power(a, b)?
    };
    (!result.is_infinite()).then_some(result)
}

fn integer_power(base: Complex, exponent: u32) -> Complex {
    let mut result = ONE;
    let mut square = base;
    let mut rest = exponent;
    while rest > 0 {
        if rest & 1 != 0 {
            result = multiply(result, square);
        }
        square = multiply(square, square);
        rest >>= 1;
    }
    result
}

fn polar_power(a: Complex, b: Complex) -> Option<Complex> {
    if a.re == 0.0 && a.im == 0.0 {
        let raises = b.im != 0.0 || b.re < 0.0;
        return (!raises).then_some(Complex { re: 0.0, im: 0.0 });
    }
    let magnitude = a.re.hypot(a.im);
    let angle = a.im.atan2(a.re);
    let mut length = magnitude.powf(b.re);
    let mut phase = angle * b.re;
    if b.im != 0.0 {
        length *= (-angle * b.im).exp();
        phase += b.im * magnitude.ln();
    }
    // The C library's sine and cosine refuse an infinite angle.
    (!phase.is_infinite()).then(|| Complex {
        re: length * phase.cos(),
        im: length * phase.sin(),
    })
}
