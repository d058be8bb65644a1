//! The `frames` interpreter, as the others see it: tail calls off, each handler calls the next, so
//! that the native stack lists the instructions that were executed.
//!
//! Its handlers are compiled in a crate of their own (`vm-core/frames`), without optimization and
//! with all debug information, so that their variables can be read. It is no choice made for a whole
//! run: a dispatch table of the tail-calling interpreter leads into it at any instruction, and it
//! returns to that interpreter when it is switched off or something else is observed.

pub mod next;
pub mod window;

use std::cell::Cell;

pub use super::match_loop::Exit;
use super::{Mode, choose_table};
use crate::value::Value;
use crate::vm::Vm;
pub use window::{Kept, MachineRegisters, Window};

/// A handler: registers as the instruction finds them, and the window that it is in. It returns when
/// the handlers behind it do.
pub type Handler = unsafe fn(
    ip: *const u16,
    sp: *mut Value,
    fp: *mut Value,
    cx: *const Vm,
    oparg: u64,
    window: *mut Window,
);

/// Handlers by opcode.
pub type Handlers = [Handler; 256];

/// Runs instructions from the spilled registers on; that of the code unit behind the instruction
/// pointer is first, with this oparg. The registers are spilled again when it returns
/// [`Exit::Switch`].
pub type Runner = unsafe fn(&Vm, oparg: u64) -> Exit;

/// The interpreter's part of the VM's state.
#[derive(Default)]
pub struct Frames {
    runner: Cell<Option<Runner>>,
    window: Cell<u32>,
}

/// Makes the interpreter known to a VM.
pub fn register(vm: &Vm, runner: Runner) {
    vm.interp.frames.runner.set(Some(runner));
}

/// Has at least the last `window` instructions on the native stack from now on (from the next native
/// call's return, RESUME or backward jump of what already runs); 0 for none. False if no such
/// interpreter was registered.
pub fn set_window(vm: &Vm, window: u32) -> bool {
    let frames = &vm.interp.frames;
    frames.window.set(window);
    choose_table(vm);
    window == 0 || frames.runner.get().is_some()
}

/// How many instructions the native stack should list; 0 for none.
pub fn window(vm: &Vm) -> u32 {
    vm.interp.frames.window.get()
}

/// Whether instructions should run here: what records or counts them has handlers of its own.
pub fn is_on(vm: &Vm) -> bool {
    let frames = &vm.interp.frames;
    let free = matches!(vm.interp.mode.get(), Mode::Plain | Mode::Step);
    free && frames.window.get() > 0 && frames.runner.get().is_some()
}

/// Whether the observer is to be called before each instruction.
pub fn is_watched(vm: &Vm) -> bool {
    vm.interp.mode.get() == Mode::Step || vm.interp.monitor.is_active()
}

/// Runs the interpreter, from the instruction that was fetched with this oparg.
///
/// # Safety
/// The spilled registers must be those of a frame, with that instruction's code unit behind the
/// instruction pointer.
pub(super) unsafe fn run_fetched(vm: &Vm, oparg: u64) -> Exit {
    match vm.interp.frames.runner.get() {
        // SAFETY: promised by the caller.
        Some(runner) => unsafe { runner(vm, oparg) },
        None => {
            // Nothing was run: the instruction is to be fetched again.
            vm.interp.ip.set(vm.interp.ip.get().wrapping_sub(1));
            Exit::Switch
        }
    }
}

/// Runs the interpreter.
///
/// # Safety
/// The spilled registers must be those of a frame, with the next instruction at the instruction
/// pointer.
pub(super) unsafe fn run(vm: &Vm) -> Exit {
    let ip = vm.interp.ip.get();
    // SAFETY: promised by the caller.
    unsafe {
        vm.interp.ip.set(ip.add(1));
        run_fetched(vm, u64::from(*ip >> 8))
    }
}
