//! Exception groups: what `except*` does beside matching.

use super::exception;
use crate::error::PyResult;
use crate::protocol::{call, iter};
use crate::shape;
use crate::types::list::PyList;
use crate::types::tuple::PyTuple;
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// What is raised after the handlers of a `try ... except*`: of `original`, the parts that were
/// raised again (`raised` holds them and new exceptions; None for handled ones) keep their
/// nesting; new exceptions stand beside them. None when nothing is left.
pub fn prepare_reraise_star(vm: &Vm, original: Value, raised: Value) -> PyResult {
    let raised: Vec<Ref> =
        iter::to_vec(vm, raised)?.into_iter().filter(|e| !e.is(vm.none())).collect();
    if raised.is_empty() {
        return Ok(vm.none_ref());
    }
    let group = vm.builtin(shape::BASE_EXCEPTION_GROUP);
    if !vm.type_of(original).is_subtype(group) {
        // A naked exception was wrapped for matching: it comes out as it was, or what replaced it.
        return Ok(raised.into_iter().next().unwrap_or_else(|| vm.none_ref()));
    }
    let (again, fresh): (Vec<Ref>, Vec<Ref>) =
        raised.into_iter().partition(|e| is_part_of(vm, e.value(), original));
    let kept = project(vm, original, &again)?;
    let mut parts = fresh;
    if !kept.is(vm.none()) {
        if parts.is_empty() {
            return Ok(kept);
        }
        parts.push(kept);
    }
    if parts.len() == 1 {
        return Ok(parts.remove(0));
    }
    let list = PyList::new(vm, parts);
    call::call_args(
        vm,
        vm.builtin(shape::BASE_EXCEPTION_GROUP).value(),
        &[vm.empty_str(), list.value()],
    )
}

/// A part of a group has its traceback, context and cause objects: it was split off and raised again.
fn is_part_of(vm: &Vm, e: Value, original: Value) -> bool {
    let (Some(x), Some(o)) = (exception(e), exception(original)) else { return false };
    vm.type_of(e).is_subtype(vm.builtin(shape::BASE_EXCEPTION_GROUP))
        && x.traceback.get().is(o.traceback.get())
        && x.context.get().is(o.context.get())
        && x.cause.get().is(o.cause.get())
}

fn leaves(vm: &Vm, e: Value, out: &mut Vec<Ref>) {
    let is_group = vm.type_of(e).is_subtype(vm.builtin(shape::BASE_EXCEPTION_GROUP));
    match exception(e).filter(|_| is_group).and_then(|x| x.fields[1].get_ref()) {
        Some(items) => {
            for i in items.cast::<PyTuple>().into_iter().flat_map(|t| t.as_slice()) {
                leaves(vm, *i, out);
            }
        }
        None => out.push(e.to_ref()),
    }
}

/// The part of `original` whose leaves occur in the given groups.
fn project(vm: &Vm, original: Value, keep: &[Ref]) -> PyResult {
    let mut wanted = Vec::new();
    keep.iter().for_each(|k| leaves(vm, k.value(), &mut wanted));
    match subgroup(vm, original, &wanted)? {
        Some(g) => Ok(g),
        None => Ok(vm.none_ref()),
    }
}

fn subgroup(vm: &Vm, e: Value, wanted: &[Ref]) -> PyResult<Option<Ref>> {
    let is_group = vm.type_of(e).is_subtype(vm.builtin(shape::BASE_EXCEPTION_GROUP));
    if !is_group {
        return Ok(wanted.iter().any(|w| w.is(e)).then(|| e.to_ref()));
    }
    let Some(x) = exception(e) else { return Ok(None) };
    let mut parts = Vec::new();
    let items = x.fields[1].get_ref();
    for i in items.iter().filter_map(|i| i.cast::<PyTuple>()).flat_map(|t| t.as_slice()) {
        parts.extend(subgroup(vm, *i, wanted)?);
    }
    if parts.is_empty() {
        return Ok(None);
    }
    let list = PyList::new(vm, parts);
    let made = call::call_method(vm, e, "derive", &[list.value()])?;
    if let (Some(to), Some(from)) = (exception(made.value()), exception(e)) {
        for (to, from) in [(&to.traceback, &from.traceback), (&to.context, &from.context), (&to.cause, &from.cause)] {
            to.replace(from.get_ref());
        }
    }
    Ok(Some(made))
}
