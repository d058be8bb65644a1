//! `int`'s slots and methods.

use num_bigint::{BigInt, Sign};
use num_traits::{Signed, Zero};

use super::{Int, PyInt, arith, exact, from_big, from_i64, parse, to_f64, value_of};
use crate::error::PyResult;
use crate::object;
use crate::protocol::number::{self, BinaryOp};
use crate::protocol::object as obj;
use crate::shape;
use crate::types::bytearray::PyByteArray;
use crate::types::bytes::{self, PyBytes};
use crate::types::slots::CompareOp;
use crate::types::str_::PyStr;
use crate::types::tuple::PyTuple;
use crate::types::type_::{GetSetDef, MethodDef, New, TypeDef, TypeRef, flags};
use crate::value::{Ref, Value};
use crate::vm::Vm;

fn this<'a>(v: Value) -> Int<'a> {
    match value_of(v) {
        Some(i) => i,
        None => Int::Small(0),
    }
}

fn compare(vm: &Vm, a: Value, b: Value, op: CompareOp) -> PyResult {
    match (value_of(a), value_of(b)) {
        (Some(x), Some(y)) => Ok(vm.bool_ref(op.test(x.cmp(&y)))),
        _ => Ok(vm.not_implemented().to_ref()),
    }
}

fn repr(vm: &Vm, v: Value) -> PyResult {
    let text = parse::to_decimal(vm, &this(v))?;
    Ok(vm.new_str(&text))
}

fn int_new(vm: &Vm, ty: TypeRef, a: &[Value]) -> PyResult {
    let r = match (a[0].non_null(), a[1].non_null()) {
        (None, None) => from_i64(0),
        (None, Some(_)) => return Err(vm.type_error("int() missing string argument")),
        (Some(x), None) => to_int(vm, x)?,
        (Some(x), Some(base)) => with_base(vm, x, base)?,
    };
    if ty.is(vm.builtin(shape::INT)) {
        return Ok(exact(r.value()));
    }
    Ok(super::new_subclass(ty, this(r.value()).to_big()))
}

fn with_base(vm: &Vm, x: Value, base: Value) -> PyResult {
    let base = number::index_clipped(vm, base)?;
    if base != 0 && !(2..=36).contains(&base) {
        return Err(vm.value_error("int() base must be >= 2 and <= 36, or 0"));
    }
    let is_text = x.cast::<PyStr>().is_some() || x.cast::<PyBytes>().is_some() || x.cast::<PyByteArray>().is_some();
    match text_of(vm, x).filter(|_| is_text) {
        Some((text, shown)) => parse_or_error(vm, shown.value(), &text, base as u32),
        None => Err(vm.type_error("int() can't convert non-string with explicit base")),
    }
}

/// The text of a str, or of what has bytes, and what messages show of it.
fn text_of(vm: &Vm, x: Value) -> Option<(String, Ref)> {
    if let Some(s) = x.cast::<PyStr>() {
        return Some((s.to_string_lossy(), x.to_ref()));
    }
    let b = crate::convert::own_or_buffer(vm, x).ok()?.to_vec();
    // Bytes that are not ASCII are no digits, and no spaces either.
    let shown = |b: &u8| if b.is_ascii() { *b as char } else { char::REPLACEMENT_CHARACTER };
    Some((b.iter().map(shown).collect(), bytes::new(vm, &b)))
}

fn parse_or_error(vm: &Vm, x: Value, text: &str, base: u32) -> PyResult {
    match parse::parse_literal(vm, text, base)? {
        Some(r) => Ok(r),
        None => Err(vm.value_error(format!(
            "invalid literal for int() with base {base}: {}",
            obj::repr_text(vm, x)?
        ))),
    }
}

/// `int(x)`.
pub fn to_int(vm: &Vm, x: Value) -> PyResult {
    if x.is_small_int() {
        return Ok(x.to_ref());
    }
    let ty = vm.type_of(x);
    if let Some(f) = ty.slots().int {
        return checked(vm, f(vm, x)?, "__int__");
    }
    if let Some(f) = ty.slots().index {
        return checked(vm, f(vm, x)?, "__index__");
    }
    match text_of(vm, x) {
        Some((t, shown)) => parse_or_error(vm, shown.value(), &t, 10),
        None => Err(vm.type_error(format!(
            "int() argument must be a string, a bytes-like object or a real number, not '{}'",
            ty.full_name()
        ))),
    }
}

fn checked(vm: &Vm, r: Ref, method: &str) -> PyResult {
    number::check_int(vm, &r, method)?;
    Ok(exact(r.value()))
}

fn float(vm: &Vm, v: Value) -> PyResult {
    match to_f64(&this(v)) {
        Some(f) => Ok(vm.new_float(f)),
        None => Err(vm.overflow_error("int too large to convert to float")),
    }
}

fn bit_length(vm: &Vm, a: &[Value]) -> PyResult {
    let n = match this(a[0]) {
        Int::Small(i) => 64 - i.unsigned_abs().leading_zeros() as i64,
        Int::Big(b) => b.bits() as i64,
    };
    Ok(vm.new_int(n))
}

fn bit_count(vm: &Vm, a: &[Value]) -> PyResult {
    let n = match this(a[0]) {
        Int::Small(i) => i.unsigned_abs().count_ones() as i64,
        Int::Big(b) => b.magnitude().iter_u64_digits().map(|d| d.count_ones() as i64).sum(),
    };
    Ok(vm.new_int(n))
}

fn as_integer_ratio(vm: &Vm, a: &[Value]) -> PyResult {
    Ok(PyTuple::from_vec(vm, vec![exact(a[0]), from_i64(1)]))
}

fn is_little(vm: &Vm, order: Value) -> PyResult<bool> {
    match order.non_null().map(obj::text).as_deref() {
        None | Some("big") => Ok(false),
        Some("little") => Ok(true),
        _ => Err(vm.value_error("byteorder must be either 'little' or 'big'")),
    }
}

fn to_bytes(vm: &Vm, a: &[Value]) -> PyResult {
    let n = match a[1].non_null() {
        Some(n) => number::size_i64(vm, n)?,
        None => 1,
    };
    if n < 0 {
        return Err(vm.value_error("length argument must be non-negative"));
    }
    let little = is_little(vm, a[2])?;
    let signed = match a[3].non_null() {
        Some(s) => crate::protocol::truth::truth(vm, s)?,
        None => false,
    };
    let v = this(a[0]);
    if v.is_negative() && !signed {
        return Err(vm.overflow_error("can't convert negative int to unsigned"));
    }
    let big = v.to_big();
    let mut bytes = if signed { big.to_signed_bytes_le() } else { big.magnitude().to_bytes_le() };
    if big.is_zero() {
        bytes.clear();
    }
    if bytes.len() > n as usize {
        return Err(vm.overflow_error("int too big to convert"));
    }
    bytes.resize(n as usize, if big.is_negative() { 0xff } else { 0 });
    if !little {
        bytes.reverse();
    }
    Ok(crate::types::bytes::new(vm, &bytes))
}

fn from_bytes(vm: &Vm, a: &[Value]) -> PyResult {
    let little = is_little(vm, a[2])?;
    let signed = match a[3].non_null() {
        Some(s) => crate::protocol::truth::truth(vm, s)?,
        None => false,
    };
    let owned = crate::types::bytes::from_object(vm, a[1])?;
    let mut bytes = owned;
    if !little {
        bytes.reverse();
    }
    let b = if signed { BigInt::from_signed_bytes_le(&bytes) } else { BigInt::from_bytes_le(Sign::Plus, &bytes) };
    let r = from_big(b);
    if a[0].is(vm.builtin(shape::INT).value()) {
        return Ok(r);
    }
    crate::protocol::call::call_args(vm, a[0], &[r.value()])
}

fn round(vm: &Vm, a: &[Value]) -> PyResult {
    let Some(n) = a[1].non_null().filter(|n| !n.is(vm.none())) else { return Ok(exact(a[0])) };
    let n = number::index(vm, n)?;
    if !this(n.value()).is_negative() {
        return Ok(exact(a[0]));
    }
    // Half to even at the power of ten.
    let digits = this(n.value()).to_i64().map_or(u32::MAX, |d| d.unsigned_abs().min(u32::MAX as u64) as u32);
    let x = this(a[0]).to_big();
    if digits as u64 > x.bits() {
        return Ok(from_i64(0));
    }
    let p = BigInt::from(10).pow(digits);
    let (q, r) = num_integer::Integer::div_mod_floor(&x, &p);
    let twice: BigInt = r * 2;
    let up = twice > p || (twice == p && num_integer::Integer::is_odd(&q));
    Ok(from_big((if up { q + 1 } else { q }) * p))
}

fn format(vm: &Vm, a: &[Value]) -> PyResult {
    crate::format::format_int(vm, a[0], a[1])
}

fn itself(_: &Vm, a: &[Value]) -> PyResult {
    Ok(exact(a[0]))
}

fn getnewargs(vm: &Vm, a: &[Value]) -> PyResult {
    Ok(PyTuple::from_vec(vm, vec![exact(a[0])]))
}

macro_rules! binaries {
    ($($name:ident = $op:ident;)*) => {
        $(fn $name(vm: &Vm, a: Value, b: Value) -> PyResult { arith::binary(vm, a, b, BinaryOp::$op) })*
        fn set_binaries(s: &mut crate::types::slots::Slots) {
            $(s.binary[BinaryOp::$op as usize] = Some($name);)*
        }
    };
}

binaries! {
    add = Add; sub = Subtract; mul = Multiply; floordiv = FloorDivide; rem = Remainder;
    divmod = Divmod; truediv = TrueDivide; power = Power; lshift = Lshift; rshift = Rshift;
    and = And; or = Or; xor = Xor;
}

fn invert(_: &Vm, v: Value) -> PyResult {
    Ok(match this(v) {
        Int::Small(i) => from_i64(!i),
        Int::Big(b) => from_big(!b.clone()),
    })
}

fn abs(_: &Vm, v: Value) -> PyResult {
    Ok(match this(v) {
        Int::Small(i) => from_i64(i.abs()),
        Int::Big(b) => from_big(b.abs()),
    })
}

pub static DEF: TypeDef = TypeDef {
    doc: "int([x]) -> integer\nint(x, base=10) -> integer\n\nConvert a number or string to an integer, or return 0 if no arguments\nare given.  If x is a number, return x.__int__().  For floating-point\nnumbers, this truncates towards zero.\n\nIf x is not a number or if base is given, then x must be a string,\nbytes, or bytearray instance representing an integer literal in the\ngiven base.  The literal can be preceded by '+' or '-' and be surrounded\nby whitespace.  The base defaults to 10.  Valid bases are 0 and 2-36.\nBase 0 means to interpret the base from the string as an integer literal.\n>>> int('0b100', base=0)\n4",
    flags: flags::BASETYPE,
    new: New::Bound("(x=0, /, base=10)", int_new),
    slots: |s| {
        s.repr = Some(repr);
        s.hash = Some(|_, v| Ok(super::hash(&this(v))));
        s.compare = Some(compare);
        set_binaries(s);
        s.pow_mod = Some(arith::pow_mod);
        s.neg = Some(|_, v| Ok(arith::negate(&this(v))));
        s.pos = Some(|_, v| Ok(exact(v)));
        s.abs = Some(abs);
        s.invert = Some(invert);
        s.bool_ = Some(|_, v| Ok(!this(v).is_zero()));
        s.int = Some(|_, v| Ok(exact(v)));
        s.float = Some(float);
        s.index = Some(|_, v| Ok(exact(v)));
        s.drop = Some(object::drop_payload::<PyInt>);
    },
    methods: &[
        MethodDef::new("conjugate", "($self, /)", itself, "Returns self, the complex conjugate of any int."),
        MethodDef::new("bit_length", "($self, /)", bit_length, "Number of bits necessary to represent self in binary.\n\n>>> bin(37)\n'0b100101'\n>>> (37).bit_length()\n6"),
        MethodDef::new("bit_count", "($self, /)", bit_count, "Number of ones in the binary representation of the absolute value of self.\n\nAlso known as the population count.\n\n>>> bin(13)\n'0b1101'\n>>> (13).bit_count()\n3"),
        MethodDef::new("to_bytes", "($self, /, length=1, byteorder='big', *, signed=False)", to_bytes, "Return an array of bytes representing an integer."),
        MethodDef::class("from_bytes", "($type, /, bytes, byteorder='big', *, signed=False)", from_bytes, "Return the integer represented by the given array of bytes."),
        MethodDef::new("as_integer_ratio", "($self, /)", as_integer_ratio, "Return a pair of integers, whose ratio is equal to the original int.\n\nThe ratio is in lowest terms and has a positive denominator."),
        MethodDef::new("is_integer", "($self, /)", |vm, _| Ok(vm.bool_ref(true)), "Returns True. Exists for duck type compatibility with float.is_integer."),
        MethodDef::new("__trunc__", "($self, /)", itself, "Truncating an Integral returns itself."),
        MethodDef::new("__floor__", "($self, /)", itself, "Flooring an Integral returns itself."),
        MethodDef::new("__ceil__", "($self, /)", itself, "Ceiling of an Integral returns itself."),
        MethodDef::new("__round__", "($self, ndigits=<unrepresentable>, /)", round, "Rounding an Integral returns itself.\n\nRounding with an ndigits argument also returns an integer."),
        MethodDef::new("__getnewargs__", "($self, /)", getnewargs, ""),
        MethodDef::new("__format__", "($self, format_spec, /)", format, "Convert to a string according to format_spec."),
        MethodDef::new("__sizeof__", "($self, /)", |vm, a| Ok(vm.new_int(24 + 4 * this(a[0]).to_big().bits().div_ceil(30).max(1) as i64)), "Returns size in memory, in bytes."),
    ],
    getset: &[
        GetSetDef::get("real", |_, v| Ok(exact(v)), "the real part of a complex number"),
        GetSetDef::get("imag", |_, _| Ok(from_i64(0)), "the imaginary part of a complex number"),
        GetSetDef::get("numerator", |_, v| Ok(exact(v)), "the numerator of a rational number in lowest terms"),
        GetSetDef::get("denominator", |_, _| Ok(from_i64(1)), "the denominator of a rational number in lowest terms"),
    ],
    ..TypeDef::of::<PyInt>("int")
};
