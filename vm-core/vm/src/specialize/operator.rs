//! Specializers of operators.

use crate::interp::regs::Regs;
use crate::ops::internal::number;
use crate::protocol::number::BinaryOp;
use crate::shape;
use crate::specialize::{
    ExtendDescr, GetItemDescr, done, done_internal, failed, finish, following, set_cache32, set_cache64,
    shape_of,
};
use crate::types::float;
use crate::types::function::PyFunction;
use crate::types::list::PyList;
use crate::value::{Ref, Value};
use crate::vm::Vm;
use tailscope_bytecode::opcode::{CompareOp, Opcode};

/// TO_BOOL.
///
/// # Safety
/// The registers of that instruction, spilled; so for all specializers here.
#[inline(never)]
pub unsafe fn to_bool(r: &Regs) {
    // SAFETY: promised by the caller.
    unsafe {
        let (vm, v) = (r.vm(), r.peek(1));
        let op = if v.is_small_int() {
            Some(Opcode::TO_BOOL_INT)
        } else if v.is(vm.none()) {
            Some(Opcode::TO_BOOL_NONE)
        } else {
            match shape_of(v) {
                shape::BOOL => Some(Opcode::TO_BOOL_BOOL),
                shape::LIST => Some(Opcode::TO_BOOL_LIST),
                shape::STR => Some(Opcode::TO_BOOL_STR),
                s => {
                    let ty = vm.type_of(v);
                    if ty.is_heap() && ty.slots().bool_.is_none() && ty.slots().len.is_none() {
                        set_cache32(r, 1, vm.shape_info(s).version.get());
                        Some(Opcode::TO_BOOL_ALWAYS_TRUE)
                    } else {
                        None
                    }
                }
            }
        };
        finish(r, op);
    }
}

/// The floats of two exact floats.
fn two_floats(a: Value, b: Value) -> Option<(f64, f64)> {
    Some((float::exact_value_of(a)?, float::exact_value_of(b)?))
}

/// BINARY_OP.
///
/// # Safety
/// See [`to_bool`].
#[inline(never)]
pub unsafe fn binary_op(r: &Regs) {
    // SAFETY: promised by the caller.
    unsafe {
        let (a, b) = (r.peek(2), r.peek(1));
        if r.oparg == 26 {
            return subscript(r, a, b);
        }
        let Some((op, _)) = BinaryOp::from_oparg(r.oparg as u32) else { return failed(r) };
        if a.is_small_int() && b.is_small_int() {
            return ints(r, op);
        }
        if two_floats(a, b).is_some() {
            return floats(r, op);
        }
        if op == BinaryOp::Add && a.has_shape(shape::STR) && b.has_shape(shape::STR) {
            return done(r, concatenation(r, a));
        }
        extend(r, op);
    }
}

unsafe fn ints(r: &Regs, op: BinaryOp) {
    // SAFETY: promised by the caller.
    unsafe {
        match op {
            BinaryOp::Add => done(r, Opcode::BINARY_OP_ADD_INT),
            BinaryOp::Subtract => done(r, Opcode::BINARY_OP_SUBTRACT_INT),
            BinaryOp::Multiply => done(r, Opcode::BINARY_OP_MULTIPLY_INT),
            BinaryOp::FloorDivide => done_internal(r, number::BINARY_OP_FLOOR_DIVIDE_INT),
            BinaryOp::Remainder => done_internal(r, number::BINARY_OP_REMAINDER_INT),
            BinaryOp::And | BinaryOp::Or | BinaryOp::Xor | BinaryOp::Lshift | BinaryOp::Rshift => {
                done_internal(r, number::BINARY_OP_BITS_INT)
            }
            op => extend(r, op),
        }
    }
}

unsafe fn floats(r: &Regs, op: BinaryOp) {
    // SAFETY: promised by the caller.
    unsafe {
        match op {
            BinaryOp::Add => done(r, Opcode::BINARY_OP_ADD_FLOAT),
            BinaryOp::Subtract => done(r, Opcode::BINARY_OP_SUBTRACT_FLOAT),
            BinaryOp::Multiply => done(r, Opcode::BINARY_OP_MULTIPLY_FLOAT),
            BinaryOp::TrueDivide => done_internal(r, number::BINARY_OP_TRUE_DIVIDE_FLOAT),
            op => extend(r, op),
        }
    }
}

/// In place if the left string is the local that the next instruction stores to.
unsafe fn concatenation(r: &Regs, a: Value) -> Opcode {
    const CACHES: usize = 5;
    // SAFETY: promised by the caller.
    unsafe {
        if following(r, CACHES) == Some(Opcode::STORE_FAST) {
            let local = (*r.ip.add(CACHES) >> 8) as usize;
            if (*r.local(local)).is(a) {
                return Opcode::BINARY_OP_INPLACE_ADD_UNICODE;
            }
        }
        Opcode::BINARY_OP_ADD_UNICODE
    }
}

/// An operand of mixed arithmetic: an exact float, or an int that is exact as a float.
#[inline]
fn as_float(v: Value) -> Option<f64> {
    const EXACT: i64 = 1 << 53;
    match v.as_small_int() {
        Some(i) if (-EXACT..=EXACT).contains(&i) => Some(i as f64),
        Some(_) => None,
        None => float::exact_value_of(v),
    }
}

/// Actions of BINARY_OP_EXTEND: an int with a float, or an operator that no opcode stands for.
static ADD: ExtendDescr = ExtendDescr { action: |vm, a, b| Some(float::new(vm, as_float(a)? + as_float(b)?)) };
static SUBTRACT: ExtendDescr = ExtendDescr { action: |vm, a, b| Some(float::new(vm, as_float(a)? - as_float(b)?)) };
static MULTIPLY: ExtendDescr = ExtendDescr { action: |vm, a, b| Some(float::new(vm, as_float(a)? * as_float(b)?)) };
static DIVIDE: ExtendDescr = ExtendDescr {
    action: |vm, a, b| {
        let y = as_float(b)?;
        if y == 0.0 { None } else { Some(float::new(vm, as_float(a)? / y)) }
    },
};
static SQUARE: ExtendDescr = ExtendDescr { action: square };

/// `x ** 2` of an int or a float.
fn square(vm: &Vm, a: Value, b: Value) -> Option<Ref> {
    if b != Value::small_int(2) {
        return None;
    }
    match a.as_small_int() {
        Some(i) => Value::try_small_int(i.checked_mul(i)?).map(Value::to_ref),
        None => {
            let f = float::exact_value_of(a)?;
            let square = f * f;
            // An overflow is an error, which the general operator raises.
            if square.is_infinite() && f.is_finite() { None } else { Some(float::new(vm, square)) }
        }
    }
}

unsafe fn extend(r: &Regs, op: BinaryOp) {
    // SAFETY: promised by the caller.
    unsafe {
        let (vm, a, b) = (r.vm(), r.peek(2), r.peek(1));
        let mixed = a.is_small_int() != b.is_small_int();
        let descr = match op {
            BinaryOp::Add if mixed => &ADD,
            BinaryOp::Subtract if mixed => &SUBTRACT,
            BinaryOp::Multiply if mixed => &MULTIPLY,
            BinaryOp::TrueDivide => &DIVIDE,
            BinaryOp::Power => &SQUARE,
            _ => return failed(r),
        };
        if (descr.action)(vm, a, b).is_none() {
            return failed(r);
        }
        set_cache64(r, 1, descr as *const ExtendDescr as u64);
        done(r, Opcode::BINARY_OP_EXTEND);
    }
}

unsafe fn subscript(r: &Regs, container: Value, key: Value) {
    // SAFETY: promised by the caller.
    unsafe {
        let index = key.as_small_int().is_some_and(|i| i >= 0);
        let op = match shape_of(container) {
            shape::LIST if index => Some(Opcode::BINARY_OP_SUBSCR_LIST_INT),
            shape::LIST if key.has_shape(shape::SLICE) => Some(Opcode::BINARY_OP_SUBSCR_LIST_SLICE),
            shape::TUPLE if index => Some(Opcode::BINARY_OP_SUBSCR_TUPLE_INT),
            shape::STR if index => Some(Opcode::BINARY_OP_SUBSCR_STR_INT),
            shape::DICT => Some(Opcode::BINARY_OP_SUBSCR_DICT),
            _ => getitem(r, container),
        };
        finish(r, op);
    }
}

/// A class with a `__getitem__` written in Python.
unsafe fn getitem(r: &Regs, container: Value) -> Option<Opcode> {
    let vm = r.vm();
    let ty = vm.type_of(container);
    if !ty.is_heap() || !container.is_object() {
        return None;
    }
    let function = ty.lookup(vm, vm.names().__getitem__)?;
    let f = function.cast_exact::<PyFunction>()?;
    if !f.code().is_simple() || f.argcount.get() != 2 {
        return None;
    }
    let function_version = f.version(vm);
    if function_version == 0 {
        return None;
    }
    // SAFETY: promised by the caller.
    unsafe {
        let code = r.code();
        code.pin(function);
        let d = code.keep_descriptor(GetItemDescr {
            type_version: vm.shape_info(shape_of(container)).version.get(),
            function_version,
            function: function.borrow(),
        });
        set_cache64(r, 1, d as u64);
    }
    Some(Opcode::BINARY_OP_SUBSCR_GETITEM)
}

/// STORE_SUBSCR.
///
/// # Safety
/// See [`to_bool`].
#[inline(never)]
pub unsafe fn store_subscr(r: &Regs) {
    // SAFETY: promised by the caller.
    unsafe {
        let (container, key) = (r.peek(2), r.peek(1));
        let op = match (container.cast_exact::<PyList>(), key.as_small_int()) {
            (Some(l), Some(i)) if i >= 0 && (i as usize) < l.len() => Some(Opcode::STORE_SUBSCR_LIST_INT),
            _ if container.has_shape(shape::DICT) => Some(Opcode::STORE_SUBSCR_DICT),
            _ => None,
        };
        finish(r, op);
    }
}

/// COMPARE_OP.
///
/// # Safety
/// See [`to_bool`].
#[inline(never)]
pub unsafe fn compare_op(r: &Regs) {
    // SAFETY: promised by the caller.
    unsafe {
        let (a, b) = (r.peek(2), r.peek(1));
        let equality = matches!(
            CompareOp::from_oparg(r.oparg as u32 >> 5),
            Some(CompareOp::Eq | CompareOp::Ne)
        );
        let op = if a.is_small_int() && b.is_small_int() {
            Some(Opcode::COMPARE_OP_INT)
        } else if two_floats(a, b).is_some() {
            Some(Opcode::COMPARE_OP_FLOAT)
        } else if equality && a.has_shape(shape::STR) && b.has_shape(shape::STR) {
            Some(Opcode::COMPARE_OP_STR)
        } else {
            None
        };
        finish(r, op);
    }
}

/// CONTAINS_OP.
///
/// # Safety
/// See [`to_bool`].
#[inline(never)]
pub unsafe fn contains_op(r: &Regs) {
    // SAFETY: promised by the caller.
    unsafe {
        let container = r.peek(1);
        let op = if container.has_shape(shape::DICT) {
            Some(Opcode::CONTAINS_OP_DICT)
        } else if container.has_shape(shape::SET) || container.has_shape(shape::FROZENSET) {
            Some(Opcode::CONTAINS_OP_SET)
        } else {
            None
        };
        finish(r, op);
    }
}
