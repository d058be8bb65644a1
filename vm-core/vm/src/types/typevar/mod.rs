//! Type parameters (PEP 695, PEP 696) and what belongs to them: `TypeVar`, `ParamSpec`,
//! `TypeVarTuple`, type aliases, `Generic`, `NoDefault`.
//!
//! Bounds, constraints and defaults of the parameter syntax are functions that are called when
//! somebody asks. What needs the rules of the module `typing` is done by its functions, as in
//! CPython.

use crate::args::CallArgs;
use crate::error::PyResult;
use crate::import;
use crate::introspect;
use crate::owned_cell::OwnedCell;
use crate::protocol::{attr, call, item};
use crate::shape;
use crate::types::dict::PyDict;
use crate::types::tuple::PyTuple;
use crate::types::type_::{MethodDef, New, TypeDef, flags};
use crate::value::{Ref, Value};
use crate::vm::Vm;

mod alias;
mod evaluator;
mod param;
mod param_spec_part;

pub use alias::{TYPE_ALIAS, make_typealias};
pub use evaluator::CONST_EVALUATOR;
pub use param::{PARAM_SPEC, TYPE_VAR, TYPE_VAR_TUPLE, make_paramspec, make_typevar, make_typevartuple, set_default};
pub use param_spec_part::{PARAM_SPEC_ARGS, PARAM_SPEC_KWARGS};

/// Calls a function of the module `typing`.
fn call_typing(vm: &Vm, name: &str, args: &[Value]) -> PyResult {
    let typing = import::import_module(vm, "typing")?;
    let function = attr::get_named(vm, typing.value(), name)?;
    call::call_args(vm, function.value(), args)
}

/// The module in which the running Python code was defined, or None.
fn calling_module(vm: &Vm) -> Ref {
    let globals = introspect::current_globals(vm);
    let name = globals.as_ref().and_then(|g| g.cast::<PyDict>()).and_then(|d| d.get_str(vm.names().__name__));
    name.unwrap_or(vm.none()).to_ref()
}

/// The content of a cell, made at the first time by calling the evaluator if there is one.
fn evaluated(vm: &Vm, cell: &OwnedCell, evaluator: &OwnedCell, missing: Value) -> PyResult {
    if let Some(v) = cell.get_ref() {
        return Ok(v);
    }
    let Some(function) = evaluator.get_ref() else { return Ok(missing.to_ref()) };
    let v = call::call_args(vm, function.value(), &[])?;
    cell.set(v.clone());
    Ok(v)
}

/// The evaluator, or one that gives what is known already, or None.
fn evaluator_of(vm: &Vm, cell: &OwnedCell, evaluator: &OwnedCell) -> Ref {
    match (evaluator.get_ref(), cell.get_ref()) {
        (Some(function), _) => function,
        (None, Some(v)) => evaluator::new(v),
        (None, None) => vm.none_ref(),
    }
}

/// `Unpack[v]`.
fn unpack(vm: &Vm, v: Value) -> PyResult {
    let typing = import::import_module(vm, "typing")?;
    let unpack = attr::get_named(vm, typing.value(), "Unpack")?;
    item::get(vm, unpack.value(), v)
}

/// An iterator over `Unpack[v]` alone, for `*v`.
fn unpacked_iterator(vm: &Vm, v: Value) -> PyResult {
    let one = PyTuple::from_vec(vm, vec![unpack(vm, v)?]);
    crate::protocol::iter::get_iter(vm, one.value())
}

/// Type parameters as `Generic` takes them: TypeVarTuples unpacked.
fn unpacked_parameters(vm: &Vm, params: &PyTuple) -> PyResult {
    let each = params.iter().map(|p| match p.has_shape(shape::TYPE_VAR_TUPLE) {
        true => unpack(vm, p),
        false => Ok(p.to_ref()),
    });
    Ok(PyTuple::from_vec(vm, each.collect::<PyResult<_>>()?))
}

/// `Generic[params]` among the bases of a generic class.
pub fn subscript_generic(vm: &Vm, params: Value) -> PyResult {
    let Some(params) = params.cast::<PyTuple>() else {
        return Err(vm.system_error("type parameters are not a tuple"));
    };
    let params = unpacked_parameters(vm, params)?;
    call_typing(vm, "_GenericAlias", &[vm.builtin(shape::GENERIC).value(), params.value()])
}

/// The one `NoDefault`.
pub fn no_default(vm: &Vm) -> Value {
    let cell = &vm.runtime.no_default;
    if cell.is_null() {
        let made = crate::types::singletons::make(shape::NO_DEFAULT);
        cell.set(made.to_ref());
    }
    cell.get()
}

pub static NO_DEFAULT: TypeDef = TypeDef {
    doc: "NoDefaultType()\n--\n\nThe type of the NoDefault singleton.",
    flags: 0,
    new: New::Raw(|vm, _, args| {
        if args.args.is_empty() {
            return Ok(no_default(vm).to_ref());
        }
        Err(vm.type_error("NoDefaultType takes no arguments"))
    }),
    slots: |s| s.repr = Some(|vm, _| Ok(vm.new_str("typing.NoDefault"))),
    methods: &[MethodDef::new("__reduce__", "($self, /)", |vm, _| Ok(vm.new_str("NoDefault")), "")],
    ..TypeDef::of::<crate::types::singletons::Singleton>("NoDefaultType")
};

/// Calls a function of `typing` with a class before the other arguments.
fn call_for_class(vm: &Vm, name: &str, a: &[Value]) -> PyResult {
    let typing = import::import_module(vm, "typing")?;
    let function = attr::get_named(vm, typing.value(), name)?;
    let mut args = vec![a[0]];
    args.extend_from_slice(a[1].cast::<PyTuple>().map(PyTuple::as_slice).unwrap_or_default());
    call::call_dict(vm, function.value(), &args, a[2].cast::<PyDict>())
}

pub static GENERIC: TypeDef = TypeDef {
    doc: "Abstract base class for generic types.\n\nA class with type parameters, `class C[T]: ...`, derives from it implicitly.",
    flags: flags::BASETYPE,
    methods: &[
        MethodDef::class(
            "__class_getitem__",
            "($type, /, *args, **kwargs)",
            |vm, a| call_for_class(vm, "_generic_class_getitem", a),
            "Parameterizes a generic class.",
        ),
        MethodDef::class(
            "__init_subclass__",
            "($type, /, *args, **kwargs)",
            |vm, a| call_for_class(vm, "_generic_init_subclass", a),
            "Function to initialize subclasses.",
        ),
    ],
    ..TypeDef::of::<crate::types::object_type::PyObject>("typing.Generic")
};

/// Binds the arguments of a constructor whose messages name it by `name`.
fn bind(
    vm: &Vm,
    name: &str,
    sig: &'static str,
    args: CallArgs,
    f: impl FnOnce(&[Value]) -> PyResult,
) -> PyResult {
    vm.signatures.get(sig).bind(vm, name, None, args, f)
}

/// The argument `name` of a constructor.
fn name_argument(vm: &Vm, function: &str, v: Value) -> PyResult {
    crate::convert::str_arg(vm, function, "argument 'name'", v)?;
    Ok(v.to_ref())
}
