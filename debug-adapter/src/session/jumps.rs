//! Going on elsewhere: into one call of a line, at another line, at a function's beginning.

use serde_json::{Value, json};

use tailscope_vm::debug::InstructionAddress;

use crate::client::Responder;
use crate::link::messages::{
    Frames, Goto, GotoTargets, Range, RestartFrame, StepTargets, StepWord, TargetView,
};
use crate::protocol::{
    Failure, GotoArguments, GotoTargetsArguments, RestartFrameArguments, StepInTargetsArguments,
    StoppedEvent, StoppedEventReason,
};

use super::Session;
use super::inspection::stale;

/// Longest source text of a call or a line that is shown.
const LABEL_LIMIT: usize = 60;

impl Session {
    pub(super) fn step_in_targets(&mut self, to: Responder, arguments: StepInTargetsArguments) {
        let Ok(Some(frame)) = self.python_frame(arguments.frame_id) else {
            return self.client.respond(to, Err(stale("frame")));
        };
        // The frame's file is where the texts of the calls are.
        let thread = self.stopped_thread;
        let everything = Frames {
            thread,
            start: 0,
            count: usize::MAX,
        };
        let ticket = self.pend(to);
        self.ask(everything, move |session, page| {
            let page = page.unwrap_or_else(|_| crate::link::messages::FramePage {
                frames: Vec::new(),
                total: 0,
            });
            let file = page.frames.into_iter().find(|view| view.id == frame);
            let file = file.map(|view| view.file).unwrap_or_default();
            session.ask(StepTargets { frame }, move |session, targets| {
                let result = targets.map(|targets| {
                    let list: Vec<Value> = targets
                        .into_iter()
                        .map(|target| session.target(&file, target))
                        .collect();
                    json!({ "targets": list })
                });
                session.answer(&ticket, result);
            });
        });
    }

    /// A target with its number, label and place.
    fn target(&mut self, file: &str, target: TargetView) -> Value {
        let id = self.handles.target(target.address);
        let label = self
            .sources
            .text(file, target.location)
            .unwrap_or_else(|| format!("line {}", target.location.line));
        let range = self.sources.in_utf16(file, target.location);
        let mut body = json!({ "id": id, "label": shorten(&label), "line": self.client_line(range.line) });
        self.add_columns(&mut body, range);
        body
    }

    /// Adds the columns and the last line of a range that is in UTF-16 already.
    pub(super) fn add_columns(&self, body: &mut Value, range: Range) {
        let Some(fields) = body.as_object_mut() else {
            return;
        };
        if let (Some(column), Some(end)) = (range.column, range.end_column) {
            fields.insert("column".to_owned(), self.client_column(column).into());
            fields.insert("endLine".to_owned(), self.client_line(range.end_line).into());
            fields.insert("endColumn".to_owned(), self.client_column(end).into());
        }
    }

    /// The step into a target of `stepInTargets`.
    pub(super) fn step_to_target(&self, target: u64) -> Result<StepWord, Failure> {
        match self.handles.find_target(target) {
            Some(address) => Ok(StepWord::IntoCall(
                InstructionAddress::from_number(address).offset,
            )),
            None => Err(stale("step target")),
        }
    }

    pub(super) fn goto_targets(&mut self, to: Responder, arguments: GotoTargetsArguments) {
        let Some(file) = self.file_of(&arguments.source) else {
            let failure = Failure::new("the source has neither a path nor a known reference");
            return self.client.respond(to, Err(failure));
        };
        let line = arguments
            .line
            .saturating_add(u32::from(!self.traits.lines_start_at_1));
        let command = GotoTargets {
            file: file.clone(),
            line,
        };
        self.ask_for(to, command, move |session, targets| {
            let list: Vec<Value> = targets
                .into_iter()
                .map(|target| {
                    let address = InstructionAddress::from_number(target.address).to_string();
                    let mut body = session.target(&file, target);
                    if let Some(fields) = body.as_object_mut() {
                        fields.insert("instructionPointerReference".to_owned(), address.into());
                    }
                    body
                })
                .collect();
            Ok(json!({ "targets": list }))
        });
    }

    pub(super) fn goto(&mut self, to: Responder, arguments: GotoArguments) {
        let Some(address) = self.handles.find_target(arguments.target_id) else {
            return self.client.respond(to, Err(stale("target")));
        };
        let thread = arguments.thread_id;
        self.ask(Goto { thread, address }, move |session, moved| {
            session.moved(to, thread, moved, None);
        });
    }

    pub(super) fn restart_frame(&mut self, to: Responder, arguments: RestartFrameArguments) {
        let Ok(Some(frame)) = self.python_frame(arguments.frame_id) else {
            return self.client.respond(to, Err(stale("frame")));
        };
        let thread = self.stopped_thread;
        self.ask(RestartFrame { frame }, move |session, moved| {
            session.moved(to, thread, moved, Some("Paused on restart of the frame"));
        });
    }

    /// The stopped frame is somewhere else now: what was shown of it means nothing any more.
    fn moved(
        &mut self,
        to: Responder,
        thread: u64,
        moved: Result<(), Failure>,
        description: Option<&str>,
    ) {
        if let Err(failure) = moved {
            return self.client.respond(to, Err(failure));
        }
        self.handles.reset();
        self.client.respond(to, Ok(Value::Null));
        let event = StoppedEvent {
            reason: StoppedEventReason::Goto,
            description: description.map(str::to_owned),
            thread_id: Some(thread),
            all_threads_stopped: Some(true),
            ..StoppedEvent::default()
        };
        self.client.event("stopped", event);
    }
}

fn shorten(text: &str) -> String {
    let line = text.lines().map(str::trim).collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LABEL_LIMIT) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line,
    }
}
