//! The fields that some exception types have beside `args`: their names, and the initialization,
//! text and pickling of the types that need no more than a few lines. Fields are kept by index
//! in the payload; each type's table gives them names.

use super::{PyException, exception, exception_init, set_base_args, this};
use crate::args::CallArgs;
use crate::error::{PyResult, Raised};
use crate::protocol::{attr, object as obj};
use crate::shape;
use crate::types::dict::PyDict;
use crate::types::tuple::PyTuple;
use crate::types::type_::{GetSetDef, MethodDef};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// The content of a field, None where it is unset.
pub(super) fn get(vm: &Vm, v: Value, i: usize) -> PyResult {
    Ok(this(v).fields[i].get().non_null().unwrap_or(vm.none()).to_ref())
}

/// Sets a field; NULL unsets it.
pub(super) fn set(_: &Vm, v: Value, i: usize, value: Value) -> PyResult<()> {
    this(v).fields[i].set(value.to_ref());
    Ok(())
}

/// A field that can be read and set.
macro_rules! field {
    ($name:literal, $i:literal) => {
        GetSetDef::member_set($name, |vm, v| $crate::types::exceptions::fields::get(vm, v, $i), |vm, v, x| $crate::types::exceptions::fields::set(vm, v, $i, x), "")
    };
}
pub(super) use field;

pub static STOP_ITERATION: &[GetSetDef] = &[field!("value", 0)];
pub static SYSTEM_EXIT: &[GetSetDef] = &[field!("code", 0)];
pub static NAME_ERROR: &[GetSetDef] = &[field!("name", 0)];
pub static ATTRIBUTE_ERROR: &[GetSetDef] = &[field!("name", 0), field!("obj", 1)];
pub static IMPORT_ERROR: &[GetSetDef] =
    &[field!("name", 0), field!("path", 1), field!("msg", 2), field!("name_from", 3)];

pub(super) fn init_stop_iteration(vm: &Vm, v: Value, args: CallArgs) -> PyResult<()> {
    exception_init(vm, v, args)?;
    set(vm, v, 0, args.positional_args().first().copied().unwrap_or(Value::NULL))
}

pub(super) fn init_system_exit(vm: &Vm, v: Value, args: CallArgs) -> PyResult<()> {
    exception_init(vm, v, args)?;
    match args.positional_args() {
        [] => Ok(()),
        [code] => set(vm, v, 0, *code),
        several => set(vm, v, 0, PyTuple::from_slice(vm, several).value()),
    }
}

/// Sets the fields from keyword arguments; those that are not given are unset.
fn init_by_keywords(vm: &Vm, v: Value, args: CallArgs, name: &str, fields: &[(&str, usize)]) -> PyResult<()> {
    set_base_args(vm, v, args.positional_args());
    let mut values = vec![Value::NULL; fields.len()];
    if args.keyword_count() > fields.len() {
        let s = if fields.len() == 1 { "" } else { "s" };
        return Err(vm.type_error(format!(
            "{name}() takes at most {} keyword argument{s} ({} given)",
            fields.len(),
            args.keyword_count()
        )));
    }
    for (k, x) in args.keywords() {
        let k = obj::text(k);
        match fields.iter().position(|(n, _)| *n == k) {
            Some(i) => values[i] = x,
            None => {
                return Err(vm.type_error(format!("{name}() got an unexpected keyword argument '{k}'")));
            }
        }
    }
    fields.iter().zip(values).try_for_each(|((_, i), x)| set(vm, v, *i, x))
}

pub(super) fn init_import_error(vm: &Vm, v: Value, args: CallArgs) -> PyResult<()> {
    init_by_keywords(vm, v, args, "ImportError", &[("name", 0), ("path", 1), ("name_from", 3)])?;
    let pos = args.positional_args();
    set(vm, v, 2, if let [msg] = pos { *msg } else { Value::NULL })
}

pub(super) fn init_attribute_error(vm: &Vm, v: Value, args: CallArgs) -> PyResult<()> {
    init_by_keywords(vm, v, args, "AttributeError", &[("name", 0), ("obj", 1)])
}

pub(super) fn init_name_error(vm: &Vm, v: Value, args: CallArgs) -> PyResult<()> {
    init_by_keywords(vm, v, args, "NameError", &[("name", 0)])
}

pub(super) fn import_error_str(vm: &Vm, v: Value) -> PyResult {
    match this(v).fields[2].get_ref() {
        Some(m) if m.has_shape(shape::STR) => Ok(m),
        _ => super::str(vm, v),
    }
}

/// A missing key is shown by its repr: `KeyError: ''` tells more than `KeyError: `.
pub(super) fn key_error_str(vm: &Vm, v: Value) -> PyResult {
    let args = this(v).args.get().to_ref();
    match args.cast::<PyTuple>() {
        Some(t) if t.len() == 1 => obj::repr(vm, t.as_slice()[0]),
        _ => super::str(vm, v),
    }
}

/// A copy of the instance dictionary with the fields that are set; None if that is nothing.
fn state_with(vm: &Vm, v: Value, fields: &[(&str, Option<Ref>)]) -> PyResult {
    let own = attr::instance_dict_opt(vm, v).filter(|d| !d.is_empty());
    if own.is_none() && fields.iter().all(|(_, x)| x.is_none()) {
        return Ok(vm.none_ref());
    }
    let state = own.map_or_else(|| PyDict::new(vm), |d| d.copy(vm));
    if let Some(d) = state.cast::<PyDict>() {
        for (name, x) in fields {
            if let Some(x) = x {
                d.set_text(vm, name, x.value());
            }
        }
    }
    Ok(state)
}

fn reduce_with(vm: &Vm, v: Value, state: Ref) -> Ref {
    let mut parts = vec![vm.type_of(v).to_ref(), this(v).args.get().to_ref()];
    if !state.is(vm.none()) {
        parts.push(state);
    }
    PyTuple::from_vec(vm, parts)
}

fn reduce_import_error(vm: &Vm, a: &[Value]) -> PyResult {
    let f = |i: usize| this(a[0]).fields[i].get_ref();
    let state = state_with(vm, a[0], &[("name", f(0)), ("path", f(1)), ("name_from", f(3))])?;
    Ok(reduce_with(vm, a[0], state))
}

/// `obj` is left out: chances are that it cannot be pickled.
fn attribute_error_state(vm: &Vm, a: &[Value]) -> PyResult {
    let e = this(a[0]);
    state_with(vm, a[0], &[("name", e.fields[0].get_ref()), ("args", e.args.get_ref())])
}

fn reduce_attribute_error(vm: &Vm, a: &[Value]) -> PyResult {
    let state = attribute_error_state(vm, a)?;
    Ok(reduce_with(vm, a[0], state))
}

pub static IMPORT_ERROR_METHODS: &[MethodDef] = &[MethodDef::new("__reduce__", "($self, /)", reduce_import_error, "")];
pub static ATTRIBUTE_ERROR_METHODS: &[MethodDef] = &[
    MethodDef::new("__getstate__", "($self, /)", attribute_error_state, ""),
    MethodDef::new("__reduce__", "($self, /)", reduce_attribute_error, ""),
];

/// Sets `name` and `obj` of an AttributeError (or `name` of a NameError) made natively.
pub fn set_name_and_object(_: &Vm, e: &Raised, name: Value, object: Value) {
    if let Some(e) = exception(e.0.value()) {
        e.fields[0].set(name.to_ref());
        if !object.is_null() {
            e.fields[1].set(object.to_ref());
        }
    }
}

/// Tells an AttributeError that says nothing of it what was looked for, and in what.
#[cold]
pub fn complete_attribute_error(vm: &Vm, e: Raised, name: Value, object: Value) -> Raised {
    let silent = |e: &PyException| e.fields[0].is_null() && e.fields[1].is_null();
    if e.is(vm, shape::ATTRIBUTE_ERROR) && exception(e.0.value()).is_some_and(silent) {
        set_name_and_object(vm, &e, name, object);
    }
    e
}

/// Sets `name`, `path` and `name_from` of an ImportError made natively; NULL or None leaves one unset.
pub fn set_import_fields(vm: &Vm, e: &PyException, name: Option<Ref>, path: Option<Ref>, name_from: Value) {
    let fields = [(0, name), (1, path), (3, Some(name_from.to_ref()))];
    for (i, v) in fields {
        if let Some(v) = v.filter(|v| !v.is_null() && !v.is(vm.none())) {
            e.fields[i].set(v);
        }
    }
}
