//! Helpers of `posixpath` and `os.path`: pure functions on path names.

use crate::error::PyResult;
use crate::native::posix::path;
use crate::types::bytes::{self, PyBytes};
use crate::types::str_::PyStr;
use crate::types::tuple::PyTuple;
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// The text of a path argument and whether it is bytes.
fn text(vm: &Vm, v: Value) -> PyResult<(Ref, bool)> {
    let p = path::fspath(vm, v)?;
    let is_bytes = p.cast::<PyBytes>().is_some();
    Ok((p, is_bytes))
}

fn raw(v: &Ref) -> &[u8] {
    match v.cast::<PyStr>() {
        Some(s) => s.as_bytes(),
        None => v.cast::<PyBytes>().map_or(&[], |b| b.as_slice()),
    }
}

fn make(vm: &Vm, b: &[u8], is_bytes: bool) -> Ref {
    if is_bytes { bytes::new(vm, b) } else { PyStr::from_wtf8(vm, b) }
}

/// Length of the root: none, `/`, or exactly two slashes.
fn root_len(p: &[u8]) -> usize {
    match p {
        [b'/', b'/', b'/', ..] => 1,
        [b'/', b'/', ..] => 2,
        [b'/', ..] => 1,
        _ => 0,
    }
}

/// `posixpath.normpath`.
pub(super) fn normpath(vm: &Vm, a: &[Value]) -> PyResult {
    let (p, is_bytes) = text(vm, a[0])?;
    let p = raw(&p);
    if p.is_empty() {
        return Ok(make(vm, b".", is_bytes));
    }
    let (root, rest) = p.split_at(root_len(p));
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in rest.split(|b| *b == b'/') {
        match part {
            b"" | b"." => {}
            b".." if parts.last().is_some_and(|l| *l != b"..") => {
                parts.pop();
            }
            b".." if !root.is_empty() => {}
            part => parts.push(part),
        }
    }
    let mut out = root.to_vec();
    out.extend(parts.join(&b'/'));
    if out.is_empty() {
        out.push(b'.');
    }
    Ok(make(vm, &out, is_bytes))
}

/// `posixpath.splitroot`: drive (always empty), root, rest.
pub(super) fn splitroot(vm: &Vm, a: &[Value]) -> PyResult {
    let (p, is_bytes) = text(vm, a[0])?;
    let p = raw(&p);
    // `///x` has the root `/` and the rest `//x`.
    let (root, rest) = p.split_at(root_len(p));
    let parts = [&b""[..], root, rest].map(|b| make(vm, b, is_bytes)).to_vec();
    Ok(PyTuple::from_vec(vm, parts))
}

/// `os.fspath`.
pub(super) fn fspath(vm: &Vm, a: &[Value]) -> PyResult {
    path::fspath(vm, a[0])
}
