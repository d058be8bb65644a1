//! `async_generator`: what calling an `async def` function with `yield` makes, and the
//! awaitables of its methods.
//!
//! Inside of the generator, `yield v` hands out `v` in a wrapper of its own type, so that it is
//! told apart from what an inner `await` hands through to the event loop.

use std::cell::Cell;

use crate::error::{PyResult, Raised};
use crate::object::{self, Header, Payload};
use crate::protocol::{call, object as obj};
use crate::shape;
use crate::types::generator::{self, GeneratorState, PyGenerator, THROW_SIG};
use crate::types::slots::Slots;
use crate::types::tuple::PyTuple;
use crate::types::type_::{GetSetDef, MethodDef, New, TypeDef, flags};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// How far an awaitable has got.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    Fresh,
    Iterating,
    Closed,
}

/// Awaitable of `__anext__()` and `asend()`.
#[repr(C)]
pub struct AsyncSend {
    header: Header,
    generator: Ref,
    /// NULL for `__anext__()`.
    value: Value,
    progress: Cell<Progress>,
}

/// Awaitable of `athrow()` and `aclose()`.
#[repr(C)]
pub struct AsyncThrow {
    header: Header,
    generator: Ref,
    /// The arguments of `athrow`, a tuple; NULL for `aclose()`.
    args: Value,
    progress: Cell<Progress>,
}

/// A value that an async generator has yielded itself.
#[repr(C)]
pub struct WrappedValue {
    header: Header,
    pub value: Ref,
}

// SAFETY: repr(C), header first.
unsafe impl Payload for AsyncSend {
    const SHAPE: u32 = shape::ASYNC_GENERATOR_ASEND;
}

// SAFETY: repr(C), header first.
unsafe impl Payload for AsyncThrow {
    const SHAPE: u32 = shape::ASYNC_GENERATOR_ATHROW;
}

// SAFETY: repr(C), header first.
unsafe impl Payload for WrappedValue {
    const SHAPE: u32 = shape::ASYNC_GENERATOR_WRAPPED_VALUE;
}

impl Drop for AsyncSend {
    fn drop(&mut self) {
        // SAFETY: taken over when the object was made.
        unsafe { self.value.release() }
    }
}

impl Drop for AsyncThrow {
    fn drop(&mut self) {
        // SAFETY: taken over when the object was made.
        unsafe { self.args.release() }
    }
}

/// Wraps what an async generator yields.
pub fn wrap(v: Value) -> Ref {
    object::new(WrappedValue { header: object::header(), value: v.to_ref() })
}

fn of<'a>(v: Value) -> &'a PyGenerator {
    // SAFETY: methods and slots of `async_generator` get them.
    unsafe { v.cast_unchecked::<PyGenerator>() }
}

/// Calls the hook for a first iteration, once.
fn init_hooks(vm: &Vm, v: Value) -> PyResult<()> {
    let g = of(v);
    if g.hooks_inited.replace(true) {
        return Ok(());
    }
    drop(g.origin_or_finalizer.replace(vm.interp.async_generator_finalizer.get_ref()));
    if let Some(first) = vm.interp.async_generator_first.get_ref() {
        call::call_args(vm, first.value(), &[v])?;
    }
    Ok(())
}

fn new_send(vm: &Vm, g: Value, value: Value) -> PyResult {
    init_hooks(vm, g)?;
    Ok(object::new(AsyncSend {
        header: object::header(),
        generator: g.to_ref(),
        value: value.dup_owned(),
        progress: Cell::new(Progress::Fresh),
    }))
}

fn new_throw(vm: &Vm, g: Value, args: Value) -> PyResult {
    init_hooks(vm, g)?;
    Ok(object::new(AsyncThrow {
        header: object::header(),
        generator: g.to_ref(),
        args: args.dup_owned(),
        progress: Cell::new(Progress::Fresh),
    }))
}

/// Turns a wrapped value into StopIteration, which ends the `await`; passes on everything else.
fn unwrap(vm: &Vm, g: &PyGenerator, result: PyResult) -> PyResult {
    match result {
        Err(e) => {
            if e.is(vm, shape::STOP_ASYNC_ITERATION) || e.is(vm, shape::GENERATOR_EXIT) {
                g.closed.set(true);
            }
            g.running_async.set(false);
            Err(e)
        }
        Ok(v) => match v.cast_exact::<WrappedValue>() {
            Some(w) => {
                g.running_async.set(false);
                Err(vm.stop_iteration(w.value.value()))
            }
            None => Ok(v),
        },
    }
}

fn send_of<'a>(v: Value) -> &'a AsyncSend {
    // SAFETY: slots and methods of the type get its objects.
    unsafe { v.cast_unchecked::<AsyncSend>() }
}

impl AsyncSend {
    /// Checks before an iteration.
    fn begin(&self, vm: &Vm) -> PyResult<bool> {
        match self.progress.get() {
            Progress::Closed => Err(vm.runtime_error("cannot reuse already awaited __anext__()/asend()")),
            Progress::Iterating => Ok(false),
            Progress::Fresh if of(self.generator.value()).running_async.get() => {
                self.progress.set(Progress::Closed);
                Err(vm.runtime_error("anext(): asynchronous generator is already running"))
            }
            Progress::Fresh => {
                self.progress.set(Progress::Iterating);
                Ok(true)
            }
        }
    }

    fn finish(&self, result: PyResult) -> PyResult {
        if result.is_err() {
            self.progress.set(Progress::Closed);
        }
        result
    }

    fn send(&self, vm: &Vm, arg: Value) -> PyResult {
        let fresh = self.begin(vm)?;
        let arg = if fresh && arg.is(vm.none()) { self.value.borrow().non_null().unwrap_or(arg) } else { arg };
        let g = of(self.generator.value());
        g.running_async.set(true);
        let result = generator::send(vm, g, arg);
        self.finish(unwrap(vm, g, result))
    }

    fn throw(&self, vm: &Vm, args: [Value; 3]) -> PyResult {
        let g = of(self.generator.value());
        if self.begin(vm)? {
            g.running_async.set(true);
        }
        let result = unwrap(vm, g, generator::throw(vm, g, args, true));
        if result.is_err() {
            g.running_async.set(false);
        }
        self.finish(result)
    }
}

/// `close()` of an awaitable: throws GeneratorExit in.
fn close_awaitable(vm: &Vm, closed: bool, throw: impl FnOnce([Value; 3]) -> PyResult) -> PyResult {
    if closed {
        return Ok(vm.none_ref());
    }
    let exit = vm.builtin(shape::GENERATOR_EXIT).value();
    match throw([exit, Value::NULL, Value::NULL]) {
        Ok(_) => Err(vm.runtime_error("coroutine ignored GeneratorExit")),
        Err(e)
            if e.is(vm, shape::STOP_ITERATION)
                || e.is(vm, shape::STOP_ASYNC_ITERATION)
                || e.is(vm, shape::GENERATOR_EXIT) =>
        {
            Ok(vm.none_ref())
        }
        Err(e) => Err(e),
    }
}

fn throw_of<'a>(v: Value) -> &'a AsyncThrow {
    // SAFETY: slots and methods of the type get its objects.
    unsafe { v.cast_unchecked::<AsyncThrow>() }
}

impl AsyncThrow {
    fn is_close(&self) -> bool {
        self.args.is_null()
    }

    fn closed_error(&self, vm: &Vm) -> PyResult<()> {
        if self.progress.get() == Progress::Closed {
            return Err(vm.runtime_error("cannot reuse already awaited aclose()/athrow()"));
        }
        Ok(())
    }

    fn check_running(&self, vm: &Vm, g: &PyGenerator) -> PyResult<()> {
        if !g.running_async.get() {
            return Ok(());
        }
        self.progress.set(Progress::Closed);
        let what = if self.is_close() { "aclose" } else { "athrow" };
        Err(vm.runtime_error(format!("{what}(): asynchronous generator is already running")))
    }

    /// Ends in failure; what `aclose()` asked for is no error.
    fn fail(&self, vm: &Vm, g: &PyGenerator, e: Raised) -> PyResult {
        g.running_async.set(false);
        self.progress.set(Progress::Closed);
        let expected = e.is(vm, shape::STOP_ASYNC_ITERATION) || e.is(vm, shape::GENERATOR_EXIT);
        if expected && self.is_close() { Err(vm.stop_iteration(Value::NULL)) } else { Err(e) }
    }

    /// A value yielded while closing is an error.
    fn check_yield(&self, vm: &Vm, g: &PyGenerator, v: Ref) -> PyResult {
        if v.has_shape(shape::ASYNC_GENERATOR_WRAPPED_VALUE) {
            g.running_async.set(false);
            self.progress.set(Progress::Closed);
            return Err(vm.runtime_error("async generator ignored GeneratorExit"));
        }
        Ok(v)
    }

    fn send(&self, vm: &Vm, arg: Value) -> PyResult {
        self.closed_error(vm)?;
        let g = of(self.generator.value());
        if g.state.get() == GeneratorState::Finished {
            self.progress.set(Progress::Closed);
            return Err(vm.stop_iteration(Value::NULL));
        }
        if self.progress.get() == Progress::Fresh {
            return self.start(vm, g, arg);
        }
        let result = generator::send(vm, g, arg);
        if !self.is_close() {
            return unwrap(vm, g, result);
        }
        match result {
            Ok(v) => self.check_yield(vm, g, v),
            Err(e) => self.fail(vm, g, e),
        }
    }

    fn start(&self, vm: &Vm, g: &PyGenerator, arg: Value) -> PyResult {
        self.check_running(vm, g)?;
        if g.closed.get() {
            self.progress.set(Progress::Closed);
            return Err(vm.error_args(shape::STOP_ASYNC_ITERATION, &[]));
        }
        if !arg.is(vm.none()) {
            return Err(vm.runtime_error("can't send non-None value to a just-started coroutine"));
        }
        self.progress.set(Progress::Iterating);
        g.running_async.set(true);
        let null = Value::NULL;
        let result = match self.args.cast::<PyTuple>() {
            None => {
                g.closed.set(true);
                let exit = vm.builtin(shape::GENERATOR_EXIT).value();
                match generator::throw(vm, g, [exit, null, null], false) {
                    Ok(v) => return self.check_yield(vm, g, v),
                    e => e,
                }
            }
            Some(args) => {
                let at = |i| args.get(i).unwrap_or(null);
                unwrap(vm, g, generator::throw(vm, g, [at(0), at(1), at(2)], false))
            }
        };
        match result {
            Ok(v) => Ok(v),
            Err(e) => self.fail(vm, g, e),
        }
    }

    fn throw(&self, vm: &Vm, args: [Value; 3]) -> PyResult {
        self.closed_error(vm)?;
        let g = of(self.generator.value());
        if self.progress.get() == Progress::Fresh {
            self.check_running(vm, g)?;
            self.progress.set(Progress::Iterating);
            g.running_async.set(true);
        }
        let result = generator::throw(vm, g, args, true);
        if !self.is_close() {
            return match unwrap(vm, g, result) {
                Ok(v) => Ok(v),
                Err(e) => {
                    g.running_async.set(false);
                    self.progress.set(Progress::Closed);
                    Err(e)
                }
            };
        }
        match result {
            Ok(v) => self.check_yield(vm, g, v),
            Err(e) => self.fail(vm, g, e),
        }
    }
}

/// The RuntimeWarning for an awaitable that dies without having been awaited.
fn warn_unawaited(vm: &Vm, g: Value, method: &str, v: Value) {
    let name = obj::text(of(g).qualname.get());
    let text = format!("coroutine method '{method}' of '{name}' was never awaited");
    if let Err(e) = crate::runtime::warn(vm, shape::RUNTIME_WARNING, &text, 1) {
        crate::runtime::unraisable(vm, e, v);
    }
}

fn get_running(vm: &Vm, v: Value) -> PyResult {
    Ok(vm.bool_ref(of(v).running_async.get()))
}

fn athrow(vm: &Vm, args: &[Value]) -> PyResult {
    generator::warn_of_three_arguments(vm, args, "athrow()")?;
    let given: Vec<Value> = args[1..].iter().copied().take_while(|v| !v.is_null()).collect();
    let tuple = PyTuple::from_slice(vm, &given);
    new_throw(vm, args[0], tuple.value())
}

fn itself(s: &mut Slots) {
    s.await_ = Some(|_, v| Ok(v.to_ref()));
    s.iter = Some(|_, v| Ok(v.to_ref()));
}

const SEND_DOC: &str = "send(value) -> send 'value' into generator,\nreturn next yielded value or raise StopIteration.";
const CLOSE_DOC: &str = "close() -> raise GeneratorExit inside generator.";

/// The type `async_generator`.
pub static DEF: TypeDef = TypeDef {
    flags: flags::HEAP | flags::PREFIX | flags::WEAKREF,
    new: New::Disallowed,
    slots: |s| {
        s.drop = Some(object::drop_payload::<PyGenerator>);
        s.repr = Some(generator::repr);
        s.aiter = Some(|_, v| Ok(v.to_ref()));
        s.anext = Some(|vm, v| new_send(vm, v, Value::NULL));
        s.finalize = Some(generator::finalize);
        generator::collector_slots(s);
    },
    methods: &[
        MethodDef::new("asend", "($self, value, /)", |vm, a| new_send(vm, a[0], a[1]), "asend(v) -> send 'v' in generator."),
        MethodDef::new("athrow", THROW_SIG, athrow, "athrow(value)\nathrow(type[,value[,tb]])\n\nraise exception in generator.\nthe (type, val, tb) signature is deprecated, \nand may be removed in a future version of Python."),
        MethodDef::new("aclose", "($self, /)", |vm, a| new_throw(vm, a[0], Value::NULL), "aclose() -> raise GeneratorExit inside generator."),
        MethodDef::class("__class_getitem__", "($type, item, /)", generator::class_getitem, "async generators are generic over the types of their yield and send values"),
    ],
    getset: &[
        GetSetDef::get_set("__name__", generator::get_name, generator::set_name, "name of the async generator"),
        GetSetDef::get_set("__qualname__", generator::get_qualname, generator::set_qualname, "qualified name of the async generator"),
        GetSetDef::get("ag_await", generator::get_delegate, "object being awaited on, or None"),
        GetSetDef::get("ag_frame", generator::get_frame, ""),
        GetSetDef::get("ag_code", generator::get_code, ""),
        GetSetDef::get("ag_suspended", generator::get_suspended, ""),
        GetSetDef::member("ag_running", get_running, ""),
    ],
    ..TypeDef::of::<PyGenerator>("async_generator")
};

/// The type `async_generator_asend`.
pub static ASEND_DEF: TypeDef = TypeDef {
    flags: 0,
    new: New::Disallowed,
    slots: |s| {
        itself(s);
        s.drop = Some(object::drop_payload::<AsyncSend>);
        s.traverse = crate::traverse_fields!(AsyncSend: generator);
        s.next = Some(|vm, v| send_of(v).send(vm, vm.none()).map(Some));
        s.finalize = Some(|vm, v| {
            if send_of(v).progress.get() == Progress::Fresh {
                warn_unawaited(vm, send_of(v).generator.value(), "asend", v);
            }
        });
    },
    methods: &[
        MethodDef::new("send", "($self, value, /)", |vm, a| send_of(a[0]).send(vm, a[1]), SEND_DOC),
        MethodDef::new("throw", THROW_SIG, |vm, a| send_of(a[0]).throw(vm, [a[1], a[2], a[3]]), ""),
        MethodDef::new("close", "($self, /)", |vm, a| {
            let s = send_of(a[0]);
            close_awaitable(vm, s.progress.get() == Progress::Closed, |e| s.throw(vm, e))
        }, CLOSE_DOC),
    ],
    ..TypeDef::of::<AsyncSend>("async_generator_asend")
};

/// The type `async_generator_athrow`.
pub static ATHROW_DEF: TypeDef = TypeDef {
    flags: 0,
    new: New::Disallowed,
    slots: |s| {
        itself(s);
        s.drop = Some(object::drop_payload::<AsyncThrow>);
        s.traverse = crate::traverse_fields!(AsyncThrow: generator);
        s.next = Some(|vm, v| throw_of(v).send(vm, vm.none()).map(Some));
        s.finalize = Some(|vm, v| {
            let t = throw_of(v);
            if t.progress.get() == Progress::Fresh {
                let method = if t.is_close() { "aclose" } else { "athrow" };
                warn_unawaited(vm, t.generator.value(), method, v);
            }
        });
    },
    methods: &[
        MethodDef::new("send", "($self, value, /)", |vm, a| throw_of(a[0]).send(vm, a[1]), SEND_DOC),
        MethodDef::new("throw", THROW_SIG, |vm, a| throw_of(a[0]).throw(vm, [a[1], a[2], a[3]]), ""),
        MethodDef::new("close", "($self, /)", |vm, a| {
            let t = throw_of(a[0]);
            close_awaitable(vm, t.progress.get() == Progress::Closed, |e| t.throw(vm, e))
        }, CLOSE_DOC),
    ],
    ..TypeDef::of::<AsyncThrow>("async_generator_athrow")
};

/// The type of wrapped values.
pub static WRAPPED_VALUE_DEF: TypeDef = TypeDef {
    flags: 0,
    new: New::Disallowed,
    ..TypeDef::of::<WrappedValue>("async_generator_wrapped_value")
};
