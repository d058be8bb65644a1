//! Breakpoints: the opcode of an instruction is replaced in the code units, the original kept
//! beside. No other instruction pays for it.

use std::cell::{Cell, RefCell};
use std::cmp::Ordering;
use std::rc::Rc;

use crate::code::PyCode;
use crate::debug::live::{Quick, Simple};
use crate::interp::observe::{self, Go};
use crate::interp::regs::{Flow, Regs};
use crate::ops::internal::number::BREAKPOINT;
use crate::value::Value;
use crate::vm::Vm;

/// What is decided about an instruction's hits without the debugger.
#[derive(Clone, Default)]
pub(crate) enum Decides {
    /// The debugger has not been asked yet.
    #[default]
    Unknown,
    /// Nothing: all go to the debugger.
    Nothing,
    Some(Rc<Quick>),
}

struct Patch {
    unit: u32,
    original: u8,
    quick: Decides,
}

/// Replaced opcodes of a code object, by ascending code unit.
#[derive(Default)]
pub struct Patches(RefCell<Vec<Patch>>);

impl Patches {
    fn place(all: &[Patch], unit: u32) -> Result<usize, usize> {
        // Often there is but one.
        match all.first() {
            Some(first) if first.unit == unit => Ok(0),
            _ => all.binary_search_by_key(&unit, |p| p.unit),
        }
    }

    fn original(&self, unit: u32) -> Option<u8> {
        let all = self.0.borrow();
        Self::place(&all, unit).ok().map(|i| all[i].original)
    }

    fn set_original(&self, unit: u32, original: u8) {
        let mut all = self.0.borrow_mut();
        match Self::place(&all, unit) {
            Ok(i) => all[i].original = original,
            Err(i) => all.insert(i, Patch { unit, original, quick: Decides::Unknown }),
        }
    }

    fn remove(&self, unit: u32) -> Option<u8> {
        let mut all = self.0.borrow_mut();
        let gone = Self::place(&all, unit).ok().map(|i| all.remove(i));
        drop(all);
        gone.map(|patch| patch.original)
    }

    /// What is decided about an instruction without the debugger; None without a breakpoint.
    pub(crate) fn quick(&self, unit: u32) -> Option<Decides> {
        let all = self.0.borrow();
        Self::place(&all, unit).ok().map(|i| all[i].quick.clone())
    }

    /// Sets that.
    pub(crate) fn set_quick(&self, unit: u32, quick: Decides) {
        let mut all = self.0.borrow_mut();
        let before = Self::place(&all, unit).ok().map(|i| std::mem::replace(&mut all[i].quick, quick));
        // Its end may run anything.
        drop(all);
        drop(before);
    }
}

/// A store that passed, and by which values it does so again: that of a call into a local of its own
/// that is watched. Loops meet it each time round, and this is all that they look at.
///
/// Nothing may stay in it when the debugger begins or ends its work, when a watched call ends, or when
/// an instruction with a breakpoint is specialized.
#[derive(Default)]
pub(crate) struct Passed(Cell<Option<Store>>);

#[derive(Clone, Copy)]
struct Store {
    /// Past its code unit.
    ip: *const u16,
    fp: *mut Value,
    /// How deep below the top of the value stack the value is.
    depth: usize,
    with: i64,
    /// A bit for each ordering of a small int and `with` that passes; see [`bit`].
    orderings: u8,
    original: u8,
}

/// The bit of an ordering.
fn bit(o: Ordering) -> u8 {
    1 << (o as i8 + 1)
}

impl Passed {
    pub fn forget(&self) {
        self.0.set(None);
    }

    fn note(&self, ip: *const u16, fp: *mut Value, original: u8, (depth, condition): (usize, Simple)) {
        let passes = |o: &Ordering| !condition.op.test(*o);
        let orderings = [Ordering::Less, Ordering::Equal, Ordering::Greater].into_iter().filter(passes).map(bit).sum();
        self.0.set(Some(Store { ip, fp, depth, with: condition.with, orderings, original }));
    }
}

/// Whether the BREAKPOINT that was reached is on a store that passed, and that does so again.
///
/// # Safety
/// The registers of the running instruction.
#[inline(always)]
pub unsafe fn passes_again(r: &Regs) -> bool {
    let Some(store) = r.vm().interp.quickly.passed.0.get() else { return false };
    if store.ip != r.ip || store.fp != r.fp {
        return false;
    }
    // SAFETY: the store takes the value from there.
    let value = unsafe { (*r.sp.sub(store.depth)).borrow() };
    value.as_small_int().is_some_and(|v| store.orderings & bit(v.cmp(&store.with)) != 0)
}

/// Puts a breakpoint on the instruction that starts at a code unit. False if none starts there.
pub fn set(code: &PyCode, unit: u32) -> bool {
    if code.instruction_start(unit as usize) != unit as usize || unit as usize >= code.len() {
        return false;
    }
    let opcode = code.unit(unit as usize) as u8;
    if opcode == BREAKPOINT {
        code.breakpoints.set_quick(unit, Decides::Unknown);
    } else {
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
        if *at as u8 != BREAKPOINT {
            return *at as u8;
        }
        match r.vm().interp.quickly.passed.0.get() {
            Some(store) if store.ip == r.ip => store.original,
            _ => opcode_at(r.code(), at),
        }
    }
}

/// Whether nothing is to be done about the BREAKPOINT that was reached, with the registers spilled.
#[inline(never)]
pub fn passes(vm: &Vm) -> bool {
    let s = &vm.interp;
    if !s.quickly.is_on() {
        return false;
    }
    let at = s.ip.get().wrapping_sub(1);
    let settled = s.quickly.settled.get();
    if settled != u64::MAX && settled == s.clock().wrapping_sub(1) {
        return false;
    }
    let Some(frame) = s.current_frame() else { return false };
    // SAFETY: the running frame is live.
    let code = unsafe { frame.code() };
    let patches = code.breakpoints.0.borrow();
    let Ok(place) = Patches::place(&patches, code.index_of(at) as u32) else { return false };
    let Patch { quick: Decides::Some(quick), original, .. } = &patches[place] else { return false };
    // What decides runs no code that could change the breakpoints.
    // SAFETY: it stands at this instruction, with its stack spilled.
    unsafe {
        let passes = quick.passes(vm, frame, s.sp.get());
        if passes && let Some(look) = quick.look_at(frame) {
            s.quickly.passed.note(s.ip.get(), frame.0, *original, look);
        }
        passes
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
