//! Type parameters (PEP 695). Their objects are not made yet: code that needs one says so.

use crate::error::{PyResult, Raised};
use crate::value::Value;
use crate::vm::Vm;

fn missing(vm: &Vm, what: &str) -> Raised {
    vm.not_implemented_error(format!(
        "{what} cannot be made yet: type parameters and `type` statements compile but do not run"
    ))
}

/// `T`, `T: bound` or `T: (constraints)`; NULL for what is not given.
pub fn make_typevar(vm: &Vm, _: Value, _: Value, _: Value) -> PyResult {
    Err(missing(vm, "a TypeVar"))
}

/// `**P`.
pub fn make_paramspec(vm: &Vm, _: Value) -> PyResult {
    Err(missing(vm, "a ParamSpec"))
}

/// `*Ts`.
pub fn make_typevartuple(vm: &Vm, _: Value) -> PyResult {
    Err(missing(vm, "a TypeVarTuple"))
}

/// `Generic[params]` among the bases of a generic class.
pub fn subscript_generic(vm: &Vm, _: Value) -> PyResult {
    Err(missing(vm, "Generic[...]"))
}

/// `type X = ...`.
pub fn make_typealias(vm: &Vm, _: Value) -> PyResult {
    Err(missing(vm, "a type alias"))
}

/// Attaches the function that evaluates a default.
pub fn set_default(vm: &Vm, _: Value, _: Value) -> PyResult {
    Err(missing(vm, "a default of a type parameter"))
}
