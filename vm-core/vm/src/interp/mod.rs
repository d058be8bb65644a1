//! The interpreters: one set of instruction bodies (`ops/`), dispatched by tail calls or by a
//! `match` in a loop.
//!
//! | file | holds |
//! |---|---|
//! | `regs.rs` | the registers, and what bodies do with them |
//! | `state.rs` | what is kept in memory between instructions and runs |
//! | `tail.rs` | handlers that `become` the next one (with `cfg(tail_calls)`) |
//! | `match_loop.rs` | the same bodies in a loop |
//! | `frames.rs` | the way to the handlers that call each other (`vm-core/frames`) |
//! | `enter.rs` | calls from native code into bytecode, and frames being entered |
//! | `unwind.rs` | exceptions: tracebacks, handlers, leaving frames |
//! | `record.rs`, `profile.rs`, `breakpoint.rs`, `observe.rs` | what can be observed |
//!
//! Both interpreters are compiled once per [`Mode`] that needs code of its own. The dispatch
//! table is in a register and in [`State::table`]; [`set_mode`] replaces the latter, and
//! handlers pick it up after native calls, at RESUME and at backward jumps. Tools written in
//! Python ([`crate::monitor`]) have the observer called in any mode.

pub mod bind;
pub mod breakpoint;
pub mod call;
pub mod enter;
pub mod frames;
pub mod leave;
pub mod match_loop;
pub mod observe;
pub mod profile;
pub mod record;
pub mod regs;
pub mod stack;
pub mod state;
#[cfg(tail_calls)]
pub mod tail;
pub mod unwind;

pub use regs::{Flow, Regs};
pub use state::{State, breaker};

use crate::memory::shortage;
use crate::value::Value;
use crate::vm::Vm;

/// An entry of a dispatch table.
#[cfg(tail_calls)]
pub use tail::Handler;

/// An entry of a dispatch table; this build has none, and tells modes apart by the table's address.
#[cfg(not(tail_calls))]
pub struct Handler(#[allow(dead_code)] u8);

/// Which interpreter runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Interp {
    /// Handlers that tail-call each other. Where this build has none, the loop runs.
    Tail,
    /// One `match` in a loop.
    Loop,
}

impl Default for Interp {
    fn default() -> Interp {
        if cfg!(tail_calls) { Interp::Tail } else { Interp::Loop }
    }
}

/// What is observed while instructions run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Mode {
    /// Nothing: full speed.
    Plain,
    /// Every instruction is written to the trace recorder.
    Record,
    /// Every instruction is counted, with misses and jumps taken.
    Profile,
    /// The observer is called before every instruction.
    Step,
}

impl Mode {
    pub const ALL: [Mode; 4] = [Mode::Plain, Mode::Record, Mode::Profile, Mode::Step];
}

/// Values of [`Mode`] as const generic arguments of handlers.
pub mod mode {
    use super::Mode;

    pub const PLAIN: u8 = Mode::Plain as u8;
    pub const RECORD: u8 = Mode::Record as u8;
    pub const PROFILE: u8 = Mode::Profile as u8;
    pub const STEP: u8 = Mode::Step as u8;
}

/// The dispatch table of a mode. `watched`: the observer is called before each instruction as
/// well.
#[cfg(tail_calls)]
fn table_of(mode: Mode, watched: bool) -> *const Handler {
    tail::table_of(mode, watched)
}

/// The dispatch table of a mode: an address of its own, without handlers.
#[cfg(not(tail_calls))]
fn table_of(mode: Mode, watched: bool) -> *const Handler {
    static TABLES: [Handler; 8] = [const { Handler(0) }; 8];
    &raw const TABLES[mode as usize * 2 + usize::from(watched)]
}

/// The dispatch table whose handlers go to the `frames` interpreter.
#[cfg(tail_calls)]
fn frames_table() -> *const Handler {
    tail::frames_table()
}

#[cfg(not(tail_calls))]
fn frames_table() -> *const Handler {
    static TABLE: Handler = Handler(0);
    &raw const TABLE
}

fn plain_table() -> *const Handler {
    table_of(Mode::Plain, false)
}

/// Sets the dispatch table for what is observed, by this VM's modes and by Python tools. What
/// already runs takes it from the next native call's return, RESUME or backward jump on.
pub(crate) fn choose_table(vm: &Vm) {
    let s = &vm.interp;
    s.table.set(if frames::is_on(vm) { frames_table() } else { table_of(s.mode.get(), s.monitor.is_active()) });
    s.request(breaker::MODE);
}

/// Switches what is observed, from now on (from the next native call's return, RESUME or
/// backward jump of what already runs).
pub fn set_mode(vm: &Vm, mode: Mode) {
    let s = &vm.interp;
    if mode == Mode::Record {
        record::start(vm);
    } else if s.mode.get() == Mode::Record {
        record::flush(vm);
    }
    s.mode.set(mode);
    choose_table(vm);
}

/// Chooses the interpreter for runs that start from now on.
pub fn set_interp(vm: &Vm, interp: Interp) {
    vm.interp.interp.set(interp);
}

/// Runs from the spilled registers to the HALT that ends this run. The result is NULL if an
/// exception left the run; it is in `State::raised` then.
fn run(vm: &Vm) -> Value {
    loop {
        if let Ok(result) = shortage::attempt(|| run_or_unwind(vm)) {
            return result;
        }
        if !raise_out_of_memory(vm) {
            return Value::NULL;
        }
    }
}

/// Raises a MemoryError in the running instruction; whether there was a handler for it.
#[cold]
fn raise_out_of_memory(vm: &Vm) -> bool {
    // Finalizers may take what is left; each attempt leaves frames or values behind.
    for _ in 0..1000 {
        // SAFETY: what can ask for much memory has spilled the registers before.
        if let Ok(handled) = shortage::attempt(|| unsafe { unwind::raise_out_of_memory(vm) }) {
            return handled;
        }
    }
    eprintln!("MemoryError: there was not even memory left to raise a MemoryError");
    std::process::exit(1)
}

/// The same; where memory is missing it unwinds.
#[inline(always)]
fn run_or_unwind(vm: &Vm) -> Value {
    #[cfg(tail_calls)]
    if vm.interp.interp.get() == Interp::Tail {
        return tail::run(vm);
    }
    match_loop::run(vm)
}
