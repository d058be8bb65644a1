//! `types.SimpleNamespace`: an object whose attributes are whatever it was given.

use crate::args::{CallArgs, TypeName};
use crate::error::{PyResult, Raised};
use crate::object::{self, Header, Payload};
use crate::protocol::{attr, call, compare};
use crate::shape;
use crate::types::construct;
use crate::types::dict::PyDict;
use crate::types::repr_writer::ReprWriter;
use crate::types::slots::CompareOp;
use crate::types::str_::PyStr;
use crate::types::tuple::PyTuple;
use crate::types::type_::{GetSetDef, MethodDef, New, TypeDef, TypeRef, flags};
use crate::types::type_object::display_name;
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// A namespace object; its attributes are in its `__dict__`.
#[repr(C)]
pub struct PyNamespace {
    header: Header,
}

// SAFETY: repr(C), header first.
unsafe impl Payload for PyNamespace {
    const SHAPE: u32 = shape::SIMPLE_NAMESPACE;
}

/// A new, empty namespace.
pub fn new(vm: &Vm) -> Ref {
    object::new_instance(vm.builtin(shape::SIMPLE_NAMESPACE), PyNamespace { header: object::header() })
}

/// A namespace with these attributes.
pub fn with_attributes(vm: &Vm, attributes: &[(&str, Value)]) -> Ref {
    let ns = new(vm);
    for (name, v) in attributes {
        dict(vm, ns.value()).set_text(vm, name, *v);
    }
    ns
}

/// The attributes.
pub fn dict<'a>(vm: &Vm, v: Value) -> &'a PyDict {
    match attr::instance_dict(vm, v) {
        Some(d) => d,
        None => unreachable!("namespaces have a dictionary"),
    }
}

pub static DEF: TypeDef = TypeDef {
    doc: "SimpleNamespace(mapping_or_iterable=(), /, **kwargs)\n--\n\n\
          An object with the given attributes.",
    flags: flags::BASETYPE | flags::HEAP | flags::PREFIX | flags::DICT,
    slots: |s| {
        s.init = Some(init);
        s.repr = Some(repr);
        s.compare = Some(compare_namespaces);
    },
    new: New::Raw(|_, ty: TypeRef, _| {
        Ok(object::new_instance(ty, PyNamespace { header: object::header() }))
    }),
    methods: &[
        MethodDef::new("__reduce__", "($self, /)", reduce, "State for pickling."),
        MethodDef::new(
            "__replace__",
            "($self, /, **changes)",
            replace,
            "A copy with some attributes changed.",
        ),
    ],
    getset: &[GetSetDef::member("__dict__", |vm, v| Ok(dict(vm, v).as_value().to_ref()), "")],
    ..TypeDef::of::<PyNamespace>("types.SimpleNamespace")
};

fn init(vm: &Vm, v: Value, args: CallArgs) -> PyResult<()> {
    let a = construct::positional(vm, &TypeName(vm.type_of(v)), args, 0, 1)?;
    let d = dict(vm, v);
    if let Some(&source) = a.first() {
        let source = if source.has_shape(shape::DICT) {
            source.to_ref()
        } else {
            call::call_args(vm, vm.builtin(shape::DICT).value(), &[source])?
        };
        if let Some(s) = source.cast::<PyDict>()
            && s.entries().any(|(k, _)| k.cast::<PyStr>().is_none())
        {
            return Err(vm.type_error("keywords must be strings"));
        }
        d.update(vm, source.value())?;
    }
    for (name, value) in args.keywords() {
        d.set(vm, name, value)?;
    }
    Ok(())
}

fn repr(vm: &Vm, v: Value) -> PyResult {
    let name = if v.has_shape(shape::SIMPLE_NAMESPACE) {
        "namespace".to_owned()
    } else {
        vm.type_of(v).full_name()
    };
    let text = vm.repr_guard(v, || {
        let d = dict(vm, v);
        let mut w = ReprWriter::new(&name);
        w.push("(");
        let mut first = true;
        for key in d.keys_vec() {
            if key.cast::<PyStr>().is_none_or(|s| s.is_empty()) {
                continue;
            }
            let Some(value) = d.get(vm, key.value())? else { continue };
            if !first {
                w.push(", ");
            }
            first = false;
            w.push_text(key.value());
            w.push("=");
            w.push_repr(vm, value.value())?;
        }
        w.push(")");
        Ok(w.finish(vm))
    })?;
    Ok(text.unwrap_or_else(|| vm.new_str(&format!("{name}(...)"))))
}

fn compare_namespaces(vm: &Vm, a: Value, b: Value, op: CompareOp) -> PyResult {
    if a.cast::<PyNamespace>().is_none() || b.cast::<PyNamespace>().is_none() {
        return compare::declined(vm);
    }
    compare::rich(vm, dict(vm, a).as_value(), dict(vm, b).as_value(), op)
}

fn reduce(vm: &Vm, a: &[Value]) -> PyResult {
    let state = dict(vm, a[0]).as_value().to_ref();
    let parts = vec![vm.type_of(a[0]).to_ref(), vm.empty_tuple().to_ref(), state];
    Ok(PyTuple::from_vec(vm, parts))
}

#[cold]
fn wrong_type(vm: &Vm, this: Value, made: Value) -> Raised {
    vm.type_error(format!(
        "expect types.SimpleNamespace type, but {}() returned '{}' object",
        display_name(vm, vm.type_of(this)),
        display_name(vm, vm.type_of(made))
    ))
}

fn replace(vm: &Vm, a: &[Value]) -> PyResult {
    let copy = call::call_args(vm, vm.type_of(a[0]).value(), &[])?;
    if copy.cast::<PyNamespace>().is_none() {
        return Err(wrong_type(vm, a[0], copy.value()));
    }
    let d = dict(vm, copy.value());
    d.update(vm, dict(vm, a[0]).as_value())?;
    d.update(vm, a[1])?;
    Ok(copy)
}
