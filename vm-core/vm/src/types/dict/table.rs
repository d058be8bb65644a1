//! The memory of a dictionary: an index table of 1, 2, 4 or 8 bytes a slot over a dense array
//! of entries in insertion order, as in CPython (`Objects/dictobject.c` tells the reasons).
//! Nothing in here runs Python code.

use std::cell::Cell;
use std::ptr;

use crate::memory;
use crate::value::Value;

/// One key and its value; both NULL once deleted.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Entry {
    pub hash: i64,
    pub key: Value,
    pub value: Value,
}

/// What a slot of the index table holds when it names no entry.
const EMPTY: i64 = -1;
const DUMMY: i64 = -2;

/// log2 of the smallest table.
pub const LOG_MINSIZE: u8 = 3;
const PERTURB_SHIFT: u32 = 5;

/// How many entries a table of `2^log2` slots takes: two thirds.
pub const fn usable_fraction(log2: u8) -> usize {
    if log2 == 0 { 0 } else { (2usize << log2) / 3 }
}

/// The smallest table with at least `min` slots.
pub fn log2_for(min: usize) -> u8 {
    let min = min.max(1 << LOG_MINSIZE);
    (usize::BITS - (min - 1).leading_zeros()) as u8
}

/// Index table and entries of one dictionary. All fields are cells: lookups re-read them after
/// anything that may have run Python code.
#[repr(C)]
pub struct Table {
    /// Entries in insertion order; null while there is no table.
    entries: Cell<*mut Entry>,
    indices: Cell<*mut u8>,
    /// Live entries.
    used: Cell<usize>,
    /// Entries written so far, deleted ones included.
    filled: Cell<usize>,
    /// Entries that can still be written.
    usable: Cell<usize>,
    /// All entries before this one are deleted: a dictionary that is used as a queue must not
    /// walk them again and again.
    head: Cell<usize>,
    /// log2 of the number of index slots, 0 while there is no table.
    log2: Cell<u8>,
    /// All keys are exact str objects.
    all_str: Cell<bool>,
}

/// Where a probe of the index table stands.
pub struct Probe {
    slot: usize,
    perturb: usize,
    mask: usize,
}

impl Probe {
    #[inline(always)]
    fn advance(&mut self) {
        self.perturb >>= PERTURB_SHIFT;
        self.slot = (self.slot.wrapping_mul(5).wrapping_add(self.perturb).wrapping_add(1)) & self.mask;
    }
}

impl Table {
    pub const fn new() -> Table {
        Table {
            entries: Cell::new(ptr::null_mut()),
            indices: Cell::new(ptr::null_mut()),
            used: Cell::new(0),
            filled: Cell::new(0),
            usable: Cell::new(0),
            head: Cell::new(0),
            log2: Cell::new(0),
            all_str: Cell::new(true),
        }
    }

    #[inline(always)]
    pub fn used(&self) -> usize {
        self.used.get()
    }

    #[inline(always)]
    pub fn filled(&self) -> usize {
        self.filled.get()
    }

    #[inline(always)]
    pub fn usable(&self) -> usize {
        self.usable.get()
    }

    #[inline(always)]
    pub fn all_str(&self) -> bool {
        self.all_str.get()
    }

    pub fn log2(&self) -> u8 {
        self.log2.get()
    }

    /// Tells two states of the memory apart: it changes when the table is resized or cleared.
    #[inline(always)]
    pub fn identity(&self) -> (*mut Entry, u8) {
        (self.entries.get(), self.log2.get())
    }

    /// An entry that was written (possibly deleted since).
    #[inline(always)]
    pub fn entry(&self, i: usize) -> Entry {
        assert!(i < self.filled.get());
        // SAFETY: below `filled`, all entries are initialized.
        unsafe { *self.entries.get().add(i) }
    }

    /// # Safety
    /// `i` must be below `filled`.
    #[inline(always)]
    pub unsafe fn entry_unchecked(&self, i: usize) -> &Entry {
        // SAFETY: promised by the caller.
        unsafe { &*self.entries.get().add(i) }
    }

    /// Replaces the value of a live entry; the caller owns the old one.
    #[inline(always)]
    pub fn replace_value(&self, i: usize, value: Value) -> Value {
        assert!(i < self.filled.get());
        // SAFETY: as in `entry`.
        unsafe { std::mem::replace(&mut (*self.entries.get().add(i)).value, value) }
    }

    /// Where the value of a written entry is.
    #[inline(always)]
    pub fn value_slot(&self, i: usize) -> *mut Value {
        assert!(i < self.filled.get());
        // SAFETY: below `filled`.
        unsafe { &raw mut (*self.entries.get().add(i)).value }
    }

    /// Starts a probe; `None` while there is no table.
    #[inline(always)]
    pub fn probe(&self, hash: i64) -> Option<Probe> {
        let log2 = self.log2.get();
        if log2 == 0 {
            return None;
        }
        let mask = (1usize << log2) - 1;
        Some(Probe { slot: hash as usize & mask, perturb: hash as usize, mask })
    }

    /// The next entry of the probe sequence; `None` when an empty slot ends it.
    #[inline(always)]
    pub fn next(&self, probe: &mut Probe) -> Option<usize> {
        loop {
            let ix = self.index(probe.slot);
            if ix == EMPTY {
                return None;
            }
            probe.advance();
            if ix >= 0 {
                return Some(ix as usize);
            }
        }
    }

    #[inline(always)]
    fn index(&self, slot: usize) -> i64 {
        let p = self.indices.get();
        // SAFETY: slots are masked to the table's size; the width follows from it.
        unsafe {
            match self.log2.get() {
                0..=7 => (*(p as *const i8).add(slot)) as i64,
                8..=15 => (*(p as *const i16).add(slot)) as i64,
                16..=31 => (*(p as *const i32).add(slot)) as i64,
                _ => *(p as *const i64).add(slot),
            }
        }
    }

    #[inline(always)]
    fn set_index(&self, slot: usize, ix: i64) {
        let p = self.indices.get();
        // SAFETY: as in `index`.
        unsafe {
            match self.log2.get() {
                0..=7 => *(p as *mut i8).add(slot) = ix as i8,
                8..=15 => *(p as *mut i16).add(slot) = ix as i16,
                16..=31 => *(p as *mut i32).add(slot) = ix as i32,
                _ => *(p as *mut i64).add(slot) = ix,
            }
        }
    }

    /// Writes `ix` to the first free slot for `hash`.
    #[inline]
    fn place(&self, hash: i64, ix: usize) {
        let Some(mut probe) = self.probe(hash) else { return };
        while self.index(probe.slot) >= 0 {
            probe.advance();
        }
        self.set_index(probe.slot, ix as i64);
    }

    /// Appends an entry that is known to be missing, owned key and value; there must be room.
    #[inline]
    pub fn append(&self, hash: i64, key: Value, value: Value, key_is_str: bool) {
        debug_assert!(self.usable.get() > 0);
        let n = self.filled.get();
        self.place(hash, n);
        // SAFETY: `usable` counts the room after `filled`.
        unsafe { self.entries.get().add(n).write(Entry { hash, key, value }) };
        self.filled.set(n + 1);
        self.usable.set(self.usable.get() - 1);
        self.used.set(self.used.get() + 1);
        if !key_is_str {
            self.all_str.set(false);
        }
    }

    /// Takes a live entry out; the caller owns key and value.
    pub fn remove(&self, i: usize) -> Entry {
        let e = self.entry(i);
        self.unlink(e.hash, i as i64);
        // SAFETY: below `filled`.
        unsafe {
            let p = self.entries.get().add(i);
            (*p).key = Value::NULL;
            (*p).value = Value::NULL;
        }
        self.used.set(self.used.get() - 1);
        if i == self.head.get() {
            self.head.set(self.next_live(i + 1).unwrap_or(self.filled.get()));
        }
        e
    }

    fn unlink(&self, hash: i64, ix: i64) {
        let Some(mut probe) = self.probe(hash) else { return };
        loop {
            match self.index(probe.slot) {
                found if found == ix => return self.set_index(probe.slot, DUMMY),
                EMPTY => return,
                _ => probe.advance(),
            }
        }
    }

    /// Forgets deleted entries at the end, so that the next `popitem` need not walk them.
    pub fn set_filled(&self, n: usize) {
        debug_assert!(n <= self.filled.get());
        self.filled.set(n);
        self.head.set(self.head.get().min(n));
    }

    /// The first live entry at or after `from`.
    #[inline]
    pub fn next_live(&self, from: usize) -> Option<usize> {
        // SAFETY: below `filled`.
        (from.max(self.head.get())..self.filled.get())
            .find(|&i| !unsafe { self.entry_unchecked(i) }.value.is_null())
    }

    /// Moves all live entries to a new table of `2^log2` slots.
    pub fn resize(&self, log2: u8) {
        self.rebuild(log2, 0);
    }

    /// Like [`Table::resize`], with deleted entries before the live ones.
    fn rebuild(&self, log2: u8, gap: usize) {
        let old_entries = self.entries.get();
        let (old_log2, first, n) = (self.log2.get(), self.head.get(), self.filled.get());
        self.allocate(log2);
        let new = self.entries.get();
        // SAFETY: the old array has `n` entries, the new one room for the gap and all live ones.
        unsafe {
            for i in 0..gap {
                new.add(i).write(Entry { hash: 0, key: Value::NULL, value: Value::NULL });
            }
            let mut to = gap;
            for i in first..n {
                let e = *old_entries.add(i);
                if !e.value.is_null() {
                    new.add(to).write(e);
                    self.place(e.hash, to);
                    to += 1;
                }
            }
            debug_assert_eq!(to - gap, self.used.get());
            self.filled.set(to);
            self.usable.set(usable_fraction(log2) - to);
        }
        self.head.set(gap);
        free(old_entries, old_log2);
    }

    /// Puts an entry that is known to be missing before all others.
    pub fn prepend(&self, e: Entry) {
        if self.head.get() == 0 || self.usable.get() == 0 {
            let log2 = log2_for((self.used.get() + 2) * 3);
            self.rebuild(log2, (usable_fraction(log2) - self.used.get()) / 2);
        }
        let at = self.head.get() - 1;
        // SAFETY: below `filled`; the slot holds a deleted entry.
        unsafe { self.entries.get().add(at).write(e) };
        self.place(e.hash, at);
        self.head.set(at);
        self.used.set(self.used.get() + 1);
        // Not for the array's sake: this keeps the index table from filling up with dummies.
        self.usable.set(self.usable.get() - 1);
    }

    fn allocate(&self, log2: u8) {
        let p = memory::allocate(table_size(log2));
        // SAFETY: the indices follow the entries.
        unsafe {
            let indices = p.add(usable_fraction(log2) * size_of::<Entry>());
            // All bits set is -1, EMPTY, in each width.
            ptr::write_bytes(indices, 0xff, index_bytes(log2));
            self.entries.set(p as *mut Entry);
            self.indices.set(indices);
        }
        self.log2.set(log2);
        self.filled.set(0);
        self.head.set(0);
        self.usable.set(usable_fraction(log2));
    }

    /// Makes an exact copy of the table; `self` must be empty. Takes references.
    pub fn clone_from(&self, other: &Table) {
        let log2 = other.log2.get();
        if log2 == 0 || other.used() == 0 {
            return;
        }
        self.allocate(log2);
        let n = other.filled.get();
        for i in 0..n {
            // SAFETY: both arrays have room for `n` entries.
            unsafe {
                let e = *other.entries.get().add(i);
                self.entries.get().add(i).write(Entry {
                    hash: e.hash,
                    key: e.key.dup_owned(),
                    value: e.value.dup_owned(),
                });
            }
        }
        // SAFETY: the same size of index table.
        unsafe { ptr::copy_nonoverlapping(other.indices.get(), self.indices.get(), index_bytes(log2)) };
        self.filled.set(n);
        self.head.set(other.head.get());
        self.used.set(other.used.get());
        self.usable.set(other.usable.get());
        self.all_str.set(other.all_str.get());
    }

    /// Empties the table and hands its memory to whoever drops it, after which Python code may run.
    pub fn take(&self) -> Table {
        let old = Table::new();
        old.entries.swap(&self.entries);
        old.indices.swap(&self.indices);
        old.used.swap(&self.used);
        old.filled.swap(&self.filled);
        old.usable.swap(&self.usable);
        old.head.swap(&self.head);
        old.log2.swap(&self.log2);
        old.all_str.swap(&self.all_str);
        old
    }
}

impl Drop for Table {
    fn drop(&mut self) {
        for i in 0..self.filled.get() {
            // SAFETY: below `filled`; this table is the last user of its values.
            unsafe {
                let e = *self.entries.get().add(i);
                e.key.release();
                e.value.release();
            }
        }
        free(self.entries.get(), self.log2.get());
    }
}

fn index_bytes(log2: u8) -> usize {
    let width = match log2 {
        0..=7 => 0,
        8..=15 => 1,
        16..=31 => 2,
        _ => 3,
    };
    1usize << (log2 + width)
}

fn table_size(log2: u8) -> usize {
    usable_fraction(log2) * size_of::<Entry>() + index_bytes(log2)
}

fn free(entries: *mut Entry, log2: u8) {
    if log2 != 0 {
        // SAFETY: allocated with this size.
        unsafe { memory::free(entries as *mut u8, table_size(log2)) }
    }
}
