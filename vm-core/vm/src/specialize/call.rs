//! Specializers of calls.

use crate::interp::regs::Regs;
use crate::ops::internal::number;
use crate::shape;
use crate::specialize::{done, done_internal, failed, finish, following, set_cache32};
use crate::types::function::{PyFunction, PyMethod};
use crate::types::native::{BuiltinFunction, MethodDescriptor};
use crate::types::slot_update;
use crate::types::type_::{Type, TypeRef, flags};
use crate::value::Value;
use crate::vm::Vm;
use tailscope_bytecode::opcode::Opcode;

/// Inline cache entries of CALL.
const CACHES: usize = 3;

/// CALL.
///
/// # Safety
/// The registers of that instruction, spilled.
#[inline(never)]
pub unsafe fn call(r: &Regs) {
    // SAFETY: promised by the caller.
    unsafe {
        let n = r.arg();
        let (callable, receiver) = (r.peek(n + 2), r.peek(n + 1));
        let has_self = !receiver.is_null();
        let total = n + usize::from(has_self);
        if let Some(f) = callable.cast_exact::<PyFunction>() {
            return python(r, f, total, has_self);
        }
        if let Some(m) = callable.cast_exact::<PyMethod>() {
            return bound(r, m, n, has_self);
        }
        if let Some(f) = callable.cast_exact::<BuiltinFunction>() {
            return finish(r, Some(builtin(r, callable, f, total)));
        }
        if let Some(m) = callable.cast_exact::<MethodDescriptor>() {
            return finish(r, Some(method_descriptor(r, callable, m, total, has_self)));
        }
        if callable.has_shape(shape::TYPE) {
            return class(r, callable.cast_unchecked::<Type>(), n, has_self);
        }
        finish(r, Some(Opcode::CALL_NON_PY_GENERAL));
    }
}

/// A function written in Python, with `total` arguments.
unsafe fn python(r: &Regs, f: &PyFunction, total: usize, has_self: bool) {
    // SAFETY: promised by the caller.
    unsafe {
        let version = f.version(r.vm());
        if version == 0 {
            return failed(r);
        }
        set_cache32(r, 1, version);
        let exact = f.code().is_simple() && f.argcount.get() as usize == total && !f.code().has_mapping();
        match (exact, has_self) {
            (true, false) => done(r, Opcode::CALL_PY_EXACT_ARGS),
            (true, true) => done_internal(r, number::CALL_PY_EXACT_ARGS_SELF),
            (false, _) => done(r, Opcode::CALL_PY_GENERAL),
        }
    }
}

/// A bound method.
unsafe fn bound(r: &Regs, m: &PyMethod, n: usize, has_self: bool) {
    // SAFETY: promised by the caller.
    unsafe {
        let Some(f) = m.function.cast_exact::<PyFunction>() else {
            // `unpack_method` of the general call handles it best.
            return failed(r);
        };
        let version = f.version(r.vm());
        if version == 0 || has_self {
            return failed(r);
        }
        set_cache32(r, 1, version);
        let exact = f.code().is_simple() && f.argcount.get() as usize == n + 1 && !f.code().has_mapping();
        done(r, if exact { Opcode::CALL_BOUND_METHOD_EXACT_ARGS } else { Opcode::CALL_BOUND_METHOD_GENERAL });
    }
}

/// A native function.
unsafe fn builtin(r: &Regs, callable: Value, f: &BuiltinFunction, total: usize) -> Opcode {
    let vm = r.vm();
    let cache = &vm.interp.callable_cache;
    if f.def.name == "len" && total == 1 && is_builtin(vm, callable, "len") {
        cache.len.set(callable.to_ref());
        return Opcode::CALL_LEN;
    }
    if f.def.name == "isinstance" && total == 2 && is_builtin(vm, callable, "isinstance") {
        cache.isinstance.set(callable.to_ref());
        return Opcode::CALL_ISINSTANCE;
    }
    if total == 1 && f.simple_arity(vm) == Some(1) {
        return Opcode::CALL_BUILTIN_O;
    }
    if takes_keywords(vm, f.def.sig) { Opcode::CALL_BUILTIN_FAST_WITH_KEYWORDS } else { Opcode::CALL_BUILTIN_FAST }
}

/// Whether a function is the one of that name that the VM made for the builtins.
fn is_builtin(vm: &Vm, f: Value, name: &str) -> bool {
    let Some(module) = vm.runtime.builtins.get().non_null() else { return false };
    crate::types::module::dict(vm, module).get_text(vm, name).is_some_and(|b| b.is(f))
}

fn takes_keywords(vm: &Vm, sig: &'static str) -> bool {
    let s = vm.signatures.get(sig);
    s.positional_only < s.params.len() && s.varargs.is_none_or(|v| v + 1 != s.params.len())
}

/// A native method of a built-in type.
unsafe fn method_descriptor(
    r: &Regs,
    callable: Value,
    m: &MethodDescriptor,
    total: usize,
    has_self: bool,
) -> Opcode {
    let vm = r.vm();
    match m.simple_arity(vm) {
        Some(0) if total == 1 => Opcode::CALL_METHOD_DESCRIPTOR_NOARGS,
        Some(1) if total == 2 => {
            // SAFETY: promised by the caller.
            let statement = unsafe { following(r, CACHES) } == Some(Opcode::POP_TOP);
            let list = vm.builtin(shape::LIST);
            if has_self && statement && m.def.name == "append" && m.owner.is(list) {
                vm.interp.callable_cache.list_append.set(callable.to_ref());
                return Opcode::CALL_LIST_APPEND;
            }
            Opcode::CALL_METHOD_DESCRIPTOR_O
        }
        _ if takes_keywords(vm, m.def.sig) => Opcode::CALL_METHOD_DESCRIPTOR_FAST_WITH_KEYWORDS,
        _ => Opcode::CALL_METHOD_DESCRIPTOR_FAST,
    }
}

/// A class.
unsafe fn class(r: &Regs, ty: TypeRef, n: usize, has_self: bool) {
    // SAFETY: promised by the caller.
    unsafe {
        let vm = r.vm();
        if !ty.is_heap() {
            let one = n == 1 && !has_self;
            let is = |s| ty.is(vm.builtin(s));
            let op = if one && is(shape::TYPE) {
                Opcode::CALL_TYPE_1
            } else if one && is(shape::STR) {
                Opcode::CALL_STR_1
            } else if one && is(shape::TUPLE) {
                Opcode::CALL_TUPLE_1
            } else {
                Opcode::CALL_BUILTIN_CLASS
            };
            return done(r, op);
        }
        match python_init(vm, ty) {
            Some(init) if !has_self => {
                let f = init.cast_unchecked::<PyFunction>();
                if f.code().is_simple() && !f.code().has_mapping() {
                    set_cache32(r, 1, ty.version());
                    return done(r, Opcode::CALL_ALLOC_AND_ENTER_INIT);
                }
            }
            _ => {}
        }
        done(r, Opcode::CALL_NON_PY_GENERAL);
    }
}

/// The `__init__` written in Python of a class whose instances are made by object's `__new__`,
/// with nothing else to watch.
#[inline(always)]
pub fn python_init(vm: &Vm, ty: TypeRef) -> Option<Value> {
    let (version, init) = ty.python_init.get();
    if version == ty.version() {
        return init.non_null();
    }
    let init = find_python_init(vm, ty);
    ty.python_init.set((ty.version(), init.map_or(Value::NULL, Value::borrow)));
    init
}

#[cold]
#[inline(never)]
fn find_python_init(vm: &Vm, ty: TypeRef) -> Option<Value> {
    let plain_new = vm.builtin(shape::OBJECT).slots().new.map(|f| f as usize);
    if ty.slots().new.map(|f| f as usize) != plain_new
        || ty.layout() != shape::OBJECT
        || ty.has_flag(flags::ABSTRACT)
        || !slot_update::uses_generic_init(ty)
    {
        return None;
    }
    let init = ty.lookup(vm, vm.names().__init__)?;
    init.has_shape(shape::FUNCTION).then_some(init)
}

/// CALL_KW.
///
/// # Safety
/// The registers of that instruction, spilled.
#[inline(never)]
pub unsafe fn call_kw(r: &Regs) {
    // SAFETY: promised by the caller.
    unsafe {
        let n = r.arg();
        let (callable, receiver) = (r.peek(n + 3), r.peek(n + 2));
        if let Some(f) = callable.cast_exact::<PyFunction>() {
            return keyword_function(r, f, Opcode::CALL_KW_PY);
        }
        if let Some(m) = callable.cast_exact::<PyMethod>() {
            return match m.function.cast_exact::<PyFunction>() {
                Some(f) if receiver.is_null() => keyword_function(r, f, Opcode::CALL_KW_BOUND_METHOD),
                _ => failed(r),
            };
        }
        done(r, Opcode::CALL_KW_NON_PY);
    }
}

unsafe fn keyword_function(r: &Regs, f: &PyFunction, op: Opcode) {
    // SAFETY: promised by the caller.
    unsafe {
        let version = f.version(r.vm());
        if version == 0 {
            return failed(r);
        }
        set_cache32(r, 1, version);
        done(r, op);
    }
}
