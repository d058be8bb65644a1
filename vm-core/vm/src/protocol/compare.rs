//! Comparison of any two values.

use crate::error::{PyResult, Raised};
use crate::interp::enter::check_native_stack;
use crate::protocol::truth;
use crate::shape;
use crate::types::slots::CompareOp;
use crate::types::str_::PyStr;
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// `a op b` with Python's rules for the reflected method and the defaults of `==` and `!=`.
pub fn rich(vm: &Vm, a: Value, b: Value, op: CompareOp) -> PyResult {
    if let (Some(x), Some(y)) = (a.as_small_int(), b.as_small_int()) {
        return Ok(vm.bool_ref(op.test(x.cmp(&y))));
    }
    check_native_stack(vm, " in comparison")?;
    let (ta, tb) = (vm.type_of(a), vm.type_of(b));
    let (fa, fb) = (ta.slots().compare, tb.slots().compare);
    let mut tried_right = false;
    if !ta.is(tb)
        && tb.is_subtype(ta)
        && let Some(f) = fb
    {
        tried_right = true;
        let r = f(vm, b, a, op.swapped())?;
        if !r.is(vm.not_implemented()) {
            return Ok(r);
        }
    }
    if let Some(f) = fa {
        let r = f(vm, a, b, op)?;
        if !r.is(vm.not_implemented()) {
            return Ok(r);
        }
    }
    if !tried_right && let Some(f) = fb {
        let r = f(vm, b, a, op.swapped())?;
        if !r.is(vm.not_implemented()) {
            return Ok(r);
        }
    }
    match op {
        CompareOp::Eq => Ok(vm.bool_ref(a.is(b))),
        CompareOp::Ne => Ok(vm.bool_ref(!a.is(b))),
        _ => Err(unorderable(vm, a, b, op)),
    }
}

#[cold]
fn unorderable(vm: &Vm, a: Value, b: Value, op: CompareOp) -> Raised {
    vm.type_error(format!(
        "'{}' not supported between instances of '{}' and '{}'",
        op.symbol(),
        vm.type_of(a).full_name(),
        vm.type_of(b).full_name()
    ))
}

/// `bool(a op b)`; identical objects are equal without being asked.
pub fn rich_bool(vm: &Vm, a: Value, b: Value, op: CompareOp) -> PyResult<bool> {
    if a.is(b) {
        match op {
            CompareOp::Eq => return Ok(true),
            CompareOp::Ne => return Ok(false),
            _ => {}
        }
    }
    let r = rich(vm, a, b, op)?;
    truth::truth(vm, r.value())
}

/// `a is b or a == b`: what containers ask.
#[inline]
pub fn eq(vm: &Vm, a: Value, b: Value) -> PyResult<bool> {
    if a.is(b) {
        return Ok(true);
    }
    if a.is_small_int() && b.is_small_int() {
        return Ok(false);
    }
    if let (true, Some(x), Some(y)) =
        (a.has_shape(shape::STR), a.cast_exact::<PyStr>(), b.cast_exact::<PyStr>())
    {
        return Ok(x.as_bytes() == y.as_bytes());
    }
    rich_bool(vm, a, b, CompareOp::Eq)
}

/// NotImplemented, owned: what a compare slot returns when it does not know the other side.
pub fn declined(vm: &Vm) -> PyResult<Ref> {
    Ok(vm.not_implemented().to_ref())
}
