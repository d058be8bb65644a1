//! The whole bytecode of a document, as a text that is linked with the source.

use std::fmt::Write;

use tailscope_formats::history::grouped;

use crate::analysis::{Function, Instruction, Site};
use crate::branch::notes;
use crate::overlay::Freshness;
use crate::view::View;

/// A listing, and what its lines belong to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    pub text: String,
    /// For each line of the text, the line of the source (from 0).
    pub lines: Vec<Option<u32>>,
}

impl Listing {
    fn push(&mut self, row: &str, line: Option<u32>) {
        self.text.push_str(row.trim_end());
        self.text.push('\n');
        self.lines.push(line);
    }

    /// The first line of the listing that belongs to a line of the source.
    pub fn row_of(&self, line: u32) -> Option<u32> {
        let row = self.lines.iter().position(|own| *own == Some(line))?;
        u32::try_from(row).ok()
    }
}

/// The listing of a document called `name`.
pub fn listing(view: &View<'_>, name: &str) -> Listing {
    let mut listing = Listing::default();
    listing.push(
        &format!("# Bytecode of {name}, as CPython 3.14 compiles it"),
        None,
    );
    match view.run() {
        Some(run) => listing.push(&format!("# Numbers: {run}"), None),
        None => listing.push("# Static: no profile knows this file", None),
    }
    if view.state.is_outdated() {
        listing.push(
            "# The file does not compile as it is: this is the bytecode before the error",
            None,
        );
    }
    for (index, function) in view.state.analysis.functions.iter().enumerate() {
        listing.push("", None);
        let line = u32::try_from(function.code.firstlineno)
            .unwrap_or(1)
            .saturating_sub(1);
        listing.push(&heading(view, index, function), Some(line));
        body(&mut listing, view, index, function);
    }
    listing
}

fn heading(view: &View<'_>, index: usize, function: &Function) -> String {
    let code = &function.code;
    let mut text = format!(
        "{}: line {}, {} instructions, stack {}",
        code.qualname,
        code.firstlineno,
        grouped(function.instructions.len() as u64),
        code.stacksize
    );
    if let Some(overlay) = view.overlay {
        text.push_str(match overlay.freshness(index) {
            Freshness::Fresh => "",
            Freshness::Stale => ", changed since the profile",
            Freshness::NeverRan => ", never ran",
        });
    }
    text
}

/// A row's columns; the widths are the function's, so that little is lost to long names elsewhere.
struct Row<'a> {
    is_target: bool,
    offset: u32,
    executions: String,
    opcode: &'a str,
    argument: String,
    /// What a branch did, and how often a specialized form failed.
    notes: Vec<String>,
}

/// Columns of an opcode and an argument at most; longer ones push the rest of the row aside.
const OPCODE: usize = 28;
const ARGUMENT: usize = 36;

fn body(listing: &mut Listing, view: &View<'_>, index: usize, function: &Function) {
    let rows = function
        .instructions
        .iter()
        .enumerate()
        .map(|(at, instruction)| {
            let site = Site {
                function: index,
                instruction: at,
            };
            (row(view, site, instruction), instruction.line)
        });
    let rows: Vec<_> = rows.collect();
    let widest = |column: fn(&Row<'_>) -> usize, limit: usize| {
        let widths = rows.iter().map(|(row, _)| column(row));
        widths.filter(|width| *width <= limit).max().unwrap_or(0)
    };
    let executions = widest(|row| row.executions.chars().count(), usize::MAX);
    let opcode = widest(|row| row.opcode.len(), OPCODE);
    let argument = widest(|row| row.argument.chars().count(), ARGUMENT);
    let mut last = None;
    for (row, line) in &rows {
        if *line != last {
            last = *line;
            if let Some(line) = *line {
                let source = view.state.analysis.text.line(line).trim();
                listing.push(&format!("{:>5} │ {source}", line + 1), Some(line));
            }
        }
        let mark = if row.is_target { '»' } else { ' ' };
        let text = format!(
            "    {mark} {:>5}  {:>executions$}  {:<opcode$} {:<argument$}  {}",
            row.offset,
            row.executions,
            row.opcode,
            row.argument,
            row.notes.join(", ")
        );
        listing.push(&text, *line);
    }
}

fn row<'a>(view: &View<'a>, site: Site, instruction: &'a Instruction) -> Row<'a> {
    let profile = view.profile(site);
    let mut argument = instruction
        .oparg
        .map(|oparg| format!("{oparg:>4}"))
        .unwrap_or_default();
    if !instruction.argument.is_empty() {
        let _ = write!(argument, " ({})", instruction.argument);
    }
    Row {
        is_target: instruction.is_target,
        offset: instruction.offset,
        executions: profile.map_or(String::new(), |(p, _)| {
            format!("{}×", grouped(p.executions))
        }),
        opcode: match profile {
            Some((profile, Freshness::Fresh)) => &profile.opcode,
            _ => instruction.opcode.name(),
        },
        argument,
        notes: profile.map_or(Vec::new(), |(profile, _)| notes(instruction, profile)),
    }
}
