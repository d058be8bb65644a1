//! Attributes: the generic lookup of objects, special-method lookup, and what LOAD_ATTR needs.

use crate::args::{self, CallArgs};
use crate::error::{PyResult, Raised};
use crate::object;
use crate::protocol::call;
use crate::shape::{self, ShapeId, Storage};
use crate::types::dict::PyDict;
use crate::types::exceptions;
use crate::types::str_::PyStr;
use crate::types::type_::{MAX_INLINE, Type, TypeRef, flags};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// `getattr(obj, name)`; `name` is an interned str.
#[inline]
pub fn get(vm: &Vm, obj: Value, name: Value) -> PyResult {
    // Methods of methods and their like ask what they wrap.
    crate::interp::enter::check_native_stack(vm, "")?;
    match vm.type_of(obj).slots().get_attr {
        Some(f) => f(vm, obj, name).map_err(|e| exceptions::complete_attribute_error(vm, e, name, obj)),
        None => Err(no_attribute(vm, obj, name)),
    }
}

/// `getattr(obj, "name")`.
pub fn get_named(vm: &Vm, obj: Value, name: &str) -> PyResult {
    get(vm, obj, vm.intern(name))
}

/// `getattr(obj, name, None)`, where only AttributeError means absence.
pub fn get_opt(vm: &Vm, obj: Value, name: Value) -> PyResult<Option<Ref>> {
    crate::interp::enter::check_native_stack(vm, "")?;
    let ty = vm.type_of(obj);
    let found = if ty.slots().get_attr.is_some_and(|f| f as usize == generic_get as *const () as usize) {
        generic_get_opt(vm, obj, name)
    } else {
        get(vm, obj, name).map(Some)
    };
    match found {
        Err(e) if e.is(vm, shape::ATTRIBUTE_ERROR) => Ok(None),
        other => other,
    }
}

/// `setattr(obj, name, value)`.
#[inline]
pub fn set(vm: &Vm, obj: Value, name: Value, value: Value) -> PyResult<()> {
    match vm.type_of(obj).slots().set_attr {
        Some(f) => f(vm, obj, name, value),
        None => Err(no_attribute(vm, obj, name)),
    }
}

pub fn set_named(vm: &Vm, obj: Value, name: &str, value: Value) -> PyResult<()> {
    set(vm, obj, vm.intern(name), value)
}

/// `delattr(obj, name)`.
pub fn delete(vm: &Vm, obj: Value, name: Value) -> PyResult<()> {
    set(vm, obj, name, Value::NULL)
}

/// The name as an interned str, or TypeError for anything that is not a str.
pub fn check_name(vm: &Vm, name: Value) -> PyResult<Value> {
    match name.cast::<PyStr>() {
        Some(s) => Ok(vm.intern_value(s)),
        None => Err(vm.type_error(format!(
            "attribute name must be string, not '{}'",
            vm.type_of(name).full_name()
        ))),
    }
}

/// `'X' object has no attribute 'y'`.
#[cold]
pub fn no_attribute(vm: &Vm, obj: Value, name: Value) -> Raised {
    let msg = format!(
        "'{}' object has no attribute '{}'",
        vm.type_of(obj).full_name(),
        crate::protocol::object::text(name)
    );
    vm.attribute_error(obj, name, msg)
}

/// Where the instance's own attributes are, if it has any.
pub fn instance_get(vm: &Vm, obj: Value, name: Value) -> PyResult<Option<Ref>> {
    if !obj.is_object() {
        return Ok(None);
    }
    // SAFETY: a live object; its type says whether it has a prefix and how its values lie.
    unsafe {
        let p = obj.pointer();
        let info = vm.shape_info((*p).shape);
        let ty = info.ty();
        if !ty.has_flag(flags::DICT) {
            return Ok(None);
        }
        let sh = vm.shape((*p).shape);
        if sh.storage == Storage::Inline {
            return Ok(sh.find(name).map(|i| (*object::values_of(p, ty).add(i)).to_ref()));
        }
        match instance_dict_opt(vm, obj) {
            Some(d) => match d.get_str(name) {
                Some(v) => Ok(Some(v.to_ref())),
                // A dictionary may hold keys that are equal to the name without being a str.
                None => d.get(vm, name),
            },
            None => Ok(None),
        }
    }
}

/// The attribute dictionary, if the object has one by now (inline values are not turned into one).
pub fn instance_dict_opt<'a>(vm: &Vm, obj: Value) -> Option<&'a PyDict> {
    if !obj.is_object() {
        return None;
    }
    // SAFETY: a live object; types with DICT have a prefix.
    unsafe {
        let p = obj.pointer();
        let ty = vm.shape_info((*p).shape).ty();
        if !ty.has_flag(flags::DICT) {
            return None;
        }
        let d = object::prefix(p).dict();
        if d.is_null() { None } else { Value::borrowed(d).cast::<PyDict>() }
    }
}

/// The attribute dictionary (`obj.__dict__`), made now if need be; inline values move into it.
pub fn instance_dict<'a>(vm: &Vm, obj: Value) -> Option<&'a PyDict> {
    instance_dict_value(vm, obj).and_then(|d| d.cast::<PyDict>())
}

/// Like [`instance_dict`], as a value borrowed from the object.
pub fn instance_dict_value(vm: &Vm, obj: Value) -> Option<Value> {
    if !obj.is_object() {
        return None;
    }
    let ty = vm.type_of(obj);
    if !ty.has_flag(flags::DICT) {
        return None;
    }
    // SAFETY: a live object whose type has a prefix.
    unsafe {
        let prefix = object::prefix(obj.pointer());
        if !prefix.dict().is_null() {
            return Some(Value::borrowed(prefix.dict()));
        }
        let dict = PyDict::new(vm);
        if prefix.is_inline() {
            move_values(vm, obj, ty, &dict);
        }
        prefix.set_dict(dict.into_value().pointer());
        Some(Value::borrowed(prefix.dict()))
    }
}

/// Moves inline values into a fresh dictionary and gives the object its dictionary shape.
unsafe fn move_values(vm: &Vm, obj: Value, ty: TypeRef, dict: &Ref) {
    // SAFETY: the caller checked that the object holds inline values.
    unsafe {
        let p = obj.pointer();
        let sh = vm.shape((*p).shape);
        let values = object::values_of(p, ty);
        let members = ty.member_slots() as usize;
        if let Some(d) = dict.cast::<PyDict>() {
            for (i, k) in sh.keys.iter().enumerate() {
                let v = *values.add(members + i);
                d.set_str(vm, *k, v.borrow());
            }
        }
        let n = sh.keys.len();
        (*p).shape = ty.dict_shape();
        for i in 0..n {
            (*values.add(members + i)).release();
        }
    }
}

/// Replaces the attribute dictionary (`obj.__dict__ = d`).
pub fn replace_instance_dict(vm: &Vm, obj: Value, d: Value) -> PyResult<()> {
    if !d.has_shape(shape::DICT) && d.cast::<PyDict>().is_none() {
        return Err(vm.type_error(format!(
            "__dict__ must be set to a dictionary, not a '{}'",
            vm.type_of(d).full_name()
        )));
    }
    if instance_dict_value(vm, obj).is_none() || !vm.type_of(obj).has_prefix() {
        return Err(vm.attribute_error(obj, vm.names().__dict__, "This object has no __dict__"));
    }
    // SAFETY: the object has a prefix and, after the call above, a dictionary.
    unsafe {
        let prefix = object::prefix(obj.pointer());
        let old = prefix.dict();
        prefix.set_dict(d.dup_owned().pointer());
        Value::owned(old).release();
    }
    Ok(())
}

/// Sets the instance's own attribute `name` (not a descriptor's). False if it can have none.
pub fn instance_set(vm: &Vm, obj: Value, name: Value, value: Value) -> PyResult<bool> {
    let ty = vm.type_of(obj);
    if !obj.is_object() || !ty.has_flag(flags::DICT) {
        return Ok(false);
    }
    // SAFETY: a live object; inline values are where its shape says.
    unsafe {
        let p = obj.pointer();
        let sh = vm.shape((*p).shape);
        if sh.storage == Storage::Inline {
            let values = object::values_of(p, ty);
            if let Some(i) = sh.find(name) {
                let old = *values.add(i);
                *values.add(i) = value.dup_owned();
                old.release();
                return Ok(true);
            }
            if let Some(next) = next_shape(vm, p, sh, ty, name) {
                *values.add(sh.value_count()) = value.dup_owned();
                (*p).shape = next;
                return Ok(true);
            }
        }
    }
    match instance_dict(vm, obj) {
        Some(d) => d.set(vm, name, value).map(|()| true),
        None => Ok(false),
    }
}

/// The shape after adding `name`, if the instance has room for one more inline value.
unsafe fn next_shape(
    vm: &Vm,
    p: *mut object::Header,
    sh: &shape::Shape,
    ty: TypeRef,
    name: Value,
) -> Option<ShapeId> {
    let n = sh.keys.len();
    // SAFETY: an instance with inline values has a prefix with its capacity.
    if n >= unsafe { object::prefix(p) }.capacity() {
        ty.grow_inline_capacity(n + 1);
        return None;
    }
    if n >= MAX_INLINE { None } else { Some(sh.with(vm, name)) }
}

/// Deletes the instance's own attribute. False if there was none.
pub fn instance_delete(vm: &Vm, obj: Value, name: Value) -> PyResult<bool> {
    if instance_get(vm, obj, name)?.is_none() {
        return Ok(false);
    }
    match instance_dict(vm, obj) {
        Some(d) => d.delete(vm, name),
        None => Ok(false),
    }
}

/// A data descriptor: its type can set or delete.
#[inline]
pub fn is_data_descriptor(vm: &Vm, d: Value) -> bool {
    vm.type_of(d).slots().descr_set.is_some()
}

/// The `get_attr` slot of `object`.
pub fn generic_get(vm: &Vm, obj: Value, name: Value) -> PyResult {
    match generic_get_opt(vm, obj, name)? {
        Some(v) => Ok(v),
        None => Err(no_attribute(vm, obj, name)),
    }
}

/// Generic lookup: data descriptor, instance attribute, other descriptor, class attribute.
pub fn generic_get_opt(vm: &Vm, obj: Value, name: Value) -> PyResult<Option<Ref>> {
    let name = check_name(vm, name)?;
    let ty = vm.type_of(obj);
    // The class may be changed by a descriptor that it calls: own what was found.
    let found = ty.lookup(vm, name).map(|d| d.to_ref());
    let get = found.as_ref().and_then(|d| vm.type_of(d.value()).slots().descr_get);
    if let (Some(d), Some(get)) = (&found, get)
        && is_data_descriptor(vm, d.value())
    {
        return get_of_descriptor(vm, get, d, obj, ty);
    }
    if let Some(v) = instance_get(vm, obj, name)? {
        return Ok(Some(v));
    }
    match (found, get) {
        (Some(d), Some(get)) => get_of_descriptor(vm, get, &d, obj, ty),
        (found, _) => Ok(found),
    }
}

fn get_of_descriptor(
    vm: &Vm,
    get: crate::types::slots::DescrGetFn,
    d: &Ref,
    obj: Value,
    ty: TypeRef,
) -> PyResult<Option<Ref>> {
    get(vm, d.value(), obj, ty.value()).map(Some)
}

/// The `set_attr` slot of `object`.
pub fn generic_set(vm: &Vm, obj: Value, name: Value, value: Value) -> PyResult<()> {
    let name = check_name(vm, name)?;
    let ty = vm.type_of(obj);
    if let Some(d) = ty.lookup(vm, name) {
        let d = d.to_ref();
        if let Some(set) = vm.type_of(d.value()).slots().descr_set {
            return set(vm, d.value(), obj, value);
        }
    }
    let done = if value.is_null() {
        instance_delete(vm, obj, name)?
    } else {
        instance_set(vm, obj, name, value)?
    };
    if done { Ok(()) } else { Err(cannot_set(vm, obj, name)) }
}

#[cold]
fn cannot_set(vm: &Vm, obj: Value, name: Value) -> Raised {
    let ty = vm.type_of(obj);
    let text = crate::protocol::object::text(name);
    if ty.has_flag(flags::DICT) {
        return no_attribute(vm, obj, name);
    }
    let msg = if ty.lookup(vm, name).is_some() {
        format!("'{}' object attribute '{}' is read-only", ty.full_name(), text)
    } else if ty.is_heap() || ty.slots().set_attr.is_some_and(|f| f as usize == generic_set as *const () as usize) {
        format!(
            "'{}' object has no attribute '{}' and no __dict__ for setting new attributes",
            ty.full_name(),
            text
        )
    } else {
        format!("'{}' object has no attribute '{}'", ty.full_name(), text)
    };
    vm.attribute_error(obj, name, msg)
}

/// A method found on a type: either a function to be called with the object first, or a
/// callable that is already bound.
pub struct Method {
    pub callable: Ref,
    /// NULL when the callable is bound already.
    pub this: Value,
}

impl Method {
    pub fn call(&self, vm: &Vm, args: &[Value]) -> PyResult {
        self.call_with(vm, CallArgs::positional(args))
    }

    pub fn call_with(&self, vm: &Vm, args: CallArgs) -> PyResult {
        if self.this.is_null() {
            return call::call(vm, self.callable.value(), args);
        }
        args::with_first(self.this, args.args, |all| {
            call::call(vm, self.callable.value(), CallArgs { args: all, kwnames: args.kwnames })
        })
    }
}

/// A special method, looked up on the type only (as the interpreter does for `__add__`, `__enter__`...).
pub fn lookup_method(vm: &Vm, obj: Value, name: Value) -> PyResult<Option<Method>> {
    let ty = vm.type_of(obj);
    let Some(f) = ty.lookup(vm, name) else { return Ok(None) };
    if is_unbound_method(vm, f) {
        return Ok(Some(Method { callable: f.to_ref(), this: obj }));
    }
    match vm.type_of(f).slots().descr_get {
        Some(get) => {
            let d = f.to_ref();
            Ok(Some(Method { callable: get(vm, d.value(), obj, ty.value())?, this: Value::NULL }))
        }
        None => Ok(Some(Method { callable: f.to_ref(), this: Value::NULL })),
    }
}

/// Functions and native method descriptors need not be bound to be called.
#[inline]
pub fn is_unbound_method(vm: &Vm, f: Value) -> bool {
    vm.type_of(f).has_flag(flags::METHOD_DESCRIPTOR)
}

/// What `obj.name(...)` calls, without making a bound method where possible.
pub fn load_method(vm: &Vm, obj: Value, name: Value) -> PyResult<Method> {
    let ty = vm.type_of(obj);
    let generic = ty.slots().get_attr.is_some_and(|f| f as usize == generic_get as *const () as usize);
    if generic
        && let Some(f) = ty.lookup(vm, name)
        && is_unbound_method(vm, f)
    {
        let f = f.to_ref();
        return match instance_get(vm, obj, name)? {
            Some(own) => Ok(Method { callable: own, this: Value::NULL }),
            None => Ok(Method { callable: f, this: obj }),
        };
    }
    Ok(Method { callable: get(vm, obj, name)?, this: Value::NULL })
}

/// The `get_attr` slot of `type`: metatype's data descriptors, then the class's own MRO.
pub fn type_get(vm: &Vm, obj: Value, name: Value) -> PyResult {
    let name = check_name(vm, name)?;
    let Some(ty) = Type::from_value(obj) else { return generic_get(vm, obj, name) };
    let meta = vm.type_of(obj);
    let meta_attr = meta.lookup(vm, name).map(|d| d.to_ref());
    let meta_get = meta_attr.as_ref().and_then(|d| vm.type_of(d.value()).slots().descr_get);
    if let (Some(d), Some(get)) = (&meta_attr, meta_get)
        && is_data_descriptor(vm, d.value())
    {
        return get(vm, d.value(), obj, meta.value());
    }
    if let Some(d) = ty.lookup(vm, name) {
        let d = d.to_ref();
        return match vm.type_of(d.value()).slots().descr_get {
            Some(get) => get(vm, d.value(), Value::NULL, obj),
            None => Ok(d),
        };
    }
    match (meta_attr, meta_get) {
        (Some(d), Some(get)) => get(vm, d.value(), obj, meta.value()),
        (Some(d), None) => Ok(d),
        (None, _) => {
            let msg = format!(
                "type object '{}' has no attribute '{}'",
                ty.name(),
                crate::protocol::object::text(name)
            );
            Err(vm.attribute_error(obj, name, msg))
        }
    }
}
