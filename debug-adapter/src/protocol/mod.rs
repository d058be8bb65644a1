//! The Debug Adapter Protocol as types: envelopes, the closed set of requests, and the few
//! types that the generated crate `dapts` gets wrong.
//!
//! Everything else of the crate takes protocol types from here, so that a fault of the
//! generated ones is mended in one place ([`amended`]).

pub mod amended;
pub mod request;

pub use dapts::{
    Breakpoint, BreakpointEvent, BreakpointEventReason, BreakpointLocationsArguments,
    BreakpointReason, CancelArguments, Capabilities, CompletionsArguments, ContinueResponse,
    ContinuedEvent, DataBreakpoint, DataBreakpointAccessType, DataBreakpointInfoArguments, DisassembleResponse,
    DisassembledInstruction, DisassembledInstructionPresentationHint, DisconnectArguments,
    EvaluateArguments, EvaluateArgumentsContext, EvaluateResponse, ExceptionBreakMode,
    ExceptionBreakpointsFilter, ExceptionDetails, ExceptionFilterOptions, ExceptionInfoArguments,
    ExceptionInfoResponse, ExceptionOptions, ExitedEvent, FunctionBreakpoint, GotoArguments,
    GotoTargetsArguments, InitializeRequestArguments, InitializeRequestArgumentsPathFormat,
    LocationsArguments, Message, ModuleId, ModulesArguments, OutputEvent, OutputEventCategory, ProcessEvent,
    ProcessEventStartMethod, RestartFrameArguments, Scope, ScopePresentationHint, ScopesArguments,
    ScopesResponse, SetBreakpointsArguments, SetBreakpointsResponse, SetDataBreakpointsArguments,
    SetExceptionBreakpointsArguments, SetExceptionBreakpointsResponse, SetExpressionArguments,
    SetFunctionBreakpointsArguments, SetInstructionBreakpointsResponse, SetVariableArguments,
    SetVariableResponse, Source, SourceArguments, SourceBreakpoint, SourcePresentationHint,
    SourceResponse, StackFrame, StackFrameFormat, StackFramePresentationHint, StackTraceArguments,
    StackTraceResponse, StepInTargetsArguments, SteppingGranularity, StoppedEvent,
    StoppedEventReason, TerminateThreadsArguments, TerminatedEvent, Thread, ThreadEvent,
    ThreadEventReason, ThreadsResponse, ValueFormat, Variable, VariablePresentationHint,
    VariablePresentationHintAttributes, VariablePresentationHintKind,
    VariablePresentationHintVisibility, VariablesArguments, VariablesArgumentsFilter,
    VariablesResponse,
};

use serde::Serialize;
use serde_json::{Value, json};

/// A request as it arrived: known to be one, not yet known to make sense.
#[derive(Clone, Debug, PartialEq)]
pub struct RawRequest {
    /// Its number, which the response repeats.
    pub seq: i64,
    /// What it asks for.
    pub command: String,
    /// With which arguments.
    pub arguments: Value,
}

/// What a message that arrived is.
#[derive(Clone, Debug, PartialEq)]
pub enum Incoming {
    /// A request.
    Request(RawRequest),
    /// A response to a request of ours.
    Response {
        request_seq: i64,
        /// None: all went well. Else what did not.
        failure: Option<String>,
    },
    /// Not a message. With a number, if it has one that a response can repeat.
    Invalid {
        seq: Option<i64>,
        command: String,
        problem: String,
    },
}

impl Incoming {
    /// Reads a message's body.
    pub fn parse(body: &[u8]) -> Incoming {
        let value: Value = match serde_json::from_slice(body) {
            Ok(value) => value,
            Err(error) => {
                let problem = format!("a message is not JSON: {error}");
                return Incoming::Invalid {
                    seq: None,
                    command: String::new(),
                    problem,
                };
            }
        };
        let text = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
        let seq = value.get("seq").and_then(Value::as_i64);
        let invalid = |problem: String| Incoming::Invalid {
            seq,
            command: text("command").unwrap_or_default(),
            problem,
        };
        match (text("type").as_deref(), seq, text("command")) {
            (Some("response"), _, _) => Incoming::Response {
                request_seq: value.get("request_seq").and_then(Value::as_i64).unwrap_or(-1),
                failure: match value.get("success").and_then(Value::as_bool) {
                    Some(true) => None,
                    _ => Some(text("message").unwrap_or_else(|| "no reason was given".to_owned())),
                },
            },
            (Some("request") | None, Some(seq), Some(command)) => {
                let arguments = value.get("arguments").cloned().unwrap_or(Value::Null);
                Incoming::Request(RawRequest {
                    seq,
                    command,
                    arguments,
                })
            }
            (Some("request") | None, None, _) => {
                invalid("a request has no sequence number".to_owned())
            }
            (Some("request") | None, _, None) => invalid("a request has no command".to_owned()),
            (Some(other), _, _) => invalid(format!("a message of type {other:?} is not expected")),
        }
    }
}

/// What a failed request says.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// A word for the client's program, as the specification lists them.
    pub short: &'static str,
    /// A sentence for the person.
    pub text: String,
    /// Whether the client should bring it before the person's eyes by itself.
    pub show: bool,
}

impl Failure {
    /// A failure that is shown where the request came from.
    pub fn new(text: impl Into<String>) -> Self {
        Failure {
            short: "failed",
            text: text.into(),
            show: false,
        }
    }

    /// A failure that the client should show in a message of its own.
    pub fn shown(text: impl Into<String>) -> Self {
        Failure {
            short: "failed",
            text: text.into(),
            show: true,
        }
    }

    /// The client has cancelled the request.
    pub fn cancelled() -> Self {
        Failure {
            short: "cancelled",
            text: "the request was cancelled".to_owned(),
            show: false,
        }
    }

    /// The request needs a stopped program, and it is not.
    pub fn not_stopped(text: impl Into<String>) -> Self {
        Failure {
            short: "notStopped",
            text: text.into(),
            show: false,
        }
    }
}

/// A response that says that all went well.
pub fn success(seq: i64, request_seq: i64, command: &str, body: Value) -> Value {
    let mut message = json!({
        "seq": seq, "type": "response", "request_seq": request_seq, "success": true, "command": command,
    });
    if let (false, Some(fields)) = (body.is_null(), message.as_object_mut()) {
        fields.insert("body".to_owned(), body);
    }
    message
}

/// A response that says what went wrong. Braces in a format would be placeholders, so the
/// text goes in as the value of one.
pub fn failure(seq: i64, request_seq: i64, command: &str, failure: &Failure) -> Value {
    // 1 is the only number used: clients show the text, and nobody looks numbers up.
    let error = json!({
        "id": 1, "format": "{text}", "variables": { "text": failure.text }, "showUser": failure.show,
    });
    json!({
        "seq": seq, "type": "response", "request_seq": request_seq, "success": false,
        "command": command, "message": failure_message(failure), "body": { "error": error },
    })
}

/// `message` is either one of the specification's words or, since several clients show
/// nothing else, the sentence itself.
fn failure_message(failure: &Failure) -> &str {
    if failure.short == "failed" {
        &failure.text
    } else {
        failure.short
    }
}

/// A request of ours.
pub fn request(seq: i64, command: &str, arguments: Value) -> Value {
    json!({ "seq": seq, "type": "request", "command": command, "arguments": arguments })
}

/// An event.
pub fn event(seq: i64, name: &str, body: Value) -> Value {
    let mut message = json!({ "seq": seq, "type": "event", "event": name });
    if let (false, Some(fields)) = (body.is_null(), message.as_object_mut()) {
        fields.insert("body".to_owned(), body);
    }
    message
}

/// A type of the protocol as JSON. These types always are: their keys are strings.
pub fn to_json(body: impl Serialize) -> Value {
    serde_json::to_value(body).unwrap_or(Value::Null)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_and_what_is_none() {
        let parse = |text: &str| Incoming::parse(text.as_bytes());
        assert_eq!(
            parse(r#"{"seq":3,"type":"request","command":"threads"}"#),
            Incoming::Request(RawRequest {
                seq: 3,
                command: "threads".into(),
                arguments: Value::Null
            })
        );
        assert_eq!(
            parse(r#"{"seq":3,"type":"response","request_seq":1}"#),
            Incoming::Response {
                request_seq: 1,
                failure: Some("no reason was given".to_owned())
            }
        );
        for (text, seq) in [
            ("", None),
            ("[]", None),
            ("{", None),
            ("\u{fffd}", None),
            (r#"{"seq":3,"type":"request"}"#, Some(3)),
            (r#"{"seq":3,"type":"request","command":7}"#, Some(3)),
            (r#"{"seq":"3","type":"request","command":"x"}"#, None),
            (r#"{"seq":3,"type":"event","event":"x"}"#, Some(3)),
        ] {
            let Incoming::Invalid {
                seq: found,
                problem,
                ..
            } = parse(text)
            else {
                panic!("{text:?} was taken for a message");
            };
            assert_eq!(found, seq, "{text:?}: {problem}");
        }
    }

    #[test]
    fn failures_carry_a_sentence_and_keep_braces() {
        let message = failure(9, 3, "evaluate", &Failure::new("{oops}"));
        assert_eq!(message["request_seq"], 3);
        assert_eq!(message["message"], "{oops}");
        assert_eq!(message["body"]["error"]["format"], "{text}");
        assert_eq!(message["body"]["error"]["variables"]["text"], "{oops}");
    }
}
