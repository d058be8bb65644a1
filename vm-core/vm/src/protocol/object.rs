//! repr, str, hash, format, isinstance and other questions to any object.

use crate::error::PyResult;
use crate::protocol::{attr, call, truth};
use crate::shape;
use crate::types::str_::PyStr;
use crate::types::tuple::PyTuple;
use crate::types::type_::Type;
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// `id(v)` of an object: its address (ints and floats: a number made from their value).
pub fn address(v: Value) -> u64 {
    if v.is_object() { v.pointer() as u64 } else { v.bits() }
}

/// The text of a str, for messages; anything else gives an empty string.
pub fn text(v: Value) -> String {
    v.cast::<PyStr>().map(|s| s.to_string_lossy()).unwrap_or_default()
}

/// `repr(v)`, a str (of a subclass, at most).
pub fn repr(vm: &Vm, v: Value) -> PyResult {
    crate::interp::enter::check_native_stack(vm, "")?;
    let ty = vm.type_of(v);
    let r = match ty.slots().repr {
        Some(f) => f(vm, v)?,
        None => default_repr(vm, v)?,
    };
    expect_str(vm, r, "__repr__")
}

/// `<X object at 0x...>`.
pub fn default_repr(vm: &Vm, v: Value) -> PyResult {
    let ty = vm.type_of(v);
    Ok(vm.new_str(&format!(
        "<{} object at {:#x}>",
        crate::types::type_object::display_name(vm, ty),
        address(v)
    )))
}

/// `str(v)`.
pub fn str(vm: &Vm, v: Value) -> PyResult {
    if v.has_shape(shape::STR) {
        return Ok(v.to_ref());
    }
    crate::interp::enter::check_native_stack(vm, "")?;
    match vm.type_of(v).slots().str {
        Some(f) => {
            let r = f(vm, v)?;
            expect_str(vm, r, "__str__")
        }
        None => repr(vm, v),
    }
}

fn expect_str(vm: &Vm, r: Ref, method: &str) -> PyResult {
    if r.cast::<PyStr>().is_some() {
        return Ok(r);
    }
    Err(vm.type_error(format!(
        "{method} returned non-string (type {})",
        vm.type_of(r.value()).full_name()
    )))
}

/// `repr(v)` as Rust text, for messages.
pub fn repr_text(vm: &Vm, v: Value) -> PyResult<String> {
    Ok(text(repr(vm, v)?.value()))
}

/// `str(v)` as Rust text, for messages.
pub fn str_text(vm: &Vm, v: Value) -> PyResult<String> {
    Ok(text(str(vm, v)?.value()))
}

/// `ascii(v)`.
pub fn ascii(vm: &Vm, v: Value) -> PyResult {
    let r = repr(vm, v)?;
    match r.cast::<PyStr>() {
        Some(s) if !s.is_ascii() => Ok(vm.new_str(&crate::types::str_::escape_non_ascii(s))),
        _ => Ok(r),
    }
}

/// `hash(v)`.
#[inline]
pub fn hash(vm: &Vm, v: Value) -> PyResult<i64> {
    crate::interp::enter::check_native_stack(vm, "")?;
    match vm.type_of(v).slots().hash {
        Some(f) => f(vm, v),
        None => Err(vm.type_error(format!("unhashable type: '{}'", vm.type_of(v).full_name()))),
    }
}

/// Hash by identity.
pub fn identity_hash(v: Value) -> i64 {
    let a = address(v);
    let h = a.rotate_right(4) as i64;
    if h == -1 { -2 } else { h }
}

/// `format(v, spec)`; `spec` is a str, NULL stands for the empty one.
pub fn format(vm: &Vm, v: Value, spec: Value) -> PyResult {
    let spec = spec.non_null().unwrap_or(vm.empty_str());
    let empty = spec.cast::<PyStr>().is_some_and(|s| s.is_empty());
    if empty && v.has_shape(shape::STR) {
        return Ok(v.to_ref());
    }
    if empty && v.is_small_int() {
        return str(vm, v);
    }
    if spec.cast::<PyStr>().is_none() {
        let name = vm.type_of(spec).full_name();
        return Err(vm.system_error(format!("Format specifier must be a string, not {name}")));
    }
    let Some(m) = attr::lookup_method(vm, v, vm.names().__format__)? else {
        return Err(vm.type_error(format!(
            "Type {} doesn't define __format__",
            vm.type_of(v).full_name()
        )));
    };
    let r = m.call(vm, &[spec])?;
    if r.cast::<PyStr>().is_none() {
        return Err(vm.type_error(format!(
            "__format__ must return a str, not {}",
            vm.type_of(r.value()).full_name()
        )));
    }
    Ok(r)
}

/// `isinstance(v, cls)`.
pub fn is_instance(vm: &Vm, v: Value, cls: Value) -> PyResult<bool> {
    if vm.type_of(v).value().is(cls) {
        return Ok(true);
    }
    if vm.type_of(cls).is(vm.builtin(shape::TYPE)) {
        return recursive_is_instance(vm, v, cls);
    }
    if let Some(u) = crate::types::generic_alias::union_args(cls) {
        return any_of(vm, u, |c| is_instance(vm, v, c));
    }
    if let Some(t) = cls.cast::<PyTuple>() {
        return any_of(vm, t, |c| is_instance(vm, v, c));
    }
    if let Some(m) = attr::lookup_method(vm, cls, vm.names().__instancecheck__)? {
        let r = m.call(vm, &[v])?;
        return truth::truth(vm, r.value());
    }
    recursive_is_instance(vm, v, cls)
}

fn any_of(vm: &Vm, classes: &PyTuple, f: impl Fn(Value) -> PyResult<bool>) -> PyResult<bool> {
    crate::interp::enter::check_native_stack(vm, "")?;
    for &c in classes.as_slice() {
        if f(c)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// `isinstance` without `__instancecheck__` (CPython's `_PyObject_RealIsInstance`).
pub fn recursive_is_instance(vm: &Vm, v: Value, cls: Value) -> PyResult<bool> {
    if let Some(c) = Type::from_value(cls) {
        if vm.type_of(v).is_subtype(c) {
            return Ok(true);
        }
        let claimed = attr::get_opt(vm, v, vm.names().__class__)?;
        return Ok(match claimed {
            Some(k) => match Type::from_value(k.value()) {
                Some(k) => !k.is(vm.type_of(v)) && k.is_subtype(c),
                None => false,
            },
            None => false,
        });
    }
    check_class(vm, cls, "isinstance() arg 2 must be a type, a tuple of types, or a union")?;
    match attr::get_opt(vm, v, vm.names().__class__)? {
        Some(k) => abstract_is_subclass(vm, k.value(), cls),
        None => Ok(false),
    }
}

/// `issubclass(derived, cls)`.
pub fn is_subclass(vm: &Vm, derived: Value, cls: Value) -> PyResult<bool> {
    if vm.type_of(cls).is(vm.builtin(shape::TYPE)) {
        if derived.is(cls) {
            return Ok(true);
        }
        return recursive_is_subclass(vm, derived, cls);
    }
    if let Some(u) = crate::types::generic_alias::union_args(cls) {
        return any_of(vm, u, |c| is_subclass(vm, derived, c));
    }
    if let Some(t) = cls.cast::<PyTuple>() {
        return any_of(vm, t, |c| is_subclass(vm, derived, c));
    }
    if let Some(m) = attr::lookup_method(vm, cls, vm.names().__subclasscheck__)? {
        let r = m.call(vm, &[derived])?;
        return truth::truth(vm, r.value());
    }
    recursive_is_subclass(vm, derived, cls)
}

/// `issubclass` without `__subclasscheck__`.
pub fn recursive_is_subclass(vm: &Vm, derived: Value, cls: Value) -> PyResult<bool> {
    if let (Some(d), Some(c)) = (Type::from_value(derived), Type::from_value(cls)) {
        return Ok(d.is_subtype(c));
    }
    check_class(vm, derived, "issubclass() arg 1 must be a class")?;
    check_class(vm, cls, "issubclass() arg 2 must be a class, a tuple of classes, or a union")?;
    abstract_is_subclass(vm, derived, cls)
}

fn check_class(vm: &Vm, cls: Value, message: &str) -> PyResult<()> {
    match abstract_bases(vm, cls)? {
        Some(_) => Ok(()),
        None => Err(vm.type_error(message)),
    }
}

fn abstract_bases(vm: &Vm, cls: Value) -> PyResult<Option<Ref>> {
    let bases = attr::get_opt(vm, cls, vm.names().__bases__)?;
    Ok(bases.filter(|b| b.cast::<PyTuple>().is_some()))
}

fn abstract_is_subclass(vm: &Vm, derived: Value, cls: Value) -> PyResult<bool> {
    crate::interp::enter::check_native_stack(vm, "")?;
    if derived.is(cls) {
        return Ok(true);
    }
    let Some(bases) = abstract_bases(vm, derived)? else { return Ok(false) };
    let Some(bases) = bases.cast::<PyTuple>() else { return Ok(false) };
    for &b in bases.as_slice() {
        if abstract_is_subclass(vm, b, cls)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// `dir(v)`, sorted.
pub fn dir(vm: &Vm, v: Value) -> PyResult {
    match attr::lookup_method(vm, v, vm.names().__dir__)? {
        Some(m) => {
            let names = m.call(vm, &[])?;
            call::call_args(vm, vm.builtin(shape::LIST).value(), &[names.value()])
        }
        None => Err(vm.type_error("object does not provide __dir__")),
    }
}
