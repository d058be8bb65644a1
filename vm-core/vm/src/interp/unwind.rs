//! Exceptions on their way: traceback entries, handlers, frames left.

use crate::frame::{Frame, exit_init_address, far_address, halt_address};
use crate::interp::leave::pop_frame;
use crate::memory::shortage;
use crate::monitor::raising;
use crate::types::exceptions::{self, PyException};
use crate::types::frame_object;
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// An exception was raised by the running instruction: sets its `__context__` if it is new, and
/// looks for a handler. True: go on with the spilled registers. False: it left the nested run
/// and is still in `State::raised`.
///
/// # Safety
/// The registers must be spilled, with every live slot below `sp`.
pub unsafe fn raise(vm: &Vm) -> bool {
    let Some(e) = vm.interp.raised.get_ref() else {
        vm.interp.raised.set(vm.system_error("error return without exception set").0);
        // SAFETY: as promised.
        return unsafe { raise(vm) };
    };
    if let Some(x) = e.cast::<PyException>()
        && x.traceback.is_null()
    {
        chain_context(vm, &e);
        crate::interp::observe::raised(vm, &e);
    }
    // SAFETY: promised by the caller.
    unsafe { unwind(vm, true) }
}

/// Raises a MemoryError in the running instruction, which was left in the midst of its work.
///
/// # Safety
/// The spilled registers must be those of the running frame before the instruction changed it.
#[cold]
pub unsafe fn raise_out_of_memory(vm: &Vm) -> bool {
    let s = &vm.interp;
    // SAFETY: the frame is live, and its handlers lie in it.
    unsafe {
        let frame = Frame(s.fp.get());
        let code = frame.code();
        let unit = code.index_of(s.ip.get()).wrapping_sub(1) as u32;
        let depth = code.handler_for(unit).map_or(0, |h| h.depth as usize);
        // The instruction may have given back some of its inputs: none is given back again.
        let kept = frame.stack_base().add(depth);
        if s.sp.get() > kept {
            s.sp.set(kept);
        }
    }
    s.raised.set(shortage::memory_error(vm).0);
    // SAFETY: promised by the caller.
    unsafe { raise(vm) }
}

/// As [`raise`], for an exception that was thrown into a generator: its context was set already.
///
/// # Safety
/// As for `raise`.
pub unsafe fn raise_thrown(vm: &Vm) -> bool {
    if let Some(e) = vm.interp.raised.get_ref() {
        chain_handled_here(vm, &e);
    }
    // SAFETY: promised by the caller.
    unsafe {
        if vm.interp.monitor.is_active() {
            let frame = Frame(vm.interp.fp.get());
            raising::throwing(vm, frame, frame.code().index_of(vm.interp.ip.get()) as u32);
        }
        unwind(vm, true)
    }
}

/// As [`raise`], for an exception that goes on: no context, no traceback entry of this frame.
///
/// # Safety
/// As for `raise`.
pub unsafe fn reraise(vm: &Vm) -> bool {
    // SAFETY: promised by the caller.
    unsafe { unwind(vm, false) }
}

/// Makes the exception that is being handled the `__context__` of a new one. A new exception
/// that is already somewhere in that chain is taken out of it there, so that no cycle arises.
pub fn chain_context(vm: &Vm, new: &Ref) {
    if let Some(handled) = vm.interp.handled_exception() {
        exceptions::set_context(new.value(), handled);
    }
}

/// The same for an exception thrown into a generator, which only looks at what the generator
/// itself is handling.
fn chain_handled_here(vm: &Vm, thrown: &Ref) {
    let at = vm.interp.handled.get();
    // SAFETY: contexts are unlinked before they go.
    let handled = unsafe { at.as_ref() }.map_or(Value::NULL, |h| h.value.get());
    if !handled.is_null() {
        exceptions::set_context(thrown.value(), handled);
    }
}

/// Walks outwards until a handler is found or the run is left.
unsafe fn unwind(vm: &Vm, with_traceback: bool) -> bool {
    let s = &vm.interp;
    s.destroy_dying();
    let mut with_traceback = with_traceback;
    // Without, the traceback ends here: there may be millions of frames.
    let mut has_memory = true;
    // SAFETY: promised by the callers; each frame left makes its caller the innermost one.
    unsafe {
        loop {
            let frame = Frame(s.fp.get());
            let code = frame.code();
            let unit = code.index_of(s.ip.get()).wrapping_sub(1) as u32;
            let complete = unit >= code.first_traceable || frame.generator().is_some();
            let watched = s.monitor.is_active();
            if watched {
                raising::native_call_raised(vm, frame, unit);
            }
            if with_traceback && complete && has_memory {
                has_memory = shortage::attempt(|| add_traceback(vm, frame, unit)).is_ok();
            }
            if watched {
                raising::raising(vm, frame, unit, !with_traceback);
            }
            if let Some(origin) = s.reraise_unit.get().filter(|_| !with_traceback) {
                // The frame stands where the exception came from.
                let at = code.entry().add(origin as usize + 1);
                s.transfer(s.ip.get(), at);
                s.ip.set(at);
            }
            with_traceback = true;
            if let Some(h) = code.handler_for(unit) {
                let bottom = frame.stack_base().add(h.depth as usize);
                pop_stack_to(vm, bottom);
                let mut sp = bottom;
                if h.lasti {
                    let lasti = s.reraise_unit.take().unwrap_or(unit);
                    *sp = Value::small_int(i64::from(lasti));
                    sp = sp.add(1);
                }
                s.reraise_unit.set(None);
                *sp = s.raised.take().map_or(Value::NULL, Ref::into_value);
                s.sp.set(sp.add(1));
                let failed = if watched { raising::handled(vm, frame, h.target, *sp) } else { None };
                let to = code.entry().add(h.target as usize);
                s.transfer(s.ip.get(), to);
                s.ip.set(to);
                let Some(e) = failed else { return true };
                // As if the handler's first instruction had raised.
                s.ip.set(to.add(1));
                s.raised.set(e.0);
                with_traceback = false;
                continue;
            }
            s.reraise_unit.set(None);
            if watched {
                raising::unwinding(vm, frame, unit);
            }
            if !leave(vm, frame) {
                return false;
            }
        }
    }
}

/// Takes the frame off the stack; false if that ends the run.
unsafe fn leave(vm: &Vm, frame: Frame) -> bool {
    let s = &vm.interp;
    // SAFETY: the frame is the innermost one.
    unsafe {
        let from = s.ip.get();
        let link = frame.link();
        let far = if link.return_address() == exit_init_address() { far_address(frame.0) } else { std::ptr::null() };
        let base = pop_frame(vm, frame, s.sp.get());
        let to = link.return_address();
        s.transfer(from, to);
        s.sp.set(base);
        if to == halt_address() {
            return false;
        }
        if to == exit_init_address() {
            // [instance, return address] lie below the header.
            s.transfer(to, far);
            s.ip.set(far);
            let instance = *base.sub(2);
            s.sp.set(base.sub(2));
            instance.release();
        }
        true
    }
}

/// Releases the value stack from the top down to `bottom`.
unsafe fn pop_stack_to(vm: &Vm, bottom: *mut Value) {
    let s = &vm.interp;
    // SAFETY: the caller's frame is the innermost one, its slots hold values.
    unsafe {
        while s.sp.get() > bottom {
            let top = s.sp.get().sub(1);
            let v = *top;
            s.sp.set(top);
            v.release();
        }
    }
}

/// Puts an entry for the frame in front of the exception's traceback.
unsafe fn add_traceback(vm: &Vm, frame: Frame, unit: u32) {
    let Some(e) = vm.interp.raised.get_ref() else { return };
    let Some(x) = e.cast::<PyException>() else { return };
    // SAFETY: the frame is live.
    let shown = unsafe { frame_object::of_frame(vm, frame) };
    let next = x.traceback.get_ref();
    x.traceback.set(frame_object::new_traceback(next, shown, unit));
}
