//! The observer: decides at breakpoints, steps, interrupts and exceptions whether to stop, and
//! lets the hook have the stopped program.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tailscope_bytecode::opcode::Opcode;

use super::data::Armed;
use super::places::{Place, has_prefix};
use super::target::Target;
use super::{BREAKPOINT_CALLED, Options, caught};
use super::caught::Catcher;
use crate::debug::seam::{DebugEvent, DebugHook, Debuggee, InterruptAction, ResumeAction};
use crate::debug::stepper::{Position as StepPosition, Stepper, Verdict};
use crate::debug::types::{BreakpointId, CodeId, ExceptionMode, Stop, StopReason, ThreadId};
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
    /// What the instruction that runs now writes, of what is watched.
    armed: Option<Armed>,
    activations: Activations,
    /// The threads that the debugger knows of.
    threads: Vec<ThreadId>,
}

/// Whether the program goes on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum After {
    Run,
    /// From another instruction.
    Move,
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
            armed: None,
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

    /// Shows the program to the hook until it lets it go on. `can_move`: from another instruction,
    /// if the hook wants.
    fn stop(&mut self, at: Position, reason: StopReason, can_move: bool) -> After {
        self.stepper = None;
        self.entry = None;
        self.armed = None;
        BREAKPOINT_CALLED.set(false);
        let s = &self.vm.interp;
        if s.mode.get() != Mode::Plain {
            interp::set_mode(self.vm, Mode::Plain);
        }
        self.tell_of_ended_calls();
        self.target.begin_stop(at);
        self.target.can_move = can_move;
        self.tell_of_threads();
        let thread = ThreadId(threads::current(self.vm));
        let stop = Stop { thread, reason, clock: Some(at.clock) };
        let action = self.hook.on_stop(&mut self.target, &stop);
        self.target.end_stop();
        // What the debugger did is no write of the program's.
        drop(self.target.data.changed(self.vm));
        let moved = self.target.moved.take();
        let at = moved.map_or(at, |unit| Position { unit, ..at });
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
        if moved.is_none() {
            return After::Run;
        }
        // The instruction there is fetched anew.
        s.ip.set(s.ip.get().wrapping_sub(1));
        self.settle(at);
        After::Move
    }

    /// The instruction was decided about. It is met again when its own handler follows the
    /// breakpoint's, or when it starts anew in another mode.
    fn settle(&self, at: Position) {
        let quickly = &self.vm.interp.quickly;
        quickly.settled.set(at.clock);
        // It is not looked at again, and may write what is watched.
        quickly.vigil.doubt();
    }

    fn is_settled(&self, at: Position) -> bool {
        self.vm.interp.quickly.settled.get() == at.clock
    }

    fn tell_of_ended_calls(&mut self) {
        for status in self.target.forget_ended_calls() {
            self.hook.on_event(DebugEvent::Breakpoint(status));
        }
    }

    /// Whether each instruction is looked after for something else than objects that are watched.
    fn follows(&self) -> bool {
        self.stepper.is_some() || self.entry.is_some() || self.armed.is_some()
    }

    fn wanted_mode(&self) -> Mode {
        if self.follows() || self.target.data.needs_every_instruction() { Mode::Step } else { Mode::Plain }
    }

    fn choose_mode(&self) {
        self.vm.interp.quickly.vigil.decide(!self.follows());
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
            begins: code.monitor().line_start(code, at.unit).is_some(),
            prologue: at.unit <= code.first_traceable,
            skipped: known.skipped.get(),
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
        if !hit.functions.is_empty() && hit.lines.is_empty() {
            return Some(StopReason::FunctionBreakpoint { ids: hit.functions, note: hit.note });
        }
        if !hit.lines.is_empty() {
            return Some(StopReason::Breakpoint { ids: hit.lines, note: hit.note });
        }
        (!hit.instructions.is_empty())
            .then_some(StopReason::InstructionBreakpoint { ids: hit.instructions, note: hit.note })
    }

    /// Whether nothing but a data breakpoint is at an instruction.
    fn only_data_at(&mut self, at: Position) -> bool {
        if !self.target.data.watches_locals() {
            return false;
        }
        // SAFETY: as above.
        let known = self.target.codes.know(unsafe { at.frame.code() });
        self.target.places.is_for_data(Place { code: known.id, unit: at.unit })
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
        use ExceptionMode::{Raised, Uncaught, UserUnhandled};
        if self.target.filter.rules.is_empty() {
            return None;
        }
        let late = self.target.filter.asks_for(Uncaught) || self.target.filter.asks_for(UserUnhandled);
        let catcher = if late { caught::catcher(self.vm, at.frame, e) } else { Catcher::Native };
        if matches!(catcher, Catcher::Nobody) && self.rules_apply(Uncaught, at, e) {
            return Some(Uncaught);
        }
        if self.leaves_user_code(at, &catcher) && self.rules_apply(UserUnhandled, at, e) {
            return Some(UserUnhandled);
        }
        // SAFETY: as above.
        let ours = !self.target.codes.know(unsafe { at.frame.code() }).skipped.get();
        (ours && self.rules_apply(Raised, at, e)).then_some(Raised)
    }

    fn rules_apply(&mut self, mode: ExceptionMode, at: Position, e: Value) -> bool {
        let rules: Vec<_> = self.target.filter.rules.iter().filter(|rule| rule.mode == mode).cloned().collect();
        rules.iter().any(|rule| self.target.rule_applies(at, rule, e))
    }

    /// Whether an exception passes through code of the user's and is caught by none.
    fn leaves_user_code(&mut self, at: Position, catcher: &Catcher) -> bool {
        let last = match catcher {
            Catcher::Native => return false,
            Catcher::Nobody => None,
            Catcher::Frame(frame) => Some(*frame),
        };
        // SAFETY: as above.
        let mut is_user = |frame: Frame| !self.target.codes.know(unsafe { frame.code() }).library.get();
        if last.is_some_and(&mut is_user) {
            return false;
        }
        let mut next = Some(at.frame);
        while let Some(frame) = next.filter(|f| last.is_none_or(|last| last.0 != f.0)) {
            if is_user(frame) {
                return true;
            }
            // SAFETY: as above.
            next = unsafe { frame.caller() }.map(|(caller, _)| caller);
        }
        false
    }

    /// The instruction that is about to run writes what these breakpoints watch.
    fn arm(&mut self, at: Position, ids: Vec<BreakpointId>) {
        // SAFETY: as above.
        let (code, mut before) = (unsafe { at.frame.code() }, HashMap::new());
        let known = self.target.codes.know(code);
        for id in &ids {
            // SAFETY: as above.
            if let Some((_, value)) = unsafe { self.target.data.describe(self.vm, *id, at.frame) } {
                before.insert(*id, value);
            }
        }
        let line = super::codes::location(code, at.unit as usize).map(|l| l.line);
        self.armed = Some(Armed { ids, depth: at.depth, line, file: known.file.clone(), before });
    }

    /// Arms the data breakpoints of the instruction that a breakpoint lies on. Whether any was.
    fn arm_site(&mut self, at: Position) -> bool {
        if !self.target.data.watches_locals() {
            return false;
        }
        // SAFETY: as above.
        let known = self.target.codes.know(unsafe { at.frame.code() });
        let place = Place { code: known.id, unit: at.unit };
        let ids = self.target.data.written_at(self.vm, place, at.frame);
        if ids.is_empty() {
            return false;
        }
        self.arm(at, ids);
        true
    }

    /// Decides about what the last instruction has written, before the next one runs.
    fn after_write(&mut self, at: Position) -> Option<StopReason> {
        let armed = self.armed.take_if(|armed| at.depth <= armed.depth);
        let mut changed = Vec::new();
        if self.target.data.needs_every_instruction() {
            changed = self.target.data.changed(self.vm);
        }
        let mut ids: Vec<BreakpointId> = changed.iter().map(|(id, _)| *id).collect();
        let mut before: HashMap<BreakpointId, String> = changed.into_iter().collect();
        let mut place = None;
        if let Some(armed) = armed {
            ids.extend(armed.ids.iter().filter(|id| !before.contains_key(id)));
            place = armed.line.map(|line| (armed.file, line));
            for (id, text) in armed.before {
                before.entry(id).or_insert(text);
            }
        }
        if ids.is_empty() {
            return None;
        }
        let (stops, note, logs) = self.target.written(at, &ids);
        let (file, line) = place.unwrap_or_else(|| self.last_place());
        for text in logs {
            self.hook.on_event(DebugEvent::Log { text, file: file.clone(), line });
        }
        if stops.is_empty() {
            return None;
        }
        let words = |id: &BreakpointId| {
            // SAFETY: as above.
            let (what, now) = unsafe { self.target.data.describe(self.vm, *id, at.frame) }?;
            let from = before.get(id).map_or("?", String::as_str);
            Some(format!("{what}: {from} → {now}, written on line {line}"))
        };
        let texts: Vec<String> = note.into_iter().chain(stops.iter().filter_map(words)).collect();
        Some(StopReason::DataBreakpoint { ids: stops, note: Some(texts.join("; ")) })
    }

    /// What is watched and the instruction that is about to run names as its destination.
    fn arm_named(&mut self, at: Position) {
        if !self.target.data.needs_every_instruction() {
            return;
        }
        // SAFETY: the registers are spilled.
        let ids = unsafe { self.target.data.named_by(at.frame, at.unit, at.oparg, self.vm.interp.sp.get()) };
        if !ids.is_empty() {
            self.arm(at, ids);
        }
        // SAFETY: as above.
        self.vm.interp.quickly.vigil.pass(unsafe { at.frame.code() }, at.unit);
    }

    /// File and line of the last instruction that was looked after.
    fn last_place(&mut self) -> (String, u32) {
        let Some((code, unit)) = self.vm.interp.quickly.vigil.last() else { return (String::new(), 0) };
        // What has no place of its own belongs to what is before.
        let line = (0..=unit as usize).rev().find_map(|unit| super::codes::location(code, unit)).map_or(0, |l| l.line);
        (self.target.codes.know(code).file.clone(), line)
    }
}

impl Observer for Watch {
    fn before_instruction(&mut self, _: &Vm, at: Position) -> Next {
        if self.is_settled(at) {
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
        let written = self.after_write(at);
        let marked = code.unit(at.unit as usize) as u8 == BREAKPOINT;
        let hit = if marked { self.breakpoints_at(at) } else { None };
        let stepped = self.step_ends(at);
        let reason = if let Some(reason) = written.or(hit) {
            Some(reason)
        } else if BREAKPOINT_CALLED.get() {
            Some(StopReason::BreakpointCall)
        } else if self.is_entry(at) {
            Some(StopReason::Entry)
        } else {
            stepped.then_some(StopReason::Step)
        };
        let after = reason.map_or(After::Run, |reason| self.stop(at, reason, true));
        if marked {
            self.settle(at);
        }
        match after {
            After::End => return self.end(),
            After::Move => {
                self.choose_mode();
                return Next::Moved;
            }
            After::Run => {}
        }
        if self.armed.is_none() {
            if marked {
                self.arm_site(at);
            }
            self.arm_named(at);
        }
        self.choose_mode();
        Next::Continue
    }

    fn at_breakpoint(&mut self, vm: &Vm, at: Position) -> Next {
        if self.is_settled(at) {
            return Next::Continue;
        }
        // From now on nothing pays for them.
        if vm.interp.quickly.take_ended() {
            self.tell_of_ended_calls();
        }
        if self.target.passes(at) {
            return Next::Continue;
        }
        let reason = if self.only_data_at(at) { None } else { self.breakpoints_at(at) };
        if let Some(reason) = reason {
            match self.stop(at, reason, true) {
                After::End => return self.end(),
                After::Move => {
                    self.choose_mode();
                    return Next::Moved;
                }
                After::Run => {}
            }
        }
        self.arm_site(at);
        if self.wanted_mode() == Mode::Plain {
            return Next::Continue;
        }
        // The table is taken anew when the instruction is fetched again.
        self.settle(at);
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
            // What is looked after from now on may have changed.
            InterruptAction::Continue => self.choose_mode(),
            InterruptAction::Pause => {
                // SAFETY: as above.
                let op = unsafe { at.frame.code() }.base_opcode(at.unit as usize);
                let between = matches!(op, Opcode::RESUME | Opcode::JUMP_BACKWARD);
                let after = self.stop(at, StopReason::Pause, between);
                if after == After::End {
                    return self.end();
                }
                self.choose_mode();
                if after == After::Move {
                    return Next::Moved;
                }
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
        let after = self.stop(at, reason, false);
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
