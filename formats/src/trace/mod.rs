//! Instruction traces: which instruction ran, one after the other, in a compact binary file.
//!
//! - `layout`: the file header, blocks and the index, as bytes. A block checks itself, so a
//!   killed writer loses its last block at most.
//! - `shape`: what both sides know of a code object without being told: which instruction
//!   follows which. Only departures from that are stored.
//! - `runs`: records as runs of instructions, in bytes.
//! - `writer`: a trace file being written; `sink`: from a running VM's buffers to a writer.
//! - `reader`: a trace file being read, also while it grows.
//! - `flow`: frames and branches, worked out from the records.
//! - `show`: text and JSON lines for people and programs.
//!
//! The format is described in `docs/trace-format.md`.

mod codes;
mod flow;
mod layout;
mod reader;
mod runs;
mod shape;
pub mod show;
mod sink;
mod writer;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub use flow::{Branch, Event, Flow};
pub use layout::VERSION;
pub use reader::{Steps, TraceReader, TracedCode};
pub use show::{Filter, Form, ShowOptions, show};
pub use sink::{Recorder, TraceSink, instruction_record, thread_record};
pub use writer::TraceWriter;

/// Why a trace could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    #[error("The trace {path} could not be read: {source}.")]
    Read {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("The trace {path} could not be written: {source}.")]
    Write {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error(
        "{path} is not a tailscope trace. Record one with `tailscope trace -o {path} PROGRAM`."
    )]
    NotATrace { path: PathBuf },
    #[error(
        "The trace {path} has format version {found}, and this tailscope reads version {VERSION}. \
         Record it again with `tailscope trace`."
    )]
    Version { path: PathBuf, found: u16 },
    #[error("The trace {path} is damaged at byte {at}: {reason}.")]
    Damaged {
        path: PathBuf,
        at: u64,
        reason: &'static str,
    },
    #[error("{0}")]
    Option(String),
    #[error("The output could not be written: {0}.")]
    Output(std::io::Error),
}

/// What a trace says about its run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    /// The program as it was named on the command line.
    pub program: String,
    #[serde(default)]
    pub arguments: Vec<String>,
    /// Name and version of what recorded it.
    pub producer: String,
    /// UTC, RFC 3339, seconds.
    pub recorded_at: String,
    /// Working folder of the run, against which relative file names are to be read.
    #[serde(default)]
    pub folder: String,
}

impl Metadata {
    /// For a run of `program` that starts now, in this process's working folder.
    pub fn now(program: impl Into<String>, arguments: Vec<String>) -> Metadata {
        Metadata {
            program: program.into(),
            arguments,
            producer: concat!("tailscope ", env!("CARGO_PKG_VERSION")).into(),
            recorded_at: humantime::format_rfc3339_seconds(std::time::SystemTime::now())
                .to_string(),
            folder: std::env::current_dir()
                .map(|folder| folder.to_string_lossy().into_owned())
                .unwrap_or_default(),
        }
    }
}

/// One executed instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// How many instructions of the trace ran before it.
    pub position: u64,
    /// The Python thread; 0 is the main one.
    pub thread: u32,
    /// Which code object: an index into [`TraceReader::codes`].
    pub code: u32,
    /// Code unit in the code object: half of the offset that `dis` prints.
    pub unit: u32,
    /// Number of the opcode as it ran, specialized or not.
    pub opcode: u8,
}
