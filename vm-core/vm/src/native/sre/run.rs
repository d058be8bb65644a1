//! Running the engine: one search or match, and what it found.

use std::sync::atomic::Ordering;

use tailscope_sre::{Char, Request, State, Stop};

use super::pattern::PyPattern;
use super::subject::{Chars, Subject};
use crate::error::{PyResult, Raised};
use crate::gc::fields::Owns;
use crate::interp::observe;
use crate::interp::state::breaker;
use crate::runtime;
use crate::value::Value;
use crate::vm::Vm;

/// Whether a match may begin anywhere, must begin at the start, or must also reach the end.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum How {
    Search,
    Match,
    FullMatch,
}

/// A span of characters; `None` for a group that took no part.
pub type Span = Option<(usize, usize)>;

/// Repeated application of a pattern to a subject.
pub struct Run {
    pub subject: Subject,
    /// Where the next application begins.
    pub start: usize,
    pub pos: usize,
    pub end: usize,
    /// The last match was empty: the next one must not be empty at the same place.
    pub must_advance: bool,
    state: State,
}

impl Owns for Run {
    fn show(&self, visit: &mut dyn FnMut(Value)) {
        self.subject.show(visit);
    }
}

/// What an application found: all groups, the whole match first.
pub struct Found {
    pub spans: Vec<Span>,
    /// Number of the group that was closed last.
    pub last_index: Option<usize>,
}

impl Found {
    pub fn whole(&self) -> (usize, usize) {
        self.spans[0].unwrap_or((0, 0))
    }
}

impl Run {
    /// # Errors
    /// TypeError if the pattern does not fit the kind of subject.
    pub fn new(vm: &Vm, pattern: &PyPattern, v: Value, pos: isize, end: isize) -> PyResult<Run> {
        let subject = Subject::new(vm, v)?;
        match (subject.is_bytes(), pattern.is_bytes) {
            (true, Some(false)) => {
                return Err(vm.type_error("cannot use a string pattern on a bytes-like object"));
            }
            (false, Some(true)) => {
                return Err(vm.type_error("cannot use a bytes pattern on a string-like object"));
            }
            _ => {}
        }
        let clip = |i: isize| (i.max(0) as usize).min(subject.len());
        let (pos, end) = (clip(pos), clip(end));
        Ok(Run { subject, start: pos, pos, end, must_advance: false, state: State::default() })
    }

    /// Applies the pattern from `start` on, without moving on.
    ///
    /// # Errors
    /// What a signal's handler raises meanwhile; MemoryError.
    pub fn apply(&mut self, vm: &Vm, pattern: &PyPattern, how: How) -> PyResult<Option<Found>> {
        let (start, end, must_advance) = (self.start, self.end, self.must_advance);
        let (program, fullmatch) = (&pattern.program, how == How::FullMatch);
        let state = &mut self.state;
        let done = match self.subject.chars() {
            Chars::Narrow(chars) => {
                drive(vm, state, how, Request { program, chars, start, end, must_advance, fullmatch })
            }
            Chars::Wide(chars) => {
                drive(vm, state, how, Request { program, chars, start, end, must_advance, fullmatch })
            }
        };
        match done {
            Ok(true) => self.found(vm, pattern).map(Some),
            Ok(false) => Ok(None),
            Err(Stop::Interrupted(e)) => Err(e),
            Err(Stop::Memory) => Err(vm.memory_error("")),
            Err(Stop::Internal) => Err(vm.runtime_error("internal error in regular expression engine")),
        }
    }

    fn found(&self, vm: &Vm, pattern: &PyPattern) -> PyResult<Found> {
        let mut spans = Vec::new();
        if spans.try_reserve_exact(pattern.groups + 1).is_err() {
            return Err(vm.memory_error(""));
        }
        spans.push(Some(self.state.span()));
        for i in 0..pattern.groups {
            let span = self.state.group(i);
            if span.is_some_and(|(from, to)| from > to) {
                return Err(vm.system_error(
                    "The span of capturing group is wrong, please report a bug for the re module.",
                ));
            }
            spans.push(span);
        }
        Ok(Found { spans, last_index: self.state.last_index() })
    }

    /// Moves on behind what was found.
    pub fn pass(&mut self, found: &Found) {
        let (from, to) = found.whole();
        self.must_advance = from == to;
        self.start = to;
    }

    /// Applies the pattern and moves on.
    pub fn next(&mut self, vm: &Vm, pattern: &PyPattern, how: How) -> PyResult<Option<Found>> {
        let found = self.apply(vm, pattern, how)?;
        if let Some(f) = &found {
            self.pass(f);
        }
        Ok(found)
    }
}

/// Runs the engine once; what it found is left in `state`.
fn drive<T: Char>(vm: &Vm, state: &mut State, how: How, request: Request<'_, T>) -> Result<bool, Stop<Raised>> {
    let mut tick = || attend(vm);
    match how {
        How::Search => state.search(request, &mut tick),
        How::Match | How::FullMatch => state.matches(request, &mut tick),
    }
}

/// While a match goes on: lets the handlers of signals run, and a debugger that wants to stop.
fn attend(vm: &Vm) -> PyResult<()> {
    let wanted = vm.interp.breaker.load(Ordering::Relaxed);
    if wanted & breaker::INTERRUPT != 0 {
        observe::attend(vm)?;
    }
    if wanted & breaker::SIGNAL != 0 {
        // The request stays: in another thread than the main one it is for the interpreter, too.
        runtime::handle_signals(vm)?;
    }
    Ok(())
}
