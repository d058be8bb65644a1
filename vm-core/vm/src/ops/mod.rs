//! Bodies of all instructions, one function each, named like the opcode.
//!
//! A body gets the registers, does the instruction's work and says where to go on ([`Flow`]). It
//! is inlined into a handler of each interpreter; there is nothing else to an instruction but its
//! row in the opcode table (`tailscope_bytecode::table`, and [`internal`] for this VM's own).
//!
//! | file | instructions |
//! |---|---|
//! | [`stack`] | constants, and moves on the value stack |
//! | [`variables`] | locals, cells, globals, names |
//! | [`operators`] | arithmetic, comparison, subscription |
//! | [`attributes`] | LOAD_ATTR, STORE_ATTR and their families |
//! | [`calls`] | CALL and its family, functions |
//! | [`containers`] | building and unpacking |
//! | [`strings`] | formatting, templates |
//! | [`control`] | jumps, loops, RESUME |
//! | [`exceptions`] | raising, handling, `with` |
//! | [`generators`] | yield, send, await |
//! | [`matching`] | `match` statements |
//! | [`imports`], [`intrinsics`] | what their names say |
//! | [`fused`] | two instructions in one handler |
//!
//! # Laws of bodies
//!
//! 1. Nothing is changed before the last `return Flow::Deopt`.
//! 2. What native code could run or look at sees the truth: `r.save()` comes before any call
//!    that may run Python code, look at frames or raise. `r.release` does it by itself.
//! 3. Every slot below `sp` holds a value, at each moment that native code runs.
//! 4. A body that raises leaves its inputs on the stack: the unwinder releases them.
//! 5. A reference is given back only after the slot that held it was cleared or overwritten.
//! 6. Specialized bodies contain no call on their fast way but to `destroy_spilled`.
//!
//! # Safety
//!
//! Bodies are unsafe: they may only be called with the registers of a live frame whose `ip` is
//! just behind the code unit of that instruction, in verified code.

#![allow(non_snake_case, clippy::missing_safety_doc)]

pub mod attributes;
pub mod calls;
pub mod containers;
pub mod control;
pub mod exceptions;
pub mod fused;
pub mod generators;
pub mod imports;
pub mod internal;
pub mod intrinsics;
pub mod matching;
pub mod operators;
pub mod stack;
pub mod strings;
pub mod unsupported;
pub mod variables;

pub use attributes::*;
pub use calls::*;
pub use containers::*;
pub use control::*;
pub use exceptions::*;
pub use fused::*;
pub use generators::*;
pub use imports::*;
pub use internal::*;
pub use intrinsics::*;
pub use matching::*;
pub use operators::*;
pub use stack::*;
pub use strings::*;
pub use unsupported::*;
pub use variables::*;

use crate::interp::regs::{Flow, Regs};

/// Calls a macro once with the rows of all instructions: CPython's and this VM's own.
#[macro_export]
macro_rules! for_each_instruction {
    ($callback:ident) => {
        $crate::with_internal_rows! { $callback }
    };
}
pub(crate) use for_each_instruction;

/// Code units of all inline caches of a row.
#[macro_export]
macro_rules! cache_units {
    () => { 0 };
    ($($units:literal),+) => { 0 $(+ $units)+ };
}
#[cfg(tail_calls)]
pub(crate) use cache_units;

/// The adaptive head of a family: specializes when its counter says so, else counts down.
macro_rules! adaptive {
    ($r:ident) => {
        let counter = $r.cache16(0);
        if $crate::specialize::counter::triggers(counter) {
            return $crate::interp::regs::Flow::Specialize;
        }
        $r.set_cache16(0, $crate::specialize::counter::advance(counter));
    };
}
pub(crate) use adaptive;

/// The value of a result, or leaves the body by raising.
macro_rules! attempt {
    ($r:ident, $result:expr) => {
        match $result {
            Ok(v) => v,
            Err(e) => return $r.raise(e),
        }
    };
}
pub(crate) use attempt;

/// An opcode that does not exist, or that only tools of CPython put into code.
#[cold]
#[inline(never)]
pub fn bad_opcode(r: Regs) -> Flow {
    // SAFETY: `ip` is behind the code unit that was fetched.
    let unit = unsafe { *r.ip.sub(1) };
    r.raise(r.vm().system_error(format!("unknown opcode {}", unit & 255)))
}
