//! Stacks for a person.

use std::collections::HashMap;
use std::fmt::Write;
use std::io::IsTerminal;

use tailscope_dwarf::python::{
    Inspected, Limits, Local, LocalKind, PythonFrame, PythonThread, PythonVm, State, Timeout, Values, Wait, WaitKind, is_deadlock,
};

use super::{About, signal_name};
use crate::arguments::InspectArgs;

/// Frames of a stack that are shown unless all are asked for: the innermost and the outermost.
const INNERMOST: usize = 40;
const OUTERMOST: usize = 10;

struct Page<'a> {
    args: &'a InspectArgs,
    values: Values<'a, 'a>,
    /// Lines of source files, read once.
    sources: HashMap<String, Vec<String>>,
    bold: &'static str,
    dim: &'static str,
    plain: &'static str,
    out: String,
}

pub fn document(args: &InspectArgs, about: &About, vm: &PythonVm, inspected: &Inspected, limits: Limits) -> String {
    let colour = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let [bold, dim, plain] = if colour { ["\x1b[1m", "\x1b[2m", "\x1b[0m"] } else { ["", "", ""] };
    let values = Values { vm, limits };
    let mut page = Page { args, values, sources: HashMap::new(), bold, dim, plain, out: String::new() };
    page.head(about, inspected);
    for thread in &inspected.threads {
        page.thread(thread, inspected);
    }
    page.out
}

impl Page<'_> {
    // Writing to a String cannot fail.
    fn line(&mut self, text: std::fmt::Arguments) {
        let _ = self.out.write_fmt(text);
        self.out.push('\n');
    }

    fn head(&mut self, about: &About, inspected: &Inspected) {
        let command = about.command.as_deref().map_or(String::new(), |c| {
            let words: Vec<&str> = c.split_ascii_whitespace().collect();
            format!(": {}", words.join(" "))
        });
        self.line(format_args!("Process {}{command}", about.pid));
        let interpreter = inspected.interpreter.to_lowercase();
        self.line(format_args!("{}, interpreter {interpreter}", about.binary.display()));
        if let Some(signal) = about.signal {
            self.line(format_args!("Ended by {}", signal_name(signal)));
        }
        for warning in &about.warnings {
            self.line(format_args!("Warning: {warning}"));
        }
        if is_deadlock(&inspected.threads) {
            let all = if inspected.threads.len() == 1 { "The thread waits" } else { "All threads wait" };
            self.line(format_args!("Deadlock: {all} for ever, and nobody is left who could end that"));
        }
    }

    fn thread(&mut self, t: &PythonThread, inspected: &Inspected) {
        let name = t.name.as_ref().map_or(String::new(), |n| format!(" \"{n}\""));
        let state = self.state(t, inspected);
        let (bold, plain) = (self.bold, self.plain);
        self.line(format_args!("\n{bold}Thread {}{name}{plain}: {state}", t.id));
        for note in &t.notes {
            self.line(format_args!("  note: {note}"));
        }
        if self.args.native {
            for f in &t.native {
                let place = f.place.as_ref().map_or(String::new(), |p| format!(" ({}:{})", p.file, p.line));
                let (dim, plain) = (self.dim, self.plain);
                self.line(format_args!("  {dim}native {}{place}{plain}", f.function));
            }
        }
        if t.frames.is_empty() && t.state != State::NotBegun {
            self.line(format_args!("  no Python frames"));
        }
        let hidden = if self.args.all { 0 } else { t.frames.len().saturating_sub(INNERMOST + OUTERMOST) };
        for (i, frame) in t.frames.iter().enumerate() {
            if hidden > 0 && i == INNERMOST {
                self.line(format_args!("  … {hidden} more frames (--all shows them)"));
            }
            if hidden == 0 || i < INNERMOST || i >= INNERMOST + hidden {
                self.frame(i, frame);
            }
        }
    }

    fn state(&self, t: &PythonThread, inspected: &Inspected) -> String {
        match &t.state {
            State::Running => match native_callee(t) {
                Some(function) => format!("running, in native code ({function})"),
                None => "running".into(),
            },
            State::Ready => "ready, not its turn".into(),
            State::NotBegun => "started, has not run yet".into(),
            State::Waiting(w) => waiting(w, inspected),
        }
    }

    fn frame(&mut self, i: usize, f: &PythonFrame) {
        let (bold, dim, plain) = (self.bold, self.dim, self.plain);
        let line = f.line.map_or("?".to_owned(), |l| l.to_string());
        self.line(format_args!("  #{i:<2} {bold}{}{plain} ({}:{line})", f.qualname, f.file));
        self.source(f);
        if let Some(at) = &f.instruction {
            let name = at.specialized.unwrap_or(at.opcode);
            let oparg = at.oparg.map_or(String::new(), |o| format!(" {o}"));
            let argument = if at.argument.is_empty() { String::new() } else { format!(" ({})", at.argument) };
            self.line(format_args!("        {dim}at {} {name}{oparg}{argument}{plain}", at.offset));
        }
        if !self.args.no_locals {
            self.locals(f);
        }
        if self.args.stack {
            for (depth, word) in f.stack.iter().enumerate().rev() {
                let text = self.values.show(*word);
                self.line(format_args!("      [{depth}] {text}"));
            }
        }
    }

    /// The line of the source with what runs underlined, where the file is there to be read.
    fn source(&mut self, f: &PythonFrame) {
        let Some(number) = f.line.and_then(|l| usize::try_from(l).ok()).filter(|l| *l > 0) else { return };
        let lines = self.sources.entry(f.file.clone()).or_insert_with(|| {
            let bytes = if f.file.starts_with('<') { Vec::new() } else { std::fs::read(&f.file).unwrap_or_default() };
            String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect()
        });
        let Some(line) = lines.get(number - 1).cloned() else { return };
        let text = line.trim();
        if text.is_empty() {
            return;
        }
        self.line(format_args!("        {text}"));
        let indent = line.len() - line.trim_start().len();
        let columns = (f.position.column, f.position.end_column);
        if let ((Some(from), Some(to)), true) = (columns, f.position.line == f.position.end_line) {
            let (from, to) = (from.max(0) as usize, to.max(0) as usize);
            let (Some(before), Some(part)) = (line.get(indent..from), line.get(from..to)) else { return };
            if part.len() < text.len() && !part.is_empty() {
                let (before, part) = (before.chars().count(), part.chars().count());
                self.line(format_args!("        {}{}", " ".repeat(before), "^".repeat(part)));
            }
        }
    }

    fn locals(&mut self, f: &PythonFrame) {
        for l in &f.locals {
            if l.kind == LocalKind::Name && !self.args.verbose && self.values.is_definition(l.word) {
                continue;
            }
            self.local(l);
        }
    }

    fn local(&mut self, l: &Local) {
        let value = self.values.show(l.word);
        let value = value.replace('\n', "\\n");
        self.line(format_args!("      {} = {value}", l.name));
        if self.args.verbose {
            for (name, value) in self.values.attributes(l.word) {
                self.line(format_args!("          .{name} = {}", value.replace('\n', "\\n")));
            }
        }
    }
}

/// The native function that the innermost frame called: the outermost that is nobody's helper.
fn native_callee(t: &PythonThread) -> Option<String> {
    // Helpers of handlers are between a handler and what Python called.
    let is_helper = |name: &str| {
        let inner = ["tailscope_vm::protocol", "tailscope_vm::interp", "tailscope_vm::ops", "tailscope_vm::args", "tailscope_vm::types::type_::call"];
        inner.iter().any(|p| name.starts_with(p))
    };
    let found = t.native.iter().rev().find(|f| f.function.starts_with("tailscope_vm::") && !is_helper(&f.function));
    found.or(t.native.first()).map(|f| f.function.clone())
}

fn waiting(w: &Wait, inspected: &Inspected) -> String {
    let until = match w.timeout {
        Timeout::Never | Timeout::Unknown => String::new(),
        Timeout::Seconds(s) if s > 0.0 => format!(" for {s:.1} s more"),
        Timeout::Seconds(_) => " (its time has come)".into(),
    };
    match &w.kind {
        WaitKind::Lock { lock, holders, .. } => {
            let names = holders.iter().map(|id| {
                let name = inspected.threads.iter().find(|t| t.id == *id).and_then(|t| t.name.as_deref());
                name.map_or_else(|| format!("thread {id}"), |n| format!("thread {id} \"{n}\""))
            });
            let held = names.collect::<Vec<_>>().join(", ");
            let held = if held.is_empty() { String::new() } else { format!(", held by {held}") };
            format!("waits for {lock}{held}{until}")
        }
        WaitKind::Files(files) => {
            let files: Vec<String> = files.iter().map(i32::to_string).collect();
            format!("waits for file descriptor {}{until}", files.join(", "))
        }
        WaitKind::Time if until.is_empty() => "sleeps".into(),
        WaitKind::Time => format!("sleeps{until}"),
        WaitKind::Other => format!("waits for another thread{until}"),
    }
}
