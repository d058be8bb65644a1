//! Calls from native code.

use crate::args::CallArgs;
use crate::error::PyResult;
use crate::interp::enter::check_native_stack;
use crate::protocol::attr;
use crate::types::dict::PyDict;
use crate::types::slot_call::with_keywords;
use crate::types::str_::PyStr;
use crate::types::tuple::PyTuple;
use crate::value::Value;
use crate::vm::Vm;

/// Calls any callable.
#[inline]
pub fn call(vm: &Vm, callable: Value, args: CallArgs) -> PyResult {
    // Methods of methods, caches of caches: callables may be nested as deep as anybody likes.
    check_native_stack(vm, "")?;
    match vm.type_of(callable).slots().call {
        Some(f) => f(vm, callable, args),
        None => Err(vm.type_error(format!(
            "'{}' object is not callable",
            vm.type_of(callable).full_name()
        ))),
    }
}

/// Calls with positional arguments.
pub fn call_args(vm: &Vm, callable: Value, args: &[Value]) -> PyResult {
    call(vm, callable, CallArgs::positional(args))
}

/// `obj.name(*args)`.
pub fn call_method(vm: &Vm, obj: Value, name: &str, args: &[Value]) -> PyResult {
    attr::load_method(vm, obj, vm.intern(name))?.call(vm, args)
}

/// `callable(*args, **kwargs)` with a dictionary of keywords (or none).
pub fn call_dict(vm: &Vm, callable: Value, args: &[Value], kwargs: Option<&PyDict>) -> PyResult {
    match kwargs {
        None => call_args(vm, callable, args),
        Some(d) => {
            if !d.has_only_str_keys() && d.entries().any(|(k, _)| k.cast::<PyStr>().is_none()) {
                return Err(vm.type_error("keywords must be strings"));
            }
            let (values, names) = with_keywords(vm, args, d);
            let kwnames = names.as_ref().and_then(|n| n.cast::<PyTuple>());
            call(vm, callable, CallArgs { args: &values, kwnames })
        }
    }
}

pub fn is_callable(vm: &Vm, v: Value) -> bool {
    vm.type_of(v).slots().call.is_some()
}
