//! Conversions of arguments, with the error messages of CPython's Argument Clinic.
//!
//! `what` names the argument as the message does: `argument 1`, `argument 'encoding'`.

use crate::error::{PyResult, Raised};
use crate::protocol::buffer::Buffer;
use crate::protocol::{item, number, truth};
use crate::types::bytes::{PyBytes, data_of};
use crate::types::int;
use crate::types::str_::PyStr;
use crate::value::Value;
use crate::vm::Vm;

/// The name that messages show for a value of the wrong type: its type's, or `None`.
pub fn type_shown(vm: &Vm, v: Value) -> String {
    if v.is(vm.none()) { "None".to_owned() } else { vm.type_of(v).full_name() }
}

/// `f() argument 1 must be str, not int`.
#[cold]
pub fn bad_argument(vm: &Vm, function: &str, what: &str, expected: &str, v: Value) -> Raised {
    vm.type_error(format!("{function}() {what} must be {expected}, not {}", type_shown(vm, v)))
}

/// A str (or an instance of a subclass).
#[inline]
pub fn str_arg<'a>(vm: &Vm, function: &str, what: &str, v: Value) -> PyResult<&'a PyStr> {
    match v.cast::<PyStr>() {
        Some(s) => Ok(s),
        None => Err(bad_argument(vm, function, what, "str", v)),
    }
}

/// A str as C text: without null characters and lone surrogates.
pub fn name_arg(vm: &Vm, function: &str, what: &str, v: Value) -> PyResult<String> {
    let s = str_arg(vm, function, what, v)?;
    if s.as_bytes().contains(&0) {
        return Err(vm.value_error("embedded null character"));
    }
    match s.to_str() {
        Some(t) => Ok(t.to_owned()),
        None => Err(crate::codecs::not_utf8(vm, s)),
    }
}

/// A `Py_ssize_t`, or the default.
#[inline]
pub fn size_or(vm: &Vm, v: Value, default: isize) -> PyResult<isize> {
    if v.is_null() { Ok(default) } else { item::ssize_arg(vm, v) }
}

/// A C `int`.
#[inline]
pub fn c_int(vm: &Vm, v: Value) -> PyResult<i32> {
    if let Some(i) = v.as_small_int()
        && let Ok(i) = i32::try_from(i)
    {
        return Ok(i);
    }
    let i = number::index(vm, v)?;
    match int::to_i64(i.value()).and_then(|i| i32::try_from(i).ok()) {
        Some(i) => Ok(i),
        None => Err(vm.overflow_error("Python int too large to convert to C int")),
    }
}

/// A C `long`.
#[inline]
pub fn c_long(vm: &Vm, v: Value) -> PyResult<i64> {
    match v.as_small_int() {
        Some(i) => Ok(i),
        None => integer(vm, v, "Python int too large to convert to C long"),
    }
}

/// A C `long long`.
#[inline]
pub fn c_longlong(vm: &Vm, v: Value) -> PyResult<i64> {
    match v.as_small_int() {
        Some(i) => Ok(i),
        None => integer(vm, v, "int too big to convert"),
    }
}

fn integer(vm: &Vm, v: Value, too_large: &str) -> PyResult<i64> {
    let i = number::index(vm, v)?;
    int::to_i64(i.value()).ok_or_else(|| vm.overflow_error(too_large))
}

/// A C `unsigned long`.
pub fn c_ulong(vm: &Vm, v: Value) -> PyResult<u64> {
    unsigned(vm, v, "can't convert negative value to unsigned int", "Python int too large to convert to C unsigned long")
}

/// A C `unsigned long long`.
pub fn c_ulonglong(vm: &Vm, v: Value) -> PyResult<u64> {
    unsigned(vm, v, "can't convert negative int to unsigned", "int too big to convert")
}

fn unsigned(vm: &Vm, v: Value, negative: &str, too_large: &str) -> PyResult<u64> {
    if let Some(i) = v.as_small_int()
        && let Ok(i) = u64::try_from(i)
    {
        return Ok(i);
    }
    let i = number::index(vm, v)?;
    match int::value_of(i.value()) {
        Some(i) if i.is_negative() => Err(vm.overflow_error(negative)),
        Some(i) => u64::try_from(i.to_big()).map_err(|_| vm.overflow_error(too_large)),
        None => Err(vm.overflow_error(too_large)),
    }
}

/// A truth value, or the default.
#[inline]
pub fn bool_or(vm: &Vm, v: Value, default: bool) -> PyResult<bool> {
    if v.is_null() { Ok(default) } else { truth::truth(vm, v) }
}

/// A slice index: NULL and None give the default, anything else must be an index.
#[inline]
pub fn slice_index(vm: &Vm, v: Value, default: isize) -> PyResult<isize> {
    if v.is_null() || v.is(vm.none()) {
        return Ok(default);
    }
    if let Some(i) = v.as_small_int() {
        return Ok(i as isize);
    }
    if !number::has_index(vm, v) {
        return Err(vm.type_error("slice indices must be integers or None or have an __index__ method"));
    }
    Ok(number::index_clipped(vm, v)? as isize)
}

/// Start and end within `len` items as `str.find` takes them; `None` when start is behind end.
#[inline]
pub fn search_range(vm: &Vm, start: Value, end: Value, len: usize) -> PyResult<Option<(usize, usize)>> {
    if start.is_null() && end.is_null() {
        return Ok(Some((0, len)));
    }
    let start = slice_index(vm, start, 0)?;
    let end = slice_index(vm, end, isize::MAX)?;
    let place = |i: isize| if i < 0 { (i + len as isize).max(0) as usize } else { i as usize };
    let (start, end) = (place(start), place(end).min(len));
    Ok((start <= end).then_some((start, end)))
}

/// The memory of a bytes-like object (`y*`).
///
/// # Errors
/// TypeError for another object, and whatever asking for it raises.
#[inline]
pub fn buffer(vm: &Vm, v: Value) -> PyResult<Buffer> {
    Buffer::new(vm, v)
}

/// Bytes that are had without asking, like those of a str, or memory that an object was asked for.
pub enum Data<'a> {
    Plain(&'a [u8]),
    Held(Buffer),
}

impl std::ops::Deref for Data<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Data::Plain(b) => b,
            Data::Held(b) => b,
        }
    }
}

/// The bytes of a bytes object, also of a subclass, which is not asked, or of another bytes-like object.
///
/// # Errors
/// As [`buffer`].
pub fn bytes_or_buffer<'a>(vm: &Vm, v: Value) -> PyResult<Data<'a>> {
    match v.cast::<PyBytes>() {
        Some(b) => Ok(Data::Plain(b.as_slice())),
        None => Ok(Data::Held(buffer(vm, v)?)),
    }
}

/// The same, which does not ask a bytearray either.
///
/// # Errors
/// As [`buffer`].
pub fn own_or_buffer<'a>(vm: &Vm, v: Value) -> PyResult<Data<'a>> {
    match data_of(v) {
        Some(b) => Ok(Data::Plain(b)),
        None => Ok(Data::Held(buffer(vm, v)?)),
    }
}

#[cold]
pub fn not_bytes_like(vm: &Vm, v: Value) -> Raised {
    vm.type_error(format!("a bytes-like object is required, not '{}'", vm.type_of(v).full_name()))
}

/// A module's function: like `MethodDef::new`, but the function does not get the module.
macro_rules! module_function {
    ($name:literal, $sig:expr, $f:expr, $doc:expr $(,)?) => {
        $crate::types::type_::MethodDef::new($name, $sig, |vm, a| $f(vm, &a[1..]), $doc)
    };
}
pub(crate) use module_function;
