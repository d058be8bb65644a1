//! Going on, stepping, stopping.

use serde_json::Value;

use crate::client::Responder;
use crate::link::messages::{Continue, ModeWord, Pause, Step, StepWord, StopWords};
use crate::protocol::amended::{StepArguments, ThreadArguments};
use crate::protocol::{
    ContinueResponse, Failure, SteppingGranularity, StoppedEvent, StoppedEventReason, to_json,
};

use super::{Phase, Session};

impl Session {
    /// The program leaves its stop: what was shown of it means nothing any more.
    pub(super) fn goes_on(&mut self) {
        self.phase = Phase::Running;
        self.handles.reset();
        self.sources.reset();
    }

    /// Responses come first, so that the next stop cannot overtake them.
    pub(super) fn resume(&mut self, to: Responder, _: ThreadArguments) {
        let body = ContinueResponse {
            all_threads_continued: Some(true),
        };
        self.client.respond(to, Ok(to_json(body)));
        self.goes_on();
        self.tell(Continue {});
    }

    pub(super) fn next(&mut self, to: Responder, arguments: StepArguments) {
        self.step(to, arguments, StepWord::LineOver, StepWord::InstructionOver);
    }

    pub(super) fn step_in(&mut self, to: Responder, arguments: StepArguments) {
        if let Some(target) = arguments.target_id {
            return match self.step_to_target(target) {
                Ok(step) => self.step(to, arguments, step, step),
                Err(failure) => self.client.respond(to, Err(failure)),
            };
        }
        self.step(to, arguments, StepWord::LineInto, StepWord::InstructionInto);
    }

    pub(super) fn step_out(&mut self, to: Responder, arguments: StepArguments) {
        self.step(to, arguments, StepWord::Out, StepWord::Out);
    }

    fn step(
        &mut self,
        to: Responder,
        arguments: StepArguments,
        line: StepWord,
        instruction: StepWord,
    ) {
        let thread = arguments.thread_id;
        if !self.threads.iter().any(|known| known.id == thread) {
            return self.client.respond(to, Err(no_thread(thread)));
        }
        let kind = match arguments.granularity {
            Some(SteppingGranularity::Instruction) => instruction,
            Some(SteppingGranularity::Line | SteppingGranularity::Statement) | None => line,
        };
        self.client.respond(to, Ok(Value::Null));
        self.goes_on();
        self.tell(Step { thread, kind });
    }

    pub(super) fn pause(&mut self, to: Responder, _: ThreadArguments) {
        let without_debugger = self
            .target
            .as_ref()
            .is_some_and(|target| target.launching.no_debug);
        if without_debugger {
            let failure = Failure::new("the program runs without a debugger and cannot be paused");
            return self.client.respond(to, Err(failure));
        }
        self.client.respond(to, Ok(Value::Null));
        // The answer never comes if the program does not get to it.
        self.ask(Pause {}, |_, _| {});
    }

    /// The program has come to a stand. The client hears of it once the threads are known,
    /// since it asks for them, and steps them, at once.
    pub(super) fn stopped(&mut self, thread: u64, reason: StopWords) {
        if let (Phase::Configuring, Some(target)) = (self.phase, &mut self.target) {
            // A program that was running when it was attached to.
            target.early_stop = Some((thread, reason));
            return;
        }
        self.handles.reset();
        self.sources.reset();
        self.phase = Phase::Stopped;
        self.stopped_thread = thread;
        // A step loads nothing as a rule, and is to be quick.
        if reason != StopWords::Step {
            self.tell_of_loaded();
        }
        let epoch = self.handles.epoch();
        self.ask(
            crate::link::messages::Threads {},
            move |session, threads| {
                let Ok(threads) = threads else { return };
                session.threads = threads;
                session.tell_threads();
                if session.handles.epoch() == epoch {
                    session
                        .client
                        .event("stopped", stopped_event(thread, reason));
                }
            },
        );
    }
}

/// A thread that nobody knows.
pub(super) fn no_thread(thread: u64) -> Failure {
    Failure::new(format!("there is no thread with the number {thread}"))
}

fn stopped_event(thread: u64, reason: StopWords) -> StoppedEvent {
    let mut event = StoppedEvent {
        thread_id: Some(thread),
        all_threads_stopped: Some(true),
        ..StoppedEvent::default()
    };
    event.reason = match reason {
        StopWords::Entry => StoppedEventReason::Entry,
        StopWords::Step => StoppedEventReason::Step,
        StopWords::Pause => StoppedEventReason::Pause,
        StopWords::Breakpoint { ids, note } => {
            event.hit_breakpoint_ids = Some(ids);
            event.text = note;
            StoppedEventReason::Breakpoint
        }
        StopWords::InstructionBreakpoint { ids, note } => {
            event.hit_breakpoint_ids = Some(ids);
            event.text = note;
            StoppedEventReason::InstructionBreakpoint
        }
        StopWords::FunctionBreakpoint { ids, note } => {
            event.hit_breakpoint_ids = Some(ids);
            event.text = note;
            StoppedEventReason::FunctionBreakpoint
        }
        StopWords::DataBreakpoint { ids, note } => {
            event.hit_breakpoint_ids = Some(ids);
            event.description = note.clone();
            event.text = note;
            StoppedEventReason::DataBreakpoint
        }
        StopWords::BreakpointCall => {
            event.description = Some("Paused on breakpoint()".to_owned());
            StoppedEventReason::Breakpoint
        }
        StopWords::Exception {
            type_name,
            message,
            mode,
        } => {
            let which = match mode {
                ModeWord::Uncaught => "uncaught exception",
                ModeWord::UserUnhandled => "exception that no code of yours catches",
                ModeWord::Raised => "exception",
            };
            event.description = Some(format!("Paused on {which}"));
            event.text = Some(if message.is_empty() {
                type_name
            } else {
                format!("{type_name}: {message}")
            });
            StoppedEventReason::Exception
        }
    };
    event
}
