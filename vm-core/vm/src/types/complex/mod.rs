//! `complex`.

pub mod arith;
mod construct;

use arith::{Complex, ComplexError, Operand, complex};

use crate::error::PyResult;
use crate::object::{self, Header, Payload};
use crate::protocol::number::BinaryOp;
use crate::shape;
use crate::types::slots::CompareOp;
use crate::types::tuple::PyTuple;
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

/// An instance of `complex` or of a subclass.
fn new_of(ty: TypeRef, c: Complex) -> Ref {
    object::new_instance(ty, PyComplex { header: object::header(), re: c.re, im: c.im })
}

impl PyComplex {
    pub fn parts(&self) -> Complex {
        complex(self.re, self.im)
    }
}

/// The parts of what a function takes as a complex number: a complex, an object that converts
/// itself into one, or a real number.
pub fn parts(vm: &Vm, v: Value) -> PyResult<Complex> {
    if let Some(c) = v.cast::<PyComplex>() {
        return Ok(c.parts());
    }
    match construct::converted(vm, v)? {
        Some(c) => Ok(c),
        None => Ok(complex(float::as_f64(vm, v)?, 0.0)),
    }
}

/// The value of a complex, float or int operand.
fn operand(vm: &Vm, v: Value) -> PyResult<Option<Operand>> {
    if let Some(c) = v.cast::<PyComplex>() {
        return Ok(Some(Operand::Complex(c.parts())));
    }
    if float::value_of(v).is_some() || int::value_of(v).is_some() {
        return Ok(Some(Operand::Real(float::as_f64(vm, v)?)));
    }
    Ok(None)
}

/// A result, or the exception.
fn made(vm: &Vm, r: Result<Complex, ComplexError>) -> PyResult {
    match r {
        Ok(c) => Ok(new(c.re, c.im)),
        Err(ComplexError::DivisionByZero) => Err(vm.zero_division_error("division by zero")),
        Err(ComplexError::ZeroPower) => Err(vm.zero_division_error("zero to a negative or complex power")),
        Err(ComplexError::Overflow) => Err(vm.overflow_error("complex exponentiation")),
    }
}

/// `x ** y` of a negative float and a fraction.
pub fn pow_real(vm: &Vm, x: f64, y: f64) -> PyResult {
    made(vm, arith::power(complex(x, 0.0), complex(y, 0.0)))
}

fn binary(vm: &Vm, a: Value, b: Value, op: BinaryOp) -> PyResult {
    let Some(x) = operand(vm, a)? else { return Ok(vm.not_implemented().to_ref()) };
    let Some(y) = operand(vm, b)? else { return Ok(vm.not_implemented().to_ref()) };
    let r = match op {
        BinaryOp::Add => Ok(arith::add(x, y)),
        BinaryOp::Subtract => Ok(arith::subtract(x, y)),
        BinaryOp::Multiply => Ok(arith::multiply(x, y)),
        BinaryOp::TrueDivide => arith::divide(x, y),
        BinaryOp::Power => arith::power(x.widened(), y.widened()),
        _ => return Ok(vm.not_implemented().to_ref()),
    };
    made(vm, r)
}

fn pow_mod(vm: &Vm, a: Value, b: Value, _: Value) -> PyResult {
    if operand(vm, a)?.is_none() || operand(vm, b)?.is_none() {
        return Ok(vm.not_implemented().to_ref());
    }
    Err(vm.value_error("complex modulo"))
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

fn hash(v: Value) -> i64 {
    let c = this(v);
    let h = float::hash(c.re, v).wrapping_add(float::hash(c.im, v).wrapping_mul(1000003));
    if h == -1 { -2 } else { h }
}

fn abs(vm: &Vm, v: Value) -> PyResult {
    let z = this(v).parts();
    let r = z.abs();
    if r.is_infinite() && z.is_finite() {
        return Err(vm.overflow_error("absolute value too large"));
    }
    Ok(float::new(vm, r))
}

/// The value as an exact complex number.
fn exact(v: Value) -> Ref {
    if v.has_shape(shape::COMPLEX) { v.to_ref() } else { new(this(v).re, this(v).im) }
}

fn getnewargs(vm: &Vm, a: &[Value]) -> PyResult {
    let c = this(a[0]);
    Ok(PyTuple::pair(float::new(vm, c.re), float::new(vm, c.im)))
}

pub static DEF: TypeDef = TypeDef {
    doc: "complex(real=0, imag=0)\n--\n\nCreate a complex number from a string or numbers.\n\nIf a string is given, parse it as a complex number.\nIf a single number is given, convert it to a complex number.\nIf the 'real' or 'imag' arguments are given, create a complex number\nwith the specified real and imaginary components.",
    flags: flags::BASETYPE,
    new: New::Raw(construct::complex_new),
    slots: |s| {
        s.repr = Some(|vm, v| Ok(vm.new_str(&repr_of(this(v).re, this(v).im))));
        s.hash = Some(|_, v| Ok(hash(v)));
        s.compare = Some(compare);
        set_binaries(s);
        s.pow_mod = Some(pow_mod);
        s.neg = Some(|_, v| Ok(new(-this(v).re, -this(v).im)));
        s.pos = Some(|_, v| Ok(exact(v)));
        s.abs = Some(abs);
        s.bool_ = Some(|_, v| Ok(this(v).re != 0.0 || this(v).im != 0.0));
    },
    methods: &[
        MethodDef::new("conjugate", "($self, /)", |_, a| Ok(new(this(a[0]).re, -this(a[0]).im)), "Return the complex conjugate of its argument. (3-4j).conjugate() == 3+4j."),
        MethodDef::class("from_number", "($type, number, /)", construct::from_number, "Convert number to a complex floating-point number."),
        MethodDef::new("__complex__", "($self, /)", |_, a| Ok(exact(a[0])), "Convert this value to exact type complex."),
        MethodDef::new("__getnewargs__", "($self, /)", getnewargs, ""),
        MethodDef::new("__format__", "($self, format_spec, /)", |vm, a| crate::format::format_complex(vm, a[0], a[1]), "Convert to a string according to format_spec."),
    ],
    getset: &[
        GetSetDef::member("real", |vm, v| Ok(float::new(vm, this(v).re)), "the real part of a complex number"),
        GetSetDef::member("imag", |vm, v| Ok(float::new(vm, this(v).im)), "the imaginary part of a complex number"),
    ],
    ..TypeDef::of::<PyComplex>("complex")
};
