//! Constants of code objects as values.

use tailscope_bytecode::code::Const;

use crate::error::PyResult;
use crate::types::set::PySet;
use crate::types::slice::PySlice;
use crate::types::str_::PyStr;
use crate::types::tuple::PyTuple;
use crate::types::{bytes, complex, float, int};
use crate::value::Ref;
use crate::vm::Vm;

/// A constant without parts. (Tuples, frozensets, slices and code are made by the code object.)
pub fn simple(vm: &Vm, c: &Const) -> Ref {
    match c {
        Const::True => vm.bool_ref(true),
        Const::False => vm.bool_ref(false),
        Const::Ellipsis => vm.ellipsis().to_ref(),
        Const::Int(i) => int::from_big(i.clone()),
        Const::Float(f) => float::new(vm, *f),
        Const::Complex(re, im) => complex::new(*re, *im),
        Const::Str(s) if is_name_like(&s.0) => vm.intern_bytes(&s.0).to_ref(),
        Const::Str(s) => PyStr::from_wtf8(vm, &s.0),
        Const::Bytes(b) => bytes::new(vm, b),
        _ => vm.none_ref(),
    }
}

/// CPython interns the constants that look like identifiers.
fn is_name_like(s: &[u8]) -> bool {
    s.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_')
}

pub fn tuple(vm: &Vm, items: Vec<Ref>) -> Ref {
    PyTuple::from_vec(vm, items)
}

pub fn frozenset(vm: &Vm, items: Vec<Ref>) -> PyResult {
    let t = PyTuple::from_vec(vm, items);
    PySet::frozen_from_iterable(vm, t.value())
}

/// A slice of start, stop and step.
pub fn slice(vm: &Vm, parts: &[Ref]) -> Ref {
    let part = |i: usize| parts.get(i).cloned().unwrap_or_else(|| vm.none_ref());
    PySlice::new(part(0), part(1), part(2))
}
