//! The bytecode of a line, as Markdown.

use std::fmt::Write;

use tailscope_bytecode::opcode::Opcode;
use tailscope_formats::history::grouped;
use tailscope_formats::profile::InstructionProfile;

use crate::analysis::{Instruction, Site};
use crate::branch::notes;
use crate::overlay::Freshness;
use crate::text::{Place, Span};
use crate::view::View;

/// Rows of a function's listing at most; who wants more has the whole bytecode.
const ROWS: usize = 40;
/// Columns of an argument before it is cut.
const ARGUMENT: usize = 28;
/// The language of listings, which an editor may colour.
pub const LANGUAGE: &str = "tailscope-bytecode";

/// What is shown for a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hover {
    pub markdown: String,
    /// The source that the marked instructions were compiled from, in the present text.
    pub span: Option<Span>,
}

/// The hover for a place in the present text; `None` where no code is.
pub fn hover(view: &View<'_>, place: Place) -> Option<Hover> {
    let old = view.state.to_old(place)?;
    let analysis = &view.state.analysis;
    let focus = analysis.innermost(old);
    let mut sites = analysis.on_line(old.line).to_vec();
    if sites.is_empty() {
        // Inside of an expression of several lines: what it was compiled to.
        sites = sites_within(view, focus?);
    }
    if sites.is_empty() {
        return None;
    }
    let mut markdown = String::new();
    if view.state.is_outdated() {
        markdown.push_str(
            "⚠ *The file does not compile as it is. This is the bytecode before the error.*\n\n",
        );
    }
    let mut functions: Vec<usize> = sites.iter().map(|site| site.function).collect();
    functions.dedup();
    for function in &functions {
        let own: Vec<Site> = sites
            .iter()
            .copied()
            .filter(|s| s.function == *function)
            .collect();
        section(&mut markdown, view, old.line, &own, focus);
    }
    // Before the explanations: a hover shows its beginning, the rest has to be scrolled to.
    source_of_numbers(&mut markdown, view, &functions);
    explanations(&mut markdown, view, &sites);
    let span = focus.and_then(|span| {
        Some(Span {
            start: view.state.to_new(span.start)?,
            end: view.state.to_new(span.end)?,
        })
    });
    Some(Hover { markdown, span })
}

fn sites_within(view: &View<'_>, span: Span) -> Vec<Site> {
    let lines = span.start.line..=span.end.line;
    let inside = |site: &Site| {
        let own = view
            .instruction(*site)
            .and_then(|instruction| instruction.span);
        own.is_some_and(|own| own.within(&span))
    };
    view.state.analysis.on_lines(lines).filter(inside).collect()
}

/// One function's instructions: a heading, then the listing.
fn section(out: &mut String, view: &View<'_>, line: u32, sites: &[Site], focus: Option<Span>) {
    let Some(index) = sites.first().map(|site| site.function) else {
        return;
    };
    let Some(function) = view.state.analysis.functions.get(index) else {
        return;
    };
    let count = match sites.len() {
        1 => "1 instruction".to_owned(),
        n => format!("{n} instructions"),
    };
    let _ = write!(
        out,
        "**{}** line {} — {count}",
        escaped(&function.code.qualname),
        line + 1
    );
    let runs = sites
        .iter()
        .filter_map(|site| view.profile(*site))
        .map(|(p, _)| p.executions);
    if let Some(runs) = runs.max() {
        let _ = write!(out, ", executed {}×", grouped(runs));
        if view
            .overlay
            .is_some_and(|o| o.freshness(index) == Freshness::Stale)
        {
            out.push_str(" *(stale)*");
        }
    } else if view.overlay.is_some() {
        out.push_str(", never ran");
    }
    let _ = write!(out, "\n```{LANGUAGE}\n{}```\n\n", table(view, sites, focus));
}

struct Row {
    marked: bool,
    offset: u32,
    opcode: &'static str,
    oparg: String,
    argument: String,
    executions: String,
    notes: String,
}

/// The rows of a listing, in columns.
fn table(view: &View<'_>, sites: &[Site], focus: Option<Span>) -> String {
    let rows: Vec<Row> = sites
        .iter()
        .take(ROWS)
        .filter_map(|site| row(view, *site, focus))
        .collect();
    let width = |column: fn(&Row) -> usize| rows.iter().map(column).max().unwrap_or(0);
    let offset = width(|row| row.offset.to_string().len());
    let opcode = width(|row| row.opcode.len());
    let oparg = width(|row| row.oparg.len());
    let argument = width(|row| row.argument.chars().count());
    let executions = width(|row| row.executions.len());
    let mut text = String::new();
    for row in &rows {
        let line = format!(
            "{} {:>offset$}  {:<opcode$} {:>oparg$} {:<argument$}  {:>executions$}",
            if row.marked { '▸' } else { ' ' },
            row.offset,
            row.opcode,
            row.oparg,
            row.argument,
            row.executions,
        );
        text.push_str(line.trim_end());
        text.push('\n');
        if !row.notes.is_empty() {
            // Hovers are narrow, and break what is long.
            let _ = writeln!(text, "  {:>offset$}  └ {}", "", row.notes);
        }
    }
    if sites.len() > ROWS {
        let _ = writeln!(text, "  … {} more", sites.len() - ROWS);
    }
    text
}

fn row(view: &View<'_>, site: Site, focus: Option<Span>) -> Option<Row> {
    let instruction = view.instruction(site)?;
    let profile = view.profile(site);
    let freshness = view.overlay.map(|overlay| overlay.freshness(site.function));
    Some(Row {
        marked: focus.is_some() && instruction.span == focus,
        offset: instruction.offset,
        opcode: shown_opcode(instruction, profile).name(),
        oparg: instruction
            .oparg
            .map(|oparg| oparg.to_string())
            .unwrap_or_default(),
        argument: match cut(&instruction.argument) {
            argument if argument.is_empty() => argument,
            argument => format!("({argument})"),
        },
        executions: match profile {
            Some((profile, _)) => format!("{}×", grouped(profile.executions)),
            // Of the same code, what is not in the profile did not run. Of changed code it may
            // be new; of code that never ran the heading says it.
            // Interpreters step over NOT_TAKEN: that it did not run says nothing.
            None if instruction.opcode == Opcode::NOT_TAKEN => String::new(),
            None if freshness == Some(Freshness::Fresh) => "never".into(),
            None => String::new(),
        },
        notes: profile.map_or(String::new(), |(p, _)| notes(instruction, p).join(", ")),
    })
}

/// The opcode at the end of the run, if that is known of this very instruction.
fn shown_opcode(
    instruction: &Instruction,
    profile: Option<(&InstructionProfile, Freshness)>,
) -> Opcode {
    match profile {
        Some((profile, Freshness::Fresh)) => {
            Opcode::from_name(&profile.opcode).unwrap_or(instruction.opcode)
        }
        _ => instruction.opcode,
    }
}

/// An argument, at most [`ARGUMENT`] characters of it.
fn cut(argument: &str) -> String {
    if argument.chars().count() <= ARGUMENT {
        return argument.to_owned();
    }
    let start: String = argument.chars().take(ARGUMENT - 1).collect();
    format!("{start}…")
}

/// What each opcode of the listing does, once.
fn explanations(out: &mut String, view: &View<'_>, sites: &[Site]) {
    out.push_str("---\n");
    let mut seen = Vec::new();
    for site in sites.iter().take(ROWS) {
        let Some(instruction) = view.instruction(*site) else {
            continue;
        };
        let opcode = shown_opcode(instruction, view.profile(*site));
        if seen.contains(&opcode) {
            continue;
        }
        seen.push(opcode);
        let _ = write!(
            out,
            "- `{}` `{}` {}",
            opcode.name(),
            opcode.effect(),
            opcode.doc()
        );
        if opcode.is_specialized() {
            let _ = write!(
                out,
                " *Specialized from {}.*",
                escaped(opcode.deopt().name())
            );
        }
        if !instruction.words.is_empty() && !opcode.is_specialized() {
            let _ = write!(out, " *Here: {}.*", escaped(&instruction.words));
        }
        out.push('\n');
    }
}

/// Which run the numbers are from, or why there are none.
fn source_of_numbers(out: &mut String, view: &View<'_>, functions: &[usize]) {
    let run = view.run().map(|run| escaped(&run));
    let Some((overlay, run)) = view.overlay.zip(run) else {
        let why = match view.profile_problem {
            Some(problem) => escaped(problem),
            None => "Record one with `tailscope profile`.".to_owned(),
        };
        let _ = write!(out, "*Static:* no profile knows this file. {why}\n\n");
        return;
    };
    let worst = functions
        .iter()
        .map(|function| overlay.freshness(*function));
    let has = |freshness| worst.clone().any(|own| own == freshness);
    if has(Freshness::Stale) {
        let _ = write!(
            out,
            "⚠ **Stale:** the code has changed since this profile ({run}). \
             Numbers are shown where the instruction is still there.\n\n"
        );
    } else if functions
        .iter()
        .all(|function| overlay.freshness(*function) == Freshness::NeverRan)
    {
        let _ = write!(
            out,
            "*Static:* this code did not run in the newest profile ({run})."
        );
    } else {
        let _ = write!(out, "Profile: {run}\n\n");
    }
}

/// Text in which Markdown sees no markup.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    let mut before = None;
    while let Some(c) = chars.next() {
        // Between letters an underscore emphasizes nothing, and not every editor takes the backslash away.
        let within = c == '_'
            && before.is_some_and(char::is_alphanumeric)
            && chars.peek().is_some_and(|next| next.is_alphanumeric());
        if !within
            && matches!(
                c,
                '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '~' | '&'
            )
        {
            out.push('\\');
        }
        out.push(c);
        before = Some(c);
    }
    out
}
