//! Counters by code unit: executions, misses (deopts), jumps taken.

use crate::code::PyCode;
use crate::interp::regs::Regs;
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// Counters of one code object, an entry per code unit (at the instruction's
/// first unit) and one more.
pub struct Counters {
    pub executed: Box<[u64]>,
    /// Guards of a specialized instruction that failed.
    pub missed: Box<[u64]>,
    /// Jumps that were taken (loops: times they ended).
    pub taken: Box<[u64]>,
}

impl Counters {
    fn new(units: usize) -> Counters {
        let zeros = || vec![0; units].into_boxed_slice();
        Counters { executed: zeros(), missed: zeros(), taken: zeros() }
    }
}

/// Every code object that was counted, in the order of first execution.
#[derive(Default)]
pub struct Profile {
    codes: Vec<(Ref, *mut Counters)>,
}

impl Profile {
    /// Code objects and their counters.
    pub fn codes(&self) -> impl Iterator<Item = (Value, &Counters)> {
        // SAFETY: made by `make`, freed by `clear` only; counting does not run meanwhile.
        self.codes.iter().map(|(code, counters)| (code.value(), unsafe { &**counters }))
    }

    /// Forgets all counts.
    pub fn clear(&mut self) {
        for (code, counters) in self.codes.drain(..) {
            if let Some(code) = code.cast_exact::<PyCode>() {
                code.profile.set(std::ptr::null_mut());
            }
            // SAFETY: made by `make`; the code object has just forgotten it.
            drop(unsafe { Box::from_raw(counters) });
        }
    }
}

impl Drop for Profile {
    fn drop(&mut self) {
        self.clear();
    }
}

/// The running frame's counters, and the index of the running instruction.
#[inline(always)]
unsafe fn position<'a>(r: &Regs) -> Option<(&'a mut Counters, usize)> {
    // HALT of the outermost run has no frame.
    if r.fp.is_null() {
        return None;
    }
    // SAFETY: the running frame is live; its counters live as long as the profile.
    unsafe {
        let code = r.code();
        let mut counters = code.profile.get();
        if counters.is_null() {
            counters = make(r.vm(), code);
        }
        // Landing instructions lie outside of the code: they go to the entry behind its end.
        let end = (&*counters).executed.len() - 1;
        Some((&mut *counters, code.index_of(r.ip.sub(1)).min(end)))
    }
}

#[cold]
#[inline(never)]
fn make(vm: &Vm, code: &PyCode) -> *mut Counters {
    let counters = Box::into_raw(Box::new(Counters::new(code.len() + 1)));
    code.profile.set(counters);
    vm.interp.profile.borrow_mut().codes.push((code.as_value().to_ref(), counters));
    counters
}

/// # Safety
/// The registers of a counting handler.
#[inline(always)]
pub unsafe fn executed(r: &Regs) {
    // SAFETY: promised by the caller.
    if let Some((c, i)) = unsafe { position(r) } {
        c.executed[i] += 1;
    }
}

/// Undoes `executed`.
///
/// # Safety
/// As for `executed`.
#[inline(always)]
pub unsafe fn take_back(r: &Regs) {
    // SAFETY: promised by the caller.
    if let Some((c, i)) = unsafe { position(r) } {
        c.executed[i] -= 1;
    }
}

/// # Safety
/// As for `executed`.
#[inline(always)]
pub unsafe fn missed(r: &Regs) {
    // SAFETY: promised by the caller.
    if let Some((c, i)) = unsafe { position(r) } {
        c.missed[i] += 1;
    }
}

/// `r` is as the jump left it, so the instruction is told by `from`.
///
/// # Safety
/// As for `executed`.
#[inline(always)]
pub unsafe fn taken(from: &Regs) {
    // SAFETY: promised by the caller.
    if let Some((c, i)) = unsafe { position(from) } {
        c.taken[i] += 1;
    }
}
