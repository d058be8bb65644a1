//! The debuggee as the session sees it: a process, a link once it has connected, and the
//! questions that it has not answered yet.

use std::collections::HashMap;
use std::io;
use std::net::TcpStream;
use std::process::ExitStatus;
use std::time::Duration;

use serde_json::Value;

use crate::client::Responder;
use crate::link::messages::{AttachedView, Command, CommandMessage, Launching, StopWords};
use crate::link::write_message;
use crate::process::DebuggeeProcess;
use crate::protocol::Failure;

use super::Session;

/// How long the debuggee may leave a command unread: its reading thread does nothing else.
const WRITE_TIME: Duration = Duration::from_secs(5);

/// What is done with an answer.
type Continuation = Box<dyn FnOnce(&mut Session, Result<Value, String>)>;

/// A debuggee.
pub(super) struct Target {
    pub process: DebuggeeProcess,
    /// What it is to run.
    pub launching: Launching,
    /// The `launch` request, until it has been answered.
    pub launch: Option<Responder>,
    /// There is no program to wait for: it could not be loaded.
    pub failed: bool,
    /// How the session came by it.
    pub bond: Bond,
    /// The status that it has said it ends with.
    pub exiting: Option<i32>,
    /// The program that was attached to, and a stop that came before the client was ready.
    pub attached: Option<AttachedView>,
    pub early_stop: Option<(u64, StopWords)>,
    /// It has been started again: the client knows that it may set breakpoints.
    pub again: bool,
    /// It has been asked to end.
    pub ending: bool,
    /// Streams that have not ended, of which something may still come: its output, and the
    /// link once it has connected.
    pub open_streams: usize,
    /// Its exit status, once it has ended.
    pub exit: Option<Option<ExitStatus>>,
    link: Option<TcpStream>,
    next_command: u64,
    waiting: HashMap<u64, Continuation>,
}

/// How a session came by its debuggee.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bond {
    /// The adapter has started it: its output and its end are seen here.
    Own,
    /// The client has started it in a terminal.
    Terminal,
    /// It runs by itself.
    Attached,
}

impl Target {
    pub fn new(
        process: DebuggeeProcess,
        launching: Launching,
        launch: Responder,
        bond: Bond,
    ) -> Self {
        let own = process.is_own();
        Target {
            process,
            bond,
            exiting: None,
            attached: None,
            early_stop: None,
            again: false,
            launching,
            launch: Some(launch),
            failed: false,
            ending: false,
            open_streams: if own { 2 } else { 0 },
            exit: None,
            link: None,
            next_command: 0,
            waiting: HashMap::new(),
        }
    }

    /// The debuggee has connected.
    pub fn connect(&mut self, stream: TcpStream) -> io::Result<()> {
        stream.set_write_timeout(Some(WRITE_TIME))?;
        self.link = Some(stream);
        self.open_streams += 1;
        Ok(())
    }

    /// Ends it at once; one that was attached to is only left.
    pub fn kill(&self) {
        self.process.kill();
        if self.bond != Bond::Own
            && let Some(link) = &self.link
        {
            // One that was started in a terminal ends when its adapter is gone.
            let _ = link.shutdown(std::net::Shutdown::Both);
        }
    }

    /// Whether anybody has connected.
    pub fn is_linked(&self) -> bool {
        self.link.is_some()
    }

    fn send<C: Command>(&mut self, command: C, then: Continuation) -> Result<(), Continuation> {
        let Some(link) = &mut self.link else {
            return Err(then);
        };
        self.next_command += 1;
        let message = CommandMessage {
            id: self.next_command,
            command: command.into(),
        };
        if write_message(link, &message).is_err() {
            return Err(then);
        }
        self.waiting.insert(message.id, then);
        Ok(())
    }
}

impl Session {
    /// Sends a command to the debuggee and returns at once; `then` gets the answer.
    pub(super) fn ask<C: Command + 'static>(
        &mut self,
        command: C,
        then: impl FnOnce(&mut Session, Result<C::Answer, Failure>) + 'static,
    ) {
        let then: Continuation = Box::new(|session, answer| {
            let typed = answer.and_then(|json| {
                serde_json::from_value(json)
                    .map_err(|error| format!("the debuggee's answer cannot be read: {error}"))
            });
            then(session, typed.map_err(Failure::new));
        });
        let unsent = match &mut self.target {
            Some(target) => target.send(command, then).err(),
            None => Some(then),
        };
        if let Some(then) = unsent {
            then(self, Err("the debuggee does not listen".to_owned()));
        }
    }

    /// Sends a command whose answer makes a response. It belongs to the current stop: should
    /// the program go on before the answer comes, the request fails.
    pub(super) fn ask_for<C: Command + 'static>(
        &mut self,
        to: Responder,
        command: C,
        then: impl FnOnce(&mut Session, C::Answer) -> Result<Value, Failure> + 'static,
    ) {
        let epoch = self.handles.epoch();
        let ticket = self.pend(to);
        self.ask(command, move |session, answer| {
            let result = if session.handles.epoch() == epoch {
                answer.and_then(|answer| then(session, answer))
            } else {
                Err(Failure::not_stopped("the program has gone on"))
            };
            session.answer(&ticket, result);
        });
    }

    /// The same for an answer that does not belong to a stop.
    pub(super) fn ask_any_time<C: Command + 'static>(
        &mut self,
        to: Responder,
        command: C,
        then: impl FnOnce(&mut Session, C::Answer) -> Result<Value, Failure> + 'static,
    ) {
        let no_debugger = self.target.as_ref().is_none_or(|target| {
            target.launching.no_debug || !target.is_linked()
        });
        if no_debugger {
            let failure = Failure::new("no program is being debugged");
            return self.client.respond(to, Err(failure));
        }
        let ticket = self.pend(to);
        self.ask(command, move |session, answer| {
            let result = answer.and_then(|answer| then(session, answer));
            session.answer(&ticket, result);
        });
    }

    /// Sends a command whose answer nobody waits for.
    pub(super) fn tell<C: Command + 'static>(&mut self, command: C) {
        self.ask(command, |session, answer| {
            if let Err(failure) = answer {
                session.client.note(&failure.text);
            }
        });
    }

    /// An answer has come.
    pub(super) fn answered(&mut self, id: u64, answer: Result<Value, String>) {
        let then = self
            .target
            .as_mut()
            .and_then(|target| target.waiting.remove(&id));
        if let Some(then) = then {
            then(self, answer);
        }
    }

    /// No answers will come any more.
    pub(super) fn answer_all_with(&mut self, reason: &str) {
        let waiting = self
            .target
            .as_mut()
            .map(|target| std::mem::take(&mut target.waiting));
        let mut waiting: Vec<_> = waiting.unwrap_or_default().into_iter().collect();
        waiting.sort_by_key(|(id, _)| *id);
        for (_, then) in waiting {
            then(self, Err(reason.to_owned()));
        }
    }
}
