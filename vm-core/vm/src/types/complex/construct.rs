//! `complex(...)`: from strings, numbers and objects that convert themselves.

use super::{PyComplex, new_of};
use crate::args::{CallArgs, TypeName};
use crate::error::{PyResult, Raised};
use crate::protocol::attr;
use crate::runtime;
use crate::shape;
use crate::types::complex::arith::{Complex, complex};
use crate::types::float;
use crate::types::str_::{PyStr, decimal_digit};
use crate::types::type_::TypeRef;
use crate::value::Value;
use crate::vm::Vm;

/// What an object's `__complex__` gives; `None` where it has none.
pub fn converted(vm: &Vm, v: Value) -> PyResult<Option<Complex>> {
    let Some(m) = attr::lookup_method(vm, v, vm.names().__complex__)? else { return Ok(None) };
    let made = m.call(vm, &[])?;
    let what = || format!("__complex__ returned non-complex (type {})", vm.type_of(made.value()).full_name());
    let Some(c) = made.cast::<PyComplex>() else { return Err(vm.type_error(what())) };
    if !made.has_shape(shape::COMPLEX) {
        let text = format!(
            "{}.  The ability to return an instance of a strict subclass of complex is deprecated, \
             and may be removed in a future version of Python.",
            what()
        );
        runtime::warn(vm, shape::DEPRECATION_WARNING, &text, 1)?;
    }
    Ok(Some(c.parts()))
}

fn is_real(vm: &Vm, v: Value) -> bool {
    let slots = vm.type_of(v).slots();
    slots.float.is_some() || slots.index.is_some()
}

#[cold]
fn not_real(vm: &Vm, which: &str, v: Value) -> Raised {
    let ty = vm.type_of(v).full_name();
    vm.type_error(format!("complex() argument '{which}' must be a real number, not {ty}"))
}

/// Warns of a complex number in the place of a real one.
fn deprecated(vm: &Vm, which: &str, v: Value) -> PyResult<()> {
    let ty = vm.type_of(v).full_name();
    let text = format!("complex() argument '{which}' must be a real number, not {ty}");
    runtime::warn(vm, shape::DEPRECATION_WARNING, &text, 1)
}

/// The only argument: a string, a number, or what converts itself.
pub fn from_object(vm: &Vm, v: Value) -> PyResult<Complex> {
    if let Some(c) = v.cast_exact::<PyComplex>() {
        return Ok(c.parts());
    }
    if let Some(s) = v.cast::<PyStr>() {
        return match s.to_str().and_then(parse) {
            Some(c) => Ok(c),
            None => Err(vm.value_error("complex() arg is a malformed string")),
        };
    }
    if let Some(c) = converted(vm, v)? {
        return Ok(c);
    }
    if let Some(c) = v.cast::<PyComplex>() {
        return Ok(c.parts());
    }
    if !is_real(vm, v) {
        let ty = vm.type_of(v).full_name();
        return Err(vm.type_error(format!("complex() argument must be a string or a number, not {ty}")));
    }
    Ok(complex(float::as_f64(vm, v)?, 0.0))
}

/// The real part; whether it was complex itself.
fn real_part(vm: &Vm, v: Value) -> PyResult<(Complex, bool)> {
    let made = if v.cast::<PyStr>().is_some() { None } else { converted(vm, v)? };
    match made.or_else(|| v.cast::<PyComplex>().map(PyComplex::parts)) {
        Some(c) => {
            deprecated(vm, "real", v)?;
            Ok((c, true))
        }
        None if is_real(vm, v) => Ok((complex(float::as_f64(vm, v)?, 0.0), false)),
        None => Err(not_real(vm, "real", v)),
    }
}

fn imaginary_part(vm: &Vm, v: Value) -> PyResult<Complex> {
    match v.cast::<PyComplex>() {
        Some(c) => {
            deprecated(vm, "imag", v)?;
            Ok(c.parts())
        }
        None if is_real(vm, v) => Ok(complex(float::as_f64(vm, v)?, 0.0)),
        None => Err(not_real(vm, "imag", v)),
    }
}

/// `complex(real=..., imag=...)`: the second times i is added to the first. Parts that are real
/// are taken as they are, with the signs of their zeros.
pub fn from_parts(vm: &Vm, real: Option<Value>, imag: Option<Value>) -> PyResult<Complex> {
    let (mut r, is_complex) = match real {
        Some(v) => real_part(vm, v)?,
        None => (complex(0.0, 0.0), false),
    };
    let Some(imag) = imag else { return Ok(r) };
    let i = imaginary_part(vm, imag)?;
    if imag.cast::<PyComplex>().is_some() {
        r.re -= i.im;
    }
    r.im = if is_complex { r.im + i.re } else { i.re };
    Ok(r)
}

/// `complex.from_number(x)`.
pub fn from_number(vm: &Vm, a: &[Value]) -> PyResult {
    let plain = a[0].is(vm.builtin(shape::COMPLEX).value());
    if plain && a[1].has_shape(shape::COMPLEX) {
        return Ok(a[1].to_ref());
    }
    let c = super::parts(vm, a[1])?;
    let made = super::new(c.re, c.im);
    if plain { Ok(made) } else { crate::protocol::call::call_args(vm, a[0], &[made.value()]) }
}

/// `complex.__new__`.
pub fn complex_new(vm: &Vm, ty: TypeRef, args: CallArgs) -> PyResult {
    if let [v] = *args.args
        && args.kwnames.is_none()
    {
        // An exact complex number is returned as it is.
        if ty.is(vm.builtin(shape::COMPLEX)) && v.has_shape(shape::COMPLEX) {
            return Ok(v.to_ref());
        }
        return Ok(new_of(ty, from_object(vm, v)?));
    }
    let sig = vm.signatures.get("(real=0, imag=0)");
    sig.bind(vm, &TypeName(ty), None, args, |a| {
        Ok(new_of(ty, from_parts(vm, a[0].non_null(), a[1].non_null())?))
    })
}

/// Reads a complex number as `complex(text)` does.
fn parse(text: &str) -> Option<Complex> {
    let t = text.trim_matches(is_space);
    let t = match t.strip_prefix('(') {
        Some(inner) => inner.strip_suffix(')')?.trim_matches(is_space),
        None => t,
    };
    let ascii: String = t.chars().map(|c| if c.is_ascii() { c } else { decimal_digit(c).unwrap_or(c) }).collect();
    if ascii.contains(is_space) {
        return None;
    }
    let Some(body) = ascii.strip_suffix(['j', 'J']) else { return Some(complex(float::parse(&ascii)?, 0.0)) };
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
        Some(i) => Some(complex(float::parse(&body[..i])?, imaginary(&body[i..])?)),
        None => Some(complex(0.0, imaginary(body)?)),
    }
}

fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\x1c'..='\x1f').contains(&c)
}
