//! What a match keeps: marks, choices to come back to, contexts of repeats.

use std::fmt;

use crate::program::Program;
use crate::scan::Char;

/// The position of a mark that was not set.
pub(crate) const UNSET: usize = usize::MAX;
/// No repeat context.
pub(crate) const NO_REPEAT: u32 = u32::MAX;

/// Why a match was given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop<E> {
    /// There is not enough memory for what must be kept to go back.
    Memory,
    /// The caller wanted so when it was called.
    Interrupted(E),
    /// The program is damaged.
    Internal,
}

impl<E: fmt::Display> fmt::Display for Stop<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stop::Memory => f.write_str("not enough memory to match a regular expression"),
            Stop::Interrupted(e) => write!(f, "interrupted: {e}"),
            Stop::Internal => f.write_str("internal error in regular expression engine"),
        }
    }
}

impl<E: fmt::Debug + fmt::Display> std::error::Error for Stop<E> {}

/// What is to be matched with what. Positions are indices of characters.
pub struct Request<'a, T> {
    pub program: &'a Program,
    pub chars: &'a [T],
    /// Where to begin; what lies before can be looked behind at.
    pub start: usize,
    /// Where the subject ends for the pattern. As in CPython it may lie before `start`.
    pub end: usize,
    /// An empty match at `start` does not count.
    pub must_advance: bool,
    /// The match must reach `end`.
    pub fullmatch: bool,
}

impl<T> Clone for Request<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Request<'_, T> {}

/// A choice that was made, or something else that is to be put right when the match goes back.
/// There are as many of them as a match has steps: they are kept small.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame {
    /// Its instruction; below, whether as many marks as are valid then were saved, and its kind.
    tag: u32,
    /// The repeat context then.
    pub repeat: u32,
    pub last_mark: i32,
    pub last_index: i32,
    pub pos: usize,
    /// Depends on the kind.
    pub extra: usize,
}

impl Frame {
    const KIND: u32 = 0xf;
    const HAS_MARKS: u32 = 0x10;
    const AT: u32 = 5;

    #[inline]
    pub(crate) fn tag(kind: Kind, has_marks: bool, at: usize) -> u32 {
        kind as u32 | u32::from(has_marks) << 4 | (at as u32) << Frame::AT
    }

    #[inline]
    pub(crate) fn new(tag: u32, repeat: u32, state: &State, pos: usize, extra: usize) -> Frame {
        Frame { tag, repeat, last_mark: state.last_mark, last_index: state.last_index, pos, extra }
    }

    #[inline]
    pub(crate) fn kind(&self) -> Kind {
        Kind::ALL[(self.tag & Frame::KIND) as usize]
    }

    #[inline]
    pub(crate) fn has_marks(&self) -> bool {
        self.tag & Frame::HAS_MARKS != 0
    }

    #[inline]
    pub(crate) fn at(&self) -> usize {
        (self.tag >> Frame::AT) as usize
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `extra`: the alternative that is next.
    Branch,
    /// `pos`: the end of what the repeat took; `extra`: its smallest.
    RepeatOne,
    /// `pos`: as above; `extra`: how many it took.
    MinRepeatOne,
    /// A repeat context was made.
    Context,
    /// A repetition of the fewest was begun.
    Again,
    /// A repetition was preferred to what follows. `extra`: the context's `last_pos` before.
    MaxUntil,
    /// What follows was preferred to one more repetition.
    MinUntil,
    /// A repetition was begun where what follows cannot match, or has been tried. `extra`: as above.
    Sure,
    /// The begin of a group, assertion or possessive repeat: see [`Barrier`].
    Barrier,
}

impl Kind {
    /// By number; as many as a tag can name.
    const ALL: [Kind; 16] = {
        use Kind::*;
        [
            Branch, RepeatOne, MinRepeatOne, Context, Again, MaxUntil, MinUntil, Sure, Barrier, Barrier, Barrier,
            Barrier, Barrier, Barrier, Barrier, Barrier,
        ]
    };
}

/// The context of a repeat of something longer than one character.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Repeat {
    /// Repetitions that were finished; -1 before the UNTIL was met.
    pub count: i64,
    /// Where the last repetition began: one that begins there again would match nothing.
    pub last_pos: usize,
    /// The context around.
    pub prev: u32,
}

/// Something whose choices are forgotten when it has matched: the stacks' heights at its begin.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Barrier {
    pub at: u32,
    pub repeat: u32,
    pub frames: usize,
    pub saved: usize,
    pub repeats: usize,
    pub pos: usize,
    /// Repetitions of a possessive repeat that were finished.
    pub count: u64,
    pub last_mark: i32,
    pub last_index: i32,
    /// The marks are to be put back if it does not match.
    pub restores: bool,
    pub has_marks: bool,
}

/// Above this many entries a stack's memory is given back after a match.
const KEPT: usize = 1 << 14;

/// The state of matching; afterwards, what was found. It can be used again and again.
#[derive(Debug, Default)]
pub struct State {
    pub(crate) marks: Vec<usize>,
    /// Index of the last valid mark, or -1. Marks below it may be unset.
    pub(crate) last_mark: i32,
    /// Number of the group closed last, or -1.
    pub(crate) last_index: i32,
    pub(crate) frames: Vec<Frame>,
    pub(crate) saved: Vec<usize>,
    pub(crate) repeats: Vec<Repeat>,
    pub(crate) barriers: Vec<Barrier>,
    pub(crate) span: (usize, usize),
}

impl State {
    /// Finds the first match from the request's start on.
    ///
    /// # Errors
    /// [`Stop`]; `tick` is called every [`crate::TICK`] steps, and what it fails with ends the match.
    pub fn search<T: Char, E>(
        &mut self,
        request: Request<'_, T>,
        tick: &mut dyn FnMut() -> Result<(), E>,
    ) -> Result<bool, Stop<E>> {
        let found = crate::search::search(self, request, tick);
        self.tidy();
        found
    }

    /// Matches at the request's start.
    ///
    /// # Errors
    /// As [`State::search`].
    pub fn matches<T: Char, E>(
        &mut self,
        request: Request<'_, T>,
        tick: &mut dyn FnMut() -> Result<(), E>,
    ) -> Result<bool, Stop<E>> {
        let found = crate::search::matches(self, request, tick);
        self.tidy();
        found
    }

    /// Where the match begins and ends.
    pub fn span(&self) -> (usize, usize) {
        self.span
    }

    /// Where a group of the match begins and ends, if it took part; 0 is the first group. The end
    /// may lie before the begin: CPython reports that as an error.
    pub fn group(&self, group: usize) -> Option<(usize, usize)> {
        let first = group.checked_mul(2)?;
        if !usize::try_from(self.last_mark).is_ok_and(|last| first < last) {
            return None;
        }
        let mark = |i: usize| self.marks.get(i).copied().filter(|p| *p != UNSET);
        mark(first).zip(mark(first + 1))
    }

    /// The number of the group that was closed last; the first has the number 1.
    pub fn last_index(&self) -> Option<usize> {
        usize::try_from(self.last_index).ok()
    }

    pub(crate) fn forget_groups(&mut self) {
        self.last_mark = -1;
        self.last_index = -1;
    }

    /// Ends what a match left on the stacks.
    fn tidy(&mut self) {
        fn empty<T>(stack: &mut Vec<T>) {
            if stack.capacity() > KEPT { *stack = Vec::new() } else { stack.clear() }
        }
        empty(&mut self.frames);
        empty(&mut self.saved);
        empty(&mut self.repeats);
        empty(&mut self.barriers);
    }
}
