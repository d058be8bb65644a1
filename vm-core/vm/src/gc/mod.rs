//! The cycle collector: finds objects that only they themselves keep alive, and ends them.
//!
//! No account of objects is kept while the program runs. A collection walks over the heap
//! ([`memory::heap`]), and takes from each object's reference count the references that other
//! objects hold (a type's `traverse` slot tells them). What has references left is held from
//! outside: by a frame, by native code, by a type. All that cannot be reached from there is
//! garbage. A reference that no `traverse` slot tells of keeps its object alive: the collector
//! may overlook garbage, but never takes what is in use.
//!
//! It runs when memory for objects has grown by half ([`request`]), at the next instruction that
//! looks after pending events, and whenever the program asks.

#[cfg(debug_assertions)]
pub mod account;
pub mod fields;
mod trash;

use std::cell::{Cell, RefCell};

use crate::interp::breaker;
use crate::memory::heap::{self, Bits, Blocks};
use crate::object::{self, Header};
use crate::types::type_::{Type, flags};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// What one kind of collection has done so far: `gc.get_stats()`.
#[derive(Clone, Copy, Default, Debug)]
pub struct Stats {
    pub collections: usize,
    pub collected: usize,
    pub uncollectable: usize,
}

/// The collector's settings and accounts, a VM's.
pub struct Collector {
    pub enabled: Cell<bool>,
    pub thresholds: Cell<[i32; 3]>,
    pub debug: Cell<i32>,
    /// By generation. Ours are all alike; the generation that was asked for counts.
    pub stats: Cell<[Stats; 3]>,
    running: Cell<bool>,
    /// Objects that `gc.freeze()` has set aside: they are taken for held.
    frozen: RefCell<rustc_hash::FxHashSet<usize>>,
}

impl Default for Collector {
    fn default() -> Collector {
        let thresholds = [2000, 10, 0];
        heap::set_limit(next_limit(thresholds));
        Collector {
            enabled: Cell::new(true),
            thresholds: Cell::new(thresholds),
            debug: Cell::default(),
            stats: Cell::default(),
            running: Cell::default(),
            frozen: RefCell::default(),
        }
    }
}

/// `gc.DEBUG_SAVEALL`: garbage is kept in `gc.garbage`.
pub const DEBUG_SAVEALL: i32 = 32;

/// What the first threshold, a number of new objects in CPython, is taken to be in bytes: what an
/// object is with its buffers, and what makes up for a collection being one of the whole heap.
const BYTES_PER_OBJECT: usize = 512;

/// How much memory objects may take before the next collection.
fn next_limit(thresholds: [i32; 3]) -> usize {
    let least = usize::try_from(thresholds[0]).unwrap_or(0) * BYTES_PER_OBJECT;
    // A low threshold is a wish to see collections often.
    let growth = if least < heap::CHUNK_SIZE { 0 } else { (heap::taken() / 2).max(least) };
    heap::taken() + growth
}

/// Sets the thresholds (`gc.set_threshold`); without the first there are no collections but those
/// that are asked for.
pub fn set_thresholds(vm: &Vm, thresholds: [i32; 3]) {
    vm.collector.thresholds.set(thresholds);
    heap::set_limit(next_limit(thresholds));
}

/// Number of an object that takes no part in a collection.
const UNTRACKED: u32 = u32::MAX;

/// Asks for a collection at the next opportunity. Called from the allocator.
pub(crate) fn request() {
    if let Some(vm) = Vm::try_current() {
        vm.interp.request(breaker::COLLECT);
    }
}

/// The collection that [`request`] has asked for.
pub(crate) fn pending(vm: &Vm) {
    let c = &vm.collector;
    if c.enabled.get() && c.thresholds.get()[0] != 0 {
        trash::collect(vm, 0);
    } else {
        heap::give_back();
    }
    heap::set_limit(next_limit(c.thresholds.get()));
}

/// Collects all garbage, as `gc.collect(generation)`; how many objects it was.
pub fn collect(vm: &Vm, generation: usize) -> usize {
    trash::collect(vm, generation)
}

/// Whether objects of a type can be part of a cycle.
#[inline]
pub fn is_container(ty: &Type) -> bool {
    ty.slots().traverse.is_some() || (ty.is_heap_layout() && (ty.has_prefix() || ty.member_slots() > 0))
}

/// Calls `visit` with each object that `p` holds a reference to, as far as types tell.
///
/// # Safety
/// `p` must be a live object.
pub unsafe fn traverse(vm: &Vm, p: *mut Header, visit: &mut dyn FnMut(*mut Header)) {
    let mut see = |v: Value| {
        if v.is_object() && !v.is_immortal() {
            visit(v.pointer());
        }
    };
    // SAFETY: promised by the caller; the shape says how many values are initialized.
    unsafe {
        let ty = vm.shape_info((*p).shape).ty();
        if let Some(own) = ty.slots().traverse {
            own(p, &mut see);
        }
        if !ty.is_heap_layout() || (!ty.has_prefix() && ty.member_slots() == 0) {
            return;
        }
        let values = object::values_of(p, ty);
        for i in 0..vm.shape((*p).shape).value_count() {
            see(*values.add(i));
        }
        if ty.has_prefix() {
            let d = object::prefix(p).dict();
            if !d.is_null() {
                see(Value::borrowed(d));
            }
        }
    }
}

/// One look at the heap: which objects there are, and how many references each has from outside.
struct Census<'a> {
    vm: &'a Vm,
    blocks: Blocks,
    /// By number: references that are not accounted for, or [`UNTRACKED`].
    outside: Vec<u32>,
    /// The containers, in the order of their memory.
    objects: Vec<(u32, *mut Header)>,
}

impl<'a> Census<'a> {
    fn new(vm: &'a Vm) -> Census<'a> {
        let blocks = Blocks::new();
        let mut outside = vec![UNTRACKED; blocks.len()];
        let mut objects = Vec::new();
        blocks.for_each(|n, p| {
            // SAFETY: a live object.
            let (refs, ty) = unsafe { ((*p).refs, vm.shape_info((*p).shape).ty()) };
            // One without references waits to be destroyed.
            if refs != 0 && is_container(ty) {
                outside[n] = refs;
                objects.push((n as u32, p));
            }
        });
        Census { vm, blocks, outside, objects }
    }

    /// The number of an object that takes part.
    fn number(&self, p: *mut Header) -> Option<usize> {
        self.blocks.number(p).filter(|&n| self.outside.get(n).is_some_and(|&o| o != UNTRACKED))
    }

    /// Takes from the counts what these objects refer to themselves.
    fn subtract(&mut self, objects: &[(u32, *mut Header)]) {
        let vm = self.vm;
        for &(_, p) in objects {
            // SAFETY: a live object.
            unsafe {
                traverse(vm, p, &mut |q| {
                    if let Some(n) = self.number(q) {
                        debug_assert!(self.outside[n] > 0, "an object has more owners than references");
                        self.outside[n] = self.outside[n].saturating_sub(1);
                    }
                });
            }
        }
    }

    /// The numbers of all objects that are held from outside, directly or by others.
    fn reached(&self, objects: &[(u32, *mut Header)], held: impl Fn(*mut Header) -> bool) -> Bits {
        let mut reached = Bits::new(self.outside.len());
        let mut waiting = Vec::new();
        for &(n, p) in objects {
            if (self.outside[n as usize] > 0 || held(p)) && !reached.contains(n as usize) {
                reached.insert(n as usize);
                waiting.push(p);
                while let Some(p) = waiting.pop() {
                    // SAFETY: a live object.
                    unsafe {
                        traverse(self.vm, p, &mut |q| {
                            if let Some(m) = self.number(q)
                                && !reached.contains(m)
                            {
                                reached.insert(m);
                                waiting.push(q);
                            }
                        });
                    }
                }
            }
        }
        reached
    }
}

/// All containers: `gc.get_objects()`.
pub fn all_objects(vm: &Vm) -> Vec<Ref> {
    let mut all = Vec::new();
    Blocks::new().for_each(|_, p| {
        // SAFETY: a live object.
        let (refs, ty) = unsafe { ((*p).refs, vm.shape_info((*p).shape).ty()) };
        if refs != 0 && is_container(ty) {
            all.push(p);
        }
    });
    all.into_iter().map(|p| Value::borrowed(p).to_ref()).collect()
}

/// The containers that refer to one of `targets`.
pub fn referrers(vm: &Vm, targets: &[Value]) -> Vec<Ref> {
    let mut found = all_objects(vm);
    found.retain(|r| {
        let mut refers = false;
        // SAFETY: a live object.
        unsafe { traverse(vm, r.pointer(), &mut |q| refers |= targets.iter().any(|t| t.is_object() && t.pointer() == q)) };
        refers
    });
    found
}

/// The objects that `v` refers to.
pub fn referents(vm: &Vm, v: Value) -> Vec<Ref> {
    let mut found = Vec::new();
    if v.is_object() {
        // SAFETY: a live object.
        unsafe { traverse(vm, v.pointer(), &mut |q| found.push(Value::borrowed(q).to_ref())) };
    }
    found
}

/// Whether the collector watches an object.
pub fn is_tracked(vm: &Vm, v: Value) -> bool {
    v.is_object() && (is_container(vm.type_of(v)) || vm.type_of(v).has_flag(flags::DICT))
}

/// `gc.freeze()`: what exists now is never garbage.
pub fn freeze(vm: &Vm) {
    let all = all_objects(vm);
    vm.collector.frozen.borrow_mut().extend(all.iter().map(|r| r.pointer() as usize));
}

/// `gc.unfreeze()`.
pub fn unfreeze(vm: &Vm) {
    vm.collector.frozen.borrow_mut().clear();
}

/// How many objects are frozen.
pub fn frozen_count(vm: &Vm) -> usize {
    vm.collector.frozen.borrow().len()
}
