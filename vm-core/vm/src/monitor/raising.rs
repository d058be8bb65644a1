//! Events of exceptions, told by the unwinder. The exception on its way is in `State::raised`;
//! one that a callback raises takes its place.

use tailscope_bytecode::opcode::Opcode;

use super::event::Event;
use super::Place;
use crate::error::Raised;
use crate::frame::Frame;
use crate::value::Value;
use crate::vm::Vm;

/// The place where a frame stands, if anybody wants to hear of it.
///
/// # Safety
/// The frame must be the innermost one.
unsafe fn place(vm: &Vm, frame: Frame, unit: u32) -> Option<Place<'_>> {
    let m = &vm.interp.monitor;
    if !m.is_telling() {
        return None;
    }
    // SAFETY: promised by the caller.
    let place = unsafe { Place::new(vm, frame, unit) };
    place.code.monitor().sync(m);
    Some(place)
}

impl Place<'_> {
    /// The place that CPython names for an exception: the code unit before the one that would have
    /// been next. That is the last of the instruction's caches, but where the exception comes
    /// from a frame that the instruction has entered, what lies before the instruction.
    fn raised(self) -> Self {
        let start = self.code.instruction_start(self.unit as usize) as u32;
        let caches = self.code.base_opcode(start as usize).cache_units() as u32;
        // A frame that has entered another one stands behind the caches.
        let unit = if self.unit == start { start + caches } else { start.saturating_sub(1) };
        Place { unit, ..self }
    }

    /// Tells an event of the exception on its way.
    fn tell_of_raised(&self, event: Event, tools: u8, extra: &[Value]) {
        let s = &self.vm.interp;
        if tools == 0 {
            return;
        }
        let Some(e) = s.raised.take() else { return };
        let own = [e.value()];
        let extra = if extra.is_empty() { &own } else { extra };
        let left = match self.tell_tools(event, tools, i64::from(self.unit) * 2, extra) {
            Ok(()) => e,
            Err(Raised(other)) => other,
        };
        s.raised.set(left);
    }
}

/// An exception has come to a frame: raised there, or by what it called.
///
/// # Safety
/// The frame must be the innermost one, with the registers spilled.
pub(crate) unsafe fn raising(vm: &Vm, frame: Frame, unit: u32, again: bool) {
    // SAFETY: promised by the caller.
    let Some(at) = (unsafe { place(vm, frame, unit) }) else { return };
    let m = at.monitor();
    let mut start = at.code.instruction_start(unit as usize) as u32;
    // What is thrown into a generator comes to the RESUME behind its `yield`.
    if at.code.base_opcode(start as usize) == Opcode::YIELD_VALUE {
        start += 1;
    }
    m.with_activations(|a| a.arrive(&Place { unit: start, ..at }));
    let event = if again { Event::Reraise } else { Event::Raise };
    at.raised().tell_of_raised(event, m.global_tools(event), &[]);
}

/// The native call that a frame stands in, if any, ends by raising.
///
/// # Safety
/// As for `raising`.
pub(crate) unsafe fn native_call_raised(vm: &Vm, frame: Frame, unit: u32) {
    // SAFETY: promised by the caller.
    let Some(at) = (unsafe { place(vm, frame, unit) }) else { return };
    let call = at.monitor().with_activations(|a| a.end_call(frame.0));
    if let Some(call) = call {
        let at = Place { unit: call.unit, ..at };
        let tools = at.tools(Event::CRaise, call.unit);
        at.tell_of_raised(Event::CRaise, tools, &[call.callable.value(), call.argument.value()]);
    }
}

/// An exception is thrown into a generator, which stands behind its `yield`.
///
/// # Safety
/// As for `raising`.
pub(crate) unsafe fn throwing(vm: &Vm, frame: Frame, unit: u32) {
    // SAFETY: promised by the caller.
    let Some(at) = (unsafe { place(vm, frame, unit) }) else { return };
    at.tell_of_raised(Event::PyThrow, at.monitor().global_tools(Event::PyThrow), &[]);
}

/// A frame is about to be left by an exception.
///
/// # Safety
/// As for `raising`.
pub(crate) unsafe fn unwinding(vm: &Vm, frame: Frame, unit: u32) {
    // SAFETY: promised by the caller.
    let Some(at) = (unsafe { place(vm, frame, unit) }) else { return };
    let m = at.monitor();
    at.raised().tell_of_raised(Event::PyUnwind, m.global_tools(Event::PyUnwind), &[]);
    m.with_activations(|a| a.leave(frame.0));
}

/// A handler, at a code unit, is about to run with the exception `e`. What a callback raises.
///
/// # Safety
/// As for `raising`.
pub(crate) unsafe fn handled(vm: &Vm, frame: Frame, unit: u32, e: Value) -> Option<Raised> {
    // SAFETY: promised by the caller.
    let at = unsafe { place(vm, frame, unit) }?;
    let tools = at.monitor().global_tools(Event::ExceptionHandled);
    at.tell_tools(Event::ExceptionHandled, tools, i64::from(unit) * 2, &[e]).err()
}
