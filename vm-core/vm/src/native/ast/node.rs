//! `ast.AST`, the base of all node classes: construction, copies, repr.

use crate::args::CallArgs;
use crate::error::PyResult;
use crate::native::warnings;
use crate::protocol::{attr, iter, object as obj};
use crate::shape;
use crate::types::dict::PyDict;
use crate::types::generic_alias::PyGenericAlias;
use crate::types::list::PyList;
use crate::types::object_type::{self, PyObject};
use crate::types::str_::PyStr;
use crate::types::tuple::PyTuple;
use crate::types::type_::{GetSetDef, MethodDef, New, Type, TypeDef, flags};
use crate::types::type_new::{get_instance_dict, set_instance_dict};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// How deep a repr shows nodes within nodes.
const REPR_DEPTH: usize = 3;

/// The names in `_fields` or `_attributes` of a class.
fn names_of(vm: &Vm, ty: Value, which: &str) -> PyResult<Vec<Ref>> {
    let names = attr::get_named(vm, ty, which)?;
    iter::to_vec(vm, names.value())
}

fn contains(names: &[Ref], name: Value) -> bool {
    position(names, name).is_some()
}

fn position(names: &[Ref], name: Value) -> Option<usize> {
    let text = name.cast::<PyStr>()?.as_bytes();
    names.iter().position(|n| n.cast::<PyStr>().is_some_and(|s| s.as_bytes() == text))
}

fn deprecated(vm: &Vm, text: &str) -> PyResult<()> {
    let category = vm.builtin(shape::DEPRECATION_WARNING).value();
    warnings::warn(vm, vm.new_str(text).value(), category, 1, vm.none(), &[])
}

fn init(vm: &Vm, v: Value, args: CallArgs) -> PyResult<()> {
    let ty = vm.type_of(v);
    let fields = names_of(vm, ty.value(), "_fields")?;
    let mut missing: Vec<bool> = vec![true; fields.len()];
    let positional = args.positional_args();
    if positional.len() > fields.len() {
        let s = if fields.len() == 1 { "" } else { "s" };
        return Err(vm.type_error(format!(
            "{} constructor takes at most {} positional argument{s}",
            ty.name(),
            fields.len()
        )));
    }
    for (i, (name, value)) in fields.iter().zip(positional).enumerate() {
        attr::set(vm, v, name.value(), *value)?;
        missing[i] = false;
    }
    for (key, value) in args.keywords() {
        match position(&fields, key) {
            Some(i) if !missing[i] => {
                let shown = obj::repr_text(vm, key)?;
                return Err(vm.type_error(format!("{} got multiple values for argument {shown}", display(vm, v))));
            }
            Some(i) => missing[i] = false,
            None if contains(&names_of(vm, ty.value(), "_attributes")?, key) => {}
            None => {
                let shown = obj::repr_text(vm, key)?;
                deprecated(
                    vm,
                    &format!(
                        "{}.__init__ got an unexpected keyword argument {shown}. Support for arbitrary keyword \
                         arguments is deprecated and will be removed in Python 3.15.",
                        display(vm, v)
                    ),
                )?;
            }
        }
        attr::set(vm, v, key, value)?;
    }
    let left: Vec<Ref> = fields.into_iter().zip(missing).filter_map(|(f, m)| m.then_some(f)).collect();
    fill_missing(vm, v, &left)
}

/// Gives fields that were left out their empty values: lists, `Load()`.
fn fill_missing(vm: &Vm, v: Value, left: &[Ref]) -> PyResult<()> {
    let ty = vm.type_of(v);
    if left.is_empty() {
        return Ok(());
    }
    // A subclass of somebody's own may have no types of fields; it gets no empty values.
    let Some(types) = attr::get_opt(vm, ty.value(), vm.intern("_field_types"))? else { return Ok(()) };
    let Some(types) = types.cast::<PyDict>() else { return Ok(()) };
    for name in left {
        let shown = || obj::repr_text(vm, name.value());
        let Some(field) = types.get(vm, name.value())? else {
            deprecated(
                vm,
                &format!(
                    "Field {} is missing from {}._field_types. This will become an error in Python 3.15.",
                    shown()?,
                    display(vm, v)
                ),
            )?;
            continue;
        };
        if field.has_shape(shape::UNION) {
            // The class has None for it.
        } else if field.cast::<PyGenericAlias>().is_some() {
            attr::set(vm, v, name.value(), PyList::new(vm, Vec::new()).value())?;
        } else if Type::from_value(field.value()).is_some_and(|t| t.name() == "expr_context") {
            let load = super::class(vm, "Load")?;
            let load = crate::protocol::call::call_args(vm, load.value(), &[])?;
            attr::set(vm, v, name.value(), load.value())?;
        } else {
            deprecated(
                vm,
                &format!(
                    "{}.__init__ missing 1 required positional argument: {}. This will become an error in Python 3.15.",
                    display(vm, v),
                    shown()?
                ),
            )?;
        }
    }
    Ok(())
}

/// The name that CPython's messages show: a class of this module has no module before it.
fn display(vm: &Vm, v: Value) -> String {
    vm.type_of(v).name()
}

/// The instance's attributes, if there are any.
fn dict_of(vm: &Vm, v: Value) -> PyResult<Option<Ref>> {
    attr::get_opt(vm, v, vm.names().__dict__)
}

/// `(type, (None, ...), state)`: children go into the state, so that copying does not recurse
/// through the constructor.
fn reduce(vm: &Vm, a: &[Value]) -> PyResult {
    let ty = vm.type_of(a[0]);
    let Some(dict) = dict_of(vm, a[0])? else {
        return Ok(PyTuple::pair(ty.to_ref(), vm.empty_tuple().to_ref()));
    };
    let mut args = Vec::new();
    if let Some(d) = dict.cast::<PyDict>() {
        for name in names_of(vm, ty.value(), "_fields")? {
            if d.get(vm, name.value())?.is_none() {
                break;
            }
            args.push(vm.none_ref());
        }
    }
    Ok(PyTuple::from_vec(vm, vec![ty.to_ref(), PyTuple::from_vec(vm, args), dict]))
}

/// `__replace__(**fields)`: a copy with some fields changed.
fn replace(vm: &Vm, a: &[Value]) -> PyResult {
    let ty = vm.type_of(a[0]);
    let Some(changes) = a[1].cast::<PyDict>() else { return Err(vm.system_error("keywords are a dict")) };
    let fields = names_of(vm, ty.value(), "_fields")?;
    let attributes = names_of(vm, ty.value(), "_attributes")?;
    let merged = PyDict::new(vm);
    let Some(d) = merged.cast::<PyDict>() else { return Ok(merged) };
    for (key, _) in changes.items_vec() {
        if !contains(&fields, key.value()) && !contains(&attributes, key.value()) {
            return Err(vm.type_error(format!(
                "{}.__replace__ got an unexpected keyword argument {}.",
                display(vm, a[0]),
                obj::repr_text(vm, key.value())?
            )));
        }
    }
    let own = dict_of(vm, a[0])?;
    let own = own.as_ref().and_then(|o| o.cast::<PyDict>());
    let mut missing = Vec::new();
    for (name, is_field) in fields.iter().map(|f| (f, true)).chain(attributes.iter().map(|f| (f, false))) {
        let value = match changes.get(vm, name.value())? {
            Some(v) => Some(v),
            None => own.map(|o| o.get(vm, name.value())).transpose()?.flatten(),
        };
        match value {
            Some(v) => d.set(vm, name.value(), v.value())?,
            None if is_field && attr::get_opt(vm, ty.value(), name.value())?.is_none() => {
                missing.push(obj::repr_text(vm, name.value())?);
            }
            None => {}
        }
    }
    if !missing.is_empty() {
        missing.sort();
        let s = if missing.len() == 1 { "" } else { "s" };
        return Err(vm.type_error(format!(
            "{}.__replace__ missing {} keyword argument{s}: {}.",
            display(vm, a[0]),
            missing.len(),
            missing.join(", ")
        )));
    }
    crate::protocol::call::call_dict(vm, ty.value(), &[], Some(d))
}

fn is_node(vm: &Vm, v: Value) -> bool {
    vm.type_of(v).is_subtype(vm.builtin(shape::AST))
}

fn shown(vm: &Vm, v: Value, depth: usize) -> PyResult<Vec<u8>> {
    if is_node(vm, v) {
        return node_text(vm, v, depth.saturating_sub(1));
    }
    let items = match (v.cast::<PyList>(), v.cast::<PyTuple>()) {
        (Some(l), _) => l.to_vec(),
        (_, Some(t)) => t.iter().map(Value::to_ref).collect(),
        _ => Vec::new(),
    };
    let text = |r: Ref| r.cast::<PyStr>().map(|s| s.as_bytes().to_vec()).unwrap_or_default();
    let (Some(first), Some(last)) = (items.first(), items.last()) else {
        return Ok(text(obj::repr(vm, v)?));
    };
    // Only the ends of a list are shown, and no lists within.
    let one = |x: &Ref| match is_node(vm, x.value()) {
        true => node_text(vm, x.value(), depth.saturating_sub(1)),
        false => Ok(text(obj::repr(vm, x.value())?)),
    };
    let (open, close) = if v.cast::<PyList>().is_some() { (b'[', b']') } else { (b'(', b')') };
    let mut out = vec![open];
    out.extend(one(first)?);
    if items.len() > 1 {
        if items.len() > 2 {
            out.extend(b", ...");
        }
        out.extend(b", ");
        out.extend(one(last)?);
    }
    out.push(close);
    Ok(out)
}

fn node_text(vm: &Vm, v: Value, depth: usize) -> PyResult<Vec<u8>> {
    let ty = vm.type_of(v);
    let name = ty.name();
    let elided = || format!("{name}(...)").into_bytes();
    if depth == 0 {
        return Ok(elided());
    }
    let text = vm.repr_guard(v, || {
        let mut out = format!("{name}(").into_bytes();
        for (i, field) in names_of(vm, ty.value(), "_fields")?.iter().enumerate() {
            if i > 0 {
                out.extend(b", ");
            }
            let value = attr::get(vm, v, field.value())?;
            out.extend(field.cast::<PyStr>().map(PyStr::as_bytes).unwrap_or_default());
            out.push(b'=');
            out.extend(shown(vm, value.value(), depth)?);
        }
        out.push(b')');
        Ok(PyStr::from_wtf8(vm, &out))
    })?;
    Ok(match text.as_ref().and_then(|t| t.cast::<PyStr>()) {
        Some(s) => s.as_bytes().to_vec(),
        None => elided(),
    })
}

pub static AST: TypeDef = TypeDef {
    flags: flags::BASETYPE | flags::HEAP | flags::PREFIX | flags::DICT,
    new: New::Raw(|_, ty, _| Ok(object_type::new_of(ty))),
    slots: |s| {
        s.init = Some(init);
        s.repr = Some(|vm, v| Ok(PyStr::from_wtf8(vm, &node_text(vm, v, REPR_DEPTH)?)));
    },
    getset: &[GetSetDef::get_set("__dict__", get_instance_dict, set_instance_dict, "")],
    methods: &[
        MethodDef::new("__reduce__", "($self, /)", reduce, "State for pickling."),
        MethodDef::new("__replace__", "($self, /, **fields)", replace, "A copy of the node with some fields changed."),
    ],
    attributes: |vm, ty| {
        for name in ["_fields", "__match_args__", "_attributes"] {
            ty.set_attribute(vm, name, vm.empty_tuple())?;
        }
        Ok(())
    },
    ..TypeDef::of::<PyObject>("ast.AST")
};
