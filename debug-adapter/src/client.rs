//! The editor's end of a session: one thread reads messages, one writes them.
//!
//! Writing never blocks the session. Program output is the only thing that comes in
//! unlimited amounts, so it alone is held back when the client reads slowly: its reader
//! needs a [`Credit`] for each piece, and gets it back when the piece has been written. The
//! program then waits in its own `write`, as it would on a slow terminal.

use std::io::{Read, Write};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use crate::codec::{Decoder, FrameError, encode};
use crate::lock;
use crate::protocol::{self, Failure, OutputEvent, OutputEventCategory, to_json};
use crate::session::Happening;

/// How long the end of a session waits for the client to read what it has been sent.
const FLUSH_TIME: Duration = Duration::from_secs(2);

/// Colours of text, as the numbers of SGR escape sequences.
pub const RED: u8 = 31;
pub const YELLOW: u8 = 33;
pub const CYAN: u8 = 36;

/// A message on its way out, and what its writing sets free.
struct Outgoing {
    bytes: Vec<u8>,
    _credit: Option<Credit>,
}

/// Sends messages to the client, numbered in the order of sending.
pub struct Client {
    queue: Option<Sender<Outgoing>>,
    written: Receiver<()>,
    seq: i64,
    /// Text may have colours.
    styled: bool,
}

impl Client {
    /// Starts the writing thread.
    pub fn new(mut writer: impl Write + Send + 'static) -> std::io::Result<Self> {
        let (queue, messages) = channel::<Outgoing>();
        let (done, written) = channel();
        thread::Builder::new()
            .name("client-writer".to_owned())
            .spawn(move || {
                for message in messages {
                    // A client that is gone shows on the reading side. Its output is dropped.
                    let _ = writer
                        .write_all(&message.bytes)
                        .and_then(|()| writer.flush());
                }
                let _ = done.send(());
            })?;
        Ok(Client {
            queue: Some(queue),
            written,
            seq: 0,
            styled: false,
        })
    }

    fn send(&mut self, message: impl FnOnce(i64) -> Value, credit: Option<Credit>) {
        self.seq += 1;
        let bytes = encode(message(self.seq).to_string().as_bytes());
        if let Some(queue) = &self.queue {
            let _ = queue.send(Outgoing {
                bytes,
                _credit: credit,
            });
        }
    }

    /// Answers a request.
    pub fn respond(&mut self, to: Responder, result: Result<Value, Failure>) {
        let Responder {
            request_seq,
            command,
        } = to;
        self.send(
            |seq| match result {
                Ok(body) => protocol::success(seq, request_seq, &command, body),
                Err(failure) => protocol::failure(seq, request_seq, &command, &failure),
            },
            None,
        );
    }

    /// Sends an event.
    pub fn event(&mut self, name: &str, body: impl Serialize) {
        self.send(|seq| protocol::event(seq, name, to_json(body)), None);
    }

    /// Sends a piece of text for the debug console.
    pub fn output(&mut self, category: OutputEventCategory, text: String, credit: Option<Credit>) {
        let body = OutputEvent {
            category: Some(category),
            output: text,
            ..OutputEvent::default()
        };
        self.send(|seq| protocol::event(seq, "output", to_json(body)), credit);
    }

    /// Sends a request of the adapter's own; returns its number, which the response names.
    pub fn request(&mut self, command: &str, arguments: impl Serialize) -> i64 {
        self.send(|seq| protocol::request(seq, command, to_json(arguments)), None);
        self.seq
    }

    /// From now on text has colours: the client has said that it shows them.
    pub fn style(&mut self) {
        self.styled = true;
    }

    /// A text in a colour (the number of an SGR escape sequence), if the client shows any.
    pub fn styled(&self, colour: u8, text: &str) -> String {
        if self.styled {
            format!("\x1b[{colour}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }

    /// Sends a sentence of the adapter's own to the debug console.
    pub fn note(&mut self, sentence: &str) {
        let text = format!("{}\n", self.styled(YELLOW, sentence));
        self.output(OutputEventCategory::Console, text, None);
    }

    /// Ends the writing thread once everything has been written, or the client has had time enough.
    pub fn finish(mut self) {
        self.queue = None;
        let _ = self.written.recv_timeout(FLUSH_TIME);
    }
}

/// The duty to answer a request.
#[derive(Clone, Debug)]
#[must_use = "each request is answered"]
pub struct Responder {
    /// The request's number.
    pub request_seq: i64,
    /// Its command.
    pub command: String,
}

/// Starts the thread that reads messages; it ends with the stream.
pub fn read_messages(
    mut reader: impl Read + Send + 'static,
    to: Sender<Happening>,
) -> std::io::Result<()> {
    thread::Builder::new()
        .name("client-reader".to_owned())
        .spawn(move || {
            let mut decoder = Decoder::default();
            let mut bytes = vec![0; 1 << 16];
            loop {
                let length = match reader.read(&mut bytes) {
                    Ok(0) => break,
                    Ok(length) => length,
                    Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                    Err(_) => break,
                };
                decoder.push(bytes.get(..length).unwrap_or_default());
                while let Some(message) = decoder.next_message() {
                    if to.send(message.into()).is_err() {
                        return;
                    }
                }
            }
            let _ = to.send(Happening::ClientGone);
        })?;
    Ok(())
}

impl From<Result<Vec<u8>, FrameError>> for Happening {
    fn from(message: Result<Vec<u8>, FrameError>) -> Self {
        match message {
            Ok(body) => Happening::ClientMessage(body),
            Err(error) => Happening::ClientNoise(error),
        }
    }
}

/// A stock of [`Credit`]s.
#[derive(Clone)]
pub struct Credits {
    stock: Arc<(Mutex<usize>, Condvar)>,
}

impl Credits {
    /// A stock of this many.
    pub fn new(count: usize) -> Self {
        Credits {
            stock: Arc::new((Mutex::new(count), Condvar::new())),
        }
    }

    /// Takes one, waiting until there is one.
    pub fn take(&self) -> Credit {
        let (count, returned) = &*self.stock;
        let mut left = returned
            .wait_while(lock(count), |count| *count == 0)
            .unwrap_or_else(PoisonError::into_inner);
        *left -= 1;
        Credit {
            stock: Arc::clone(&self.stock),
        }
    }
}

/// The right to have one piece of output under way; given back when dropped.
pub struct Credit {
    stock: Arc<(Mutex<usize>, Condvar)>,
}

impl Drop for Credit {
    fn drop(&mut self) {
        let (count, returned) = &*self.stock;
        *lock(count) += 1;
        returned.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn credits_come_back() {
        let credits = Credits::new(1);
        let first = credits.take();
        let (sent, received) = channel();
        let other = credits.clone();
        thread::spawn(move || {
            let credit = other.take();
            sent.send(()).unwrap();
            drop(credit);
        });
        assert!(
            received.recv_timeout(Duration::from_millis(50)).is_err(),
            "there was only one"
        );
        drop(first);
        received.recv_timeout(Duration::from_secs(5)).unwrap();
        drop(credits.take());
    }

    #[test]
    fn messages_are_numbered_and_framed_in_order() {
        let (reader, writer) = std::io::pipe().unwrap();
        let mut client = Client::new(writer).unwrap();
        client.event("initialized", Value::Null);
        client.note("hello");
        client.finish();
        let mut decoder = Decoder::default();
        let mut bytes = Vec::new();
        { reader }.read_to_end(&mut bytes).unwrap();
        decoder.push(&bytes);
        let mut next = || -> Value {
            serde_json::from_slice(&decoder.next_message().unwrap().unwrap()).unwrap()
        };
        assert_eq!(
            next(),
            serde_json::json!({"seq": 1, "type": "event", "event": "initialized"})
        );
        let second = next();
        assert_eq!(
            (&second["seq"], &second["body"]["output"]),
            (&2.into(), &"hello\n".into())
        );
    }
}
