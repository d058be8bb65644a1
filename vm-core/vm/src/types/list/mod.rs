//! `list`: a growable array of values.

use std::cell::Cell;
use std::ptr;

use crate::memory;
use crate::error::PyResult;
use crate::object::{self, Header, Payload};
use crate::protocol::item;
use crate::shape;
use crate::types::type_::TypeRef;
use crate::value::{Ref, Value};
use crate::vm::Vm;

mod iterator;
mod methods;
mod slices;
pub mod sort;

pub use iterator::{ITERATOR_DEF, PyListIterator, PyListReverseIterator, REVERSE_ITERATOR_DEF};
pub use methods::{DEF, extend, from_iterable, sort_list, sort_method};
pub use slices::slice_of;

/// A list object. The fields' offsets are fixed; instructions read them directly.
#[repr(C)]
pub struct PyList {
    header: Header,
    len: Cell<usize>,
    cap: Cell<usize>,
    /// `cap` slots, the first `len` of them owned values; null while `cap` is 0.
    items: Cell<*mut Value>,
}

// SAFETY: repr(C), header first.
unsafe impl Payload for PyList {
    const SHAPE: u32 = shape::LIST;
}

/// What `items` holds while the list is being sorted and nobody touched it: a pointer that no
/// allocation returns. `cap` is 0 then, so it is never followed.
const SORTING: *mut Value = ptr::dangling_mut();

impl PyList {
    fn payload(values: Vec<Ref>) -> PyList {
        let list = PyList {
            header: object::header(),
            len: Cell::new(0),
            cap: Cell::new(0),
            items: Cell::new(ptr::null_mut()),
        };
        list.put_back(values);
        list
    }

    pub fn new(_vm: &Vm, values: Vec<Ref>) -> Ref {
        object::new(PyList::payload(values))
    }

    /// A list of references of its own to these values.
    pub fn from_slice(vm: &Vm, values: &[Value]) -> Ref {
        PyList::from_exact_iter(vm, values.len(), values.iter().map(|v| v.to_ref()))
    }

    /// A list of `n` items, which the iterator must have. It must not run Python code.
    #[inline]
    pub(crate) fn from_exact_iter(vm: &Vm, n: usize, items: impl Iterator<Item = Ref>) -> Ref {
        let r = PyList::with_capacity(vm, n);
        // SAFETY: just made, exactly a list, with room for `n` items.
        unsafe {
            let list = r.cast_unchecked::<PyList>();
            let p = list.items.get();
            let mut len = 0;
            for v in items.take(n) {
                p.add(len).write(v.into_value());
                len += 1;
            }
            list.len.set(len);
        }
        r
    }

    /// A list that takes over the values' references (they must not be borrowed).
    ///
    /// # Safety
    /// Each value is an owned slot's, and its owner forgets it.
    pub unsafe fn from_owned_slice(vm: &Vm, values: &[Value]) -> Ref {
        let r = PyList::with_capacity(vm, values.len());
        // SAFETY: just made, exactly a list, with room for the values.
        unsafe {
            let list = r.cast_unchecked::<PyList>();
            ptr::copy_nonoverlapping(values.as_ptr(), list.items.get(), values.len());
            list.len.set(values.len());
        }
        r
    }

    pub fn with_capacity(_vm: &Vm, cap: usize) -> Ref {
        assert!(cap <= isize::MAX as usize / size_of::<Value>(), "a list larger than the address space");
        let items = if cap == 0 {
            ptr::null_mut()
        } else {
            memory::allocate(cap * size_of::<Value>()) as *mut Value
        };
        object::new(PyList {
            header: object::header(),
            len: Cell::new(0),
            cap: Cell::new(cap),
            items: Cell::new(items),
        })
    }

    /// An instance of `ty`, which is `list` or a subclass of it.
    pub fn new_instance(ty: TypeRef, values: Vec<Ref>) -> Ref {
        object::new_instance(ty, PyList::payload(values))
    }

    #[inline(always)]
    pub fn len(&self) -> usize {
        self.len.get()
    }

    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.len.get() == 0
    }

    #[inline(always)]
    pub fn capacity(&self) -> usize {
        self.cap.get()
    }

    /// The array of items.
    ///
    /// # Safety
    /// Valid for `len` reads until the list changes, which any Python code may do.
    #[inline(always)]
    pub unsafe fn items(&self) -> *mut Value {
        self.items.get()
    }

    /// The items as the slots that own them, for moments in which no Python code can run.
    #[inline(always)]
    pub fn as_slice(&self) -> &[Value] {
        if self.len.get() == 0 {
            return &[];
        }
        // SAFETY: `len` initialized items.
        unsafe { std::slice::from_raw_parts(self.items.get(), self.len.get()) }
    }

    /// An item, borrowed: valid until the list changes.
    #[inline(always)]
    pub fn get(&self, i: usize) -> Option<Value> {
        self.as_slice().get(i).map(|v| v.borrow())
    }

    /// A reference of one's own to an item.
    #[inline(always)]
    pub fn get_ref(&self, i: usize) -> Option<Ref> {
        self.as_slice().get(i).map(|v| v.to_ref())
    }

    /// References to all items, good for running Python code while walking them.
    pub fn to_vec(&self) -> Vec<Ref> {
        self.as_slice().iter().map(|v| v.to_ref()).collect()
    }

    /// This object as a value, borrowed.
    #[inline(always)]
    pub fn as_value(&self) -> Value {
        Value::borrowed(&raw const self.header)
    }

    /// Whether another item needs more memory.
    #[inline(always)]
    pub fn is_full(&self) -> bool {
        self.len.get() == self.cap.get()
    }

    #[inline(always)]
    pub fn push(&self, item: Ref) {
        let n = self.len.get();
        if n == self.cap.get() {
            self.grow(n + 1);
        }
        // SAFETY: there is room for one more.
        unsafe { self.items.get().add(n).write(item.into_value()) };
        self.len.set(n + 1);
    }

    /// Replaces an item in range and gives back the old one.
    ///
    /// # Panics
    /// If `i` is out of range, which callers have checked.
    #[inline]
    pub fn replace(&self, i: usize, item: Ref) -> Ref {
        assert!(i < self.len.get());
        // SAFETY: in range; the old item's reference moves to the caller.
        unsafe { Ref::from_owned(self.items.get().add(i).replace(item.into_value())) }
    }

    /// Inserts before position `i`, which is at most the length.
    pub fn insert(&self, i: usize, item: Ref) {
        let n = self.len.get();
        assert!(i <= n);
        if n == self.cap.get() {
            self.grow(n + 1);
        }
        // SAFETY: room for one more; the tail moves up by one.
        unsafe {
            let p = self.items.get().add(i);
            ptr::copy(p, p.add(1), n - i);
            p.write(item.into_value());
        }
        self.len.set(n + 1);
    }

    /// Takes an item out.
    pub fn remove_at(&self, i: usize) -> Option<Ref> {
        let n = self.len.get();
        if i >= n {
            return None;
        }
        // SAFETY: in range; the tail moves down by one.
        let item = unsafe {
            let p = self.items.get().add(i);
            let item = Ref::from_owned(p.read());
            ptr::copy(p.add(1), p, n - i - 1);
            item
        };
        self.len.set(n - 1);
        self.shrink();
        Some(item)
    }

    #[inline]
    pub fn pop(&self) -> Option<Ref> {
        let n = self.len.get().checked_sub(1)?;
        // SAFETY: the last item, which the list forgets.
        let item = unsafe { Ref::from_owned(self.items.get().add(n).read()) };
        self.len.set(n);
        self.shrink();
        Some(item)
    }

    /// Replaces the items `from..to` and gives back the old ones, which the caller drops when
    /// the list is in order again (dropping may run Python code).
    pub fn splice(&self, from: usize, to: usize, new: Vec<Ref>) -> Vec<Ref> {
        let n = self.len.get();
        assert!(from <= to && to <= n);
        let want = n - (to - from) + new.len();
        if want > self.cap.get() {
            self.grow(want);
        }
        let mut old = Vec::with_capacity(to - from);
        // SAFETY: all indices are within `n` and the capacity.
        unsafe {
            let p = self.items.get();
            for i in from..to {
                old.push(Ref::from_owned(p.add(i).read()));
            }
            if n > to && new.len() != to - from {
                ptr::copy(p.add(to), p.add(from + new.len()), n - to);
            }
            for (i, v) in new.into_iter().enumerate() {
                p.add(from + i).write(v.into_value());
            }
        }
        self.len.set(want);
        self.shrink();
        old
    }

    /// Appends all.
    pub fn extend(&self, new: Vec<Ref>) {
        let n = self.len();
        drop(self.splice(n, n, new));
    }

    /// Room for `more` items. A list without memory gets as much as it needs (to an even number)
    /// if `exact`, as in CPython when it is filled from a sequence.
    pub(crate) fn reserve(&self, vm: &Vm, more: usize, exact: bool) -> PyResult<()> {
        let want = self.len().saturating_add(more);
        if want <= self.cap.get() {
            return Ok(());
        }
        item::check_size(vm, want, 1)?;
        if exact && self.cap.get() == 0 {
            self.grow_to((want + 1) & !1);
        } else {
            self.grow(want);
        }
        Ok(())
    }

    /// Appends references to the items of a slice that `items` gives out once there is room
    /// (it may be this list's own).
    pub(crate) fn extend_from<'a>(&self, vm: &Vm, more: usize, items: impl Fn() -> &'a [Value]) -> PyResult<()> {
        self.reserve(vm, more, true)?;
        let n = self.len();
        for (i, v) in items()[..more].iter().enumerate() {
            // SAFETY: there is room, and reading the items runs no code.
            unsafe { self.items.get().add(n + i).write(v.dup_owned()) };
        }
        self.len.set(n + more);
        Ok(())
    }

    /// Gives back what a length hint promised too much.
    pub(crate) fn cut_back(&self) {
        self.shrink();
    }

    /// Takes all items out for a sort; [`PyList::changed_during_sort`] then tells whether
    /// anybody put some in meanwhile.
    pub(crate) fn take_for_sort(&self) -> Vec<Ref> {
        let items = self.take();
        self.items.set(SORTING);
        items
    }

    /// Whether the list's memory was touched since [`PyList::take_for_sort`].
    pub(crate) fn changed_during_sort(&self) -> bool {
        let changed = self.items.get() != SORTING;
        if !changed {
            self.items.set(ptr::null_mut());
        }
        changed
    }

    /// Empties the list and hands its items out.
    pub fn take(&self) -> Vec<Ref> {
        let (p, n, cap) = (self.items.get(), self.len.get(), self.cap.get());
        if cap == 0 {
            return Vec::new();
        }
        let mut out: Vec<Ref> = Vec::with_capacity(n);
        self.items.set(ptr::null_mut());
        self.len.set(0);
        self.cap.set(0);
        // SAFETY: `n` owned items move from the array, which is this call's alone now; `Ref` is a
        // transparent `Value`.
        unsafe {
            ptr::copy_nonoverlapping(p, out.as_mut_ptr().cast(), n);
            out.set_len(n);
            memory::free(p as *mut u8, cap * size_of::<Value>());
        }
        out
    }

    pub fn clear(&self) {
        drop_backward(self.take());
    }

    /// Gives a list that has no memory the items of a `Vec`.
    pub(crate) fn put_back(&self, mut values: Vec<Ref>) {
        debug_assert!(self.cap.get() == 0);
        let n = values.len();
        if n == 0 {
            return;
        }
        self.grow_to(n);
        // SAFETY: the items move to an array that has room for them.
        unsafe {
            values.set_len(0);
            ptr::copy_nonoverlapping(values.as_ptr().cast(), self.items.get(), n);
        }
        self.len.set(n);
    }

    pub fn reverse(&self) {
        if self.len() > 1 {
            // SAFETY: `len` items; no Python code runs here.
            unsafe { std::slice::from_raw_parts_mut(self.items.get(), self.len()).reverse() };
        }
    }

    /// Room for at least `want` items, over-allocated in CPython's proportion.
    #[cold]
    fn grow(&self, want: usize) {
        let n = self.len.get();
        let mut cap = (want + (want >> 3) + 6) & !3;
        if want > n && want - n > cap - want {
            cap = (want + 3) & !3;
        }
        self.grow_to(cap);
    }

    fn grow_to(&self, cap: usize) {
        let old = self.cap.get();
        debug_assert!(cap >= self.len.get() && cap > 0);
        assert!(cap <= isize::MAX as usize / size_of::<Value>(), "a list larger than the address space");
        let size = cap * size_of::<Value>();
        let p = if old == 0 {
            memory::allocate(size)
        } else {
            // SAFETY: the old array has `old` slots.
            unsafe { memory::resize(self.items.get() as *mut u8, old * size_of::<Value>(), size) }
        };
        self.items.set(p as *mut Value);
        self.cap.set(cap);
    }

    /// Gives memory back when less than half is used, as CPython does.
    #[inline]
    fn shrink(&self) {
        let n = self.len.get();
        if n < self.cap.get() >> 1 {
            if n == 0 {
                drop(self.take());
            } else {
                self.grow((n).max(1));
            }
        }
    }
}

impl Drop for PyList {
    fn drop(&mut self) {
        let (p, cap) = (self.items.get(), self.cap.get());
        if cap == 0 {
            return;
        }
        // SAFETY: nobody else can reach the array any more.
        unsafe {
            for i in (0..self.len.get()).rev() {
                (*p.add(i)).release();
            }
            memory::free(p as *mut u8, cap * size_of::<Value>());
        }
    }
}

/// Drops items from the last to the first, as CPython's lists do: destructors can tell.
pub(crate) fn drop_backward(mut items: Vec<Ref>) {
    while items.pop().is_some() {}
}

/// Shows the items to a collector.
///
/// # Safety
/// `p` is a live list.
unsafe fn traverse_list(p: *mut Header, visit: &mut dyn FnMut(Value)) {
    // SAFETY: promised by the caller.
    let t = unsafe { &*(p as *const PyList) };
    t.as_slice().iter().for_each(|v| visit(*v));
}
