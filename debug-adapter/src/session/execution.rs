//! Going on, stepping, stopping.

use serde_json::Value;

use crate::client::Responder;
use crate::link::messages::{Continue, Pause, Step, StepWord, StopWords};
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
        self.handles.reset();
        self.sources.reset();
        self.phase = Phase::Stopped;
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
        StopWords::BreakpointCall => {
            event.description = Some("Paused on breakpoint()".to_owned());
            StoppedEventReason::Breakpoint
        }
        StopWords::Exception {
            type_name,
            message,
            uncaught,
        } => {
            let which = if uncaught {
                "uncaught exception"
            } else {
                "exception"
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
