//! A pattern's code words, validated and decoded to instructions.

use std::fmt;

use crate::chars::Fold;
use crate::first::First;
use crate::scan::Single;
use crate::set::Set;
use crate::table::At;

/// The code words are none that `re._compiler` could have made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Invalid;

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("invalid SRE code")
    }
}

impl std::error::Error for Invalid {}

/// How often something is repeated; [`crate::MAX_REPEAT`] as the most is without a limit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    pub min: u32,
    pub max: u32,
}

impl Times {
    /// Whether one more than `count` is allowed.
    #[inline]
    pub(crate) fn allows_more_than(self, count: u64) -> bool {
        self.max == crate::MAX_REPEAT || count < u64::from(self.max)
    }
}

/// A repeat of a test of one character.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RepeatOne {
    pub item: Single,
    pub times: Times,
    /// Where alone the rest can match.
    pub next: Next,
    /// Choices save all marks: see [`Inst`].
    pub saves: bool,
}

/// The end of a repeat of something longer than one character.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Until {
    pub times: Times,
    pub body: u32,
    /// What the body begins with.
    pub enter: Guard,
    /// Where alone the rest can match.
    pub next: Next,
    /// About the choice of what follows: see [`Inst`].
    pub saves: bool,
}

/// An instruction. Operands that are instructions are indices into the program.
///
/// Where `saves` is set, an enclosing repeat may set a group again, so that going back to a choice
/// must put back the marks of all groups; elsewhere it is enough to forget the later ones.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Inst {
    Success,
    Failure,
    Any,
    AnyAll,
    Literal(u32),
    NotLiteral(u32),
    /// A character of the set of this index.
    Set(u32),
    Mark(u32),
    At(At),
    Jump(u32),
    /// Alternatives: `arms[first..end]`.
    Branch { first: u32, end: u32, saves: bool },
    RepeatOne(RepeatOne),
    MinRepeatOne(RepeatOne),
    PossessiveRepeatOne(RepeatOne),
    /// Makes a repeat context and goes to the UNTIL; the body follows.
    Repeat { until: u32 },
    MaxUntil(Until),
    MinUntil(Until),
    /// The body follows; its SUCCESS is at `end`.
    PossessiveRepeat { times: Times, end: u32 },
    Atomic { end: u32 },
    Assert { back: u32, end: u32 },
    AssertNot { back: u32, end: u32, saves: bool },
    GroupRef { group: u32, fold: Fold },
    /// Goes to `no` unless the group took part.
    GroupExists { group: u32, no: u32 },
}

/// What a match must begin with.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Guard {
    /// Nothing is known, or it may be empty.
    None,
    Literal(u32),
    Set(u32),
    /// Index of a union.
    First(u32),
}

/// What must follow a repeat.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Next {
    Guard(Guard),
    At(At),
}

/// An alternative of a branch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arm {
    pub at: u32,
    pub guard: Guard,
    /// The guard is what its first instruction would test.
    pub passes_first: bool,
}

/// Where a search looks.
#[derive(Debug, Default)]
pub(crate) struct Info {
    /// Length of the shortest match.
    pub min: usize,
    /// What each match begins with.
    pub prefix: Vec<u32>,
    /// How much of the prefix matched again is the prefix's begin, when so many characters of it
    /// did match.
    pub overlaps: Vec<u32>,
    /// Characters (and instructions) of the prefix that need not be matched again.
    pub prefix_skip: usize,
    /// The prefix is all of the pattern.
    pub is_literal: bool,
    /// The set that a match's first character belongs to.
    pub charset: Option<u32>,
}

/// A pattern, ready to be run.
#[derive(Debug)]
pub struct Program {
    pub(crate) insts: Box<[Inst]>,
    pub(crate) arms: Box<[Arm]>,
    pub(crate) sets: Box<[Set]>,
    pub(crate) firsts: Box<[First]>,
    pub(crate) info: Info,
    /// What a match begins with.
    pub(crate) first: Guard,
    /// A group is asked for while it is open. Then it matters which marks are left behind by
    /// what did not match, and all choices are kept as CPython keeps them.
    pub(crate) asks_open_groups: bool,
}

impl Program {
    /// Decodes a pattern's code words, which may refer to groups below `groups` (the first is 0).
    ///
    /// # Errors
    /// [`Invalid`] if the words are not well-formed.
    pub fn new(code: &[u32], groups: usize) -> Result<Program, Invalid> {
        crate::assemble::assemble(code, groups).ok_or(Invalid)
    }
}
