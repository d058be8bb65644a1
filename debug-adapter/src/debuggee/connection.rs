//! The debuggee's end of the link: what comes in is queued for the thread that runs the VM,
//! which is woken for it; what goes out can be written from anywhere.

use std::net::TcpStream;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex};

use tailscope_vm::debug::{DebugError, Waker};

use crate::link::messages::{AnyCommand, Command, CommandMessage, Report};
use crate::link::{read_message, write_message};
use crate::lock;

/// What comes from a debugger.
pub(super) enum Inbox {
    Command(CommandMessage),
    /// A debugger has come, and shown the token.
    Connected,
    /// It is gone.
    Gone,
}

/// How the VM is called from other threads, once there is one.
#[derive(Clone, Default)]
pub(super) struct Calls {
    handles: Arc<Mutex<Option<(Waker, Waker)>>>,
}

impl Calls {
    pub fn set(&self, waker: Waker, canceller: Waker) {
        *lock(&self.handles) = Some((waker, canceller));
    }

    pub fn wake(&self) {
        if let Some((wake, _)) = lock(&self.handles).clone() {
            wake();
        }
    }

    pub fn cancel(&self) {
        if let Some((_, cancel)) = lock(&self.handles).clone() {
            cancel();
        }
    }
}

/// The writing side of the link. Errors are not looked at: when the adapter is gone, the
/// reading side finds out.
#[derive(Clone, Default)]
pub struct Answers {
    stream: Arc<Mutex<Option<TcpStream>>>,
}

impl Answers {
    pub(super) fn connect(&self, stream: TcpStream) {
        *lock(&self.stream) = Some(stream);
    }

    pub(super) fn disconnect(&self) {
        *lock(&self.stream) = None;
    }

    /// Whether there is somebody to talk to.
    pub(super) fn is_connected(&self) -> bool {
        lock(&self.stream).is_some()
    }

    pub(super) fn report(&self, report: &Report) {
        if let Some(stream) = &mut *lock(&self.stream) {
            let _ = write_message(stream, report);
        }
    }

    /// The last word.
    pub fn exiting(&self, status: i32) {
        self.report(&Report::Exiting { status });
    }

    /// Answers a command of the type `C`.
    pub(super) fn answer<C: Command>(
        &self,
        id: u64,
        _: &C,
        result: Result<C::Answer, DebugError>,
    ) {
        let result = result
            .map_err(|error| error.to_string())
            .and_then(|answer| {
                serde_json::to_value(answer)
                    .map_err(|error| format!("the answer cannot be sent: {error}"))
            });
        self.report(&Report::Answer { id, result });
    }

    /// Answers a command that has nothing to say.
    pub(super) fn done(&self, id: u64) {
        self.report(&Report::Answer {
            id,
            result: Ok(serde_json::Value::Null),
        });
    }

    /// Answers a command that cannot be executed.
    pub(super) fn refuse(&self, id: u64, reason: &str) {
        self.report(&Report::Answer {
            id,
            result: Err(reason.to_owned()),
        });
    }
}

/// Queues what a debugger says until it is gone, and wakes the VM for it. A wish to cancel is
/// carried out here: the VM is busy with what is to be cancelled.
pub(super) fn queue_commands(
    mut stream: TcpStream,
    queue: &Sender<Inbox>,
    answers: &Answers,
    calls: &Calls,
) {
    while let Ok(message) = read_message::<CommandMessage>(&mut stream) {
        if matches!(message.command, AnyCommand::Cancel(_)) {
            calls.cancel();
            answers.done(message.id);
            continue;
        }
        // Without a receiver the program is over; only the end of the link matters then.
        if queue.send(Inbox::Command(message)).is_ok() {
            calls.wake();
        }
    }
}
