//! The whole bytecode of a document, as a text that is linked with the source.

use std::fmt::Write;

use tailscope_formats::history::grouped;

use crate::analysis::{Function, Site};
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

fn body(listing: &mut Listing, view: &View<'_>, index: usize, function: &Function) {
    let mut last = None;
    for (at, instruction) in function.instructions.iter().enumerate() {
        if instruction.line != last {
            last = instruction.line;
            if let Some(line) = last {
                let source = view.state.analysis.text.line(line).trim();
                listing.push(&format!("{:>6} │ {source}", line + 1), Some(line));
            }
        }
        let profile = view.profile(Site {
            function: index,
            instruction: at,
        });
        let mut row = format!(
            "       {} {:>5}  {:<28} ",
            if instruction.is_target { "»" } else { " " },
            instruction.offset,
            match profile {
                Some((profile, Freshness::Fresh)) => &profile.opcode,
                _ => instruction.opcode.name(),
            },
        );
        let mut argument = instruction
            .oparg
            .map(|oparg| format!("{oparg:>4}"))
            .unwrap_or_default();
        if !instruction.argument.is_empty() {
            let _ = write!(argument, " ({})", instruction.argument);
        }
        let _ = write!(row, "{argument:<36}");
        if let Some((profile, _)) = profile {
            let _ = write!(row, " {:>12}×", grouped(profile.executions));
            if instruction.is_branch()
                && let Some(bar) = crate::branch::jump_bar(profile)
            {
                let _ = write!(row, "  {bar}");
            }
            if profile.misses > 0 {
                let _ = write!(row, "  {} missed", grouped(profile.misses));
            }
        }
        listing.push(&row, instruction.line);
    }
}
