//! `memoryview`: a window on the memory of another object, with a shape and an item format.
//!
//! The memory is that of a bytes or bytearray object, or of whatever type fills its `buffer`
//! slot. It is looked up anew for each access, so that a view never outlives its memory: an
//! exporter that shrank shows as ValueError, not as a wild read.

use std::cell::{Cell, RefCell};

use crate::error::{PyResult, Raised};
use crate::object::{self, Header, Payload};
use crate::owned_cell::OwnedCell;
use crate::shape;
use crate::types::bytearray::PyByteArray;
use crate::types::bytes::PyBytes;
use crate::types::type_::{MethodDef, TypeRef};
use crate::value::{Ref, Value};
use crate::vm::Vm;

mod iterator;
mod methods;
pub mod pack;
mod subscript;

pub use iterator::ITERATOR_DEF;
pub use methods::DEF;

/// A memoryview object.
#[repr(C)]
pub struct PyMemoryView {
    header: Header,
    /// The object whose memory is shown; NULL once the view was released.
    base: OwnedCell,
    hash: Cell<i64>,
    readonly: bool,
    layout: RefCell<Layout>,
}

// SAFETY: repr(C), header first.
unsafe impl Payload for PyMemoryView {
    const SHAPE: u32 = shape::MEMORYVIEW;
}

/// How the items of a view lie in memory.
#[derive(Clone, Debug)]
pub struct Layout {
    /// As in the module `struct`.
    pub format: String,
    pub item_size: usize,
    /// Bytes from the start of the exporter's memory to the first item.
    pub offset: isize,
    /// Items per dimension.
    pub shape: Vec<usize>,
    /// Bytes from an item to the next, per dimension.
    pub strides: Vec<isize>,
}

/// Memory that an object offers.
#[derive(Clone, Copy, Debug)]
pub struct BufferInfo {
    pub start: *mut u8,
    /// In bytes.
    pub len: usize,
    pub readonly: bool,
    /// As in the module `struct`.
    pub format: &'static str,
    pub item_size: usize,
}

impl Layout {
    /// Items in one dimension, one after the other.
    pub fn linear(format: &str, item_size: usize, bytes: usize) -> Layout {
        Layout {
            format: format.to_owned(),
            item_size,
            offset: 0,
            shape: vec![bytes / item_size.max(1)],
            strides: vec![item_size as isize],
        }
    }

    pub fn ndim(&self) -> usize {
        self.shape.len()
    }

    /// Number of items.
    pub fn count(&self) -> usize {
        self.shape.iter().product()
    }

    /// Bytes that the items would take one after the other.
    pub fn bytes(&self) -> usize {
        self.count() * self.item_size
    }

    pub fn is_c_contiguous(&self) -> bool {
        contiguous(self.item_size, self.shape.iter().rev().zip(self.strides.iter().rev()))
    }

    pub fn is_f_contiguous(&self) -> bool {
        contiguous(self.item_size, self.shape.iter().zip(&self.strides))
    }

    /// Byte offsets of all items, in C order (the last index runs fastest).
    pub fn offsets(&self) -> Vec<isize> {
        let mut all = vec![self.offset];
        for (&n, &stride) in self.shape.iter().zip(&self.strides) {
            all = all.iter().flat_map(|&o| (0..n).map(move |i| o + i as isize * stride)).collect();
        }
        all
    }

    /// Strides of items one after the other in C order.
    fn c_strides(item_size: usize, shape: &[usize]) -> Vec<isize> {
        let mut strides = vec![0; shape.len()];
        let mut step = item_size as isize;
        for (s, &n) in strides.iter_mut().zip(shape).rev() {
            *s = step;
            step *= n as isize;
        }
        strides
    }
}

/// Whether dimensions, the fastest first, follow each other without gaps.
fn contiguous<'a>(item_size: usize, dims: impl Iterator<Item = (&'a usize, &'a isize)>) -> bool {
    let mut step = item_size as isize;
    for (&n, &stride) in dims {
        if n == 0 {
            return true;
        }
        if n > 1 && stride != step {
            return false;
        }
        step *= n as isize;
    }
    true
}

/// The memory that an object offers, if any.
pub fn buffer_of(vm: &Vm, v: Value) -> Option<BufferInfo> {
    let bytes = |b: &[u8], readonly| BufferInfo {
        start: b.as_ptr().cast_mut(),
        len: b.len(),
        readonly,
        format: "B",
        item_size: 1,
    };
    if let Some(b) = v.cast::<PyBytes>() {
        return Some(bytes(b.as_slice(), true));
    }
    if let Some(b) = v.cast::<PyByteArray>() {
        return Some(bytes(b.as_slice(), false));
    }
    vm.type_of(v).slots().buffer.map(|f| f(v))
}

/// The memory that a view shows, when its items follow each other without gaps, or that an object
/// offers; valid until the exporter changes.
pub fn contents<'a>(v: Value) -> Option<&'a [u8]> {
    if !v.is_object() {
        return None;
    }
    let Some(m) = v.cast::<PyMemoryView>() else {
        let info = buffer_of(Vm::current(), v)?;
        // SAFETY: the exporter's memory, which lives as long as nothing changes it.
        return Some(unsafe { std::slice::from_raw_parts(info.start, info.len) });
    };
    let layout = m.layout.borrow();
    if !layout.is_c_contiguous() {
        return None;
    }
    let info = buffer_of(Vm::current(), m.base.get().non_null()?)?;
    let start = usize::try_from(layout.offset).ok()?;
    if start + layout.bytes() > info.len {
        return None;
    }
    // SAFETY: within the exporter's memory, which lives as long as nothing changes it.
    Some(unsafe { std::slice::from_raw_parts(info.start.add(start), layout.bytes()) })
}

/// Calls `f` with the memory of an object that can be written to, if its items follow each other
/// without gaps; `None` for what has no such memory. `f` must not run Python code.
///
/// # Errors
/// ValueError for a released view.
pub fn with_writable<R>(vm: &Vm, v: Value, f: impl FnOnce(&mut [u8]) -> R) -> PyResult<Option<R>> {
    let (base, part) = match v.cast::<PyMemoryView>() {
        Some(m) => {
            let base = m.base(vm)?;
            let layout = m.layout.borrow();
            let start = usize::try_from(layout.offset).unwrap_or(usize::MAX);
            if m.readonly || !layout.is_c_contiguous() {
                return Ok(None);
            }
            (base, Some((start, layout.bytes())))
        }
        None if v.is_object() => (v.to_ref(), None),
        None => return Ok(None),
    };
    let Some(info) = buffer_of(vm, base.value()).filter(|i| !i.readonly) else { return Ok(None) };
    let (start, len) = part.unwrap_or((0, info.len));
    if start.checked_add(len).is_none_or(|end| end > info.len) {
        return Err(gone(vm));
    }
    // SAFETY: within the exporter's memory, which `base` keeps alive and which nothing changes
    // while `f` runs.
    Ok(Some(f(unsafe { std::slice::from_raw_parts_mut(info.start.add(start), len) })))
}

/// Methods of what offers memory.
pub static EXPORTER_METHODS: &[MethodDef] = &[
    MethodDef::new("__buffer__", "($self, flags, /)", export, "Return a buffer object that exposes the underlying memory of the object."),
    MethodDef::new("__release_buffer__", "($self, buffer, /)", release_export, "Release the buffer object that exposes the underlying memory of the object."),
];

/// `__buffer__`. Of the flags, only that for writing asks for what an object may not have.
fn export(vm: &Vm, a: &[Value]) -> PyResult {
    const WRITABLE: i32 = 1;
    let flags = crate::convert::c_int(vm, a[1])?;
    let view = new(vm, a[0])?;
    if flags & WRITABLE != 0 && view.cast::<PyMemoryView>().is_some_and(|m| m.readonly) {
        return Err(vm.buffer_error("Object is not writable."));
    }
    Ok(view)
}

fn release_export(vm: &Vm, a: &[Value]) -> PyResult {
    let Some(view) = a[1].cast::<PyMemoryView>() else {
        return Err(vm.type_error("expected a memoryview object"));
    };
    if view.base.get().non_null().is_some_and(|base| !base.is(a[0])) {
        return Err(vm.value_error("memoryview's buffer is not this object"));
    }
    crate::protocol::call::call_method(vm, a[1], "release", &[])
}

/// A view of all memory of an object.
pub fn new(vm: &Vm, v: Value) -> PyResult {
    if let Some(m) = v.cast::<PyMemoryView>() {
        let base = m.base(vm)?;
        return Ok(PyMemoryView::make(vm, base.value(), m.readonly, m.layout.borrow().clone()));
    }
    match buffer_of(vm, v) {
        Some(info) => {
            let layout = Layout::linear(info.format, info.item_size, info.len);
            Ok(PyMemoryView::make(vm, v, info.readonly, layout))
        }
        None => Err(vm.type_error(format!(
            "memoryview: a bytes-like object is required, not '{}'",
            vm.type_of(v).full_name()
        ))),
    }
}

/// Tells an exporter about a view that begins or (-1) ends.
fn count_export(vm: &Vm, base: Value, views: isize) {
    if let Some(count) = vm.type_of(base).slots().count_export {
        count(base, views);
    }
}

impl Drop for PyMemoryView {
    fn drop(&mut self) {
        self.end();
    }
}

impl PyMemoryView {
    /// Lets the exporter go.
    fn end(&self) {
        if let Some(base) = self.base.take() {
            count_export(Vm::current(), base.value(), -1);
        }
    }

    fn make(vm: &Vm, base: Value, readonly: bool, layout: Layout) -> Ref {
        count_export(vm, base, 1);
        let ty: TypeRef = vm.builtin(shape::MEMORYVIEW);
        object::new_instance(
            ty,
            PyMemoryView {
                header: object::header(),
                base: OwnedCell::new(base.to_ref()),
                hash: Cell::new(-1),
                readonly,
                layout: RefCell::new(layout),
            },
        )
    }

    fn of<'a>(v: Value) -> &'a PyMemoryView {
        // SAFETY: methods and slots of the type are called with its instances only.
        unsafe { v.cast_unchecked() }
    }

    pub fn is_readonly(&self) -> bool {
        self.readonly
    }

    /// The exporter.
    ///
    /// # Errors
    /// ValueError once the view was released.
    pub fn base(&self, vm: &Vm) -> PyResult {
        self.base
            .get_ref()
            .ok_or_else(|| vm.value_error("operation forbidden on released memoryview object"))
    }

    pub fn layout(&self, vm: &Vm) -> PyResult<std::cell::Ref<'_, Layout>> {
        self.base(vm)?;
        Ok(self.layout.borrow())
    }

    /// A copy of `n` bytes at a byte offset.
    fn read(&self, vm: &Vm, at: isize, n: usize) -> PyResult<Vec<u8>> {
        let p = self.address(vm, at, n)?;
        // SAFETY: `address` has checked the range.
        Ok(unsafe { std::slice::from_raw_parts(p, n) }.to_vec())
    }

    /// Overwrites bytes at a byte offset; the caller has checked that the view is writable.
    fn write(&self, vm: &Vm, at: isize, b: &[u8]) -> PyResult<()> {
        let p = self.address(vm, at, b.len())?;
        // SAFETY: `address` has checked the range; the exporter allows writing, and nobody holds
        // a slice of its memory here.
        unsafe { std::ptr::copy(b.as_ptr(), p, b.len()) };
        Ok(())
    }

    /// Where `n` bytes at a byte offset are right now.
    fn address(&self, vm: &Vm, at: isize, n: usize) -> PyResult<*mut u8> {
        let base = self.base(vm)?;
        let Some(info) = buffer_of(vm, base.value()) else { return Err(gone(vm)) };
        match usize::try_from(at) {
            // SAFETY: within the exporter's memory.
            Ok(at) if at.checked_add(n).is_some_and(|end| end <= info.len) => Ok(unsafe { info.start.add(at) }),
            _ => Err(gone(vm)),
        }
    }

    /// All items, one after the other in C order.
    pub fn to_bytes(&self, vm: &Vm) -> PyResult<Vec<u8>> {
        let layout = self.layout(vm)?.clone();
        if layout.is_c_contiguous() {
            return self.read(vm, layout.offset, layout.bytes());
        }
        let mut all = Vec::with_capacity(layout.bytes());
        for at in layout.offsets() {
            all.extend(self.read(vm, at, layout.item_size)?);
        }
        Ok(all)
    }

    /// The letter of the view's format.
    fn letter(&self, vm: &Vm) -> PyResult<u8> {
        let layout = self.layout(vm)?;
        pack::letter(&layout.format).ok_or_else(|| {
            vm.not_implemented_error(format!("memoryview: format {} not supported", layout.format))
        })
    }

    /// The item at a byte offset.
    fn item_at(&self, vm: &Vm, at: isize) -> PyResult {
        let letter = self.letter(vm)?;
        let size = self.layout.borrow().item_size;
        Ok(pack::unpack(vm, letter, &self.read(vm, at, size)?))
    }
}

#[cold]
fn gone(vm: &Vm) -> Raised {
    vm.value_error("the memory behind this memoryview has been resized")
}
