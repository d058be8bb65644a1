//! `match` statements.

use crate::error::PyResult;
use crate::interp::regs::{Flow, Regs};
use crate::ops::attempt;
use crate::protocol::{attr, object as obj};
use crate::shape;
use crate::types::object_type;
use crate::types::set::PySet;
use crate::types::str_::PyStr;
use crate::types::tuple::PyTuple;
use crate::types::type_::{Type, TypeRef, flags};
use crate::value::{Ref, Value};
use crate::vm::Vm;

#[inline(always)]
unsafe fn push_flag(r: &mut Regs, flag: u32) -> Flow {
    let vm = r.vm();
    let v = vm.bool(vm.type_of(r.peek(1)).has_flag(flag));
    r.push(v);
    Flow::Next
}

#[inline(always)]
pub unsafe fn MATCH_MAPPING(r: &mut Regs) -> Flow {
    push_flag(r, flags::MAPPING)
}

#[inline(always)]
pub unsafe fn MATCH_SEQUENCE(r: &mut Regs) -> Flow {
    push_flag(r, flags::SEQUENCE)
}

/// [subject, keys] -- [subject, keys, values or None].
#[inline(always)]
pub unsafe fn MATCH_KEYS(r: &mut Regs) -> Flow {
    r.save();
    let v = match_keys(r.vm(), r.peek(2), r.peek(1));
    r.push_result(v)
}

#[inline(never)]
fn match_keys(vm: &Vm, map: Value, keys: Value) -> PyResult {
    let Some(keys) = keys.cast::<PyTuple>() else {
        return Err(vm.system_error("MATCH_KEYS without a tuple of keys"));
    };
    if keys.is_empty() {
        return Ok(vm.empty_tuple().to_ref());
    }
    // `get` with a default that is nobody else's tells what is missing, without making entries.
    let get = attr::load_method(vm, map, vm.names().get)?;
    let dummy = object_type::new_plain(vm);
    let seen = PySet::new_set(vm);
    let mut values = Vec::with_capacity(keys.len());
    for key in keys.iter() {
        mark_seen(vm, &seen, key, || {
            let key = obj::repr_text(vm, key)?;
            Ok(vm.value_error(format!("mapping pattern checks duplicate key ({key})")))
        })?;
        let v = get.call(vm, &[key, dummy.value()])?;
        if v.is(*dummy) {
            return Ok(vm.none_ref());
        }
        values.push(v);
    }
    Ok(PyTuple::from_vec(vm, values))
}

/// Adds to a set, or fails with what `error` makes if it was there.
fn mark_seen(
    vm: &Vm,
    seen: &Ref,
    v: Value,
    error: impl FnOnce() -> PyResult<crate::error::Raised>,
) -> PyResult<()> {
    let Some(set) = PySet::from_value(seen.value()) else { return Ok(()) };
    if set.contains(vm, v)? {
        return Err(error()?);
    }
    set.add(vm, v)
}

/// [subject, class, names] -- attributes or None.
#[inline(always)]
pub unsafe fn MATCH_CLASS(r: &mut Regs) -> Flow {
    r.save();
    let found = attempt!(r, match_class(r.vm(), r.peek(3), r.peek(2), r.arg(), r.peek(1)));
    let v = found.unwrap_or_else(|| r.vm().none_ref());
    r.finish::<3>(v.into_value());
    Flow::Called
}

#[inline(never)]
fn match_class(
    vm: &Vm,
    subject: Value,
    class: Value,
    positional: usize,
    names: Value,
) -> PyResult<Option<Ref>> {
    let Some(ty) = Type::from_value(class) else {
        return Err(vm.type_error("called match pattern must be a class"));
    };
    if !obj::is_instance(vm, subject, class)? {
        return Ok(None);
    }
    let seen = PySet::new_set(vm);
    let mut attrs = Vec::new();
    if positional > 0 && !match_positional(vm, subject, ty, positional, &seen, &mut attrs)? {
        return Ok(None);
    }
    if let Some(names) = names.cast::<PyTuple>() {
        for name in names.iter() {
            match class_attribute(vm, subject, ty, name, &seen)? {
                Some(v) => attrs.push(v),
                None => return Ok(None),
            }
        }
    }
    Ok(Some(PyTuple::from_vec(vm, attrs)))
}

fn match_positional(
    vm: &Vm,
    subject: Value,
    ty: TypeRef,
    positional: usize,
    seen: &Ref,
    attrs: &mut Vec<Ref>,
) -> PyResult<bool> {
    let declared = attr::get_opt(vm, ty.value(), vm.intern("__match_args__"))?;
    let match_self = declared.is_none() && matches_self(vm, ty);
    let declared = declared.unwrap_or_else(|| vm.empty_tuple().to_ref());
    let Some(names) = declared.cast_exact::<PyTuple>() else {
        return Err(vm.type_error(format!(
            "{}.__match_args__ must be a tuple (got {})",
            ty.full_name(),
            vm.type_of(declared.value()).full_name()
        )));
    };
    let allowed = if match_self { 1 } else { names.len() };
    if allowed < positional {
        return Err(vm.type_error(format!(
            "{}() accepts {allowed} positional sub-pattern{} ({positional} given)",
            ty.full_name(),
            if allowed == 1 { "" } else { "s" }
        )));
    }
    if match_self {
        attrs.push(subject.to_ref());
        return Ok(true);
    }
    for name in names.iter().take(positional) {
        if !name.has_shape(shape::STR) {
            return Err(vm.type_error(format!(
                "__match_args__ elements must be strings (got {})",
                vm.type_of(name).full_name()
            )));
        }
        match class_attribute(vm, subject, ty, name, seen)? {
            Some(v) => attrs.push(v),
            None => return Ok(false),
        }
    }
    Ok(true)
}

/// Built-in types (and what derives from them) whose one positional pattern is the value itself.
fn matches_self(vm: &Vm, ty: TypeRef) -> bool {
    const SELF: [u32; 11] = [
        shape::BOOL,
        shape::BYTEARRAY,
        shape::BYTES,
        shape::DICT,
        shape::FLOAT,
        shape::FROZENSET,
        shape::INT,
        shape::LIST,
        shape::SET,
        shape::STR,
        shape::TUPLE,
    ];
    SELF.iter().any(|s| ty.is_subtype(vm.builtin(*s)))
}

fn class_attribute(vm: &Vm, subject: Value, ty: TypeRef, name: Value, seen: &Ref) -> PyResult<Option<Ref>> {
    mark_seen(vm, seen, name, || {
        Ok(vm.type_error(format!(
            "{}() got multiple sub-patterns for attribute {}",
            ty.full_name(),
            obj::repr_text(vm, name)?
        )))
    })?;
    let name = match name.cast::<PyStr>() {
        Some(s) => vm.intern_value(s),
        None => name,
    };
    attr::get_opt(vm, subject, name)
}
