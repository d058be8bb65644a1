//! Objects: an 8-byte header (reference count, shape id) and a payload.
//!
//! An instance of a class written in Python may have two words *before* its header: the
//! weak-reference list and the attribute dictionary (see [`Prefix`]), and after its payload
//! the inline attribute values that its shape names.

use std::cell::Cell;
use std::ptr;

use crate::gc;
use crate::memory;
use crate::shape::{self, VARIABLE_SIZE};
use crate::types::tuple;
use crate::types::type_::Type;
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// What every object starts with.
#[repr(C)]
pub struct Header {
    /// References; objects whose pointers are tagged immortal never look at it.
    pub refs: u32,
    /// Index into the VM's shape table: the type, and for instances which attribute lies where.
    pub shape: u32,
}

/// The two words before the header of an instance that can have a `__dict__` or weak references.
#[repr(C)]
pub struct Prefix {
    /// The first weak reference (an object of `weakref` type), or null; and [`PREFIX_MARK`].
    weakrefs: Cell<u64>,
    /// In the upper 16 bits the number of inline values that the instance has room for; below
    /// them a `PyDict` pointer (or NULL), or 1 while the attributes are inline values.
    dict: Cell<u64>,
}

/// Set in the first word of a prefix, never in a header's, whose shape ids are smaller: tells
/// whether an object's memory starts with the one or the other.
pub const PREFIX_MARK: u64 = 1 << 63;

impl Prefix {
    // Each use is a fresh prefix.
    #[allow(clippy::declare_interior_mutable_const)]
    pub const EMPTY: Prefix = Prefix { weakrefs: Cell::new(PREFIX_MARK), dict: Cell::new(0) };
    const CAPACITY_SHIFT: u32 = 48;
    const INLINE: u64 = 1;

    fn with_capacity(capacity: usize, inline: bool) -> Prefix {
        let dict = (capacity as u64) << Self::CAPACITY_SHIFT | inline as u64;
        Prefix { weakrefs: Cell::new(PREFIX_MARK), dict: Cell::new(dict) }
    }

    /// The first weak reference, or null.
    #[inline(always)]
    pub fn weakrefs(&self) -> *mut Header {
        (self.weakrefs.get() & !PREFIX_MARK) as *mut Header
    }

    pub fn set_weakrefs(&self, first: *mut Header) {
        self.weakrefs.set(first as u64 | PREFIX_MARK);
    }

    /// Inline values that the instance has room for, whether or not it (still) has any.
    #[inline(always)]
    pub fn capacity(&self) -> usize {
        (self.dict.get() >> Self::CAPACITY_SHIFT) as usize
    }

    /// Whether the attributes are inline values.
    #[inline(always)]
    pub fn is_inline(&self) -> bool {
        self.dict.get() & Self::INLINE != 0
    }

    /// The attribute dictionary, or null if there is none yet.
    #[inline(always)]
    pub fn dict(&self) -> *mut Header {
        let low = self.dict.get() & ((1 << Self::CAPACITY_SHIFT) - 1);
        (low & !Self::INLINE) as *mut Header
    }

    /// Makes `d`, which the prefix takes over, the attribute dictionary.
    pub fn set_dict(&self, d: *mut Header) {
        self.dict.set((self.capacity() as u64) << Self::CAPACITY_SHIFT | d as u64);
    }
}

/// A Rust struct that is the layout of a built-in type: `#[repr(C)]`, a [`Header`] first.
///
/// # Safety
/// The implementor must be `#[repr(C)]` and start with a `Header` (or with another payload).
pub unsafe trait Payload: Sized + 'static {
    /// The constant shape id of the type.
    const SHAPE: u32;
}

/// Alignment of every object: the low four bits of a pointer are the value's tag.
pub const ALIGN: usize = 16;
pub const PREFIX_SIZE: usize = size_of::<Prefix>();
pub const VALUE_SIZE: usize = size_of::<Value>();

/// # Safety
/// `p` must point at a live object.
#[inline(always)]
pub unsafe fn incref(p: *mut Header) {
    // SAFETY: promised by the caller. A count that would wrap needs 2^32 live references of 8 bytes.
    unsafe { (*p).refs = (*p).refs.wrapping_add(1) }
}

/// # Safety
/// `p` must point at a live object of which the caller holds a reference.
#[inline(always)]
pub unsafe fn decref(p: *mut Header) {
    // SAFETY: promised by the caller.
    unsafe {
        (*p).refs = (*p).refs.wrapping_sub(1);
        if (*p).refs == 0 {
            destroy(p);
        }
    }
}

/// Whether objects of `shape` have (or extend) the layout of the built-in type `layout`.
#[inline]
pub fn has_layout(shape: u32, layout: u32) -> bool {
    layout_extends(Vm::current().shape_info(shape).layout, layout)
}

/// Whether the payload of built-in type `l` is or extends that of `layout`.
pub fn layout_extends(mut l: u32, layout: u32) -> bool {
    while l != layout {
        if l == shape::OBJECT {
            return false;
        }
        l = shape::layout_base(l);
    }
    true
}

/// How deep destruction may recurse before objects are put off (CPython's trashcan).
const DESTROY_DEPTH: u32 = 100;
/// The same where the native stack is nearly full: what is kept in reserve suffices for it.
const DESTROY_DEPTH_SHORT: u32 = 8;

/// Whether an object that is to be destroyed `depth` deep is put off.
fn is_put_off(vm: &Vm, depth: u32) -> bool {
    depth >= DESTROY_DEPTH_SHORT && (depth >= DESTROY_DEPTH || vm.interp.native_stack_is_short())
}

/// Ends an object whose count fell to zero.
///
/// # Safety
/// Nobody may hold a reference to `p`.
#[cold]
#[inline(never)]
pub unsafe extern "C" fn destroy(p: *mut Header) {
    let vm = Vm::current();
    // SAFETY: promised by the caller; what ends without a drop holds no references.
    unsafe {
        let info = vm.shape_info((*p).shape);
        let size = info.plain_size.get();
        if info.plain_drop.get().is_none() && size != 0 {
            return memory::free_object(p as *mut u8, size);
        }
        if (*p).shape == shape::TUPLE
            && let Some(size) = tuple::release_living(p)
        {
            return memory::free_object(p as *mut u8, size);
        }
        destroy_nested(vm, p);
    }
}

/// As `destroy`, for objects that hold references, which may die with them.
unsafe fn destroy_nested(vm: &Vm, p: *mut Header) {
    if is_put_off(vm, vm.destroy_depth.get()) {
        // SAFETY: the list is touched by this thread alone, and not while borrowed.
        unsafe { (*vm.destroy_later.get()).push(p) };
        return;
    }
    vm.destroy_depth.set(vm.destroy_depth.get() + 1);
    // SAFETY: promised by the caller.
    unsafe { destroy_now(vm, p) };
    vm.destroy_depth.set(vm.destroy_depth.get() - 1);
    if vm.destroy_depth.get() == 0 {
        // SAFETY: as above; the pop ends the borrow before the object is destroyed.
        while let Some(q) = unsafe { (*vm.destroy_later.get()).pop() } {
            vm.destroy_depth.set(1);
            // SAFETY: put off with a count of zero.
            unsafe { destroy_now(vm, q) };
            vm.destroy_depth.set(0);
        }
    }
}

/// Calls `f`, which runs Python code because an object ends. What ends in there is not put off for
/// the depth out here: it could go on for ever, while the code's own depth is limited. And what was
/// put off out here has its turn out here.
pub(crate) fn in_finalizer<R>(vm: &Vm, f: impl FnOnce() -> R) -> R {
    let _outer = Outer {
        vm,
        depth: vm.destroy_depth.replace(0),
        // SAFETY: the list is touched by this thread alone, and not while borrowed.
        later: std::mem::take(unsafe { &mut *vm.destroy_later.get() }),
    };
    f()
}

/// What was going on around a finalizer; goes on when this is dropped, be it because memory ran out.
struct Outer<'a> {
    vm: &'a Vm,
    depth: u32,
    later: Vec<*mut Header>,
}

impl Drop for Outer<'_> {
    fn drop(&mut self) {
        // SAFETY: as in `in_finalizer`.
        let later = unsafe { &mut *self.vm.destroy_later.get() };
        // Mostly there is nothing inside of a finalizer that was put off: nothing is to be allocated.
        let inner = std::mem::replace(later, std::mem::take(&mut self.later));
        if !inner.is_empty() {
            later.splice(0..0, inner);
        }
        self.vm.destroy_depth.set(self.depth);
    }
}

#[inline(always)]
unsafe fn destroy_now(vm: &Vm, p: *mut Header) {
    // SAFETY: `p` is an object without references, so this is its only user.
    unsafe {
        let info = vm.shape_info((*p).shape);
        let mut size = info.plain_size.get();
        if size == 0 {
            return destroy_instance(vm, p, info.ty());
        }
        if size == VARIABLE_SIZE
            && let Some(size_of) = info.ty().slots().size
        {
            size = size_of(p);
        }
        if let Some(drop_payload) = info.plain_drop.get() {
            drop_payload(p);
        }
        memory::free_object(p as *mut u8, size);
    }
}

/// Ends an object that may have a finalizer, attributes or weak references.
#[inline(never)]
unsafe fn destroy_instance(vm: &Vm, p: *mut Header, ty: &Type) {
    // SAFETY: `p` is an object without references, so this is its only user; the finalizer may
    // revive it, which the second look at the count notices.
    unsafe {
        if let Some(finalize) = ty.slots().finalize
            && !was_finalized(vm, p)
        {
            (*p).refs = 1;
            finalize(vm, Value::borrowed(p));
            (*p).refs -= 1;
            if (*p).refs != 0 {
                note_revived(vm, p, ty);
                return;
            }
        }
        let (mut base, mut size) = (p as *mut u8, match ty.slots().size {
            Some(size) => size(p),
            None => ty.payload_size(),
        });
        if vm.any_revived.get() {
            forget_revived(vm, p);
        }
        if ty.is_heap_layout() {
            if ty.has_prefix() {
                let prefix = prefix(p);
                if !prefix.weakrefs().is_null() {
                    crate::types::weakref::clear_all(vm, p);
                }
                base = base.sub(PREFIX_SIZE);
                size += PREFIX_SIZE + prefix.capacity() * VALUE_SIZE;
            }
            size += ty.member_slots() as usize * VALUE_SIZE;
            drop_values(vm, p, ty);
        }
        if let Some(drop_payload) = ty.slots().drop {
            drop_payload(p);
        }
        memory::free_object(base, size);
    }
}

/// Whether the object's finalizer has run before, when it was revived.
pub fn was_finalized(vm: &Vm, p: *mut Header) -> bool {
    vm.any_revived.get() && vm.revived.borrow().contains(&p)
}

/// Remembers an object that its finalizer revived: `__del__` is called once. As in CPython, that
/// holds only for objects that can be part of reference cycles.
#[cold]
fn note_revived(vm: &Vm, p: *mut Header, ty: &Type) {
    if gc::is_container(ty) {
        note_finalized(vm, p);
    }
}

/// Remembers that the object's finalizer has run.
#[cold]
pub(crate) fn note_finalized(vm: &Vm, p: *mut Header) {
    vm.revived.borrow_mut().insert(p);
    vm.any_revived.set(true);
}

#[cold]
fn forget_revived(vm: &Vm, p: *mut Header) {
    let mut revived = vm.revived.borrow_mut();
    revived.remove(&p);
    vm.any_revived.set(!revived.is_empty());
}

/// Takes an instance's inline attributes and members away, to break a cycle of garbage. (An
/// attribute dictionary is an object of its own.)
///
/// # Safety
/// `p` must be a live object.
pub(crate) unsafe fn clear_instance(vm: &Vm, p: *mut Header) {
    // SAFETY: promised by the caller; the shape says how many values are initialized. All is in
    // its new state before the old values are released, which may run Python code.
    unsafe {
        let ty = vm.shape_info((*p).shape).ty();
        if !ty.is_heap_layout() {
            return;
        }
        let values = values_of(p, ty);
        let count = vm.shape((*p).shape).value_count();
        let old: Vec<Value> = (0..count).map(|i| values.add(i).replace(Value::NULL)).collect();
        if ty.has_prefix() && prefix(p).is_inline() {
            (*p).shape = ty.dict_shape();
            prefix(p).set_dict(ptr::null_mut());
        }
        old.into_iter().for_each(|v| v.release());
    }
}

/// Releases inline values, members of `__slots__` and the attribute dictionary.
unsafe fn drop_values(vm: &Vm, p: *mut Header, ty: &Type) {
    // SAFETY: the shape says how many values are initialized.
    unsafe {
        let n = vm.shape((*p).shape).value_count();
        let values = values_of(p, ty);
        for i in 0..n {
            (*values.add(i)).release();
        }
        if ty.has_prefix() {
            let d = prefix(p).dict();
            if !d.is_null() {
                decref(d);
            }
        }
    }
}

/// The words before the header.
///
/// # Safety
/// The object's type must have a prefix.
#[inline(always)]
pub unsafe fn prefix<'a>(p: *mut Header) -> &'a Prefix {
    // SAFETY: promised by the caller.
    unsafe { &*(p as *const Prefix).sub(1) }
}

/// The inline values of an instance of a class written in Python.
///
/// # Safety
/// `ty` must be the type of the live object `p`, with a fixed-size payload.
#[inline(always)]
pub unsafe fn values_of(p: *mut Header, ty: &Type) -> *mut Value {
    // SAFETY: promised by the caller.
    unsafe { (p as *mut u8).add(ty.payload_size()) as *mut Value }
}

/// Memory for an object of `size` bytes, header set, payload to be written by the caller.
///
/// # Safety
/// The caller must initialize the payload before anybody sees the object.
#[inline(always)]
pub unsafe fn allocate(size: usize, shape: u32) -> *mut Header {
    let p = memory::allocate_object(size) as *mut Header;
    // SAFETY: fresh memory, large enough for a header.
    unsafe { ptr::write(p, Header { refs: 1, shape }) };
    p
}

/// Gives an object of a built-in type with variable size another size; it may move.
///
/// # Safety
/// The caller must hold the only reference, and `old` must be the size it was allocated with.
pub unsafe fn reallocate(p: *mut Header, old: usize, new: usize) -> *mut Header {
    // SAFETY: promised by the caller.
    unsafe { memory::heap::resize(p as *mut u8, old, new) as *mut Header }
}

/// A new object of a built-in type. The payload's header is set here.
#[inline]
pub fn new<T: Payload>(payload: T) -> Ref {
    // SAFETY: the payload is written at once, its header put back.
    unsafe {
        let p = allocate(size_of::<T>(), T::SHAPE);
        ptr::write(p as *mut T, payload);
        ptr::write(p, Header { refs: 1, shape: T::SHAPE });
        Ref::from_owned(Value::owned(p))
    }
}

/// A header for a payload that is about to be given to [`new`] or [`new_instance`].
pub const fn header() -> Header {
    Header { refs: 1, shape: 0 }
}

/// A new object of `ty`, which is `T`'s own type or a subclass of it (that must share the layout).
pub fn new_instance<T: Payload>(ty: &'static Type, payload: T) -> Ref {
    if !ty.is_heap_layout() {
        let r = new(payload);
        // SAFETY: a fresh object, nobody else sees it.
        unsafe { (*r.pointer()).shape = ty.instance_shape() };
        return r;
    }
    debug_assert_eq!(ty.payload_size(), size_of::<T>());
    // SAFETY: the payload is written before anybody sees the object.
    unsafe {
        let p = allocate_instance(ty, size_of::<T>());
        ptr::write(p as *mut T, payload);
        ptr::write(p, Header { refs: 1, shape: ty.instance_shape() });
        Ref::from_owned(Value::owned(p))
    }
}

/// Memory for an instance of a class written in Python: prefix, header, `payload` bytes to be
/// written by the caller, members and inline values (NULL).
///
/// # Safety
/// The caller must initialize the payload (without the header) before anybody sees the object.
pub unsafe fn allocate_instance(ty: &'static Type, payload: usize) -> *mut Header {
    let pre = if ty.has_prefix() { PREFIX_SIZE } else { 0 };
    let inline = if ty.has_prefix() && ty.uses_inline_values() { ty.inline_capacity() } else { 0 };
    let members = ty.member_slots() as usize;
    let base = memory::allocate_object(pre + payload + (members + inline) * VALUE_SIZE);
    // SAFETY: sizes are computed from the same parts.
    unsafe {
        let p = base.add(pre) as *mut Header;
        if pre != 0 {
            ptr::write(base as *mut Prefix, Prefix::with_capacity(inline, ty.uses_inline_values()));
        }
        ptr::write(p, Header { refs: 1, shape: ty.instance_shape() });
        let values = (p as *mut u8).add(payload) as *mut Value;
        for i in 0..members {
            values.add(i).write(Value::NULL);
        }
        p
    }
}

/// Drops a payload in place: what [`Slots::drop`](crate::types::type_::Slots) is for most types.
///
/// # Safety
/// `p` must be an object with layout `T` that nobody uses any more.
pub unsafe fn drop_payload<T: Payload>(p: *mut Header) {
    // SAFETY: promised by the caller.
    unsafe { ptr::drop_in_place(p as *mut T) }
}
