//! The module `gc`: the cycle collector as programs see it.
//!
//! There is one kind of collection; the generations of CPython's are accepted and told apart
//! only in the statistics.

use crate::error::PyResult;
use crate::gc::{self, Stats};
use crate::native::sys::c_int;
use crate::native::{ModuleDef, add};
use crate::protocol::{attr, call};
use crate::runtime;
use crate::types::dict::PyDict;
use crate::types::list::PyList;
use crate::types::tuple::PyTuple;
use crate::types::type_::MethodDef;
use crate::value::{Ref, Value};
use crate::vm::Vm;

fn generation(vm: &Vm, v: Value) -> PyResult<i32> {
    let g = v.non_null().map_or(Ok(2), |v| c_int(vm, v))?;
    if (0..=2).contains(&g) { Ok(g) } else { Err(vm.value_error("invalid generation")) }
}

fn collect(vm: &Vm, a: &[Value]) -> PyResult {
    let generation = generation(vm, a[0])?;
    Ok(Ref::small_int(gc::collect(vm, generation as usize) as i64))
}

fn set_enabled(vm: &Vm, on: bool) -> PyResult {
    vm.collector.enabled.set(on);
    Ok(vm.none_ref())
}

fn set_threshold(vm: &Vm, a: &[Value]) -> PyResult {
    let args = a[0].cast::<PyTuple>().map_or(&[][..], |t| t.as_slice());
    if args.is_empty() || args.len() > 3 {
        return Err(vm.type_error("gc.set_threshold requires 1 to 3 arguments"));
    }
    let mut all = vm.collector.thresholds.get();
    for (slot, v) in all.iter_mut().zip(args) {
        *slot = c_int(vm, *v)?;
    }
    gc::set_thresholds(vm, all);
    Ok(vm.none_ref())
}

fn get_threshold(vm: &Vm, _: &[Value]) -> PyResult {
    let all = vm.collector.thresholds.get();
    Ok(PyTuple::from_iter(vm, all.iter().map(|n| Ref::small_int(*n as i64))))
}

fn get_count(vm: &Vm, _: &[Value]) -> PyResult {
    Ok(PyTuple::from_iter(vm, (0..3).map(|_| Ref::small_int(0))))
}

/// The numbers of a collection as a dict, with what else `first` names.
fn stats_dict(vm: &Vm, first: &[(&str, usize)], stats: Stats, with_count: bool) -> Ref {
    let made = PyDict::new(vm);
    if let Some(d) = made.cast::<PyDict>() {
        let count = with_count.then_some(("collections", stats.collections));
        let rest = [("collected", stats.collected), ("uncollectable", stats.uncollectable)];
        for (name, n) in first.iter().copied().chain(count).chain(rest) {
            d.set_text(vm, name, Value::small_int(n as i64));
        }
    }
    made
}

fn get_stats(vm: &Vm, _: &[Value]) -> PyResult {
    let all = vm.collector.stats.get();
    Ok(PyList::new(vm, all.into_iter().map(|s| stats_dict(vm, &[], s, true)).collect()))
}

/// Calls the functions in `gc.callbacks`.
pub(crate) fn call_callbacks(vm: &Vm, phase: &str, generation: usize, stats: Stats) {
    let Some(callbacks) = module_list(vm, "callbacks") else { return };
    let Some(list) = callbacks.cast::<PyList>().filter(|l| !l.as_slice().is_empty()) else { return };
    let functions: Vec<Ref> = list.as_slice().iter().map(|v| v.to_ref()).collect();
    let info = stats_dict(vm, &[("generation", generation)], stats, false);
    let phase = vm.new_str(phase);
    for f in functions {
        if let Err(e) = call::call_args(vm, f.value(), &[phase.value(), info.value()]) {
            runtime::unraisable(vm, e, f.value());
        }
    }
}

/// Adds to `gc.garbage`.
pub(crate) fn save_garbage(vm: &Vm, garbage: Vec<Ref>) {
    let list = module_list(vm, "garbage");
    if let Some(list) = list.as_ref().and_then(|l| l.cast::<PyList>()) {
        garbage.into_iter().for_each(|g| list.push(g));
    }
}

/// A list that the module holds, if the program has imported it.
fn module_list(vm: &Vm, name: &str) -> Option<Ref> {
    let m = runtime::modules(vm).get_text(vm, "gc")?.to_ref();
    attr::instance_dict(vm, m.value())?.get_text(vm, name).map(|v| v.to_ref())
}

fn get_objects(vm: &Vm, a: &[Value]) -> PyResult {
    if let Some(g) = a[0].non_null().filter(|g| !g.is(vm.none())) {
        let g = c_int(vm, g)?;
        if g > 2 {
            return Err(vm.value_error(
                "generation parameter must be less than the number of available generations (3)",
            ));
        }
        if g < 0 {
            return Err(vm.value_error("generation parameter cannot be negative"));
        }
    }
    Ok(PyList::new(vm, gc::all_objects(vm)))
}

fn arguments(a: &[Value]) -> &[Value] {
    a[0].cast::<PyTuple>().map_or(&[][..], |t| t.as_slice())
}

fn get_referents(vm: &Vm, a: &[Value]) -> PyResult {
    Ok(PyList::new(vm, arguments(a).iter().flat_map(|v| gc::referents(vm, *v)).collect()))
}

fn get_referrers(vm: &Vm, a: &[Value]) -> PyResult {
    let mut found = gc::referrers(vm, arguments(a));
    // Not the tuple of the arguments.
    found.retain(|r| !r.is(a[0]));
    Ok(PyList::new(vm, found))
}

#[cfg(debug_assertions)]
fn unaccounted(vm: &Vm, _: &[Value]) -> PyResult {
    let made = PyDict::new(vm);
    let account = gc::account::unaccounted(vm);
    if let Some(d) = made.cast::<PyDict>() {
        account.iter().for_each(|(ty, n)| d.set_text(vm, ty, Value::small_int(*n)));
    }
    Ok(made)
}

fn is_tracked(vm: &Vm, a: &[Value]) -> PyResult {
    Ok(vm.bool_ref(gc::is_tracked(vm, a[0])))
}

fn is_finalized(vm: &Vm, a: &[Value]) -> PyResult {
    Ok(vm.bool_ref(a[0].is_object() && crate::object::was_finalized(vm, a[0].pointer())))
}

fn init(vm: &Vm, m: Value) -> PyResult<()> {
    for (name, bit) in [
        ("DEBUG_STATS", 1),
        ("DEBUG_COLLECTABLE", 2),
        ("DEBUG_UNCOLLECTABLE", 4),
        ("DEBUG_SAVEALL", 32),
        ("DEBUG_LEAK", 38),
    ] {
        add(vm, m, name, Value::small_int(bit))?;
    }
    for name in ["garbage", "callbacks"] {
        add(vm, m, name, PyList::new(vm, Vec::new()).value())?;
    }
    Ok(())
}

pub(super) static MODULE: ModuleDef = ModuleDef {
    name: "gc",
    doc: "This module provides access to the garbage collector for reference cycles.",
    functions: &[
        MethodDef::new("enable", "()", |vm, _| set_enabled(vm, true), "Enable automatic garbage collection."),
        MethodDef::new("disable", "()", |vm, _| set_enabled(vm, false), "Disable automatic garbage collection."),
        MethodDef::new("isenabled", "()", |vm, _| Ok(vm.bool_ref(vm.collector.enabled.get())), "Returns true if automatic garbage collection is enabled."),
        MethodDef::new("collect", "(generation=2)", collect, "Run the garbage collector."),
        MethodDef::new("set_debug", "(flags, /)", |vm, a| {
            vm.collector.debug.set(c_int(vm, a[0])?);
            Ok(vm.none_ref())
        }, "Set the garbage collection debugging flags."),
        MethodDef::new("get_debug", "()", |vm, _| Ok(Ref::small_int(vm.collector.debug.get() as i64)), "Get the garbage collection debugging flags."),
        MethodDef::new("get_count", "()", get_count, "Return a three-tuple of the current collection counts."),
        MethodDef::new("set_threshold", "(*args)", set_threshold, "Set the collection thresholds (the collection frequency)."),
        MethodDef::new("get_threshold", "()", get_threshold, "Return the current collection thresholds."),
        MethodDef::new("get_objects", "(generation=None)", get_objects, "Return a list of objects tracked by the collector (excluding the list returned)."),
        MethodDef::new("get_stats", "()", get_stats, "Return a list of dictionaries containing per-generation statistics."),
        MethodDef::new("get_referents", "(*objs)", get_referents, "Return the list of objects that are directly referred to by 'objs'."),
        MethodDef::new("get_referrers", "(*objs)", get_referrers, "Return the list of objects that directly refer to any of 'objs'."),
        MethodDef::new("is_tracked", "(obj, /)", is_tracked, "Returns true if the object is tracked by the garbage collector."),
        MethodDef::new("is_finalized", "(obj, /)", is_finalized, "Returns true if the object has been already finalized by the GC."),
        MethodDef::new("freeze", "()", |vm, _| { gc::freeze(vm); Ok(vm.none_ref()) }, "Freeze all current tracked objects and ignore them for future collections."),
        MethodDef::new("unfreeze", "()", |vm, _| { gc::unfreeze(vm); Ok(vm.none_ref()) }, "Unfreeze all objects in the permanent generation."),
        #[cfg(debug_assertions)]
        MethodDef::new("_unaccounted", "()", unaccounted, "References to objects of each type that no object or class accounts for (tailscope's debug builds only)."),
        MethodDef::new("get_freeze_count", "()", |vm, _| Ok(Ref::small_int(gc::frozen_count(vm) as i64)), "Return the number of objects in the permanent generation."),
    ],
    init,
};
