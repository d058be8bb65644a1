//! Messages between the client and the service.
//!
//! The library brings a transport of its own. It is not used here for two reasons: it gives up
//! after the first message that is not well-formed, and it lets a later message overtake a
//! notification whose handler waits. Here what is malformed is answered with an error and
//! passed over, and a notification has been dealt with before the next message is looked at.

use std::panic::AssertUnwindSafe;

use futures_util::{FutureExt, SinkExt, StreamExt};
use serde::Serialize;
use serde_json::Value;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tower_lsp_server::jsonrpc::{Error, Id, Request, Response};
use tower_lsp_server::{ClientSocket, LanguageServer, LspService};
use tower_service::Service;

/// No message is longer: a length beyond this is a mistake, not a reason to wait for it.
const MAX_BODY: usize = 256 << 20;
/// No header line is longer.
const MAX_LINE: u64 = 8 << 10;

/// What the client's stream holds next.
enum Incoming {
    Request(Request),
    Response(Response),
    /// Something that is no message, and the answer to it.
    Malformed(Box<Response>),
}

/// Serves one client until it says `exit` or its stream ends. Returns whether the end was
/// announced (`shutdown`), as it should be.
pub async fn serve<S: LanguageServer>(
    input: impl AsyncBufRead + Unpin,
    output: impl AsyncWrite + Unpin + Send + 'static,
    mut service: LspService<S>,
    socket: ClientSocket,
) -> bool {
    let (sender, receiver) = unbounded_channel();
    let writer = tokio::spawn(write_all(output, receiver));
    let (mut requests, mut responses) = socket.split();
    let to_client = sender.clone();
    let forward = tokio::spawn(async move {
        while let Some(request) = requests.next().await {
            send(&to_client, &request);
        }
    });
    let mut reader = Reader { input };
    let mut announced = false;
    while let Some(incoming) = reader.next().await {
        match incoming {
            Incoming::Malformed(answer) => send(&sender, &answer),
            Incoming::Response(response) => {
                // Nobody waits for it any more: that is the client's affair.
                let _ = responses.send(response).await;
            }
            Incoming::Request(request) => {
                let exit = request.method() == "exit";
                announced |= request.method() == "shutdown";
                call(&mut service, request, &sender).await;
                if exit {
                    break;
                }
            }
        }
    }
    forward.abort();
    drop(sender);
    // The writer ends once the answers under way are written; an editor that has gone does not
    // take them, so the wait has a bound.
    let _ = tokio::time::timeout(std::time::Duration::from_secs(1), writer).await;
    announced
}

/// Hands a message to the service. A notification, and the first request, are waited for.
async fn call<S: LanguageServer>(
    service: &mut LspService<S>,
    request: Request,
    sender: &UnboundedSender<Vec<u8>>,
) {
    let id = request.id().cloned();
    let in_order = id.is_none() || request.method() == "initialize";
    let ready = std::future::poll_fn(|context| service.poll_ready(context)).await;
    if ready.is_err() {
        return;
    }
    let answer = AssertUnwindSafe(service.call(request)).catch_unwind();
    let sender = sender.clone();
    let answered = async move {
        match answer.await {
            Ok(Ok(Some(response))) => send(&sender, &response),
            Ok(_) => {}
            Err(_) => {
                // A handler panicked. Its client gets an answer all the same.
                if let Some(id) = id {
                    send(&sender, &Response::from_error(id, Error::internal_error()));
                }
            }
        }
    };
    if in_order {
        answered.await;
    } else {
        tokio::spawn(answered);
    }
}

fn send(sender: &UnboundedSender<Vec<u8>>, message: &impl Serialize) {
    match serde_json::to_vec(message) {
        // The writer has gone when the client has.
        Ok(body) => drop(sender.send(body)),
        Err(error) => tracing::error!("a message could not be serialized: {error}"),
    }
}

async fn write_all(mut output: impl AsyncWrite + Unpin, mut messages: UnboundedReceiver<Vec<u8>>) {
    while let Some(body) = messages.recv().await {
        let mut frame = format!("Content-Length: {}\r\n\r\n", body.len()).into_bytes();
        frame.extend_from_slice(&body);
        if output.write_all(&frame).await.is_err() || output.flush().await.is_err() {
            return;
        }
    }
}

struct Reader<R> {
    input: R,
}

impl<R: AsyncBufRead + Unpin> Reader<R> {
    /// The next message; `None` at the end of the stream.
    async fn next(&mut self) -> Option<Incoming> {
        let mut length = None;
        let mut garbage = false;
        loop {
            let line = self.line().await?;
            let text = String::from_utf8_lossy(&line);
            let text = text.trim();
            if text.is_empty() {
                match length {
                    Some(length) => return self.body(length).await,
                    None if garbage => return Some(malformed(Id::Null, Error::parse_error())),
                    None => continue,
                }
            }
            // After garbage, a header may start in the middle of a line.
            if let Some(at) = text.to_ascii_lowercase().find("content-length:") {
                let digits = text.get(at + "content-length:".len()..).unwrap_or_default();
                length = digits
                    .trim()
                    .parse()
                    .ok()
                    .filter(|length| *length <= MAX_BODY);
                garbage |= length.is_none();
            } else if !text.to_ascii_lowercase().starts_with("content-type:") {
                garbage = true;
            }
        }
    }

    /// A header line, or a piece of one that is too long to be one.
    async fn line(&mut self) -> Option<Vec<u8>> {
        let mut line = Vec::new();
        let mut limited = (&mut self.input).take(MAX_LINE);
        match limited.read_until(b'\n', &mut line).await {
            Ok(0) | Err(_) => None,
            Ok(_) => Some(line),
        }
    }

    async fn body(&mut self, length: usize) -> Option<Incoming> {
        // Not allocated at once: a length says nothing about what will come.
        let mut body = Vec::new();
        let read = (&mut self.input)
            .take(length as u64)
            .read_to_end(&mut body)
            .await;
        if read.ok()? < length {
            return None;
        }
        Some(message(&body))
    }
}

fn malformed(id: Id, error: Error) -> Incoming {
    Incoming::Malformed(Box::new(Response::from_error(id, error)))
}

/// The message in a body.
fn message(body: &[u8]) -> Incoming {
    let Ok(value) = serde_json::from_slice::<Value>(body) else {
        return malformed(Id::Null, Error::parse_error());
    };
    let id = value
        .get("id")
        .and_then(|id| serde_json::from_value(id.clone()).ok());
    let refused = malformed(id.unwrap_or_default(), Error::invalid_request());
    if value.get("method").is_some_and(Value::is_string) {
        serde_json::from_value(value).map_or(refused, Incoming::Request)
    } else if value.get("result").is_some() || value.get("error").is_some() {
        // An answer to nothing is not answered in turn.
        serde_json::from_value(value).map_or(refused, Incoming::Response)
    } else {
        refused
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read_all(bytes: &[u8]) -> Vec<String> {
        let mut reader = Reader { input: bytes };
        let mut all = Vec::new();
        while let Some(incoming) = reader.next().await {
            all.push(match incoming {
                Incoming::Request(request) => request.method().to_owned(),
                Incoming::Response(response) => format!("response {}", response.id()),
                Incoming::Malformed(answer) => match answer.error() {
                    Some(error) => format!("{} {}", answer.id(), error.code.code()),
                    None => "?".into(),
                },
            });
        }
        all
    }

    fn frame(body: &str) -> String {
        format!("Content-Length: {}\r\n\r\n{body}", body.len())
    }

    #[tokio::test]
    async fn messages_are_read_around_what_is_malformed() {
        let ping = frame(r#"{"jsonrpc":"2.0","method":"ping"}"#);
        let cases = [
            (frame("{nonsense"), "null -32700"),
            (frame(""), "null -32700"),
            (frame("[1]"), "null -32600"),
            (frame(r#"{"jsonrpc":"2.0","id":7}"#), "7 -32600"),
            (
                frame(r#"{"jsonrpc":"1.0","id":"a","method":"x"}"#),
                "\"a\" -32600",
            ),
            (frame(r#"{"jsonrpc":"2.0","id":7,"method":5}"#), "7 -32600"),
            ("Content-Length: many\r\n\r\n".into(), "null -32700"),
            (
                "Content-Length: 99999999999999999999\r\n\r\n".into(),
                "null -32700",
            ),
            ("\u{0}\u{1}\u{ff} garbage\r\n\r\n".into(), "null -32700"),
            ("x".repeat(20_000) + "\n\n", "null -32700"),
        ];
        for (bad, expected) in cases {
            let stream = [ping.as_str(), &bad, &ping].concat();
            assert_eq!(
                read_all(stream.as_bytes()).await,
                ["ping", expected, "ping"],
                "{bad:.40}"
            );
        }
    }

    #[tokio::test]
    async fn headers_may_come_in_any_case_and_company() {
        let body = r#"{"jsonrpc":"2.0","id":1,"result":null}"#;
        let stream = format!(
            "content-type: application/vscode-jsonrpc\r\nCONTENT-LENGTH:{}\n\n{body}",
            body.len()
        );
        assert_eq!(read_all(stream.as_bytes()).await, ["response 1"]);
        assert_eq!(
            read_all(b"Content-Length: 10\r\n\r\n{").await,
            [""; 0],
            "cut off"
        );
    }
}
