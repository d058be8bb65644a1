//! Methods of `str` that fill up: center, ljust, rjust, zfill, expandtabs.

use super::{CodePoints, PyStr, push_code_point, same, this};
use crate::convert;
use crate::error::{PyResult, Raised};
use crate::value::Value;
use crate::vm::Vm;

#[cold]
fn too_long(vm: &Vm) -> Raised {
    vm.overflow_error("padded string is too long")
}

/// The fill character as bytes; a space if it was left out.
fn fill_character(vm: &Vm, v: Value) -> PyResult<Vec<u8>> {
    let Some(v) = v.non_null() else { return Ok(b" ".to_vec()) };
    let Some(s) = v.cast::<PyStr>() else {
        return Err(vm.type_error(format!(
            "The fill character must be a unicode character, not {}",
            vm.type_of(v).full_name()
        )));
    };
    if s.char_len() != 1 {
        return Err(vm.type_error("The fill character must be exactly one character long"));
    }
    Ok(s.as_bytes().to_vec())
}

/// The str with `left` and `right` fill characters around it.
fn fill(vm: &Vm, v: Value, left: usize, right: usize, with: &[u8]) -> PyResult {
    let s = this(v);
    let room = left.checked_add(right).and_then(|n| n.checked_mul(with.len()));
    let Some(room) = room.filter(|n| *n < isize::MAX as usize / 2) else { return Err(too_long(vm)) };
    let mut out = Vec::new();
    if out.try_reserve_exact(room + s.as_bytes().len()).is_err() {
        return Err(vm.error_args(crate::shape::MEMORY_ERROR, &[]));
    }
    let put = |n: usize, out: &mut Vec<u8>| match with {
        [b] => out.resize(out.len() + n, *b),
        _ => (0..n).for_each(|_| out.extend_from_slice(with)),
    };
    put(left, &mut out);
    out.extend_from_slice(s.as_bytes());
    put(right, &mut out);
    Ok(PyStr::from_wtf8(vm, &out))
}

/// What is missing to the width, or `None` if nothing is.
fn missing(vm: &Vm, v: Value, width: Value) -> PyResult<Option<(usize, usize)>> {
    let width = convert::size_or(vm, width, 0)?;
    let width = usize::try_from(width).unwrap_or(0);
    Ok(width.checked_sub(this(v).char_len()).filter(|n| *n > 0).map(|n| (n, width)))
}

pub(super) fn center(vm: &Vm, a: &[Value]) -> PyResult {
    let space = missing(vm, a[0], a[1])?;
    let with = fill_character(vm, a[2])?;
    match space {
        // The odd one goes to the left when the width is odd.
        Some((n, width)) => {
            let left = n / 2 + (n & width & 1);
            fill(vm, a[0], left, n - left, &with)
        }
        None => same(vm, a[0]),
    }
}

pub(super) fn ljust(vm: &Vm, a: &[Value]) -> PyResult {
    let space = missing(vm, a[0], a[1])?;
    let with = fill_character(vm, a[2])?;
    match space {
        Some((n, _)) => fill(vm, a[0], 0, n, &with),
        None => same(vm, a[0]),
    }
}

pub(super) fn rjust(vm: &Vm, a: &[Value]) -> PyResult {
    let space = missing(vm, a[0], a[1])?;
    let with = fill_character(vm, a[2])?;
    match space {
        Some((n, _)) => fill(vm, a[0], n, 0, &with),
        None => same(vm, a[0]),
    }
}

pub(super) fn zfill(vm: &Vm, a: &[Value]) -> PyResult {
    let Some((n, _)) = missing(vm, a[0], a[1])? else { return same(vm, a[0]) };
    if n > isize::MAX as usize / 4 {
        return Err(too_long(vm));
    }
    let bytes = this(a[0]).as_bytes();
    let (sign, rest) = match bytes {
        [b'+' | b'-', ..] => bytes.split_at(1),
        _ => bytes.split_at(0),
    };
    let mut out = Vec::new();
    if out.try_reserve_exact(n + bytes.len()).is_err() {
        return Err(vm.error_args(crate::shape::MEMORY_ERROR, &[]));
    }
    out.extend_from_slice(sign);
    out.resize(sign.len() + n, b'0');
    out.extend_from_slice(rest);
    Ok(PyStr::from_wtf8(vm, &out))
}

pub(super) fn expandtabs(vm: &Vm, a: &[Value]) -> PyResult {
    let size = match a[1].non_null() {
        Some(v) => convert::c_int(vm, v)?.max(0) as usize,
        None => 8,
    };
    let s = this(a[0]);
    if !s.as_bytes().contains(&b'\t') {
        return same(vm, a[0]);
    }
    let mut out = Vec::with_capacity(s.as_bytes().len() + size.min(1 << 16));
    let mut column = 0;
    for c in CodePoints::of(s.as_bytes()) {
        match c {
            0x09 => {
                let n = if size > 0 { size - column % size } else { 0 };
                column += n;
                if out.try_reserve(n).is_err() {
                    return Err(vm.overflow_error("new string is too long"));
                }
                out.resize(out.len() + n, b' ');
            }
            c => {
                push_code_point(&mut out, c);
                column = if c == 0x0a || c == 0x0d { 0 } else { column + 1 };
            }
        }
    }
    Ok(PyStr::from_wtf8(vm, &out))
}
