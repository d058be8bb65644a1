//! `set` and `frozenset`, which share their payload.

use std::cell::Cell;

use crate::error::PyResult;
use crate::object::{self, Header, Payload};
use crate::protocol::iter;
use crate::shape;
use crate::types::dict::{self, PyDict};
use crate::types::type_::TypeRef;
use crate::value::{Ref, Value};
use crate::vm::Vm;

mod iterator;
mod methods;
mod operations;
mod table;

pub use iterator::{ITERATOR_DEF, PySetIterator};
pub use methods::{FROZENSET_DEF, SET_DEF};
use table::SetTable;

/// A set object (also the contents of a frozenset).
#[repr(C)]
pub struct PySet {
    header: Header,
    /// Cached hash of a frozenset; -1 until asked for.
    hash: Cell<i64>,
    table: SetTable,
}

/// A frozenset object.
#[repr(transparent)]
pub struct PyFrozenSet(PySet);

// SAFETY: repr(C), header first.
unsafe impl Payload for PySet {
    const SHAPE: u32 = shape::SET;
}

// SAFETY: the layout of `PySet`.
unsafe impl Payload for PyFrozenSet {
    const SHAPE: u32 = shape::FROZENSET;
}

/// The hash of an element; says so when it has none.
#[inline]
fn hash_element(vm: &Vm, v: Value) -> PyResult<i64> {
    dict::hash_of(vm, v).map_err(|e| dict::unhashable(vm, v, e, "a set element"))
}

/// The hash to search `key` with: a set, which has none, is looked for as if it were frozen.
fn search_hash(vm: &Vm, key: Value) -> PyResult<i64> {
    match hash_element(vm, key) {
        Err(e) if e.is(vm, shape::TYPE_ERROR) => match key.cast::<PySet>() {
            Some(s) => Ok(s.frozen_hash()),
            None => Err(e),
        },
        other => other,
    }
}

/// Outcome of a search: the element's slot, or the first one where it could go.
enum Found {
    At(usize),
    Free(usize),
}

impl PySet {
    const fn payload() -> PySet {
        PySet { header: object::header(), hash: Cell::new(-1), table: SetTable::new() }
    }

    /// A new, empty set.
    pub fn new_set(vm: &Vm) -> Ref {
        object::new_instance(vm.builtin(shape::SET), PySet::payload())
    }

    /// A new, empty frozenset, for code that fills it before anybody sees it.
    pub fn new_frozenset(vm: &Vm) -> Ref {
        object::new_instance(vm.builtin(shape::FROZENSET), PyFrozenSet(PySet::payload()))
    }

    /// An empty instance of `ty`: `set`, `frozenset` or a subclass.
    pub fn new_instance(ty: TypeRef) -> Ref {
        if ty.layout() == shape::FROZENSET {
            object::new_instance(ty, PyFrozenSet(PySet::payload()))
        } else {
            object::new_instance(ty, PySet::payload())
        }
    }

    /// `set(iterable)`.
    pub fn from_iterable(vm: &Vm, iterable: Value) -> PyResult {
        let r = PySet::new_set(vm);
        PySet::of(r.value()).update(vm, iterable)?;
        Ok(r)
    }

    /// `frozenset(iterable)`.
    pub fn frozen_from_iterable(vm: &Vm, iterable: Value) -> PyResult {
        if iterable.has_shape(shape::FROZENSET) {
            return Ok(iterable.to_ref());
        }
        let r = PySet::new_frozenset(vm);
        PySet::of(r.value()).update(vm, iterable)?;
        Ok(r)
    }

    /// The contents of a set or frozenset, or of an instance of a subclass.
    pub fn from_value<'a>(v: Value) -> Option<&'a PySet> {
        v.cast::<PySet>().or_else(|| v.cast::<PyFrozenSet>().map(|f| &f.0))
    }

    /// The contents of a value that is known to be a set or frozenset.
    #[inline(always)]
    pub(crate) fn of<'a>(v: Value) -> &'a PySet {
        debug_assert!(PySet::from_value(v).is_some());
        // SAFETY: both layouts are the same; callers know the value's type.
        unsafe { v.cast_unchecked() }
    }

    #[inline(always)]
    pub fn len(&self) -> usize {
        self.table.used()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// References to all elements, in iteration order.
    pub fn to_vec(&self) -> Vec<Ref> {
        let mut v = Vec::with_capacity(self.len());
        let mut pos = 0;
        while let Some((i, e)) = self.table.next(pos) {
            v.push(e.key.to_ref());
            pos = i + 1;
        }
        v
    }

    /// The first element at or after position `pos`, borrowed until the set changes, with its
    /// stored hash and the position to go on from.
    #[inline]
    pub fn element_at(&self, pos: usize) -> Option<(usize, Value, i64)> {
        self.table.next(pos).map(|(i, e)| (i + 1, e.key.borrow(), e.hash))
    }

    /// Searches an element. With `for_insertion` a dummy on the way is preferred as its place.
    fn find(&self, vm: &Vm, key: Value, hash: i64, for_insertion: bool) -> PyResult<Found> {
        'restart: loop {
            let mut dummy = None;
            let mut probe = self.table.probe(hash);
            loop {
                let (i, e) = self.table.look(&probe);
                if e.key.is_null() {
                    if e.hash == 0 {
                        return Ok(Found::Free(dummy.unwrap_or(i)));
                    }
                    if for_insertion {
                        dummy = Some(i);
                    }
                } else if e.hash == hash {
                    if e.key.is(key) {
                        return Ok(Found::At(i));
                    }
                    // The comparison may remove the element.
                    let held = e.key.to_ref();
                    let before = self.table.identity();
                    let equal = dict::same_key(vm, held.value(), key)?;
                    if self.table.identity() != before || !self.table.slot(i).key.is(held.value()) {
                        continue 'restart;
                    }
                    if equal {
                        return Ok(Found::At(i));
                    }
                }
                self.table.advance(&mut probe);
            }
        }
    }

    pub(crate) fn contains_hashed(&self, vm: &Vm, key: Value, hash: i64) -> PyResult<bool> {
        Ok(matches!(self.find(vm, key, hash, false)?, Found::At(_)))
    }

    /// `key in set`.
    pub fn contains(&self, vm: &Vm, key: Value) -> PyResult<bool> {
        let hash = search_hash(vm, key)?;
        self.contains_hashed(vm, key, hash)
    }

    /// Whether the set has the element, which must have a hash.
    pub(crate) fn has_element(&self, vm: &Vm, key: Value) -> PyResult<bool> {
        let hash = hash_element(vm, key)?;
        self.contains_hashed(vm, key, hash)
    }

    /// Adds an element.
    pub fn add(&self, vm: &Vm, key: Value) -> PyResult<()> {
        let hash = hash_element(vm, key)?;
        if self.table.add_simply(hash, key) {
            return Ok(());
        }
        self.add_hashed(vm, key, hash)
    }

    pub(crate) fn add_hashed(&self, vm: &Vm, key: Value, hash: i64) -> PyResult<()> {
        if let Found::Free(i) = self.find(vm, key, hash, true)? {
            self.table.insert_at(i, hash, key.dup_owned());
        }
        Ok(())
    }

    /// Removes an element; false if it was not there.
    pub fn discard(&self, vm: &Vm, key: Value) -> PyResult<bool> {
        let hash = hash_element(vm, key)?;
        self.discard_hashed(vm, key, hash)
    }

    pub(crate) fn discard_hashed(&self, vm: &Vm, key: Value, hash: i64) -> PyResult<bool> {
        match self.find(vm, key, hash, false)? {
            Found::At(i) => {
                drop(self.table.remove_at(i));
                Ok(true)
            }
            Found::Free(_) => Ok(false),
        }
    }

    pub fn clear(&self) {
        self.hash.set(-1);
        drop(self.table.take());
    }

    /// Takes an arbitrary element out (the next one in table order, as CPython does).
    pub fn pop(&self) -> Option<Ref> {
        if self.is_empty() {
            return None;
        }
        let from = self.table.finger.get() & self.table.mask();
        let (i, _) = self.table.next(from).or_else(|| self.table.next(0))?;
        self.table.finger.set(i + 1);
        Some(self.table.remove_at(i))
    }

    /// Adds all elements of an iterable.
    pub fn update(&self, vm: &Vm, other: Value) -> PyResult<()> {
        if let Some(s) = PySet::from_value(other) {
            return self.merge(vm, s);
        }
        if let Some(d) = other.cast_exact::<PyDict>() {
            self.make_room(d.len());
            let mut pos = 0;
            while let Some((next, key, _)) = d.entry_at(pos) {
                let (key, hash) = (key.to_ref(), d.hash_before(next));
                pos = next;
                self.add_hashed(vm, key.value(), hash)?;
            }
            return Ok(());
        }
        iter::for_each(vm, other, |v| self.add(vm, v.value()))
    }

    /// One big resize beforehand instead of several on the way.
    fn make_room(&self, more: usize) {
        if (self.table.fill() + more) * 5 >= self.table.mask() * 3 {
            self.table.resize((self.len() + more) * 2);
        }
    }

    fn merge(&self, vm: &Vm, other: &PySet) -> PyResult<()> {
        if std::ptr::eq(self, other) || other.is_empty() {
            return Ok(());
        }
        self.make_room(other.len());
        if self.table.fill() == 0 {
            self.table.fill_from(&other.table);
            return Ok(());
        }
        let mut pos = 0;
        while let Some((next, key, hash)) = other.element_at(pos) {
            let key = key.to_ref();
            pos = next;
            self.add_hashed(vm, key.value(), hash)?;
        }
        Ok(())
    }

    /// The hash of a frozenset with these elements.
    pub fn frozen_hash(&self) -> i64 {
        if self.hash.get() != -1 {
            return self.hash.get();
        }
        let mut hash = 0u64;
        let mut pos = 0;
        while let Some((next, _, h)) = self.element_at(pos) {
            hash ^= shuffle_bits(h as u64);
            pos = next;
        }
        hash ^= (self.len() as u64 + 1).wrapping_mul(1927868237);
        hash ^= (hash >> 11) ^ (hash >> 25);
        hash = hash.wrapping_mul(69069).wrapping_add(907133923);
        if hash == u64::MAX { 590923713 } else { hash as i64 }
    }
}

/// Spreads close hashes, whose combinations would otherwise collide.
fn shuffle_bits(h: u64) -> u64 {
    ((h ^ 89869747) ^ (h << 16)).wrapping_mul(3644798167)
}

/// Shows the elements to a collector.
///
/// # Safety
/// `p` is a live set or frozenset.
unsafe fn traverse_set(p: *mut Header, visit: &mut dyn FnMut(Value)) {
    // SAFETY: promised by the caller.
    let s = unsafe { &*(p as *const PySet) };
    let mut pos = 0;
    while let Some((next, v, _)) = s.element_at(pos) {
        visit(v);
        pos = next;
    }
}
