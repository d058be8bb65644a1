//! Leaving frames when more is due than releasing the locals: generators that end, frames that
//! a frame object still shows.

use crate::frame::{Frame, Link};
use crate::interp::call::release_slots;
use crate::types::frame_object;
use crate::types::generator::{GeneratorState, PyGenerator};
use crate::value::Value;
use crate::vm::Vm;

/// Forgets the slots from the `left`-th on, but not the result on top of them: what RETURN_VALUE has
/// given back already, before destructors can look at the frame.
///
/// # Safety
/// The registers must be spilled.
pub unsafe fn forget_given_back(vm: &Vm, left: usize) {
    let s = &vm.interp;
    // SAFETY: promised by the caller.
    unsafe {
        let mut p = s.fp.get().add(left);
        while p < s.sp.get().sub(1) {
            *p = Value::NULL;
            p = p.add(1);
        }
    }
}

/// Finishes RETURN_VALUE: the result is on top of the stack. The slots below it hold references
/// that are still to be given back, or NULL.
///
/// # Safety
/// The registers must be spilled.
#[inline(never)]
pub unsafe fn return_from(vm: &Vm) {
    let s = &vm.interp;
    // SAFETY: promised by the caller.
    unsafe {
        let frame = Frame(s.fp.get());
        let sp = s.sp.get();
        let result = (*sp.sub(1)).into_owned();
        *sp.sub(1) = Value::NULL;
        let from = s.ip.get();
        let link = frame.link();
        let base = if link.is_slow() {
            let to = match frame.generator() {
                Some(g) => g.done_address.get(),
                None => link.return_address(),
            };
            let base = pop_frame(vm, frame, sp);
            s.ip.set(to);
            base
        } else {
            pop_plain(vm, frame, link, sp)
        };
        s.transfer(from, s.ip.get());
        *base = result;
        s.sp.set(base.add(1));
    }
}

/// `pop_frame` for a frame that nobody looks at.
unsafe fn pop_plain(vm: &Vm, frame: Frame, link: Link, sp: *mut Value) -> *mut Value {
    let s = &vm.interp;
    // SAFETY: promised by the caller.
    unsafe {
        let fp = frame.0;
        // Unlinked before anything is released: finalizers see the caller as the running frame.
        s.fp.set(fp.sub(link.distance()));
        s.ip.set(link.return_address());
        s.depth_left.set(s.depth_left.get() + 1);
        let mut p = sp;
        while p > fp {
            p = p.sub(1);
            (*p).release();
        }
        (*fp.sub(2)).release();
        fp.sub(2)
    }
}

/// Takes the innermost frame off the stack and releases what it held, the value stack up to `sp`
/// included. Afterwards the spilled `fp` is the caller's, and `ip` its link's return address;
/// `sp` is left above the slots until the caller of this function sets it. Returns where the
/// frame's header was.
///
/// # Safety
/// `frame` must be the innermost frame.
pub unsafe fn pop_frame(vm: &Vm, frame: Frame, sp: *mut Value) -> *mut Value {
    let s = &vm.interp;
    // SAFETY: promised by the caller.
    unsafe {
        let link: Link = frame.link();
        let fp = frame.0;
        // Unlinked before anything is released: finalizers see the caller as the running frame.
        s.sp.set(sp);
        let generator = frame.generator();
        let shown = if link.is_slow() { frame_object::detach(vm, frame, generator) } else { None };
        s.fp.set(if link.distance() == 0 { std::ptr::null_mut() } else { fp.sub(link.distance()) });
        s.ip.set(link.return_address());
        s.depth_left.set(s.depth_left.get() + 1);
        if let Some(g) = generator {
            finish_generator(vm, g);
        }
        release_slots(vm, fp, sp);
        let function = *fp.sub(2);
        *fp.sub(2) = Value::NULL;
        *fp.sub(1) = Value::NULL;
        function.release();
        drop(shown);
        if let Some(g) = generator {
            g.handled.value.clear();
            g.function.clear();
        }
        fp.sub(2)
    }
}

/// Marks a generator as ended and takes its context out of the chain of those that handle exceptions.
fn finish_generator(vm: &Vm, g: &PyGenerator) {
    g.state.set(GeneratorState::Finished);
    g.running_fp.set(std::ptr::null_mut());
    vm.interp.handled.set(g.handled.previous.get());
    g.handled.previous.set(std::ptr::null());
}

/// Takes a frame that yields off the stack: its slots up to `sp` move into the generator.
/// Returns where the frame's header was; the registers are left to the caller.
///
/// # Safety
/// `generator` must run in the innermost frame, at `fp`.
#[inline(always)]
pub unsafe fn suspend(
    vm: &Vm,
    generator: &PyGenerator,
    fp: *mut Value,
    sp: *mut Value,
    ip: *const u16,
    state: GeneratorState,
) {
    let s = &vm.interp;
    // SAFETY: promised by the caller.
    unsafe { generator.move_slots_from(fp, sp.offset_from(fp) as usize) };
    generator.ip.set(ip);
    generator.state.set(state);
    generator.running_fp.set(std::ptr::null_mut());
    s.handled.set(generator.handled.previous.get());
    generator.handled.previous.set(std::ptr::null());
    s.depth_left.set(s.depth_left.get() + 1);
}
