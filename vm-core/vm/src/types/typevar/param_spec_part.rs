//! `P.args` and `P.kwargs` of a ParamSpec.

use super::bind;
use crate::error::PyResult;
use crate::object::{self, Header};
use crate::protocol::{attr, compare, object as obj};
use crate::shape;
use crate::types::iterators::payload;
use crate::types::slots::CompareOp;
use crate::types::type_::{GetSetDef, MethodDef, New, TypeDef, flags};
use crate::value::{Ref, Value};
use crate::vm::Vm;

#[repr(C)]
struct Part {
    header: Header,
    origin: Ref,
}

/// `P.args`
#[repr(C)]
pub struct ParamSpecArgs(Part);
/// `P.kwargs`
#[repr(C)]
pub struct ParamSpecKwargs(Part);
payload!(ParamSpecArgs, PARAM_SPEC_ARGS);
payload!(ParamSpecKwargs, PARAM_SPEC_KWARGS);

fn part<'a>(v: Value) -> &'a Part {
    // SAFETY: both structs are repr(C) around a `Part`.
    unsafe { &*(v.pointer() as *const Part) }
}

pub(super) fn args_of(vm: &Vm, origin: Value) -> Ref {
    let p = ParamSpecArgs(Part { header: object::header(), origin: origin.to_ref() });
    object::new_instance(vm.builtin(shape::PARAM_SPEC_ARGS), p)
}

pub(super) fn kwargs_of(vm: &Vm, origin: Value) -> Ref {
    let p = ParamSpecKwargs(Part { header: object::header(), origin: origin.to_ref() });
    object::new_instance(vm.builtin(shape::PARAM_SPEC_KWARGS), p)
}

fn repr(vm: &Vm, v: Value, what: &str) -> PyResult {
    let origin = &part(v).origin;
    let name = match origin.has_shape(shape::PARAM_SPEC) {
        true => attr::get(vm, origin.value(), vm.names().__name__)?,
        false => obj::repr(vm, origin.value())?,
    };
    Ok(vm.new_str(&format!("{}.{what}", obj::text(name.value()))))
}

fn compare_parts(vm: &Vm, a: Value, b: Value, op: CompareOp) -> PyResult {
    if !matches!(op, CompareOp::Eq | CompareOp::Ne) || !vm.type_of(a).is(vm.type_of(b)) {
        return compare::declined(vm);
    }
    compare::rich(vm, part(a).origin.value(), part(b).origin.value(), op)
}

const FLAGS: u32 = flags::HEAP | flags::PREFIX | flags::WEAKREF;

macro_rules! part_type {
    ($id:ident, $ty:ident, $make:ident, $name:literal, $function:literal, $what:literal, $doc:literal) => {
        pub static $id: TypeDef = TypeDef {
            doc: $doc,
            flags: FLAGS,
            new: New::Raw(|vm, _, args| bind(vm, $function, "(origin)", args, |a| Ok($make(vm, a[0])))),
            slots: |s| {
                s.repr = Some(|vm, v| repr(vm, v, $what));
                s.compare = Some(compare_parts);
                s.drop = Some(object::drop_payload::<$ty>);
                s.traverse = crate::traverse_fields!(Part: origin);
            },
            methods: &[MethodDef::new(
                "__mro_entries__",
                "($self, object, /)",
                |vm, _| Err(vm.type_error(concat!("Cannot subclass an instance of ", $name))),
                "",
            )],
            getset: &[GetSetDef::member("__origin__", |_, v| Ok(part(v).origin.clone()), "")],
            ..TypeDef::of::<$ty>(concat!("typing.", $name))
        };
    };
}

part_type!(PARAM_SPEC_ARGS, ParamSpecArgs, args_of, "ParamSpecArgs", "paramspecargs", "args", "The args for a ParamSpec object.\n\nGiven a ParamSpec object P, P.args returns an instance of ParamSpecArgs.");
part_type!(PARAM_SPEC_KWARGS, ParamSpecKwargs, kwargs_of, "ParamSpecKwargs", "paramspeckwargs", "kwargs", "The kwargs for a ParamSpec object.\n\nGiven a ParamSpec object P, P.kwargs returns an instance of ParamSpecKwargs.");
