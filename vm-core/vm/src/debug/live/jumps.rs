//! The stopped frame goes on somewhere else: at another line, or at its beginning.

use tailscope_bytecode::code::{flags, kinds};

use super::codes::{KnownCode, location};
use super::stacks::FrameAt;
use super::target::{Target, raised};
use crate::code::PyCode;
use crate::debug::address::InstructionAddress;
use crate::debug::seam::DebugError;
use crate::debug::types::{GotoTarget, SourceRange};
use crate::monitor::jump;
use crate::types::cell::PyCell;
use crate::types::frame_object::{self, PyFrame};
use crate::vm::Vm;

const NOT_HERE: &str =
    "the program cannot go on elsewhere from here: an exception is on its way, or native code is waiting";

/// Where a frame could go on at a line, or why nowhere.
pub(super) fn targets(vm: &Vm, known: &KnownCode, from: u32, line: u32) -> Result<Vec<GotoTarget>, DebugError> {
    let code = known.code();
    let line = i32::try_from(line).unwrap_or(i32::MAX);
    let units = jump::line_units(vm, code, line).map_err(|e| raised(vm, e))?;
    let target = |unit: &u32| GotoTarget {
        address: InstructionAddress { code: known.id, offset: *unit * 2 },
        location: location(code, *unit as usize).unwrap_or(SourceRange::line(line.unsigned_abs())),
    };
    let possible = |unit: &&u32| jump::plan(vm, code, from, &[**unit]).is_ok();
    let found: Vec<GotoTarget> = units.iter().filter(possible).map(target).collect();
    match found.is_empty() {
        true => Err(jump::plan(vm, code, from, &units).err().map_or_else(
            || DebugError::Refused("the frame cannot go on at this line".to_owned()),
            |e| raised(vm, e),
        )),
        false => Ok(found),
    }
}

/// Moves the innermost frame to a code unit. `State::ip` lies behind its first unit then, as at
/// any stop.
pub(super) fn carry_out(vm: &Vm, at: FrameAt, unit: u32) -> Result<(), DebugError> {
    // SAFETY: the frame is live.
    let (code, object) = unsafe { (at.frame.code(), frame_object::of_frame(vm, at.frame)) };
    let planned = jump::plan(vm, code, at.unit, &[unit]).map_err(|e| raised(vm, e))?;
    if let Some(f) = object.cast::<PyFrame>() {
        jump::bind(vm, f, &jump::unbound(f));
    }
    let s = &vm.interp;
    // The instruction that it stood before has not run.
    s.ip.set(s.ip.get().wrapping_sub(1));
    // SAFETY: the stopped thread's registers are spilled; the jump was planned from where they are.
    unsafe { planned.carry_out(vm, at.frame) };
    s.ip.set(s.ip.get().wrapping_add(1));
    Ok(())
}

/// The code unit that a frame begins at, once it has been set up.
pub(super) fn beginning(code: &PyCode) -> u32 {
    code.first_traceable + 1
}

/// Takes all variables but the arguments from a frame that begins anew.
pub(super) fn clear_variables(f: &PyFrame) {
    let code = f.code();
    let stars = u32::from(code.has(flags::VARARGS)) + u32::from(code.has(flags::VARKEYWORDS));
    let arguments = (code.argcount + code.kwonlyargcount + stars) as usize;
    for slot in arguments..code.nlocalsplus as usize {
        let kind = code.kind(slot);
        if kind & kinds::FREE != 0 {
            continue;
        }
        if kind & kinds::CELL == 0 {
            f.set_slot(slot, None);
        } else if let Some(cell) = f.slot(slot).non_null().and_then(|v| v.cast_exact::<PyCell>()) {
            drop(cell.content.take());
        }
    }
}

impl Target {
    /// Why the stopped frame cannot go on elsewhere, if so.
    pub(super) fn movable(&self) -> Result<FrameAt, DebugError> {
        let at = self.innermost().filter(|_| self.can_move);
        at.ok_or_else(|| DebugError::Refused(NOT_HERE.to_owned()))
    }
}
