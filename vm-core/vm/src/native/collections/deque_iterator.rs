//! Iterators over deques.

use std::cell::Cell;

use crate::error::PyResult;
use crate::native::collections::deque::{PyDeque, mutated};
use crate::object::{self, Header};
use crate::protocol::item;
use crate::types::iterators::payload;
use crate::types::tuple::PyTuple;
use crate::types::type_::{MethodDef, New, TypeDef, TypeRef};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// Walks a deque from the left.
#[repr(C)]
pub struct DequeIterator(Walk);
/// Walks a deque from the right.
#[repr(C)]
pub struct DequeReverseIterator(Walk);
payload!(DequeIterator, DEQUE_ITERATOR);
payload!(DequeReverseIterator, DEQUE_REVERSE_ITERATOR);

/// What both have.
#[repr(C)]
struct Walk {
    header: Header,
    deque: Ref,
    /// The deque's state at the start.
    state: usize,
    /// Items still to come.
    left: Cell<usize>,
}

impl Walk {
    fn new(deque: Value) -> Walk {
        let d = PyDeque::of(deque);
        Walk { header: object::header(), deque: deque.to_ref(), state: d.state.get(), left: Cell::new(d.len()) }
    }

    fn next(&self, vm: &Vm, reverse: bool) -> PyResult<Option<Ref>> {
        let d = PyDeque::of(self.deque.value());
        if d.state.get() != self.state {
            self.left.set(0);
            return Err(mutated(vm));
        }
        let left = self.left.get();
        if left == 0 {
            return Ok(None);
        }
        self.left.set(left - 1);
        Ok(d.get(if reverse { left - 1 } else { d.len() - left }))
    }
}

pub fn forward(_vm: &Vm, deque: Value) -> Ref {
    object::new(DequeIterator(Walk::new(deque)))
}

pub fn backward(_vm: &Vm, deque: Value) -> Ref {
    object::new(DequeReverseIterator(Walk::new(deque)))
}

/// Both types lay the walk out alike.
fn walk<'a>(v: Value) -> &'a Walk {
    // SAFETY: both structs are repr(C) around a `Walk`.
    unsafe { &*(v.pointer() as *const Walk) }
}

fn length_hint(vm: &Vm, a: &[Value]) -> PyResult {
    Ok(item::from_size(vm, walk(a[0]).left.get()))
}

fn reduce(vm: &Vm, a: &[Value]) -> PyResult {
    let w = walk(a[0]);
    let done = PyDeque::of(w.deque.value()).len().saturating_sub(w.left.get());
    let args = PyTuple::pair(w.deque.clone(), item::from_size(vm, done));
    Ok(PyTuple::pair(vm.type_of(a[0]).to_ref(), args))
}

/// Makes an iterator that has already passed a number of items.
fn new(vm: &Vm, a: &[Value], make: fn(&Vm, Value) -> Ref, reverse: bool) -> PyResult {
    if a[0].cast::<PyDeque>().is_none() {
        return Err(vm.type_error(format!(
            "argument 1 must be collections.deque, not {}",
            vm.type_of(a[0]).full_name()
        )));
    }
    let skip = match a[1].non_null() {
        Some(n) => item::ssize_arg(vm, n)?,
        None => 0,
    };
    let r = make(vm, a[0]);
    for _ in 0..skip {
        if walk(r.value()).next(vm, reverse)?.is_none() {
            break;
        }
    }
    Ok(r)
}

const METHODS: &[MethodDef] = &[
    MethodDef::new("__length_hint__", "($self, /)", length_hint, "Number of items still to come, as far as known."),
    MethodDef::new("__reduce__", "($self, /)", reduce, "State for pickling."),
];

pub static DEQUE_ITERATOR: TypeDef = TypeDef {
    flags: 0,
    slots: |s| {
        s.drop = Some(object::drop_payload::<DequeIterator>);
        s.traverse = crate::traverse_fields!(Walk: deque);
        s.iter = Some(|_, v| Ok(v.to_ref()));
        s.next = Some(|vm, v| walk(v).next(vm, false));
    },
    new: New::Bound("(deque, index=0, /)", |vm: &Vm, _: TypeRef, a: &[Value]| new(vm, a, forward, false)),
    methods: METHODS,
    ..TypeDef::of::<DequeIterator>("collections._deque_iterator")
};

pub static DEQUE_REVERSE_ITERATOR: TypeDef = TypeDef {
    flags: 0,
    slots: |s| {
        s.drop = Some(object::drop_payload::<DequeReverseIterator>);
        s.traverse = crate::traverse_fields!(Walk: deque);
        s.iter = Some(|_, v| Ok(v.to_ref()));
        s.next = Some(|vm, v| walk(v).next(vm, true));
    },
    new: New::Bound("(deque, index=0, /)", |vm: &Vm, _: TypeRef, a: &[Value]| new(vm, a, backward, true)),
    methods: METHODS,
    ..TypeDef::of::<DequeReverseIterator>("collections._deque_reverse_iterator")
};
