//! The `frames` interpreter: each instruction's handler calls the next one's, so that the native
//! stack lists what was executed, one frame an instruction, with the handler's variables.
//!
//! ```text
//!  native stack     run ─> LOAD_FAST ─> LOAD_SMALL_INT ─> BINARY_OP_ADD_INT ─> … ─> the debugger
//! ```
//!
//! After as many instructions as the [`Window`] has room for, the stack is copied, all handlers
//! return to [`run`], and it goes on from there: the last instructions are always found, in the
//! stack and in the copy. The bodies are those of the other interpreters. This crate holds the
//! handlers alone and is compiled without optimization and with full debug information
//! (`Cargo.toml` of the workspace), so every variable of a handler has a place in its frame for as
//! long as that is there. What they share is `tailscope_vm::interp::frames`.

pub mod handlers;

use tailscope_vm::interp::breakpoint;
use tailscope_vm::interp::frames::{self, Exit, Window, next};
use tailscope_vm::vm::Vm;
use tailscope_vm::{mark_below, stack_pointer};

/// Makes the interpreter known to a VM; [`frames::set_window`] turns it on.
pub fn install(vm: &Vm) {
    frames::register(vm, run);
}

/// Runs from the instruction that was fetched, as [`frames::Runner`] says.
///
/// # Safety
/// The spilled registers must be those of a frame.
#[inline(never)]
unsafe fn run(vm: &Vm, oparg: u64) -> Exit {
    let mut window = Window::new(&handlers::HANDLERS, frames::window(vm));
    // SAFETY: promised by the caller; handlers keep the registers so.
    unsafe {
        let mut r = next::registers(std::ptr::null(), std::ptr::null_mut(), std::ptr::null_mut(), vm, oparg);
        r.reload();
        let opcode = breakpoint::opcode_behind(&r);
        let mut first = next::watch(&mut r, opcode, &mut window);
        loop {
            if let Some(next) = first {
                window.enter(stack_pointer!());
                mark_below!(next.size);
                (next.handler)(r.ip, r.sp, r.fp, r.cx, r.oparg, &mut window);
            }
            if let Some(exit) = window.take_exit() {
                return exit;
            }
            r.reload();
            first = next::fetch(&mut r, &mut window);
        }
    }
}
