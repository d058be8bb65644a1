//! Constants, and moves on the value stack.

use crate::interp::regs::{Flow, Regs};
use crate::ops::attempt;
use crate::ops::control::jump_on;
use crate::protocol::truth::truth;
use crate::shape;
use crate::specialize;
use crate::types::list::PyList;
use crate::types::str_::PyStr;
use crate::value::Value;
use tailscope_bytecode::opcode::Opcode;

#[inline(always)]
pub unsafe fn NOP(_: &mut Regs) -> Flow {
    Flow::Next
}

#[inline(always)]
pub unsafe fn NOT_TAKEN(_: &mut Regs) -> Flow {
    Flow::Next
}

#[inline(always)]
pub unsafe fn CACHE(r: &mut Regs) -> Flow {
    crate::ops::bad_opcode(*r)
}

#[inline(always)]
pub unsafe fn RESERVED(r: &mut Regs) -> Flow {
    crate::ops::bad_opcode(*r)
}

/// Pushes a constant: borrowed, since the frame's function keeps its code.
#[inline(always)]
unsafe fn push_constant(r: &mut Regs) -> Flow {
    let v = *r.function().consts.get().add(r.arg());
    r.push(v);
    Flow::Next
}

#[inline(always)]
pub unsafe fn LOAD_CONST(r: &mut Regs) -> Flow {
    let v = *r.function().consts.get().add(r.arg());
    let op = if v.is_object() && !v.is_immortal() { Opcode::LOAD_CONST_MORTAL } else { Opcode::LOAD_CONST_IMMORTAL };
    specialize::set_opcode(r, op as u8);
    r.push(v);
    Flow::Next
}

#[inline(always)]
pub unsafe fn LOAD_CONST_MORTAL(r: &mut Regs) -> Flow {
    push_constant(r)
}

#[inline(always)]
pub unsafe fn LOAD_CONST_IMMORTAL(r: &mut Regs) -> Flow {
    push_constant(r)
}

#[inline(always)]
pub unsafe fn LOAD_SMALL_INT(r: &mut Regs) -> Flow {
    r.push(Value::small_int(r.oparg as i64));
    Flow::Next
}

#[inline(always)]
pub unsafe fn LOAD_COMMON_CONSTANT(r: &mut Regs) -> Flow {
    r.save();
    match r.vm().interp.common_constant(r.vm(), r.arg()) {
        Ok(v) => {
            r.push_ref(v);
            Flow::Called
        }
        Err(e) => r.raise(e),
    }
}

#[inline(always)]
pub unsafe fn POP_TOP(r: &mut Regs) -> Flow {
    let v = r.pop();
    r.release(v);
    Flow::Next
}

#[inline(always)]
pub unsafe fn PUSH_NULL(r: &mut Regs) -> Flow {
    r.push(Value::NULL);
    Flow::Next
}

#[inline(always)]
pub unsafe fn COPY(r: &mut Regs) -> Flow {
    let v = r.peek(r.arg()).dup();
    r.push(v);
    Flow::Next
}

#[inline(always)]
pub unsafe fn SWAP(r: &mut Regs) -> Flow {
    let (bottom, top) = (r.slot(r.arg()), r.slot(1));
    std::ptr::swap(bottom, top);
    Flow::Next
}

#[inline(always)]
pub unsafe fn END_FOR(r: &mut Regs) -> Flow {
    let v = r.pop();
    r.release(v);
    Flow::Next
}

#[inline(always)]
pub unsafe fn POP_ITER(r: &mut Regs) -> Flow {
    let v = r.pop();
    r.release(v);
    Flow::Next
}

#[inline(always)]
pub unsafe fn END_SEND(r: &mut Regs) -> Flow {
    let value = r.pop();
    let receiver = r.peek(1);
    *r.slot(1) = value;
    r.release(receiver);
    Flow::Next
}

#[inline(always)]
pub unsafe fn UNARY_NOT(r: &mut Regs) -> Flow {
    let vm = r.vm();
    let v = r.peek(1);
    *r.slot(1) = vm.bool(v == vm.false_());
    Flow::Next
}

/// `bool(value)` where no specialized form fits.
#[inline(always)]
pub unsafe fn TO_BOOL(r: &mut Regs) -> Flow {
    crate::ops::adaptive!(r);
    r.save();
    let vm = r.vm();
    let b = attempt!(r, truth(vm, r.peek(1)));
    r.finish::<1>(vm.bool(b));
    Flow::Called
}

/// Inline cache entries of TO_BOOL.
const TO_BOOL_CACHES: usize = 3;

/// Replaces the input by its truth.
#[inline(always)]
unsafe fn put_truth(r: &mut Regs, yes: bool) -> Flow {
    r.drop_inputs::<1>();
    if let Some(flow) = jump_on(r, TO_BOOL_CACHES, yes) {
        return flow;
    }
    let v = r.vm().bool(yes);
    r.push(v);
    Flow::Next
}

#[inline(always)]
pub unsafe fn TO_BOOL_BOOL(r: &mut Regs) -> Flow {
    let vm = r.vm();
    let v = r.peek(1);
    let yes = v == vm.true_();
    if !yes && v != vm.false_() {
        return Flow::Deopt;
    }
    r.sp = r.sp.sub(1);
    if let Some(flow) = jump_on(r, TO_BOOL_CACHES, yes) {
        return flow;
    }
    r.sp = r.sp.add(1);
    Flow::Next
}

#[inline(always)]
pub unsafe fn TO_BOOL_INT(r: &mut Regs) -> Flow {
    let v = r.peek(1);
    if !v.is_small_int() {
        return Flow::Deopt;
    }
    put_truth(r, v != Value::small_int(0))
}

#[inline(always)]
pub unsafe fn TO_BOOL_LIST(r: &mut Regs) -> Flow {
    let v = r.peek(1);
    if !v.has_shape_nonnull(shape::LIST) {
        return Flow::Deopt;
    }
    let yes = !v.cast_unchecked::<PyList>().is_empty();
    put_truth(r, yes)
}

#[inline(always)]
pub unsafe fn TO_BOOL_NONE(r: &mut Regs) -> Flow {
    if r.peek(1) != r.vm().none() {
        return Flow::Deopt;
    }
    put_truth(r, false)
}

#[inline(always)]
pub unsafe fn TO_BOOL_STR(r: &mut Regs) -> Flow {
    let v = r.peek(1);
    if !v.has_shape_nonnull(shape::STR) {
        return Flow::Deopt;
    }
    let yes = !v.cast_unchecked::<PyStr>().is_empty();
    put_truth(r, yes)
}

#[inline(always)]
pub unsafe fn TO_BOOL_ALWAYS_TRUE(r: &mut Regs) -> Flow {
    let v = r.peek(1);
    if !v.is_object() || r.vm().shape_info((*v.pointer()).shape).version.get() != r.cache32(1) {
        return Flow::Deopt;
    }
    let b = r.vm().true_();
    r.finish::<1>(b);
    Flow::Next
}
