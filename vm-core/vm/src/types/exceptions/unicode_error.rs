//! `UnicodeEncodeError`, `UnicodeDecodeError` and `UnicodeTranslateError`: what could not be
//! converted, where, and why.

use super::fields::field;
use super::{exception_init, this};
use crate::args::CallArgs;
use crate::error::PyResult;
use crate::protocol::{number, object as obj};
use crate::shape;
use crate::types::bytes::{self, PyBytes};
use crate::types::int;
use crate::types::str_::PyStr;
use crate::types::type_::GetSetDef;
use crate::value::{Ref, Value};
use crate::vm::Vm;

macro_rules! position {
    ($name:literal, $i:literal) => {
        GetSetDef::member_set($name, |vm, v| Ok(vm.new_int(position(v, $i))), |vm, v, x| set_position(vm, v, $i, x), "")
    };
}

pub static FIELDS: &[GetSetDef] =
    &[field!("encoding", 0), field!("object", 1), position!("start", 2), position!("end", 3), field!("reason", 4)];

fn position(v: Value, i: usize) -> i64 {
    this(v).fields[i].get().non_null().and_then(int::to_i64).unwrap_or(0)
}

fn set_position(vm: &Vm, v: Value, i: usize, x: Value) -> PyResult<()> {
    if x.is_null() {
        return Err(vm.type_error("can't delete numeric/char attribute"));
    }
    if int::value_of(x).is_none() {
        return Err(vm.type_error("an integer is required"));
    }
    let Some(n) = int::to_i64(x) else {
        return Err(vm.overflow_error("Python int too large to convert to C ssize_t"));
    };
    this(v).fields[i].set(vm.new_int(n));
    Ok(())
}

fn str_argument(vm: &Vm, i: usize, x: Value) -> PyResult {
    if x.cast::<PyStr>().is_none() {
        let name = crate::convert::type_shown(vm, x);
        return Err(vm.type_error(format!("argument {i} must be str, not {name}")));
    }
    Ok(x.to_ref())
}

fn size_argument(vm: &Vm, x: Value) -> PyResult {
    let n = number::index(vm, x)?;
    match int::to_i64(n.value()) {
        Some(n) => Ok(vm.new_int(n)),
        None => Err(vm.overflow_error("Python int too large to convert to C ssize_t")),
    }
}

fn exactly<'a>(vm: &Vm, n: usize, args: CallArgs<'a>) -> PyResult<&'a [Value]> {
    let pos = args.positional_args();
    if pos.len() != n {
        return Err(vm.type_error(format!("function takes exactly {n} arguments ({} given)", pos.len())));
    }
    Ok(pos)
}

fn fill(vm: &Vm, v: Value, encoding: Option<Ref>, object: Ref, rest: [Ref; 3]) {
    let [start, end, reason] = rest;
    let e = this(v);
    e.fields[0].set(encoding.unwrap_or_else(|| Value::NULL.to_ref()));
    for (i, x) in [object, start, end, reason].into_iter().enumerate() {
        e.fields[i + 1].set(x);
    }
    debug_assert!(vm.type_of(v).is_subtype(vm.builtin(shape::UNICODE_ERROR)));
}

pub(super) fn init_encode(vm: &Vm, v: Value, args: CallArgs) -> PyResult<()> {
    exception_init(vm, v, args)?;
    let a = exactly(vm, 5, args)?;
    let (encoding, object) = (str_argument(vm, 1, a[0])?, str_argument(vm, 2, a[1])?);
    let rest = [size_argument(vm, a[2])?, size_argument(vm, a[3])?, str_argument(vm, 5, a[4])?];
    fill(vm, v, Some(encoding), object, rest);
    Ok(())
}

pub(super) fn init_decode(vm: &Vm, v: Value, args: CallArgs) -> PyResult<()> {
    exception_init(vm, v, args)?;
    let a = exactly(vm, 5, args)?;
    let encoding = str_argument(vm, 1, a[0])?;
    let rest = [size_argument(vm, a[2])?, size_argument(vm, a[3])?, str_argument(vm, 5, a[4])?];
    // What may change later is copied.
    let object = match a[1].cast::<PyBytes>() {
        Some(_) => a[1].to_ref(),
        None => bytes::new(vm, &crate::convert::buffer(vm, a[1])?),
    };
    fill(vm, v, Some(encoding), object, rest);
    Ok(())
}

pub(super) fn init_translate(vm: &Vm, v: Value, args: CallArgs) -> PyResult<()> {
    exception_init(vm, v, args)?;
    let a = exactly(vm, 4, args)?;
    let object = str_argument(vm, 1, a[0])?;
    let rest = [size_argument(vm, a[1])?, size_argument(vm, a[2])?, str_argument(vm, 4, a[3])?];
    fill(vm, v, None, object, rest);
    Ok(())
}

/// The text of a field that may hold anything, or nothing.
fn shown(vm: &Vm, v: Value, i: usize) -> PyResult<String> {
    match this(v).fields[i].get_ref() {
        Some(x) => obj::str_text(vm, x.value()),
        None => Ok("<NULL>".to_owned()),
    }
}

fn wrong_object(vm: &Vm, what: &str) -> crate::error::Raised {
    vm.type_error(format!("UnicodeError 'object' attribute must be a {what}"))
}

/// What stands where conversion failed: one character or byte, or a range of them.
fn place(v: Value, what: &str, len: usize, single: impl FnOnce(usize) -> String) -> String {
    let (start, end) = (position(v, 2), position(v, 3));
    if end == start.wrapping_add(1) && (0..len as i64).contains(&start) {
        return format!("{what} {} in position {start}", single(start as usize));
    }
    format!("{what}s in position {start}-{}", end.wrapping_sub(1))
}

fn escaped(c: u32) -> String {
    match c {
        0..=0xff => format!("'\\x{c:02x}'"),
        0x100..=0xffff => format!("'\\u{c:04x}'"),
        _ => format!("'\\U{c:08x}'"),
    }
}

/// What was to be converted. Whoever makes a text of the other fields may have changed it.
fn object_of(vm: &Vm, v: Value) -> PyResult {
    let object = this(v).fields[1].get_ref();
    object.ok_or_else(|| vm.type_error("UnicodeError 'object' attribute is not set"))
}

fn character_place(vm: &Vm, v: Value) -> PyResult<String> {
    let object = object_of(vm, v)?;
    let Some(s) = object.cast::<PyStr>() else { return Err(wrong_object(vm, "string")) };
    Ok(place(v, "character", s.char_len(), |i| escaped(s.char_at(i))))
}

pub(super) fn encode_str(vm: &Vm, v: Value) -> PyResult {
    if this(v).fields[1].is_null() {
        return Ok(vm.empty_str().to_ref());
    }
    let (reason, encoding) = (shown(vm, v, 4)?, shown(vm, v, 0)?);
    let place = character_place(vm, v)?;
    Ok(vm.new_str(&format!("'{encoding}' codec can't encode {place}: {reason}")))
}

pub(super) fn translate_str(vm: &Vm, v: Value) -> PyResult {
    if this(v).fields[1].is_null() {
        return Ok(vm.empty_str().to_ref());
    }
    let reason = shown(vm, v, 4)?;
    let place = character_place(vm, v)?;
    Ok(vm.new_str(&format!("can't translate {place}: {reason}")))
}

pub(super) fn decode_str(vm: &Vm, v: Value) -> PyResult {
    if this(v).fields[1].is_null() {
        return Ok(vm.empty_str().to_ref());
    }
    let (reason, encoding) = (shown(vm, v, 4)?, shown(vm, v, 0)?);
    let object = object_of(vm, v)?;
    if object.cast::<PyBytes>().is_none() {
        return Err(wrong_object(vm, "bytes"));
    }
    let data = bytes::data_of(object.value()).unwrap_or_default();
    let place = place(v, "byte", data.len(), |i| format!("0x{:02x}", data[i]));
    Ok(vm.new_str(&format!("'{encoding}' codec can't decode {place}: {reason}")))
}
