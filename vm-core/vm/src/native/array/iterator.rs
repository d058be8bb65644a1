//! Iterators over arrays.

use std::cell::Cell;

use super::PyArray;
use crate::error::PyResult;
use crate::object::{self, Header};
use crate::owned_cell::OwnedCell;
use crate::protocol::item;
use crate::types::iterators::{builtin_function, payload};
use crate::types::tuple::PyTuple;
use crate::types::type_::{MethodDef, New, TypeDef};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// Walks an array.
#[repr(C)]
pub struct ArrayIterator {
    header: Header,
    /// NULL once exhausted.
    array: OwnedCell,
    index: Cell<usize>,
}
payload!(ArrayIterator, ARRAY_ITERATOR);

pub fn new(array: Value) -> Ref {
    object::new(ArrayIterator {
        header: object::header(),
        array: OwnedCell::new(array.to_ref()),
        index: Cell::new(0),
    })
}

fn next(vm: &Vm, v: Value) -> PyResult<Option<Ref>> {
    let it = ArrayIterator::of(v);
    let Some(array) = it.array.get().non_null() else { return Ok(None) };
    let i = it.index.get();
    let found = PyArray::of(array).get(vm, i)?;
    match found {
        Some(_) => it.index.set(i + 1),
        None => it.array.clear(),
    }
    Ok(found)
}

fn reduce(vm: &Vm, a: &[Value]) -> PyResult {
    let it = ArrayIterator::of(a[0]);
    let function = builtin_function(vm, "iter")?;
    let Some(array) = it.array.get_ref() else {
        let args = PyTuple::from_vec(vm, vec![vm.empty_tuple().to_ref()]);
        return Ok(PyTuple::pair(function, args));
    };
    let args = PyTuple::from_vec(vm, vec![array]);
    Ok(PyTuple::from_vec(vm, vec![function, args, item::from_size(vm, it.index.get())]))
}

fn setstate(vm: &Vm, a: &[Value]) -> PyResult {
    let it = ArrayIterator::of(a[0]);
    let i = item::ssize_arg(vm, a[1])?;
    if let Some(array) = it.array.get().non_null() {
        it.index.set((i.max(0) as usize).min(PyArray::of(array).len()));
    }
    Ok(vm.none_ref())
}

pub static ITERATOR: TypeDef = TypeDef {
    flags: 0,
    new: New::Disallowed,
    slots: |s| {
        s.iter = Some(|_, v| Ok(v.to_ref()));
        s.next = Some(next);
        s.drop = Some(object::drop_payload::<ArrayIterator>);
        s.traverse = crate::traverse_fields!(ArrayIterator: array);
    },
    methods: &[
        MethodDef::new("__reduce__", "($self, /)", reduce, "State for pickling."),
        MethodDef::new("__setstate__", "($self, state, /)", setstate, "Sets the state from unpickling."),
    ],
    ..TypeDef::of::<ArrayIterator>("array.arrayiterator")
};
