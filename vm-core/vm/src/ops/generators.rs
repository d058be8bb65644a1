//! Generators, coroutines, `await` and `async for`.

use crate::error::PyResult;
use crate::frame::{HEADER_SLOTS, Link};
use crate::interp::regs::{Flow, Regs, cold_function};
use crate::interp::leave;
use crate::monitor::before;
use crate::ops::control::enter_generator;
use crate::ops::{adaptive, attempt};
use crate::protocol::{call as protocol, iter};
use crate::shape;
use crate::types::coroutine::awaitable_iterator;
use crate::types::exceptions;
use crate::types::generator::{GeneratorState, PyGenerator};
use crate::value::{Ref, Value};
use crate::vm::Vm;
use tailscope_bytecode::code::flags;

/// Inline cache entries of SEND and FOR_ITER.
const CACHES: usize = 1;

/// The frame that was just entered becomes a generator, which is what the call returns.
#[inline(always)]
pub unsafe fn RETURN_GENERATOR(r: &mut Regs) -> Flow {
    r.save();
    return_generator(r.vm())
}

#[inline(never)]
unsafe fn return_generator(vm: &Vm) -> Flow {
    let s = &vm.interp;
    let frame = crate::frame::Frame(s.fp.get());
    let (ip, sp) = (s.ip.get(), s.sp.get());
    let generator = PyGenerator::from_frame(vm, frame, sp, ip);
    if s.origin_tracking_depth.get() > 0 && generator.has_shape(crate::shape::COROUTINE) {
        crate::types::coroutine::set_origin(vm, generator.value(), frame);
    }
    let link = frame.link();
    // The slots have moved: there is nothing left to release.
    let base = leave::pop_frame(vm, frame, frame.0);
    s.transfer(ip, link.return_address());
    *base = generator.into_value();
    s.sp.set(base.add(1));
    Flow::Reload
}

#[inline(always)]
pub unsafe fn YIELD_VALUE(r: &mut Regs) -> Flow {
    let vm = r.vm();
    let Some(g) = r.frame().generator() else { return not_a_generator(*r) };
    let value = r.pop().into_owned();
    let link: Link = r.link();
    let state = if r.oparg == 0 { GeneratorState::Suspended } else { GeneratorState::SuspendedYieldFrom };
    leave::suspend(vm, g, r.fp, r.sp, r.ip, state);
    // The function in the header is borrowed from the generator.
    r.sp = r.fp.sub(HEADER_SLOTS);
    r.fp = r.fp.sub(link.distance());
    r.transfer(link.return_address());
    r.push(value);
    Flow::Jump
}

cold_function! {
    unsafe fn not_a_generator(r: Regs) -> Flow {
        r.raise(r.vm().system_error("YIELD_VALUE outside of a generator"))
    }
}

// Sending: [receiver, value] -- [receiver, result], or a jump with the receiver's return value.

#[inline(always)]
pub unsafe fn SEND(r: &mut Regs) -> Flow {
    adaptive!(r);
    let (receiver, value) = (r.peek(2), r.peek(1));
    if receiver.has_shape_nonnull(shape::GENERATOR) || receiver.has_shape_nonnull(shape::COROUTINE) {
        let flow = send_to_generator(r);
        if flow != Flow::Deopt {
            return flow;
        }
    }
    r.save();
    match attempt!(r, send_natively(r.vm(), receiver, value)) {
        Sent::Yielded(v) => {
            replace_top(r, v);
            Flow::Called
        }
        Sent::Returned(v) => {
            replace_top(r, v);
            r.reload_table();
            r.jump(CACHES, r.oparg as isize)
        }
    }
}

#[inline(always)]
unsafe fn replace_top(r: &mut Regs, v: Ref) {
    let old = r.peek(1);
    *r.slot(1) = v.into_value();
    r.release(old);
}

/// Enters a generator or coroutine that is not running with the value on top, or `Deopt`.
#[inline(always)]
unsafe fn send_to_generator(r: &mut Regs) -> Flow {
    let g = r.peek(2).cast_unchecked::<PyGenerator>();
    if g.state.get() >= GeneratorState::Executing || r.vm().interp.code_replaced.get() {
        return Flow::Deopt;
    }
    if g.state.get() == GeneratorState::Created && r.peek(1) != r.vm().none() {
        return Flow::Deopt;
    }
    // Owned in its slot first: whether it is entered or not, the value is held once.
    let sent = r.peek(1).into_owned();
    *r.slot(1) = sent;
    enter_generator(r, g, sent, 1)
}

#[inline(always)]
pub unsafe fn SEND_GEN(r: &mut Regs) -> Flow {
    let receiver = r.peek(2);
    if !receiver.has_shape_nonnull(shape::GENERATOR) && !receiver.has_shape_nonnull(shape::COROUTINE) {
        return Flow::Deopt;
    }
    send_to_generator(r)
}

enum Sent {
    Yielded(Ref),
    Returned(Ref),
}

#[inline(never)]
fn send_natively(vm: &Vm, receiver: Value, value: Value) -> PyResult<Sent> {
    // The slot itself: a StopIteration that it raises carries the result.
    let result = match vm.type_of(receiver).slots().next {
        Some(next) if value.is(vm.none()) => match next(vm, receiver) {
            Ok(None) => return Ok(Sent::Returned(vm.none_ref())),
            Ok(Some(v)) => Ok(v),
            Err(e) => Err(e),
        },
        _ => protocol::call_method(vm, receiver, "send", &[value]),
    };
    match result {
        Ok(v) => Ok(Sent::Yielded(v)),
        Err(e) if e.is(vm, shape::STOP_ITERATION) => {
            // That of a generator is told at END_SEND.
            if vm.interp.monitor.is_active() && PyGenerator::of(receiver).is_none() {
                before::stop_caught(vm, &e)?;
            }
            Ok(Sent::Returned(stop_value(vm, e.0.value())))
        }
        Err(e) => Err(e),
    }
}

/// `StopIteration.value`.
fn stop_value(vm: &Vm, e: Value) -> Ref {
    exceptions::exception(e).and_then(|x| x.fields[0].get_ref()).unwrap_or_else(|| vm.none_ref())
}

/// After `throw()` into a delegate: its StopIteration ends the delegation with its value.
/// [sub_iter, last_sent, exc] -- [None, value].
#[inline(always)]
pub unsafe fn CLEANUP_THROW(r: &mut Regs) -> Flow {
    let vm = r.vm();
    let e = r.peek(1);
    r.save();
    if !vm.type_of(e).is_subtype(vm.builtin(shape::STOP_ITERATION)) {
        return crate::ops::exceptions::reraise_top(r);
    }
    let value = stop_value(vm, e);
    r.finish::<2>(value.into_value());
    let value = r.pop();
    r.finish::<1>(vm.none());
    r.push(value);
    Flow::Called
}

#[inline(always)]
pub unsafe fn GET_YIELD_FROM_ITER(r: &mut Regs) -> Flow {
    let v = r.peek(1);
    if v.has_shape_nonnull(shape::GENERATOR) {
        return Flow::Next;
    }
    r.save();
    if v.has_shape_nonnull(shape::COROUTINE) {
        if r.code().has(flags::COROUTINE | flags::ITERABLE_COROUTINE) {
            return Flow::Called;
        }
        return r.raise(r.vm().type_error(
            "cannot 'yield from' a coroutine object in a non-coroutine generator",
        ));
    }
    let it = iter::get_iter(r.vm(), v);
    r.finish_result::<1>(it)
}

// Coroutines.

#[inline(always)]
pub unsafe fn GET_AWAITABLE(r: &mut Regs) -> Flow {
    r.save();
    let it = get_awaitable(r.vm(), r.peek(1), r.oparg);
    r.finish_result::<1>(it)
}

#[inline(never)]
fn get_awaitable(vm: &Vm, v: Value, oparg: u64) -> PyResult {
    let it = match awaitable_iterator(vm, v) {
        Ok(it) => it,
        Err(e) => {
            let method = match oparg {
                1 => "__aenter__",
                2 => "__aexit__",
                _ => return Err(e),
            };
            if vm.type_of(v).slots().await_.is_some() {
                return Err(e);
            }
            return Err(vm.type_error(format!(
                "'async with' received an object from {method} that does not implement __await__: {}",
                vm.type_of(v).full_name()
            )));
        }
    };
    if it.has_shape(shape::COROUTINE) && PyGenerator::of(it.value()).is_some_and(|g| g.delegate().is_some()) {
        return Err(vm.runtime_error("coroutine is being awaited already"));
    }
    Ok(it)
}

#[inline(always)]
pub unsafe fn GET_AITER(r: &mut Regs) -> Flow {
    r.save();
    let it = get_aiter(r.vm(), r.peek(1));
    r.finish_result::<1>(it)
}

#[inline(never)]
fn get_aiter(vm: &Vm, v: Value) -> PyResult {
    let ty = vm.type_of(v);
    let Some(get) = ty.slots().aiter else {
        return Err(vm.type_error(format!(
            "'async for' requires an object with __aiter__ method, got {}",
            ty.full_name()
        )));
    };
    let it = get(vm, v)?;
    if vm.type_of(it.value()).slots().anext.is_none() {
        return Err(vm.type_error(format!(
            "'async for' received an object from __aiter__ that does not implement __anext__: {}",
            vm.type_of(it.value()).full_name()
        )));
    }
    Ok(it)
}

#[inline(always)]
pub unsafe fn GET_ANEXT(r: &mut Regs) -> Flow {
    r.save();
    let v = get_anext(r.vm(), r.peek(1));
    r.push_result(v)
}

#[inline(never)]
fn get_anext(vm: &Vm, v: Value) -> PyResult {
    let ty = vm.type_of(v);
    let Some(next) = ty.slots().anext else {
        return Err(vm.type_error(format!(
            "'async for' requires an iterator with __anext__ method, got {}",
            ty.full_name()
        )));
    };
    let awaitable = next(vm, v)?;
    if v.has_shape(shape::ASYNC_GENERATOR) {
        return Ok(awaitable);
    }
    awaitable_iterator(vm, awaitable.value()).map_err(|cause| {
        let e = vm.type_error(format!(
            "'async for' received an invalid object from __anext__: {}",
            vm.type_of(awaitable.value()).full_name()
        ));
        if let Some(x) = exceptions::exception(e.0.value()) {
            x.cause.set(cause.0.clone());
            x.context.set(cause.0);
            x.suppress_context.set(true);
        }
        e
    })
}

/// [awaitable, exc] --: StopAsyncIteration ends an `async for`.
#[inline(always)]
pub unsafe fn END_ASYNC_FOR(r: &mut Regs) -> Flow {
    let vm = r.vm();
    r.save();
    if !vm.type_of(r.peek(1)).is_subtype(vm.builtin(shape::STOP_ASYNC_ITERATION)) {
        return crate::ops::exceptions::reraise_top(r);
    }
    r.drop_inputs::<2>();
    Flow::Called
}
