//! `coroutine`: what calling an `async def` function makes, and its `__await__` iterator.

use crate::error::PyResult;
use crate::frame::Frame;
use crate::object::{self, Header, Payload};
use crate::protocol::{attr, call, iter, object as obj};
use crate::shape;
use crate::types::generator::{self, PyGenerator, THROW_SIG};
use crate::types::tuple::PyTuple;
use crate::types::type_::{GetSetDef, MethodDef, New, TypeDef, flags};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// The iterator that `coroutine.__await__()` returns.
#[repr(C)]
pub struct CoroutineWrapper {
    header: Header,
    coroutine: Ref,
}

// SAFETY: repr(C), header first.
unsafe impl Payload for CoroutineWrapper {
    const SHAPE: u32 = shape::COROUTINE_WRAPPER;
}

fn wrapped<'a>(v: Value) -> &'a PyGenerator {
    // SAFETY: slots and methods of the wrapper get wrappers, which hold coroutines.
    unsafe { v.cast_unchecked::<CoroutineWrapper>().coroutine.cast_unchecked::<PyGenerator>() }
}

/// What `await v` iterates over.
///
/// # Errors
/// TypeError if it cannot be awaited.
pub fn awaitable_iterator(vm: &Vm, v: Value) -> PyResult {
    let is_coroutine = |v: Value| {
        v.has_shape(shape::COROUTINE)
            || (v.has_shape(shape::GENERATOR) && PyGenerator::of(v).is_some_and(|g| g.is_iterable_coroutine()))
    };
    if is_coroutine(v) {
        return Ok(v.to_ref());
    }
    let Some(get) = vm.type_of(v).slots().await_ else {
        return Err(vm.type_error(format!("'{}' object can't be awaited", vm.type_of(v).full_name())));
    };
    let it = get(vm, v)?;
    if is_coroutine(it.value()) {
        return Err(vm.type_error("__await__() returned a coroutine"));
    }
    if !iter::is_iterator(vm, it.value()) {
        return Err(vm.type_error(format!(
            "__await__() returned non-iterator of type '{}'",
            vm.type_of(it.value()).full_name()
        )));
    }
    Ok(it)
}

/// The RuntimeWarning for a coroutine that dies without having run.
pub fn warn_never_awaited(vm: &Vm, v: Value) {
    // SAFETY: called with coroutines.
    let g = unsafe { v.cast_unchecked::<PyGenerator>() };
    let warned = match unawaited_hook(vm) {
        Some(hook) => call::call_args(vm, hook.value(), &[v]).map(drop),
        None => {
            let text = format!("coroutine '{}' was never awaited", obj::text(g.qualname.get()));
            crate::runtime::warn(vm, shape::RUNTIME_WARNING, &text, 1)
        }
    };
    if let Err(e) = warned {
        crate::runtime::unraisable_while(vm, e, "finalizing coroutine", v);
    }
}

/// The function of the library's `warnings` that tells where a coroutine came from, once that is imported.
fn unawaited_hook(vm: &Vm) -> Option<Ref> {
    let warnings = crate::runtime::modules(vm).get_text(vm, "warnings")?.to_ref();
    attr::get_opt(vm, warnings.value(), vm.intern("_warn_unawaited_coroutine")).ok().flatten()
}

/// Fills `cr_origin`: file, line and function of the frames that made the coroutine, as many as
/// `sys.set_coroutine_origin_tracking_depth` asks for.
///
/// # Safety
/// `frame` must be the coroutine's own frame, still on the stack.
pub unsafe fn set_origin(vm: &Vm, coroutine: Value, frame: Frame) {
    let mut entries = Vec::new();
    // SAFETY: frames on the stack are live.
    unsafe {
        let mut at = frame.caller();
        while let Some((f, ip)) = at
            && entries.len() < vm.interp.origin_tracking_depth.get().max(0) as usize
        {
            let code = f.code();
            let line = code.line_at(code.index_of(ip).wrapping_sub(1)).unwrap_or(0);
            let parts = [code.filename.value(), Value::small_int(line.into()), code.name];
            entries.push(PyTuple::from_slice(vm, &parts));
            at = f.caller();
        }
        let g = coroutine.cast_unchecked::<PyGenerator>();
        g.origin_or_finalizer.set(PyTuple::from_vec(vm, entries));
    }
}

fn await_(_: &Vm, v: Value) -> PyResult {
    Ok(object::new(CoroutineWrapper { header: object::header(), coroutine: v.to_ref() }))
}

fn get_origin(vm: &Vm, v: Value) -> PyResult {
    // SAFETY: getter of `coroutine`.
    let g = unsafe { v.cast_unchecked::<PyGenerator>() };
    Ok(g.origin_or_finalizer.get_ref().unwrap_or_else(|| vm.none_ref()))
}

const SEND_DOC: &str = "send(arg) -> send 'arg' into coroutine,\nreturn next iterated value or raise StopIteration.";
const THROW_DOC: &str = "throw(value)\nthrow(type[,value[,traceback]])\n\nRaise exception in coroutine, return next iterated value or raise\nStopIteration.\nthe (type, val, tb) signature is deprecated, \nand may be removed in a future version of Python.";
const CLOSE_DOC: &str = "close() -> raise GeneratorExit inside coroutine.";

/// The type `coroutine`.
pub static DEF: TypeDef = TypeDef {
    flags: flags::HEAP | flags::PREFIX | flags::WEAKREF,
    new: New::Disallowed,
    slots: |s| {
        s.drop = Some(object::drop_payload::<PyGenerator>);
        s.repr = Some(generator::repr);
        s.await_ = Some(await_);
        s.finalize = Some(generator::finalize);
        generator::collector_slots(s);
    },
    methods: &[
        MethodDef::new("send", "($self, value, /)", generator::send_method, SEND_DOC),
        MethodDef::new("throw", THROW_SIG, generator::throw_method, THROW_DOC),
        MethodDef::new("close", "($self, /)", generator::close_method, CLOSE_DOC),
        MethodDef::class("__class_getitem__", "($type, item, /)", generator::class_getitem, "coroutines are generic over the types of their yield, send, and return values"),
    ],
    getset: &[
        GetSetDef::get_set("__name__", generator::get_name, generator::set_name, "name of the coroutine"),
        GetSetDef::get_set("__qualname__", generator::get_qualname, generator::set_qualname, "qualified name of the coroutine"),
        GetSetDef::get("cr_await", generator::get_delegate, "object being awaited on, or None"),
        GetSetDef::get("cr_running", generator::get_running, ""),
        GetSetDef::get("cr_frame", generator::get_frame, ""),
        GetSetDef::get("cr_code", generator::get_code, ""),
        GetSetDef::get("cr_suspended", generator::get_suspended, ""),
        GetSetDef::member("cr_origin", get_origin, ""),
    ],
    ..TypeDef::of::<PyGenerator>("coroutine")
};

/// The type `coroutine_wrapper`.
pub static WRAPPER_DEF: TypeDef = TypeDef {
    doc: "A wrapper object implementing __await__ for coroutines.",
    flags: 0,
    new: New::Disallowed,
    slots: |s| {
        s.drop = Some(object::drop_payload::<CoroutineWrapper>);
        s.traverse = crate::traverse_fields!(CoroutineWrapper: coroutine);
        s.iter = Some(|_, v| Ok(v.to_ref()));
        s.next = Some(|vm, v| generator::next(vm, wrapped(v).as_value()));
    },
    methods: &[
        MethodDef::new("send", "($self, value, /)", |vm, a| generator::send(vm, wrapped(a[0]), a[1]), SEND_DOC),
        MethodDef::new("throw", THROW_SIG, |vm, a| {
            generator::warn_of_three_arguments(vm, a, "throw()")?;
            generator::throw(vm, wrapped(a[0]), [a[1], a[2], a[3]], true)
        }, THROW_DOC),
        MethodDef::new("close", "($self, /)", |vm, a| generator::close(vm, wrapped(a[0])), CLOSE_DOC),
    ],
    ..TypeDef::of::<CoroutineWrapper>("coroutine_wrapper")
};
