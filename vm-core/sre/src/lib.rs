//! The regular expression engine: runs the code words that CPython 3.14's `re._compiler` makes, with
//! the results of CPython's `_sre`, its oddities included.
//!
//! A pattern's code words are validated and decoded once ([`Program`]); a [`State`] applies a program
//! to a subject of bytes or code points, from a position on ([`State::search`]) or at it
//! ([`State::matches`]). Matching backtracks over a stack of its own: neither deep patterns nor long
//! subjects use the native stack. Want of memory is an error ([`Stop::Memory`]), and the caller is
//! called every [`TICK`] steps, to end what takes too long.

#![forbid(unsafe_code)]

mod assemble;
pub mod chars;
mod first;
mod matcher;
mod program;
mod scan;
mod search;
mod set;
mod state;
pub mod table;
#[cfg(test)]
mod tests;

pub use program::{Invalid, Program};
pub use scan::Char;
pub use state::{Request, State, Stop};

/// The version of the code words, `_sre.MAGIC`.
pub const MAGIC: u32 = 20_230_612;

/// Bytes of a code word, `_sre.CODESIZE`.
pub const CODE_SIZE: usize = size_of::<u32>();

/// As the most of a repeat: without a limit; `_sre.MAXREPEAT`.
pub const MAX_REPEAT: u32 = u32::MAX;

/// Most groups that a pattern can have, `_sre.MAXGROUPS`.
pub const MAX_GROUPS: usize = u32::MAX as usize / 4;

/// After how many steps of backtracking the caller is called.
pub const TICK: u32 = 4096;
