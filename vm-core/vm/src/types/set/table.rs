//! The memory of a set: an open-addressing hash table that probes a few neighbours before it
//! jumps. Sizes, probing and resizing are CPython's (`Objects/setobject.c`), so that sets of
//! ints iterate in the same order.

use std::cell::Cell;
use std::ptr;

use crate::memory;
use crate::value::{Ref, Value};

/// A slot: unused (NULL key, hash 0), a dummy left by a removal (NULL key, hash -1), or an element.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct SetEntry {
    pub hash: i64,
    pub key: Value,
}

const UNUSED: SetEntry = SetEntry { hash: 0, key: Value::NULL };
const DUMMY: SetEntry = SetEntry { hash: -1, key: Value::NULL };
const LINEAR_PROBES: usize = 9;
const PERTURB_SHIFT: u32 = 5;
pub const MIN_SIZE: usize = 8;

/// The table of one set. All fields are cells: lookups re-read them after anything that may
/// have run Python code.
#[repr(C)]
pub struct SetTable {
    /// `mask + 1` slots; null until the first element comes.
    slots: Cell<*mut SetEntry>,
    mask: Cell<usize>,
    /// Elements.
    used: Cell<usize>,
    /// Elements and dummies.
    fill: Cell<usize>,
    /// Where `pop` goes on looking.
    pub finger: Cell<usize>,
}

/// Where a probe of the table stands.
pub struct Probe {
    at: usize,
    /// Neighbours still to look at before the next jump.
    near: usize,
    base: usize,
    perturb: usize,
}

impl SetTable {
    pub const fn new() -> SetTable {
        SetTable {
            slots: Cell::new(ptr::null_mut()),
            mask: Cell::new(MIN_SIZE - 1),
            used: Cell::new(0),
            fill: Cell::new(0),
            finger: Cell::new(0),
        }
    }

    #[inline(always)]
    pub fn used(&self) -> usize {
        self.used.get()
    }

    #[inline(always)]
    pub fn fill(&self) -> usize {
        self.fill.get()
    }

    #[inline(always)]
    pub fn mask(&self) -> usize {
        self.mask.get()
    }

    /// Tells two states of the memory apart: it changes when the table is resized or cleared.
    #[inline(always)]
    pub fn identity(&self) -> *mut SetEntry {
        self.slots.get()
    }

    pub fn is_allocated(&self) -> bool {
        !self.slots.get().is_null()
    }

    /// A slot; unused beyond the end and while there is no table.
    #[inline(always)]
    pub fn slot(&self, i: usize) -> SetEntry {
        if i > self.mask.get() || self.slots.get().is_null() {
            return UNUSED;
        }
        // SAFETY: in range.
        unsafe { *self.slots.get().add(i) }
    }

    #[inline(always)]
    fn set_slot(&self, i: usize, e: SetEntry) {
        assert!(i <= self.mask.get() && self.is_allocated());
        // SAFETY: in range.
        unsafe { *self.slots.get().add(i) = e }
    }

    /// Starts a probe.
    #[inline(always)]
    pub fn probe(&self, hash: i64) -> Probe {
        let mask = self.mask.get();
        let base = hash as usize & mask;
        let near = if base + LINEAR_PROBES <= mask { LINEAR_PROBES } else { 0 };
        Probe { at: base, near, base, perturb: hash as usize }
    }

    /// The slot that the probe stands at.
    #[inline(always)]
    pub fn look(&self, p: &Probe) -> (usize, SetEntry) {
        (p.at, self.slot(p.at))
    }

    /// Moves the probe on.
    #[inline(always)]
    pub fn advance(&self, p: &mut Probe) {
        if p.near > 0 {
            p.near -= 1;
            p.at += 1;
            return;
        }
        let mask = self.mask.get();
        p.perturb >>= PERTURB_SHIFT;
        p.base = (p.base.wrapping_mul(5).wrapping_add(1).wrapping_add(p.perturb)) & mask;
        p.at = p.base;
        p.near = if p.base + LINEAR_PROBES <= mask { LINEAR_PROBES } else { 0 };
    }

    /// Puts a missing element (owned) into a slot that a probe found: a dummy or an unused one.
    pub fn insert_at(&self, i: usize, hash: i64, key: Value) {
        self.ensure();
        let was_dummy = self.slot(i).hash == -1;
        self.set_slot(i, SetEntry { hash, key });
        self.used.set(self.used.get() + 1);
        if was_dummy {
            return;
        }
        self.fill.set(self.fill.get() + 1);
        if self.fill.get() * 5 >= self.mask.get() * 3 {
            self.grow();
        }
    }

    /// Adds an element where that takes no comparison: false if there is more to it, and nothing
    /// is changed then.
    #[inline]
    pub fn add_simply(&self, hash: i64, key: Value) -> bool {
        self.ensure();
        let (slots, mask) = (self.slots.get(), self.mask.get());
        let base = hash as usize & mask;
        let last = if base + LINEAR_PROBES <= mask { base + LINEAR_PROBES } else { base };
        for i in base..=last {
            // SAFETY: not beyond the mask.
            let e = unsafe { *slots.add(i) };
            if e.key.is_null() {
                if e.hash != 0 {
                    return false;
                }
                // SAFETY: as above.
                unsafe { *slots.add(i) = SetEntry { hash, key: key.dup_owned() } };
                self.used.set(self.used.get() + 1);
                self.fill.set(self.fill.get() + 1);
                if self.fill.get() * 5 >= mask * 3 {
                    self.grow();
                }
                return true;
            }
            if e.hash == hash {
                return e.key.is(key);
            }
        }
        false
    }

    /// Resizes as a set does that has become too full.
    pub fn grow(&self) {
        let used = self.used.get();
        self.resize(if used > 50_000 { used * 2 } else { used * 4 });
    }

    /// Takes an element out, leaving a dummy.
    pub fn remove_at(&self, i: usize) -> Ref {
        let e = self.slot(i);
        self.set_slot(i, DUMMY);
        self.used.set(self.used.get() - 1);
        // SAFETY: the slot owned the element.
        unsafe { Ref::from_owned(e.key) }
    }

    /// The first element at or after slot `from`.
    #[inline]
    pub fn next(&self, from: usize) -> Option<(usize, SetEntry)> {
        if !self.is_allocated() {
            return None;
        }
        (from..=self.mask.get()).map(|i| (i, self.slot(i))).find(|(_, e)| !e.key.is_null())
    }

    fn ensure(&self) {
        if !self.is_allocated() {
            self.slots.set(allocate(self.mask.get() + 1));
        }
    }

    /// Rebuilds the table with the smallest size above `min_used`, without dummies.
    pub fn resize(&self, min_used: usize) {
        let mut size = MIN_SIZE;
        while size <= min_used {
            size <<= 1;
        }
        let (old, old_mask) = (self.slots.get(), self.mask.get());
        if old.is_null() {
            self.mask.set(size - 1);
            return;
        }
        // First: where there is no memory, the table stays as it is.
        self.slots.set(allocate(size));
        self.mask.set(size - 1);
        self.fill.set(self.used.get());
        for i in 0..=old_mask {
            // SAFETY: the old table has `old_mask + 1` slots.
            let e = unsafe { *old.add(i) };
            if !e.key.is_null() {
                self.insert_clean(e);
            }
        }
        free(old, old_mask + 1);
    }

    /// Inserts an element (owned) that is known to be missing into a table without dummies.
    /// Does not count it.
    fn insert_clean(&self, e: SetEntry) {
        let at = e.hash as usize & self.mask.get();
        if self.slot(at).key.is_null() {
            return self.set_slot(at, e);
        }
        let mut p = self.probe(e.hash);
        loop {
            let (i, found) = self.look(&p);
            if found.key.is_null() {
                return self.set_slot(i, e);
            }
            self.advance(&mut p);
        }
    }

    /// Copies all elements of another table into this one, which is empty.
    pub fn fill_from(&self, other: &SetTable) {
        self.ensure();
        let same_places = self.mask.get() == other.mask.get() && other.fill.get() == other.used.get();
        let mut pos = 0;
        while let Some((i, e)) = other.next(pos) {
            pos = i + 1;
            let e = SetEntry { hash: e.hash, key: e.key.dup_owned() };
            if same_places { self.set_slot(i, e) } else { self.insert_clean(e) }
        }
        self.fill.set(other.used.get());
        self.used.set(other.used.get());
    }

    /// Empties the table; whoever drops the result releases the elements.
    pub fn take(&self) -> SetTable {
        let old = SetTable::new();
        self.swap(&old);
        old
    }

    /// Exchanges the contents of two tables (but not where `pop` stands).
    pub fn swap(&self, other: &SetTable) {
        self.slots.swap(&other.slots);
        self.mask.swap(&other.mask);
        self.used.swap(&other.used);
        self.fill.swap(&other.fill);
    }
}

impl Drop for SetTable {
    fn drop(&mut self) {
        if !self.is_allocated() {
            return;
        }
        for i in 0..=self.mask.get() {
            // SAFETY: in range; this table is the last user of its elements.
            unsafe { (*self.slots.get().add(i)).key.release() };
        }
        free(self.slots.get(), self.mask.get() + 1);
    }
}

fn allocate(size: usize) -> *mut SetEntry {
    let p = memory::allocate(size * size_of::<SetEntry>()) as *mut SetEntry;
    for i in 0..size {
        // SAFETY: fresh memory for that many slots.
        unsafe { p.add(i).write(UNUSED) };
    }
    p
}

fn free(p: *mut SetEntry, size: usize) {
    // SAFETY: allocated with this size.
    unsafe { memory::free(p as *mut u8, size * size_of::<SetEntry>()) }
}
