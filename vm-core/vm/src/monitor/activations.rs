//! Where each running frame was before: what a LINE event compares with, and the native calls
//! whose end is to be told.

use super::Place;
use crate::value::{Ref, Value};

/// A call of something that is no function written in Python.
pub(super) struct NativeCall {
    pub unit: u32,
    pub callable: Ref,
    /// Its first argument, or MISSING.
    pub argument: Ref,
}

/// A frame that runs, or has called what runs.
struct Activation {
    fp: *mut Value,
    /// The instruction that ran last in it.
    unit: u32,
    call: Option<NativeCall>,
}

/// Frames by their place on the stack, the innermost last. A frame is added when its first
/// instruction is seen, and taken off when it is left, or when a frame further out runs.
#[derive(Default)]
pub(super) struct Activations {
    stack: Vec<Activation>,
    /// Calls whose end will not be told. Dropping one may run Python code, which must not happen
    /// in here: `Monitor::with_activations` sees to it.
    pub gone: Vec<NativeCall>,
}

impl Activations {
    fn pop(&mut self) {
        let call = self.stack.pop().and_then(|a| a.call);
        self.gone.extend(call);
    }

    fn find(&mut self, fp: *mut Value) -> Option<&mut Activation> {
        while self.stack.last().is_some_and(|a| a.fp > fp) {
            self.pop();
        }
        self.stack.last_mut().filter(|a| a.fp == fp)
    }

    /// The frame is about to run an instruction: the one that ran in it before.
    pub fn arrive(&mut self, at: &Place) -> u32 {
        let (fp, unit) = (at.frame.0, at.unit);
        if unit == 0 {
            // Whatever ran at this place before: this is another call.
            self.leave(fp);
        }
        if let Some(a) = self.find(fp) {
            return std::mem::replace(&mut a.unit, unit);
        }
        self.stack.push(Activation { fp, unit, call: None });
        // Observation begins in the middle of the frame, behind a call.
        match unit {
            0 => 0,
            unit => at.code.instruction_start(unit as usize - 1) as u32,
        }
    }

    /// A native call begins.
    pub fn begin_call(&mut self, fp: *mut Value, call: NativeCall) {
        if let Some(a) = self.find(fp) {
            let before = a.call.replace(call);
            self.gone.extend(before);
        }
    }

    /// The native call of a frame that has ended, now that the frame goes on.
    pub fn end_call(&mut self, fp: *mut Value) -> Option<NativeCall> {
        self.find(fp)?.call.take()
    }

    /// A jump has put a frame at an instruction.
    pub fn jumped(&mut self, fp: *mut Value, unit: u32) {
        if let Some(a) = self.find(fp) {
            a.unit = unit;
        }
    }

    /// The frame is left.
    pub fn leave(&mut self, fp: *mut Value) {
        if self.find(fp).is_some() {
            self.pop();
        }
    }
}
