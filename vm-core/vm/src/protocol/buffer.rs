//! The buffer protocol: how an object lets others see its memory (PEP 3118, PEP 688).
//!
//! Whoever wants the bytes of an object asks here. Built-in types answer with their memory; for a
//! class that defines `__buffer__` Python code runs, which may raise, and again when the memory is
//! let go (`__release_buffer__`). So memory is never had without a guard: a [`Buffer`], or a view.

use std::ops::Deref;

use crate::convert;
use crate::error::PyResult;
use crate::shape;
use crate::types::bytearray::PyByteArray;
use crate::types::bytes::PyBytes;
use crate::types::memoryview::{self, Layout, PyMemoryView};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// What is asked for: `PyBUF_` and `inspect.BufferFlags`.
pub mod flags {
    /// Bytes without a shape, one after the other.
    pub const SIMPLE: i32 = 0;
    pub const WRITABLE: i32 = 1;
    pub const FORMAT: i32 = 4;
    pub const ND: i32 = 8;
    pub const STRIDES: i32 = 0x10 | ND;
    pub const C_CONTIGUOUS: i32 = 0x20 | STRIDES;
    pub const F_CONTIGUOUS: i32 = 0x40 | STRIDES;
    pub const ANY_CONTIGUOUS: i32 = 0x80 | STRIDES;
    pub const INDIRECT: i32 = 0x100 | STRIDES;
    /// With a shape, in C order.
    pub const CONTIG_RO: i32 = ND;
    /// All that there is, whether it can be written or not.
    pub const FULL_RO: i32 = INDIRECT | FORMAT;
    /// Of `PyMemoryView_FromMemory`, not of requests.
    pub const READ: i32 = 0x100;
    pub const WRITE: i32 = 0x200;
}

/// Slot: asks an object for its memory, with [`flags`].
pub type GetBufferFn = fn(&Vm, Value, i32) -> PyResult<Exported>;
/// Slot of classes with a `__release_buffer__` in Python: object, the view that is let go. What
/// it raises is reported.
pub type ReleaseBufferFn = fn(&Vm, Value, Value);

/// An object's answer. The memory is held once the owner's export was counted, which a [`Buffer`]
/// and a view do.
pub struct Exported {
    /// What holds the memory: the object, or what stands between it and those who look.
    pub owner: Ref,
    pub readonly: bool,
    pub layout: Layout,
}

/// Whether an object has the buffer protocol at all.
#[inline]
pub fn is_exporter(vm: &Vm, v: Value) -> bool {
    vm.type_of(v).slots().get_buffer.is_some()
}

/// Asks an object for its memory.
///
/// # Errors
/// TypeError for what has none, BufferError where it is not as the flags want it, and whatever
/// `__buffer__` raises.
pub fn request(vm: &Vm, v: Value, flags: i32) -> PyResult<Exported> {
    match vm.type_of(v).slots().get_buffer {
        Some(get) => get(vm, v, flags),
        None => Err(convert::not_bytes_like(vm, v)),
    }
}

/// Slot of built-in types: the memory that their instances, also those of subclasses, have.
pub fn native(vm: &Vm, v: Value, flags: i32) -> PyResult<Exported> {
    let Some(info) = memoryview::buffer_of(vm, v) else { return Err(convert::not_bytes_like(vm, v)) };
    let is_array = vm.type_of(v).layout() == shape::ARRAY;
    if !is_array && (flags == self::flags::READ || flags == self::flags::WRITE) {
        return Err(vm.system_error("bad argument to internal function"));
    }
    if flags & self::flags::WRITABLE != 0 && info.readonly {
        return Err(vm.buffer_error("Object is not writable."));
    }
    let format = if flags & self::flags::FORMAT != 0 { info.format } else { "B" };
    // A class written in Python may want to know when its memory is let go.
    let owner = if vm.type_of(v).is_heap() { memoryview::exporter::of_instance(vm, v) } else { v.to_ref() };
    Ok(Exported { owner, readonly: info.readonly, layout: Layout::linear(format, info.item_size, info.len) })
}

/// An object's memory as bytes one after the other, held until it is dropped: in the meantime the
/// exporter neither moves nor resizes it. Letting go may run Python code.
pub struct Buffer {
    start: *mut u8,
    len: usize,
    /// As the exporter says, though the bytes are asked for without items.
    item_size: usize,
    owner: Ref,
    counted: bool,
}

impl Buffer {
    /// The bytes of any bytes-like object (`y*`).
    ///
    /// # Errors
    /// As [`request`].
    #[inline]
    pub fn new(vm: &Vm, v: Value) -> PyResult<Buffer> {
        Buffer::with_flags(vm, v, flags::SIMPLE)
    }

    /// Memory that can be written to, with [`Buffer::with_mut`].
    ///
    /// # Errors
    /// As [`request`].
    pub fn writable(vm: &Vm, v: Value) -> PyResult<Buffer> {
        Buffer::with_flags(vm, v, flags::WRITABLE)
    }

    /// Writable memory for the parameter `what` of a function (`w*`).
    ///
    /// # Errors
    /// TypeError, whatever the reason.
    pub fn writable_argument(vm: &Vm, function: &str, what: &str, v: Value) -> PyResult<Buffer> {
        Buffer::writable(vm, v)
            .map_err(|_| convert::bad_argument(vm, function, what, "read-write bytes-like object", v))
    }

    /// The bytes, asked for with flags that allow no gaps.
    ///
    /// # Errors
    /// As [`request`].
    #[inline]
    pub fn with_flags(vm: &Vm, v: Value, flags: i32) -> PyResult<Buffer> {
        if flags & flags::WRITABLE == 0 && v.has_shape(shape::BYTES)
            && let Some(b) = v.cast::<PyBytes>()
        {
            let b = b.as_slice();
            let start = b.as_ptr().cast_mut();
            return Ok(Buffer { start, len: b.len(), item_size: 1, owner: v.to_ref(), counted: false });
        }
        if let Some(b) = v.cast_exact::<PyByteArray>() {
            b.count_export(1);
            let start = b.as_slice().as_ptr().cast_mut();
            return Ok(Buffer { start, len: b.as_slice().len(), item_size: 1, owner: v.to_ref(), counted: true });
        }
        Buffer::requested(vm, v, flags)
    }

    /// Memory that is had without Python code, and without a description of its layout.
    fn direct(vm: &Vm, v: Value, flags: i32) -> PyResult<Option<Buffer>> {
        let ty = vm.type_of(v);
        let (start, len, item_size) = if let Some(m) = v.cast_exact::<PyMemoryView>() {
            m.bytes_as(vm, v, flags)?
        } else if !ty.is_heap()
            && ty.slots().get_buffer.is_some_and(|f| f as usize == native as *const () as usize)
            && let Some(info) = memoryview::buffer_of(vm, v)
            && !(info.readonly && flags & self::flags::WRITABLE != 0)
        {
            (info.start, info.len, info.item_size)
        } else {
            return Ok(None);
        };
        memoryview::count_export(vm, v, 1);
        Ok(Some(Buffer { start, len, item_size, owner: v.to_ref(), counted: true }))
    }

    fn requested(vm: &Vm, v: Value, flags: i32) -> PyResult<Buffer> {
        if let Some(held) = Buffer::direct(vm, v, flags)? {
            return Ok(held);
        }
        let Exported { owner, layout, .. } = request(vm, v, flags)?;
        memoryview::count_export(vm, owner.value(), 1);
        let (start, item_size) = (std::ptr::NonNull::dangling().as_ptr(), layout.item_size);
        let mut held = Buffer { start, len: 0, item_size, owner, counted: true };
        (held.start, held.len) = memoryview::place(vm, held.owner.value(), &layout)?;
        Ok(held)
    }

    /// The bytes of two objects, which are let go in the order in which they were asked.
    ///
    /// # Errors
    /// As [`request`].
    pub fn pair(vm: &Vm, a: Value, b: Value) -> PyResult<(Buffer, Buffer)> {
        let first = Buffer::new(vm, a)?;
        Ok((first, Buffer::new(vm, b)?))
    }

    /// Bytes of an item, as the exporter says.
    pub fn item_size(&self) -> usize {
        self.item_size
    }

    /// What holds the memory, as a view's `obj` shows it.
    pub fn owner(&self) -> Ref {
        memoryview::shown_owner(self.owner.value())
    }

    /// Copies data to the start of the memory, which was asked for as writable, as far as it fits.
    pub fn fill(&self, data: &[u8]) {
        let n = data.len().min(self.len);
        self.with_mut(|to| to[..n].copy_from_slice(&data[..n]));
    }

    /// Calls `f` with the memory, which was asked for as writable. `f` must not run Python code.
    pub fn with_mut<R>(&self, f: impl FnOnce(&mut [u8]) -> R) -> R {
        // SAFETY: the exporter keeps so many bytes there; nobody else looks at them while `f` runs.
        f(unsafe { std::slice::from_raw_parts_mut(self.start, self.len) })
    }
}

impl Deref for Buffer {
    type Target = [u8];

    #[inline(always)]
    fn deref(&self) -> &[u8] {
        // SAFETY: the exporter keeps so many bytes there for as long as the export is counted;
        // bytes objects never change, and the owner is held.
        unsafe { std::slice::from_raw_parts(self.start, self.len) }
    }
}

impl Drop for Buffer {
    #[inline]
    fn drop(&mut self) {
        if self.counted {
            memoryview::count_export(Vm::current(), self.owner.value(), -1);
        }
    }
}

/// A view of the bytes of an object, for what holds them for long.
///
/// # Errors
/// As [`request`].
pub fn view(vm: &Vm, v: Value) -> PyResult {
    if v.cast::<PyMemoryView>().is_some() {
        drop(Buffer::new(vm, v)?);
    }
    if is_exporter(vm, v) { memoryview::new_with_flags(vm, v, flags::SIMPLE) } else { Err(convert::not_bytes_like(vm, v)) }
}

/// A copy of all items in C order, whatever their layout.
///
/// # Errors
/// As [`request`].
pub fn copy(vm: &Vm, v: Value) -> PyResult<Vec<u8>> {
    if let Some(m) = v.cast_exact::<PyMemoryView>() {
        return m.copy(vm);
    }
    if let Some(held) = Buffer::direct(vm, v, flags::SIMPLE)? {
        return Ok(held.to_vec());
    }
    let Exported { owner, layout, .. } = request(vm, v, flags::FULL_RO)?;
    memoryview::count_export(vm, owner.value(), 1);
    let all = memoryview::items(vm, owner.value(), &layout);
    memoryview::count_export(vm, owner.value(), -1);
    all
}
