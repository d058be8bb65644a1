//! The debug seam: what a debugger may ask of the VM, and what the VM tells a debugger.
//!
//! Plain data and two traits, without a word of any protocol. The VM implements
//! [`Debuggee`] (asked while the program is stopped) and calls a [`DebugHook`] (implemented
//! by whoever debugs); neither knows what the other is made of, so the debug adapter is
//! tested against a scripted debuggee and the VM against a scripted hook.
//!
//! | file | holds |
//! |---|---|
//! | [`types`] | threads, frames, variables, stack slots, instructions, stops |
//! | [`address`] | a code object and a byte offset as one number, and windows of a disassembly |
//! | [`seam`] | the two traits |
//! | [`stepper`] | when a step is over: a state machine over positions, without a VM |
//! | [`breakpoints`] | conditions, hit counts, log messages, and lines that have code |
//! | [`live`] | the VM's implementation of the traits |
//!
//! Invariant: outside of [`live`] this folder depends on `std` alone (no serialization, no
//! protocol, no VM type).

pub mod address;
pub mod breakpoints;
pub mod live;
pub mod seam;
pub mod stepper;
pub mod types;

pub use address::InstructionAddress;
pub use breakpoints::{
    BreakpointSpec, BreakpointState, BreakpointStatus, DataBreakpointSpec, FunctionBreakpointSpec,
    HitCondition, LogMessage,
};
pub use seam::{
    CodeFilters, DebugError, DebugEvent, DebugHook, Debuggee, DebuggeeProgram, EvalMode,
    Evaluation, InterruptAction, LaunchSpec, ProgramSource, ResumeAction, Waker,
};
pub use stepper::{Position, StepKind, Stepper, Verdict};
pub use types::*;
