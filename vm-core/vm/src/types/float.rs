//! `float`: most live in the value; 0.0, NaN, infinities and extreme exponents are boxed.

use crate::error::PyResult;
use crate::format::number_text::HexError;
use crate::object::{self, Header, Payload};
use crate::protocol::number::{self, BinaryOp};
use crate::protocol::object as obj;
use crate::shape;
use crate::types::int::{self, Int};
use crate::types::slots::{CompareOp, UnaryFn};
use crate::types::str_::PyStr;
use crate::types::tuple::PyTuple;
use crate::types::type_::{GetSetDef, MethodDef, New, TypeDef, TypeRef, flags};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// Payload of a boxed float.
#[repr(C)]
pub struct PyFloat {
    header: Header,
    value: f64,
}

// SAFETY: repr(C), header first.
unsafe impl Payload for PyFloat {
    const SHAPE: u32 = shape::FLOAT;
}

impl PyFloat {
    #[inline(always)]
    pub fn get(&self) -> f64 {
        self.value
    }
}

/// A float object.
#[inline]
pub fn new(vm: &Vm, f: f64) -> Ref {
    match Value::try_tagged_float(f) {
        Some(v) => v.to_ref(),
        None if f.to_bits() == 0 => vm.float_zero().to_ref(),
        None => object::new(PyFloat { header: object::header(), value: f }),
    }
}

/// The immortal 0.0.
pub(crate) fn make_zero() -> Value {
    let r = object::new(PyFloat { header: object::header(), value: 0.0 });
    Value::immortal(r.into_value().pointer())
}

/// The value of a float or an instance of a subclass.
#[inline(always)]
pub fn value_of(v: Value) -> Option<f64> {
    if v.is_tagged_float() {
        return Some(v.tagged_float_unchecked());
    }
    v.cast::<PyFloat>().map(|f| f.value)
}

/// The value of an exact float, in whichever form.
#[inline(always)]
pub fn exact_value_of(v: Value) -> Option<f64> {
    if v.is_tagged_float() {
        return Some(v.tagged_float_unchecked());
    }
    v.cast_exact::<PyFloat>().map(|f| f.value)
}

/// A float or int operand as f64. The error is OverflowError; `None` means neither.
fn operand(vm: &Vm, v: Value) -> PyResult<Option<f64>> {
    if let Some(f) = value_of(v) {
        return Ok(Some(f));
    }
    match int::value_of(v) {
        Some(i) => match int::to_f64(&i) {
            Some(f) => Ok(Some(f)),
            None => Err(vm.overflow_error("int too large to convert to float")),
        },
        None => Ok(None),
    }
}

/// `float(v)` for an argument that must be a real number.
pub fn as_f64(vm: &Vm, v: Value) -> PyResult<f64> {
    if let Some(f) = operand(vm, v)? {
        return Ok(f);
    }
    let ty = vm.type_of(v);
    if let Some(f) = ty.slots().float {
        return by_method(vm, v, f);
    }
    if ty.slots().index.is_some() {
        let i = number::index(vm, v)?;
        return match int::value_of(i.value()).as_ref().and_then(int::to_f64) {
            Some(f) => Ok(f),
            None => Err(vm.overflow_error("int too large to convert to float")),
        };
    }
    Err(vm.type_error(format!("must be real number, not {}", ty.full_name())))
}

/// What an object's `__float__` gives.
fn by_method(vm: &Vm, v: Value, float: UnaryFn) -> PyResult<f64> {
    let r = float(vm, v)?;
    let names = || (vm.type_of(v).full_name(), vm.type_of(r.value()).full_name());
    let Some(f) = value_of(r.value()) else {
        let (ty, made) = names();
        return Err(vm.type_error(format!("{ty}.__float__ returned non-float (type {made})")));
    };
    if exact_value_of(r.value()).is_none() {
        let (ty, made) = names();
        let text = format!(
            "{ty}.__float__ returned non-float (type {made}).  The ability to return an instance of a strict subclass \
             of float is deprecated, and may be removed in a future version of Python."
        );
        crate::runtime::warn(vm, shape::DEPRECATION_WARNING, &text, 1)?;
    }
    Ok(f)
}

/// Python's float arithmetic on two floats.
pub fn arithmetic(vm: &Vm, x: f64, y: f64, op: BinaryOp) -> PyResult<Option<f64>> {
    Ok(Some(match op {
        BinaryOp::Add => x + y,
        BinaryOp::Subtract => x - y,
        BinaryOp::Multiply => x * y,
        BinaryOp::TrueDivide if y == 0.0 => return Err(vm.zero_division_error("division by zero")),
        BinaryOp::TrueDivide => x / y,
        BinaryOp::FloorDivide if y == 0.0 => {
            return Err(vm.zero_division_error("division by zero"));
        }
        BinaryOp::FloorDivide => divmod(x, y).0,
        BinaryOp::Remainder if y == 0.0 => return Err(vm.zero_division_error("division by zero")),
        BinaryOp::Remainder => divmod(x, y).1,
        _ => return Ok(None),
    }))
}

/// Floor quotient and remainder with the sign of the divisor, as CPython computes them.
pub fn divmod(x: f64, y: f64) -> (f64, f64) {
    let mut m = x % y;
    let mut div = (x - m) / y;
    if m != 0.0 {
        if (y < 0.0) != (m < 0.0) {
            m += y;
            div -= 1.0;
        }
    } else {
        m = 0f64.copysign(y);
    }
    let floor = if div != 0.0 {
        let f = div.floor();
        if div - f > 0.5 { f + 1.0 } else { f }
    } else {
        0f64.copysign(x / y)
    };
    (floor, m)
}

fn binary(vm: &Vm, a: Value, b: Value, op: BinaryOp) -> PyResult {
    let (Some(x), Some(y)) = (operand(vm, a)?, operand(vm, b)?) else {
        return Ok(vm.not_implemented().to_ref());
    };
    if op == BinaryOp::Divmod {
        if y == 0.0 {
            return Err(vm.zero_division_error("division by zero"));
        }
        let (q, r) = divmod(x, y);
        return Ok(PyTuple::from_vec(vm, vec![new(vm, q), new(vm, r)]));
    }
    if op == BinaryOp::Power {
        return pow(vm, x, y);
    }
    match arithmetic(vm, x, y, op)? {
        Some(f) => Ok(new(vm, f)),
        None => Ok(vm.not_implemented().to_ref()),
    }
}

/// `x ** y`; a negative base with a fractional exponent gives a complex number.
pub fn pow(vm: &Vm, x: f64, y: f64) -> PyResult {
    if y == 0.0 || x == 1.0 {
        return Ok(new(vm, 1.0));
    }
    // What the C library says of infinities and NaNs is what is wanted.
    if x == 0.0 && y < 0.0 && y.is_finite() {
        return Err(vm.zero_division_error("zero to a negative power"));
    }
    if x < 0.0 && x.is_finite() && y.is_finite() && y != y.floor() {
        return crate::types::complex::pow_real(vm, x, y);
    }
    let r = x.powf(y);
    if r.is_infinite() && x.is_finite() && y.is_finite() {
        return Err(vm.error_args(
            shape::OVERFLOW_ERROR,
            &[Value::small_int(34), vm.new_str("Numerical result out of range").value()],
        ));
    }
    Ok(new(vm, r))
}

fn compare(vm: &Vm, a: Value, b: Value, op: CompareOp) -> PyResult {
    let Some(x) = value_of(a) else { return Ok(vm.not_implemented().to_ref()) };
    if let Some(y) = value_of(b) {
        return Ok(vm.bool_ref(compare_floats(x, y, op)));
    }
    match int::value_of(b) {
        Some(i) => Ok(vm.bool_ref(compare_int(x, &i, op))),
        None => Ok(vm.not_implemented().to_ref()),
    }
}

/// A comparison of floats; every one with NaN but `!=` is false.
#[inline(always)]
pub fn compare_floats(x: f64, y: f64, op: CompareOp) -> bool {
    match op {
        CompareOp::Lt => x < y,
        CompareOp::Le => x <= y,
        CompareOp::Eq => x == y,
        CompareOp::Ne => x != y,
        CompareOp::Gt => x > y,
        CompareOp::Ge => x >= y,
    }
}

/// Compares a float with an int exactly.
fn compare_int(x: f64, i: &Int, op: CompareOp) -> bool {
    if x.is_nan() {
        return op == CompareOp::Ne;
    }
    if let Int::Small(i) = i
        && i.unsigned_abs() <= 1 << 53
    {
        return compare_floats(x, *i as f64, op);
    }
    if x.is_infinite() {
        return compare_floats(x, 0.0, op);
    }
    // Equal integer parts are decided by the fraction.
    let whole = num_bigint::BigInt::from(x.trunc() as i128);
    let whole = if x.abs() < 1e38 { whole } else { num_traits::FromPrimitive::from_f64(x).unwrap_or(whole) };
    let o = whole.cmp(&i.to_big()).then_with(|| x.fract().partial_cmp(&0.0).unwrap_or(std::cmp::Ordering::Equal));
    op.test(o)
}

/// CPython's hash of a float: equal to the int's where they are equal.
pub fn hash(f: f64, this: Value) -> i64 {
    if f.is_infinite() {
        return if f > 0.0 { 314159 } else { -314159 };
    }
    if f.is_nan() {
        return obj::identity_hash(this);
    }
    const BITS: i32 = 61;
    const MODULUS: u64 = (1 << 61) - 1;
    let (mut m, mut e) = frexp(f.abs());
    let mut x: u64 = 0;
    while m != 0.0 {
        x = ((x << 28) & MODULUS) | x >> (BITS - 28);
        m *= 268435456.0;
        e -= 28;
        let y = m as u64;
        m -= y as f64;
        x += y;
        if x >= MODULUS {
            x -= MODULUS;
        }
    }
    let e = if e >= 0 { e % BITS } else { BITS - 1 - ((-1 - e) % BITS) };
    x = ((x << e) & MODULUS) | x >> (BITS - e);
    let h = if f < 0.0 { -(x as i64) } else { x as i64 };
    if h == -1 { -2 } else { h }
}

/// Mantissa in [0.5, 1) and exponent.
pub fn frexp(f: f64) -> (f64, i32) {
    if f == 0.0 || !f.is_finite() {
        return (f, 0);
    }
    let bits = f.to_bits();
    let e = (bits >> 52 & 0x7ff) as i32;
    if e == 0 {
        let (m, e) = frexp(f * 2f64.powi(64));
        return (m, e - 64);
    }
    (f64::from_bits(bits & !(0x7ff << 52) | 1022 << 52), e - 1022)
}

/// `repr(f)`: the shortest digits that read back the same.
pub fn repr(f: f64) -> String {
    crate::format::float_repr(f)
}

fn float_new(vm: &Vm, ty: TypeRef, a: &[Value]) -> PyResult {
    let f = match a[0].non_null() {
        None => 0.0,
        Some(x) => from_object(vm, x)?,
    };
    if ty.is(vm.builtin(shape::FLOAT)) {
        return Ok(new(vm, f));
    }
    Ok(object::new_instance(ty, PyFloat { header: object::header(), value: f }))
}

fn from_object(vm: &Vm, x: Value) -> PyResult<f64> {
    if let Some(s) = x.cast_exact::<PyStr>() {
        return from_text(vm, x, s.to_str());
    }
    if let Some(f) = exact_value_of(x) {
        return Ok(f);
    }
    let ty = vm.type_of(x);
    if let Some(f) = ty.slots().float {
        return by_method(vm, x, f);
    }
    if ty.slots().index.is_some() {
        return as_f64(vm, x);
    }
    if let Some(s) = x.cast::<PyStr>() {
        return from_text(vm, x, s.to_str());
    }
    match crate::convert::own_or_buffer(vm, x) {
        // Only ASCII counts in bytes.
        Ok(b) => from_text(vm, x, std::str::from_utf8(&b).ok().filter(|t| t.is_ascii())),
        Err(_) => Err(vm.type_error(format!(
            "float() argument must be a string or a real number, not '{}'",
            ty.full_name()
        ))),
    }
}

fn from_text(vm: &Vm, x: Value, text: Option<&str>) -> PyResult<f64> {
    match text.and_then(parse) {
        Some(f) => Ok(f),
        None => Err(vm.value_error(format!("could not convert string to float: {}", obj::repr_text(vm, x)?))),
    }
}

/// Reads a float as `float(text)` does.
pub fn parse(text: &str) -> Option<f64> {
    let t = text.trim_matches(|c: char| c.is_whitespace() || ('\x1c'..='\x1f').contains(&c));
    let ascii: String = t
        .chars()
        .map(|c| if c.is_ascii() { c } else { crate::types::str_::decimal_digit(c).unwrap_or(c) })
        .collect();
    let lower = ascii.to_ascii_lowercase();
    let (negative, body) = match lower.as_bytes().first()? {
        b'-' => (true, &lower[1..]),
        b'+' => (false, &lower[1..]),
        _ => (false, &lower[..]),
    };
    let f = match body {
        "inf" | "infinity" => f64::INFINITY,
        "nan" => f64::NAN,
        _ => {
            if !body.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
                return None;
            }
            let b = body.as_bytes();
            let misplaced = b.iter().enumerate().any(|(i, c)| {
                *c == b'_'
                    && !(i > 0
                        && b[i - 1].is_ascii_digit()
                        && b.get(i + 1).is_some_and(u8::is_ascii_digit))
            });
            if misplaced || body.contains("inf") || body.contains("nan") {
                return None;
            }
            body.replace('_', "").parse::<f64>().ok()?
        }
    };
    Some(if negative { -f } else { f })
}

fn this(v: Value) -> f64 {
    value_of(v).unwrap_or(0.0)
}

/// The int that a float's integer part is.
pub fn to_int(vm: &Vm, f: f64) -> PyResult {
    if f.is_nan() {
        return Err(vm.value_error("cannot convert float NaN to integer"));
    }
    if f.is_infinite() {
        return Err(vm.overflow_error("cannot convert float infinity to integer"));
    }
    if f.abs() < 4e18 {
        return Ok(int::from_i64(f as i64));
    }
    match num_traits::FromPrimitive::from_f64(f.trunc()) {
        Some(b) => Ok(int::from_big(b)),
        None => Ok(int::from_i64(0)),
    }
}

fn round(vm: &Vm, a: &[Value]) -> PyResult {
    let f = this(a[0]);
    let Some(n) = a[1].non_null().filter(|n| !n.is(vm.none())) else {
        if !f.is_finite() {
            return to_int(vm, f);
        }
        return to_int(vm, f.round_ties_even());
    };
    let n = number::index_clipped(vm, n)?;
    if !f.is_finite() || f == 0.0 || n > 323 {
        return Ok(new(vm, f));
    }
    if n < -308 {
        return Ok(new(vm, 0f64.copysign(f)));
    }
    // Decimal rounding of the exact value, half to even as the digits say.
    let r = crate::format::round_decimal(f, n as i32);
    if r.is_infinite() {
        return Err(vm.overflow_error("rounded value too large to represent"));
    }
    Ok(new(vm, r))
}

fn as_integer_ratio(vm: &Vm, a: &[Value]) -> PyResult {
    let f = this(a[0]);
    if f.is_nan() {
        return Err(vm.value_error("cannot convert NaN to integer ratio"));
    }
    if f.is_infinite() {
        return Err(vm.overflow_error("cannot convert Infinity to integer ratio"));
    }
    let (mut m, mut e) = frexp(f);
    while m != m.floor() {
        m *= 2.0;
        e -= 1;
    }
    let n = num_bigint::BigInt::from(m as i64);
    let (n, d) = if e > 0 {
        (n << e as u32, num_bigint::BigInt::from(1))
    } else {
        (n, num_bigint::BigInt::from(1) << (-e) as u32)
    };
    Ok(PyTuple::from_vec(vm, vec![int::from_big(n), int::from_big(d)]))
}

fn hex(vm: &Vm, a: &[Value]) -> PyResult {
    Ok(vm.new_str(&crate::format::float_hex(this(a[0]))))
}

fn fromhex(vm: &Vm, a: &[Value]) -> PyResult {
    let text = obj::text(a[1]);
    match crate::format::parse_float_hex(&text) {
        Ok(f) => {
            let r = new(vm, f);
            if a[0].is(vm.builtin(shape::FLOAT).value()) {
                return Ok(r);
            }
            crate::protocol::call::call_args(vm, a[0], &[r.value()])
        }
        Err(HexError::TooLarge) => Err(vm.overflow_error("hexadecimal value too large to represent as a float")),
        Err(HexError::Malformed) => Err(vm.value_error("invalid hexadecimal floating-point string")),
    }
}

fn from_number(vm: &Vm, a: &[Value]) -> PyResult {
    let plain = a[0].is(vm.builtin(shape::FLOAT).value());
    if plain && exact_value_of(a[1]).is_some() {
        return Ok(a[1].to_ref());
    }
    let made = new(vm, as_f64(vm, a[1])?);
    if plain { Ok(made) } else { crate::protocol::call::call_args(vm, a[0], &[made.value()]) }
}

fn getformat(vm: &Vm, a: &[Value]) -> PyResult {
    let kind = crate::convert::str_arg(vm, "__getformat__", "argument", a[1])?;
    if !matches!(kind.to_str(), Some("double" | "float")) {
        return Err(vm.value_error("__getformat__() argument 1 must be 'double' or 'float'"));
    }
    Ok(vm.new_str(if cfg!(target_endian = "little") { "IEEE, little-endian" } else { "IEEE, big-endian" }))
}

fn format(vm: &Vm, a: &[Value]) -> PyResult {
    crate::format::format_float(vm, a[0], a[1])
}

macro_rules! binaries {
    ($($name:ident = $op:ident;)*) => {
        $(fn $name(vm: &Vm, a: Value, b: Value) -> PyResult { binary(vm, a, b, BinaryOp::$op) })*
        fn set_binaries(s: &mut crate::types::slots::Slots) {
            $(s.binary[BinaryOp::$op as usize] = Some($name);)*
        }
    };
}

binaries! {
    add = Add; sub = Subtract; mul = Multiply; floordiv = FloorDivide; rem = Remainder;
    divmod_ = Divmod; truediv = TrueDivide; power = Power;
}

pub static DEF: TypeDef = TypeDef {
    doc: "Convert a string or number to a floating-point number, if possible.",
    flags: flags::BASETYPE,
    new: New::Bound("(x=0, /)", float_new),
    slots: |s| {
        s.repr = Some(|vm, v| Ok(vm.new_str(&repr(this(v)))));
        s.hash = Some(|_, v| Ok(hash(this(v), v)));
        s.compare = Some(compare);
        set_binaries(s);
        s.pow_mod = Some(|vm, _, _, _| {
            Err(vm.type_error("pow() 3rd argument not allowed unless all arguments are integers"))
        });
        s.neg = Some(|vm, v| Ok(new(vm, -this(v))));
        s.pos = Some(|vm, v| Ok(new(vm, this(v))));
        s.abs = Some(|vm, v| Ok(new(vm, this(v).abs())));
        s.bool_ = Some(|_, v| Ok(this(v) != 0.0));
        s.int = Some(|vm, v| to_int(vm, this(v)));
        s.float = Some(|vm, v| Ok(new(vm, this(v))));
    },
    methods: &[
        MethodDef::new("conjugate", "($self, /)", |vm, a| Ok(new(vm, this(a[0]))), "Return self, the complex conjugate of any float."),
        MethodDef::new("is_integer", "($self, /)", |vm, a| Ok(vm.bool_ref(this(a[0]).is_finite() && this(a[0]) == this(a[0]).floor())), "Return True if the float is an integer."),
        MethodDef::new("as_integer_ratio", "($self, /)", as_integer_ratio, "Return a pair of integers, whose ratio is exactly equal to the original float.\n\nThe ratio is in lowest terms and has a positive denominator.  Raise\nOverflowError on infinities and a ValueError on NaNs.\n\n>>> (10.0).as_integer_ratio()\n(10, 1)\n>>> (0.0).as_integer_ratio()\n(0, 1)\n>>> (-.25).as_integer_ratio()\n(-1, 4)"),
        MethodDef::new("hex", "($self, /)", hex, "Return a hexadecimal representation of a floating-point number.\n\n>>> (-0.1).hex()\n'-0x1.999999999999ap-4'\n>>> 3.14159.hex()\n'0x1.921f9f01b866ep+1'"),
        MethodDef::class("fromhex", "($type, string, /)", fromhex, "Create a floating-point number from a hexadecimal string.\n\n>>> float.fromhex('0x1.ffffp10')\n2047.984375\n>>> float.fromhex('-0x1p-1074')\n-5e-324"),
        MethodDef::class("from_number", "($type, number, /)", from_number, "Convert real number to a floating-point number."),
        MethodDef::new("__trunc__", "($self, /)", |vm, a| to_int(vm, this(a[0])), "Return the Integral closest to x between 0 and x."),
        MethodDef::new("__floor__", "($self, /)", |vm, a| to_int(vm, this(a[0]).floor()), "Return the floor as an Integral."),
        MethodDef::new("__ceil__", "($self, /)", |vm, a| to_int(vm, this(a[0]).ceil()), "Return the ceiling as an Integral."),
        MethodDef::new("__round__", "($self, ndigits=None, /)", round, "Return the Integral closest to x, rounding half toward even.\n\nWhen an argument is passed, work like built-in round(x, ndigits)."),
        MethodDef::new("__getnewargs__", "($self, /)", |vm, a| Ok(PyTuple::from_vec(vm, vec![new(vm, this(a[0]))])), ""),
        MethodDef::class("__getformat__", "($type, typestr, /)", getformat, "You probably don't want to use this function.\n\n  typestr\n    Must be 'double' or 'float'.\n\nIt exists mainly to be used in Python's test suite.\n\nThis function returns whichever of 'unknown', 'IEEE, big-endian' or\n'IEEE, little-endian' best describes the format of floating-point\nnumbers used by the C type named by typestr."),
        MethodDef::new("__format__", "($self, format_spec, /)", format, "Formats the float according to format_spec."),
    ],
    getset: &[
        GetSetDef::get("real", |vm, v| Ok(new(vm, this(v))), "the real part of a complex number"),
        GetSetDef::get("imag", |vm, _| Ok(vm.float_zero().to_ref()), "the imaginary part of a complex number"),
    ],
    ..TypeDef::of::<PyFloat>("float")
};
