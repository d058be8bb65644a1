//! Trace and profile functions, on top of events: `sys.settrace`, `sys.setprofile`.

use super::event::{Event, EventSet};
use super::{PROFILE_TOOL, Place, TRACE_TOOL};
use crate::code::PyCode;
use crate::error::PyResult;
use crate::protocol::call;
use crate::shape;
use crate::types::exceptions;
use crate::types::frame_object::{self, PyFrame};
use crate::types::tuple::PyTuple;
use crate::threads;
use crate::value::{Ref, Value};
use crate::vm::Vm;

const TRACE_EVENTS: EventSet = EventSet::of(&[
    Event::PyStart,
    Event::PyResume,
    Event::PyReturn,
    Event::PyYield,
    Event::Line,
    Event::Jump,
    Event::StopIteration,
    Event::Raise,
    Event::PyUnwind,
    Event::PyThrow,
]);

const PROFILE_EVENTS: EventSet = EventSet::of(&[
    Event::PyStart,
    Event::PyResume,
    Event::PyReturn,
    Event::PyYield,
    Event::Call,
    Event::PyUnwind,
    Event::PyThrow,
]);

/// `sys.settrace(function)`.
pub fn set_trace(vm: &Vm, function: Option<Ref>) {
    let m = &vm.interp.monitor;
    let wanted = function.is_some() || threads::others_are_traced(vm).0;
    let events = if wanted { TRACE_EVENTS } else { EventSet::NONE };
    let old = m.trace.replace(function);
    if events != EventSet::NONE
        && let Some(frame) = vm.interp.current_frame()
    {
        // SAFETY: the running frame is live.
        let f = unsafe { frame_object::of_frame(vm, frame) };
        if let Some(f) = f.cast::<PyFrame>().filter(|f| f.trace_opcodes.get()) {
            trace_opcodes(vm, f.code(), true);
        }
    }
    m.set_events(vm, TRACE_TOOL, events);
    drop(old);
}

/// `sys.setprofile(function)`.
pub fn set_profile(vm: &Vm, function: Option<Ref>) {
    let m = &vm.interp.monitor;
    let wanted = function.is_some() || threads::others_are_traced(vm).1;
    let events = if wanted { PROFILE_EVENTS } else { EventSet::NONE };
    let old = m.profile.replace(function);
    m.set_events(vm, PROFILE_TOOL, events);
    drop(old);
}

/// `sys._settraceallthreads(function)`.
pub fn set_trace_of_all(vm: &Vm, function: Option<Ref>) {
    threads::set_others_tool(vm, |state| std::mem::replace(&mut state.trace, function.clone()));
    set_trace(vm, function);
}

/// `sys._setprofileallthreads(function)`.
pub fn set_profile_of_all(vm: &Vm, function: Option<Ref>) {
    threads::set_others_tool(vm, |state| std::mem::replace(&mut state.profile, function.clone()));
    set_profile(vm, function);
}

/// The thread that runs has ended.
pub(crate) fn forget_thread(vm: &Vm) {
    let m = &vm.interp.monitor;
    if !m.trace.is_null() {
        set_trace(vm, None);
    }
    if !m.profile.is_null() {
        set_profile(vm, None);
    }
}

/// Begins or ends the telling of a code object's every instruction to the trace function.
pub fn trace_opcodes(vm: &Vm, code: &PyCode, wanted: bool) {
    let m = &vm.interp.monitor;
    let events = code.monitor.get().map_or(EventSet::NONE, |c| c.local_events(TRACE_TOOL));
    if events.contains(Event::Instruction) != wanted {
        m.set_local_events(vm, code, TRACE_TOOL, events.with(Event::Instruction, wanted));
    }
}

/// A frame that a trace or profile function is told of.
struct Told<'a, 'b> {
    at: &'a Place<'b>,
    frame: Ref,
}

impl<'a, 'b> Told<'a, 'b> {
    fn new(at: &'a Place<'b>) -> Told<'a, 'b> {
        // SAFETY: the frame of a place is live.
        let frame = unsafe { frame_object::of_frame(at.vm, at.frame) };
        Told { at, frame }
    }

    fn frame(&self) -> &PyFrame {
        // SAFETY: just made as one.
        unsafe { self.frame.value().cast_unchecked::<PyFrame>() }
    }

    /// Calls a function with the frame, the event's name and its argument.
    fn call(&self, function: Value, what: &str, argument: Value) -> PyResult {
        let vm = self.at.vm;
        call::call_args(vm, function, &[self.frame.value(), vm.intern(what), argument])
    }

    /// Calls the trace function: for a call the one that was set, else the frame's own, which
    /// gives back the one for the rest of the frame.
    fn trace(&self, what: &str, argument: Value) -> PyResult<()> {
        let vm = self.at.vm;
        let own = &self.frame().trace;
        let cell = if what == "call" { &vm.interp.monitor.trace } else { own };
        let Some(function) = cell.get_ref() else { return Ok(()) };
        match self.call(function.value(), what, argument) {
            Ok(next) if next.is(vm.none()) => Ok(()),
            Ok(next) => {
                own.set(next);
                Ok(())
            }
            Err(e) => {
                set_trace(vm, None);
                own.clear();
                Err(e)
            }
        }
    }

    fn trace_line(&self) -> PyResult<()> {
        if self.frame().trace_lines.get() { self.trace("line", self.at.vm.none()) } else { Ok(()) }
    }
}

/// An event for the trace function; whether it is to be spared from now on.
pub(super) fn trace(at: &Place, event: Event, second: i64, extra: &[Value]) -> PyResult<bool> {
    let vm = at.vm;
    let told = Told::new(at);
    let wanted = !vm.interp.monitor.trace.is_null();
    if event == Event::Instruction {
        if wanted && told.frame().trace_opcodes.get() {
            return told.trace("opcode", vm.none()).map(|()| false);
        }
        trace_opcodes(vm, at.code, false);
        return Ok(false);
    }
    if !wanted {
        return Ok(false);
    }
    let first = extra.first().copied().unwrap_or(vm.none());
    match event {
        Event::Line => return told.trace_line().map(|()| false),
        Event::Jump => return jumped(&told, second, first),
        _ => {}
    }
    if told.frame().trace_opcodes.get() {
        trace_opcodes(vm, at.code, true);
    }
    match event {
        Event::PyStart | Event::PyResume | Event::PyThrow => told.trace("call", vm.none())?,
        Event::PyReturn | Event::PyYield => told.trace("return", first)?,
        Event::PyUnwind => told.trace("return", vm.none())?,
        Event::Raise | Event::StopIteration => {
            let traceback = exceptions::exception(first).and_then(|x| x.traceback.get_ref());
            let parts = vec![
                vm.type_of(first).to_ref(),
                first.to_ref(),
                traceback.unwrap_or_else(|| vm.none_ref()),
            ];
            told.trace("exception", PyTuple::from_vec(vm, parts).value())?;
        }
        _ => {}
    }
    Ok(false)
}

/// A jump back within a line is a new line event; other jumps are told by where they lead.
fn jumped(told: &Told, from: i64, to: Value) -> PyResult<bool> {
    let to = to.as_small_int().unwrap_or(0);
    let line = |offset: i64| told.at.code.line_at(offset as usize / 2);
    if to > from || line(to) != line(from) {
        return Ok(true);
    }
    if line(to).is_some() {
        told.trace_line()?;
    }
    Ok(false)
}

/// An event for the profile function.
pub(super) fn profile(at: &Place, event: Event, extra: &[Value]) -> PyResult<bool> {
    let vm = at.vm;
    let Some(function) = vm.interp.monitor.profile.get_ref() else { return Ok(false) };
    let first = extra.first().copied().unwrap_or(vm.none());
    let (what, argument) = match event {
        Event::PyStart | Event::PyResume | Event::PyThrow => ("call", vm.none_ref()),
        Event::PyReturn | Event::PyYield => ("return", first.to_ref()),
        Event::PyUnwind => ("return", vm.none_ref()),
        Event::Call | Event::CReturn | Event::CRaise => {
            let what = match event {
                Event::Call => "c_call",
                Event::CReturn => "c_return",
                _ => "c_exception",
            };
            match native_function(vm, extra)? {
                Some(native) => (what, native),
                None => return Ok(false),
            }
        }
        _ => return Ok(false),
    };
    if let Err(e) = Told::new(at).call(function.value(), what, argument.value()) {
        set_profile(vm, None);
        return Err(e);
    }
    Ok(false)
}

/// The native function that a call is of: itself, or a native method bound to its receiver.
fn native_function(vm: &Vm, called: &[Value]) -> PyResult<Option<Ref>> {
    let &[callable, receiver] = called else { return Ok(None) };
    if callable.has_shape(shape::BUILTIN_FUNCTION) {
        return Ok(Some(callable.to_ref()));
    }
    let bind = vm.type_of(callable).slots().descr_get;
    if !callable.has_shape(shape::METHOD_DESCRIPTOR) || receiver.is(vm.interp.monitor.missing(vm)) {
        return Ok(None);
    }
    match bind {
        Some(bind) => bind(vm, callable, receiver, vm.type_of(receiver).value()).map(Some),
        None => Ok(None),
    }
}
