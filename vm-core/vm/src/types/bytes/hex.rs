//! Bytes as hexadecimal digits and back.

use crate::convert;
use crate::error::{PyResult, Raised};
use crate::protocol::buffer::{self, Buffer};
use crate::protocol::item;
use crate::types::str_::PyStr;
use crate::value::{Ref, Value};
use crate::vm::Vm;

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// The separator argument as one ASCII character.
fn separator(vm: &Vm, sep: Value, any_byte: bool) -> PyResult<u8> {
    if item::length(vm, sep)? != 1 {
        return Err(vm.value_error("sep must be length 1."));
    }
    let c = match (sep.cast::<PyStr>(), sep.cast::<super::PyBytes>()) {
        (Some(s), _) => s.char_at(0),
        (_, Some(b)) => b.as_slice()[0] as u32,
        _ => return Err(vm.type_error("sep must be str or bytes.")),
    };
    match u8::try_from(c) {
        Ok(b) if b.is_ascii() || any_byte => Ok(b),
        _ => Err(vm.value_error("sep must be ASCII.")),
    }
}

/// Hexadecimal digits with a separator after each `group` bytes, counted from the right
/// (negative: from the left; 0: none).
pub fn digits(data: &[u8], sep: Option<u8>, group: i32) -> Vec<u8> {
    let mut out = Vec::with_capacity(data.len() * 2);
    let size = group.unsigned_abs() as usize;
    for (i, b) in data.iter().enumerate() {
        if let Some(sep) = sep
            && size > 0
            && i > 0
            && (if group < 0 { i } else { data.len() - i }) % size == 0
        {
            out.push(sep);
        }
        out.extend_from_slice(&[DIGITS[(b >> 4) as usize], DIGITS[(b & 15) as usize]]);
    }
    out
}

/// The arguments of `hex(sep, bytes_per_sep)`.
pub fn arguments(vm: &Vm, sep: Value, group: Value, any_byte: bool) -> PyResult<(Option<u8>, i32)> {
    let group = match group.non_null() {
        Some(v) => convert::c_int(vm, v)?,
        None => 1,
    };
    let sep = sep.non_null().map(|s| separator(vm, s, any_byte)).transpose()?;
    Ok((sep, group))
}

/// `bytes.hex`.
pub fn to_hex(vm: &Vm, data: &[u8], sep: Value, group: Value) -> PyResult<Ref> {
    let (sep, group) = arguments(vm, sep, group, false)?;
    Ok(PyStr::from_wtf8(vm, &digits(data, sep, group)))
}

#[cold]
fn bad_digit(vm: &Vm, at: usize) -> Raised {
    vm.value_error(format!("non-hexadecimal number found in fromhex() arg at position {at}"))
}

/// `bytes.fromhex`.
pub fn from_hex(vm: &Vm, v: Value) -> PyResult<Vec<u8>> {
    let held;
    let text = if let Some(s) = v.cast::<PyStr>() {
        if !s.is_ascii() {
            let at = s.code_points().position(|c| c >= 0x80).unwrap_or(0);
            return Err(bad_digit(vm, at));
        }
        s.as_bytes()
    } else if buffer::is_exporter(vm, v) {
        held = Buffer::new(vm, v)?;
        &*held
    } else {
        let ty = crate::types::type_object::display_name(vm, vm.type_of(v));
        return Err(vm.type_error(format!("fromhex() argument must be str or bytes-like, not {ty}")));
    };
    let digit = |i: usize| text.get(i).and_then(|b| (*b as char).to_digit(16)).map(|d| d as u8);
    let mut out = Vec::with_capacity(text.len() / 2);
    let mut at = 0;
    loop {
        while text.get(at).is_some_and(|b| super::methods::is_space(*b)) {
            at += 1;
        }
        if at == text.len() {
            return Ok(out);
        }
        let Some(high) = digit(at) else { return Err(bad_digit(vm, at)) };
        let Some(low) = digit(at + 1) else {
            if at + 1 == text.len() {
                return Err(vm.value_error("fromhex() arg must contain an even number of hexadecimal digits"));
            }
            return Err(bad_digit(vm, at + 1));
        };
        out.push(high << 4 | low);
        at += 2;
    }
}

#[cfg(test)]
mod tests {
    use super::digits;

    #[test]
    fn separators_count_from_either_side() {
        let d = b"\xb9\x01\xef";
        assert_eq!(digits(d, None, 1), b"b901ef");
        assert_eq!(digits(d, Some(b':'), 1), b"b9:01:ef");
        assert_eq!(digits(d, Some(b':'), 2), b"b9:01ef");
        assert_eq!(digits(d, Some(b':'), -2), b"b901:ef");
        assert_eq!(digits(d, Some(b':'), 0), b"b901ef");
    }
}
