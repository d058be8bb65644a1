//! `complex`.

use crate::error::PyResult;
use crate::object::{self, Header, Payload};
use crate::protocol::number::BinaryOp;
use crate::shape;
use crate::types::slots::CompareOp;
use crate::types::type_::{GetSetDef, MethodDef, New, TypeDef, TypeRef, flags};
use crate::types::{float, int};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// Payload of a complex number.
#[repr(C)]
pub struct PyComplex {
    header: Header,
    pub re: f64,
    pub im: f64,
}

// SAFETY: repr(C), header first.
unsafe impl Payload for PyComplex {
    const SHAPE: u32 = shape::COMPLEX;
}

pub fn new(re: f64, im: f64) -> Ref {
    object::new(PyComplex { header: object::header(), re, im })
}

/// `x ** y` of a negative float and a fraction.
pub fn pow_real(vm: &Vm, x: f64, y: f64) -> PyResult {
    pow(vm, (x, 0.0), (y, 0.0))
}

/// A power with a small whole exponent: by squaring, as CPython does.
fn whole_power(x: (f64, f64), mut n: u32) -> (f64, f64) {
    let times = |a: (f64, f64), b: (f64, f64)| (a.0 * b.0 - a.1 * b.1, a.0 * b.1 + a.1 * b.0);
    let (mut r, mut p) = ((1.0, 0.0), x);
    while n > 0 {
        if n & 1 == 1 {
            r = times(r, p);
        }
        n >>= 1;
        p = times(p, p);
    }
    r
}

fn pow(vm: &Vm, a: (f64, f64), b: (f64, f64)) -> PyResult {
    if b == (0.0, 0.0) {
        return Ok(new(1.0, 0.0));
    }
    if a == (0.0, 0.0) {
        if b.1 != 0.0 || b.0 < 0.0 {
            return Err(vm.zero_division_error("zero to a negative or complex power"));
        }
        return Ok(new(0.0, 0.0));
    }
    if b.1 == 0.0 && b.0 == b.0.floor() && b.0.abs() <= 100.0 {
        let p = whole_power(a, b.0.abs() as u32);
        return if b.0 < 0.0 { divide(vm, (1.0, 0.0), p) } else { Ok(new(p.0, p.1)) };
    }
    let (abs, at) = (a.0.hypot(a.1), a.1.atan2(a.0));
    let mut len = abs.powf(b.0);
    let mut phase = at * b.0;
    if b.1 != 0.0 {
        len *= (-at * b.1).exp();
        phase += b.1 * abs.ln();
    }
    Ok(new(len * phase.cos(), len * phase.sin()))
}

/// The parts of what a function takes as a complex number: a complex, an object that converts
/// itself into one, or a real number.
pub fn parts(vm: &Vm, v: Value) -> PyResult<(f64, f64)> {
    if let Some(c) = v.cast::<PyComplex>() {
        return Ok((c.re, c.im));
    }
    let Some(m) = crate::protocol::attr::lookup_method(vm, v, vm.names().__complex__)? else {
        return Ok((float::as_f64(vm, v)?, 0.0));
    };
    let made = m.call(vm, &[])?;
    match made.cast::<PyComplex>() {
        Some(c) => Ok((c.re, c.im)),
        None => Err(vm.type_error(format!(
            "{}.__complex__() must return a complex, not {}",
            vm.type_of(v).full_name(),
            vm.type_of(made.value()).full_name()
        ))),
    }
}

/// The value of a complex, float or int operand.
fn operand(vm: &Vm, v: Value) -> PyResult<Option<(f64, f64)>> {
    if let Some(c) = v.cast::<PyComplex>() {
        return Ok(Some((c.re, c.im)));
    }
    if float::value_of(v).is_some() || int::value_of(v).is_some() {
        return Ok(Some((float::as_f64(vm, v)?, 0.0)));
    }
    Ok(None)
}

fn divide(vm: &Vm, a: (f64, f64), b: (f64, f64)) -> PyResult {
    if b == (0.0, 0.0) {
        return Err(vm.zero_division_error("division by zero"));
    }
    // Scaled by the larger part of the divisor, so that nothing overflows on the way.
    if b.0.abs() >= b.1.abs() {
        let r = b.1 / b.0;
        let d = b.0 + b.1 * r;
        return Ok(new((a.0 + a.1 * r) / d, (a.1 - a.0 * r) / d));
    }
    let r = b.0 / b.1;
    let d = b.0 * r + b.1;
    Ok(new((a.0 * r + a.1) / d, (a.1 * r - a.0) / d))
}

fn binary(vm: &Vm, a: Value, b: Value, op: BinaryOp) -> PyResult {
    let (Some(x), Some(y)) = (operand(vm, a)?, operand(vm, b)?) else {
        return Ok(vm.not_implemented().to_ref());
    };
    match op {
        BinaryOp::Add => Ok(new(x.0 + y.0, x.1 + y.1)),
        BinaryOp::Subtract => Ok(new(x.0 - y.0, x.1 - y.1)),
        BinaryOp::Multiply => Ok(new(x.0 * y.0 - x.1 * y.1, x.0 * y.1 + x.1 * y.0)),
        BinaryOp::TrueDivide => divide(vm, x, y),
        BinaryOp::Power => pow(vm, x, y),
        _ => Ok(vm.not_implemented().to_ref()),
    }
}

macro_rules! binaries {
    ($($name:ident = $op:ident;)*) => {
        $(fn $name(vm: &Vm, a: Value, b: Value) -> PyResult { binary(vm, a, b, BinaryOp::$op) })*
        fn set_binaries(s: &mut crate::types::slots::Slots) {
            $(s.binary[BinaryOp::$op as usize] = Some($name);)*
        }
    };
}

binaries! { add = Add; sub = Subtract; mul = Multiply; div = TrueDivide; power = Power; }

fn this<'a>(v: Value) -> &'a PyComplex {
    // SAFETY: slots of `complex` get complex numbers.
    unsafe { v.cast_unchecked::<PyComplex>() }
}

/// `repr` of a complex number.
pub fn repr_of(re: f64, im: f64) -> String {
    let part = |f: f64| {
        let s = float::repr(f);
        s.strip_suffix(".0").map(str::to_owned).unwrap_or(s)
    };
    if re == 0.0 && !re.is_sign_negative() {
        return format!("{}j", part(im));
    }
    let sign = if im.is_sign_negative() && !im.is_nan() { "" } else { "+" };
    format!("({}{sign}{}j)", part(re), part(im))
}

fn compare(vm: &Vm, a: Value, b: Value, op: CompareOp) -> PyResult {
    if !matches!(op, CompareOp::Eq | CompareOp::Ne) {
        return Ok(vm.not_implemented().to_ref());
    }
    let x = this(a);
    let equal = if let Some(y) = b.cast::<PyComplex>() {
        x.re == y.re && x.im == y.im
    } else if float::value_of(b).is_some() || int::value_of(b).is_some() {
        let re = float::new(vm, x.re);
        x.im == 0.0 && crate::protocol::compare::rich_bool(vm, re.value(), b, CompareOp::Eq)?
    } else {
        return Ok(vm.not_implemented().to_ref());
    };
    Ok(vm.bool_ref(equal == (op == CompareOp::Eq)))
}

fn complex_new(vm: &Vm, ty: TypeRef, a: &[Value]) -> PyResult {
    let part = |v: Value| -> PyResult<(f64, f64)> {
        match v.non_null() {
            None => Ok((0.0, 0.0)),
            Some(v) => match operand(vm, v)? {
                Some(c) => Ok(c),
                None => Ok((float::as_f64(vm, v)?, 0.0)),
            },
        }
    };
    if let Some(s) = a[0].non_null().and_then(|v| v.cast::<crate::types::str_::PyStr>()) {
        return match parse(&s.to_string_lossy()) {
            Some((re, im)) => Ok(new(re, im)),
            None => Err(vm.value_error("complex() arg is a malformed string")),
        };
    }
    let (r, i) = (part(a[0])?, part(a[1])?);
    let c = PyComplex { header: object::header(), re: r.0 - i.1, im: r.1 + i.0 };
    Ok(object::new_instance(ty, c))
}

fn parse(text: &str) -> Option<(f64, f64)> {
    let t = text.trim();
    let t = t.strip_prefix('(').and_then(|t| t.strip_suffix(')')).unwrap_or(t).trim();
    let Some(body) = t.strip_suffix(['j', 'J']) else { return Some((float::parse(t)?, 0.0)) };
    // The sign that separates the parts is the last one that is not an exponent's.
    let split = body
        .char_indices()
        .filter(|&(i, c)| (c == '+' || c == '-') && i > 0 && !body[..i].ends_with(['e', 'E']))
        .map(|(i, _)| i)
        .next_back();
    let imaginary = |s: &str| match s {
        "" | "+" => Some(1.0),
        "-" => Some(-1.0),
        s => float::parse(s),
    };
    match split {
        Some(i) => Some((float::parse(&body[..i])?, imaginary(&body[i..])?)),
        None => Some((0.0, imaginary(body)?)),
    }
}

fn hash(v: Value) -> i64 {
    let c = this(v);
    let h = float::hash(c.re, v).wrapping_add(float::hash(c.im, v).wrapping_mul(1000003));
    if h == -1 { -2 } else { h }
}

pub static DEF: TypeDef = TypeDef {
    doc: "Create a complex number from a string or numbers.\n\nIf a string is given, parse it as a complex number.\nIf a single number is given, convert it to a complex number.\nIf the 'real' or 'imag' arguments are given, create a complex number\nwith the specified real and imaginary components.",
    flags: flags::BASETYPE,
    new: New::Bound("(real=0, imag=0)", complex_new),
    slots: |s| {
        s.repr = Some(|vm, v| Ok(vm.new_str(&repr_of(this(v).re, this(v).im))));
        s.hash = Some(|_, v| Ok(hash(v)));
        s.compare = Some(compare);
        set_binaries(s);
        s.neg = Some(|_, v| Ok(new(-this(v).re, -this(v).im)));
        s.pos = Some(|_, v| Ok(new(this(v).re, this(v).im)));
        s.abs = Some(|vm, v| Ok(float::new(vm, this(v).re.hypot(this(v).im))));
        s.bool_ = Some(|_, v| Ok(this(v).re != 0.0 || this(v).im != 0.0));
    },
    methods: &[MethodDef::new("conjugate", "($self, /)", |_, a| Ok(new(this(a[0]).re, -this(a[0]).im)), "Return the complex conjugate of its argument. (3-4j).conjugate() == 3+4j.")],
    getset: &[
        GetSetDef::member("real", |vm, v| Ok(float::new(vm, this(v).re)), "the real part of a complex number"),
        GetSetDef::member("imag", |vm, v| Ok(float::new(vm, this(v).im)), "the imaginary part of a complex number"),
    ],
    ..TypeDef::of::<PyComplex>("complex")
};
