//! `tuple`: an immutable sequence, its items inline after the header.

use std::cell::Cell;
use std::ptr;

use crate::gc::fields::Owns;
use crate::object::{self, Header, Payload};
use crate::owned_cell::OwnedCell;
use crate::shape;
use crate::types::type_::TypeRef;
use crate::value::{Ref, Value};
use crate::vm::Vm;

mod iterator;
mod methods;

pub use iterator::{ITERATOR_DEF, PyTupleIterator};
pub use methods::{DEF, from_iterable, hash_items, slice_of};

/// A tuple object. The items follow the struct, `len` of them.
#[repr(C)]
pub struct PyTuple {
    header: Header,
    /// Cached hash; -1 until it is asked for (no hash is ever -1).
    pub(crate) hash: Cell<i64>,
    len: usize,
    items: [Value; 0],
}

// SAFETY: repr(C), header first.
unsafe impl Payload for PyTuple {
    const SHAPE: u32 = shape::TUPLE;
}

/// Bytes before the first item.
pub const HEAD_SIZE: usize = size_of::<PyTuple>();

/// The one empty tuple, which is immortal.
pub(crate) fn make_empty() -> Value {
    let r = PyTuple::build(HEAD_SIZE, 0, |_| {});
    Value::immortal(r.into_value().pointer())
}

impl PyTuple {
    /// A tuple of `len` items that `fill` writes (owned values, all of them).
    #[inline]
    fn build(size: usize, len: usize, fill: impl FnOnce(*mut Value)) -> Ref {
        // SAFETY: the head is written at once, the items by `fill`, before anybody sees the object.
        unsafe {
            let p = object::allocate(size, shape::TUPLE) as *mut PyTuple;
            ptr::write(&raw mut (*p).hash, Cell::new(-1));
            ptr::write(&raw mut (*p).len, len);
            fill((&raw mut (*p).items) as *mut Value);
            Ref::from_owned(Value::owned(p as *mut Header))
        }
    }

    /// A tuple with room for `len` items, all NULL, for code that fills it item by item with
    /// [`PyTuple::init_item`] before it lets anybody see it.
    pub fn uninit(vm: &Vm, len: usize) -> Ref {
        if len == 0 {
            return vm.empty_tuple().to_ref();
        }
        PyTuple::build(HEAD_SIZE + len * size_of::<Value>(), len, |items| {
            for i in 0..len {
                // SAFETY: within the allocation.
                unsafe { items.add(i).write(Value::NULL) };
            }
        })
    }

    /// Sets an item of a tuple made by [`PyTuple::uninit`].
    ///
    /// # Safety
    /// Nobody else may see the tuple yet; `i` is in range and the item still NULL.
    #[inline(always)]
    pub unsafe fn init_item(&self, i: usize, item: Ref) {
        debug_assert!(i < self.len);
        // SAFETY: promised by the caller.
        unsafe { ((&raw const self.items) as *mut Value).add(i).write(item.into_value()) }
    }

    /// A tuple of references of its own to these values.
    #[inline]
    pub fn from_slice(vm: &Vm, values: &[Value]) -> Ref {
        if values.is_empty() {
            return vm.empty_tuple().to_ref();
        }
        let n = values.len();
        PyTuple::build(HEAD_SIZE + size_of_val(values), n, |items| {
            for (i, v) in values.iter().enumerate() {
                // SAFETY: within the allocation.
                unsafe { items.add(i).write(v.dup_owned()) };
            }
        })
    }

    /// The same as [`PyTuple::from_slice`].
    #[inline]
    pub fn new_ref(vm: &Vm, values: &[Value]) -> Ref {
        PyTuple::from_slice(vm, values)
    }

    /// A tuple that takes over the values' references (they must not be borrowed).
    ///
    /// # Safety
    /// Each value is an owned slot's, and its owner forgets it.
    #[inline]
    pub unsafe fn from_owned_slice(vm: &Vm, values: &[Value]) -> Ref {
        if values.is_empty() {
            return vm.empty_tuple().to_ref();
        }
        let n = values.len();
        PyTuple::build(HEAD_SIZE + size_of_val(values), n, |items| {
            // SAFETY: the allocation has room for `n` items.
            unsafe { ptr::copy_nonoverlapping(values.as_ptr(), items, n) };
        })
    }

    pub fn from_vec(vm: &Vm, values: Vec<Ref>) -> Ref {
        if values.is_empty() {
            return vm.empty_tuple().to_ref();
        }
        let n = values.len();
        PyTuple::build(HEAD_SIZE + n * size_of::<Value>(), n, |items| {
            for (i, v) in values.into_iter().enumerate() {
                // SAFETY: within the allocation.
                unsafe { items.add(i).write(v.into_value()) };
            }
        })
    }

    pub fn from_iter(vm: &Vm, values: impl IntoIterator<Item = Ref>) -> Ref {
        PyTuple::from_vec(vm, values.into_iter().collect())
    }

    /// A tuple of two, the most frequent size.
    #[inline]
    pub fn pair(a: Ref, b: Ref) -> Ref {
        PyTuple::build(HEAD_SIZE + 2 * size_of::<Value>(), 2, |items| {
            // SAFETY: room for two.
            unsafe {
                items.write(a.into_value());
                items.add(1).write(b.into_value());
            }
        })
    }

    /// An instance of `ty`, which is `tuple` or a subclass of it.
    pub fn new_instance(vm: &Vm, ty: TypeRef, values: Vec<Ref>) -> Ref {
        if ty.is(vm.builtin(shape::TUPLE)) {
            return PyTuple::from_vec(vm, values);
        }
        let n = values.len();
        let size = HEAD_SIZE + n * size_of::<Value>();
        // SAFETY: the payload is written before anybody sees the object.
        unsafe {
            let p = object::allocate_instance(ty, size) as *mut PyTuple;
            ptr::write(&raw mut (*p).hash, Cell::new(-1));
            ptr::write(&raw mut (*p).len, n);
            let items = (&raw mut (*p).items) as *mut Value;
            for (i, v) in values.into_iter().enumerate() {
                items.add(i).write(v.into_value());
            }
            Ref::from_owned(Value::owned(p as *mut Header))
        }
    }

    /// A tuple of a built-in type that derives from `tuple`, whose items beyond the first `len`
    /// are hidden behind its end. The type's `drop` and `size` slots must know of them.
    pub fn with_hidden_items(shape: u32, len: usize, values: Vec<Ref>) -> Ref {
        debug_assert!(len <= values.len());
        let size = HEAD_SIZE + values.len() * size_of::<Value>();
        let made = PyTuple::build(size, len, |items| {
            for (i, v) in values.into_iter().enumerate() {
                // SAFETY: within the allocation.
                unsafe { items.add(i).write(v.into_value()) };
            }
        });
        // SAFETY: a fresh object, nobody else sees it.
        unsafe { (*made.pointer()).shape = shape };
        made
    }

    /// An item by index, also a hidden one, borrowed from the tuple.
    ///
    /// # Safety
    /// The object must have that many items.
    #[inline]
    pub unsafe fn item_unchecked(&self, i: usize) -> Value {
        // SAFETY: promised by the caller.
        unsafe { self.owned_item_unchecked(i) }.borrow()
    }

    /// The slot of an item by index, also of a hidden one.
    ///
    /// # Safety
    /// The object must have that many items.
    #[inline]
    pub(crate) unsafe fn owned_item_unchecked(&self, i: usize) -> Value {
        // SAFETY: promised by the caller.
        unsafe { *((&raw const self.items) as *const Value).add(i) }
    }

    #[inline(always)]
    pub fn len(&self) -> usize {
        self.len
    }

    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The items as the slots that own them: look at them, or take references with
    /// [`Value::to_ref`]; use [`Value::borrow`] before one goes to where owned values are released.
    #[inline(always)]
    pub fn as_slice(&self) -> &[Value] {
        // SAFETY: `len` initialized items follow the struct.
        unsafe { std::slice::from_raw_parts((&raw const self.items) as *const Value, self.len) }
    }

    /// An item, borrowed from the tuple.
    #[inline(always)]
    pub fn get(&self, i: usize) -> Option<Value> {
        self.as_slice().get(i).map(|v| v.borrow())
    }

    /// The items, borrowed from the tuple.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = Value> + ExactSizeIterator + '_ {
        self.as_slice().iter().map(|v| v.borrow())
    }

    /// This object as a value, borrowed.
    #[inline(always)]
    pub fn as_value(&self) -> Value {
        Value::borrowed(&raw const self.header)
    }
}

/// Releases the items.
///
/// # Safety
/// `p` is a tuple that nobody uses any more.
unsafe fn drop_tuple(p: *mut Header) {
    // SAFETY: promised by the caller.
    unsafe {
        let t = &*(p as *const PyTuple);
        // From the last to the first, as in CPython: destructors can tell.
        for v in t.as_slice().iter().rev() {
            v.release();
        }
    }
}

/// A pair that its owner, an iterator, gives out again with other items once nobody else holds
/// it any more: a loop that takes pairs apart needs but one.
pub(crate) struct PairBuffer(OwnedCell);

impl Owns for PairBuffer {
    fn show(&self, visit: &mut dyn FnMut(Value)) {
        self.0.show(visit);
    }
}

impl PairBuffer {
    pub const fn new() -> PairBuffer {
        PairBuffer(OwnedCell::null())
    }

    /// The pair of these two.
    #[inline]
    pub fn pair(&self, a: Ref, b: Ref) -> Ref {
        let kept = self.0.slot();
        // SAFETY: an owned value is a live object, here always a pair made below.
        if !kept.is_owned_object() || unsafe { (*kept.pointer()).refs } != 1 {
            let made = PyTuple::pair(a, b);
            if kept.is_null() {
                self.0.set(made.clone());
            }
            return made;
        }
        // SAFETY: nobody but this buffer holds the pair, so nobody sees it change. The old items
        // are dropped when it is whole again and held by the caller: that may run Python code.
        unsafe {
            let t = kept.cast_unchecked::<PyTuple>();
            t.hash.set(-1);
            let again = kept.to_ref();
            let items = (&raw const t.items) as *mut Value;
            let old = [items.replace(a.into_value()), items.add(1).replace(b.into_value())];
            old.into_iter().for_each(|v| v.release());
            again
        }
    }
}

/// Gives back the references of a tuple that is about to end if none of its items ends with it;
/// returns the size of its payload then.
///
/// # Safety
/// `p` is a tuple that nobody uses any more.
#[inline(always)]
pub(crate) unsafe fn release_living(p: *mut Header) -> Option<usize> {
    // SAFETY: promised by the caller; owned items are live objects.
    unsafe {
        let items = (*(p as *const PyTuple)).as_slice();
        if items.len() > SHORT {
            return None;
        }
        if items.iter().any(|v| v.is_owned_object() && (*v.pointer()).refs <= items.len() as u32) {
            return None;
        }
        for v in items {
            if v.is_owned_object() {
                (*v.pointer()).refs -= 1;
            }
        }
        Some(HEAD_SIZE + size_of_val(items))
    }
}

/// Tuples of so many items are looked through before they are dropped.
const SHORT: usize = 4;

/// Bytes of a tuple's payload.
///
/// # Safety
/// `p` is a tuple.
unsafe fn size_of_tuple(p: *mut Header) -> usize {
    // SAFETY: promised by the caller.
    HEAD_SIZE + unsafe { (*(p as *const PyTuple)).len } * size_of::<Value>()
}

/// Shows the items to a collector.
///
/// # Safety
/// `p` is a live tuple.
unsafe fn traverse_tuple(p: *mut Header, visit: &mut dyn FnMut(Value)) {
    // SAFETY: promised by the caller.
    let t = unsafe { &*(p as *const PyTuple) };
    t.as_slice().iter().for_each(|v| visit(*v));
}
