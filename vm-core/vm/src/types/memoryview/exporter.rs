//! What stands between an instance of a class written in Python and those who look at its memory:
//! it counts them, and tells the instance when the last one lets go (`__release_buffer__`).

use std::cell::Cell;

use crate::error::PyResult;
use crate::object::{self, Header, Payload};
use crate::owned_cell::OwnedCell;
use crate::protocol::buffer::Exported;
use crate::shape;
use crate::types::memoryview::{BufferInfo, PyMemoryView, buffer_of, count_export, get_buffer, root_of};
use crate::types::type_::{New, TypeDef};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// An exporter, `_buffer_wrapper` to Python code.
#[repr(C)]
pub struct PyExporter {
    header: Header,
    /// The instance; NULL once it was told.
    object: OwnedCell,
    /// What its `__buffer__` returned; NULL where the memory is that of a built-in base.
    view: OwnedCell,
    /// The object of a built-in type whose memory it is.
    root: OwnedCell,
    /// Those who look.
    views: Cell<isize>,
}

// SAFETY: repr(C), header first.
unsafe impl Payload for PyExporter {
    const SHAPE: u32 = shape::EXPORTER;
}

fn make(object: Value, view: Option<Ref>, root: Ref) -> Ref {
    object::new(PyExporter {
        header: object::header(),
        object: OwnedCell::new(object.to_ref()),
        view: OwnedCell::from_option(view),
        root: OwnedCell::new(root),
        views: Cell::new(0),
    })
}

/// Exports the memory that an instance has from a built-in base.
pub fn of_instance(vm: &Vm, v: Value) -> Ref {
    count_native(vm, v, 1);
    make(v, None, v.to_ref())
}

/// Exports what the instance's `__buffer__` returned, a view, as the flags ask for it.
///
/// # Errors
/// TypeError if it is none, BufferError and ValueError as of a memoryview.
pub fn of_returned(vm: &Vm, v: Value, returned: Ref, flags: i32) -> PyResult<Exported> {
    if returned.cast::<PyMemoryView>().is_none() {
        return Err(vm.type_error("__buffer__ returned non-memoryview object"));
    }
    let Exported { readonly, layout, .. } = get_buffer(vm, returned.value(), flags)?;
    count_export(vm, returned.value(), 1);
    let root = root_of(returned.value());
    Ok(Exported { owner: make(v, Some(returned), root), readonly, layout })
}

/// Counts an export of the memory of a built-in base.
fn count_native(vm: &Vm, v: Value, views: isize) {
    if let Some(count) = vm.type_of(v).slots().count_export {
        count(v, views);
    }
}

impl Drop for PyExporter {
    fn drop(&mut self) {
        self.release(Vm::current());
    }
}

impl PyExporter {
    fn of<'a>(v: Value) -> &'a PyExporter {
        // SAFETY: slots of the type are called with its instances only.
        unsafe { v.cast_unchecked() }
    }

    /// What a view's `obj` shows for the exporter `v`.
    pub fn shown(&self, v: Value) -> Ref {
        match self.object.get_ref() {
            Some(object) if self.view.is_null() => object,
            _ => v.to_ref(),
        }
    }

    pub fn root(&self) -> Option<Ref> {
        self.root.get_ref()
    }

    /// The last one has let go: the instance is told, once. Only a method written in Python is
    /// called; what built-in types do about it is the count.
    fn release(&self, vm: &Vm) {
        let Some(object) = self.object.take() else { return };
        let root = self.root.take();
        let told = vm.type_of(object.value()).slots().release_buffer;
        match self.view.take() {
            Some(view) => {
                count_export(vm, view.value(), -1);
                // A view of the instance itself tells it when that view ends.
                let own = view.cast::<PyMemoryView>().is_some_and(|m| m.shown(vm).is(object.value()));
                if let Some(tell) = told.filter(|_| !own) {
                    tell(vm, object.value(), view.value());
                }
            }
            None => {
                if let Some(tell) = told {
                    let view = PyMemoryView::restricted(vm, object.value());
                    tell(vm, object.value(), view.value());
                    PyMemoryView::of(view.value()).end();
                }
                count_native(vm, object.value(), -1);
            }
        }
        drop(root);
    }
}

/// The memory of an exporter that nobody has let go.
fn memory(v: Value) -> BufferInfo {
    let nothing = BufferInfo {
        start: std::ptr::NonNull::dangling().as_ptr(),
        len: 0,
        readonly: true,
        format: "B",
        item_size: 1,
    };
    let root = PyExporter::of(v).root.get().non_null();
    root.and_then(|r| buffer_of(Vm::current(), r)).unwrap_or(nothing)
}

fn count(v: Value, views: isize) {
    let e = PyExporter::of(v);
    e.views.set(e.views.get() + views);
    if e.views.get() == 0 {
        e.release(Vm::current());
    }
}

pub static DEF: TypeDef = TypeDef {
    flags: 0,
    new: New::Disallowed,
    slots: |s| {
        s.drop = Some(object::drop_payload::<PyExporter>);
        s.traverse = crate::traverse_fields!(PyExporter: object, view, root);
        s.buffer = Some(memory);
        s.count_export = Some(count);
    },
    ..TypeDef::of::<PyExporter>("_buffer_wrapper")
};
