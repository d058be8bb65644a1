//! What comes behind an instruction.

use tailscope_vm::interp::frames::{self, Exit};
use tailscope_vm::interp::{Flow, Regs, breakpoint, observe};
use tailscope_vm::ops;
use tailscope_vm::value::Value;
use tailscope_vm::vm::Vm;

use crate::handlers::{HANDLERS, Handler};
use crate::window::Window;

/// The registers that a handler starts with.
pub(crate) fn registers(ip: *const u16, sp: *mut Value, fp: *mut Value, cx: *const Vm, oparg: u64) -> Regs {
    let table = std::ptr::null();
    let mut r = Regs { ip, sp, fp, cx, table, oparg, cursor: 0, dying: false, fuse: false };
    r.reload_table();
    r
}

/// Does what an instruction's flow asks for, up to the handler that is to be called next. `None`:
/// the handlers return, and the window knows why.
///
/// # Safety
/// The registers must be those that the body of the instruction has left, `window` that of this run.
pub(crate) unsafe fn follow(
    r: &mut Regs,
    flow: Flow,
    caches: usize,
    head: u8,
    window: *mut Window,
) -> Option<Handler> {
    // SAFETY: promised by the caller.
    unsafe {
        let window = &mut *window;
        if matches!(flow, Flow::Deopt | Flow::Specialize | Flow::Again) {
            window.passed_on();
        } else {
            window.executed();
        }
        match flow {
            Flow::Next | Flow::Called => {
                r.ip = r.ip.add(caches);
                fetch(r, window)
            }
            Flow::Jump => fetch(r, window),
            // The same instruction once more: a handler that did not do its work.
            Flow::Deopt => Some(HANDLERS[usize::from(head)]),
            Flow::Specialize => {
                r.save();
                tailscope_vm::specialize::specialize(*r);
                again(r)
            }
            Flow::Again => again(r),
            Flow::Extended => {
                let opcode = ops::control::extend(r);
                watch(r, opcode, window)
            }
            flow => match frames::follow(r, flow) {
                Some(exit) => window.leave(r.vm(), exit),
                None => fetch(r, window),
            },
        }
    }
}

/// Fetches the next instruction.
///
/// # Safety
/// As for [`follow`].
pub(crate) unsafe fn fetch(r: &mut Regs, window: &mut Window) -> Option<Handler> {
    // SAFETY: promised by the caller.
    unsafe {
        if r.dying {
            r.dying = false;
            r.destroy_dying();
        }
        r.reload_table();
        if !frames::is_on(r.vm()) {
            r.save();
            return window.leave(r.vm(), Exit::Switch);
        }
        if window.is_full(r.vm()) {
            r.save();
            return window.turn(r.vm());
        }
        let word = *r.ip;
        r.ip = r.ip.add(1);
        r.oparg = u64::from(word >> 8);
        watch(r, word as u8, window)
    }
}

/// The handler of the instruction that was fetched, after the observer was called if there is one.
///
/// # Safety
/// As for [`follow`].
pub(crate) unsafe fn watch(r: &mut Regs, opcode: u8, window: &mut Window) -> Option<Handler> {
    // SAFETY: promised by the caller.
    unsafe {
        if !frames::is_watched(r.vm()) {
            return Some(HANDLERS[usize::from(opcode)]);
        }
        match observe::look(r) {
            // The observer has dealt with a breakpoint on the instruction.
            Flow::Next => again(r),
            flow => match frames::follow(r, flow) {
                Some(exit) => window.leave(r.vm(), exit),
                None => fetch(r, window),
            },
        }
    }
}

/// # Safety
/// As for [`follow`].
unsafe fn again(r: &Regs) -> Option<Handler> {
    // SAFETY: promised by the caller.
    Some(HANDLERS[usize::from(unsafe { breakpoint::opcode_behind(r) })])
}

/// The handler of numbers that are no opcode.
///
/// # Safety
/// As for the handlers of opcodes.
pub(crate) unsafe fn bad_opcode(
    ip: *const u16,
    sp: *mut Value,
    fp: *mut Value,
    cx: *const Vm,
    oparg: u64,
    window: *mut Window,
) {
    // SAFETY: promised by the caller.
    unsafe {
        let mut r = registers(ip, sp, fp, cx, oparg);
        let flow = ops::bad_opcode(r);
        if let Some(next) = follow(&mut r, flow, 0, 0, window) {
            next(r.ip, r.sp, r.fp, r.cx, r.oparg, window);
        }
    }
}
