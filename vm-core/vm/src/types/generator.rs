//! `generator` and what coroutines and async generators share with it: frames that can be left
//! and entered again.
//!
//! A suspended one keeps its slots (locals, hidden slots, value stack) in its own buffer;
//! running, they are on the VM's stack.

use std::cell::Cell;
use std::ptr;

use tailscope_bytecode::code::flags as code_flags;
use tailscope_bytecode::opcode::Opcode;

use crate::memory;
use crate::code::PyCode;
use crate::error::{PyResult, Raised};
use crate::frame::Frame;
use crate::gc::fields::Owns;
use crate::interp::enter;
use crate::object::{self, Header, Payload};
use crate::owned_cell::OwnedCell;
use crate::protocol::{attr, call, object as obj};
use crate::shape;
use crate::types::exceptions;
use crate::types::frame_object;
use crate::types::function::PyFunction;
use crate::types::slots::Slots;
use crate::types::str_::PyStr;
use crate::types::type_::{GetSetDef, MethodDef, New, Type, TypeDef, flags};
use crate::value::{Ref, Value};
use crate::vm::Vm;

pub use crate::types::async_generator::DEF as ASYNC_GENERATOR_DEF;
pub use crate::types::coroutine::DEF as COROUTINE_DEF;

/// Where a generator is in its life. The order is CPython's.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[repr(i8)]
pub enum GeneratorState {
    Created = -3,
    Suspended = -2,
    /// Suspended in `yield from` or `await`.
    SuspendedYieldFrom = -1,
    Executing = 0,
    /// Ran to its end, raised or was closed.
    Finished = 4,
}

/// The exception that an execution context is handling, and the context around it.
#[repr(C)]
pub struct HandledException {
    /// NULL while none is handled.
    pub value: OwnedCell,
    pub previous: Cell<*const HandledException>,
}

impl HandledException {
    /// The innermost exception that is handled, from a context outwards.
    ///
    /// # Safety
    /// `from` and the contexts around it must be live (or `from` null).
    pub unsafe fn innermost(from: *const HandledException) -> Option<Value> {
        let mut at = from;
        while !at.is_null() {
            // SAFETY: promised by the caller.
            let h = unsafe { &*at };
            if !h.value.is_null() {
                return Some(h.value.get());
            }
            at = h.previous.get();
        }
        None
    }
}

impl Default for HandledException {
    fn default() -> HandledException {
        HandledException { value: OwnedCell::null(), previous: Cell::new(ptr::null()) }
    }
}

/// Payload of generators, coroutines and async generators.
#[repr(C)]
pub struct PyGenerator {
    header: Header,
    pub state: Cell<GeneratorState>,
    /// The next three are for async generators.
    pub hooks_inited: Cell<bool>,
    pub closed: Cell<bool>,
    pub running_async: Cell<bool>,
    capacity: u32,
    used: Cell<u32>,
    /// Where a resumed frame goes on.
    pub ip: Cell<*const u16>,
    /// Where the caller goes on when the frame returns.
    pub done_address: Cell<*const u16>,
    /// The saved slots, `used` of them.
    slots: *mut Value,
    /// While running: the frame.
    pub running_fp: Cell<*mut Value>,
    /// The function, kept until the generator ends.
    pub function: OwnedCell,
    pub handled: HandledException,
    pub code: OwnedCell,
    pub name: OwnedCell,
    pub qualname: OwnedCell,
    /// `cr_origin` of a coroutine; the finalizer hook of an async generator.
    pub origin_or_finalizer: OwnedCell,
    /// The frame object, once somebody asked for it.
    pub frame_object: OwnedCell,
}

// SAFETY: repr(C), header first.
unsafe impl Payload for PyGenerator {
    const SHAPE: u32 = shape::GENERATOR;
}

/// What resuming came to.
pub enum Sent {
    Yielded(Ref),
    Returned(Ref),
}

impl PyGenerator {
    /// The generator (or coroutine, async generator) of a function that has just been entered:
    /// RETURN_GENERATOR. Its slots move here, made independent of the caller's.
    ///
    /// # Safety
    /// `frame` must be the innermost frame, with `sp` the end of its slots and `ip` where it is
    /// to go on.
    pub unsafe fn from_frame(vm: &Vm, frame: Frame, sp: *mut Value, ip: *const u16) -> Ref {
        // SAFETY: promised by the caller.
        unsafe {
            let function = frame.function();
            let code = function.code();
            let capacity = (code.frame_slots + code.code.stacksize + 1).next_multiple_of(SLOT_GROUP as u32);
            let slots = memory::allocate(capacity as usize * size_of::<Value>()) as *mut Value;
            let used = sp.offset_from(frame.0) as usize;
            for i in 0..used {
                *slots.add(i) = (*frame.0.add(i)).into_owned();
            }
            let ty = if code.has(code_flags::COROUTINE) {
                shape::COROUTINE
            } else if code.has(code_flags::ASYNC_GENERATOR) {
                shape::ASYNC_GENERATOR
            } else {
                shape::GENERATOR
            };
            let copy = |c: &OwnedCell| OwnedCell::from_option(c.get_ref());
            let generator = object::new_instance(
                vm.builtin(ty),
                PyGenerator {
                    header: object::header(),
                    state: Cell::new(GeneratorState::Created),
                    hooks_inited: Cell::new(false),
                    closed: Cell::new(false),
                    running_async: Cell::new(false),
                    capacity,
                    used: Cell::new(used as u32),
                    ip: Cell::new(ip),
                    done_address: Cell::new(ptr::null()),
                    slots,
                    running_fp: Cell::new(ptr::null_mut()),
                    function: OwnedCell::new((*frame.0.sub(2)).to_ref()),
                    handled: HandledException::default(),
                    code: OwnedCell::new(function.code_value().to_ref()),
                    name: copy(&function.name),
                    qualname: copy(&function.qualname),
                    origin_or_finalizer: OwnedCell::null(),
                    frame_object: OwnedCell::null(),
                },
            );
            // The frame knows its generator, which outlives it.
            *slots.add(code.frame_slots as usize - 1) = generator.value();
            generator
        }
    }

    /// The payload of a generator, coroutine or async generator.
    #[inline]
    pub fn of<'a>(v: Value) -> Option<&'a PyGenerator> {
        let is = v.has_shape(shape::GENERATOR)
            || v.has_shape(shape::COROUTINE)
            || v.has_shape(shape::ASYNC_GENERATOR);
        // SAFETY: the three types share this payload and cannot be subclassed.
        is.then(|| unsafe { v.cast_unchecked::<PyGenerator>() })
    }

    /// This object as a value, borrowed.
    pub fn as_value(&self) -> Value {
        Value::borrowed(&raw const self.header)
    }

    pub fn is_suspended(&self) -> bool {
        matches!(self.state.get(), GeneratorState::Suspended | GeneratorState::SuspendedYieldFrom)
    }

    /// What came of a run that has just ended: its state tells whether it was yielded.
    fn sent(&self, result: Ref) -> Sent {
        if self.is_suspended() { Sent::Yielded(result) } else { Sent::Returned(result) }
    }

    /// Copies the slots to the stack; returns how many.
    ///
    /// # Safety
    /// The generator must not be running, and `to` have room.
    #[inline(always)]
    pub unsafe fn move_slots_to(&self, to: *mut Value) -> usize {
        let used = self.used.get() as usize;
        // SAFETY: promised by the caller. The generator forgets them: they are the frame's now.
        unsafe { copy_slots(self.slots, to, used) };
        self.used.set(0);
        used
    }

    /// Takes the slots back from the stack.
    ///
    /// # Safety
    /// `count` slots at `from` must belong to this generator's frame.
    #[inline(always)]
    pub unsafe fn move_slots_from(&self, from: *mut Value, count: usize) {
        debug_assert!(count <= self.capacity as usize);
        // SAFETY: promised by the caller; verified code stays within its stack size.
        unsafe { copy_slots(from, self.slots, count) };
        self.used.set(count as u32);
    }

    /// The saved slots of a generator that is not running.
    pub fn slots(&self) -> &[Value] {
        // SAFETY: the first `used` are initialized.
        unsafe { std::slice::from_raw_parts(self.slots, self.used.get() as usize) }
    }

    /// Where its locals are now: on the stack, or in the buffer. NULL once it has ended.
    pub fn locals(&self) -> *mut Value {
        match self.state.get() {
            GeneratorState::Executing => self.running_fp.get(),
            GeneratorState::Finished => ptr::null_mut(),
            _ => self.slots,
        }
    }

    /// The iterator that a suspended generator delegates to.
    pub fn delegate(&self) -> Option<Value> {
        if self.state.get() != GeneratorState::SuspendedYieldFrom {
            return None;
        }
        self.slots().last().map(|v| v.borrow())
    }

    fn py_code<'a>(&self) -> &'a PyCode {
        // SAFETY: set when the generator was made, never changed.
        unsafe { self.code.get().cast_unchecked::<PyCode>() }
    }

    /// Whether this is a generator made awaitable by `types.coroutine`.
    pub fn is_iterable_coroutine(&self) -> bool {
        self.py_code().has(code_flags::ITERABLE_COROUTINE)
    }

    fn kind(&self) -> &'static str {
        match self.header.shape {
            shape::COROUTINE => "coroutine",
            shape::ASYNC_GENERATOR => "async generator",
            _ => "generator",
        }
    }

    /// Ends a suspended generator without running it.
    pub fn clear(&self, vm: &Vm) {
        if self.state.get() == GeneratorState::Finished {
            return;
        }
        self.state.set(GeneratorState::Finished);
        let shown = self.frame_object.take();
        let used = self.used.replace(0) as usize;
        // SAFETY: the first `used` slots are this generator's, which has just forgotten them.
        let slots = unsafe { std::slice::from_raw_parts_mut(self.slots, used) };
        if let Some(f) = &shown {
            frame_object::take_slots(vm, f, slots, self.py_code(), self.ip.get());
        }
        for v in slots.iter_mut().rev() {
            let old = std::mem::replace(v, Value::NULL);
            // SAFETY: taken out of its slot.
            unsafe { old.release() };
        }
        self.function.clear();
        self.handled.value.clear();
    }

    /// Makes sure that the frame runs the code which the generator was made from, though its
    /// function may have got another one since.
    fn pin_code(&self, vm: &Vm) -> PyResult<()> {
        // SAFETY: a generator that has not ended has its function.
        let f = unsafe { self.function.get().cast_unchecked::<PyFunction>() };
        if !f.code_value().is(self.code.get()) {
            let own = PyFunction::new(vm, self.code.get(), f.globals.get())?;
            self.function.set(own);
        }
        Ok(())
    }
}

/// Shows what a generator owns: its slots only while it does not run.
///
/// # Safety
/// `p` is a live generator, coroutine or async generator.
unsafe fn traverse_generator(p: *mut Header, visit: &mut dyn FnMut(Value)) {
    // SAFETY: promised by the caller.
    let g = unsafe { &*(p as *const PyGenerator) };
    g.slots().iter().for_each(|v| v.show(visit));
    let cells = [&g.function, &g.handled.value, &g.code, &g.name, &g.qualname, &g.origin_or_finalizer, &g.frame_object];
    cells.iter().for_each(|c| c.show(visit));
}

/// The slots of the three types that the collector uses.
pub(super) fn collector_slots(s: &mut Slots) {
    s.traverse = Some(traverse_generator);
    s.clear = Some(|vm, p| {
        // SAFETY: the slot gets live objects of the three types.
        let g = unsafe { &*(p as *const PyGenerator) };
        if g.state.get() != GeneratorState::Executing {
            g.clear(vm);
        }
    });
}

/// Slots that are copied at once.
const SLOT_GROUP: usize = 4;

/// Copies `count` slots and up to three more, which nobody looks at: the buffer has whole groups,
/// and behind the stack's end there is always room. A plain loop beats a call of memcpy for so
/// few; volatile keeps the compiler from making one of it.
#[inline(always)]
unsafe fn copy_slots(from: *const Value, to: *mut Value, count: usize) {
    let mut i = 0;
    while i < count {
        for k in i..i + SLOT_GROUP {
            // SAFETY: promised by the callers. As plain words: what lies behind the values may
            // be anything.
            unsafe { to.cast::<u64>().add(k).write_volatile(from.cast::<u64>().add(k).read_volatile()) }
        }
        i += SLOT_GROUP;
    }
}

impl Drop for PyGenerator {
    fn drop(&mut self) {
        self.clear(Vm::current());
        // SAFETY: allocated by `from_frame` with this size.
        unsafe { memory::free(self.slots.cast(), self.capacity as usize * size_of::<Value>()) }
    }
}

/// Resumes with a value (`None`: by `next`, which may not complain about a fresh generator), or
/// by raising an exception inside.
///
/// # Errors
/// What the generator raises; misuse.
pub fn send_or_throw(
    vm: &Vm,
    g: &PyGenerator,
    value: Option<Value>,
    thrown: Option<Raised>,
    closing: bool,
) -> PyResult<Sent> {
    match g.state.get() {
        GeneratorState::Created if value.is_some_and(|v| !v.is(vm.none())) => {
            return Err(vm.type_error(format!("can't send non-None value to a just-started {}", g.kind())));
        }
        GeneratorState::Executing => {
            return Err(vm.value_error(format!("{} already executing", g.kind())));
        }
        GeneratorState::Finished => {
            return match thrown {
                _ if g.kind() == "coroutine" && !closing => {
                    Err(vm.runtime_error("cannot reuse already awaited coroutine"))
                }
                Some(e) => Err(e),
                None => Ok(Sent::Returned(vm.none_ref())),
            };
        }
        _ => {}
    }
    g.pin_code(vm)?;
    // The generator must outlive its own run.
    let _keep = g.as_value().to_ref();
    let result = enter::resume(vm, g, value.unwrap_or(vm.none()).to_ref(), thrown)?;
    Ok(g.sent(result))
}

/// As the methods `send` and `throw` do: a return becomes StopIteration (StopAsyncIteration for
/// an async generator).
pub fn finish_send(vm: &Vm, g: &PyGenerator, sent: PyResult<Sent>) -> PyResult {
    match sent? {
        Sent::Yielded(v) => Ok(v),
        Sent::Returned(_) if g.kind() == "async generator" => {
            Err(vm.error_args(shape::STOP_ASYNC_ITERATION, &[]))
        }
        Sent::Returned(v) => Err(vm.stop_iteration(v.value())),
    }
}

/// `generator.send`.
pub fn send(vm: &Vm, g: &PyGenerator, value: Value) -> PyResult {
    finish_send(vm, g, send_or_throw(vm, g, Some(value), None, false))
}

/// The `next` slot: `None` when it returned None.
pub fn next(vm: &Vm, v: Value) -> PyResult<Option<Ref>> {
    // SAFETY: slot of these types.
    let g = unsafe { v.cast_unchecked::<PyGenerator>() };
    if g.state.get() < GeneratorState::Executing && !vm.interp.code_replaced.get() {
        // The generator must outlive its own run.
        let _keep = v.to_ref();
        let result = enter::resume(vm, g, vm.none_ref(), None)?;
        return match g.state.get() {
            GeneratorState::Suspended | GeneratorState::SuspendedYieldFrom => Ok(Some(result)),
            _ if result.is(vm.none()) => Ok(None),
            _ => Err(vm.stop_iteration(result.value())),
        };
    }
    match send_or_throw(vm, g, None, None, false)? {
        Sent::Yielded(v) => Ok(Some(v)),
        Sent::Returned(v) if v.is(vm.none()) => Ok(None),
        Sent::Returned(v) => Err(vm.stop_iteration(v.value())),
    }
}

/// Raises an exception inside, as if sent: for what `throw` and `close` decided on.
fn throw_here(vm: &Vm, g: &PyGenerator, e: Raised, closing: bool) -> PyResult<Sent> {
    send_or_throw(vm, g, Some(vm.none()), Some(e), closing)
}

/// `throw(typ, val, tb)`; omitted ones are NULL. With `close_on_exit`, GeneratorExit closes what
/// the generator delegates to.
pub fn throw(vm: &Vm, g: &PyGenerator, args: [Value; 3], close_on_exit: bool) -> PyResult {
    crate::interp::enter::check_native_stack(vm, "")?;
    if let Some(inner) = g.delegate() {
        let inner = inner.to_ref();
        if close_on_exit && matches_exit(vm, args[0]) {
            let before = g.state.replace(GeneratorState::Executing);
            let closed = close_iterator(vm, inner.value());
            g.state.set(before);
            return match closed {
                Err(e) => finish_send(vm, g, throw_here(vm, g, e, false)),
                Ok(()) => throw_into(vm, g, args),
            };
        }
        // The generator must outlive its own run.
        let _keep = g.as_value().to_ref();
        if let Some(i) = plain_generator(inner.value()) {
            g.pin_code(vm)?;
            let result = enter::throw_through(vm, g, || throw(vm, i, args, close_on_exit));
            return finish_send(vm, g, result.map(|r| g.sent(r)));
        }
        if let Some(m) = attr::get_opt(vm, inner.value(), vm.intern("throw"))? {
            let given: Vec<Value> = args.into_iter().take_while(|v| !v.is_null()).collect();
            let throw = || call::call_args(vm, m.value(), &given);
            // Whoever looked for the method may have gone on with the generator, or ended it.
            if g.delegate().is_none_or(|d| !d.is(inner.value())) {
                return throw().or_else(|e| finish_send(vm, g, throw_here(vm, g, e, false)));
            }
            g.pin_code(vm)?;
            let result = enter::throw_through(vm, g, throw);
            return finish_send(vm, g, result.map(|r| g.sent(r)));
        }
    }
    throw_into(vm, g, args)
}

fn throw_into(vm: &Vm, g: &PyGenerator, args: [Value; 3]) -> PyResult {
    let e = exception_to_throw(vm, args)?;
    finish_send(vm, g, throw_here(vm, g, e, false))
}

fn matches_exit(vm: &Vm, e: Value) -> bool {
    let ty = match Type::from_value(e) {
        Some(t) => t,
        None => vm.type_of(e),
    };
    ty.is_subtype(vm.builtin(shape::GENERATOR_EXIT))
}

/// The exception that `throw(typ, val, tb)` means.
fn exception_to_throw(vm: &Vm, [ty, value, traceback]: [Value; 3]) -> PyResult<Raised> {
    let given = |v: Value| v.non_null().filter(|v| !v.is(vm.none()));
    let traceback = given(traceback);
    if traceback.is_some_and(|t| !t.has_shape(shape::TRACEBACK)) {
        return Err(vm.type_error("throw() third argument must be a traceback object"));
    }
    let e = if Type::from_value(ty).is_some_and(|t| t.is_subtype(vm.builtin(shape::BASE_EXCEPTION))) {
        // What goes wrong with that is raised in the generator in its place.
        instantiate(vm, ty, given(value)).unwrap_or_else(|e| e.0)
    } else if ty.cast::<exceptions::PyException>().is_some() {
        if given(value).is_some() {
            return Err(vm.type_error("instance exception may not have a separate value"));
        }
        ty.to_ref()
    } else {
        return Err(vm.type_error(format!(
            "exceptions must be classes or instances deriving from BaseException, not {}",
            vm.type_of(ty).full_name()
        )));
    };
    if let Some(t) = traceback
        && let Some(x) = e.cast::<exceptions::PyException>()
    {
        x.traceback.set(t.to_ref());
    }
    Ok(Raised(e))
}

/// The exception of a class and a value, as `throw(typ, val)` and old-style raises mean it: an
/// instance of the class as it is, a tuple as arguments, anything else as the one argument.
fn instantiate(vm: &Vm, class: Value, value: Option<Value>) -> PyResult {
    if let (Some(v), Some(t)) = (value, Type::from_value(class))
        && vm.type_of(v).is_subtype(t)
    {
        return Ok(v.to_ref());
    }
    match value {
        None => exceptions::instance(vm, class, &[]),
        Some(v) => match v.cast::<crate::types::tuple::PyTuple>() {
            Some(args) => exceptions::instance(vm, class, args.as_slice()),
            None => exceptions::instance(vm, class, &[v]),
        },
    }
}

/// The generator that a value is, unless it is an asynchronous one: delegates of this kind are
/// resumed, closed and thrown into directly.
fn plain_generator<'a>(v: Value) -> Option<&'a PyGenerator> {
    PyGenerator::of(v).filter(|g| g.kind() != "async generator")
}

/// Closes what a generator delegates to: another generator, or anything with `close`.
fn close_iterator(vm: &Vm, inner: Value) -> PyResult<()> {
    if let Some(g) = plain_generator(inner) {
        return close(vm, g).map(drop);
    }
    match attr::get_opt(vm, inner, vm.names().close) {
        Ok(Some(m)) => call::call_args(vm, m.value(), &[]).map(drop),
        Ok(None) => Ok(()),
        Err(e) => {
            crate::runtime::unraisable(vm, e, inner);
            Ok(())
        }
    }
}

/// `close()`: raises GeneratorExit inside and returns what the generator returns. Generators that
/// delegate to each other are closed from the innermost on, without recursion: they may be many.
pub fn close(vm: &Vm, g: &PyGenerator) -> PyResult {
    let mut outer: Vec<(&PyGenerator, GeneratorState)> = Vec::new();
    let mut kept = Vec::new();
    let mut at = g;
    while at.is_suspended()
        && let Some(inner) = at.delegate()
        && let Some(next) = plain_generator(inner)
    {
        kept.push(inner.to_ref());
        outer.push((at, at.state.replace(GeneratorState::Executing)));
        at = next;
    }
    let mut result = close_one(vm, at, None);
    while let Some((g, before)) = outer.pop() {
        g.state.set(before);
        result = close_one(vm, g, Some(result.map(drop)));
    }
    result
}

/// Closes one generator after its delegate, of which `inner` says how that went; without it the
/// delegate, if there is any, is no generator and closed here.
fn close_one(vm: &Vm, g: &PyGenerator, inner: Option<PyResult<()>>) -> PyResult {
    if g.state.get() == GeneratorState::Created {
        g.clear(vm);
        return Ok(vm.none_ref());
    }
    if g.state.get() == GeneratorState::Finished {
        return Ok(vm.none_ref());
    }
    let exit = match (inner, g.delegate()) {
        (Some(closed), _) => closed.err(),
        (None, Some(inner)) if plain_generator(inner).is_none() => {
            let inner = inner.to_ref();
            let before = g.state.replace(GeneratorState::Executing);
            let closed = close_iterator(vm, inner.value());
            g.state.set(before);
            closed.err()
        }
        (None, _) => None,
    };
    let untold = !vm.interp.monitor.is_active();
    if exit.is_none() && untold && g.is_suspended() && resumes_outside_of_try(g) {
        g.clear(vm);
        return Ok(vm.none_ref());
    }
    let e = exit.unwrap_or_else(|| vm.error_args(shape::GENERATOR_EXIT, &[]));
    match throw_here(vm, g, e, true) {
        Ok(Sent::Yielded(_)) => Err(vm.runtime_error(format!("{} ignored GeneratorExit", g.kind()))),
        Ok(Sent::Returned(v)) => Ok(v),
        Err(e) if e.is(vm, shape::GENERATOR_EXIT) || e.is(vm, shape::STOP_ITERATION) => Ok(vm.none_ref()),
        Err(e) => Err(e),
    }
}

/// Whether nothing but the handler that the compiler puts around every generator guards the
/// place where it is suspended: then closing it need not run it.
fn resumes_outside_of_try(g: &PyGenerator) -> bool {
    const DEPTH1: u16 = 4;
    let code = g.py_code();
    let unit = code.unit(code.index_of(g.ip.get()));
    let op = unit as u8;
    (op == Opcode::RESUME as u8 || op == Opcode::RESUME_CHECK as u8) && (unit >> 8) & DEPTH1 != 0
}

/// Before a generator dies: runs its `finally` blocks, or says that a coroutine was never awaited.
pub fn finalize(vm: &Vm, v: Value) {
    // SAFETY: slot of these types.
    let g = unsafe { v.cast_unchecked::<PyGenerator>() };
    if g.state.get() == GeneratorState::Finished {
        return;
    }
    if g.kind() == "async generator" && !g.closed.get() && let Some(f) = g.origin_or_finalizer.get_ref() {
        if let Err(e) = call::call_args(vm, f.value(), &[v]) {
            crate::runtime::unraisable_while(vm, e, "finalizing generator", v);
        }
        return;
    }
    if g.kind() == "coroutine" && g.state.get() == GeneratorState::Created {
        crate::types::coroutine::warn_never_awaited(vm, v);
        return;
    }
    if let Err(e) = close(vm, g) {
        crate::runtime::unraisable_while(vm, e, "closing generator", v);
    }
}

fn this<'a>(v: Value) -> &'a PyGenerator {
    // SAFETY: getters, methods and slots of the three types get them.
    unsafe { v.cast_unchecked::<PyGenerator>() }
}

/// `<generator object NAME at 0x...>` and its like.
pub fn repr(vm: &Vm, v: Value) -> PyResult {
    let name = obj::text(this(v).qualname.get());
    let kind = vm.type_of(v).name();
    Ok(vm.new_str(&format!("<{kind} object {name} at {:#x}>", obj::address(v))))
}

pub fn send_method(vm: &Vm, args: &[Value]) -> PyResult {
    send(vm, this(args[0]), args[1])
}

/// Warns of the old signature with three arguments; `of` says whose.
pub fn warn_of_three_arguments(vm: &Vm, args: &[Value], of: &str) -> PyResult<()> {
    if args.iter().skip(2).all(|v| v.is_null()) {
        return Ok(());
    }
    let text = format!("the (type, exc, tb) signature of {of} is deprecated, use the single-arg signature instead.");
    crate::runtime::warn(vm, shape::DEPRECATION_WARNING, &text, 1)
}

pub fn throw_method(vm: &Vm, args: &[Value]) -> PyResult {
    warn_of_three_arguments(vm, args, "throw()")?;
    throw(vm, this(args[0]), [args[1], args[2], args[3]], true)
}

pub fn close_method(vm: &Vm, args: &[Value]) -> PyResult {
    close(vm, this(args[0]))
}

pub fn get_name(_: &Vm, v: Value) -> PyResult {
    Ok(this(v).name.get().to_ref())
}

pub fn set_name(vm: &Vm, v: Value, new: Value) -> PyResult<()> {
    set_text(vm, &this(v).name, new, "__name__")
}

pub fn get_qualname(_: &Vm, v: Value) -> PyResult {
    Ok(this(v).qualname.get().to_ref())
}

pub fn set_qualname(vm: &Vm, v: Value, new: Value) -> PyResult<()> {
    set_text(vm, &this(v).qualname, new, "__qualname__")
}

fn set_text(vm: &Vm, c: &OwnedCell, new: Value, what: &str) -> PyResult<()> {
    if new.is_null() || new.cast::<PyStr>().is_none() {
        return Err(vm.type_error(format!("{what} must be set to a string object")));
    }
    c.set(new.to_ref());
    Ok(())
}

pub fn get_delegate(vm: &Vm, v: Value) -> PyResult {
    Ok(this(v).delegate().unwrap_or(vm.none()).to_ref())
}

pub fn get_running(vm: &Vm, v: Value) -> PyResult {
    Ok(vm.bool_ref(this(v).state.get() == GeneratorState::Executing))
}

pub fn get_suspended(vm: &Vm, v: Value) -> PyResult {
    Ok(vm.bool_ref(this(v).is_suspended()))
}

pub fn get_code(_: &Vm, v: Value) -> PyResult {
    Ok(this(v).code.get().to_ref())
}

pub fn get_frame(vm: &Vm, v: Value) -> PyResult {
    let g = this(v);
    if g.state.get() == GeneratorState::Finished {
        return Ok(vm.none_ref());
    }
    Ok(frame_object::of_generator(vm, g))
}

/// `generator[...]`: the generic alias.
pub fn class_getitem(vm: &Vm, args: &[Value]) -> PyResult {
    Ok(crate::types::generic_alias::new(vm, args[0], args[1]))
}

/// Text signature of `throw`.
pub const THROW_SIG: &str = "($self, type, value=<unrepresentable>, traceback=<unrepresentable>, /)";

/// The type `generator`.
pub static GENERATOR_DEF: TypeDef = TypeDef {
    flags: flags::HEAP | flags::PREFIX | flags::WEAKREF,
    new: New::Disallowed,
    slots: |s| {
        s.drop = Some(object::drop_payload::<PyGenerator>);
        s.repr = Some(repr);
        s.iter = Some(|_, v| Ok(v.to_ref()));
        s.next = Some(next);
        s.finalize = Some(finalize);
        collector_slots(s);
    },
    methods: &[
        MethodDef::new("send", "($self, value, /)", send_method, "send(value) -> send 'value' into generator,\nreturn next yielded value or raise StopIteration."),
        MethodDef::new("throw", THROW_SIG, throw_method, "throw(value)\nthrow(type[,value[,tb]])\n\nRaise exception in generator, return next yielded value or raise\nStopIteration.\nthe (type, val, tb) signature is deprecated, \nand may be removed in a future version of Python."),
        MethodDef::new("close", "($self, /)", close_method, "close() -> raise GeneratorExit inside generator."),
        MethodDef::class("__class_getitem__", "($type, item, /)", class_getitem, "generators are generic over the types of their yield, send, and return values"),
    ],
    getset: &[
        GetSetDef::get_set("__name__", get_name, set_name, "name of the generator"),
        GetSetDef::get_set("__qualname__", get_qualname, set_qualname, "qualified name of the generator"),
        GetSetDef::get("gi_yieldfrom", get_delegate, "object being iterated by yield from, or None"),
        GetSetDef::get("gi_running", get_running, ""),
        GetSetDef::get("gi_frame", get_frame, ""),
        GetSetDef::get("gi_suspended", get_suspended, ""),
        GetSetDef::get("gi_code", get_code, ""),
    ],
    ..TypeDef::of::<PyGenerator>("generator")
};
