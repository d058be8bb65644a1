//! `generator`, `coroutine` and `async_generator`: frames that can be left and entered again.
//!
//! The three share one payload. A suspended one keeps its slots (locals, hidden slots, value
//! stack) in its own buffer; running, they are on the VM's stack.

use std::cell::Cell;

use crate::object::{Header, Payload};
use crate::owned_cell::OwnedCell;
use crate::shape;
use crate::value::Value;

/// Where a generator is in its life. The order is CPython's.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[repr(i8)]
pub enum GeneratorState {
    Created = -3,
    Suspended = -2,
    /// Suspended in `yield from` or `await`.
    SuspendedYieldFrom = -1,
    Executing = 0,
    /// Ran to its end, raised or was closed.
    Finished = 4,
}

/// The exception that an execution context is handling, and the context around it.
#[repr(C)]
pub struct HandledException {
    /// NULL while none is handled.
    pub value: OwnedCell,
    pub previous: Cell<*const HandledException>,
}

/// Payload of generators, coroutines and async generators.
#[repr(C)]
pub struct PyGenerator {
    header: Header,
    pub state: Cell<GeneratorState>,
    /// `async_generator` only.
    pub hooks_inited: Cell<bool>,
    pub closed: Cell<bool>,
    pub running_async: Cell<bool>,
    /// Where a resumed frame goes on.
    pub ip: Cell<*const u16>,
    /// Where the caller goes on when the frame returns, if bytecode resumed it.
    pub done_address: Cell<*const u16>,
    /// The function, kept until the generator ends.
    pub function: OwnedCell,
    /// The saved slots and how many are in use.
    slots: Cell<*mut Value>,
    pub used: Cell<u32>,
    capacity: u32,
    /// While running: the frame.
    pub running_fp: Cell<*mut Value>,
    pub handled: HandledException,
    pub code: OwnedCell,
    pub name: OwnedCell,
    pub qualname: OwnedCell,
    /// `cr_origin` of a coroutine; the finalizer hook of an async generator.
    pub origin_or_finalizer: OwnedCell,
    /// The frame object, once somebody asked for it.
    pub frame_object: OwnedCell,
}

// SAFETY: repr(C), header first.
unsafe impl Payload for PyGenerator {
    const SHAPE: u32 = shape::GENERATOR;
}
