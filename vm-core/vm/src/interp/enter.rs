//! Ways from native code into bytecode: functions, code objects, generators.
//!
//! A nested run lays an *entry frame* on the stack, whose link is far (`frame.rs`): it returns
//! to HALT, and the interrupted frame's instruction pointer lies below the header.

use crate::args::CallArgs;
use crate::error::{PyResult, Raised};
use crate::frame::{Frame, HEADER_SLOTS, Link, address_value, halt_address};
use crate::interp::bind::Moved;
use crate::interp::call::{self, fill_null};
use crate::interp::stack::NATIVE_RESERVE;
use crate::interp::{bind, leave, run, unwind};
use crate::types::function::PyFunction;
use crate::types::generator::{GeneratorState, PyGenerator};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// The spilled registers of what is interrupted, put back when a nested run ends however it does.
struct Interrupted<'a> {
    vm: &'a Vm,
    ip: *const u16,
    sp: *mut Value,
    fp: *mut Value,
    /// The exception that is on its way while a finalizer runs.
    raised: Value,
}

impl<'a> Interrupted<'a> {
    /// # Errors
    /// RecursionError if the native stack has too little room for another run.
    #[inline(always)]
    fn new(vm: &'a Vm) -> PyResult<Interrupted<'a>> {
        let s = &vm.interp;
        check_native_stack(vm, "")?;
        let raised = s.raised.replace_value(Value::NULL);
        Ok(Interrupted { vm, ip: s.ip.get(), sp: s.sp.get(), fp: s.fp.get(), raised })
    }

    /// Lays down the word below the header; returns the entry frame's fp.
    unsafe fn start(&self) -> *mut Value {
        // SAFETY: the interrupted frame's `sp` lies above every live slot, with the red zone behind.
        unsafe {
            *self.sp = address_value(self.ip);
            self.sp.add(1 + HEADER_SLOTS)
        }
    }

    /// Link of the entry frame at `fp`. The outermost frame is left the slow way, since there is
    /// none to go back to.
    fn link(&self, fp: *mut Value) -> Link {
        if self.fp.is_null() {
            return Link::new(halt_address(), 0).slow();
        }
        // SAFETY: both are on the same stack.
        Link::new(halt_address(), unsafe { fp.offset_from(self.fp) } as usize)
    }

    /// Runs the frame that was spilled.
    #[inline(always)]
    fn run(&self) -> PyResult {
        self.vm.interp.transfer(self.ip, self.vm.interp.ip.get());
        let result = run(self.vm);
        self.result(result)
    }

    /// Runs the frame that was spilled, a generator's, into which an exception is thrown.
    ///
    /// # Safety
    /// The frame must be the innermost one.
    unsafe fn run_raising(&self, e: Raised) -> PyResult {
        let s = &self.vm.interp;
        s.transfer(self.ip, s.ip.get());
        s.raised.set(e.0);
        // SAFETY: promised by the caller.
        let result = if unsafe { unwind::raise_thrown(self.vm) } { run(self.vm) } else { Value::NULL };
        self.result(result)
    }

    #[inline(always)]
    fn result(&self, result: Value) -> PyResult {
        let s = &self.vm.interp;
        if result.is_null() {
            return Err(match s.raised.take() {
                Some(e) => Raised(e),
                None => self.vm.system_error("the interpreter stopped without a result"),
            });
        }
        // SAFETY: RETURN_VALUE and YIELD_VALUE make what they hand over owned.
        Ok(unsafe { Ref::from_owned(result) })
    }
}

impl Drop for Interrupted<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        let s = &self.vm.interp;
        s.transfer(s.ip.get(), self.ip);
        s.spill(self.ip, self.sp, self.fp);
        let left = s.raised.replace_value(self.raised);
        // SAFETY: the cell owned it, and has forgotten it.
        unsafe { left.release() };
    }
}

#[cold]
#[inline(never)]
fn native_stack_full(vm: &Vm, what: &str) -> Raised {
    let s = &vm.interp;
    // Making the exception needs a little of what is short.
    let limit = s.native_limit.replace(0);
    let e = vm.recursion_error(format!("maximum recursion depth exceeded{what}"));
    s.native_limit.set(limit);
    e
}

/// Calls `f`, which reports what nobody handled, with half of the native stack that is kept back from
/// others: it may be the end of the stack that is to be reported. What is reported meanwhile has no
/// more than that.
pub fn with_reserve<R>(vm: &Vm, f: impl FnOnce() -> R) -> R {
    struct Lowered<'a>(&'a Vm, usize);
    impl Drop for Lowered<'_> {
        fn drop(&mut self) {
            self.0.interp.native_limit.set(self.1);
            self.0.interp.in_reserve.set(false);
        }
    }
    if vm.interp.in_reserve.replace(true) {
        return f();
    }
    let limit = vm.interp.native_limit.get();
    let _lowered = Lowered(vm, limit);
    vm.interp.native_limit.set(limit.saturating_sub(NATIVE_RESERVE / 2));
    f()
}

/// For native code that recurses without entering bytecode (repr of nested lists, comparisons).
///
/// # Errors
/// RecursionError when the native stack is nearly full; `what` (such as `" in comparison"`) ends
/// the message.
#[inline(always)]
pub fn check_native_stack(vm: &Vm, what: &str) -> PyResult<()> {
    if vm.interp.native_stack_is_short() { Err(native_stack_full(vm, what)) } else { Ok(()) }
}

/// Calls a function written in Python from native code: the `call` slot of `function`.
pub fn call_function(vm: &Vm, callee: Value, args: CallArgs) -> PyResult {
    let interrupted = Interrupted::new(vm)?;
    let s = &vm.interp;
    // SAFETY: the slots behind `sp` are free; the caller keeps callee and arguments alive.
    unsafe {
        let fp = interrupted.start();
        let function = callee.cast_unchecked::<PyFunction>();
        call::check_room(vm, fp.add(args.args.len()), function)?;
        *fp.sub(2) = callee.borrow();
        *fp.sub(1) = Value::NULL;
        for (i, v) in args.args.iter().enumerate() {
            *fp.add(i) = v.borrow();
        }
        s.sp.set(fp.add(args.args.len()));
        if let Err(e) = call::push_frame(vm, fp, args.args.len(), args.kwnames, interrupted.link(fp)) {
            call::release_slots(vm, fp, s.sp.get());
            return Err(e);
        }
    }
    interrupted.run()
}

/// Runs a code object as `exec` does: with these globals, and local names in `locals` (any
/// mapping). `closure` is a tuple of cells for its free variables, or NULL.
pub fn run_code(vm: &Vm, code: Value, globals: Value, locals: Value, closure: Value) -> PyResult {
    let function = PyFunction::new(vm, code, globals)?;
    if !closure.is_null() {
        // SAFETY: just made.
        unsafe { function.cast_unchecked::<PyFunction>() }.closure.set(closure.to_ref());
    }
    run_function_with_locals(vm, &function, locals)
}

/// Runs the body of a function that takes no arguments with `locals` as its mapping of names
/// (NULL: its globals): class bodies, modules, `exec`.
pub fn run_function_with_locals(vm: &Vm, function: &Ref, locals: Value) -> PyResult {
    let interrupted = Interrupted::new(vm)?;
    let s = &vm.interp;
    // SAFETY: the slots behind `sp` are free; `function` is kept by the caller.
    unsafe {
        let f = function.cast_unchecked::<PyFunction>();
        let fp = interrupted.start();
        call::check_room(vm, fp, f)?;
        let code = f.code();
        let frame_end = fp.add(code.frame_slots as usize);
        *fp.sub(2) = function.value();
        fill_null(fp, frame_end);
        s.sp.set(frame_end);
        if code.argcount + code.kwonlyargcount > 0 || !code.is_simple() {
            bind::bind(vm, f, &mut Moved::borrowed(&[]), None, fp)
                .inspect_err(|_| call::release_slots(vm, fp, frame_end))?;
        }
        if code.has_mapping() {
            let mapping = locals.non_null().unwrap_or(f.globals.get());
            *fp.add(code.nlocalsplus as usize) = mapping.dup_owned();
        }
        *fp.sub(1) = interrupted.link(fp).to_value();
        s.depth_left.set(s.depth_left.get() - 1);
        s.spill(f.entry.get(), frame_end, fp);
    }
    interrupted.run()
}

/// Puts a suspended generator's frame on the stack at `fp`, with `sent` (an owned value) on top
/// of its value stack. Returns where it goes on, and its `sp`.
///
/// # Safety
/// The generator must be suspended or created, room and depth be checked (`has_resume_room`), and
/// the slots from `fp - 2` on be free.
#[inline(always)]
pub unsafe fn push_generator(
    vm: &Vm,
    generator: &PyGenerator,
    fp: *mut Value,
    sent: Value,
    link: Link,
) -> (*const u16, *mut Value) {
    let s = &vm.interp;
    // SAFETY: promised by the caller.
    unsafe {
        *fp.sub(2) = generator.function.get();
        *fp.sub(1) = link.slow().to_value();
        let used = generator.move_slots_to(fp);
        let sp = fp.add(used);
        *sp = sent;
        generator.state.set(GeneratorState::Executing);
        generator.running_fp.set(fp);
        generator.done_address.set(link.return_address());
        generator.handled.previous.set(s.handled.get());
        s.handled.set(&raw const generator.handled);
        s.depth_left.set(s.depth_left.get() - 1);
        (generator.ip.get(), sp.add(1))
    }
}

/// Whether a generator's frame has room at `fp`. As in CPython, resumed generators count towards
/// the recursion limit, but only calls are held to it.
#[inline(always)]
pub fn has_resume_room(vm: &Vm, generator: &PyGenerator, fp: *mut Value) -> bool {
    // SAFETY: a suspended generator has its function.
    let function = unsafe { generator.function.get().cast_unchecked::<PyFunction>() };
    call::has_space(vm, fp, function)
}

/// Resumes a generator from native code, until it yields, returns or raises; which of the first
/// two it was, its state tells. With `thrown`, that exception is raised where it stands.
///
/// # Errors
/// What the generator raises. RecursionError.
#[inline(always)]
pub fn resume(vm: &Vm, generator: &PyGenerator, sent: Ref, thrown: Option<Raised>) -> PyResult {
    let interrupted = Interrupted::new(vm)?;
    let s = &vm.interp;
    // SAFETY: the slots behind `sp` are free, the generator is kept alive by the caller.
    unsafe {
        let fp = interrupted.start();
        if !has_resume_room(vm, generator, fp) {
            return Err(call::too_deep(vm));
        }
        let (ip, sp) = push_generator(vm, generator, fp, sent.into_value(), interrupted.link(fp));
        s.spill(ip, sp, fp);
    }
    match thrown {
        // SAFETY: the generator's frame was just pushed.
        Some(e) => unsafe { interrupted.run_raising(e) },
        None => interrupted.run(),
    }
}

/// Throws through a generator that delegates: `inner` throws into what it delegates to, and finds
/// the generator's frame on the stack as it would if that had been resumed by it. What comes back out
/// of it is yielded by the generator; what it raises is raised in the generator.
///
/// # Errors
/// What the generator raises. RecursionError.
pub fn throw_through(vm: &Vm, generator: &PyGenerator, inner: impl FnOnce() -> PyResult) -> PyResult {
    let interrupted = Interrupted::new(vm)?;
    let s = &vm.interp;
    // SAFETY: the slots behind `sp` are free, the generator is kept alive by the caller.
    let (fp, ip, sp) = unsafe {
        let fp = interrupted.start();
        if !has_resume_room(vm, generator, fp) {
            return Err(call::too_deep(vm));
        }
        let (ip, sp) = push_generator(vm, generator, fp, vm.none_ref().into_value(), interrupted.link(fp));
        s.spill(ip, sp, fp);
        (fp, ip, sp)
    };
    // As in CPython, what the generator is handling is no context for what happens further in.
    s.handled.set(generator.handled.previous.get());
    let result = inner();
    // SAFETY: whoever ran meanwhile has left the stack as it was: the frame is the innermost, with
    // one value more than it was suspended with, which is None.
    unsafe {
        match result {
            Ok(yielded) => {
                leave::suspend(vm, generator, fp, sp.sub(1), ip, GeneratorState::SuspendedYieldFrom);
                Ok(yielded)
            }
            Err(e) => {
                s.handled.set(&raw const generator.handled);
                interrupted.run_raising(e)
            }
        }
    }
}

/// The innermost frame, for `sys._getframe` and the like.
pub fn current_frame(vm: &Vm) -> Option<(Frame, *const u16)> {
    vm.interp.current_frame().map(|f| (f, vm.interp.ip.get()))
}
