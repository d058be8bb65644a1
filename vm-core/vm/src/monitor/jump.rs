//! A frame goes on at another instruction: `frame.f_lineno = n` in a trace function, and what a
//! debugger asks for.
//!
//! Handlers trust that the value stack and the variables are what the compiler expects at an
//! instruction. The verifier knows what that is; a jump is made only where what the frame has
//! will do.

use tailscope_bytecode::verify::{self, Places, SlotKind};

use super::event::Event;
use crate::code::PyCode;
use crate::error::{PyResult, Raised};
use crate::frame::Frame;
use crate::runtime;
use crate::shape;
use crate::types::frame_object::PyFrame;
use crate::types::int;
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// A jump that is made when the callback has returned.
pub(crate) struct Jump {
    /// Code unit to go on at.
    pub unit: u32,
    /// Values that stay on the stack.
    depth: usize,
    /// What was on the stack before.
    stack: Vec<SlotKind>,
}

/// Sets the line of the frame that a callback is being told of.
///
/// # Errors
/// ValueError where that is not possible.
pub fn set_line(vm: &Vm, f: &PyFrame, line: Value) -> PyResult<()> {
    if line.is_null() {
        return Err(vm.error(shape::ATTRIBUTE_ERROR, "attribute 'f_lineno' of 'frame' objects cannot be deleted"));
    }
    if !line.has_shape(shape::INT) && !line.is_small_int() {
        return Err(vm.value_error("lineno must be an integer"));
    }
    check_event(vm, f)?;
    let Some(line) = int::to_i64(line).and_then(|l| i32::try_from(l).ok()) else {
        return Err(vm.value_error("lineno out of range"));
    };
    let planned = plan(vm, f.code(), f.unit(vm), &line_units(vm, f.code(), line)?)?;
    let unbound = unbound(f);
    if !unbound.is_empty() {
        let s = if unbound.len() == 1 { "" } else { "s" };
        let text = format!("assigning None to {} unbound local{s}", unbound.len());
        runtime::warn(vm, shape::RUNTIME_WARNING, &text, 0)?;
        bind(vm, f, &unbound);
    }
    let mut jump = vm.interp.monitor.jump.borrow_mut();
    let stack = jump.take().map_or(planned.stack, |earlier| earlier.stack);
    *jump = Some(Jump { stack, ..planned });
    Ok(())
}

/// The code units where execution enters a line, or else the next line that has code.
///
/// # Errors
/// ValueError for a line outside of the code.
pub(crate) fn line_units(vm: &Vm, code: &PyCode, line: i32) -> PyResult<Vec<u32>> {
    if line < code.code.firstlineno {
        return Err(vm.value_error(format!("line {line} comes before the current code block")));
    }
    let starts = line_starts(code);
    let Some(first) = starts.iter().map(|(_, l)| *l).filter(|l| *l >= line).min() else {
        return Err(vm.value_error(format!("line {line} comes after the current code block")));
    };
    Ok(starts.iter().filter(|(_, l)| *l == first).map(|(unit, _)| *unit).collect())
}

/// How a frame at `from` can go on at one of some code units.
///
/// # Errors
/// ValueError if it cannot: it says why.
pub(crate) fn plan(vm: &Vm, code: &PyCode, from: u32, candidates: &[u32]) -> PyResult<Jump> {
    let Ok(places) = verify::places(&code.code) else {
        return Err(vm.value_error("stack to deep to analyze"));
    };
    let (unit, depth) = best_target(vm, &places, from, candidates.iter().copied())?;
    Ok(Jump { unit, depth, stack: places.stack(from).unwrap_or_default() })
}

/// Whether the event at hand lets its frame jump.
fn check_event(vm: &Vm, f: &PyFrame) -> PyResult<()> {
    let Some((event, fp)) = vm.interp.monitor.told.get() else {
        return Err(vm.value_error("f_lineno can only be set in a trace function"));
    };
    let refused = match event {
        Event::PyResume
        | Event::Jump
        | Event::Branch
        | Event::BranchLeft
        | Event::BranchRight
        | Event::Line
        | Event::PyYield => {
            // A frame further out goes on where what it called returns to.
            let own = f.live_frame().is_some_and(|frame| frame.0 == fp);
            if own {
                return Ok(());
            }
            "can't jump during a call"
        }
        Event::PyStart => "can't jump from the 'call' trace event of a new frame",
        Event::Call | Event::CReturn => "can't jump during a call",
        Event::StopIteration | Event::Reraise => return Err(vm.system_error("unexpected event type")),
        _ => "can only jump from a 'line' trace event",
    };
    Err(vm.value_error(refused))
}

/// Code units at which the line changes, and the lines.
fn line_starts(code: &PyCode) -> Vec<(u32, i32)> {
    let mut last = None;
    let mut starts = Vec::new();
    for (unit, p) in code.positions().iter().enumerate() {
        if p.line.is_some() && p.line != last {
            starts.extend(p.line.map(|line| (unit as u32, line)));
            last = p.line;
        }
    }
    starts
}

/// The candidate that leaves most on the stack, and how much that is.
fn best_target(
    vm: &Vm,
    places: &Places,
    from: u32,
    candidates: impl Iterator<Item = u32>,
) -> PyResult<(u32, usize)> {
    let refuse = |reason: &str| -> Raised { vm.value_error(reason) };
    let Some(start) = places.stack(from) else {
        return Err(refuse("can't jump from unreachable code"));
    };
    let mut best: Option<(u32, usize)> = None;
    let mut reason = "cannot find bytecode for specified line";
    let mut explained = false;
    for unit in candidates {
        let target = places.stack(unit);
        match target {
            Some(target) if is_compatible(&start, &target) && places.fits(from, unit) => {
                best = match best {
                    Some((_, depth)) if target.len() <= depth => best,
                    _ => Some((unit, target.len())),
                };
            }
            target if !explained => {
                reason = explain(target.as_deref());
                explained = true;
            }
            _ => {}
        }
    }
    best.ok_or_else(|| refuse(reason))
}

/// Whether the lower part of one stack can stand for another.
fn is_compatible(from: &[SlotKind], to: &[SlotKind]) -> bool {
    from.len() >= to.len()
        && from.iter().zip(to).all(|(from, to)| match to {
            SlotKind::Object => *from != SlotKind::Null,
            SlotKind::Null => true,
            to => from == to,
        })
}

/// Why a stack cannot be had.
fn explain(to: Option<&[SlotKind]>) -> &'static str {
    let Some(to) = to else {
        return "can't jump into an exception handler, or code may be unreachable";
    };
    match to.last() {
        Some(SlotKind::Exception) => "can't jump into an 'except' block as there's no exception",
        Some(SlotKind::Lasti) => "can't jump into a re-raising block as there's no location",
        Some(SlotKind::Iterator) => "can't jump into the body of a for loop",
        _ => "incompatible stacks",
    }
}

/// The variables without a value, which the compiler may have found to be bound at a new place.
pub(crate) fn unbound(f: &PyFrame) -> Vec<usize> {
    (0..f.code().nlocalsplus as usize).filter(|i| f.slot(*i).is_null()).collect()
}

/// Binds None to variables.
pub(crate) fn bind(vm: &Vm, f: &PyFrame, variables: &[usize]) {
    for i in variables {
        f.set_slot(*i, Some(vm.none_ref()));
    }
}

impl Jump {
    /// Takes off the stack what is not there at the new place, and moves the frame.
    ///
    /// # Safety
    /// The registers must be spilled, and the frame the innermost one, for which the jump was
    /// planned.
    pub(crate) unsafe fn carry_out(self, vm: &Vm, frame: Frame) {
        let s = &vm.interp;
        // SAFETY: promised by the caller; the stack is as deep as the verifier says.
        unsafe {
            let bottom = frame.stack_base();
            let mut depth = s.sp.get().offset_from(bottom) as usize;
            while depth > self.depth {
                depth -= 1;
                let v = *bottom.add(depth);
                s.sp.set(bottom.add(depth));
                if self.stack.get(depth) == Some(&SlotKind::Exception) {
                    set_handled(vm, v);
                } else {
                    v.release();
                }
            }
            // What is borrowed from a variable might outlive its value now.
            for i in 0..depth {
                let slot = bottom.add(i);
                *slot = (*slot).into_owned();
            }
            let to = frame.code().entry().add(self.unit as usize).cast_const();
            s.transfer(s.ip.get(), to);
            s.ip.set(to);
        }
        s.monitor.with_activations(|a| a.jumped(frame.0, self.unit));
    }
}

/// An `except` block is left: what it had put away is being handled again.
///
/// # Safety
/// `v` must come from a slot that owned it.
unsafe fn set_handled(vm: &Vm, v: Value) {
    // SAFETY: contexts are unlinked before they go; the value is taken over.
    let old = unsafe {
        let handled = &*vm.interp.handled.get();
        if v == vm.none() { handled.value.take() } else { handled.value.replace(Some(Ref::from_owned(v.into_owned()))) }
    };
    drop(old);
}
