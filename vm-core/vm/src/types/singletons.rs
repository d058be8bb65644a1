//! `None`, `NotImplemented` and `...`.

use crate::error::PyResult;
use crate::object::{self, Header, Payload};
use crate::shape::{self, ShapeId};
use crate::types::type_::{MethodDef, New, TypeDef};
use crate::value::Value;
use crate::vm::Vm;

/// An object without contents.
#[repr(C)]
pub struct Singleton {
    header: Header,
}

// SAFETY: repr(C), header first. NotImplemented and Ellipsis share the layout.
unsafe impl Payload for Singleton {
    const SHAPE: u32 = shape::NONE;
}

/// Makes the one object of a singleton type.
pub(crate) fn make(shape: ShapeId) -> Value {
    let s = object::new(Singleton { header: object::header() });
    // SAFETY: a fresh object.
    unsafe { (*s.pointer()).shape = shape };
    Value::immortal(s.into_value().pointer())
}

fn no_arguments(vm: &Vm, name: &str, args: crate::args::CallArgs) -> PyResult<()> {
    if args.args.is_empty() {
        return Ok(());
    }
    Err(vm.type_error(format!("{name} takes no arguments")))
}

fn none_repr(vm: &Vm, _: Value) -> PyResult {
    Ok(vm.intern("None").to_ref())
}

fn not_implemented_repr(vm: &Vm, _: Value) -> PyResult {
    Ok(vm.intern("NotImplemented").to_ref())
}

fn ellipsis_repr(vm: &Vm, _: Value) -> PyResult {
    Ok(vm.intern("Ellipsis").to_ref())
}

fn reduce_by_name(vm: &Vm, args: &[Value]) -> PyResult {
    crate::protocol::object::repr(vm, args[0])
}

pub static NONE: TypeDef = TypeDef {
    flags: 0,
    doc: "The type of the None singleton.",
    new: New::Raw(|vm, _, args| no_arguments(vm, "NoneType", args).map(|()| vm.none_ref())),
    slots: |s| {
        s.repr = Some(none_repr);
        s.bool_ = Some(|_, _| Ok(false));
        // A constant, so that what is hashed with it is the same in each run.
        s.hash = Some(|_, _| Ok(0xfca8_6420));
    },
    ..TypeDef::of::<Singleton>("NoneType")
};

pub static NOT_IMPLEMENTED: TypeDef = TypeDef {
    flags: 0,
    doc: "The type of the NotImplemented singleton.",
    new: New::Raw(|vm, _, args| {
        no_arguments(vm, "NotImplementedType", args).map(|()| vm.not_implemented().to_ref())
    }),
    slots: |s| {
        s.repr = Some(not_implemented_repr);
        s.bool_ = Some(|vm, _| {
            Err(vm.type_error("NotImplemented should not be used in a boolean context"))
        });
    },
    methods: &[MethodDef::new("__reduce__", "($self, /)", reduce_by_name, "")],
    ..TypeDef::of::<Singleton>("NotImplementedType")
};

pub static ELLIPSIS: TypeDef = TypeDef {
    flags: 0,
    doc: "The type of the Ellipsis singleton.",
    new: New::Raw(|vm, _, args| no_arguments(vm, "EllipsisType", args).map(|()| vm.ellipsis().to_ref())),
    slots: |s| s.repr = Some(ellipsis_repr),
    methods: &[MethodDef::new("__reduce__", "($self, /)", reduce_by_name, "")],
    ..TypeDef::of::<Singleton>("ellipsis")
};
