//! `anext_awaitable`: what `anext(iterator, default)` returns.

use crate::args::CallArgs;
use crate::error::PyResult;
use crate::object::{self, Header, Payload};
use crate::protocol::{attr, call};
use crate::shape;
use crate::types::coroutine::awaitable_iterator;
use crate::types::tuple::PyTuple;
use crate::types::type_::{MethodDef, New, TypeDef};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// Payload of an `anext_awaitable`.
#[repr(C)]
pub struct AnextAwaitable {
    header: Header,
    /// What `__anext__()` has returned.
    wrapped: Ref,
    default: Ref,
}

// SAFETY: repr(C), header first.
unsafe impl Payload for AnextAwaitable {
    const SHAPE: u32 = shape::ANEXT_AWAITABLE;
}

/// An awaitable that comes to `default` where `wrapped` raises StopAsyncIteration.
pub fn new(wrapped: Ref, default: Value) -> Ref {
    object::new(AnextAwaitable { header: object::header(), wrapped, default: default.to_ref() })
}

fn this<'a>(v: Value) -> &'a AnextAwaitable {
    // SAFETY: slots and methods of the type get its objects.
    unsafe { v.cast_unchecked::<AnextAwaitable>() }
}

impl AnextAwaitable {
    /// The iterator that awaiting the wrapped object goes through.
    fn iterator(&self, vm: &Vm) -> PyResult {
        let it = awaitable_iterator(vm, self.wrapped.value())?;
        let slots = vm.type_of(it.value()).slots();
        if slots.next.is_some() {
            return Ok(it);
        }
        // A coroutine is no iterator; what its `__await__` makes is one.
        let made = match slots.await_ {
            Some(f) => f(vm, it.value())?,
            None => return Err(vm.type_error("__await__ must return an iterable")),
        };
        if vm.type_of(made.value()).slots().next.is_none() {
            return Err(vm.type_error("__await__ must return an iterable"));
        }
        Ok(made)
    }

    /// StopAsyncIteration becomes the default.
    fn finish<T>(&self, vm: &Vm, result: PyResult<T>) -> PyResult<T> {
        match result {
            Err(e) if e.is(vm, shape::STOP_ASYNC_ITERATION) => Err(vm.stop_iteration(self.default.value())),
            other => other,
        }
    }

    fn next(&self, vm: &Vm) -> PyResult<Option<Ref>> {
        let it = self.iterator(vm)?;
        match vm.type_of(it.value()).slots().next {
            Some(next) => self.finish(vm, next(vm, it.value())),
            None => Ok(None),
        }
    }

    fn call(&self, vm: &Vm, method: &str, args: Value) -> PyResult {
        let it = self.iterator(vm)?;
        let f = attr::get_named(vm, it.value(), method)?;
        let args = args.cast::<PyTuple>().map_or(&[][..], |t| t.as_slice());
        self.finish(vm, call::call(vm, f.value(), CallArgs::positional(args)))
    }
}

pub static DEF: TypeDef = TypeDef {
    flags: 0,
    new: New::Disallowed,
    slots: |s| {
        s.iter = Some(|_, v| Ok(v.to_ref()));
        s.await_ = Some(|_, v| Ok(v.to_ref()));
        s.next = Some(|vm, v| this(v).next(vm));
        s.drop = Some(object::drop_payload::<AnextAwaitable>);
        s.traverse = crate::traverse_fields!(AnextAwaitable: wrapped, default);
    },
    methods: &[
        MethodDef::new("send", "($self, *args)", |vm, a| this(a[0]).call(vm, "send", a[1]), "send(arg) -> send 'arg' into the wrapped iterator,\nreturn next yielded value or raise StopIteration."),
        MethodDef::new("throw", "($self, *args)", |vm, a| this(a[0]).call(vm, "throw", a[1]), "throw(value)\nthrow(typ[,val[,tb]])\n\nraise exception in the wrapped iterator, return next yielded value\nor raise StopIteration.\nthe (type, val, tb) signature is deprecated, \nand may be removed in a future version of Python."),
        MethodDef::new("close", "($self, *args)", |vm, a| this(a[0]).call(vm, "close", a[1]), "close() -> raise GeneratorExit inside generator."),
    ],
    ..TypeDef::of::<AnextAwaitable>("anext_awaitable")
};
