//! Verification: whether a code object can be run without harm.
//!
//! Handlers trust the code that they run: they index constants and variables without looking,
//! pop what the stack effect says, and borrow from local variables. The compiler's output is
//! such code; what is read from a file need not be. [`verify`] proves, for a code object and
//! all those nested in it:
//!
//! - **Form** (`form.rs`): counts of parameters fit the variables; every instruction is one that
//!   a compiler writes, with an oparg in range; jumps and exception ranges lead to beginnings of
//!   instructions; line and exception table can be read and cover the code.
//! - **Flow** (`flow.rs`): on every path, the value stack has the same depth whenever an
//!   instruction is reached, never goes below what its inputs or a handler need, and never
//!   above `co_stacksize`; the end of the code is never run into.
//! - **Values** (`values.rs`): no instruction meets NULL, an unbound variable or a slot without
//!   a cell unless it can deal with it; lists, sets, dicts, bools, exceptions and the
//!   like are where instructions rely on them; what is borrowed from a variable is used before
//!   that variable changes.
//!
//! Left to the handlers, as CPython's own compiler leaves it open:
//!
//! - `COPY_FREE_VARS` may get a closure of another length;
//! - `FOR_ITER` may get what is no iterator (a generator expression's first one is an argument);
//! - `POP_JUMP_IF_TRUE` and `POP_JUMP_IF_FALSE` may get what is no bool, and then go on, and
//!   `SET_ADD` what is no set (both in code for annotations);
//! - `SET_FUNCTION_ATTRIBUTE` may get defaults that are no tuple, and keyword defaults that are
//!   no dict (those of generic functions are arguments);
//! - `RERAISE` may get None;
//! - `POP_TOP`, `SWAP` and `STORE_FAST` may get NULL.

mod flow;
mod form;
mod places;
mod values;

pub use places::{Places, SlotKind, places};

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use crate::code::{Code, Const};

/// Why a code object is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct VerifyError {
    /// Qualified name of the code object.
    pub code: Arc<str>,
    /// Offset in bytes of the instruction, if it is about one.
    pub offset: Option<usize>,
    /// What is wrong, as a sentence's end.
    pub reason: String,
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "code object {} cannot be run", self.code)?;
        match self.offset {
            Some(offset) => write!(f, ": at offset {offset}, {}", self.reason),
            None => write!(f, ": {}", self.reason),
        }
    }
}

/// A reason, before it is known of which code object.
struct Refusal {
    offset: Option<usize>,
    reason: String,
}

impl Refusal {
    fn new(reason: impl Into<String>) -> Self {
        Refusal {
            offset: None,
            reason: reason.into(),
        }
    }

    fn at(offset: usize, reason: impl Into<String>) -> Self {
        Refusal {
            offset: Some(offset),
            reason: reason.into(),
        }
    }
}

/// Verifies a code object and all those nested in it.
pub fn verify(code: &Code) -> Result<(), VerifyError> {
    verify_with(code, verify_one)
}

/// The same but for tables of lines: nobody relies on them, and programs put in what they like.
pub fn verify_instructions(code: &Code) -> Result<(), VerifyError> {
    verify_with(code, |code| {
        let form = form::check(code)?;
        flow::check(code, &form)
    })
}

fn verify_with(
    code: &Code,
    verify_one: impl Fn(&Code) -> Result<(), Refusal>,
) -> Result<(), VerifyError> {
    let mut seen = HashSet::new();
    let mut todo = vec![code];
    while let Some(code) = todo.pop() {
        verify_one(code).map_err(|refusal| VerifyError {
            code: code.qualname.clone(),
            offset: refusal.offset,
            reason: refusal.reason,
        })?;
        let mut constants: Vec<&Const> = code.consts.iter().collect();
        while let Some(constant) = constants.pop() {
            match constant {
                Const::Code(inner) if seen.insert(Arc::as_ptr(inner)) => todo.push(inner),
                Const::Tuple(items) | Const::FrozenSet(items) => constants.extend(items.iter()),
                Const::Slice(parts) => constants.extend(parts.iter()),
                _ => {}
            }
        }
    }
    Ok(())
}

fn verify_one(code: &Code) -> Result<(), Refusal> {
    let form = form::check(code)?;
    form::line_table(code)?;
    flow::check(code, &form)
}

#[cfg(test)]
mod tests;
