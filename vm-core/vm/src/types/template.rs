//! `string.templatelib.Template` and `Interpolation`: what t-strings make (PEP 750).

use crate::error::PyResult;
use crate::object::{self, Header, Payload};
use crate::protocol::{iter, object as obj};
use crate::shape;
use crate::types::str_::PyStr;
use crate::types::tuple::PyTuple;
use crate::types::type_::{GetSetDef, MethodDef, New, TypeDef, TypeRef};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// Payload of a template: one more string than interpolations.
#[repr(C)]
pub struct PyTemplate {
    header: Header,
    strings: Ref,
    interpolations: Ref,
}

// SAFETY: repr(C), header first.
unsafe impl Payload for PyTemplate {
    const SHAPE: u32 = shape::TEMPLATE;
}

/// Payload of an interpolation.
#[repr(C)]
pub struct PyInterpolation {
    header: Header,
    value: Ref,
    expression: Ref,
    conversion: Ref,
    format_spec: Ref,
}

// SAFETY: repr(C), header first.
unsafe impl Payload for PyInterpolation {
    const SHAPE: u32 = shape::INTERPOLATION;
}

/// BUILD_TEMPLATE: from the tuples of strings and interpolations.
pub fn new_template(_: &Vm, strings: Value, interpolations: Value) -> PyResult {
    Ok(object::new(PyTemplate {
        header: object::header(),
        strings: strings.to_ref(),
        interpolations: interpolations.to_ref(),
    }))
}

/// BUILD_INTERPOLATION.
pub fn new_interpolation(_: &Vm, value: Value, expression: Value, conversion: Value, spec: Value) -> PyResult {
    Ok(object::new(PyInterpolation {
        header: object::header(),
        value: value.to_ref(),
        expression: expression.to_ref(),
        conversion: conversion.to_ref(),
        format_spec: spec.to_ref(),
    }))
}

fn template<'a>(v: Value) -> &'a PyTemplate {
    // SAFETY: slots and getters of this type.
    unsafe { v.cast_unchecked::<PyTemplate>() }
}

fn interpolation<'a>(v: Value) -> &'a PyInterpolation {
    // SAFETY: slots and getters of this type.
    unsafe { v.cast_unchecked::<PyInterpolation>() }
}

/// `Template(*parts)`: adjacent strings are joined, missing ones are empty.
fn template_new(vm: &Vm, _: TypeRef, a: &[Value]) -> PyResult {
    let (mut strings, mut found): (Vec<Ref>, Vec<Ref>) = (Vec::new(), Vec::new());
    let mut text: Vec<u8> = Vec::new();
    for p in a[0].cast::<PyTuple>().map_or(&[][..], |t| t.as_slice()) {
        if let Some(s) = p.cast::<PyStr>() {
            text.extend_from_slice(s.as_bytes());
        } else if p.has_shape(shape::INTERPOLATION) {
            strings.push(PyStr::from_wtf8(vm, &std::mem::take(&mut text)));
            found.push(p.to_ref());
        } else {
            return Err(vm.type_error(format!(
                "Template.__new__ *args need to be of type 'str' or 'Interpolation', got {}",
                vm.type_of(*p).full_name()
            )));
        }
    }
    strings.push(PyStr::from_wtf8(vm, &text));
    let (s, i) = (PyTuple::from_vec(vm, strings), PyTuple::from_vec(vm, found));
    new_template(vm, s.value(), i.value())
}

fn interpolation_new(vm: &Vm, _: TypeRef, a: &[Value]) -> PyResult {
    let conversion = a[2].non_null().unwrap_or(vm.none());
    if !conversion.is(vm.none()) && !["s", "r", "a"].contains(&obj::text(conversion).as_str()) {
        return Err(vm.value_error("Interpolation() argument 'conversion' must be one of 's', 'a' or 'r'"));
    }
    let text = |v: Value| v.non_null().unwrap_or(vm.empty_str());
    new_interpolation(vm, a[0], text(a[1]), conversion, text(a[3]))
}

fn template_repr(vm: &Vm, v: Value) -> PyResult {
    let t = template(v);
    let (s, i) = (obj::repr_text(vm, t.strings.value())?, obj::repr_text(vm, t.interpolations.value())?);
    Ok(vm.new_str(&format!("Template(strings={s}, interpolations={i})")))
}

fn interpolation_repr(vm: &Vm, v: Value) -> PyResult {
    let i = interpolation(v);
    let mut parts = Vec::new();
    for p in [&i.value, &i.expression, &i.conversion, &i.format_spec] {
        parts.push(obj::repr_text(vm, p.value())?);
    }
    Ok(vm.new_str(&format!("Interpolation({})", parts.join(", "))))
}

/// Strings (but empty ones) and interpolations in turn.
fn parts(vm: &Vm, v: Value) -> PyResult {
    let t = template(v);
    let (strings, found) = (iter::to_vec(vm, t.strings.value())?, iter::to_vec(vm, t.interpolations.value())?);
    let mut out = Vec::new();
    for (n, s) in strings.into_iter().enumerate() {
        if s.cast::<PyStr>().is_some_and(|s| !s.is_empty()) {
            out.push(s);
        }
        out.extend(found.get(n).cloned());
    }
    let tuple = PyTuple::from_vec(vm, out);
    iter::get_iter(vm, tuple.value())
}

fn values(vm: &Vm, v: Value) -> PyResult {
    let found = iter::to_vec(vm, template(v).interpolations.value())?;
    Ok(PyTuple::from_vec(vm, found.iter().map(|i| interpolation(i.value()).value.clone()).collect()))
}

fn concat(vm: &Vm, a: Value, b: Value) -> PyResult {
    if !b.has_shape(shape::TEMPLATE) {
        return Err(vm.type_error(format!(
            "can only concatenate string.templatelib.Template (not \"{}\") to string.templatelib.Template",
            vm.type_of(b).full_name()
        )));
    }
    let mut all = iter::to_vec(vm, parts(vm, a)?.value())?;
    all.extend(iter::to_vec(vm, parts(vm, b)?.value())?);
    let args = PyTuple::from_vec(vm, all);
    template_new(vm, vm.builtin(shape::TEMPLATE), &[args.value()])
}

fn reduce(vm: &Vm, a: &[Value]) -> PyResult {
    let make = crate::runtime::import_attr(vm, "string.templatelib", "_template_unpickle")?;
    let t = template(a[0]);
    let args = PyTuple::from_vec(vm, vec![t.strings.clone(), t.interpolations.clone()]);
    Ok(PyTuple::from_vec(vm, vec![make, args]))
}

fn match_args(vm: &Vm, ty: TypeRef) -> PyResult<()> {
    let names = ["value", "expression", "conversion", "format_spec"];
    let t = PyTuple::from_vec(vm, names.iter().map(|n| vm.intern(n).to_ref()).collect());
    ty.set_attribute(vm, "__match_args__", t.value())
}

pub static TEMPLATE: TypeDef = TypeDef {
    doc: "Template object",
    flags: 0,
    new: New::Bound("(*args)", template_new),
    slots: |s| {
        s.repr = Some(template_repr);
        s.iter = Some(parts);
        s.concat = Some(concat);
        s.drop = Some(object::drop_payload::<PyTemplate>);
        s.traverse = crate::traverse_fields!(PyTemplate: strings, interpolations);
    },
    methods: &[MethodDef::new("__reduce__", "($self, /)", reduce, "")],
    getset: &[
        GetSetDef::member("strings", |_, v| Ok(template(v).strings.clone()), "Strings"),
        GetSetDef::member("interpolations", |_, v| Ok(template(v).interpolations.clone()), "Interpolations"),
        GetSetDef::get("values", values, "Values of interpolations"),
    ],
    ..TypeDef::of::<PyTemplate>("string.templatelib.Template")
};

pub static INTERPOLATION: TypeDef = TypeDef {
    doc: "Interpolation object",
    flags: 0,
    new: New::Bound("(value, expression='', conversion=None, format_spec='')", interpolation_new),
    slots: |s| {
        s.repr = Some(interpolation_repr);
        s.drop = Some(object::drop_payload::<PyInterpolation>);
        s.traverse = crate::traverse_fields!(PyInterpolation: value, expression, conversion, format_spec);
    },
    getset: &[
        GetSetDef::member("value", |_, v| Ok(interpolation(v).value.clone()), "Value"),
        GetSetDef::member("expression", |_, v| Ok(interpolation(v).expression.clone()), "Expression"),
        GetSetDef::member("conversion", |_, v| Ok(interpolation(v).conversion.clone()), "Conversion"),
        GetSetDef::member("format_spec", |_, v| Ok(interpolation(v).format_spec.clone()), "Format specification"),
    ],
    attributes: match_args,
    ..TypeDef::of::<PyInterpolation>("string.templatelib.Interpolation")
};
