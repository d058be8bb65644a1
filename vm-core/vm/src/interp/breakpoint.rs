//! Breakpoints: the opcode of an instruction is replaced in the code units, the original kept
//! beside. No other instruction pays for it.

use std::cell::RefCell;

use crate::code::PyCode;
use crate::interp::observe::{self, Go};
use crate::interp::regs::{Flow, Regs};
use crate::ops::internal::number::BREAKPOINT;
use crate::vm::Vm;

/// Replaced opcodes of a code object: code unit and original, ascending.
#[derive(Default)]
pub struct Patches(RefCell<Vec<(u32, u8)>>);

impl Patches {
    fn original(&self, unit: u32) -> Option<u8> {
        let all = self.0.borrow();
        all.binary_search_by_key(&unit, |p| p.0).ok().map(|i| all[i].1)
    }

    fn set_original(&self, unit: u32, opcode: u8) {
        let mut all = self.0.borrow_mut();
        match all.binary_search_by_key(&unit, |p| p.0) {
            Ok(i) => all[i].1 = opcode,
            Err(i) => all.insert(i, (unit, opcode)),
        }
    }

    fn remove(&self, unit: u32) -> Option<u8> {
        let mut all = self.0.borrow_mut();
        all.binary_search_by_key(&unit, |p| p.0).ok().map(|i| all.remove(i).1)
    }
}

/// Puts a breakpoint on the instruction that starts at a code unit. False if none starts there.
pub fn set(code: &PyCode, unit: u32) -> bool {
    if code.instruction_start(unit as usize) != unit as usize || unit as usize >= code.len() {
        return false;
    }
    let opcode = code.unit(unit as usize) as u8;
    if opcode != BREAKPOINT {
        code.breakpoints.set_original(unit, opcode);
        // SAFETY: in range; nobody holds a reference to a code unit.
        unsafe { write_opcode(code.entry().add(unit as usize), BREAKPOINT) };
    }
    true
}

/// Takes the breakpoint of a code unit away. False if there was none.
pub fn clear(code: &PyCode, unit: u32) -> bool {
    match code.breakpoints.remove(unit) {
        Some(opcode) => {
            // SAFETY: the unit was in range when the breakpoint was set.
            unsafe { write_opcode(code.entry().add(unit as usize), opcode) };
            true
        }
        None => false,
    }
}

/// # Safety
/// `at` must point at a code unit of a code object.
unsafe fn write_opcode(at: *mut u16, opcode: u8) {
    // SAFETY: promised by the caller.
    unsafe { *at = *at & 0xFF00 | u16::from(opcode) }
}

/// Changes the opcode of an instruction: specialization. A breakpoint on it stays.
///
/// # Safety
/// `at` must point at a code unit of `code`.
pub unsafe fn replace_opcode(code: &PyCode, at: *mut u16, opcode: u8) {
    // SAFETY: promised by the caller.
    unsafe {
        if *at as u8 == BREAKPOINT {
            code.breakpoints.set_original(code.index_of(at) as u32, opcode);
        } else {
            write_opcode(at, opcode);
        }
    }
}

/// The opcode of the instruction whose code unit is at `at`, whatever breakpoint lies on it.
///
/// # Safety
/// `at` must point at a code unit of `code`.
pub unsafe fn opcode_at(code: &PyCode, at: *const u16) -> u8 {
    // SAFETY: promised by the caller.
    let opcode = unsafe { *at } as u8;
    if opcode == BREAKPOINT {
        return code.breakpoints.original(code.index_of(at) as u32).unwrap_or(opcode);
    }
    opcode
}

/// The opcode of the running instruction.
///
/// # Safety
/// The registers of a running instruction.
#[inline]
pub unsafe fn opcode_behind(r: &Regs) -> u8 {
    // SAFETY: promised by the caller.
    unsafe {
        let at = r.ip.sub(1);
        if *at as u8 == BREAKPOINT { opcode_at(r.code(), at) } else { *at as u8 }
    }
}

/// BREAKPOINT was reached, with the registers spilled: calls the observer. Then the original
/// instruction runs.
#[inline(never)]
pub fn hit(vm: &Vm, oparg: u64) -> Flow {
    match observe::at_breakpoint(vm, oparg) {
        Go::On => {}
        Go::Moved => return Flow::Reload,
        Go::Raise => return Flow::Raise,
    }
    // `Again` finds the original, even if the observer has removed the breakpoint.
    Flow::Again
}
