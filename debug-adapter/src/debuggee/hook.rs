//! The VM's debug hook: at a stop, commands are executed as they come until one of them
//! lets the program go on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;

use tailscope_vm::debug::{
    CodeId, Container, DebugError, DebugEvent, DebugHook, Debuggee, Evaluation, FrameId,
    InstructionAddress, InterruptAction, Page, ResumeAction, Stop, StopReason, ThreadId,
    ValueFormat, ValueHandle, Waker,
};

use crate::link::messages::*;

use super::connection::{Answers, Calls, Inbox};
use super::native::NativeFrames;
use super::convert::{
    address_breakpoints, data_breakpoints, exception_filter, function_breakpoints,
    line_breakpoints, news, stop_words, watch_target,
};

/// Serves the link whenever the VM lets it.
pub(super) struct LinkHook {
    inbox: Receiver<Inbox>,
    answers: Answers,
    calls: Calls,
    manner: Manner,
    /// The program has not begun.
    waiting: bool,
    /// The stop that the program is at.
    stop: Option<(u64, StopWords)>,
    /// Of how many executed instructions the native frames are kept.
    handler_frames: u32,
    native: NativeFrames,
    /// The program is to stand still when its debugger is gone, until the next one comes.
    suspend: bool,
}

/// How the program came to be debugged.
pub(super) enum Manner {
    /// An adapter has started it, and it ends with the adapter, unless it has been let go.
    Launched { let_go: Arc<AtomicBool> },
    /// It runs by itself; debuggers come and go.
    Listening { wait: bool, program: String },
}

/// What a command does to a stopped program.
enum Effect {
    Stay,
    Resume(ResumeAction),
}

impl LinkHook {
    pub(super) fn new(
        inbox: Receiver<Inbox>,
        answers: Answers,
        calls: Calls,
        manner: Manner,
    ) -> Self {
        LinkHook {
            inbox,
            answers,
            calls,
            manner,
            waiting: true,
            stop: None,
            handler_frames: 0,
            native: NativeFrames::default(),
            suspend: false,
        }
    }

    /// Executes a command while the program stands still.
    fn while_stopped(&mut self, vm: &mut dyn Debuggee, id: u64, command: AnyCommand) -> Effect {
        let resume = match command {
            AnyCommand::Start(_) | AnyCommand::Continue(_) => ResumeAction::Continue,
            AnyCommand::Terminate(_) => ResumeAction::Terminate,
            AnyCommand::Step(step) => ResumeAction::Step {
                thread: ThreadId(step.thread),
                kind: step.kind.into(),
            },
            // The program stopped by itself just before the wish arrived.
            AnyCommand::Pause(_) => {
                self.answers.done(id);
                return Effect::Stay;
            }
            AnyCommand::Launch(_) => {
                self.answers
                    .refuse(id, "a program has been launched already");
                return Effect::Stay;
            }
            other => {
                if let Some(other) = self.any_time(vm, id, other) {
                    self.inspect(vm, id, other);
                }
                return Effect::Stay;
            }
        };
        self.answers.done(id);
        Effect::Resume(resume)
    }

    /// Executes a command that needs no stopped program; gives others back.
    fn any_time(
        &mut self,
        vm: &mut dyn Debuggee,
        id: u64,
        command: AnyCommand,
    ) -> Option<AnyCommand> {
        let answers = &self.answers;
        let all_news = |list: Vec<_>| list.into_iter().map(news).collect();
        match command {
            AnyCommand::SetBreakpoints(c) => {
                let result = line_breakpoints(&c.breakpoints)
                    .map(|specs| all_news(vm.set_breakpoints(&c.file, &specs)));
                answers.answer(id, &c, result);
            }
            AnyCommand::SetInstructionBreakpoints(c) => {
                let result = address_breakpoints(&c.breakpoints)
                    .map(|specs| all_news(vm.set_instruction_breakpoints(&specs)));
                answers.answer(id, &c, result);
            }
            AnyCommand::SetFunctionBreakpoints(c) => {
                let result = function_breakpoints(&c.breakpoints)
                    .map(|specs| all_news(vm.set_function_breakpoints(&specs)));
                answers.answer(id, &c, result);
            }
            AnyCommand::SetDataBreakpoints(c) => {
                let result = data_breakpoints(&c.breakpoints)
                    .map(|specs| all_news(vm.set_data_breakpoints(&specs)));
                answers.answer(id, &c, result);
            }
            AnyCommand::GetBreakpointLocations(c) => {
                let found = vm.breakpoint_locations(&c.file, c.first, c.last);
                answers.answer(id, &c, Ok(found.into_iter().map(Into::into).collect()));
            }
            AnyCommand::SetExceptionFilter(c) => {
                vm.set_exception_filter(exception_filter(c.rules.clone()));
                answers.answer(id, &c, Ok(()));
            }
            AnyCommand::SetHandlerFrames(c) => {
                let result = vm.set_handler_window(c.count);
                self.handler_frames = c.count;
                answers.answer(id, &c, result);
            }
            AnyCommand::GetSource(c) => {
                let source = vm.source(&c.file);
                answers.answer(id, &c, Ok(source));
            }
            AnyCommand::Modules(c) => {
                let modules = vm.modules();
                answers.answer(id, &c, Ok(modules.into_iter().map(Into::into).collect()));
            }
            AnyCommand::LoadedFiles(c) => answers.answer(id, &c, Ok(vm.loaded_files())),
            AnyCommand::EndThread(c) => {
                let result = vm.end_thread(ThreadId(c.thread));
                answers.answer(id, &c, result);
            }
            AnyCommand::Attach(c) => {
                vm.set_filters(c.filters.clone().into());
                let result = self.attached(vm);
                self.answers.answer(id, &c, result);
            }
            AnyCommand::Detach(c) => {
                let result = self.detach(&c);
                self.answers.answer(id, &c, result);
            }
            other => return Some(other),
        }
        None
    }

    /// What a debugger that joins has to know.
    fn attached(&mut self, vm: &mut dyn Debuggee) -> Result<AttachedView, DebugError> {
        let Manner::Listening { program, .. } = &self.manner else {
            let text = "this program was launched by its debugger";
            return Err(DebugError::Refused(text.to_owned()));
        };
        self.suspend = false;
        let cwd = std::env::current_dir().unwrap_or_default();
        Ok(AttachedView {
            name: program.clone(),
            cwd: cwd.to_string_lossy().into_owned(),
            waiting: self.waiting,
            stopped: self.stop.clone(),
            threads: vm.threads().into_iter().map(Into::into).collect(),
        })
    }

    fn detach(&mut self, how: &Detach) -> Result<(), DebugError> {
        match &self.manner {
            Manner::Listening { .. } => self.suspend = how.suspend,
            Manner::Launched { .. } if how.suspend => {
                let text = "a launched program cannot be left standing: no debugger could find it";
                return Err(DebugError::Refused(text.to_owned()));
            }
            Manner::Launched { let_go } => {
                let_go.store(true, Ordering::Release);
                super::without_output();
            }
        }
        Ok(())
    }

    /// Answers a question about a stopped program.
    fn inspect(&mut self, vm: &mut dyn Debuggee, id: u64, command: AnyCommand) {
        let answers = &self.answers;
        match command {
            AnyCommand::Threads(c) => {
                let threads = vm.threads();
                answers.answer(id, &c, Ok(threads.into_iter().map(Into::into).collect()));
            }
            AnyCommand::Frames(c) => answers.answer(id, &c, frames(vm, &c)),
            AnyCommand::FrameCounts(c) => answers.answer(id, &c, frame_sizes(vm, &c)),
            AnyCommand::Variables(c) => {
                let page = Page {
                    start: c.start,
                    count: c.count,
                    filter: c.filter.into(),
                    format: ValueFormat { hex: c.hex },
                };
                let result = vm.variables(c.of.into(), page);
                let views = |list: Vec<_>| list.into_iter().map(Into::into).collect();
                answers.answer(id, &c, result.map(views));
            }
            AnyCommand::ValueStack(c) => {
                let result = vm.value_stack(FrameId(c.frame));
                let views = |list: Vec<_>| list.into_iter().map(Into::into).collect();
                answers.answer(id, &c, result.map(views));
            }
            AnyCommand::Instruction(c) => {
                let result = vm.instruction(FrameId(c.frame));
                answers.answer(id, &c, result.map(Into::into));
            }
            AnyCommand::Evaluate(c) => {
                let result = vm.evaluate(evaluation(c.frame, &c.source, c.mode, c.hex));
                answers.answer(id, &c, result.map(Into::into));
            }
            AnyCommand::FullRepr(c) => {
                let result = vm.full_repr(c.frame.map(FrameId), &c.source);
                answers.answer(id, &c, result);
            }
            AnyCommand::SetVariable(c) => {
                let value = evaluation(c.frame, &c.source, EvalWord::Expression, c.hex);
                let result = vm.set_variable(c.of.into(), &c.name, value);
                answers.answer(id, &c, result.map(Into::into));
            }
            AnyCommand::GetException(c) => {
                let exception = vm.exception(ThreadId(c.thread));
                answers.answer(id, &c, Ok(exception.map(Into::into)));
            }
            AnyCommand::Disassemble(c) => {
                let result = vm.disassemble(CodeId(c.code), c.anchor, c.first, c.count);
                answers.answer(id, &c, result.map(Into::into));
            }
            AnyCommand::Handlers(c) => {
                let thread = self.stop.as_ref().map_or(0, |(thread, _)| *thread);
                let result = self.native.list(vm, thread, self.handler_frames as usize);
                answers.answer(id, &c, result);
            }
            AnyCommand::HandlerVariables(c) => {
                let result = self.native.parts(vm, c.index, ValueFormat { hex: c.hex });
                answers.answer(id, &c, result);
            }
            AnyCommand::NativeVariables(c) => {
                let result = self.native.inside(vm, c.handle, ValueFormat { hex: c.hex });
                answers.answer(id, &c, result);
            }
            other => self.targets_and_memory(vm, id, other),
        }
    }

    /// More questions about a stopped program.
    fn targets_and_memory(&mut self, vm: &mut dyn Debuggee, id: u64, command: AnyCommand) {
        let answers = &self.answers;
        match command {
            AnyCommand::GetWatchable(c) => {
                let result = vm.watchable(&watch_target(c.of, c.frame, c.name.clone()));
                answers.answer(id, &c, result.map(Into::into));
            }
            AnyCommand::StepTargets(c) => {
                let result = vm.step_targets(FrameId(c.frame));
                let views = |list: Vec<_>| list.into_iter().map(Into::into).collect();
                answers.answer(id, &c, result.map(views));
            }
            AnyCommand::GotoTargets(c) => {
                let result = vm.goto_targets(&c.file, c.line);
                let views = |list: Vec<_>| list.into_iter().map(Into::into).collect();
                answers.answer(id, &c, result.map(views));
            }
            AnyCommand::Goto(c) => {
                let to = InstructionAddress::from_number(c.address);
                let result = vm.goto(ThreadId(c.thread), to);
                answers.answer(id, &c, result);
            }
            AnyCommand::RestartFrame(c) => {
                let result = vm.restart_frame(FrameId(c.frame));
                answers.answer(id, &c, result);
            }
            AnyCommand::Complete(c) => {
                let names = vm.complete(c.frame.map(FrameId), &c.text);
                answers.answer(id, &c, Ok(names.into_iter().map(Into::into).collect()));
            }
            AnyCommand::ReadMemory(c) => {
                let result = vm.read_memory(ValueHandle(c.value), c.start, c.count);
                answers.answer(id, &c, result.map(Into::into));
            }
            AnyCommand::WriteMemory(c) => {
                let result = vm.write_memory(ValueHandle(c.value), c.start, &c.bytes);
                answers.answer(id, &c, result);
            }
            // The callers have dealt with the others.
            _ => answers.refuse(
                id,
                "this command means nothing while the program stands still",
            ),
        }
    }

    /// The debugger is gone. Whether the program is to go on.
    fn gone(&mut self, vm: &mut dyn Debuggee) -> bool {
        vm.forget_breakpoints();
        !self.suspend && !self.waiting
    }

    /// Whether a stop is nobody's business.
    fn is_unattended(&self) -> bool {
        matches!(self.manner, Manner::Listening { .. })
            && !self.answers.is_connected()
            && !self.suspend
    }

    /// Executes commands until one of them lets the program go on.
    fn serve(&mut self, vm: &mut dyn Debuggee) -> ResumeAction {
        loop {
            let message = match self.inbox.recv() {
                Ok(Inbox::Command(message)) => message,
                Ok(Inbox::Connected) => continue,
                Ok(Inbox::Gone) if self.gone(vm) => return ResumeAction::Continue,
                Ok(Inbox::Gone) => continue,
                Err(_) => return ResumeAction::Terminate,
            };
            let CommandMessage { id, command } = message;
            if let Effect::Resume(action) = self.while_stopped(vm, id, command) {
                return action;
            }
        }
    }
}

fn evaluation(frame: Option<u64>, source: &str, mode: EvalWord, hex: bool) -> Evaluation<'_> {
    Evaluation {
        frame: frame.map(FrameId),
        source,
        mode: mode.into(),
        format: ValueFormat { hex },
    }
}

fn frames(vm: &mut dyn Debuggee, command: &Frames) -> Result<FramePage, DebugError> {
    let thread = ThreadId(command.thread);
    let total = vm.frame_count(thread)?;
    let frames = vm.frames(thread, command.start, command.count)?;
    Ok(FramePage {
        frames: frames.into_iter().map(Into::into).collect(),
        total,
    })
}

fn frame_sizes(vm: &mut dyn Debuggee, command: &FrameCounts) -> Result<FrameSizes, DebugError> {
    let frame = FrameId(command.frame);
    let all = |(named, indexed): (usize, usize)| named + indexed;
    Ok(FrameSizes {
        locals: all(vm.counts(Container::Locals(frame))?),
        globals: all(vm.counts(Container::Globals(frame))?),
        stack: vm.value_stack(frame)?.len(),
    })
}

impl DebugHook for LinkHook {
    fn on_attach(&mut self, waker: Waker, canceller: Waker) {
        self.calls.set(Arc::clone(&waker), canceller);
        // For whatever was queued before there was somebody to wake.
        waker();
    }

    fn on_stop(&mut self, vm: &mut dyn Debuggee, stop: &Stop) -> ResumeAction {
        let startup = stop.reason == StopReason::Startup;
        if startup && matches!(self.manner, Manner::Listening { wait: false, .. }) {
            self.waiting = false;
            return ResumeAction::Continue;
        }
        if !startup && self.is_unattended() {
            return ResumeAction::Continue;
        }
        if let Some(reason) = stop_words(&stop.reason) {
            let thread = stop.thread.0;
            self.stop = Some((thread, reason.clone()));
            self.answers.report(&Report::Stopped { thread, reason });
        }
        let action = self.serve(vm);
        self.native.reset();
        self.waiting = false;
        self.stop = None;
        action
    }

    fn on_interrupt(&mut self, vm: &mut dyn Debuggee) -> InterruptAction {
        let mut action = InterruptAction::Continue;
        while let Ok(message) = self.inbox.try_recv() {
            let CommandMessage { id, command } = match message {
                Inbox::Command(message) => message,
                Inbox::Connected => continue,
                Inbox::Gone => {
                    if !self.gone(vm) && action == InterruptAction::Continue {
                        action = InterruptAction::Pause;
                    }
                    continue;
                }
            };
            match command {
                AnyCommand::Pause(_) => {
                    self.answers.done(id);
                    if action == InterruptAction::Continue {
                        action = InterruptAction::Pause;
                    }
                }
                AnyCommand::Terminate(_) => {
                    self.answers.done(id);
                    action = InterruptAction::Terminate;
                }
                // It runs already.
                AnyCommand::Start(_) => self.answers.done(id),
                other => {
                    if self.any_time(vm, id, other).is_some() {
                        self.answers.refuse(id, "the program is running");
                    }
                }
            }
        }
        action
    }

    fn on_event(&mut self, event: DebugEvent) {
        let report = match event {
            DebugEvent::Breakpoint(status) => Report::Breakpoint(news(status)),
            DebugEvent::Log { text, file, line } => Report::Log { text, file, line },
            DebugEvent::ThreadStarted(thread) => Report::ThreadStarted(thread.into()),
            DebugEvent::ThreadExited(id) => Report::ThreadExited { id: id.0 },
        };
        self.answers.report(&report);
    }
}
