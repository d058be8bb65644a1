//! JSON lines: an object per instruction.

use std::io::{self, Write};

use serde::Serialize;
use tailscope_bytecode::opcode::Opcode;

use super::{Printer, Shown};
use crate::history::BranchHistory;
use crate::trace::reader::TraceReader;

/// One line. `docs/trace-format.md` describes the fields.
#[derive(Serialize)]
struct Line<'a> {
    position: u64,
    thread: u32,
    depth: usize,
    file: &'a str,
    function: &'a str,
    line: Option<u32>,
    offset: u32,
    opcode: &'a str,
    /// The opcode as compiled, where it ran in a specialized form.
    #[serde(skip_serializing_if = "Option::is_none")]
    family: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    oparg: Option<u32>,
    #[serde(skip_serializing_if = "str::is_empty")]
    argument: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    branch: Option<Outcome>,
}

#[derive(Serialize)]
struct Outcome {
    taken: bool,
    /// Totals with this outcome, from the first instruction that was read.
    taken_total: u64,
    not_taken_total: u64,
    history: BranchHistory,
}

#[derive(Serialize)]
struct Note<'a> {
    note: &'a str,
}

pub struct Json;

fn line(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer(&mut *out, value).map_err(io::Error::from)?;
    out.write_all(b"\n")
}

impl Printer for Json {
    fn start(&mut self, _: &TraceReader, _: u64, _: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    fn step(&mut self, shown: &Shown<'_>, out: &mut dyn Write) -> io::Result<()> {
        let step = shown.step;
        let Some(traced) = shown.reader.codes().get(step.code as usize) else {
            return Ok(());
        };
        let instruction = traced.instruction(step.unit);
        let opcode = shown.reader.opcode(&step);
        line(
            &Line {
                position: step.position,
                thread: step.thread,
                depth: shown.event.depth,
                file: &traced.code.filename,
                function: &traced.code.qualname,
                line: instruction.and_then(|i| i.line),
                offset: step.unit * 2,
                opcode: opcode.map_or("?", Opcode::name),
                family: opcode.filter(|o| o.base() != *o).map(|o| o.base().name()),
                oparg: instruction.and_then(|i| i.oparg),
                argument: instruction.map_or("", |i| &i.argument),
                branch: shown.outcome.map(|(taken, branch)| Outcome {
                    taken,
                    taken_total: branch.taken,
                    not_taken_total: branch.not_taken,
                    history: branch.history,
                }),
            },
            out,
        )
    }

    fn note(&mut self, note: &str, out: &mut dyn Write) -> io::Result<()> {
        line(&Note { note }, out)
    }
}
