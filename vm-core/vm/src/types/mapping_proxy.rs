//! `types.MappingProxyType`: a read-only view of a mapping.

use crate::error::PyResult;
use crate::interp::enter::check_native_stack;
use crate::object::{self, Header, Payload};
use crate::protocol::number::{self, BinaryOp};
use crate::protocol::{call, compare, item, iter, object as protocol_object};
use crate::shape;
use crate::types::generic_alias;
use crate::types::list::PyList;
use crate::types::repr_writer::ReprWriter;
use crate::types::tuple::PyTuple;
use crate::types::type_::{MethodDef, New, TypeDef, TypeRef, flags};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// A proxy object.
#[repr(C)]
pub struct PyMappingProxy {
    header: Header,
    mapping: Ref,
}

// SAFETY: repr(C), header first.
unsafe impl Payload for PyMappingProxy {
    const SHAPE: u32 = shape::MAPPING_PROXY;
}

/// A proxy of a mapping.
pub fn new(_vm: &Vm, mapping: Value) -> Ref {
    object::new(PyMappingProxy { header: object::header(), mapping: mapping.to_ref() })
}

/// The mapping behind a proxy; anything else is returned as it is.
pub fn unwrap(v: Value) -> Value {
    v.cast_exact::<PyMappingProxy>().map_or(v, |p| p.mapping.value())
}

fn mapping(v: Value) -> Value {
    // SAFETY: methods and slots of the type are called with its instances only.
    unsafe { v.cast_unchecked::<PyMappingProxy>() }.mapping.value()
}

/// The mapping, to be asked in turn: it may be a proxy, too, of a proxy of a proxy...
fn inner(vm: &Vm, v: Value) -> PyResult<Value> {
    check_native_stack(vm, "")?;
    Ok(mapping(v))
}

pub static DEF: TypeDef = TypeDef {
    doc: "Read-only proxy of a mapping.",
    flags: flags::MAPPING,
    slots: |s| {
        s.drop = Some(object::drop_payload::<PyMappingProxy>);
        s.traverse = crate::traverse_fields!(PyMappingProxy: mapping);
        s.repr = Some(repr);
        s.str = Some(|vm, v| protocol_object::str(vm, mapping(v)));
        s.hash = Some(|vm, v| protocol_object::hash(vm, mapping(v)));
        s.compare = Some(|vm, a, b, op| compare::rich(vm, mapping(a), b, op));
        s.iter = Some(|vm, v| iter::get_iter(vm, inner(vm, v)?));
        s.len = Some(|vm, v| item::length(vm, inner(vm, v)?));
        s.get_item = Some(|vm, v, key| item::get(vm, inner(vm, v)?, key));
        s.contains = Some(|vm, v, key| item::contains(vm, inner(vm, v)?, key));
        s.binary[BinaryOp::Or as usize] = Some(or);
        s.inplace[BinaryOp::Or as usize] = Some(inplace_or);
    },
    new: New::Bound("(mapping)", new_proxy),
    methods: &[
        MethodDef::new("get", "($self, key, default=None, /)", get, "The key's value, or default if there is none."),
        MethodDef::new("keys", "($self, /)", |vm, a| forward(vm, a, "keys"), "A set-like view of the mapping's keys."),
        MethodDef::new("values", "($self, /)", |vm, a| forward(vm, a, "values"), "A view of the mapping's values."),
        MethodDef::new(
            "items",
            "($self, /)",
            |vm, a| forward(vm, a, "items"),
            "A set-like view of the mapping's entries.",
        ),
        MethodDef::new("copy", "($self, /)", |vm, a| forward(vm, a, "copy"), "A shallow copy of the mapping."),
        MethodDef::class(
            "__class_getitem__",
            "($type, object, /)",
            |vm, a| Ok(generic_alias::new(vm, a[0], a[1])),
            "Proxies are generic over the types of their keys and values.",
        ),
        MethodDef::new(
            "__reversed__",
            "($self, /)",
            |vm, a| forward(vm, a, "__reversed__"),
            "An iterator over the keys from the last to the first.",
        ),
    ],
    ..TypeDef::of::<PyMappingProxy>("mappingproxy")
};

fn new_proxy(vm: &Vm, _ty: TypeRef, a: &[Value]) -> PyResult {
    let v = a[0];
    let is_mapping = vm.type_of(v).slots().get_item.is_some();
    if !is_mapping || v.cast::<PyList>().is_some() || v.cast::<PyTuple>().is_some() {
        return Err(vm.type_error(format!(
            "mappingproxy() argument must be a mapping, not {}",
            vm.type_of(v).full_name()
        )));
    }
    Ok(new(vm, v))
}

fn repr(vm: &Vm, v: Value) -> PyResult {
    let mut w = ReprWriter::new("mappingproxy(");
    w.push_repr(vm, mapping(v))?;
    w.push(")");
    Ok(w.finish(vm))
}

fn or(vm: &Vm, a: Value, b: Value) -> PyResult {
    number::binary(vm, unwrap(a), unwrap(b), BinaryOp::Or)
}

fn inplace_or(vm: &Vm, a: Value, _b: Value) -> PyResult {
    Err(vm.type_error(format!(
        "'|=' is not supported by {}; use '|' instead",
        vm.type_of(a).full_name()
    )))
}

fn get(vm: &Vm, a: &[Value]) -> PyResult {
    let default = a[2].non_null().unwrap_or(vm.none());
    call::call_method(vm, mapping(a[0]), "get", &[a[1], default])
}

/// Calls the mapping's own method.
fn forward(vm: &Vm, a: &[Value], method: &str) -> PyResult {
    call::call_method(vm, mapping(a[0]), method, &[])
}
