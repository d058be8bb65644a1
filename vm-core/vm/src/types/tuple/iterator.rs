//! Iterators over tuples.

use std::cell::Cell;

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

/// Walks a tuple. The fields' offsets are fixed; instructions read them directly.
#[repr(C)]
pub struct PyTupleIterator {
    header: Header,
    pub(crate) pos: Cell<usize>,
    /// NULL once exhausted.
    pub(crate) tuple: OwnedCell,
}

// SAFETY: repr(C), header first.
unsafe impl Payload for PyTupleIterator {
    const SHAPE: u32 = shape::TUPLE_ITERATOR;
}

impl PyTupleIterator {
    pub fn new(tuple: Value) -> Ref {
        object::new(PyTupleIterator {
            header: object::header(),
            pos: Cell::new(0),
            tuple: OwnedCell::new(tuple.to_ref()),
        })
    }

    /// The next item.
    #[inline(always)]
    pub fn step(&self) -> Option<Ref> {
        let t = self.tuple.get();
        if t.is_null() {
            return None;
        }
        // SAFETY: made from a tuple.
        let items = unsafe { t.cast_unchecked::<PyTuple>() }.as_slice();
        match items.get(self.pos.get()) {
            Some(v) => {
                self.pos.set(self.pos.get() + 1);
                Some(v.to_ref())
            }
            None => {
                self.tuple.clear();
                None
            }
        }
    }

    fn left(&self) -> usize {
        match self.tuple.get().cast::<PyTuple>() {
            Some(t) => t.len().saturating_sub(self.pos.get()),
            None => 0,
        }
    }
}

pub static ITERATOR_DEF: TypeDef = TypeDef {
    flags: 0,
    slots: |s| {
        s.drop = Some(object::drop_payload::<PyTupleIterator>);
        s.traverse = crate::traverse_fields!(PyTupleIterator: tuple);
        s.clear = crate::clear_fields!(PyTupleIterator: tuple);
        s.iter = Some(|_, v| Ok(v.to_ref()));
        s.next = Some(|_, v| Ok(this(v).step()));
    },
    new: New::Disallowed,
    methods: &[
        MethodDef::new(
            "__length_hint__",
            "($self, /)",
            |vm, a| Ok(item::from_size(vm, this(a[0]).left())),
            "Number of items still to come, as far as known.",
        ),
        MethodDef::new("__reduce__", "($self, /)", reduce, "State for pickling."),
        MethodDef::new("__setstate__", "($self, object, /)", set_state, "Sets the state from unpickling."),
    ],
    ..TypeDef::of::<PyTupleIterator>("tuple_iterator")
};

fn this<'a>(v: Value) -> &'a PyTupleIterator {
    // SAFETY: methods and slots are called with instances of the type only.
    unsafe { v.cast_unchecked() }
}

fn reduce(vm: &Vm, a: &[Value]) -> PyResult {
    let it = this(a[0]);
    reduce_sequence(vm, builtin_function(vm, "iter")?, it.tuple.get_ref(), it.pos.get() as isize, true)
}

fn set_state(vm: &Vm, a: &[Value]) -> PyResult {
    let i = item::ssize_arg(vm, a[1])?;
    let it = this(a[0]);
    if let Some(t) = it.tuple.get().cast::<PyTuple>() {
        it.pos.set(i.clamp(0, t.len() as isize) as usize);
    }
    Ok(vm.none_ref())
}
