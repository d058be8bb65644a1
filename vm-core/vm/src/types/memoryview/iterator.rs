//! Iterators over views.

use std::cell::Cell;

use crate::error::PyResult;
use crate::object::{self, Header, Payload};
use crate::owned_cell::OwnedCell;
use crate::shape;
use crate::types::memoryview::PyMemoryView;
use crate::types::type_::{New, TypeDef};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// Walks the items of a view of one dimension.
#[repr(C)]
pub struct PyMemoryIterator {
    header: Header,
    pos: Cell<usize>,
    len: usize,
    /// NULL once exhausted.
    view: OwnedCell,
}

// SAFETY: repr(C), header first.
unsafe impl Payload for PyMemoryIterator {
    const SHAPE: u32 = shape::MEMORY_ITERATOR;
}

/// `iter(view)`.
pub fn new(vm: &Vm, v: Value) -> PyResult {
    let layout = PyMemoryView::of(v).layout(vm)?;
    match layout.ndim() {
        0 => Err(vm.type_error("invalid indexing of 0-dim memory")),
        1 => Ok(object::new(PyMemoryIterator {
            header: object::header(),
            pos: Cell::new(0),
            len: layout.shape[0],
            view: OwnedCell::new(v.to_ref()),
        })),
        _ => Err(vm.not_implemented_error("multi-dimensional sub-views are not implemented")),
    }
}

pub static ITERATOR_DEF: TypeDef = TypeDef {
    flags: 0,
    slots: |s| {
        s.drop = Some(object::drop_payload::<PyMemoryIterator>);
        s.traverse = crate::traverse_fields!(PyMemoryIterator: view);
        s.iter = Some(|_, v| Ok(v.to_ref()));
        s.next = Some(next);
    },
    new: New::Disallowed,
    ..TypeDef::of::<PyMemoryIterator>("memory_iterator")
};

fn next(vm: &Vm, v: Value) -> PyResult<Option<Ref>> {
    // SAFETY: the slots of the type are called with its instances only.
    let it = unsafe { v.cast_unchecked::<PyMemoryIterator>() };
    let Some(view) = it.view.get_ref() else { return Ok(None) };
    let m = PyMemoryView::of(view.value());
    let i = it.pos.get();
    if i >= it.len {
        it.view.clear();
        return Ok(None);
    }
    let at = {
        let layout = m.layout(vm)?;
        layout.offset + i as isize * layout.strides[0]
    };
    it.pos.set(i + 1);
    m.item_at(vm, at).map(Some)
}
