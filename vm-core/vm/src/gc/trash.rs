//! A collection: finalizers and weak references of the garbage, and its end.

use rustc_hash::FxHashSet;

use super::{Census, DEBUG_SAVEALL, Stats};
use crate::memory::{heap, shortage};
use crate::native::gc as module;
use crate::object::{self, Header};
use crate::types::weakref;
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// An object that was found to be garbage, held until it is cleared.
struct Trash {
    number: u32,
    held: Ref,
}

/// Collects; how many objects were garbage.
pub(super) fn collect(vm: &Vm, generation: usize) -> usize {
    let c = &vm.collector;
    if c.running.replace(true) {
        return 0;
    }
    module::call_callbacks(vm, "start", generation, Stats::default());
    let ended = shortage::attempt(|| run(vm));
    heap::give_back();
    c.running.set(false);
    let Ok((found, uncollectable)) = ended else { return 0 };
    let mut stats = c.stats.get();
    let of = &mut stats[generation.min(2)];
    of.collections += 1;
    of.collected += found;
    of.uncollectable += uncollectable;
    c.stats.set(stats);
    module::call_callbacks(vm, "stop", generation, Stats { collections: 1, collected: found, uncollectable });
    found
}

fn run(vm: &Vm) -> (usize, usize) {
    let mut census = Census::new(vm);
    let objects = std::mem::take(&mut census.objects);
    census.subtract(&objects);
    let frozen = vm.collector.frozen.borrow();
    let reached = census.reached(&objects, |p| !frozen.is_empty() && frozen.contains(&(p as usize)));
    drop(frozen);
    let garbage = |&&(n, _): &&(u32, *mut Header)| !reached.contains(n as usize);
    let trash: Vec<Trash> = objects
        .iter()
        .filter(garbage)
        .map(|&(number, p)| Trash { number, held: Value::borrowed(p).to_ref() })
        .collect();
    drop(objects);
    if trash.is_empty() {
        return (0, 0);
    }
    let mut found = trash.len();
    forget_weak_references(vm, &trash, true);
    let trash = if finalize(vm, &trash) {
        let rest = not_revived(&mut census, trash);
        found = rest.len();
        rest
    } else {
        trash
    };
    drop(census);
    forget_weak_references(vm, &trash, false);
    if vm.collector.debug.get() & DEBUG_SAVEALL != 0 {
        module::save_garbage(vm, trash.into_iter().map(|t| t.held).collect());
        return (found, 0);
    }
    end(vm, trash);
    (found, 0)
}

/// Weak references to garbage are cleared. First those with a callback, which is called unless it
/// is garbage itself; the others when finalizers, which may use them, have run.
fn forget_weak_references(vm: &Vm, trash: &[Trash], with_callback: bool) {
    let mut calls = Vec::new();
    for t in trash {
        let p = t.held.pointer();
        if vm.type_of(t.held.value()).has_prefix() {
            weakref::detach(p, with_callback, &mut calls);
        }
    }
    if !calls.is_empty() {
        let garbage: FxHashSet<*mut Header> = trash.iter().map(|t| t.held.pointer()).collect();
        calls.retain(|w| !garbage.contains(&w.pointer()));
    }
    weakref::call_back(vm, calls);
}

/// Calls the finalizers that were not called before; whether there was one.
fn finalize(vm: &Vm, trash: &[Trash]) -> bool {
    let mut any = false;
    for t in trash {
        let v = t.held.value();
        if let Some(finalize) = vm.type_of(v).slots().finalize
            && !object::was_finalized(vm, v.pointer())
        {
            any = true;
            object::note_finalized(vm, v.pointer());
            finalize(vm, v);
        }
    }
    any
}

/// What is still garbage after finalizers have run: not what they have given to others, and what
/// that refers to.
fn not_revived(census: &mut Census, trash: Vec<Trash>) -> Vec<Trash> {
    let objects: Vec<(u32, *mut Header)> = trash.iter().map(|t| (t.number, t.held.pointer())).collect();
    census.outside.fill(super::UNTRACKED);
    for &(n, p) in &objects {
        // SAFETY: held by the list, whose reference does not count.
        census.outside[n as usize] = unsafe { (*p).refs } - 1;
    }
    census.subtract(&objects);
    let reached = census.reached(&objects, |_| false);
    trash.into_iter().filter(|t| !reached.contains(t.number as usize)).collect()
}

/// Takes the objects apart: what one clears ends with it, and the rest with the last reference
/// that is held here.
fn end(vm: &Vm, trash: Vec<Trash>) {
    for t in &trash {
        let p = t.held.pointer();
        // SAFETY: a live object, held here.
        unsafe {
            // Held by this list alone: its end needs no help.
            if (*p).refs > 1 {
                if let Some(clear) = vm.type_of(t.held.value()).slots().clear {
                    clear(vm, p);
                }
                object::clear_instance(vm, p);
            }
        }
    }
    drop(trash);
}
