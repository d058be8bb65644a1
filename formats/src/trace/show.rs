//! A trace for people (a line per instruction) and for programs (JSON lines).

mod filter;
mod json;
mod text;

use std::io::{self, Write};
use std::path::PathBuf;

use super::flow::{Branch, Event, Flow};
use super::reader::TraceReader;
use super::{Step, TraceError};

pub use filter::{Filter, parse_lines, parse_position};

/// How a trace is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A line per instruction.
    Text {
        /// With ANSI colours.
        colour: bool,
        /// With the text of the source line where it changes, from the file as it is now.
        source: bool,
    },
    /// A JSON object per instruction.
    JsonLines,
}

/// What of a trace is shown, and how.
#[derive(Clone, Debug)]
pub struct ShowOptions {
    pub path: PathBuf,
    pub form: Form,
    /// Position of the first instruction.
    pub from: u64,
    /// Position after the last instruction; the end of the trace if there is none.
    pub to: Option<u64>,
    /// How many instructions at most, after filtering.
    pub limit: Option<u64>,
    pub filter: Filter,
    /// At the end of a trace that is still being written, wait for more.
    pub follow: bool,
}

impl ShowOptions {
    /// All of a trace, as plain text.
    pub fn new(path: impl Into<PathBuf>) -> ShowOptions {
        ShowOptions {
            path: path.into(),
            form: Form::Text {
                colour: false,
                source: false,
            },
            from: 0,
            to: None,
            limit: None,
            filter: Filter::default(),
            follow: false,
        }
    }
}

/// A step that is ready to be shown.
struct Shown<'a> {
    step: Step,
    event: Event,
    /// Which way it went, if it is a branch whose outcome the next instruction showed.
    outcome: Option<(bool, Branch)>,
    reader: &'a TraceReader,
}

/// One way of showing.
trait Printer {
    /// `from` is the position of the first step that is read.
    fn start(&mut self, reader: &TraceReader, from: u64, out: &mut dyn Write) -> io::Result<()>;
    fn step(&mut self, shown: &Shown<'_>, out: &mut dyn Write) -> io::Result<()>;
    /// Something about the file that whoever reads the output must know.
    fn note(&mut self, note: &str, out: &mut dyn Write) -> io::Result<()>;
}

/// How often a growing trace is looked at.
const FOLLOW_EVERY: std::time::Duration = std::time::Duration::from_millis(200);

/// Shows a trace on `out`. A reader of the output that has seen enough (a closed pipe) is no error.
pub fn show(options: &ShowOptions, out: &mut dyn Write) -> Result<(), TraceError> {
    let mut out = io::BufWriter::with_capacity(1 << 16, out);
    let shown = run(options, &mut out).and_then(|()| out.flush().map_err(TraceError::Output));
    // What is left in the buffer must not be written again on drop, into the same closed pipe.
    let _ = out.into_parts();
    match shown {
        Err(TraceError::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

fn run(options: &ShowOptions, out: &mut dyn Write) -> Result<(), TraceError> {
    options.filter.check()?;
    let mut reader = TraceReader::open(&options.path)?;
    if options.from > 0 && options.from >= reader.len() && !options.follow {
        return Err(TraceError::Option(format!(
            "The trace has {} instructions, positions 0 to {}: there is none at {}.",
            reader.len(),
            reader.len().saturating_sub(1),
            options.from
        )));
    }
    let mut printer: Box<dyn Printer> = match options.form {
        Form::Text { colour, source } => Box::new(text::Text::new(colour, source)),
        Form::JsonLines => Box::new(json::Json),
    };
    printer
        .start(&reader, options.from, out)
        .map_err(TraceError::Output)?;
    let mut pass = Pass {
        options,
        flow: Flow::default(),
        held: None,
        shown: 0,
        filter: options.filter.compile(),
    };
    let mut position = options.from;
    loop {
        let more = pass.steps(&reader, &mut position, printer.as_mut(), out)?;
        if !more || !options.follow || reader.is_finished() {
            break;
        }
        out.flush().map_err(TraceError::Output)?;
        while !reader.refresh()? && !reader.is_finished() {
            std::thread::sleep(FOLLOW_EVERY);
        }
    }
    pass.release(&reader, None, printer.as_mut(), out)
        .map_err(TraceError::Output)?;
    if !reader.is_finished() && !options.follow {
        let note = match reader.rest() {
            0 => "the trace ends here: its program is still running, or was killed".to_owned(),
            rest => format!(
                "the trace ends here: its program is still running, or was killed \
                 (the last {rest} bytes are an unfinished block)"
            ),
        };
        printer.note(&note, out).map_err(TraceError::Output)?;
    }
    Ok(())
}

/// A walk over the steps. Each is held until the next one tells which way it went.
struct Pass<'o> {
    options: &'o ShowOptions,
    flow: Flow,
    held: Option<(Step, Event)>,
    shown: u64,
    filter: filter::Compiled,
}

impl Pass<'_> {
    /// Walks to the end of what is there; false when no more is wanted.
    fn steps(
        &mut self,
        reader: &TraceReader,
        position: &mut u64,
        printer: &mut dyn Printer,
        out: &mut dyn Write,
    ) -> Result<bool, TraceError> {
        for step in reader.steps(*position) {
            let step = match step {
                Ok(step) => step,
                Err(error) => {
                    self.release(reader, None, printer, out)
                        .map_err(TraceError::Output)?;
                    self.flow = Flow::default();
                    let note = format!("{} Its records are left out.", error);
                    printer.note(&note, out).map_err(TraceError::Output)?;
                    continue;
                }
            };
            let event = self.flow.advance(&step, reader.codes());
            self.release(reader, Some((&step, &event)), printer, out)
                .map_err(TraceError::Output)?;
            *position = step.position + 1;
            let past = self.options.to.is_some_and(|to| step.position >= to);
            let enough = self.options.limit.is_some_and(|limit| self.shown >= limit);
            if past || enough {
                return Ok(false);
            }
            if self.filter.admits(&step, reader) {
                self.held = Some((step, event));
                self.shown += 1;
            }
        }
        Ok(true)
    }

    /// Shows the held step, now that `next` has been seen (or nothing follows).
    fn release(
        &mut self,
        reader: &TraceReader,
        next: Option<(&Step, &Event)>,
        printer: &mut dyn Printer,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let Some((step, event)) = self.held.take() else {
            return Ok(());
        };
        let outcome = next.and_then(|(after, next_event)| {
            let same = after.thread == step.thread && after.code == step.code;
            next_event
                .outcome
                .filter(|_| same && next_event.depth == event.depth)
        });
        printer.step(
            &Shown {
                step,
                event,
                outcome,
                reader,
            },
            out,
        )
    }
}
