//! Iterators over lists, forward and backward.

use std::cell::Cell;

use crate::error::PyResult;
use crate::object::{self, Header, Payload};
use crate::owned_cell::OwnedCell;
use crate::protocol::item;
use crate::shape;
use crate::types::iterators::{builtin_function, reduce_sequence};
use crate::types::list::PyList;
use crate::types::type_::{MethodDef, New, TypeDef};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// Walks a list. The fields' offsets are fixed; instructions read them directly.
#[repr(C)]
pub struct PyListIterator {
    header: Header,
    pub(crate) pos: Cell<usize>,
    /// NULL once exhausted.
    pub(crate) list: OwnedCell,
}

// SAFETY: repr(C), header first.
unsafe impl Payload for PyListIterator {
    const SHAPE: u32 = shape::LIST_ITERATOR;
}

/// Walks a list backward.
#[repr(C)]
pub struct PyListReverseIterator {
    header: Header,
    /// Index of the next item; -1 at the end.
    pos: Cell<isize>,
    list: OwnedCell,
}

// SAFETY: repr(C), header first.
unsafe impl Payload for PyListReverseIterator {
    const SHAPE: u32 = shape::LIST_REVERSE_ITERATOR;
}

fn list_of<'a>(cell: &OwnedCell) -> Option<&'a PyList> {
    // SAFETY: iterators are made from lists; the list lives as long as the cell is not changed.
    cell.get().non_null().map(|v| unsafe { v.cast_unchecked() })
}

impl PyListIterator {
    pub fn new(list: Value) -> Ref {
        object::new(PyListIterator {
            header: object::header(),
            pos: Cell::new(0),
            list: OwnedCell::new(list.to_ref()),
        })
    }

    /// The next item.
    #[inline(always)]
    pub fn step(&self) -> Option<Ref> {
        let item = list_of(&self.list)?.get_ref(self.pos.get());
        match item {
            Some(_) => self.pos.set(self.pos.get() + 1),
            None => self.list.clear(),
        }
        item
    }

    fn left(&self) -> usize {
        list_of(&self.list).map_or(0, |l| l.len().saturating_sub(self.pos.get()))
    }
}

impl PyListReverseIterator {
    pub fn new(list: Value) -> Ref {
        // SAFETY: only called with lists.
        let n = unsafe { list.cast_unchecked::<PyList>() }.len();
        object::new(PyListReverseIterator {
            header: object::header(),
            pos: Cell::new(n as isize - 1),
            list: OwnedCell::new(list.to_ref()),
        })
    }

    fn step(&self) -> Option<Ref> {
        let list = list_of(&self.list)?;
        let item = usize::try_from(self.pos.get()).ok().and_then(|i| list.get_ref(i));
        match item {
            Some(_) => self.pos.set(self.pos.get() - 1),
            None => {
                self.pos.set(-1);
                self.list.clear();
            }
        }
        item
    }

    fn left(&self) -> usize {
        let n = list_of(&self.list).map_or(0, |l| l.len());
        let left = (self.pos.get() + 1).max(0) as usize;
        if left > n { 0 } else { left }
    }
}

const HINT_DOC: &str = "Number of items still to come, as far as known.";

pub static ITERATOR_DEF: TypeDef = TypeDef {
    flags: 0,
    slots: |s| {
        s.drop = Some(object::drop_payload::<PyListIterator>);
        s.traverse = crate::traverse_fields!(PyListIterator: list);
        s.clear = crate::clear_fields!(PyListIterator: list);
        s.iter = Some(|_, v| Ok(v.to_ref()));
        s.next = Some(|_, v| Ok(forward(v).step()));
    },
    new: New::Disallowed,
    methods: &[
        MethodDef::new(
            "__length_hint__",
            "($self, /)",
            |vm, a| Ok(item::from_size(vm, forward(a[0]).left())),
            HINT_DOC,
        ),
        MethodDef::new("__reduce__", "($self, /)", reduce, "State for pickling."),
        MethodDef::new("__setstate__", "($self, object, /)", set_state, "Sets the state from unpickling."),
    ],
    ..TypeDef::of::<PyListIterator>("list_iterator")
};

pub static REVERSE_ITERATOR_DEF: TypeDef = TypeDef {
    flags: 0,
    slots: |s| {
        s.drop = Some(object::drop_payload::<PyListReverseIterator>);
        s.traverse = crate::traverse_fields!(PyListReverseIterator: list);
        s.clear = crate::clear_fields!(PyListReverseIterator: list);
        s.iter = Some(|_, v| Ok(v.to_ref()));
        s.next = Some(|_, v| Ok(backward(v).step()));
    },
    new: New::Disallowed,
    methods: &[
        MethodDef::new(
            "__length_hint__",
            "($self, /)",
            |vm, a| Ok(item::from_size(vm, backward(a[0]).left())),
            HINT_DOC,
        ),
        MethodDef::new("__reduce__", "($self, /)", reverse_reduce, "State for pickling."),
        MethodDef::new(
            "__setstate__",
            "($self, object, /)",
            reverse_set_state,
            "Sets the state from unpickling.",
        ),
    ],
    ..TypeDef::of::<PyListReverseIterator>("list_reverseiterator")
};

fn forward<'a>(v: Value) -> &'a PyListIterator {
    // SAFETY: methods and slots are called with instances of the type only.
    unsafe { v.cast_unchecked() }
}

fn backward<'a>(v: Value) -> &'a PyListReverseIterator {
    // SAFETY: methods and slots are called with instances of the type only.
    unsafe { v.cast_unchecked() }
}

fn reduce(vm: &Vm, a: &[Value]) -> PyResult {
    let it = forward(a[0]);
    reduce_sequence(vm, builtin_function(vm, "iter")?, it.list.get_ref(), it.pos.get() as isize, false)
}

fn reverse_reduce(vm: &Vm, a: &[Value]) -> PyResult {
    let it = backward(a[0]);
    reduce_sequence(vm, builtin_function(vm, "reversed")?, it.list.get_ref(), it.pos.get(), false)
}

fn set_state(vm: &Vm, a: &[Value]) -> PyResult {
    let i = item::ssize_arg(vm, a[1])?;
    let it = forward(a[0]);
    if let Some(list) = list_of(&it.list) {
        it.pos.set(i.clamp(0, list.len() as isize) as usize);
    }
    Ok(vm.none_ref())
}

fn reverse_set_state(vm: &Vm, a: &[Value]) -> PyResult {
    let i = item::ssize_arg(vm, a[1])?;
    let it = backward(a[0]);
    if let Some(list) = list_of(&it.list) {
        it.pos.set(i.clamp(-1, list.len() as isize - 1));
    }
    Ok(vm.none_ref())
}
