//! LOAD_ATTR, STORE_ATTR and their families, and `super().name`.
//!
//! Caches of LOAD_ATTR (code units): counter, shape or version (2), version or index (2), and
//! four for a pointer. A shape fixes the type and the place of the instance's own attributes, so
//! one compare guards both; what was found on the class is guarded by the version that the
//! shape's type has.

use crate::error::PyResult;
use crate::frame::HEADER_SLOTS;
use crate::interp::call;
use crate::interp::regs::{Flow, Regs};
use crate::object;
use crate::ops::calls::enter_exact;
use crate::ops::{adaptive, attempt};
use crate::protocol::attr;
use crate::protocol::call as protocol_call;
use crate::shape;
use crate::specialize::{self, Place};
use crate::types::dict::PyDict;
use crate::types::function::PyFunction;
use crate::types::super_;
use crate::types::type_::Type;
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// Inline cache entries of LOAD_ATTR.
const LOAD_CACHES: usize = 9;

#[inline(always)]
pub unsafe fn LOAD_ATTR(r: &mut Regs) -> Flow {
    adaptive!(r);
    let (vm, name) = (r.vm(), r.name(r.arg() >> 1));
    let owner = r.peek(1);
    match specialize::place(vm, owner, name) {
        Place::Inline(offset) => {
            let at = (owner.pointer() as *const u8).add(offset) as *const Value;
            return finish_load(r, (*at).dup());
        }
        Place::Method(m) if r.oparg & 1 != 0 => {
            *r.slot(1) = m.dup_owned();
            r.push(owner);
            return Flow::Next;
        }
        _ => {}
    }
    r.save();
    if r.oparg & 1 == 0 {
        let v = attr::get(vm, r.peek(1), name);
        return r.finish_result::<1>(v);
    }
    // Ready for a call: [callable, self or NULL].
    let owner = r.peek(1);
    let m = attempt!(r, attr::load_method(vm, owner, name));
    if m.this.is_null() {
        r.finish::<1>(m.callable.into_value());
        r.push(Value::NULL);
    } else {
        *r.slot(1) = m.callable.into_value();
        r.push(owner);
    }
    Flow::Called
}

/// Replaces the owner by an attribute, and pushes NULL if a call follows.
#[inline(always)]
unsafe fn finish_load(r: &mut Regs, v: Value) -> Flow {
    let owner = r.peek(1);
    *r.slot(1) = v;
    if r.oparg & 1 != 0 {
        r.push(Value::NULL);
    }
    r.release(owner);
    Flow::Next
}

/// The object on top has the shape of the cache, or deopt.
macro_rules! cached_shape {
    ($r:ident, $owner:expr) => {
        if !$owner.is_object() || (*$owner.pointer()).shape != $r.cache32(1) {
            return Flow::Deopt;
        }
    };
}

/// The object on top has the shape of the cache, and its class the version, or deopt.
macro_rules! cached_class {
    ($r:ident, $owner:expr) => {
        cached_shape!($r, $owner);
        if $r.vm().shape_info($r.cache32(1)).version.get() != $r.cache32(3) {
            return Flow::Deopt;
        }
    };
}

/// An inline value; the byte offset from the header is in the cache.
#[inline(always)]
pub unsafe fn LOAD_ATTR_INSTANCE_VALUE(r: &mut Regs) -> Flow {
    let owner = r.peek(1);
    cached_shape!(r, owner);
    let at = (owner.pointer() as *const u8).add(r.cache16(3) as usize) as *const Value;
    finish_load(r, (*at).dup())
}

/// A `__slots__` member: as an inline value, but it may be unset.
#[inline(always)]
pub unsafe fn LOAD_ATTR_SLOT(r: &mut Regs) -> Flow {
    let owner = r.peek(1);
    cached_shape!(r, owner);
    let at = (owner.pointer() as *const u8).add(r.cache16(3) as usize) as *const Value;
    if (*at).is_null() {
        return Flow::Deopt;
    }
    finish_load(r, (*at).dup())
}

/// The dictionary of an instance whose attributes are in one.
macro_rules! attribute_dict {
    ($owner:expr) => {{
        let d = object::prefix($owner.pointer()).dict();
        if d.is_null() {
            return Flow::Deopt;
        }
        let d = Value::borrowed(d);
        if !d.has_shape_nonnull(shape::DICT) {
            return Flow::Deopt;
        }
        d.cast_unchecked::<PyDict>()
    }};
}

#[inline(always)]
pub unsafe fn LOAD_ATTR_WITH_HINT(r: &mut Regs) -> Flow {
    let owner = r.peek(1);
    cached_shape!(r, owner);
    let d = attribute_dict!(owner);
    let name = r.name(r.arg() >> 1);
    match d.value_at_hint(r.cache16(3) as usize, name) {
        Some(v) => finish_load(r, v.dup_owned()),
        None => Flow::Deopt,
    }
}

#[inline(always)]
pub unsafe fn LOAD_ATTR_MODULE(r: &mut Regs) -> Flow {
    let owner = r.peek(1);
    if !owner.has_shape_nonnull(shape::MODULE) {
        return Flow::Deopt;
    }
    let d = attribute_dict!(owner);
    if d.current_keys_version() != r.cache32(1) {
        return Flow::Deopt;
    }
    let v = d.slot_at_unchecked(r.cache16(3) as usize).dup();
    finish_load(r, v)
}

/// What the cache points at: kept alive by the class while the guards hold, and by the code
/// object that pinned it.
#[inline(always)]
unsafe fn pinned(r: &Regs) -> Value {
    Value::from_bits(r.cache64(5)).borrow()
}

#[inline(always)]
pub unsafe fn LOAD_ATTR_CLASS(r: &mut Regs) -> Flow {
    let owner = r.peek(1);
    if !owner.has_shape_nonnull(shape::TYPE) || owner.cast_unchecked::<Type>().version() != r.cache32(1) {
        return Flow::Deopt;
    }
    let v = pinned(r).dup_owned();
    finish_load(r, v)
}

#[inline(always)]
pub unsafe fn LOAD_ATTR_CLASS_WITH_METACLASS_CHECK(r: &mut Regs) -> Flow {
    let owner = r.peek(1);
    let Some(ty) = owner.cast::<Type>() else { return Flow::Deopt };
    if ty.version() != r.cache32(1)
        || r.vm().shape_info((*owner.pointer()).shape).version.get() != r.cache32(3)
    {
        return Flow::Deopt;
    }
    let v = pinned(r).dup_owned();
    finish_load(r, v)
}

/// Pushes a method and its receiver.
#[inline(always)]
unsafe fn finish_method(r: &mut Regs) -> Flow {
    let owner = r.peek(1);
    // The method is borrowed from the running code object, which has pinned it.
    *r.slot(1) = pinned(r);
    r.push(owner);
    Flow::Next
}

#[inline(always)]
pub unsafe fn LOAD_ATTR_METHOD_WITH_VALUES(r: &mut Regs) -> Flow {
    let owner = r.peek(1);
    cached_class!(r, owner);
    finish_method(r)
}

#[inline(always)]
pub unsafe fn LOAD_ATTR_METHOD_NO_DICT(r: &mut Regs) -> Flow {
    let owner = r.peek(1);
    if owner.is_object() {
        cached_class!(r, owner);
    } else if !crate::specialize::immediate_shape_is(owner, r.cache32(1))
        || r.vm().shape_info(r.cache32(1)).version.get() != r.cache32(3)
    {
        return Flow::Deopt;
    }
    finish_method(r)
}

#[inline(always)]
pub unsafe fn LOAD_ATTR_METHOD_LAZY_DICT(r: &mut Regs) -> Flow {
    let owner = r.peek(1);
    cached_class!(r, owner);
    if !object::prefix(owner.pointer()).dict().is_null() {
        return Flow::Deopt;
    }
    finish_method(r)
}

#[inline(always)]
unsafe fn finish_class_value(r: &mut Regs) -> Flow {
    let owner = r.peek(1);
    *r.slot(1) = pinned(r).dup_owned();
    r.release(owner);
    Flow::Next
}

#[inline(always)]
pub unsafe fn LOAD_ATTR_NONDESCRIPTOR_WITH_VALUES(r: &mut Regs) -> Flow {
    let owner = r.peek(1);
    cached_class!(r, owner);
    finish_class_value(r)
}

#[inline(always)]
pub unsafe fn LOAD_ATTR_NONDESCRIPTOR_NO_DICT(r: &mut Regs) -> Flow {
    let owner = r.peek(1);
    cached_class!(r, owner);
    finish_class_value(r)
}

/// A property with a getter written in Python: its frame is entered like a call's.
#[inline(always)]
pub unsafe fn LOAD_ATTR_PROPERTY(r: &mut Regs) -> Flow {
    let owner = r.peek(1);
    cached_class!(r, owner);
    let getter = pinned(r);
    let f = getter.cast_unchecked::<PyFunction>();
    let base = r.slot(1);
    let nfp = base.add(HEADER_SLOTS);
    if !f.is_simple(1) || !call::has_room(r.vm(), nfp, f) {
        return Flow::Deopt;
    }
    *nfp = owner;
    *base = getter;
    enter_exact(r, f, nfp, nfp.add(1), LOAD_CACHES)
}

/// `__getattribute__` written in Python.
#[inline(always)]
pub unsafe fn LOAD_ATTR_GETATTRIBUTE_OVERRIDDEN(r: &mut Regs) -> Flow {
    let owner = r.peek(1);
    if !owner.is_object() || r.vm().shape_info((*owner.pointer()).shape).version.get() != r.cache32(1) {
        return Flow::Deopt;
    }
    let function = pinned(r);
    let f = function.cast_unchecked::<PyFunction>();
    if f.current_version() != r.cache32(3) {
        return Flow::Deopt;
    }
    let base = r.slot(1);
    if call::check_room(r.vm(), base.add(4), f).is_err() {
        return Flow::Deopt;
    }
    *base.add(3) = r.name(r.arg() >> 1);
    *base.add(2) = owner;
    *base.add(1) = Value::NULL;
    *base = function;
    r.sp = base.add(4);
    r.save();
    call::enter(r.vm(), base, 2, None, r.ip.add(LOAD_CACHES))
}

// STORE_ATTR: counter, shape (2), byte offset or hint.

#[inline(always)]
pub unsafe fn STORE_ATTR(r: &mut Regs) -> Flow {
    adaptive!(r);
    let name = r.name(r.arg());
    if let Some(at) = specialize::writable_place(r.vm(), r.peek(1), name) {
        return finish_store(r, at);
    }
    r.save();
    let done = attr::set(r.vm(), r.peek(1), name, r.peek(2));
    r.finish_unit::<2>(done)
}

/// Replaces the value at an address inside of the owner, and pops both inputs.
#[inline(always)]
unsafe fn finish_store(r: &mut Regs, at: *mut Value) -> Flow {
    let (v, owner) = (r.peek(2), r.peek(1));
    let old = *at;
    *at = v.into_owned();
    r.sp = r.sp.sub(2);
    r.release(owner);
    r.release(old);
    Flow::Next
}

#[inline(always)]
pub unsafe fn STORE_ATTR_INSTANCE_VALUE(r: &mut Regs) -> Flow {
    let owner = r.peek(1);
    cached_shape!(r, owner);
    let at = (owner.pointer() as *mut u8).add(r.cache16(3) as usize) as *mut Value;
    finish_store(r, at)
}

#[inline(always)]
pub unsafe fn STORE_ATTR_SLOT(r: &mut Regs) -> Flow {
    let owner = r.peek(1);
    cached_shape!(r, owner);
    let at = (owner.pointer() as *mut u8).add(r.cache16(3) as usize) as *mut Value;
    finish_store(r, at)
}

/// Adds an inline value: the cache holds the old shape and the index of a transition.
#[inline(always)]
pub unsafe fn STORE_ATTR_ADD_VALUE(r: &mut Regs) -> Flow {
    let owner = r.peek(1);
    cached_shape!(r, owner);
    let t = r.code().transition(r.cache16(3) as usize);
    let p = owner.pointer();
    if object::prefix(p).capacity() < t.needed_capacity as usize {
        return Flow::Deopt;
    }
    let at = (p as *mut u8).add(t.offset as usize) as *mut Value;
    at.write(r.peek(2).into_owned());
    (*p).shape = t.shape;
    r.sp = r.sp.sub(2);
    r.release(owner);
    Flow::Next
}

#[inline(always)]
pub unsafe fn STORE_ATTR_WITH_HINT(r: &mut Regs) -> Flow {
    let owner = r.peek(1);
    cached_shape!(r, owner);
    let d = attribute_dict!(owner);
    let name = r.name(r.arg());
    match d.slot_at_hint(r.cache16(3) as usize, name) {
        Some(at) => finish_store(r, at),
        None => Flow::Deopt,
    }
}

#[inline(always)]
pub unsafe fn DELETE_ATTR(r: &mut Regs) -> Flow {
    r.save();
    let name = r.name(r.arg());
    let done = attr::delete(r.vm(), r.peek(1), name);
    r.finish_unit::<1>(done)
}

// super().name: [super, class, self].

/// `args` are `super`, the class that the compiler knows, and the first argument. Only a `super`
/// that somebody has replaced sees whether the source names the last two.
#[inline(never)]
fn load_super(vm: &Vm, args: &[Value], name: Value, two_args: bool) -> PyResult {
    let is_super = args[0].is(vm.builtin(shape::SUPER).value());
    let given = if two_args || is_super { &args[1..3] } else { &[] };
    let object = protocol_call::call_args(vm, args[0], given)?;
    attr::get(vm, object.value(), name)
}

#[inline(always)]
pub unsafe fn LOAD_SUPER_ATTR(r: &mut Regs) -> Flow {
    adaptive!(r);
    r.save();
    let name = r.name(r.arg() >> 2);
    let v = attempt!(r, load_super(r.vm(), r.top_slice(3), name, r.oparg & 2 != 0));
    r.finish::<3>(v.into_value());
    if r.oparg & 1 != 0 {
        r.push(Value::NULL);
    }
    Flow::Called
}

/// The three inputs are `super` itself and a class, or deopt; the class.
macro_rules! plain_super {
    ($r:ident) => {{
        let (global, class) = ($r.peek(3), $r.peek(2));
        if !global.is($r.vm().builtin(shape::SUPER).value()) {
            return Flow::Deopt;
        }
        match class.cast::<Type>() {
            Some(ty) => ty,
            None => return Flow::Deopt,
        }
    }};
}

#[inline(never)]
fn super_lookup(vm: &Vm, class: &'static Type, args: &[Value], name: Value) -> PyResult {
    match super_::lookup(vm, class, args[2], name)? {
        Some(v) => Ok(v),
        // The object has attributes of its own, and the right message.
        None => load_super(vm, args, name, true),
    }
}

#[inline(always)]
pub unsafe fn LOAD_SUPER_ATTR_ATTR(r: &mut Regs) -> Flow {
    let class = plain_super!(r);
    r.save();
    let name = r.name(r.arg() >> 2);
    let v = super_lookup(r.vm(), class, r.top_slice(3), name);
    r.finish_result::<3>(v)
}

#[inline(always)]
pub unsafe fn LOAD_SUPER_ATTR_METHOD(r: &mut Regs) -> Flow {
    let class = plain_super!(r);
    r.save();
    let name = r.name(r.arg() >> 2);
    let (global, class_value, object) = (r.peek(3), r.peek(2), r.peek(1));
    let m = attempt!(r, super_::load_method(r.vm(), class, object, name));
    let bound: Option<Ref> = if m.this.is_null() { Some(m.callable.clone()) } else { None };
    match bound {
        Some(v) => {
            r.finish::<3>(v.into_value());
            r.push(Value::NULL);
        }
        None => {
            *r.slot(3) = m.callable.into_value();
            *r.slot(2) = object;
            r.sp = r.sp.sub(1);
            r.release(global);
            r.release(class_value);
        }
    }
    Flow::Called
}
