//! Truth value testing.

use crate::error::PyResult;
use crate::value::Value;
use crate::vm::Vm;

/// `bool(v)`.
#[inline]
pub fn truth(vm: &Vm, v: Value) -> PyResult<bool> {
    if v.is(vm.true_()) {
        return Ok(true);
    }
    if v.is(vm.false_()) || v.is(vm.none()) {
        return Ok(false);
    }
    if let Some(i) = v.as_small_int() {
        return Ok(i != 0);
    }
    if v.is_tagged_float() {
        return Ok(true);
    }
    let slots = vm.type_of(v).slots();
    if let Some(f) = slots.bool_ {
        return f(vm, v);
    }
    match slots.len {
        Some(f) => f(vm, v).map(|n| n != 0),
        None => Ok(true),
    }
}
