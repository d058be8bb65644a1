//! `__build_class__`: what a `class` statement calls.

use crate::error::PyResult;
use crate::interp::enter;
use crate::protocol::{attr, call, item, object as obj};
use crate::shape;
use crate::types::cell::PyCell;
use crate::types::dict::PyDict;
use crate::types::str_::PyStr;
use crate::types::tuple::PyTuple;
use crate::types::type_::{MethodDef, Type};
use crate::types::type_new;
use crate::value::{Ref, Value};
use crate::vm::Vm;

pub(super) static FUNCTION: MethodDef = MethodDef::new(
    "__build_class__",
    "(func, name, /, *bases, metaclass=<unrepresentable>, **kwds)",
    build_class,
    "__build_class__(func, name, /, *bases, [metaclass], **kwds) -> class\n\nInternal helper function used by the class statement.",
);

fn build_class(vm: &Vm, a: &[Value]) -> PyResult {
    let (func, name, given_bases) = (a[0], a[1], a[2]);
    if !func.has_shape(shape::FUNCTION) {
        return Err(vm.type_error("__build_class__: func must be a function"));
    }
    if name.cast::<PyStr>().is_none() {
        return Err(vm.type_error("__build_class__: name is not a string"));
    }
    let bases = resolve_bases(vm, given_bases)?;
    let resolved = !bases.is(given_bases);
    let keywords = a[4];
    let meta = metaclass(vm, a[3], &bases)?;
    let namespace = prepare(vm, &meta, name, &bases, keywords)?;
    let cell = enter::run_function_with_locals(vm, &func.to_ref(), namespace.value())?;
    if resolved {
        item::set(vm, namespace.value(), vm.names().__orig_bases__, given_bases)?;
    }
    let args = [name, bases.value(), namespace.value()];
    let class = call::call_dict(vm, meta.value(), &args, keywords.cast::<PyDict>().filter(|d| !d.is_empty()))?;
    if Type::from_value(class.value()).is_some()
        && let Some(cell) = cell.cast::<PyCell>()
    {
        check_cell(vm, name, &class, cell)?;
    }
    Ok(class)
}

/// The `__class__` cell must have been filled with the class by `type.__new__`.
fn check_cell(vm: &Vm, name: Value, class: &Ref, cell: &PyCell) -> PyResult<()> {
    let found = cell.content.get();
    if found.is(class.value()) {
        return Ok(());
    }
    let shown = obj::repr_text(vm, name)?;
    if found.is_null() {
        return Err(vm.runtime_error(format!(
            "__class__ not set defining {shown} as {}. Was __classcell__ propagated to type.__new__?",
            obj::repr_text(vm, class.value())?
        )));
    }
    Err(vm.type_error(format!(
        "__class__ set to {} defining {shown} as {}",
        obj::repr_text(vm, found)?,
        obj::repr_text(vm, class.value())?
    )))
}

/// Bases with `__mro_entries__` replaced by what they stand for; the same tuple if there is none.
fn resolve_bases(vm: &Vm, bases: Value) -> PyResult {
    let Some(tuple) = bases.cast::<PyTuple>() else { return Ok(bases.to_ref()) };
    let mut out: Vec<Ref> = Vec::new();
    let mut changed = false;
    for &b in tuple.as_slice() {
        let entries = match Type::from_value(b) {
            Some(_) => None,
            None => attr::get_opt(vm, b, vm.names().__mro_entries__)?,
        };
        let Some(entries) = entries else {
            out.push(b.to_ref());
            continue;
        };
        let r = call::call_args(vm, entries.value(), &[bases])?;
        let Some(t) = r.cast::<PyTuple>() else {
            return Err(vm.type_error("__mro_entries__ must return a tuple"));
        };
        out.extend(t.as_slice().iter().map(|v| v.to_ref()));
        changed = true;
    }
    Ok(if changed { PyTuple::from_vec(vm, out) } else { bases.to_ref() })
}

fn metaclass(vm: &Vm, given: Value, bases: &Ref) -> PyResult {
    let Some(tuple) = bases.cast::<PyTuple>() else { return Ok(vm.builtin(shape::TYPE).to_ref()) };
    let meta = match (given.non_null(), tuple.as_slice().first()) {
        (Some(m), _) => m.to_ref(),
        (None, Some(b)) => vm.type_of(*b).to_ref(),
        (None, None) => vm.builtin(shape::TYPE).to_ref(),
    };
    match Type::from_value(meta.value()) {
        Some(m) => Ok(type_new::calculate_metaclass(vm, m, tuple)?.to_ref()),
        None => Ok(meta),
    }
}

fn prepare(vm: &Vm, meta: &Ref, name: Value, bases: &Ref, keywords: Value) -> PyResult {
    let Some(f) = attr::get_opt(vm, meta.value(), vm.names().__prepare__)? else {
        return Ok(PyDict::new(vm));
    };
    let kw = keywords.cast::<PyDict>().filter(|d| !d.is_empty());
    let ns = call::call_dict(vm, f.value(), &[name, bases.value()], kw)?;
    if vm.type_of(ns.value()).slots().get_item.is_none() {
        let shown = match Type::from_value(meta.value()) {
            Some(m) => m.name(),
            None => "<metaclass>".to_owned(),
        };
        return Err(vm.type_error(format!(
            "{shown}.__prepare__() must return a mapping, not {}",
            vm.type_of(ns.value()).full_name()
        )));
    }
    Ok(ns)
}
