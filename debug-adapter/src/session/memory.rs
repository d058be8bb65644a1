//! The memory of values that have some: `bytes`, `bytearray`, `memoryview` and what else offers it.
//!
//! A reference is `0x`, a mark and the debuggee's handle: a number that no instruction has. It
//! means something for one stop, as the value that it belongs to does.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

use crate::client::Responder;
use crate::link::messages::{ReadMemory, WriteMemory};
use crate::protocol::amended::{ReadMemoryArguments, WriteMemoryArguments};
use crate::protocol::Failure;

use super::Session;

/// Most bytes in one response.
const MAX_COUNT: u64 = 16 << 20;

/// Tells references to memory from addresses of instructions, whose code objects are never so
/// many.
const MARK: u64 = 1 << 63;

/// The reference to the memory of a value with a handle.
pub(super) fn reference(handle: u64) -> String {
    format!("{:#x}", MARK | handle)
}

fn handle(reference: &str) -> Result<u64, Failure> {
    let digits = reference.trim().strip_prefix("0x");
    let number = digits.and_then(|digits| u64::from_str_radix(digits, 16).ok());
    match number {
        Some(number) if number & MARK != 0 => Ok(number & !MARK),
        _ => Err(Failure::new(format!(
            "{reference:?} refers to no value's memory; values that have some say where"
        ))),
    }
}

impl Session {
    pub(super) fn read_memory(&mut self, to: Responder, arguments: ReadMemoryArguments) {
        let value = match handle(&arguments.memory_reference) {
            Ok(value) => value,
            Err(failure) => return self.client.respond(to, Err(failure)),
        };
        let wanted = arguments.count.min(MAX_COUNT);
        let start = arguments.offset.unwrap_or(0);
        let count = usize::try_from(wanted).unwrap_or(0);
        self.ask_for(
            to,
            ReadMemory {
                value,
                start,
                count,
            },
            move |_, piece| {
                let read = piece.bytes.len() as u64;
                let mut body = json!({
                    "address": format!("{:#x}", piece.start),
                    "data": BASE64.encode(&piece.bytes),
                });
                if let (true, Some(fields)) = (read < arguments.count, body.as_object_mut()) {
                    let missing = arguments.count - read;
                    fields.insert("unreadableBytes".to_owned(), missing.into());
                }
                Ok(body)
            },
        );
    }

    pub(super) fn write_memory(&mut self, to: Responder, arguments: WriteMemoryArguments) {
        let checked = handle(&arguments.memory_reference).and_then(|value| {
            let bytes = BASE64
                .decode(&arguments.data)
                .map_err(|e| Failure::new(format!("the data to write is no Base64: {e}")))?;
            Ok((value, bytes))
        });
        let (value, bytes) = match checked {
            Ok(checked) => checked,
            Err(failure) => return self.client.respond(to, Err(failure)),
        };
        let start = arguments.offset.unwrap_or(0);
        let written = bytes.len();
        let command = WriteMemory {
            value,
            start,
            bytes,
        };
        let ticket = self.pend(to);
        self.ask(command, move |session, result| {
            let went = result.is_ok();
            let body = result.map(|()| json!({ "offset": 0, "bytesWritten": written }));
            session.answer(&ticket, body);
            if went {
                session.memory_changed(&arguments.memory_reference, start, written);
            }
        });
    }

    fn memory_changed(&mut self, reference: &str, offset: i64, count: usize) {
        if self.traits.memory_event {
            let body = json!({ "memoryReference": reference, "offset": offset, "count": count });
            self.client.event("memory", body);
        }
        self.values_changed();
    }

    /// Something was written: variables that the client has read may have other values now.
    pub(super) fn values_changed(&mut self) {
        if self.traits.invalidated_event {
            let areas: [Value; 1] = ["variables".into()];
            self.client.event("invalidated", json!({ "areas": areas }));
        }
    }

    /// Frames come or go, though the program stands still.
    pub(super) fn stacks_changed(&mut self) {
        if self.traits.invalidated_event && self.phase == super::Phase::Stopped {
            let areas: [Value; 1] = ["stacks".into()];
            self.client.event("invalidated", json!({ "areas": areas }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_and_what_is_none() {
        assert_eq!(handle(&reference(7 << 32 | 3)).ok(), Some(7 << 32 | 3));
        for bad in ["", "x", "0x100000010", "17", "0xfffffffffffffffff"] {
            assert!(handle(bad).is_err(), "{bad}");
        }
    }
}
