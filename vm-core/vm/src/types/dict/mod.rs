//! `dict`: a hash table that keeps insertion order.
//!
//! Looking a key up may run Python code (`__hash__`, `__eq__`), which may change this very
//! dictionary; after each such call the table is read anew, and the search starts over if it
//! has changed, as in CPython.

use std::cell::Cell;

use crate::error::{PyResult, Raised};
use crate::object::{self, Header, Payload};
use crate::protocol::{compare, object as protocol_object};
use crate::shape;
use crate::types::str_::PyStr;
use crate::types::type_::TypeRef;
use crate::value::{Ref, Value};
use crate::vm::Vm;

mod merge;
mod methods;
mod table;
pub mod views;

pub use merge::Existing;
pub use methods::DEF;
pub use methods::fresh;
pub(crate) use methods::{equal, size_in_bytes};
use table::{LOG_MINSIZE, Table, log2_for, usable_fraction};

/// A dictionary object.
#[repr(C)]
pub struct PyDict {
    header: Header,
    /// Version of the set and order of keys: 0 until somebody asks, and again after a change.
    keys_version: Cell<u32>,
    table: Table,
}

// SAFETY: repr(C), header first.
unsafe impl Payload for PyDict {
    const SHAPE: u32 = shape::DICT;
}

/// Modulus of the hash of numbers: 2^61 - 1.
const HASH_MODULUS: i64 = (1 << 61) - 1;

/// The hash of a small int.
#[inline(always)]
pub fn hash_small_int(i: i64) -> i64 {
    let h = if i.unsigned_abs() < HASH_MODULUS as u64 { i } else { i % HASH_MODULUS };
    if h == -1 { -2 } else { h }
}

/// The hash of any value, without a call for str and small ints.
#[inline(always)]
pub fn hash_of(vm: &Vm, v: Value) -> PyResult<i64> {
    if let Some(s) = v.cast_exact::<PyStr>() {
        return Ok(s.hash());
    }
    match v.as_small_int() {
        Some(i) => Ok(hash_small_int(i)),
        None => protocol_object::hash(vm, v),
    }
}

/// The hash of a dictionary key; says so when the key has none.
#[inline(always)]
pub fn hash_key(vm: &Vm, key: Value) -> PyResult<i64> {
    match hash_of(vm, key) {
        Ok(h) => Ok(h),
        Err(e) => Err(unhashable(vm, key, e, "a dict key")),
    }
}

/// Says what an unhashable object was wanted for.
#[cold]
pub(crate) fn unhashable(vm: &Vm, key: Value, e: Raised, what: &str) -> Raised {
    if !vm.type_of(e.0.value()).is(vm.builtin(shape::TYPE_ERROR)) {
        return e;
    }
    let text = match protocol_object::str(vm, e.0.value()) {
        Ok(s) => s,
        Err(e) => return e,
    };
    let text = text.cast::<PyStr>().map(|s| s.to_string_lossy()).unwrap_or_default();
    vm.type_error(format!("cannot use '{}' as {what} ({text})", crate::types::type_object::display_name(vm, vm.type_of(key))))
}

/// Whether two values are equal as keys: identity first, then `==` (which may run Python code).
#[inline(always)]
pub(crate) fn same_key(vm: &Vm, a: Value, b: Value) -> PyResult<bool> {
    if a.is(b) {
        return Ok(true);
    }
    if a.is_small_int() && b.is_small_int() {
        return Ok(false);
    }
    if let (Some(a), Some(b)) = (a.cast_exact::<PyStr>(), b.cast_exact::<PyStr>()) {
        return Ok(a.as_bytes() == b.as_bytes());
    }
    compare::eq(vm, a, b)
}

impl PyDict {
    const fn payload() -> PyDict {
        PyDict { header: object::header(), keys_version: Cell::new(0), table: Table::new() }
    }

    #[inline]
    pub fn new(_vm: &Vm) -> Ref {
        object::new(PyDict::payload())
    }

    /// A dictionary with room for `n` entries.
    pub fn with_capacity(_vm: &Vm, n: usize) -> Ref {
        let d = PyDict::payload();
        if n > usable_fraction(LOG_MINSIZE) {
            d.table.resize(log2_for((n.min(87_381) * 3).div_ceil(2)));
        }
        object::new(d)
    }

    /// An empty instance of `ty`, which is `dict` or a subclass of it.
    pub fn new_instance(ty: TypeRef) -> Ref {
        object::new_instance(ty, PyDict::payload())
    }

    /// A dictionary inside of another payload that extends this one.
    pub(crate) const fn embedded() -> PyDict {
        PyDict::payload()
    }

    #[inline(always)]
    pub fn len(&self) -> usize {
        self.table.used()
    }

    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.table.used() == 0
    }

    /// This object as a value, borrowed.
    #[inline(always)]
    pub fn as_value(&self) -> Value {
        Value::borrowed(&raw const self.header)
    }

    /// A version that stays the same as long as the set of keys, their order and their place in
    /// the table do. Never 0.
    pub fn keys_version(&self, vm: &Vm) -> u32 {
        if self.keys_version.get() == 0 {
            self.keys_version.set(vm.next_keys_version());
        }
        self.keys_version.get()
    }

    /// The version if one was asked for and nothing changed since, else 0: what instructions
    /// compare with their cache.
    #[inline(always)]
    pub fn current_keys_version(&self) -> u32 {
        self.keys_version.get()
    }

    /// True while all keys are exact str objects: lookups of str keys then run no Python code.
    #[inline(always)]
    pub fn has_only_str_keys(&self) -> bool {
        self.table.all_str()
    }

    /// Index of the entry whose key is the str `name`. Runs no Python code: keys of other types
    /// (a subclass of str with its own `__eq__`) are passed over.
    #[inline]
    fn find_str(&self, name: Value, s: &PyStr) -> Option<usize> {
        let hash = s.hash();
        let mut probe = self.table.probe(hash)?;
        while let Some(i) = self.table.next(&mut probe) {
            // SAFETY: the index table names written entries only.
            let e = unsafe { self.table.entry_unchecked(i) };
            if e.key.is(name) {
                return Some(i);
            }
            if e.hash == hash
                && let Some(k) = e.key.cast_exact::<PyStr>()
                && k.as_bytes() == s.as_bytes()
            {
                return Some(i);
            }
        }
        None
    }

    /// Index of the entry of a key.
    #[inline]
    fn find(&self, vm: &Vm, key: Value, hash: i64) -> PyResult<Option<usize>> {
        if self.table.all_str()
            && let Some(s) = key.cast_exact::<PyStr>()
        {
            return Ok(self.find_str(key, s));
        }
        self.find_any(vm, key, hash)
    }

    fn find_any(&self, vm: &Vm, key: Value, hash: i64) -> PyResult<Option<usize>> {
        'restart: loop {
            let Some(mut probe) = self.table.probe(hash) else { return Ok(None) };
            while let Some(i) = self.table.next(&mut probe) {
                let e = self.table.entry(i);
                if e.key.is(key) {
                    return Ok(Some(i));
                }
                if e.hash != hash || (e.key.is_small_int() && key.is_small_int()) {
                    continue;
                }
                // The comparison may delete the entry, so its key needs a reference.
                let held = e.key.to_ref();
                let before = self.table.identity();
                let equal = same_key(vm, held.value(), key)?;
                if self.table.identity() != before
                    || i >= self.table.filled()
                    || !self.table.entry(i).key.is(held.value())
                {
                    continue 'restart;
                }
                if equal {
                    return Ok(Some(i));
                }
            }
            return Ok(None);
        }
    }

    /// The value of a key.
    ///
    /// # Errors
    /// If the key is unhashable, or `__hash__` or `__eq__` raises. A missing key is `None`.
    #[inline]
    pub fn get(&self, vm: &Vm, key: Value) -> PyResult<Option<Ref>> {
        let hash = hash_key(vm, key)?;
        self.get_hashed(vm, key, hash)
    }

    /// Like [`PyDict::get`] with the key's hash known.
    #[inline]
    pub fn get_hashed(&self, vm: &Vm, key: Value, hash: i64) -> PyResult<Option<Ref>> {
        Ok(self.find(vm, key, hash)?.map(|i| self.table.entry(i).value.to_ref()))
    }

    /// The value of a str key, borrowed until the dictionary changes. Runs no Python code.
    #[inline]
    pub fn get_str(&self, name: Value) -> Option<Value> {
        // SAFETY: the index comes from the table.
        self.entry_index(name).map(|i| unsafe { self.table.entry_unchecked(i) }.value.borrow())
    }

    /// Like [`PyDict::get_str`] with a Rust str.
    pub fn get_text(&self, vm: &Vm, name: &str) -> Option<Value> {
        self.get_str(vm.intern(name))
    }

    pub fn contains(&self, vm: &Vm, key: Value) -> PyResult<bool> {
        let hash = hash_key(vm, key)?;
        Ok(self.find(vm, key, hash)?.is_some())
    }

    /// Place of a str key among the entries, for inline caches; valid as long as
    /// [`PyDict::keys_version`] stays.
    #[inline]
    pub fn entry_index(&self, name: Value) -> Option<usize> {
        self.find_str(name, name.cast_exact::<PyStr>()?)
    }

    /// The value at a place that [`PyDict::entry_index`] told, borrowed.
    ///
    /// # Safety
    /// The keys' version must be the one of that moment.
    #[inline(always)]
    pub unsafe fn value_at_unchecked(&self, i: usize) -> Value {
        // SAFETY: promised by the caller.
        unsafe { self.table.entry_unchecked(i).value.borrow() }
    }

    /// The value at a remembered place, borrowed, if the entry there still has this very key.
    #[inline(always)]
    pub fn value_at_hint(&self, i: usize, name: Value) -> Option<Value> {
        if i >= self.table.filled() {
            return None;
        }
        // SAFETY: below `filled`.
        let e = unsafe { self.table.entry_unchecked(i) };
        if e.key.is(name) { Some(e.value.borrow()) } else { None }
    }

    /// The slot that owns the value at a remembered place, if the entry there still has this
    /// very key; valid until the dictionary changes.
    #[inline(always)]
    pub fn slot_at_hint(&self, i: usize, name: Value) -> Option<*mut Value> {
        self.value_at_hint(i, name)?;
        Some(self.table.value_slot(i))
    }

    /// The value at a place that [`PyDict::entry_index`] told, as the slot that owns it.
    ///
    /// # Safety
    /// The keys' version must be the one of that moment.
    #[inline(always)]
    pub unsafe fn slot_at_unchecked(&self, i: usize) -> Value {
        // SAFETY: promised by the caller.
        unsafe { self.table.entry_unchecked(i).value }
    }

    /// Replaces the value at a place that [`PyDict::entry_index`] told.
    ///
    /// # Safety
    /// The keys' version must be the one of that moment.
    #[inline(always)]
    pub unsafe fn set_value_at_unchecked(&self, i: usize, value: Ref) {
        let old = self.table.replace_value(i, value.into_value());
        // SAFETY: the entry owned it.
        unsafe { old.release() };
    }

    /// Sets a key's value; a new key goes to the end.
    #[inline]
    pub fn set(&self, vm: &Vm, key: Value, value: Value) -> PyResult<()> {
        let hash = hash_key(vm, key)?;
        self.set_hashed(vm, key, hash, value)
    }

    /// Like [`PyDict::set`] with the key's hash known.
    pub fn set_hashed(&self, vm: &Vm, key: Value, hash: i64, value: Value) -> PyResult<()> {
        match self.find(vm, key, hash)? {
            Some(i) => self.replace_at(i, value.dup_owned()),
            None => self.insert_new(key, hash, value.dup_owned()),
        }
        Ok(())
    }

    /// Sets the value of an exact str key. Runs no Python code but the old value's destruction.
    #[inline]
    pub fn set_str(&self, _vm: &Vm, name: Value, value: Value) {
        let Some(s) = name.cast_exact::<PyStr>() else { return };
        match self.find_str(name, s) {
            Some(i) => self.replace_at(i, value.dup_owned()),
            None => self.insert_new(name, s.hash(), value.dup_owned()),
        }
    }

    /// Like [`PyDict::set_str`] with a Rust str, which is interned.
    pub fn set_text(&self, vm: &Vm, name: &str, value: Value) {
        self.set_str(vm, vm.intern(name), value);
    }

    /// The value of a key, which is first set to `default` if it is missing.
    pub fn set_default(&self, vm: &Vm, key: Value, default: Value) -> PyResult<Ref> {
        let hash = hash_key(vm, key)?;
        if let Some(i) = self.find(vm, key, hash)? {
            return Ok(self.table.entry(i).value.to_ref());
        }
        self.insert_new(key, hash, default.dup_owned());
        Ok(default.to_ref())
    }

    #[inline(always)]
    fn replace_at(&self, i: usize, value: Value) {
        let old = self.table.replace_value(i, value);
        // SAFETY: the entry owned it. Its destructor may run Python code, which sees the new value.
        unsafe { old.release() };
    }

    /// Appends an entry whose key is known to be missing; owns `value`.
    fn insert_new(&self, key: Value, hash: i64, value: Value) {
        let is_str = key.has_shape(shape::STR);
        if self.table.usable() == 0 || (!is_str && self.table.all_str() && self.table.filled() != 0) {
            // The second case is where CPython turns a table of str keys into a general one.
            self.table.resize(log2_for(self.table.used() * 3));
        }
        self.keys_version.set(0);
        self.table.append(hash, key.dup_owned(), value, is_str);
    }

    /// Takes an entry out by its place.
    fn take_at(&self, i: usize) -> (Ref, Ref) {
        self.keys_version.set(0);
        let e = self.table.remove(i);
        // SAFETY: the table gave both references away.
        unsafe { (Ref::from_owned(e.key), Ref::from_owned(e.value)) }
    }

    /// Deletes a key; false if it was not there.
    pub fn delete(&self, vm: &Vm, key: Value) -> PyResult<bool> {
        Ok(self.pop(vm, key)?.is_some())
    }

    /// Deletes an exact str key; false if it was not there.
    pub fn delete_str(&self, name: Value) -> bool {
        match self.entry_index(name) {
            Some(i) => {
                drop(self.take_at(i));
                true
            }
            None => false,
        }
    }

    /// Takes a key's value out.
    pub fn pop(&self, vm: &Vm, key: Value) -> PyResult<Option<Ref>> {
        let hash = hash_key(vm, key)?;
        self.pop_hashed(vm, key, hash)
    }

    /// Like [`PyDict::pop`] with the key's hash known.
    pub fn pop_hashed(&self, vm: &Vm, key: Value, hash: i64) -> PyResult<Option<Ref>> {
        Ok(self.find(vm, key, hash)?.map(|i| self.take_at(i).1))
    }

    /// Takes the last entry out.
    pub fn pop_last(&self) -> Option<(Ref, Ref)> {
        let last = (0..self.table.filled()).rev().find(|&i| !self.table.entry(i).value.is_null())?;
        let pair = self.take_at(last);
        self.table.set_filled(last);
        Some(pair)
    }

    /// Takes the first entry out.
    pub(crate) fn pop_first(&self) -> Option<(Ref, Ref)> {
        let first = self.table.next_live(0)?;
        Some(self.take_at(first))
    }

    /// Moves an entry to the end (or to the start). False if the key is not there.
    pub(crate) fn move_entry(&self, vm: &Vm, key: Value, hash: i64, to_end: bool) -> PyResult<bool> {
        let Some(i) = self.find(vm, key, hash)? else { return Ok(false) };
        self.keys_version.set(0);
        let e = self.table.remove(i);
        if to_end {
            if self.table.usable() == 0 {
                self.table.resize(log2_for((self.table.used() + 1) * 3));
            }
            self.table.append(e.hash, e.key, e.value, e.key.has_shape(shape::STR));
        } else {
            self.table.prepend(e);
        }
        Ok(true)
    }

    pub fn clear(&self) {
        self.keys_version.set(0);
        drop(self.table.take());
    }

    /// The first entry at or after position `pos`, borrowed until the dictionary changes, with
    /// the position to go on from.
    #[inline]
    pub fn entry_at(&self, pos: usize) -> Option<(usize, Value, Value)> {
        let i = self.table.next_live(pos)?;
        // SAFETY: below `filled`.
        let e = unsafe { self.table.entry_unchecked(i) };
        Some((i + 1, e.key.borrow(), e.value.borrow()))
    }

    /// The last entry before position `end`, and its position.
    pub fn entry_before(&self, end: usize) -> Option<(usize, Value, Value)> {
        let end = end.min(self.table.filled());
        let i = (0..end).rev().find(|&i| !self.table.entry(i).value.is_null())?;
        let e = self.table.entry(i);
        Some((i, e.key.borrow(), e.value.borrow()))
    }

    /// One past the position of the last entry ever written.
    pub fn end_position(&self) -> usize {
        self.table.filled()
    }

    /// Hash, as stored, of the entry before position `next` (as [`PyDict::entry_at`] gave it).
    pub(crate) fn hash_before(&self, next: usize) -> i64 {
        self.table.entry(next - 1).hash
    }

    /// The entries, borrowed: for moments in which no Python code can run.
    pub fn entries(&self) -> impl Iterator<Item = (Value, Value)> + '_ {
        let mut pos = 0;
        std::iter::from_fn(move || {
            let (next, k, v) = self.entry_at(pos)?;
            pos = next;
            Some((k, v))
        })
    }

    /// References to all keys.
    pub fn keys_vec(&self) -> Vec<Ref> {
        self.entries().map(|(k, _)| k.to_ref()).collect()
    }

    /// References to all values.
    pub fn values_vec(&self) -> Vec<Ref> {
        self.entries().map(|(_, v)| v.to_ref()).collect()
    }

    /// References to all keys and values.
    pub fn items_vec(&self) -> Vec<(Ref, Ref)> {
        self.entries().map(|(k, v)| (k.to_ref(), v.to_ref())).collect()
    }

    /// A `dict` with the same entries.
    pub fn copy(&self, vm: &Vm) -> Ref {
        let r = PyDict::new(vm);
        // SAFETY: just made, exactly a dict.
        unsafe { r.cast_unchecked::<PyDict>() }.copy_entries(self);
        r
    }

    /// Copies the entries of another dictionary into this one, which is empty.
    pub(crate) fn copy_entries(&self, other: &PyDict) {
        debug_assert!(self.table.log2() == 0 && self.is_empty());
        self.keys_version.set(0);
        self.table.clone_from(&other.table);
        // A table that is mostly holes is not worth copying as it is.
        if other.len() < (other.end_position() * 2) / 3 {
            self.table.resize(log2_for((self.table.used() * 3).div_ceil(2)));
        }
    }

    /// Room for `n` more entries.
    pub(crate) fn reserve(&self, n: usize) {
        if n > self.table.usable() {
            self.keys_version.set(0);
            self.table.resize(log2_for(((self.table.used() + n) * 3).div_ceil(2)));
        }
    }
}

/// Shows keys and values to a collector.
///
/// # Safety
/// `p` is a live dict.
pub(crate) unsafe fn traverse_dict(p: *mut Header, visit: &mut dyn FnMut(Value)) {
    // SAFETY: promised by the caller.
    let d = unsafe { &*(p as *const PyDict) };
    d.entries().for_each(|(k, v)| {
        visit(k);
        visit(v);
    });
}
