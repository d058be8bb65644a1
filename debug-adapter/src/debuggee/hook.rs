//! The VM's debug hook: at a stop, commands are executed as they come until one of them
//! lets the program go on.

use std::net::TcpStream;
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex};

use tailscope_vm::debug::{
    CodeId, Container, DebugError, DebugEvent, DebugHook, Debuggee, EvalMode, ExceptionFilter,
    FrameId, InterruptAction, Page, ResumeAction, Stop, StopReason, ThreadId, Waker,
};

use crate::link::messages::*;
use crate::link::write_message;
use crate::lock;

use super::convert::{address_breakpoints, line_breakpoints, news, stop_words};

/// Serves the link whenever the VM lets it.
pub(super) struct LinkHook {
    commands: Receiver<CommandMessage>,
    answers: Answers,
    waker: Arc<Mutex<Option<Waker>>>,
}

/// The writing side of the link. Errors are not looked at: when the adapter is gone, the
/// reading side ends the process.
pub(super) struct Answers {
    stream: TcpStream,
}

impl Answers {
    pub(super) fn new(stream: TcpStream) -> Self {
        Answers { stream }
    }

    fn report(&mut self, report: &Report) {
        let _ = write_message(&mut self.stream, report);
    }

    /// Answers a command of the type `C`.
    fn answer<C: Command>(&mut self, id: u64, _: &C, result: Result<C::Answer, DebugError>) {
        let result = result
            .map_err(|error| error.to_string())
            .and_then(|answer| {
                serde_json::to_value(answer)
                    .map_err(|error| format!("the answer cannot be sent: {error}"))
            });
        self.report(&Report::Answer { id, result });
    }

    /// Answers a command that has nothing to say.
    pub(super) fn done(&mut self, id: u64) {
        self.report(&Report::Answer {
            id,
            result: Ok(serde_json::Value::Null),
        });
    }

    /// Answers a command that cannot be executed.
    pub(super) fn refuse(&mut self, id: u64, reason: &str) {
        self.report(&Report::Answer {
            id,
            result: Err(reason.to_owned()),
        });
    }
}

/// What a command does to a stopped program.
enum Effect {
    Stay,
    Resume(ResumeAction),
}

impl LinkHook {
    pub(super) fn new(
        commands: Receiver<CommandMessage>,
        answers: Answers,
        waker: Arc<Mutex<Option<Waker>>>,
    ) -> Self {
        LinkHook {
            commands,
            answers,
            waker,
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
        let answers = &mut self.answers;
        match command {
            AnyCommand::SetBreakpoints(c) => {
                let result = line_breakpoints(&c.breakpoints).map(|specs| {
                    vm.set_breakpoints(&c.file, &specs)
                        .into_iter()
                        .map(news)
                        .collect()
                });
                answers.answer(id, &c, result);
            }
            AnyCommand::SetInstructionBreakpoints(c) => {
                let result = address_breakpoints(&c.breakpoints).map(|specs| {
                    vm.set_instruction_breakpoints(&specs)
                        .into_iter()
                        .map(news)
                        .collect()
                });
                answers.answer(id, &c, result);
            }
            AnyCommand::SetExceptionFilter(c) => {
                vm.set_exception_filter(ExceptionFilter {
                    raised: c.raised,
                    uncaught: c.uncaught,
                });
                answers.answer(id, &c, Ok(()));
            }
            AnyCommand::GetSource(c) => {
                let source = vm.source(&c.file);
                answers.answer(id, &c, Ok(source));
            }
            other => return Some(other),
        }
        None
    }

    /// Answers a question about a stopped program.
    fn inspect(&mut self, vm: &mut dyn Debuggee, id: u64, command: AnyCommand) {
        let answers = &mut self.answers;
        match command {
            AnyCommand::Threads(c) => {
                answers.answer(
                    id,
                    &c,
                    Ok(vm.threads().into_iter().map(Into::into).collect()),
                );
            }
            AnyCommand::Frames(c) => answers.answer(id, &c, frames(vm, &c)),
            AnyCommand::FrameCounts(c) => answers.answer(id, &c, frame_sizes(vm, &c)),
            AnyCommand::Variables(c) => {
                let page = Page {
                    start: c.start,
                    count: c.count,
                    filter: c.filter.into(),
                };
                let result = vm.variables(c.of.into(), page);
                answers.answer(
                    id,
                    &c,
                    result.map(|list| list.into_iter().map(Into::into).collect()),
                );
            }
            AnyCommand::ValueStack(c) => {
                let result = vm.value_stack(FrameId(c.frame));
                answers.answer(
                    id,
                    &c,
                    result.map(|list| list.into_iter().map(Into::into).collect()),
                );
            }
            AnyCommand::Instruction(c) => {
                let result = vm.instruction(FrameId(c.frame));
                answers.answer(id, &c, result.map(Into::into));
            }
            AnyCommand::Evaluate(c) => {
                let mode = if c.interactive {
                    EvalMode::Interactive
                } else {
                    EvalMode::Expression
                };
                let result = vm.evaluate(c.frame.map(FrameId), &c.source, mode);
                answers.answer(id, &c, result.map(Into::into));
            }
            AnyCommand::FullRepr(c) => {
                let result = vm.full_repr(c.frame.map(FrameId), &c.source);
                answers.answer(id, &c, result);
            }
            AnyCommand::SetVariable(c) => {
                let result = vm.set_variable(c.of.into(), &c.name, &c.source, c.frame.map(FrameId));
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
            // The callers have dealt with the others.
            _ => answers.refuse(
                id,
                "this command means nothing while the program stands still",
            ),
        }
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
    fn on_attach(&mut self, waker: Waker) {
        *lock(&self.waker) = Some(Arc::clone(&waker));
        // For whatever was queued before there was somebody to wake.
        waker();
    }

    fn on_stop(&mut self, vm: &mut dyn Debuggee, stop: &Stop) -> ResumeAction {
        if stop.reason != StopReason::Startup
            && let Some(reason) = stop_words(&stop.reason)
        {
            self.answers.report(&Report::Stopped {
                thread: stop.thread.0,
                reason,
            });
        }
        loop {
            let Ok(CommandMessage { id, command }) = self.commands.recv() else {
                return ResumeAction::Terminate;
            };
            if let Effect::Resume(action) = self.while_stopped(vm, id, command) {
                return action;
            }
        }
    }

    fn on_interrupt(&mut self, vm: &mut dyn Debuggee) -> InterruptAction {
        let mut action = InterruptAction::Continue;
        while let Ok(CommandMessage { id, command }) = self.commands.try_recv() {
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
