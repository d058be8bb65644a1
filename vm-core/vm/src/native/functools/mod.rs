//! The module `_functools`: `partial`, `lru_cache`, `cmp_to_key`, `reduce`.

mod key;
mod lru_cache;
mod partial;

pub use key::KEY_WRAPPER;
pub use lru_cache::LRU_CACHE;
pub use partial::{PARTIAL, PLACEHOLDER};

use crate::error::PyResult;
use crate::native::{self, ModuleDef};
use crate::protocol::{call, iter};
use crate::shape;
use crate::types::type_::MethodDef;
use crate::value::Value;
use crate::vm::Vm;

pub static MODULE: ModuleDef = ModuleDef {
    name: "_functools",
    doc: "Tools that operate on functions.",
    functions: &[
        MethodDef::new(
            "reduce",
            "($module, function, iterable, /, initial=<unrepresentable>)",
            reduce,
            "Applies a function of two arguments to the running result and each item in turn:\n\
             reduce(f, [a, b, c]) is f(f(a, b), c). An initial value stands before the items.",
        ),
        MethodDef::new(
            "cmp_to_key",
            "($module, /, mycmp)",
            key::cmp_to_key,
            "Makes a key function of a comparison function.",
        ),
    ],
    init,
};

fn init(vm: &Vm, m: Value) -> PyResult<()> {
    native::add(vm, m, "partial", vm.builtin(shape::PARTIAL).value())?;
    native::add(vm, m, "_lru_cache_wrapper", vm.builtin(shape::LRU_CACHE).value())?;
    native::add(vm, m, "_PlaceholderType", vm.builtin(shape::PLACEHOLDER).value())?;
    native::add(vm, m, "Placeholder", partial::placeholder(vm).value())
}

/// Bound values: module, function, iterable, initial.
fn reduce(vm: &Vm, a: &[Value]) -> PyResult {
    let it = iter::get_iter(vm, a[2]).map_err(|e| {
        if e.is(vm, shape::TYPE_ERROR) {
            vm.type_error("reduce() arg 2 must support iteration")
        } else {
            e
        }
    })?;
    let mut result = a[3].non_null().map(Value::to_ref);
    while let Some(x) = iter::next(vm, it.value())? {
        result = Some(match result {
            None => x,
            Some(r) => call::call_args(vm, a[1], &[r.value(), x.value()])?,
        });
    }
    result.ok_or_else(|| vm.type_error("reduce() of empty iterable with no initial value"))
}
