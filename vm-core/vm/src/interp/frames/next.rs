//! What comes behind an instruction. This is no part of the handlers' crate, to be optimized.

use super::window::Next;
use super::{Exit, Window, is_on, is_watched};
use crate::interp::match_loop;
use crate::interp::{Flow, Regs, breakpoint, observe};
use crate::ops;
use crate::ops::internal::number::BREAKPOINT;
use crate::value::Value;
use crate::vm::Vm;

/// The registers that a handler starts with.
pub fn registers(ip: *const u16, sp: *mut Value, fp: *mut Value, cx: *const Vm, oparg: u64) -> Regs {
    let table = std::ptr::null();
    let mut r = Regs { ip, sp, fp, cx, table, oparg, cursor: 0, dying: false, fuse: false };
    r.reload_table();
    r
}

/// Does what an instruction's flow asks for, `caches` being the code units of its inline caches, `head`
/// its family's adaptive instruction, up to the handler that is to be called next. `None`:
/// the handlers return, and the window knows why.
///
/// # Safety
/// The registers must be those that the body of the instruction has left, `window` that of this run.
pub unsafe fn follow(
    r: &mut Regs,
    flow: Flow,
    caches: usize,
    opcode: u8,
    head: u8,
    window: *mut Window,
) -> Option<Next> {
    // SAFETY: promised by the caller.
    unsafe {
        let window = &mut *window;
        if matches!(flow, Flow::Deopt | Flow::Specialize | Flow::Again) {
            window.passed_on();
        } else if opcode != BREAKPOINT {
            window.executed();
        }
        match flow {
            Flow::Next | Flow::Called => {
                r.ip = r.ip.add(caches);
                fetch(r, window)
            }
            Flow::Jump => fetch(r, window),
            // The same instruction once more: a handler that did not do its work.
            Flow::Deopt => Some(window.next(head)),
            Flow::Specialize => {
                r.save();
                crate::specialize::specialize(*r);
                again(r, window)
            }
            Flow::Again => again(r, window),
            Flow::Extended => {
                let opcode = ops::control::extend(r);
                watch(r, opcode, window)
            }
            flow => match match_loop::follow(r, flow) {
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
pub unsafe fn fetch(r: &mut Regs, window: &mut Window) -> Option<Next> {
    // SAFETY: promised by the caller.
    unsafe {
        if r.dying {
            r.dying = false;
            r.destroy_dying();
        }
        r.reload_table();
        if !is_on(r.vm()) {
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
pub unsafe fn watch(r: &mut Regs, opcode: u8, window: &mut Window) -> Option<Next> {
    // SAFETY: promised by the caller.
    unsafe {
        if !is_watched(r.vm()) {
            return Some(window.next(opcode));
        }
        match observe::look(r) {
            // The observer has dealt with a breakpoint on the instruction.
            Flow::Next => again(r, window),
            flow => match match_loop::follow(r, flow) {
                Some(exit) => window.leave(r.vm(), exit),
                None => fetch(r, window),
            },
        }
    }
}

/// # Safety
/// As for [`follow`].
unsafe fn again(r: &Regs, window: &Window) -> Option<Next> {
    // SAFETY: promised by the caller.
    Some(window.next(unsafe { breakpoint::opcode_behind(r) }))
}
