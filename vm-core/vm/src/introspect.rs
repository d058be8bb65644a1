//! What native code asks about the frames that are running: `globals()`, `locals()`, `super()`.

use crate::code::PyCode;
use crate::error::PyResult;
use crate::frame::Frame;
use crate::protocol::attr;
use crate::types::cell::PyCell;
use crate::types::dict::PyDict;
use crate::types::frame_object::{self, PyFrame};
use crate::value::Ref;
use crate::vm::Vm;
use tailscope_bytecode::code::{flags, kinds};

/// The innermost frame of Python code.
pub fn frame(vm: &Vm) -> Option<Frame> {
    vm.interp.current_frame()
}

/// The globals of the innermost frame.
pub fn current_globals(vm: &Vm) -> Option<Ref> {
    // SAFETY: the current frame is live.
    frame(vm).map(|f| unsafe { f.function() }.globals.get().to_ref())
}

/// `globals()`.
pub fn globals(vm: &Vm) -> PyResult {
    match current_globals(vm) {
        Some(g) => Ok(g),
        None => Ok(attr::instance_dict_value(vm, vm.runtime.builtins.get()).unwrap_or(vm.none()).to_ref()),
    }
}

/// `locals()`: the namespace itself at module and class level, a snapshot in functions.
pub fn locals(vm: &Vm) -> PyResult {
    let Some(f) = frame(vm) else { return globals(vm) };
    // SAFETY: the current frame is live.
    unsafe {
        if f.code().flags & flags::OPTIMIZED == 0 && !f.in_comprehension() {
            return match f.mapping() {
                Some(m) => Ok(m.to_ref()),
                None => globals(vm),
            };
        }
        let object = frame_object::of_frame(vm, f);
        match object.cast::<PyFrame>() {
            Some(o) => frame_object::locals_snapshot(vm, o),
            None => Ok(PyDict::new(vm)),
        }
    }
}

/// `__class__` and the first argument of the function that calls `super()`.
pub fn super_arguments(vm: &Vm) -> PyResult<(Ref, Ref)> {
    let Some(f) = frame(vm) else { return Err(vm.runtime_error("super(): no current frame")) };
    // SAFETY: the current frame is live; its locals lie at the frame pointer.
    unsafe {
        let code: &PyCode = f.code();
        if code.argcount == 0 {
            return Err(vm.runtime_error("super(): no arguments"));
        }
        let mut first = *f.0;
        if code.kind(0) & kinds::CELL != 0
            && let Some(c) = first.cast::<PyCell>()
        {
            first = c.content.get();
        }
        if first.is_null() {
            return Err(vm.runtime_error("super(): arg[0] deleted"));
        }
        let n = code.nlocalsplus as usize;
        for i in n - code.nfreevars as usize..n {
            if !code.localsplus_names[i].is(vm.names().__class__) {
                continue;
            }
            let cell = *f.0.add(i);
            return match cell.cast::<PyCell>().map(|c| c.content.get()) {
                Some(c) if !c.is_null() => Ok((c.to_ref(), first.to_ref())),
                Some(_) => Err(vm.runtime_error("super(): empty __class__ cell")),
                None => Err(vm.runtime_error("super(): bad __class__ cell")),
            };
        }
    }
    Err(vm.runtime_error("super(): __class__ cell not found"))
}
