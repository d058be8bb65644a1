//! `memoryview`: a window on the memory of another object, with a shape and an item format.
//!
//! The memory is that of a bytes or bytearray object, or of whatever type fills its `buffer`
//! slot: the root. It is looked up anew for each access, so that a view never outlives its memory:
//! an exporter that shrank shows as ValueError, not as a wild read. Between a view and the root
//! may stand other views and [exporters](exporter), which are told of those who look.

use std::cell::{Cell, RefCell};

use crate::error::{PyResult, Raised};
use crate::object::{self, Header, Payload};
use crate::owned_cell::OwnedCell;
use crate::protocol::buffer::{self, Exported};
use crate::shape;
use crate::types::type_::TypeRef;
use crate::value::{Ref, Value};
use crate::vm::Vm;

pub mod exporter;
mod iterator;
mod methods;
pub mod pack;
mod subscript;

pub use iterator::ITERATOR_DEF;
pub use methods::DEF;

use exporter::PyExporter;

/// A memoryview object.
#[repr(C)]
pub struct PyMemoryView {
    header: Header,
    /// What holds the memory that is shown; NULL once the view was released.
    base: OwnedCell,
    /// The object of a built-in type whose memory it is, where that is not the base.
    root: OwnedCell,
    /// Exports of the view itself: while there are any, it cannot be released.
    exports: Cell<isize>,
    /// May not be handed on: what it shows is about to be let go.
    restricted: bool,
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

impl BufferInfo {
    pub fn of_bytes(b: &[u8], readonly: bool) -> BufferInfo {
        BufferInfo { start: b.as_ptr().cast_mut(), len: b.len(), readonly, format: "B", item_size: 1 }
    }
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

    /// In one dimension, where CPython looks at the step even if there are no items.
    fn is_contiguous_line(&self) -> Option<bool> {
        match (&self.shape[..], &self.strides[..]) {
            (&[n], &[stride]) => Some(n == 1 || stride == self.item_size as isize),
            _ => None,
        }
    }

    pub fn is_c_contiguous(&self) -> bool {
        if let Some(line) = self.is_contiguous_line() {
            return line;
        }
        contiguous(self.item_size, self.shape.iter().rev().zip(self.strides.iter().rev()))
    }

    pub fn is_f_contiguous(&self) -> bool {
        if let Some(line) = self.is_contiguous_line() {
            return line;
        }
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

/// The memory that objects of built-in types have, also those of subclasses; what a class makes of
/// it with `__buffer__` is not asked.
pub fn buffer_of(vm: &Vm, v: Value) -> Option<BufferInfo> {
    vm.type_of(v).slots().buffer.map(|f| f(v))
}

/// The memory of a built-in type behind whatever exports it.
fn root_of(owner: Value) -> Ref {
    let root = match (owner.cast_exact::<PyMemoryView>(), owner.cast_exact::<PyExporter>()) {
        (Some(m), _) => m.root.get_ref().or_else(|| m.base.get_ref()),
        (_, Some(e)) => e.root(),
        _ => None,
    };
    root.unwrap_or_else(|| owner.to_ref())
}

/// What is shown of what holds memory: instances that know nothing of the protocol are shown
/// themselves.
pub fn shown_owner(owner: Value) -> Ref {
    match owner.cast_exact::<PyExporter>() {
        Some(e) => e.shown(owner),
        None => owner.to_ref(),
    }
}

/// Where the bytes of a layout without gaps are in what `owner` exports, and how many.
///
/// # Errors
/// ValueError if they are there no more.
pub fn place(vm: &Vm, owner: Value, layout: &Layout) -> PyResult<(*mut u8, usize)> {
    let root = root_of(owner);
    let n = layout.bytes();
    if n == 0 {
        return Ok((std::ptr::NonNull::dangling().as_ptr(), 0));
    }
    let Some(info) = buffer_of(vm, root.value()) else { return Err(gone(vm)) };
    match usize::try_from(layout.offset) {
        // SAFETY: within the exporter's memory.
        Ok(at) if at.checked_add(n).is_some_and(|end| end <= info.len) => Ok((unsafe { info.start.add(at) }, n)),
        _ => Err(gone(vm)),
    }
}

/// A copy of the items of a layout in what `owner` exports, one after the other in C order.
///
/// # Errors
/// ValueError if they are there no more.
pub fn items(vm: &Vm, owner: Value, layout: &Layout) -> PyResult<Vec<u8>> {
    let at = |layout: &Layout| {
        let (start, len) = place(vm, owner, layout)?;
        // SAFETY: within the exporter's memory, which nothing changes meanwhile.
        Ok(unsafe { std::slice::from_raw_parts(start, len) })
    };
    if layout.is_c_contiguous() {
        return Ok(at(layout)?.to_vec());
    }
    let mut all = Vec::with_capacity(layout.bytes());
    let mut item = Layout::linear("B", layout.item_size, layout.item_size);
    for offset in layout.offsets() {
        item.offset = offset;
        all.extend_from_slice(at(&item)?);
    }
    Ok(all)
}

/// For a debugger, which must not run the program's code: the memory that a view shows, when its
/// items follow each other without gaps, or that an object of a built-in type has; valid until
/// the exporter changes.
pub fn contents<'a>(v: Value) -> Option<&'a [u8]> {
    if !v.is_object() {
        return None;
    }
    let vm = Vm::current();
    let Some(m) = v.cast::<PyMemoryView>() else {
        let info = buffer_of(vm, v)?;
        // SAFETY: the exporter's memory, which lives as long as nothing changes it.
        return Some(unsafe { std::slice::from_raw_parts(info.start, info.len) });
    };
    let layout = m.layout.borrow();
    m.base.get().non_null().filter(|_| layout.is_c_contiguous())?;
    let (start, len) = place(vm, v, &layout).ok()?;
    // SAFETY: within the exporter's memory, which lives as long as nothing changes it.
    Some(unsafe { std::slice::from_raw_parts(start, len) })
}

/// For a debugger, as [`contents`]: calls `f` with the memory of an object that can be written to,
/// if its items follow each other without gaps; `None` for what has no such memory.
///
/// # Errors
/// ValueError for a released view.
pub fn with_writable<R>(vm: &Vm, v: Value, f: impl FnOnce(&mut [u8]) -> R) -> PyResult<Option<R>> {
    let (start, len) = match v.cast::<PyMemoryView>() {
        Some(m) => {
            let layout = m.layout(vm)?;
            if m.readonly || !layout.is_c_contiguous() {
                return Ok(None);
            }
            place(vm, v, &layout)?
        }
        None if !v.is_object() => return Ok(None),
        None => match buffer_of(vm, v).filter(|i| !i.readonly) {
            Some(info) => (info.start, info.len),
            None => return Ok(None),
        },
    };
    // SAFETY: the exporter's memory, which nothing changes while `f` runs.
    Ok(Some(f(unsafe { std::slice::from_raw_parts_mut(start, len) })))
}

/// A view of all memory of an object: `memoryview(v)`.
///
/// # Errors
/// As [`new_with_flags`].
pub fn new(vm: &Vm, v: Value) -> PyResult {
    new_with_flags(vm, v, buffer::flags::FULL_RO)
}

/// A view of the memory of an object, as the flags ask for it. A view is not asked: the new one
/// shows what it shows.
///
/// # Errors
/// TypeError for what exports no memory, ValueError for a released view, whatever `__buffer__`
/// raises.
pub fn new_with_flags(vm: &Vm, v: Value, flags: i32) -> PyResult {
    if let Some(m) = v.cast_exact::<PyMemoryView>() {
        let base = m.base(vm)?;
        m.check_restricted(vm)?;
        return Ok(PyMemoryView::make(vm, base.value(), m.readonly, m.layout.borrow().clone()));
    }
    if !buffer::is_exporter(vm, v) {
        return Err(vm.type_error(format!(
            "memoryview: a bytes-like object is required, not '{}'",
            vm.type_of(v).full_name()
        )));
    }
    Ok(of_exported(vm, buffer::request(vm, v, flags)?))
}

/// A view of what an object has answered.
pub fn of_exported(vm: &Vm, e: Exported) -> Ref {
    PyMemoryView::make(vm, e.owner.value(), e.readonly, e.layout)
}

/// The slot of `memoryview`: a view exports what it shows, if it is as the flags want it.
pub fn get_buffer(vm: &Vm, v: Value, flags: i32) -> PyResult<Exported> {
    use buffer::flags as f;
    let m = PyMemoryView::of(v);
    let layout = m.layout(vm)?.clone();
    m.check_request(vm, &layout, flags)?;
    let asks = |flag| flags & flag == flag;
    let mut shown = layout;
    if !asks(f::FORMAT) {
        "B".clone_into(&mut shown.format);
    }
    if !asks(f::ND) {
        if asks(f::FORMAT) {
            return Err(vm.buffer_error("memoryview: cannot cast to unsigned bytes if the format flag is present"));
        }
        let offset = shown.offset;
        shown = Layout { offset, ..Layout::linear("B", shown.item_size, shown.bytes()) };
    }
    Ok(Exported { owner: v.to_ref(), readonly: m.readonly, layout: shown })
}

/// `__release_buffer__` of built-in types: lets a view of the object's memory go.
///
/// # Errors
/// TypeError if it is no view, ValueError if it was released or is another object's.
pub fn release_of(vm: &Vm, v: Value, view: Value) -> PyResult<()> {
    let Some(m) = view.cast::<PyMemoryView>() else {
        return Err(vm.type_error("expected a memoryview object"));
    };
    if m.restricted {
        return Ok(());
    }
    if m.base.is_null() {
        return Err(vm.value_error("memoryview's buffer has already been released"));
    }
    if !m.shown(vm).is(v) {
        return Err(vm.value_error("memoryview's buffer is not this object"));
    }
    m.release(vm)
}

/// Tells an exporter about one who looks at its memory from now on, or (-1) does no more.
pub fn count_export(vm: &Vm, owner: Value, views: isize) {
    if let Some(count) = vm.type_of(owner).slots().count_export {
        count(owner, views);
    }
}

/// A view that is not released.
struct Hold<'a>(&'a PyMemoryView);

impl Drop for Hold<'_> {
    fn drop(&mut self) {
        self.0.exports.set(self.0.exports.get() - 1);
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
            let root = self.root.take();
            count_export(Vm::current(), base.value(), -1);
            drop(root);
        }
    }

    /// Lets the exporter go, as the program wishes.
    ///
    /// # Errors
    /// BufferError while others look at the view's memory.
    fn release(&self, vm: &Vm) -> PyResult<()> {
        match self.exports.get() {
            0 => self.end(),
            n if self.base.is_null() || n < 0 => {}
            n => {
                let s = if n == 1 { "" } else { "s" };
                return Err(vm.buffer_error(format!("memoryview has {n} exported buffer{s}")));
            }
        }
        Ok(())
    }

    fn make(vm: &Vm, base: Value, readonly: bool, layout: Layout) -> Ref {
        PyMemoryView::make_with(vm, base, readonly, layout, false)
    }

    fn make_with(vm: &Vm, base: Value, readonly: bool, layout: Layout, restricted: bool) -> Ref {
        count_export(vm, base, 1);
        let ty: TypeRef = vm.builtin(shape::MEMORYVIEW);
        let root = root_of(base);
        object::new_instance(
            ty,
            PyMemoryView {
                header: object::header(),
                base: OwnedCell::new(base.to_ref()),
                root: OwnedCell::from_option(Some(root).filter(|r| !r.is(base))),
                exports: Cell::new(0),
                restricted,
                hash: Cell::new(-1),
                readonly,
                layout: RefCell::new(layout),
            },
        )
    }

    /// A view for the `__release_buffer__` of an instance whose memory is that of a built-in base.
    fn restricted(vm: &Vm, v: Value) -> Ref {
        let (readonly, layout) = match buffer_of(vm, v) {
            Some(info) => (info.readonly, Layout::linear("B", info.item_size, info.len)),
            None => (true, Layout::linear("B", 1, 0)),
        };
        PyMemoryView::make_with(vm, v, readonly, layout, true)
    }

    fn check_restricted(&self, vm: &Vm) -> PyResult<()> {
        if self.restricted {
            return Err(vm.value_error("cannot create new view on restricted memoryview"));
        }
        Ok(())
    }

    /// Whether the memory is as the flags want it.
    fn check_request(&self, vm: &Vm, layout: &Layout, flags: i32) -> PyResult<()> {
        use buffer::flags as f;
        self.check_restricted(vm)?;
        let asks = |flag| flags & flag == flag;
        let refused = |what: &str| Err(vm.buffer_error(format!("memoryview: {what}")));
        let (c, fortran) = (layout.is_c_contiguous(), layout.is_f_contiguous());
        if asks(f::WRITABLE) && self.readonly {
            return refused("underlying buffer is not writable");
        }
        if !c && (asks(f::C_CONTIGUOUS) || !asks(f::STRIDES)) {
            return refused("underlying buffer is not C-contiguous");
        }
        if asks(f::F_CONTIGUOUS) && !fortran {
            return refused("underlying buffer is not Fortran contiguous");
        }
        if asks(f::ANY_CONTIGUOUS) && !c && !fortran {
            return refused("underlying buffer is not contiguous");
        }
        Ok(())
    }

    /// Where the bytes of the view `v` are, for flags without strides, how many, and of an item.
    ///
    /// # Errors
    /// As [`get_buffer`].
    pub fn bytes_as(&self, vm: &Vm, v: Value, flags: i32) -> PyResult<(*mut u8, usize, usize)> {
        let layout = self.layout(vm)?;
        self.check_request(vm, &layout, flags)?;
        place(vm, v, &layout).map(|(start, len)| (start, len, layout.item_size))
    }

    /// Keeps the view from being released while code of the program runs.
    fn hold(&self) -> Hold<'_> {
        self.exports.set(self.exports.get() + 1);
        Hold(self)
    }

    /// What the attribute `obj` shows: the object that was asked for its memory, as far as it may
    /// be known; None once the view was released.
    pub fn shown(&self, vm: &Vm) -> Ref {
        match self.base.get_ref().filter(|_| !self.restricted) {
            None => vm.none_ref(),
            Some(base) => shown_owner(base.value()),
        }
    }

    fn of<'a>(v: Value) -> &'a PyMemoryView {
        // SAFETY: methods and slots of the type are called with its instances only.
        unsafe { v.cast_unchecked() }
    }

    pub fn is_readonly(&self) -> bool {
        self.readonly
    }

    /// What holds the memory.
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
        let root = self.root.get().non_null().unwrap_or(base.value());
        let Some(info) = buffer_of(vm, root) else { return Err(gone(vm)) };
        match usize::try_from(at) {
            // SAFETY: within the exporter's memory.
            Ok(at) if at.checked_add(n).is_some_and(|end| end <= info.len) => Ok(unsafe { info.start.add(at) }),
            _ => Err(gone(vm)),
        }
    }

    /// All items, one after the other in C order.
    pub fn to_bytes(&self, vm: &Vm) -> PyResult<Vec<u8>> {
        let base = self.base(vm)?;
        items(vm, base.value(), &self.layout.borrow())
    }

    /// The same for others, who may not see what is restricted.
    pub fn copy(&self, vm: &Vm) -> PyResult<Vec<u8>> {
        self.base(vm)?;
        self.check_restricted(vm)?;
        self.to_bytes(vm)
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
