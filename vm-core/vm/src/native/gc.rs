//! The module `gc`. Objects die when their last reference goes; cycles are not collected, so
//! that the functions here find nothing to do.

use std::cell::Cell;

use crate::error::PyResult;
use crate::native::sys::{c_int, can_refer};
use crate::native::{ModuleDef, add};
use crate::object::{self, Header};
use crate::protocol::attr;
use crate::types::dict::PyDict;
use crate::types::list::PyList;
use crate::types::tuple::PyTuple;
use crate::types::type_::MethodDef;
use crate::value::{Ref, Value};
use crate::vm::Vm;

thread_local! {
    static ENABLED: Cell<bool> = const { Cell::new(true) };
    static THRESHOLD: Cell<[i32; 3]> = const { Cell::new([2000, 10, 10]) };
    static DEBUG: Cell<i32> = const { Cell::new(0) };
}

fn generation(vm: &Vm, v: Value) -> PyResult<i32> {
    let g = v.non_null().map_or(Ok(2), |v| c_int(vm, v))?;
    if (0..=2).contains(&g) { Ok(g) } else { Err(vm.value_error("invalid generation")) }
}

fn collect(vm: &Vm, a: &[Value]) -> PyResult {
    generation(vm, a[0])?;
    Ok(Ref::small_int(0))
}

fn set_enabled(vm: &Vm, on: bool) -> PyResult {
    ENABLED.set(on);
    Ok(vm.none_ref())
}

fn set_threshold(vm: &Vm, a: &[Value]) -> PyResult {
    let args = a[0].cast::<PyTuple>().map_or(&[][..], |t| t.as_slice());
    if args.is_empty() || args.len() > 3 {
        return Err(vm.type_error("gc.set_threshold requires 1 to 3 arguments"));
    }
    let mut all = THRESHOLD.get();
    for (slot, v) in all.iter_mut().zip(args) {
        *slot = c_int(vm, *v)?;
    }
    THRESHOLD.set(all);
    Ok(vm.none_ref())
}

fn get_threshold(vm: &Vm, _: &[Value]) -> PyResult {
    Ok(PyTuple::from_iter(vm, THRESHOLD.get().iter().map(|n| Ref::small_int(*n as i64))))
}

fn get_count(vm: &Vm, _: &[Value]) -> PyResult {
    Ok(PyTuple::from_iter(vm, (0..3).map(|_| Ref::small_int(0))))
}

fn get_stats(vm: &Vm, _: &[Value]) -> PyResult {
    let one = || {
        let d = PyDict::new(vm);
        if let Some(d) = d.cast::<PyDict>() {
            for name in ["collections", "collected", "uncollectable"] {
                d.set_text(vm, name, Value::small_int(0));
            }
        }
        d
    };
    Ok(PyList::new(vm, (0..3).map(|_| one()).collect()))
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
    Ok(PyList::new(vm, Vec::new()))
}

/// What objects refer to directly, as far as their types tell.
fn get_referents(vm: &Vm, a: &[Value]) -> PyResult {
    let mut out: Vec<Ref> = Vec::new();
    for v in a[0].cast::<PyTuple>().into_iter().flat_map(|t| t.iter()) {
        if !v.is_object() {
            continue;
        }
        if let Some(traverse) = vm.type_of(v).slots().traverse {
            let p: *mut Header = v.pointer();
            // SAFETY: a live object of a type with this slot.
            unsafe { traverse(p, &mut |x| out.extend(x.non_null().map(Value::to_ref))) };
        }
        if let Some(d) = attr::instance_dict_opt(vm, v) {
            out.push(d.as_value().to_ref());
        }
    }
    Ok(PyList::new(vm, out))
}

fn is_tracked(vm: &Vm, a: &[Value]) -> PyResult {
    Ok(vm.bool_ref(can_refer(vm, a[0])))
}

fn none(vm: &Vm, _: &[Value]) -> PyResult {
    Ok(vm.none_ref())
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
        MethodDef::new("isenabled", "()", |vm, _| Ok(vm.bool_ref(ENABLED.get())), "Returns true if automatic garbage collection is enabled."),
        MethodDef::new("collect", "(generation=2)", collect, "Run the garbage collector."),
        MethodDef::new("set_debug", "(flags, /)", |vm, a| {
            DEBUG.set(c_int(vm, a[0])?);
            Ok(vm.none_ref())
        }, "Set the garbage collection debugging flags."),
        MethodDef::new("get_debug", "()", |_, _| Ok(Ref::small_int(DEBUG.get() as i64)), "Get the garbage collection debugging flags."),
        MethodDef::new("get_count", "()", get_count, "Return a three-tuple of the current collection counts."),
        MethodDef::new("set_threshold", "(*args)", set_threshold, "Set the collection thresholds (the collection frequency)."),
        MethodDef::new("get_threshold", "()", get_threshold, "Return the current collection thresholds."),
        MethodDef::new("get_objects", "(generation=None)", get_objects, "Return a list of objects tracked by the collector (excluding the list returned)."),
        MethodDef::new("get_stats", "()", get_stats, "Return a list of dictionaries containing per-generation statistics."),
        MethodDef::new("get_referents", "(*objs)", get_referents, "Return the list of objects that are directly referred to by 'objs'."),
        MethodDef::new("get_referrers", "(*objs)", |vm, _| Ok(PyList::new(vm, Vec::new())), "Return the list of objects that directly refer to any of 'objs'."),
        MethodDef::new("is_tracked", "(obj, /)", is_tracked, "Returns true if the object is tracked by the garbage collector."),
        MethodDef::new("is_finalized", "(obj, /)", |vm, a| Ok(vm.bool_ref(a[0].is_object() && object::was_finalized(vm, a[0].pointer()))), "Returns true if the object has been already finalized by the GC."),
        MethodDef::new("freeze", "()", none, "Freeze all current tracked objects and ignore them for future collections."),
        MethodDef::new("unfreeze", "()", none, "Unfreeze all objects in the permanent generation."),
        MethodDef::new("get_freeze_count", "()", |_, _| Ok(Ref::small_int(0)), "Return the number of objects in the permanent generation."),
    ],
    init,
};
