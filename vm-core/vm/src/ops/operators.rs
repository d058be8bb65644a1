//! Arithmetic, comparison, containment, subscription.

use crate::error::PyResult;
use crate::frame::HEADER_SLOTS;
use crate::interp::call;
use crate::interp::regs::{Flow, Regs};
use crate::ops::calls::enter_exact;
use crate::ops::{adaptive, attempt, control};
use crate::protocol::number::{self, BinaryOp};
use crate::protocol::{compare, item, truth::truth};
use crate::shape;
use crate::specialize::{ExtendDescr, GetItemDescr};
use crate::types::dict::PyDict;
use crate::types::float::PyFloat;
use crate::types::function::PyFunction;
use crate::types::int;
use crate::types::list::{self, PyList};
use crate::types::set::PySet;
use crate::types::slice::{Bounds, PySlice};
use crate::types::slots::CompareOp;
use crate::types::str_::{self, PyStr};
use crate::types::tuple::{self, PyTuple};
use crate::value::Value;
use crate::vm::Vm;
use tailscope_bytecode::opcode::CompareOp as Outcome;

/// BINARY_OP's oparg for subscription.
const SUBSCRIPT: u64 = 26;

// Unary operators.

#[inline(always)]
pub unsafe fn UNARY_NEGATIVE(r: &mut Regs) -> Flow {
    r.save();
    let v = number::neg(r.vm(), r.peek(1));
    r.finish_result::<1>(v)
}

#[inline(always)]
pub unsafe fn UNARY_INVERT(r: &mut Regs) -> Flow {
    r.save();
    let v = number::invert(r.vm(), r.peek(1));
    r.finish_result::<1>(v)
}

// Binary operators.

#[inline(never)]
fn binary(vm: &Vm, a: Value, b: Value, oparg: u64) -> PyResult {
    if oparg == SUBSCRIPT {
        return item::get(vm, a, b);
    }
    match BinaryOp::from_oparg(oparg as u32) {
        Some((op, false)) => number::binary(vm, a, b, op),
        Some((op, true)) => number::inplace(vm, a, b, op),
        None => Err(vm.system_error(format!("BINARY_OP has no operator {oparg}"))),
    }
}

#[inline(always)]
pub unsafe fn BINARY_OP(r: &mut Regs) -> Flow {
    adaptive!(r);
    r.save();
    let (a, b) = (r.peek(2), r.peek(1));
    let v = attempt!(r, binary(r.vm(), a, b, r.oparg));
    // Of all instructions, this one gives back the lower operand first.
    r.sp = r.sp.sub(1);
    *r.slot(1) = v.into_value();
    r.release(a);
    r.release(b);
    Flow::Called
}

/// Two small ints on top, or deopt.
macro_rules! small_ints {
    ($r:ident) => {{
        let (a, b) = ($r.peek(2), $r.peek(1));
        if a.bits() & b.bits() & 1 == 0 {
            return Flow::Deopt;
        }
        (a, b)
    }};
}

/// Replaces two inputs that own nothing.
#[inline(always)]
unsafe fn put(r: &mut Regs, v: Value) -> Flow {
    r.sp = r.sp.sub(1);
    *r.slot(1) = v;
    Flow::Next
}

#[inline(always)]
pub unsafe fn BINARY_OP_ADD_INT(r: &mut Regs) -> Flow {
    let (a, b) = small_ints!(r);
    // (2x + 1) + 2y keeps the tag.
    let (sum, overflow) = (a.bits() as i64).overflowing_add(b.bits() as i64 - 1);
    if overflow {
        return Flow::Deopt;
    }
    put(r, Value::from_bits(sum as u64))
}

#[inline(always)]
pub unsafe fn BINARY_OP_SUBTRACT_INT(r: &mut Regs) -> Flow {
    let (a, b) = small_ints!(r);
    let (difference, overflow) = (a.bits() as i64).overflowing_sub(b.bits() as i64 - 1);
    if overflow {
        return Flow::Deopt;
    }
    put(r, Value::from_bits(difference as u64))
}

#[inline(always)]
pub unsafe fn BINARY_OP_MULTIPLY_INT(r: &mut Regs) -> Flow {
    let (a, b) = small_ints!(r);
    // x times 2y is twice the product: the tag's place stays free.
    let (product, overflow) = a.small_int_unchecked().overflowing_mul(b.bits() as i64 - 1);
    if overflow {
        return Flow::Deopt;
    }
    put(r, Value::from_bits(product as u64 | 1))
}

#[inline(always)]
pub unsafe fn BINARY_OP_FLOOR_DIVIDE_INT(r: &mut Regs) -> Flow {
    let (a, b) = small_ints!(r);
    let (x, y) = (a.small_int_unchecked(), b.small_int_unchecked());
    if y == 0 || y == -1 {
        return Flow::Deopt;
    }
    let q = if (x | y) as u64 >> 32 == 0 {
        // Division of 32 bits is several times faster.
        i64::from(x as u32 / y as u32)
    } else {
        int::floor_div(x, y)
    };
    put(r, Value::small_int(q))
}

#[inline(always)]
pub unsafe fn BINARY_OP_REMAINDER_INT(r: &mut Regs) -> Flow {
    let (a, b) = small_ints!(r);
    let (x, y) = (a.small_int_unchecked(), b.small_int_unchecked());
    if y == 0 || y == -1 {
        return Flow::Deopt;
    }
    let m = if (x | y) as u64 >> 32 == 0 { i64::from(x as u32 % y as u32) } else { int::floor_mod(x, y) };
    put(r, Value::small_int(m))
}

#[inline(always)]
pub unsafe fn BINARY_OP_BITS_INT(r: &mut Regs) -> Flow {
    let (a, b) = small_ints!(r);
    let (x, y) = (a.small_int_unchecked(), b.small_int_unchecked());
    // The operator is in the oparg; sites keep theirs, so the branches are foreseen.
    let v = match r.oparg {
        1 | 14 => a.bits() & b.bits(),
        7 | 20 => a.bits() | b.bits(),
        12 | 25 => (a.bits() ^ b.bits()) | 1,
        9 | 22 => {
            if y < 0 {
                return Flow::Deopt;
            }
            Value::small_int(x >> y.min(63)).bits()
        }
        3 | 16 => {
            if !(0..62).contains(&y) || (x << y) >> y != x {
                return Flow::Deopt;
            }
            match Value::try_small_int(x << y) {
                Some(v) => v.bits(),
                None => return Flow::Deopt,
            }
        }
        _ => return Flow::Deopt,
    };
    put(r, Value::from_bits(v))
}

/// The value of an exact float: tagged, or boxed (as 0.0 is).
macro_rules! float_of {
    ($v:expr) => {{
        let v = $v;
        if v.is_tagged_float() {
            v.tagged_float_unchecked()
        } else if v.has_shape_nonnull(shape::FLOAT) {
            v.cast_unchecked::<PyFloat>().get()
        } else {
            return Flow::Deopt;
        }
    }};
}

/// A float as a value without allocation, or deopt: the head boxes it.
macro_rules! float_value {
    ($r:ident, $f:expr) => {{
        let f: f64 = $f;
        match Value::try_tagged_float(f) {
            Some(v) => v,
            None if f.to_bits() == 0 => $r.vm().float_zero(),
            None => return Flow::Deopt,
        }
    }};
}

/// Arithmetic of two floats; the frequent way is that of two tagged ones, which own nothing.
macro_rules! float_operator {
    ($($name:ident: |$x:ident, $y:ident| $op:expr;)*) => {
        $(#[inline(always)]
        pub unsafe fn $name(r: &mut Regs) -> Flow {
            let (a, b) = (r.peek(2), r.peek(1));
            if a.is_tagged_float() && b.is_tagged_float() {
                let ($x, $y) = (a.tagged_float_unchecked(), b.tagged_float_unchecked());
                let v = float_value!(r, $op);
                return put(r, v);
            }
            let ($x, $y) = (float_of!(a), float_of!(b));
            let v = float_value!(r, $op);
            r.finish::<2>(v);
            Flow::Next
        })*
    };
}

float_operator! {
    BINARY_OP_ADD_FLOAT: |x, y| x + y;
    BINARY_OP_SUBTRACT_FLOAT: |x, y| x - y;
    BINARY_OP_MULTIPLY_FLOAT: |x, y| x * y;
    // Division by zero gives what no value holds without a box: the head raises the error.
    BINARY_OP_TRUE_DIVIDE_FLOAT: |x, y| if y == 0.0 { f64::NAN } else { x / y };
}

#[inline(always)]
pub unsafe fn BINARY_OP_EXTEND(r: &mut Regs) -> Flow {
    let d = &*(r.cache64(1) as *const ExtendDescr);
    let (a, b) = (r.peek(2), r.peek(1));
    match (d.action)(r.vm(), a, b) {
        Some(v) => {
            r.finish::<2>(v.into_value());
            Flow::Next
        }
        None => Flow::Deopt,
    }
}

#[inline(always)]
pub unsafe fn BINARY_OP_ADD_UNICODE(r: &mut Regs) -> Flow {
    let (a, b) = (r.peek(2), r.peek(1));
    if !a.has_shape_nonnull(shape::STR) || !b.has_shape_nonnull(shape::STR) {
        return Flow::Deopt;
    }
    r.save();
    let v = PyStr::concat(r.vm(), a.cast_unchecked(), b.cast_unchecked());
    r.finish::<2>(v.into_value());
    Flow::Next
}

/// `s += t` where `s` is a local that the next instruction stores to: if nobody else holds the
/// string, it grows in place.
#[inline(always)]
pub unsafe fn BINARY_OP_INPLACE_ADD_UNICODE(r: &mut Regs) -> Flow {
    let (a, b) = (r.peek(2), r.peek(1));
    if r.is_watched() || !a.has_shape_nonnull(shape::STR) || !b.has_shape_nonnull(shape::STR) {
        return Flow::Deopt;
    }
    const CACHES: usize = 5;
    let store = *r.ip.add(CACHES);
    let local = r.local((store >> 8) as usize);
    // A breakpoint on the STORE_FAST has to be reached.
    if !(*local).is(a) || store as u8 == crate::ops::internal::number::BREAKPOINT {
        return Flow::Deopt;
    }
    // The stack's reference goes first, so that the local's may be the only one.
    *r.slot(2) = Value::NULL;
    r.release(a);
    r.save();
    PyStr::append(r.vm(), &mut *local, b.cast_unchecked::<PyStr>());
    r.sp = r.sp.sub(2);
    r.release(b);
    // STORE_FAST is done.
    r.ip = r.ip.add(1);
    Flow::Next
}

// Subscription.

#[inline(always)]
pub unsafe fn BINARY_OP_SUBSCR_LIST_INT(r: &mut Regs) -> Flow {
    let (l, i) = (r.peek(2), r.peek(1));
    if !i.is_small_int() || !l.has_shape_nonnull(shape::LIST) {
        return Flow::Deopt;
    }
    let list = l.cast_unchecked::<PyList>();
    let i = i.small_int_unchecked() as u64;
    if i >= list.len() as u64 {
        return Flow::Deopt;
    }
    let v = (*list.items().add(i as usize)).dup();
    r.sp = r.sp.sub(1);
    *r.slot(1) = v;
    r.release(l);
    Flow::Next
}

#[inline(always)]
pub unsafe fn BINARY_OP_SUBSCR_TUPLE_INT(r: &mut Regs) -> Flow {
    let (t, i) = (r.peek(2), r.peek(1));
    if !i.is_small_int() || !t.has_shape_nonnull(shape::TUPLE) {
        return Flow::Deopt;
    }
    let items = t.cast_unchecked::<PyTuple>().as_slice();
    let i = i.small_int_unchecked() as u64;
    if i >= items.len() as u64 {
        return Flow::Deopt;
    }
    let v = items.get_unchecked(i as usize).dup();
    r.sp = r.sp.sub(1);
    *r.slot(1) = v;
    r.release(t);
    Flow::Next
}

#[inline(always)]
pub unsafe fn BINARY_OP_SUBSCR_STR_INT(r: &mut Regs) -> Flow {
    let (s, i) = (r.peek(2), r.peek(1));
    if !i.is_small_int() || !s.has_shape_nonnull(shape::STR) {
        return Flow::Deopt;
    }
    let text = s.cast_unchecked::<PyStr>();
    let i = i.small_int_unchecked() as u64;
    if i >= text.char_len() as u64 || !text.is_ascii() {
        return Flow::Deopt;
    }
    let c = *text.as_bytes().get_unchecked(i as usize);
    let v = r.vm().interp.ascii(c);
    r.sp = r.sp.sub(1);
    *r.slot(1) = v;
    r.release(s);
    Flow::Next
}

#[inline(always)]
pub unsafe fn BINARY_OP_SUBSCR_LIST_SLICE(r: &mut Regs) -> Flow {
    let (l, s) = (r.peek(2), r.peek(1));
    if !s.has_shape_nonnull(shape::SLICE) || !l.has_shape_nonnull(shape::LIST) {
        return Flow::Deopt;
    }
    r.save();
    let v = item::get(r.vm(), l, s);
    r.finish_result::<2>(v)
}

#[inline(always)]
pub unsafe fn BINARY_OP_SUBSCR_DICT(r: &mut Regs) -> Flow {
    let (d, key) = (r.peek(2), r.peek(1));
    if !d.has_shape_nonnull(shape::DICT) {
        return Flow::Deopt;
    }
    r.save();
    let v = dict_item(r.vm(), d.cast_unchecked::<PyDict>(), key);
    r.finish_result::<2>(v)
}

#[inline(never)]
fn dict_item(vm: &Vm, d: &PyDict, key: Value) -> PyResult {
    match d.get(vm, key)? {
        Some(v) => Ok(v),
        None => Err(vm.key_error(key)),
    }
}

#[inline(always)]
pub unsafe fn BINARY_OP_SUBSCR_GETITEM(r: &mut Regs) -> Flow {
    let container = r.peek(2);
    let d = &*(r.cache64(1) as *const GetItemDescr);
    if !container.is_object() {
        return Flow::Deopt;
    }
    let vm = r.vm();
    let info = vm.shape_info((*container.pointer()).shape);
    let f = d.function.cast_unchecked::<PyFunction>();
    if info.version.get() != d.type_version || f.current_version() != d.function_version {
        return Flow::Deopt;
    }
    // [container, key] become the locals; the header goes below them.
    const CACHES: usize = 5;
    let base = r.slot(2);
    let nfp = base.add(HEADER_SLOTS);
    if !f.is_simple(2) || !call::has_room(vm, nfp, f) {
        return Flow::Deopt;
    }
    *nfp.add(1) = *base.add(1);
    *nfp = *base;
    *base = d.function.borrow();
    enter_exact(r, f, nfp, nfp.add(2), CACHES)
}

#[inline(always)]
pub unsafe fn BINARY_SLICE(r: &mut Regs) -> Flow {
    r.save();
    let v = slice_item(r.vm(), r.peek(3), r.peek(2), r.peek(1));
    r.finish_result::<3>(v)
}

/// `o[start:stop]`, for lists, tuples and strings without a slice object.
#[inline(never)]
fn slice_item(vm: &Vm, o: Value, start: Value, stop: Value) -> PyResult {
    if o.is_object()
        && let Some(bounds) = Bounds::simple(vm, start, stop)
    {
        // SAFETY: a live object.
        let found = match unsafe { (*o.pointer()).shape } {
            shape::LIST => Some(list::slice_of(vm, o, bounds)),
            shape::TUPLE => Some(tuple::slice_of(vm, o, bounds)),
            shape::STR => Some(str_::slice_of(vm, o, bounds)),
            _ => None,
        };
        if let Some(v) = found {
            return Ok(v);
        }
    }
    let slice = PySlice::new(start.to_ref(), stop.to_ref(), vm.none_ref());
    item::get(vm, o, slice.value())
}

#[inline(always)]
pub unsafe fn STORE_SLICE(r: &mut Regs) -> Flow {
    r.save();
    let (vm, none) = (r.vm(), r.vm().none());
    let slice = PySlice::new(r.peek(2).to_ref(), r.peek(1).to_ref(), none.to_ref());
    let done = item::set(vm, r.peek(3), slice.value(), r.peek(4));
    drop(slice);
    r.finish_unit::<4>(done)
}

#[inline(always)]
pub unsafe fn STORE_SUBSCR(r: &mut Regs) -> Flow {
    adaptive!(r);
    r.save();
    let done = item::set(r.vm(), r.peek(2), r.peek(1), r.peek(3));
    r.finish_unit::<3>(done)
}

#[inline(always)]
pub unsafe fn STORE_SUBSCR_LIST_INT(r: &mut Regs) -> Flow {
    let (l, i) = (r.peek(2), r.peek(1));
    if !i.is_small_int() || !l.has_shape_nonnull(shape::LIST) {
        return Flow::Deopt;
    }
    let list = l.cast_unchecked::<PyList>();
    let i = i.small_int_unchecked() as u64;
    if i >= list.len() as u64 {
        return Flow::Deopt;
    }
    let slot = list.items().add(i as usize);
    let old = *slot;
    *slot = r.peek(3).into_owned();
    r.sp = r.sp.sub(3);
    r.release(l);
    r.release(old);
    Flow::Next
}

#[inline(always)]
pub unsafe fn STORE_SUBSCR_DICT(r: &mut Regs) -> Flow {
    let d = r.peek(2);
    if !d.has_shape_nonnull(shape::DICT) {
        return Flow::Deopt;
    }
    r.save();
    let done = d.cast_unchecked::<PyDict>().set(r.vm(), r.peek(1), r.peek(3));
    r.finish_unit::<3>(done)
}

#[inline(always)]
pub unsafe fn DELETE_SUBSCR(r: &mut Regs) -> Flow {
    r.save();
    let done = item::delete(r.vm(), r.peek(2), r.peek(1));
    r.finish_unit::<2>(done)
}

// Comparison.

/// Two numbers that live in their values, as floats; `None` where an int has no exact one.
#[inline(always)]
fn plain_floats(a: Value, b: Value) -> Option<(f64, f64)> {
    const EXACT: u64 = 1 << 53;
    let float = |v: Value| match v.as_small_int() {
        Some(i) => (i.unsigned_abs() <= EXACT).then_some(i as f64),
        None => v.is_tagged_float().then(|| v.tagged_float_unchecked()),
    };
    Some((float(a)?, float(b)?))
}

#[inline(never)]
fn compare_generic(vm: &Vm, a: Value, b: Value, oparg: u64) -> PyResult {
    if let Some((x, y)) = plain_floats(a, b) {
        return Ok(vm.bool_ref(asked_for(oparg, x < y, x > y, x == y)));
    }
    let op = CompareOp::ALL[(oparg >> 5) as usize % 6];
    let v = compare::rich(vm, a, b, op)?;
    if oparg & u64::from(Outcome::TO_BOOL) == 0 {
        return Ok(v);
    }
    Ok(vm.bool_ref(truth(vm, v.value())?))
}

#[inline(always)]
pub unsafe fn COMPARE_OP(r: &mut Regs) -> Flow {
    adaptive!(r);
    r.save();
    let v = compare_generic(r.vm(), r.peek(2), r.peek(1), r.oparg);
    r.finish_result::<2>(v)
}

/// Whether an outcome is among those that COMPARE_OP's oparg asks for. Without branches: what
/// follows branches on the result anyway.
#[inline(always)]
fn asked_for(oparg: u64, less: bool, greater: bool, equal: bool) -> bool {
    let unordered = !(less | greater | equal);
    let seen = u64::from(unordered) | u64::from(less) << 1 | u64::from(greater) << 2 | u64::from(equal) << 3;
    oparg & seen != 0
}

/// Inline cache entries of COMPARE_OP.
const COMPARE_CACHES: usize = 1;

/// Replaces the two inputs of a comparison, which own nothing, by its outcome.
#[inline(always)]
unsafe fn put_outcome(r: &mut Regs, yes: bool) -> Flow {
    r.sp = r.sp.sub(2);
    if let Some(flow) = control::jump_on(r, COMPARE_CACHES, yes) {
        return flow;
    }
    let v = r.vm().bool(yes);
    r.push(v);
    Flow::Next
}

/// Replaces the two inputs by the outcome.
#[inline(always)]
unsafe fn finish_outcome(r: &mut Regs, caches: usize, yes: bool) -> Flow {
    r.drop_inputs::<2>();
    if let Some(flow) = control::jump_on(r, caches, yes) {
        return flow;
    }
    let v = r.vm().bool(yes);
    r.push(v);
    Flow::Next
}

#[inline(always)]
pub unsafe fn COMPARE_OP_INT(r: &mut Regs) -> Flow {
    let (a, b) = small_ints!(r);
    let (x, y) = (a.bits() as i64, b.bits() as i64);
    let seen = if x < y {
        Outcome::LESS
    } else if x > y {
        Outcome::GREATER
    } else {
        Outcome::EQUAL
    };
    let yes = r.oparg & u64::from(seen) != 0;
    put_outcome(r, yes)
}

#[inline(always)]
pub unsafe fn COMPARE_OP_FLOAT(r: &mut Regs) -> Flow {
    let (a, b) = (r.peek(2), r.peek(1));
    if a.is_tagged_float() && b.is_tagged_float() {
        let (x, y) = (a.tagged_float_unchecked(), b.tagged_float_unchecked());
        let yes = asked_for(r.oparg, x < y, x > y, x == y);
        return put_outcome(r, yes);
    }
    let (x, y) = (float_of!(a), float_of!(b));
    let v = r.vm().bool(asked_for(r.oparg, x < y, x > y, x == y));
    r.finish::<2>(v);
    Flow::Next
}

#[inline(always)]
pub unsafe fn COMPARE_OP_STR(r: &mut Regs) -> Flow {
    let (a, b) = (r.peek(2), r.peek(1));
    if !a.has_shape_nonnull(shape::STR) || !b.has_shape_nonnull(shape::STR) {
        return Flow::Deopt;
    }
    let equal = a.is(b) || a.cast_unchecked::<PyStr>().as_bytes() == b.cast_unchecked::<PyStr>().as_bytes();
    // Bits for "not equal" and "equal" lie side by side in the mask.
    let seen = if equal { Outcome::EQUAL } else { Outcome::LESS | Outcome::GREATER };
    let yes = r.oparg & u64::from(seen) != 0;
    finish_outcome(r, COMPARE_CACHES, yes)
}

#[inline(always)]
pub unsafe fn IS_OP(r: &mut Regs) -> Flow {
    let same = r.peek(2).is(r.peek(1));
    let yes = same != (r.oparg != 0);
    finish_outcome(r, 0, yes)
}

/// Replaces the two inputs by the outcome of a search, which may have run code.
#[inline(always)]
unsafe fn finish_search(r: &mut Regs, yes: bool) -> Flow {
    r.drop_inputs::<2>();
    let table = r.table;
    r.reload_table();
    // Where instructions are watched from now on, the jump is one of its own.
    if r.table == table
        && let Some(flow) = control::jump_on(r, 1, yes)
    {
        return flow;
    }
    let v = r.vm().bool(yes);
    r.push(v);
    Flow::Called
}

#[inline(always)]
pub unsafe fn CONTAINS_OP(r: &mut Regs) -> Flow {
    adaptive!(r);
    r.save();
    let found = attempt!(r, item::contains(r.vm(), r.peek(1), r.peek(2)));
    let yes = found != (r.oparg != 0);
    finish_search(r, yes)
}

#[inline(always)]
pub unsafe fn CONTAINS_OP_DICT(r: &mut Regs) -> Flow {
    let d = r.peek(1);
    if !d.has_shape_nonnull(shape::DICT) {
        return Flow::Deopt;
    }
    r.save();
    let found = attempt!(r, d.cast_unchecked::<PyDict>().contains(r.vm(), r.peek(2)));
    let yes = found != (r.oparg != 0);
    finish_search(r, yes)
}

#[inline(always)]
pub unsafe fn CONTAINS_OP_SET(r: &mut Regs) -> Flow {
    let s = r.peek(1);
    if !s.has_shape_nonnull(shape::SET) && !s.has_shape_nonnull(shape::FROZENSET) {
        return Flow::Deopt;
    }
    r.save();
    let found = attempt!(r, s.cast_unchecked::<PySet>().contains(r.vm(), r.peek(2)));
    let yes = found != (r.oparg != 0);
    finish_search(r, yes)
}
