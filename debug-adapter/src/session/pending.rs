//! Requests that the debuggee has not answered yet: they can be cancelled, and when one takes
//! its time the client is told.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::client::Responder;
use crate::link::messages::Cancel;
use crate::protocol::{CancelArguments, Failure};

use super::{Due, Session};

/// How long a request may take before the client is told that it does, and between two such
/// words.
const PROGRESS_TIME: Duration = Duration::from_secs(1);

/// A request that has not been answered.
pub(super) struct Pending {
    to: Rc<RefCell<Option<Responder>>>,
    request_seq: i64,
    /// How often the client was told that it takes its time.
    told: u32,
}

/// The duty to answer a request, unless it has been cancelled.
pub(super) struct Ticket(Rc<RefCell<Option<Responder>>>);

impl Session {
    /// Notes that a request waits for the debuggee.
    pub(super) fn pend(&mut self, to: Responder) -> Ticket {
        let request_seq = to.request_seq;
        let to = Rc::new(RefCell::new(Some(to)));
        self.pending.push(Pending {
            to: Rc::clone(&to),
            request_seq,
            told: 0,
        });
        if self.traits.progress {
            self.do_later(PROGRESS_TIME, Due::Progress(request_seq));
        }
        Ticket(to)
    }

    /// Answers a request, unless it has been cancelled.
    pub(super) fn answer(&mut self, ticket: &Ticket, result: Result<Value, Failure>) {
        let Some(to) = ticket.0.borrow_mut().take() else {
            return;
        };
        self.forget_pending(to.request_seq);
        self.client.respond(to, result);
    }

    fn forget_pending(&mut self, request_seq: i64) {
        let place = self
            .pending
            .iter()
            .position(|pending| pending.request_seq == request_seq);
        let told = place.map(|place| self.pending.remove(place).told);
        if told.is_some_and(|told| told > 0) {
            let body = json!({ "progressId": progress_id(request_seq) });
            self.client.event("progressEnd", body);
        }
    }

    /// A request takes its time.
    pub(super) fn still_pending(&mut self, request_seq: i64) {
        let Some(pending) = self
            .pending
            .iter_mut()
            .find(|pending| pending.request_seq == request_seq)
        else {
            return;
        };
        pending.told += 1;
        let told = pending.told;
        let command = pending.to.borrow().as_ref().map(|to| to.command.clone());
        if told == 1 {
            let body = json!({
                "progressId": progress_id(request_seq), "title": title(command.as_deref()),
                "requestId": request_seq, "cancellable": true,
            });
            self.client.event("progressStart", body);
        } else {
            let body = json!({
                "progressId": progress_id(request_seq), "message": format!("{told} seconds"),
            });
            self.client.event("progressUpdate", body);
        }
        self.do_later(PROGRESS_TIME, Due::Progress(request_seq));
    }

    pub(super) fn cancel(&mut self, to: Responder, arguments: CancelArguments) {
        let by_progress = arguments
            .progress_id
            .and_then(|id| id.strip_prefix(PROGRESS_PREFIX)?.parse::<i64>().ok());
        let by_request = arguments.request_id.and_then(|id| i64::try_from(id).ok());
        let wanted = by_request.or(by_progress);
        let found = self
            .pending
            .iter()
            .position(|pending| Some(pending.request_seq) == wanted);
        if let Some(place) = found {
            let cancelled = self
                .pending
                .get(place)
                .and_then(|pending| pending.to.borrow_mut().take());
            if let Some(cancelled) = cancelled {
                // The debuggee works at the first; the others have not begun.
                if place == 0 {
                    self.ask(Cancel {}, |_, _| {});
                }
                self.forget_pending(cancelled.request_seq);
                self.client.respond(cancelled, Err(Failure::cancelled()));
            }
        }
        // What has been answered already cannot be cancelled, which is no mistake.
        self.client.respond(to, Ok(Value::Null));
    }
}

const PROGRESS_PREFIX: &str = "request-";

fn progress_id(request_seq: i64) -> String {
    format!("{PROGRESS_PREFIX}{request_seq}")
}

fn title(command: Option<&str>) -> &'static str {
    match command {
        Some("evaluate") => "Evaluating an expression",
        Some("variables") => "Reading variables",
        Some("setVariable" | "setExpression") => "Writing a value",
        Some("disassemble") => "Disassembling",
        _ => "Waiting for the program",
    }
}
