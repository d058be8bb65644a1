//! Running the engine: one search or match, and what it found.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rustpython_sre_engine::engine::Request;
use rustpython_sre_engine::{State, StrDrive};

use super::pattern::PyPattern;
use super::subject::{Chars, Narrow, Subject, Wide};
use crate::error::PyResult;
use crate::gc::fields::Owns;
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
    pub fn apply(&mut self, vm: &Vm, pattern: &PyPattern, how: How) -> PyResult<Option<Found>> {
        if self.start > self.end {
            return Ok(None);
        }
        let (start, end, must_advance) = (self.start, self.end, self.must_advance);
        let state = &mut self.state;
        let code = &pattern.code;
        let chars = self.subject.chars();
        let done = catch_unwind(AssertUnwindSafe(|| match chars {
            Chars::Narrow(b) => drive(Narrow(b), code, start, end, must_advance, how, state),
            Chars::Wide(w) => drive(Wide(w), code, start, end, must_advance, how, state),
        }));
        match done {
            Ok(true) => self.found(vm, pattern).map(Some),
            Ok(false) => Ok(None),
            Err(_) => Err(vm.runtime_error("internal error in regular expression engine")),
        }
    }

    fn found(&self, vm: &Vm, pattern: &PyPattern) -> PyResult<Found> {
        let mut spans = Vec::new();
        if spans.try_reserve_exact(pattern.groups + 1).is_err() {
            return Err(vm.error_args(crate::shape::MEMORY_ERROR, &[]));
        }
        spans.push(Some((self.state.start, self.state.cursor.position)));
        for i in 0..pattern.groups {
            let (from, to) = self.state.marks.get(i);
            let span = (from.is_some() && to.is_some()).then(|| (from.unpack(), to.unpack()));
            if span.is_some_and(|(from, to)| from > to) {
                return Err(vm.system_error(
                    "The span of capturing group is wrong, please report a bug for the re module.",
                ));
            }
            spans.push(span);
        }
        let last = self.state.marks.last_index();
        Ok(Found { spans, last_index: usize::try_from(last).ok() })
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

/// Runs the engine once; whether it found a match is left in `state`.
fn drive<S: StrDrive>(
    string: S,
    code: &[u32],
    start: usize,
    end: usize,
    must_advance: bool,
    how: How,
    state: &mut State,
) -> bool {
    let mut request = Request::new(string, start, end, code, how == How::FullMatch);
    request.must_advance = must_advance;
    state.reset(&request, request.start);
    match how {
        How::Search => state.search(request),
        How::Match | How::FullMatch => state.py_match(&request),
    }
}
