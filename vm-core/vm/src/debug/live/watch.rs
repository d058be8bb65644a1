//! The observer: decides at breakpoints, steps, interrupts and exceptions whether to stop, and
//! lets the hook have the stopped program.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::places::has_prefix;
use super::target::Target;
use super::{BREAKPOINT_CALLED, Options, caught};
use crate::debug::seam::{DebugEvent, DebugHook, Debuggee, InterruptAction, ResumeAction};
use crate::debug::stepper::{Position as StepPosition, Stepper, Verdict};
use crate::debug::types::{CodeId, ExceptionMode, Stop, StopReason, ThreadId};
use crate::error::Raised;
use crate::frame::Frame;
use crate::interp::observe::{Next, Observer, Position};
use crate::interp::{self, Mode, breaker};
use crate::ops::internal::number::BREAKPOINT;
use crate::protocol::object as obj;
use crate::shape;
use crate::threads;
use crate::types::type_object;
use crate::value::Value;
use crate::vm::Vm;

/// Watches a program for a debugger.
pub(super) struct Watch {
    vm: &'static Vm,
    hook: Box<dyn DebugHook>,
    target: Target,
    woken: Arc<AtomicBool>,
    stepper: Option<Stepper>,
    /// The code object at whose first line the program is to stop.
    entry: Option<CodeId>,
    just_my_code: bool,
    /// Clock of the instruction that was decided about: it is met again when its own handler
    /// follows the breakpoint's, or when it starts anew in another mode.
    settled: Option<u64>,
    activations: Activations,
    /// The threads that the debugger knows of.
    threads: Vec<ThreadId>,
}

/// Whether the program goes on.
#[derive(PartialEq, Eq)]
enum After {
    Run,
    End,
}

impl Watch {
    pub fn new(
        vm: &'static Vm,
        hook: Box<dyn DebugHook>,
        mut target: Target,
        woken: Arc<AtomicBool>,
        options: &Options,
    ) -> Watch {
        let entry = options
            .stop_on_entry
            .then(|| options.main.value().cast_exact().map(|code| target.codes.know(code).id))
            .flatten();
        Watch {
            vm,
            hook,
            target,
            woken,
            stepper: None,
            entry,
            just_my_code: options.just_my_code,
            settled: None,
            activations: Activations::default(),
            threads: Vec::new(),
        }
    }

    /// Tells of threads that have begun or ended since the last time.
    pub fn tell_of_threads(&mut self) {
        let ids = threads::all(self.vm);
        if self.threads.iter().map(|t| t.0).eq(ids.iter().copied()) {
            return;
        }
        let now: Vec<ThreadId> = ids.into_iter().map(ThreadId).collect();
        for gone in self.threads.iter().filter(|t| !now.contains(t)) {
            self.hook.on_event(DebugEvent::ThreadExited(*gone));
        }
        for thread in self.target.threads() {
            if !self.threads.contains(&thread.id) {
                self.hook.on_event(DebugEvent::ThreadStarted(thread));
            }
        }
        self.threads = now;
    }

    /// Shows the program to the hook until it lets it go on.
    fn stop(&mut self, at: Position, reason: StopReason) -> After {
        self.stepper = None;
        self.entry = None;
        BREAKPOINT_CALLED.set(false);
        let s = &self.vm.interp;
        if s.mode.get() != Mode::Plain {
            interp::set_mode(self.vm, Mode::Plain);
        }
        self.target.begin_stop(at);
        self.tell_of_threads();
        let thread = ThreadId(threads::current(self.vm));
        let stop = Stop { thread, reason, clock: Some(at.clock) };
        let action = self.hook.on_stop(&mut self.target, &stop);
        self.target.end_stop();
        match action {
            ResumeAction::Continue => {}
            ResumeAction::Step { thread, kind } => {
                self.activations.clear();
                let start = self.step_position(at);
                self.stepper = Some(Stepper::new(thread, kind, start));
            }
            ResumeAction::Terminate => return After::End,
        }
        // What came in while the program stood still.
        if self.woken.load(Ordering::Acquire) {
            s.request(breaker::INTERRUPT);
        }
        After::Run
    }

    fn wanted_mode(&self) -> Mode {
        if self.stepper.is_some() || self.entry.is_some() { Mode::Step } else { Mode::Plain }
    }

    fn choose_mode(&self) {
        let wanted = self.wanted_mode();
        if self.vm.interp.mode.get() != wanted {
            interp::set_mode(self.vm, wanted);
        }
    }

    fn end(&self) -> Next {
        self.choose_mode();
        Next::Raise(self.vm.error_args(shape::SYSTEM_EXIT, &[]))
    }

    fn step_position(&mut self, at: Position) -> StepPosition {
        // SAFETY: the observer gets live frames.
        let code = unsafe { at.frame.code() };
        let known = self.target.codes.know(code);
        let line = super::codes::location(code, at.unit as usize).map(|l| l.line);
        StepPosition {
            frame: self.activations.of(at.frame, at.unit),
            depth: at.depth,
            code: known.id,
            offset: at.unit * 2,
            line,
            prologue: at.unit <= code.first_traceable,
            skipped: self.just_my_code && known.library,
        }
    }

    /// What the breakpoints on an instruction want.
    fn breakpoints_at(&mut self, at: Position) -> Option<StopReason> {
        // SAFETY: as above.
        let code = unsafe { at.frame.code() };
        let known = self.target.codes.know(code);
        let hit = self.target.hit(at, &known);
        let line = super::codes::location(code, at.unit as usize).map_or(0, |l| l.line);
        for text in hit.logs {
            self.hook.on_event(DebugEvent::Log { text, file: known.file.clone(), line });
        }
        if !hit.lines.is_empty() {
            return Some(StopReason::Breakpoint { ids: hit.lines, note: hit.note });
        }
        (!hit.instructions.is_empty())
            .then_some(StopReason::InstructionBreakpoint { ids: hit.instructions, note: hit.note })
    }

    /// Whether the step that is under way ends here.
    fn step_ends(&mut self, at: Position) -> bool {
        let Some(stepper) = &self.stepper else { return false };
        if stepper.thread().0 != threads::current(self.vm) || !stepper.watches(at.depth) {
            return false;
        }
        let here = self.step_position(at);
        self.stepper.as_mut().is_some_and(|s| s.before_instruction(&here) == Verdict::Stop)
    }

    /// Whether this is the first instruction of the program's own.
    fn is_entry(&mut self, at: Position) -> bool {
        let Some(entry) = self.entry else { return false };
        let here = self.step_position(at);
        here.code == entry && !here.prologue && here.line.is_some()
    }

    fn tell_of_loaded_code(&mut self) {
        for status in self.target.take_fresh_codes() {
            self.hook.on_event(DebugEvent::Breakpoint(status));
        }
    }

    /// Which kind of stop an exception asks for, if any.
    fn exception_mode(&mut self, at: Position, e: Value) -> Option<ExceptionMode> {
        let filter = self.target.filter;
        if !filter.raised && !filter.uncaught {
            return None;
        }
        // SAFETY: as above.
        let code = unsafe { at.frame.code() };
        let ours = !(self.just_my_code && self.target.codes.know(code).library);
        if filter.uncaught && !caught::awaited(self.vm, at.frame, e) {
            return Some(ExceptionMode::Uncaught);
        }
        (filter.raised && ours).then_some(ExceptionMode::Raised)
    }
}

impl Observer for Watch {
    fn before_instruction(&mut self, _: &Vm, at: Position) -> Next {
        if self.settled == Some(at.clock) {
            return Next::Continue;
        }
        // SAFETY: as above.
        let code = unsafe { at.frame.code() };
        // An instruction begins with its first EXTENDED_ARG.
        if has_prefix(code, at.unit as usize) {
            return Next::Continue;
        }
        if self.stepper.as_ref().is_none_or(|s| s.thread().0 == threads::current(self.vm)) {
            self.activations.of(at.frame, at.unit);
        }
        let marked = code.unit(at.unit as usize) as u8 == BREAKPOINT;
        let hit = if marked { self.breakpoints_at(at) } else { None };
        let stepped = self.step_ends(at);
        let reason = if let Some(reason) = hit {
            Some(reason)
        } else if BREAKPOINT_CALLED.get() {
            Some(StopReason::BreakpointCall)
        } else if self.is_entry(at) {
            Some(StopReason::Entry)
        } else {
            stepped.then_some(StopReason::Step)
        };
        let after = reason.map_or(After::Run, |reason| self.stop(at, reason));
        if marked {
            self.settled = Some(at.clock);
        }
        if after == After::End {
            return self.end();
        }
        self.choose_mode();
        Next::Continue
    }

    fn at_breakpoint(&mut self, vm: &Vm, at: Position) -> Next {
        if self.settled == Some(at.clock) {
            return Next::Continue;
        }
        let Some(reason) = self.breakpoints_at(at) else { return Next::Continue };
        if self.stop(at, reason) == After::End {
            return self.end();
        }
        if self.wanted_mode() == Mode::Plain {
            return Next::Continue;
        }
        // The table is taken anew when the instruction is fetched again.
        self.settled = Some(at.clock);
        self.choose_mode();
        vm.interp.ip.set(vm.interp.ip.get().wrapping_sub(1));
        Next::Moved
    }

    fn interrupted(&mut self, _: &Vm, at: Position) -> Next {
        self.tell_of_loaded_code();
        self.tell_of_threads();
        if !self.woken.swap(false, Ordering::AcqRel) {
            return Next::Continue;
        }
        match self.hook.on_interrupt(&mut self.target) {
            InterruptAction::Continue => {}
            InterruptAction::Pause => {
                if self.stop(at, StopReason::Pause) == After::End {
                    return self.end();
                }
                self.choose_mode();
            }
            InterruptAction::Terminate => return self.end(),
        }
        Next::Continue
    }

    fn raised(&mut self, vm: &Vm, at: Position, exception: Value) {
        let Some(mode) = self.exception_mode(at, exception) else { return };
        let e = exception.to_ref();
        let reason = StopReason::Exception {
            type_name: type_object::qualname(vm.type_of(exception)),
            message: obj::str_text(vm, exception).unwrap_or_default(),
            mode,
        };
        self.target.exception = Some((e, mode));
        let after = self.stop(at, reason);
        self.target.exception = None;
        if after == After::End {
            let Raised(exit) = vm.error_args(shape::SYSTEM_EXIT, &[]);
            vm.interp.async_exception.set(exit);
            vm.interp.request(breaker::ASYNC_EXCEPTION);
        }
        self.choose_mode();
    }
}

/// Numbers for activations: a place on the stack is used again and again.
///
/// Every instruction of the thread is seen while a step is under way, so an activation begins
/// where a frame's first instruction runs, and has ended when a frame further out runs.
#[derive(Default)]
struct Activations {
    stack: Vec<(*mut Value, u64)>,
    next: u64,
}

const GENERATOR: u64 = 1 << 63;

impl Activations {
    fn clear(&mut self) {
        self.stack.clear();
    }

    /// The number of a frame that is about to run the instruction at a code unit.
    fn of(&mut self, frame: Frame, unit: u32) -> u64 {
        // SAFETY: the frame is live. A generator is one activation, wherever it is resumed.
        if let Some(generator) = unsafe { frame.generator() } {
            return std::ptr::from_ref(generator).addr() as u64 | GENERATOR;
        }
        while self.stack.last().is_some_and(|(fp, _)| *fp > frame.0) {
            self.stack.pop();
        }
        match self.stack.last() {
            Some((fp, number)) if *fp == frame.0 && unit != 0 => *number,
            top => {
                if top.is_some_and(|(fp, _)| *fp == frame.0) {
                    self.stack.pop();
                }
                self.next += 1;
                self.stack.push((frame.0, self.next));
                self.next
            }
        }
    }
}
