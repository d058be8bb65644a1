//! Operators on floats.

use tailscope_bytecode::code::Const;

use super::{Number, Operator, complexes};

pub(super) fn binary(op: Operator, a: f64, b: f64) -> Option<Const> {
    let value = match op {
        Operator::Add => a + b,
        Operator::Subtract => a - b,
        Operator::Multiply => a * b,
        Operator::Power => return power(a, b),
        Operator::TrueDivide if b != 0.0 => a / b,
        Operator::FloorDivide if b != 0.0 => floor_divide(a, b),
        Operator::Remainder if b != 0.0 => remainder(a, b),
        _ => return None,
    };
    Some(Const::Float(value))
}

/// `a % b`: the sign is that of `b`.
fn remainder(a: f64, b: f64) -> f64 {
    let rest = a % b;
    if rest == 0.0 {
        0f64.copysign(b)
    } else if (b < 0.0) != (rest < 0.0) {
        rest + b
    } else {
        rest
    }
}

fn floor_divide(a: f64, b: f64) -> f64 {
    let rest = a % b;
    let mut quotient = (a - rest) / b;
    if rest != 0.0 && (b < 0.0) != (rest < 0.0) {
        quotient -= 1.0;
    }
    if quotient == 0.0 {
        return 0f64.copysign(a / b);
    }
    // The division may have been inexact: take the nearest integer.
    let floor = quotient.floor();
    if quotient - floor > 0.5 {
        floor + 1.0
    } else {
        floor
    }
}

fn is_odd_integer(x: f64) -> bool {
    x.abs() % 2.0 == 1.0
}

/// `a ** b`: complex for a negative base with a fractional exponent.
fn power(a: f64, b: f64) -> Option<Const> {
    let value = if b == 0.0 || a == 1.0 {
        1.0
    } else if a.is_nan() {
        a
    } else if b.is_nan() {
        b
    } else if b.is_infinite() {
        power_to_infinity(a.abs(), b)
    } else if a.is_infinite() || a == 0.0 {
        power_of_extreme(a, b)?
    } else {
        if a < 0.0 && b != b.floor() {
            return complexes::binary(Operator::Power, &Number::Float(a), &Number::Float(b));
        }
        let negate = a < 0.0 && is_odd_integer(b);
        let magnitude = if a.abs() == 1.0 { 1.0 } else { a.abs().powf(b) };
        if magnitude.is_infinite() {
            return None;
        }
        if negate { -magnitude } else { magnitude }
    };
    Some(Const::Float(value))
}

fn power_to_infinity(magnitude: f64, b: f64) -> f64 {
    if magnitude == 1.0 {
        1.0
    } else if (b > 0.0) == (magnitude > 1.0) {
        f64::INFINITY
    } else {
        0.0
    }
}

/// The power of an infinity or a zero; zero to a negative power is an error.
fn power_of_extreme(a: f64, b: f64) -> Option<f64> {
    let magnitude = match (a == 0.0, b > 0.0) {
        (true, true) | (false, false) => 0.0,
        (false, true) => f64::INFINITY,
        (true, false) => return None,
    };
    Some(if is_odd_integer(b) {
        f64::copysign(magnitude, a)
    } else {
        magnitude
    })
}
