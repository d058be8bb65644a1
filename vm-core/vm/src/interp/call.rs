//! Calls from bytecode. Functions written in Python are entered without native recursion:
//! their frame is laid over the arguments that the caller pushed.

use crate::args::CallArgs;
use crate::error::{PyResult, Raised};
use crate::frame::{HEADER_SLOTS, Link, address_value, exit_init_address};
use crate::interp::bind::{self, Moved};
use crate::interp::regs::Flow;
use crate::protocol::call as protocol;
use crate::shape;
use crate::types::function::{PyFunction, PyMethod};
use crate::types::tuple::PyTuple;
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// Raises with the registers as they are in the state.
#[cold]
pub fn raise(vm: &Vm, e: Raised) -> Flow {
    vm.interp.raised.set(e.0);
    Flow::Raise
}

/// Calls the callable below `nargs` arguments: `[callable, self or NULL, args...]` on top of the
/// stack, with the registers spilled. `kwnames` names the last arguments.
///
/// Enters a function written in Python, or runs native code and pushes its result; `return_ip`
/// is where the caller goes on.
///
/// # Safety
/// The stack must hold those values.
pub unsafe fn call(vm: &Vm, nargs: usize, kwnames: Option<Ref>, return_ip: *const u16) -> Flow {
    // SAFETY: promised by the caller.
    unsafe {
        let base = vm.interp.sp.get().sub(nargs + 2);
        unpack_method(base);
        if (*base).has_shape(shape::FUNCTION) {
            let names = kwnames.as_ref().and_then(|k| k.cast::<PyTuple>());
            return enter(vm, base, nargs, names, return_ip);
        }
        let result = call_native(vm, base, nargs, kwnames);
        finish_native(vm, base, nargs, result, return_ip)
    }
}

/// Turns a bound method into its function and receiver, if the slot for the receiver is free.
///
/// # Safety
/// `base` must point at a callable and the slot for its receiver.
#[inline]
pub unsafe fn unpack_method(base: *mut Value) {
    // SAFETY: promised by the caller.
    unsafe {
        let callable = *base;
        if callable.has_shape(shape::METHOD) && (*base.add(1)).is_null() {
            let m = callable.cast_unchecked::<PyMethod>();
            *base.add(1) = m.receiver.dup_owned();
            *base = m.function.dup_owned();
            callable.release();
        }
    }
}

/// # Safety
/// As for `call`.
unsafe fn call_native(vm: &Vm, base: *mut Value, nargs: usize, kwnames: Option<Ref>) -> PyResult {
    // SAFETY: promised by the caller; the arguments stay on the stack during the call.
    unsafe {
        let has_self = !(*base.add(1)).is_null();
        let first = if has_self { base.add(1) } else { base.add(2) };
        let args = std::slice::from_raw_parts(first, nargs + usize::from(has_self));
        let names = kwnames.as_ref().and_then(|k| k.cast::<PyTuple>());
        protocol::call(vm, *base, CallArgs { args, kwnames: names })
    }
}

/// Replaces callable and arguments by the result.
///
/// # Safety
/// As for `call`.
unsafe fn finish_native(
    vm: &Vm,
    base: *mut Value,
    nargs: usize,
    result: PyResult,
    return_ip: *const u16,
) -> Flow {
    let s = &vm.interp;
    match result {
        // SAFETY: promised by the caller.
        Ok(v) => unsafe {
            release_slots(vm, base, base.add(nargs + 2));
            *base = v.into_value();
            s.sp.set(base.add(1));
            s.ip.set(return_ip);
            Flow::Reload
        },
        Err(e) => raise(vm, e),
    }
}

/// Releases the slots from `from` to `to`, the topmost first, and leaves NULL in them. `sp` must
/// lie above them and stays there meanwhile.
///
/// # Safety
/// The slots must hold values.
pub unsafe fn release_slots(_vm: &Vm, from: *mut Value, to: *mut Value) {
    // SAFETY: promised by the caller.
    unsafe {
        let mut p = to;
        while p > from {
            p = p.sub(1);
            let v = *p;
            *p = Value::NULL;
            v.release();
        }
    }
}

/// Enters the function at `base`, as `call` does.
///
/// # Safety
/// As for `call`; `base` must hold a function.
pub unsafe fn enter(
    vm: &Vm,
    base: *mut Value,
    nargs: usize,
    kwnames: Option<&PyTuple>,
    return_ip: *const u16,
) -> Flow {
    let s = &vm.interp;
    // SAFETY: promised by the caller; one slot behind the arguments is free (red zone).
    unsafe {
        let mut nargs = nargs;
        if !(*base.add(1)).is_null() {
            // The receiver becomes the first argument: all move up by one.
            std::ptr::copy(base.add(1), base.add(2), nargs + 1);
            nargs += 1;
            s.sp.set(s.sp.get().add(1));
        }
        let fp = base.add(HEADER_SLOTS);
        let link = Link::new(return_ip, fp.offset_from(s.fp.get()) as usize);
        *base.add(1) = Value::NULL;
        match push_frame(vm, fp, nargs, kwnames, link) {
            Ok(()) => {
                s.transfer(return_ip, s.ip.get());
                Flow::Reload
            }
            Err(e) => {
                // The arguments are gone, or on the stack up to `sp`.
                release_slots(vm, base, s.sp.get());
                s.sp.set(base);
                raise(vm, e)
            }
        }
    }
}

/// Makes a frame of the function at `fp[-2]`, whose `nargs` arguments (with one for each name in
/// `kwnames`) start at `fp`, and spills its registers. On failure `fp` and `ip` are unchanged,
/// and `sp` lies above what there still is to release.
///
/// # Safety
/// The slots must be as said, with `sp` behind the last argument.
pub unsafe fn push_frame(
    vm: &Vm,
    fp: *mut Value,
    nargs: usize,
    kwnames: Option<&PyTuple>,
    link: Link,
) -> PyResult<()> {
    let s = &vm.interp;
    // SAFETY: promised by the caller.
    unsafe {
        let function = (*fp.sub(2)).cast_unchecked::<PyFunction>();
        check_room(vm, fp, function)?;
        let code = function.code();
        let locals_end = fp.add(code.nlocalsplus as usize);
        let frame_end = fp.add(code.frame_slots as usize);
        let mut filled = nargs;
        if kwnames.is_none() && code.is_simple() && fill_defaults(function, fp, &mut filled) {
            fill_null(fp.add(filled), frame_end);
        } else {
            let mut args = Moved::from_slots(std::slice::from_raw_parts(fp, nargs));
            fill_null(fp, frame_end);
            s.sp.set(frame_end);
            bind::bind(vm, function, &mut args, kwnames, fp)?;
        }
        if code.has_mapping() {
            *locals_end = function.globals.get().dup_owned();
        }
        *fp.sub(1) = link.to_value();
        s.depth_left.set(s.depth_left.get() - 1);
        s.spill(function.entry.get(), frame_end, fp);
        Ok(())
    }
}

/// Completes missing arguments from the function's defaults. False if more is wrong than that.
#[inline]
unsafe fn fill_defaults(function: &PyFunction, fp: *mut Value, nargs: &mut usize) -> bool {
    let argcount = function.argcount.get() as usize;
    if *nargs == argcount {
        return true;
    }
    let Some(defaults) = function.defaults.get().non_null().and_then(|d| d.cast::<PyTuple>()) else {
        return false;
    };
    if *nargs > argcount || argcount - *nargs > defaults.len() {
        return false;
    }
    let items = defaults.as_slice();
    for v in &items[items.len() - (argcount - *nargs)..] {
        // SAFETY: locals have room for all arguments.
        unsafe { *fp.add(*nargs) = v.dup_owned() };
        *nargs += 1;
    }
    true
}

/// NULL into the slots from `from` to `to`. Frames are short: volatile keeps the compiler from
/// making a vectorized loop of it.
///
/// # Safety
/// The slots must be inside of the stack.
#[inline(always)]
pub unsafe fn fill_null(from: *mut Value, to: *mut Value) {
    let mut p = from;
    while p < to {
        // SAFETY: promised by the caller.
        unsafe {
            p.write_volatile(Value::NULL);
            p = p.add(1);
        }
    }
}

/// Whether another frame may be entered.
///
/// # Errors
/// RecursionError.
#[inline]
pub fn check_room(vm: &Vm, fp: *mut Value, function: &PyFunction) -> PyResult<()> {
    if has_room(vm, fp, function) { Ok(()) } else { Err(too_deep(vm)) }
}

/// What [`check_room`] checks.
#[inline(always)]
pub fn has_room(vm: &Vm, fp: *mut Value, function: &PyFunction) -> bool {
    vm.interp.depth_left.get() > 0 && has_space(vm, fp, function)
}

/// Whether the value stack has room for another frame, however many there are.
#[inline(always)]
pub fn has_space(vm: &Vm, fp: *mut Value, function: &PyFunction) -> bool {
    let need = (function.frame_slots.get() + function.stack_need.get()) as usize;
    fp.wrapping_add(need) <= vm.interp.limit.get()
}

#[cold]
pub fn too_deep(vm: &Vm) -> Raised {
    // Making the exception may itself run Python code.
    let s = &vm.interp;
    let left = s.depth_left.replace(50);
    let e = vm.recursion_error("maximum recursion depth exceeded");
    s.depth_left.set(left);
    e
}

/// Enters `__init__` of a fresh instance: `[type, NULL, args...]` becomes
/// `[instance, return_ip, init, link, instance, args...]`. When `init` returns, the landing
/// instruction EXIT_INIT_CHECK finds instance and address below its result.
///
/// # Safety
/// As for `call`; `init` must be a function, and three slots behind the arguments free.
pub unsafe fn enter_init(vm: &Vm, nargs: usize, init: Value, instance: Ref, return_ip: *const u16) -> Flow {
    let s = &vm.interp;
    // SAFETY: promised by the caller.
    unsafe {
        let base = s.sp.get().sub(nargs + 2);
        let class = *base;
        let fp = base.add(4);
        std::ptr::copy(base.add(2), fp.add(1), nargs);
        *fp = instance.dup_owned();
        *base = instance.into_value();
        *base.add(1) = address_value(return_ip);
        *base.add(2) = init.dup_owned();
        *base.add(3) = Value::NULL;
        s.sp.set(fp.add(nargs + 1));
        class.release();
        let link = Link::new(exit_init_address(), fp.offset_from(s.fp.get()) as usize);
        match push_frame(vm, fp, nargs + 1, None, link) {
            Ok(()) => {
                s.transfer(return_ip, s.ip.get());
                Flow::Reload
            }
            Err(e) => {
                release_slots(vm, base, s.sp.get());
                s.sp.set(base);
                raise(vm, e)
            }
        }
    }
}
