//! Jumps, loops, RESUME.

use crate::error::PyResult;
use crate::interp::regs::{Flow, Regs};
use crate::interp::{breaker, enter, observe};
use crate::memory::shortage;
use crate::threads;
use crate::monitor::before;
use crate::ops::{adaptive, attempt};
use crate::protocol::iter;
use crate::shape;
use crate::specialize;
use crate::types::generator::PyGenerator;
use crate::types::list::{PyList, PyListIterator};
use crate::types::range::PyRangeIterator;
use crate::types::tuple::{PyTuple, PyTupleIterator};
use crate::value::{Ref, Value};
use crate::vm::Vm;
use std::sync::atomic::Ordering;
use tailscope_bytecode::opcode::Opcode;

/// Inline cache entries of jumps, FOR_ITER and SEND.
const CACHES: usize = 1;

/// RESUME's oparg below which pending events are looked after: not inside of `yield from`.
const AFTER_YIELD_FROM: u64 = 2;
const LOCATION_MASK: u64 = 3;

#[inline(always)]
pub unsafe fn EXTENDED_ARG(_: &mut Regs) -> Flow {
    Flow::Extended
}

/// Fetches the instruction after EXTENDED_ARG: its opcode, with the registers ready for its body.
#[inline(always)]
pub unsafe fn extend(r: &mut Regs) -> u8 {
    let word = *r.ip as u64;
    r.ip = r.ip.add(1);
    r.oparg = r.oparg << 8 | word >> 8;
    word as u8
}

/// Whether something is pending. That there are other threads is nothing before this one has had
/// its turn.
#[inline(always)]
unsafe fn breaker_set(r: &Regs) -> bool {
    let bits = r.vm().interp.breaker.load(Ordering::Relaxed);
    if bits == 0 {
        return false;
    }
    std::hint::cold_path();
    bits != breaker::SWITCH || threads::is_slice_over(r.vm(), r.ip)
}

/// Looks after pending events, with the registers spilled.
#[cold]
#[inline(never)]
fn handle_pending(vm: &Vm) -> PyResult<observe::Go> {
    let s = &vm.interp;
    let mut bits = s.breaker.swap(0, Ordering::Relaxed);
    let done = handle_each(vm, &mut bits);
    if bits != 0 {
        // An exception came first.
        s.request(bits);
    }
    done
}

/// Looks after the events in `bits`, and takes each out of it.
fn handle_each(vm: &Vm, bits: &mut u32) -> PyResult<observe::Go> {
    let mut take = |bit: u32| {
        let is_set = *bits & bit != 0;
        *bits &= !bit;
        is_set
    };
    take(breaker::MODE);
    if take(breaker::INTERRUPT) {
        match observe::interrupt(vm) {
            observe::Go::On => {}
            other => return Ok(other),
        }
    }
    if take(breaker::SIGNAL) {
        crate::runtime::handle_signals(vm)?;
    }
    if take(breaker::ASYNC_EXCEPTION)
        && let Some(e) = vm.interp.async_exception.take()
    {
        return Err(crate::error::Raised(e));
    }
    if take(breaker::MEMORY) {
        return Err(shortage::memory_error(vm));
    }
    if take(breaker::COLLECT) {
        crate::gc::pending(vm);
    }
    if take(breaker::SWITCH) {
        threads::tick(vm);
    }
    Ok(observe::Go::On)
}

/// Handles pending events and goes on behind the instruction's caches, at `ip + units`.
#[cold]
#[inline(always)]
unsafe fn pending_then_jump(r: &mut Regs, caches: usize, units: isize) -> Flow {
    r.save();
    match handle_pending(r.vm()) {
        Ok(observe::Go::On) => {
            r.reload_table();
            let flow = r.jump(caches, units);
            // The mode may have been switched: the loop interpreter notices it at a reload.
            r.save();
            if flow == Flow::Jump { Flow::Reload } else { flow }
        }
        Ok(observe::Go::Moved) => Flow::Reload,
        Ok(observe::Go::Raise) => Flow::Raise,
        Err(e) => r.raise(e),
    }
}

#[inline(always)]
pub unsafe fn RESUME(r: &mut Regs) -> Flow {
    specialize::set_opcode(r, Opcode::RESUME_CHECK as u8);
    if r.oparg & LOCATION_MASK < AFTER_YIELD_FROM && breaker_set(r) {
        return pending_then_jump(r, 0, 0);
    }
    Flow::Next
}

#[inline(always)]
pub unsafe fn RESUME_CHECK(r: &mut Regs) -> Flow {
    if breaker_set(r) {
        return Flow::Deopt;
    }
    Flow::Next
}

#[inline(always)]
pub unsafe fn JUMP_FORWARD(r: &mut Regs) -> Flow {
    r.jump(0, r.oparg as isize)
}

#[inline(always)]
pub unsafe fn JUMP_BACKWARD(r: &mut Regs) -> Flow {
    specialize::set_opcode(r, Opcode::JUMP_BACKWARD_NO_JIT as u8);
    JUMP_BACKWARD_NO_JIT(r)
}

#[inline(always)]
pub unsafe fn JUMP_BACKWARD_NO_JIT(r: &mut Regs) -> Flow {
    if breaker_set(r) {
        return pending_then_jump(r, CACHES, -(r.oparg as isize));
    }
    r.jump(CACHES, -(r.oparg as isize));
    loop_head(r)
}

/// Behind a jump back: runs the head of the loop as well if that is a frequent one.
#[inline(always)]
unsafe fn loop_head(r: &mut Regs) -> Flow {
    if !r.fuse {
        return Flow::Jump;
    }
    let head = r.ip;
    let word = *head;
    let opcode = word as u8;
    if opcode != Opcode::FOR_ITER_RANGE as u8 && opcode != Opcode::FOR_ITER_LIST as u8 {
        return Flow::Jump;
    }
    r.ip = head.add(1);
    r.oparg = u64::from(word >> 8);
    let flow = if opcode == Opcode::FOR_ITER_RANGE as u8 { FOR_ITER_RANGE(r) } else { FOR_ITER_LIST(r) };
    match flow {
        Flow::Next => {
            r.ip = r.ip.add(CACHES);
            Flow::Jump
        }
        // It changed nothing: let its own handler see to that.
        Flow::Deopt => {
            r.ip = head;
            Flow::Jump
        }
        flow => flow,
    }
}

#[inline(always)]
pub unsafe fn JUMP_BACKWARD_JIT(r: &mut Regs) -> Flow {
    JUMP_BACKWARD_NO_JIT(r)
}

#[inline(always)]
pub unsafe fn JUMP_BACKWARD_NO_INTERRUPT(r: &mut Regs) -> Flow {
    r.jump(0, -(r.oparg as isize))
}

/// Shifts an outcome into the branch's history, then jumps, or goes on `skip` units behind the
/// cache: the compiler puts a NOT_TAKEN there, which need not run unless it is watched for.
#[inline(always)]
unsafe fn branch(r: &mut Regs, jumps: bool, skip: usize) -> Flow {
    let history = r.cache16(0);
    if jumps {
        r.set_cache16(0, history << 1 | 1);
        r.jump(CACHES, r.oparg as isize)
    } else {
        r.set_cache16(0, history << 1);
        r.ip = r.ip.add(if r.is_watched() { 0 } else { skip });
        Flow::Next
    }
}

/// Ends an instruction whose outcome is a bool that only the conditional jump behind it looks
/// at: that is done as well. `None` where there is no such jump, or instructions run one by one;
/// otherwise the inputs must be popped already.
#[inline(always)]
pub unsafe fn jump_on(r: &mut Regs, caches: usize, yes: bool) -> Option<Flow> {
    if !r.fuse || r.dying {
        return None;
    }
    let word = *r.ip.add(caches);
    let jumps = if word as u8 == Opcode::POP_JUMP_IF_FALSE as u8 {
        !yes
    } else if word as u8 == Opcode::POP_JUMP_IF_TRUE as u8 {
        yes
    } else {
        return None;
    };
    r.ip = r.ip.add(caches + 1);
    r.oparg = u64::from(word >> 8);
    let flow = branch(r, jumps, 1);
    if flow == Flow::Next {
        r.ip = r.ip.add(CACHES);
    }
    Some(Flow::Jump)
}

/// Pushes the item of a loop; a STORE_FAST behind the instruction is done as well.
#[inline(always)]
unsafe fn push_item(r: &mut Regs, v: Value) -> Flow {
    let word = *r.ip.add(CACHES);
    if r.fuse && word as u8 == Opcode::STORE_FAST as u8 {
        let slot = r.local(usize::from(word >> 8));
        let old = *slot;
        *slot = v;
        r.release(old);
        r.ip = r.ip.add(CACHES + 1);
        return Flow::Jump;
    }
    r.push(v);
    Flow::Next
}

/// Skips the RESUME_CHECK that a frame which is just entered begins with, if nothing is pending.
#[inline(always)]
pub unsafe fn skip_resume_check(r: &mut Regs) {
    if r.fuse && *r.ip as u8 == Opcode::RESUME_CHECK as u8 && !breaker_set(r) {
        r.ip = r.ip.add(1);
    }
}

/// A conditional jump that is followed by NOT_TAKEN, as the compiler makes them, and its form
/// without, which other tools may make.
macro_rules! conditional_jumps {
    ($($name:ident, $bare:ident: |$r:ident, $v:ident| $jumps:expr;)*) => {
        $(#[inline(always)]
        pub unsafe fn $name(r: &mut Regs) -> Flow {
            let $v = r.pop();
            let jumps = { let $r = &mut *r; $jumps };
            branch(r, jumps, 1)
        }

        #[inline(always)]
        pub unsafe fn $bare(r: &mut Regs) -> Flow {
            let $v = r.pop();
            let jumps = { let $r = &mut *r; $jumps };
            branch(r, jumps, 0)
        })*
    };
}

conditional_jumps! {
    POP_JUMP_IF_FALSE, POP_JUMP_IF_FALSE_BARE: |r, v| v == r.vm().false_();
    POP_JUMP_IF_TRUE, POP_JUMP_IF_TRUE_BARE: |r, v| v == r.vm().true_();
    POP_JUMP_IF_NONE, POP_JUMP_IF_NONE_BARE: |r, v| is_none(r, v);
    POP_JUMP_IF_NOT_NONE, POP_JUMP_IF_NOT_NONE_BARE: |r, v| !is_none(r, v);
}

/// Whether a value that was taken off the stack is None; any other is released.
#[inline(always)]
unsafe fn is_none(r: &mut Regs, v: Value) -> bool {
    if v == r.vm().none() {
        return true;
    }
    r.release(v);
    false
}

// Loops. An exhausted iterator stays on the stack for POP_ITER; END_FOR is jumped over.

#[inline(always)]
pub unsafe fn GET_ITER(r: &mut Regs) -> Flow {
    r.save();
    let it = iter::get_iter(r.vm(), r.peek(1));
    r.finish_result::<1>(it)
}

#[inline(always)]
unsafe fn end_loop(r: &mut Regs) -> Flow {
    r.jump(CACHES, r.oparg as isize + 1)
}

/// The next item; StopIteration that a `__next__` raised ends the loop as well.
#[inline(never)]
fn next_item(vm: &Vm, it: Value) -> PyResult<Option<Ref>> {
    match iter::next(vm, it) {
        Err(e) if e.is(vm, shape::STOP_ITERATION) => Ok(None),
        r => r,
    }
}

/// The same where Python tools may want to hear of it.
fn watched_next_item(vm: &Vm, it: Value) -> PyResult<Option<Ref>> {
    if vm.interp.monitor.is_active() { before::next_item(vm, it) } else { next_item(vm, it) }
}

#[inline(always)]
pub unsafe fn FOR_ITER(r: &mut Regs) -> Flow {
    adaptive!(r);
    r.save();
    let next = if r.fuse { next_item } else { watched_next_item };
    match attempt!(r, next(r.vm(), r.peek(1))) {
        Some(v) => {
            r.push_ref(v);
            Flow::Called
        }
        None => {
            r.reload_table();
            end_loop(r)
        }
    }
}

#[inline(always)]
pub unsafe fn FOR_ITER_LIST(r: &mut Regs) -> Flow {
    let it = r.peek(1);
    if !it.has_shape_nonnull(shape::LIST_ITERATOR) {
        return Flow::Deopt;
    }
    let it = it.cast_unchecked::<PyListIterator>();
    let list = it.list.get();
    if list.is_null() {
        return end_loop(r);
    }
    let l = list.cast_unchecked::<PyList>();
    let i = it.pos.get();
    if i >= l.len() {
        let list = it.list.replace_value(Value::NULL);
        r.release(list);
        return end_loop(r);
    }
    it.pos.set(i + 1);
    let v = (*l.items().add(i)).dup();
    push_item(r, v)
}

#[inline(always)]
pub unsafe fn FOR_ITER_TUPLE(r: &mut Regs) -> Flow {
    let it = r.peek(1);
    if !it.has_shape_nonnull(shape::TUPLE_ITERATOR) {
        return Flow::Deopt;
    }
    let it = it.cast_unchecked::<PyTupleIterator>();
    let tuple = it.tuple.get();
    if tuple.is_null() {
        return end_loop(r);
    }
    let items = tuple.cast_unchecked::<PyTuple>().as_slice();
    let i = it.pos.get();
    if i >= items.len() {
        let tuple = it.tuple.replace_value(Value::NULL);
        r.release(tuple);
        return end_loop(r);
    }
    it.pos.set(i + 1);
    let v = items.get_unchecked(i).dup();
    push_item(r, v)
}

#[inline(always)]
pub unsafe fn FOR_ITER_RANGE(r: &mut Regs) -> Flow {
    let it = r.peek(1);
    if !it.has_shape_nonnull(shape::RANGE_ITERATOR) {
        return Flow::Deopt;
    }
    let it = it.cast_unchecked::<PyRangeIterator>();
    let left = it.left.get();
    if left <= 0 {
        return end_loop(r);
    }
    let i = it.next.get();
    let Some(v) = Value::try_small_int(i) else { return Flow::Deopt };
    it.next.set(i.wrapping_add(it.step));
    it.left.set(left - 1);
    push_item(r, v)
}

/// A generator that is not running: its frame goes on right here.
#[inline(always)]
pub unsafe fn FOR_ITER_GEN(r: &mut Regs) -> Flow {
    let it = r.peek(1);
    if !it.has_shape_nonnull(shape::GENERATOR) {
        return Flow::Deopt;
    }
    if r.is_watched() {
        return Flow::Deopt;
    }
    let g = it.cast_unchecked::<PyGenerator>();
    let none = r.vm().none();
    enter_generator(r, g, none, 0)
}

/// Enters a suspended generator with an owned value, as a call that returns behind this
/// instruction's cache; `oparg` leads to where it goes on when the generator has ended.
/// `pops`: values that are not needed any more once the generator runs.
#[inline(always)]
pub unsafe fn enter_generator(r: &mut Regs, g: &PyGenerator, sent: Value, pops: usize) -> Flow {
    if g.state.get() >= crate::types::generator::GeneratorState::Executing || r.vm().interp.code_replaced.get() {
        return Flow::Deopt;
    }
    let vm = r.vm();
    let fp = r.sp.sub(pops).add(crate::frame::HEADER_SLOTS);
    if !enter::has_resume_room(vm, g, fp) {
        return Flow::Deopt;
    }
    r.sp = r.sp.sub(pops);
    let back = r.ip.add(CACHES);
    let link = crate::frame::Link::new(back, fp.offset_from(r.fp) as usize);
    let (ip, sp) = enter::push_generator(vm, g, fp, sent, link);
    g.done_address.set(back.add(r.arg()));
    r.ip = back;
    r.fp = fp;
    r.sp = sp;
    r.transfer(ip);
    skip_resume_check(r);
    // What a generator that nobody sends to begins with: POP_TOP of the None.
    if r.fuse && *r.ip as u8 == Opcode::POP_TOP as u8 && sent == vm.none() {
        r.sp = r.sp.sub(1);
        r.ip = r.ip.add(1);
    }
    Flow::Jump
}

/// Only traces of tier 2 put it into code.
#[inline(always)]
pub unsafe fn ENTER_EXECUTOR(r: &mut Regs) -> Flow {
    crate::ops::bad_opcode(*r)
}
