//! The iterator of a str.

use std::cell::Cell;

use super::{CodePoints, PyStr};
use crate::error::PyResult;
use crate::object::{self, Header, Payload};
use crate::owned_cell::OwnedCell;
use crate::protocol::item;
use crate::shape;
use crate::types::iterators::{builtin_function, reduce_sequence};
use crate::types::tuple::PyTuple;
use crate::types::type_::{MethodDef, New, TypeDef};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// Payload: the str until it is exhausted, and the place in it.
#[repr(C)]
pub struct StrIterator {
    header: Header,
    text: OwnedCell,
    /// In bytes.
    offset: Cell<usize>,
    /// In code points.
    index: Cell<usize>,
}

// SAFETY: repr(C), header first.
unsafe impl Payload for StrIterator {
    const SHAPE: u32 = shape::STR_ITERATOR;
}

pub(super) fn new(_: &Vm, v: Value) -> PyResult {
    Ok(object::new(StrIterator {
        header: object::header(),
        text: OwnedCell::new(v.to_ref()),
        offset: Cell::new(0),
        index: Cell::new(0),
    }))
}

fn this<'a>(v: Value) -> &'a StrIterator {
    // SAFETY: slots of this type.
    unsafe { v.cast_unchecked::<StrIterator>() }
}

fn next(vm: &Vm, v: Value) -> PyResult<Option<Ref>> {
    let it = this(v);
    let Some(s) = it.text.get().cast::<PyStr>() else { return Ok(None) };
    let rest = &s.as_bytes()[it.offset.get()..];
    match CodePoints::of(rest).next() {
        Some(c) => {
            it.offset.set(it.offset.get() + super::sequence_len(rest[0]));
            it.index.set(it.index.get() + 1);
            Ok(Some(super::from_code_point(vm, c)))
        }
        None => {
            it.text.clear();
            Ok(None)
        }
    }
}

fn length_hint(vm: &Vm, a: &[Value]) -> PyResult {
    let it = this(a[0]);
    let n = it.text.get().cast::<PyStr>().map_or(0, |s| s.char_len() - it.index.get());
    Ok(vm.new_int(n as i64))
}

fn reduce(vm: &Vm, a: &[Value]) -> PyResult {
    let it = this(a[0]);
    let iter = builtin_function(vm, "iter")?;
    match it.text.get_ref() {
        Some(text) => reduce_sequence(vm, iter, Some(text), it.index.get() as isize, false),
        None => {
            let empty = PyTuple::from_vec(vm, vec![vm.empty_str().to_ref()]);
            Ok(PyTuple::from_vec(vm, vec![iter, empty]))
        }
    }
}

fn set_state(vm: &Vm, a: &[Value]) -> PyResult {
    let i = item::ssize_arg(vm, a[1])?;
    let it = this(a[0]);
    if let Some(s) = it.text.get().cast::<PyStr>() {
        let i = i.clamp(0, s.char_len() as isize) as usize;
        it.index.set(i);
        it.offset.set(s.byte_offset(i));
    }
    Ok(vm.none_ref())
}

pub static ITERATOR_DEF: TypeDef = TypeDef {
    flags: 0,
    new: New::Disallowed,
    slots: |s| {
        s.iter = Some(|_, v| Ok(v.to_ref()));
        s.next = Some(next);
        s.drop = Some(object::drop_payload::<StrIterator>);
        s.traverse = crate::traverse_fields!(StrIterator: text);
    },
    methods: &[
        MethodDef::new("__length_hint__", "($self, /)", length_hint, "Number of items still to come."),
        MethodDef::new("__reduce__", "($self, /)", reduce, "State for pickling."),
        MethodDef::new("__setstate__", "($self, object, /)", set_state, "Sets the state from unpickling."),
    ],
    ..TypeDef::of::<StrIterator>("str_iterator")
};
