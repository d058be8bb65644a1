//! A line per instruction, for people.

use std::collections::HashMap;
use std::io::{self, Write};
use std::path::Path;

use tailscope_bytecode::opcode::Opcode;

use super::{Printer, Shown};
use crate::history::{bar, grouped, percent};
use crate::trace::flow::Branch;
use crate::trace::reader::{TraceReader, TracedCode};

/// Columns of the function, guides included.
const FUNCTION: usize = 26;
/// Guides shown before the rest becomes a number.
const GUIDES: usize = 10;
/// Columns of the opcode: the longest common ones.
const OPCODE: usize = 26;
/// Columns of the argument in words before the branch.
const ARGUMENT: usize = 26;
const BAR: usize = 8;

/// ANSI colours, or none.
struct Palette {
    dim: &'static str,
    guide: &'static str,
    name: &'static str,
    specialized: &'static str,
    taken: &'static str,
    not_taken: &'static str,
    source: &'static str,
    warning: &'static str,
    reset: &'static str,
}

const PLAIN: Palette = Palette {
    dim: "",
    guide: "",
    name: "",
    specialized: "",
    taken: "",
    not_taken: "",
    source: "",
    warning: "",
    reset: "",
};

const COLOURED: Palette = Palette {
    dim: "\x1b[2m",
    guide: "\x1b[34m",
    name: "\x1b[36m",
    specialized: "\x1b[32m",
    taken: "\x1b[33m",
    not_taken: "\x1b[35m",
    source: "\x1b[1m",
    warning: "\x1b[31m",
    reset: "\x1b[0m",
};

pub struct Text {
    colours: &'static Palette,
    source: bool,
    /// Columns of the position.
    width: usize,
    /// Code object and line shown last.
    place: Option<(u32, Option<u32>)>,
    thread: u32,
    /// Lines of source files as they are now; empty where one cannot be read.
    files: HashMap<String, Vec<String>>,
}

impl Text {
    pub fn new(colour: bool, source: bool) -> Text {
        Text {
            colours: if colour { &COLOURED } else { &PLAIN },
            source,
            width: "position".len(),
            place: None,
            thread: 0,
            files: HashMap::new(),
        }
    }

    fn source_line(&mut self, traced: &TracedCode, line: u32, folder: &str) -> Option<&str> {
        let name = &*traced.code.filename;
        if !self.files.contains_key(name) {
            let text = std::fs::read_to_string(Path::new(folder).join(name)).unwrap_or_default();
            self.files
                .insert(name.to_owned(), text.lines().map(str::to_owned).collect());
        }
        let lines = self.files.get(name)?;
        let text = lines.get((line as usize).checked_sub(1)?)?.trim();
        (!text.is_empty()).then_some(text)
    }

    /// The guides of the frames below, and room for the name after them.
    fn guides(depth: usize, mark: char) -> (String, usize) {
        let mut text = String::new();
        let shown = if depth > GUIDES {
            text.push_str(&format!("⋮{} ", depth - GUIDES));
            GUIDES
        } else {
            depth
        };
        text.extend(std::iter::repeat_n('│', shown));
        text.push(mark);
        text.push(' ');
        let used = text.chars().count();
        (text, FUNCTION.saturating_sub(used).max(6))
    }

    fn source_row(
        &mut self,
        shown: &Shown<'_>,
        traced: &TracedCode,
        line: Option<u32>,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let place = Some((shown.step.code, line));
        if self.place == place {
            return Ok(());
        }
        self.place = place;
        let Some(line) = line else { return Ok(()) };
        let mark = if shown.event.call { ' ' } else { '│' };
        let (guides, room) = Text::guides(shown.event.depth, mark);
        let colours = self.colours;
        let width = self.width;
        let folder = &shown.reader.metadata().folder;
        let Some(text) = self.source_line(traced, line, folder) else {
            return Ok(());
        };
        writeln!(
            out,
            "{:width$}  {}{guides}{}{:room$} {}{line:>5}  {text}{}",
            "", colours.guide, colours.reset, "", colours.source, colours.reset,
        )
    }
}

/// The last `room` characters of a name: in a qualified name the end tells most.
fn fitted(name: &str, room: usize) -> String {
    let length = name.chars().count();
    if length <= room {
        return name.to_owned();
    }
    let kept: String = name.chars().skip(length - room + 1).collect();
    format!("…{kept}")
}

/// What a branch did, in a word: of a loop or a delegation, what that means.
fn outcome_word(opcode: Option<Opcode>, taken: bool) -> &'static str {
    match (opcode, taken) {
        (Some(Opcode::FOR_ITER), false) => "next item",
        (Some(Opcode::FOR_ITER), true) => "exhausted",
        (Some(Opcode::SEND), false) => "yields",
        (Some(Opcode::SEND), true) => "finished",
        (_, true) => "taken",
        (_, false) => "not taken",
    }
}

fn branch_text(opcode: Option<Opcode>, taken: bool, branch: &Branch) -> String {
    let share = branch.taken as f64 / branch.total().max(1) as f64;
    format!(
        "{:<9} ▕{}▏{:>5} of {:<7} {}",
        outcome_word(opcode, taken),
        bar(share, BAR),
        percent(branch.taken, branch.total()),
        grouped(branch.total()),
        branch.history.strip(branch.total()),
    )
}

impl Printer for Text {
    fn start(&mut self, reader: &TraceReader, from: u64, out: &mut dyn Write) -> io::Result<()> {
        let colours = self.colours;
        let metadata = reader.metadata();
        self.width = self.width.max(grouped(reader.len()).len());
        let width = self.width;
        writeln!(
            out,
            "{}# {}: {} instructions of {} code objects, recorded by {} on {}{}",
            colours.dim,
            metadata.program,
            grouped(reader.len()),
            grouped(reader.codes().len() as u64),
            metadata.producer,
            metadata.recorded_at,
            colours.reset,
        )?;
        if from > 0 {
            let from = grouped(from);
            let note = "how likely branches are taken is counted from there on";
            writeln!(
                out,
                "{}# from position {from}; {note}{}",
                colours.dim, colours.reset
            )?;
        }
        writeln!(
            out,
            "{}{:>width$}  {:<FUNCTION$} {:>5} {:>6}  instruction{}",
            colours.dim, "position", "function", "line", "offset", colours.reset,
        )
    }

    fn step(&mut self, shown: &Shown<'_>, out: &mut dyn Write) -> io::Result<()> {
        let Shown {
            step,
            event,
            outcome,
            reader,
        } = shown;
        let Some(traced) = reader.codes().get(step.code as usize) else {
            return Ok(());
        };
        if step.thread != self.thread {
            self.thread = step.thread;
            self.place = None;
            let (dim, reset) = (self.colours.dim, self.colours.reset);
            writeln!(out, "{dim}# thread {}{reset}", step.thread)?;
        }
        let instruction = traced.instruction(step.unit);
        let line = instruction.and_then(|i| i.line);
        if self.source {
            self.source_row(shown, traced, line, out)?;
        }
        let base = traced.base(step.unit);
        let opcode = reader.opcode(step);
        let mark = match (event.call, event.leaves) {
            (true, _) => '╭',
            (_, true) => '╰',
            _ => '│',
        };
        let (guides, room) = Text::guides(event.depth, mark);
        let colours = self.colours;
        let reset = colours.reset;
        let opcode_colour = if opcode == base {
            colours.name
        } else {
            colours.specialized
        };
        let mut argument = String::new();
        if let Some(oparg) = instruction.and_then(|i| i.oparg) {
            argument.push_str(&format!("{oparg:>4}"));
        }
        if let Some(words) = instruction
            .map(|i| &*i.argument)
            .filter(|words| !words.is_empty())
        {
            argument.push_str(&format!(" ({words})"));
        }
        let mut text = format!(
            "{}{:>width$}{reset}  {}{guides}{reset}{:<room$} {:>5} {}{:>6}{reset}  {opcode_colour}{:<OPCODE$}{reset} ",
            colours.dim,
            grouped(step.position),
            colours.guide,
            fitted(&traced.code.qualname, room),
            line.map(|line| line.to_string()).unwrap_or_default(),
            colours.dim,
            step.unit * 2,
            opcode.map_or("?", Opcode::name),
            width = self.width,
        );
        match outcome {
            Some((taken, branch)) => {
                let colour = if *taken {
                    colours.taken
                } else {
                    colours.not_taken
                };
                let words = branch_text(base, *taken, branch);
                text.push_str(&format!("{argument:<ARGUMENT$}  {colour}{words}{reset}"));
            }
            None => text.push_str(&argument),
        }
        writeln!(out, "{}", text.trim_end())
    }

    fn note(&mut self, note: &str, out: &mut dyn Write) -> io::Result<()> {
        writeln!(
            out,
            "{}# {note}{}",
            self.colours.warning, self.colours.reset
        )
    }
}
