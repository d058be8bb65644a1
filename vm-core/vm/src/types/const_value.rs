//! Constants of code objects as values.

use std::sync::Arc;

use tailscope_bytecode::code::{Const, Wtf8};

use crate::code::PyCode;
use crate::error::PyResult;
use crate::shape;
use crate::types::complex::PyComplex;
use crate::types::set::PySet;
use crate::types::slice::PySlice;
use crate::types::str_::PyStr;
use crate::types::tuple::PyTuple;
use crate::types::{bytes, complex, float, int};
use crate::value::{Ref, Value};
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

/// The compiler's form of a value; `None` for what no compiler makes.
pub fn from_value(vm: &Vm, v: Value) -> Option<Const> {
    if let Some(f) = float::exact_value_of(v) {
        return Some(Const::Float(f));
    }
    if let Some(i) = v.as_small_int() {
        return Some(Const::Int(i.into()));
    }
    let singletons = [
        (vm.none(), Const::None),
        (vm.true_(), Const::True),
        (vm.false_(), Const::False),
        (vm.ellipsis(), Const::Ellipsis),
    ];
    if let Some((_, c)) = singletons.into_iter().find(|(x, _)| x.is(v)) {
        return Some(c);
    }
    let all = |items: &mut dyn Iterator<Item = Value>| -> Option<Arc<[Const]>> {
        items.map(|v| from_value(vm, v)).collect()
    };
    if v.has_shape(shape::INT) {
        return int::value_of(v).map(|i| Const::Int(i.to_big()));
    }
    if let Some(s) = v.cast_exact::<PyStr>() {
        return Some(Const::Str(Wtf8(s.as_bytes().into())));
    }
    if let Some(c) = v.cast_exact::<PyComplex>() {
        return Some(Const::Complex(c.re, c.im));
    }
    if v.has_shape(shape::BYTES) {
        return bytes::data_of(v).map(|b| Const::Bytes(b.into()));
    }
    if let Some(t) = v.cast_exact::<PyTuple>() {
        return all(&mut t.iter()).map(Const::Tuple);
    }
    if v.has_shape(shape::FROZENSET) {
        let items = PySet::from_value(v)?.to_vec();
        return all(&mut items.iter().map(|i| i.value())).map(Const::FrozenSet);
    }
    if let Some(s) = v.cast_exact::<PySlice>() {
        let parts = [from_value(vm, s.start())?, from_value(vm, s.stop())?, from_value(vm, s.step())?];
        return Some(Const::Slice(Arc::new(parts)));
    }
    let c = v.cast_exact::<PyCode>()?;
    (!c.has_foreign_consts()).then(|| Const::Code(c.code.clone()))
}
