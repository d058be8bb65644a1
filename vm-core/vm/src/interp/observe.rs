//! What a debugger, and tools written in Python, hear from the running interpreter.
//!
//! The registers are spilled at every call, so the observer sees each frame complete
//! (`State::current_frame`, [`crate::frame::Frame::caller`]) and may run Python code of its own:
//! that code is not observed.

use std::sync::atomic::Ordering;

use crate::error::{PyResult, Raised};
use crate::frame::Frame;
use crate::interp::regs::{Flow, Regs};
use crate::interp::{Mode, breaker};
use crate::monitor;
use crate::ops::internal::number::BREAKPOINT;
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// Where the interpreter stands.
#[derive(Clone, Copy, Debug)]
pub struct Position {
    pub frame: Frame,
    /// Code unit of the instruction that is about to run.
    pub unit: u32,
    /// Its oparg, with what EXTENDED_ARG added.
    pub oparg: u32,
    /// Frames entered and not left.
    pub depth: u32,
    /// Code units executed before it.
    pub clock: u64,
}

/// How the interpreter goes on.
#[derive(Debug)]
pub enum Next {
    /// With the instruction.
    Continue,
    /// The spilled instruction pointer (or stack) was changed: from there.
    Moved,
    /// By raising.
    Raise(Raised),
}

/// Watches the interpreter. All methods are called from the thread that runs the VM.
pub trait Observer {
    /// Before each instruction, in [`Mode::Step`](crate::interp::Mode::Step).
    fn before_instruction(&mut self, vm: &Vm, at: Position) -> Next;

    /// Before an instruction that has a breakpoint.
    fn at_breakpoint(&mut self, vm: &Vm, at: Position) -> Next;

    /// At the RESUME or backward jump that follows a request with `breaker::INTERRUPT`.
    fn interrupted(&mut self, vm: &Vm, at: Position) -> Next;

    /// An exception was raised, before anything is unwound.
    fn raised(&mut self, vm: &Vm, at: Position, exception: Value);
}

/// What a handler does after the observer was called.
#[derive(Debug, PartialEq, Eq)]
pub enum Go {
    On,
    Moved,
    Raise,
}

/// Sets who watches; gives back who did.
pub fn set_observer(vm: &Vm, observer: Option<Box<dyn Observer>>) -> Option<Box<dyn Observer>> {
    vm.interp.observer.replace(observer)
}

/// The spilled position. The instruction's code unit has been fetched: it lies behind `ip`.
fn position(vm: &Vm, oparg: u64) -> Option<Position> {
    let s = &vm.interp;
    let frame = s.current_frame()?;
    // SAFETY: the running frame is live.
    let code = unsafe { frame.code() };
    let at = s.ip.get().wrapping_sub(1);
    if !code.contains(at) {
        return None;
    }
    Some(Position {
        frame,
        unit: code.index_of(at) as u32,
        oparg: oparg as u32,
        depth: s.depth().max(0) as u32,
        clock: s.clock().wrapping_sub(1),
    })
}

/// Calls the observer, who is away meanwhile: code that it runs is not observed.
fn with_observer<R>(vm: &Vm, f: impl FnOnce(&mut dyn Observer) -> R) -> Option<R> {
    let mut observer = vm.interp.observer.take()?;
    let (ip, fp) = (vm.interp.ip.get(), vm.interp.fp.get());
    let quickly = vm.interp.quickly.switch(false);
    let result = vm.threads.pinned(|| vm.interp.monitor.unobserved(|| f(&mut *observer)));
    // The end of the value stack may have changed: a jump takes from it what is not there at its end.
    debug_assert_eq!(fp, vm.interp.fp.get(), "from {ip:p}");
    vm.interp.quickly.switch(quickly);
    let mut place = vm.interp.observer.borrow_mut();
    // The observer may have set another one in its stead.
    if place.is_none() {
        *place = Some(observer);
    }
    Some(result)
}

fn go(vm: &Vm, next: Option<Next>) -> Go {
    match next {
        None | Some(Next::Continue) => Go::On,
        Some(Next::Moved) => Go::Moved,
        Some(Next::Raise(e)) => {
            vm.interp.raised.set(e.0);
            Go::Raise
        }
    }
}

/// Calls the observer before the instruction that was fetched; anything but `Next` means that it
/// must not run.
///
/// # Safety
/// The registers must be those of a running frame, as in any instruction body.
pub unsafe fn look(r: &Regs) -> Flow {
    r.save();
    match before_instruction(r.vm(), r.oparg) {
        Go::On => Flow::Next,
        Go::Moved => Flow::Reload,
        Go::Raise => Flow::Raise,
    }
}

/// For the step handlers, with the registers spilled.
pub(crate) fn before_instruction(vm: &Vm, oparg: u64) -> Go {
    let Some(at) = position(vm, oparg) else { return Go::On };
    let next = if vm.interp.mode.get() == Mode::Step {
        let passes = vm.interp.quickly.vigil.passes(vm, at);
        if passes { None } else { with_observer(vm, |o| o.before_instruction(vm, at)) }
    } else if is_breakpoint(at) {
        // The step handlers go past what the breakpoint has put into the code.
        with_observer(vm, |o| o.at_breakpoint(vm, at))
    } else {
        None
    };
    match go(vm, next) {
        Go::On if vm.interp.monitor.is_active() => {
            let next = monitor::before::before_instruction(vm, at);
            go(vm, Some(next))
        }
        debugged => debugged,
    }
}

fn is_breakpoint(at: Position) -> bool {
    // SAFETY: positions are of live frames.
    let code = unsafe { at.frame.code() };
    code.unit(at.unit as usize) as u8 == BREAKPOINT
}

/// For BREAKPOINT.
pub(crate) fn at_breakpoint(vm: &Vm, oparg: u64) -> Go {
    let Some(at) = position(vm, oparg) else { return Go::On };
    let next = with_observer(vm, |o| o.at_breakpoint(vm, at));
    go(vm, next)
}

/// For the eval breaker.
pub(crate) fn interrupt(vm: &Vm) -> Go {
    let Some(at) = position(vm, 0) else { return Go::On };
    let next = with_observer(vm, |o| o.interrupted(vm, at));
    go(vm, next)
}

/// Between the parts of a wait in native code: lets an observer in who wants to be called.
///
/// # Errors
/// What the observer raises.
pub fn attend(vm: &Vm) -> PyResult<()> {
    let wanted = vm.interp.breaker.fetch_and(!breaker::INTERRUPT, Ordering::Acquire);
    if wanted & breaker::INTERRUPT != 0
        && interrupt(vm) == Go::Raise
        && let Some(e) = vm.interp.raised.take()
    {
        return Err(Raised(e));
    }
    Ok(())
}

/// Whether somebody watches, so that native code should not wait for long.
pub fn is_watched(vm: &Vm) -> bool {
    vm.interp.observer.borrow().is_some()
}

/// For the unwinder.
pub(crate) fn raised(vm: &Vm, e: &Ref) {
    if vm.interp.observer.borrow().is_none() {
        return;
    }
    if let Some(at) = position(vm, 0) {
        with_observer(vm, |o| o.raised(vm, at, e.value()));
    }
}
