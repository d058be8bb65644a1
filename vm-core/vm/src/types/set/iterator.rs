//! Iterators over sets and frozensets.

use std::cell::Cell;

use crate::error::PyResult;
use crate::object::{self, Header, Payload};
use crate::owned_cell::OwnedCell;
use crate::protocol::{item, iter};
use crate::shape;
use crate::types::iterators::builtin_function;
use crate::types::list::PyList;
use crate::types::set::PySet;
use crate::types::tuple::PyTuple;
use crate::types::type_::{MethodDef, New, TypeDef};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// Walks a set.
#[repr(C)]
pub struct PySetIterator {
    header: Header,
    /// NULL once exhausted.
    set: OwnedCell,
    /// Elements that the set had at the start; `usize::MAX` once it was seen to differ.
    used: Cell<usize>,
    pos: Cell<usize>,
    /// Elements that are still expected.
    left: Cell<usize>,
}

// SAFETY: repr(C), header first.
unsafe impl Payload for PySetIterator {
    const SHAPE: u32 = shape::SET_ITERATOR;
}

impl PySetIterator {
    pub fn new(set: Value) -> Ref {
        let n = PySet::of(set).len();
        object::new(PySetIterator {
            header: object::header(),
            set: OwnedCell::new(set.to_ref()),
            used: Cell::new(n),
            pos: Cell::new(0),
            left: Cell::new(n),
        })
    }

    fn step(&self, vm: &Vm) -> PyResult<Option<Ref>> {
        let set = self.set.get();
        if set.is_null() {
            return Ok(None);
        }
        let s = PySet::of(set);
        if s.len() != self.used.get() {
            self.used.set(usize::MAX);
            return Err(vm.runtime_error("Set changed size during iteration"));
        }
        match s.element_at(self.pos.get()) {
            Some((next, v, _)) => {
                let v = v.to_ref();
                self.pos.set(next);
                self.left.set(self.left.get().saturating_sub(1));
                Ok(Some(v))
            }
            None => {
                self.set.clear();
                Ok(None)
            }
        }
    }
}

pub static ITERATOR_DEF: TypeDef = TypeDef {
    flags: 0,
    slots: |s| {
        s.drop = Some(object::drop_payload::<PySetIterator>);
        s.traverse = crate::traverse_fields!(PySetIterator: set);
        s.clear = crate::clear_fields!(PySetIterator: set);
        s.iter = Some(|_, v| Ok(v.to_ref()));
        s.next = Some(|vm, v| this(v).step(vm));
    },
    new: New::Disallowed,
    methods: &[
        MethodDef::new(
            "__length_hint__",
            "($self, /)",
            length_hint,
            "Number of items still to come, as far as known.",
        ),
        MethodDef::new("__reduce__", "($self, /)", reduce, "State for pickling."),
    ],
    ..TypeDef::of::<PySetIterator>("set_iterator")
};

fn this<'a>(v: Value) -> &'a PySetIterator {
    // SAFETY: methods and slots are called with instances of the type only.
    unsafe { v.cast_unchecked() }
}

fn length_hint(vm: &Vm, a: &[Value]) -> PyResult {
    let it = this(a[0]);
    let set = it.set.get();
    let n = if set.is_null() || PySet::of(set).len() != it.used.get() { 0 } else { it.left.get() };
    Ok(item::from_size(vm, n))
}

/// `(iter, ([remaining elements],))`, taken from a copy of the iterator.
fn reduce(vm: &Vm, a: &[Value]) -> PyResult {
    let it = this(a[0]);
    let copy = object::new(PySetIterator {
        header: object::header(),
        set: OwnedCell::from_option(it.set.get_ref()),
        used: it.used.clone(),
        pos: it.pos.clone(),
        left: it.left.clone(),
    });
    let rest = PyList::new(vm, iter::to_vec(vm, copy.value())?);
    Ok(PyTuple::pair(builtin_function(vm, "iter")?, PyTuple::from_vec(vm, vec![rest])))
}
