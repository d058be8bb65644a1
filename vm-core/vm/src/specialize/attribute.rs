//! Specializers of attributes.

use crate::code::Transition;
use crate::interp::regs::Regs;
use crate::object;
use crate::ops::internal::number;
use crate::protocol::attr;
use crate::shape::{self, ShapeId, Storage};
use crate::specialize::{
    counter, done, done_internal, failed, finish, has_generic_getattr, set_cache32, set_cache64, shape_of,
};
use crate::types::descriptors::PyProperty;
use crate::types::function::PyFunction;
use crate::types::native::{IN_PREFIX, MemberDescriptor, WrapperDescriptor};
use crate::types::slots::{BinaryFn, SetFn};
use crate::types::type_::{MAX_INLINE, Type, TypeRef, flags};
use crate::value::Value;
use crate::vm::Vm;
use tailscope_bytecode::opcode::Opcode;

/// What a class has under an attribute's name.
pub(super) enum Found {
    Absent,
    Property,
    Member,
    /// Another data descriptor.
    Overriding,
    /// A function or native method: called without binding.
    Method,
    /// Another descriptor that only reads.
    NonOverriding,
    Plain,
}

pub(super) fn classify(vm: &Vm, descr: Option<Value>) -> Found {
    let Some(d) = descr else { return Found::Absent };
    let ty = vm.type_of(d);
    if d.has_shape(shape::PROPERTY) {
        Found::Property
    } else if d.cast_exact::<MemberDescriptor>().is_some_and(|m| m.def.is_none() && m.index != IN_PREFIX) {
        Found::Member
    } else if ty.slots().descr_set.is_some() {
        Found::Overriding
    } else if ty.has_flag(flags::METHOD_DESCRIPTOR) {
        Found::Method
    } else if ty.slots().descr_get.is_some() {
        Found::NonOverriding
    } else {
        Found::Plain
    }
}

/// LOAD_ATTR.
///
/// # Safety
/// The registers of that instruction, spilled; so for all specializers here.
#[inline(never)]
pub unsafe fn load_attr(r: &Regs) {
    // SAFETY: promised by the caller.
    unsafe {
        let owner = r.peek(1);
        let op = if owner.has_shape(shape::MODULE) {
            module(r, owner)
        } else if let Some(ty) = owner.cast::<Type>() {
            class(r, owner, ty)
        } else {
            return instance(r, owner);
        };
        finish(r, op);
    }
}

unsafe fn module(r: &Regs, owner: Value) -> Option<Opcode> {
    // SAFETY: promised by the caller.
    unsafe {
        let vm = r.vm();
        let name = r.name(r.arg() >> 1);
        let d = attr::instance_dict_opt(vm, owner)?;
        if !d.as_value().has_shape(shape::DICT) || !d.has_only_str_keys() {
            return None;
        }
        let i = u16::try_from(d.entry_index(name)?).ok()?;
        set_cache32(r, 1, d.keys_version(vm));
        r.set_cache16(3, i);
        Some(Opcode::LOAD_ATTR_MODULE)
    }
}

/// An attribute of a class itself.
unsafe fn class(r: &Regs, owner: Value, ty: TypeRef) -> Option<Opcode> {
    // SAFETY: promised by the caller.
    unsafe {
        let vm = r.vm();
        let name = r.name(r.arg() >> 1);
        let meta = vm.type_of(owner);
        let generic = meta
            .slots()
            .get_attr
            .is_some_and(|f| std::ptr::fn_addr_eq(f, attr::type_get as BinaryFn));
        if !generic || !matches!(classify(vm, meta.lookup(vm, name)), Found::Absent | Found::Plain) {
            return None;
        }
        let found = ty.lookup(vm, name);
        let v = found?;
        if !matches!(classify(vm, found), Found::Method | Found::Plain) {
            return None;
        }
        r.code().pin(v);
        set_cache32(r, 1, ty.version());
        set_cache32(r, 3, vm.shape_info(shape_of(owner)).version.get());
        set_cache64(r, 5, v.bits());
        let plain_meta = owner.has_shape(shape::TYPE);
        Some(if plain_meta { Opcode::LOAD_ATTR_CLASS } else { Opcode::LOAD_ATTR_CLASS_WITH_METACLASS_CHECK })
    }
}

/// Where an instance's own attribute is.
enum Place {
    Nowhere,
    /// Index among the inline values.
    Inline(usize),
    /// Index among the entries of the dictionary.
    Dict(usize),
}

fn place_of(vm: &Vm, owner: Value, s: ShapeId, name: Value) -> Place {
    if !owner.is_object() {
        return Place::Nowhere;
    }
    match vm.shape(s).storage {
        Storage::Fixed => Place::Nowhere,
        Storage::Inline => vm.shape(s).find(name).map_or(Place::Nowhere, Place::Inline),
        Storage::Dict => attr::instance_dict_opt(vm, owner)
            .and_then(|d| d.entry_index(name))
            .map_or(Place::Nowhere, Place::Dict),
    }
}

/// Bytes from the header to an inline value.
fn offset_of(ty: TypeRef, index: usize) -> Option<u16> {
    u16::try_from(ty.payload_size() + index * object::VALUE_SIZE).ok()
}

unsafe fn instance(r: &Regs, owner: Value) {
    // SAFETY: promised by the caller.
    unsafe {
        let vm = r.vm();
        let ty = vm.type_of(owner);
        let name = r.name(r.arg() >> 1);
        if !has_generic_getattr(ty) && !only_getattr_hook(vm, ty) {
            return finish(r, overridden(r, ty, owner));
        }
        let s = shape_of(owner);
        let descr = ty.lookup(vm, name);
        let kind = classify(vm, descr);
        let place = match kind {
            Found::Property | Found::Member | Found::Overriding => Place::Nowhere,
            _ => place_of(vm, owner, s, name),
        };
        if let (Found::Absent, Place::Nowhere) = (&kind, &place) {
            // It may come to be; looking again soon costs little.
            return r.set_cache16(0, counter::COOLDOWN);
        }
        let op = match (place, kind, descr) {
            (Place::Inline(i), ..) => offset_of(ty, i).map(|o| {
                r.set_cache16(3, o);
                Opcode::LOAD_ATTR_INSTANCE_VALUE
            }),
            (Place::Dict(i), ..) => u16::try_from(i).ok().map(|i| {
                r.set_cache16(3, i);
                Opcode::LOAD_ATTR_WITH_HINT
            }),
            (_, Found::Property, Some(d)) => property(r, d),
            (_, Found::Member, Some(d)) => member(r, ty, d, Opcode::LOAD_ATTR_SLOT),
            (_, Found::Method, Some(d)) if r.oparg & 1 != 0 => from_class(r, owner, s, d, true),
            (_, Found::Plain, Some(d)) if r.oparg & 1 == 0 => from_class(r, owner, s, d, false),
            _ => None,
        };
        if op.is_some() {
            set_cache32(r, 1, s);
            if let Some(Opcode::LOAD_ATTR_PROPERTY) = op {
                set_cache32(r, 3, vm.shape_info(s).version.get());
            }
        }
        finish(r, op);
    }
}

/// `__getattr__` alone is asked only for what is not found otherwise.
pub(super) fn only_getattr_hook(vm: &Vm, ty: TypeRef) -> bool {
    ty.lookup(vm, vm.names().__getattribute__)
        .and_then(|d| d.cast_exact::<WrapperDescriptor>())
        .is_some_and(|w| w.owner.is(vm.builtin(shape::OBJECT)))
}

/// `__getattribute__` written in Python, without a `__getattr__`.
unsafe fn overridden(r: &Regs, ty: TypeRef, owner: Value) -> Option<Opcode> {
    let vm = r.vm();
    let names = vm.names();
    if r.oparg & 1 != 0 || !owner.is_object() || ty.lookup(vm, names.__getattr__).is_some() {
        return None;
    }
    let function = ty.lookup(vm, names.__getattribute__)?;
    let f = function.cast_exact::<PyFunction>()?;
    if !f.code().is_simple() || f.argcount.get() != 2 || f.version(vm) == 0 {
        return None;
    }
    // SAFETY: promised by the caller.
    unsafe {
        r.code().pin(function);
        set_cache32(r, 1, vm.shape_info(shape_of(owner)).version.get());
        set_cache32(r, 3, f.version(vm));
        set_cache64(r, 5, function.bits());
    }
    Some(Opcode::LOAD_ATTR_GETATTRIBUTE_OVERRIDDEN)
}

unsafe fn property(r: &Regs, d: Value) -> Option<Opcode> {
    let getter = d.cast_exact::<PyProperty>()?.getter()?;
    let f = getter.cast_exact::<PyFunction>()?;
    if r.oparg & 1 != 0 || !f.code().is_simple() || f.argcount.get() != 1 {
        return None;
    }
    // SAFETY: promised by the caller.
    unsafe {
        r.code().pin(getter);
        set_cache64(r, 5, getter.bits());
    }
    Some(Opcode::LOAD_ATTR_PROPERTY)
}

unsafe fn member(r: &Regs, ty: TypeRef, d: Value, op: Opcode) -> Option<Opcode> {
    let m = d.cast_exact::<MemberDescriptor>()?;
    if !ty.is_subtype(m.owner) {
        return None;
    }
    let offset = offset_of(ty, m.index)?;
    // SAFETY: promised by the caller.
    unsafe { r.set_cache16(3, offset) };
    Some(op)
}

/// What the class holds: a method for a call, or a value.
unsafe fn from_class(r: &Regs, owner: Value, s: ShapeId, d: Value, method: bool) -> Option<Opcode> {
    let vm = r.vm();
    let op = match (vm.shape(s).storage, method) {
        (Storage::Inline, true) => Opcode::LOAD_ATTR_METHOD_WITH_VALUES,
        (Storage::Inline, false) => Opcode::LOAD_ATTR_NONDESCRIPTOR_WITH_VALUES,
        (Storage::Fixed, true) => Opcode::LOAD_ATTR_METHOD_NO_DICT,
        (Storage::Fixed, false) if owner.is_object() => Opcode::LOAD_ATTR_NONDESCRIPTOR_NO_DICT,
        // SAFETY: instances with a dictionary of their own have a prefix.
        (Storage::Dict, true) if unsafe { object::prefix(owner.pointer()) }.dict().is_null() => {
            Opcode::LOAD_ATTR_METHOD_LAZY_DICT
        }
        _ => return None,
    };
    // SAFETY: promised by the caller.
    unsafe {
        r.code().pin(d);
        set_cache32(r, 3, vm.shape_info(s).version.get());
        set_cache64(r, 5, d.bits());
    }
    Some(op)
}

/// STORE_ATTR.
///
/// # Safety
/// See [`load_attr`].
#[inline(never)]
pub unsafe fn store_attr(r: &Regs) {
    // SAFETY: promised by the caller.
    unsafe {
        let (vm, owner, name) = (r.vm(), r.peek(1), r.name(r.arg()));
        let ty = vm.type_of(owner);
        let generic =
            ty.slots().set_attr.is_some_and(|f| std::ptr::fn_addr_eq(f, attr::generic_set as SetFn));
        if !generic || !owner.is_object() {
            return failed(r);
        }
        let s = shape_of(owner);
        let descr = ty.lookup(vm, name);
        set_cache32(r, 1, s);
        let op = match (classify(vm, descr), descr) {
            (Found::Member, Some(d)) => member(r, ty, d, Opcode::STORE_ATTR_SLOT),
            (Found::Property | Found::Overriding, _) => None,
            _ => match place_of(vm, owner, s, name) {
                Place::Inline(i) => offset_of(ty, i).map(|o| {
                    r.set_cache16(3, o);
                    Opcode::STORE_ATTR_INSTANCE_VALUE
                }),
                Place::Dict(i) => u16::try_from(i).ok().map(|i| {
                    r.set_cache16(3, i);
                    Opcode::STORE_ATTR_WITH_HINT
                }),
                Place::Nowhere => match addition(r, ty, s, name) {
                    Some(i) => {
                        r.set_cache16(3, i);
                        return done_internal(r, number::STORE_ATTR_ADD_VALUE);
                    }
                    None => None,
                },
            },
        };
        finish(r, op);
    }
}

/// The transition that adds an inline value of that name to instances of a shape.
unsafe fn addition(r: &Regs, ty: TypeRef, s: ShapeId, name: Value) -> Option<u16> {
    let vm = r.vm();
    let shape = vm.shape(s);
    let n = shape.keys.len();
    if shape.storage != Storage::Inline || n >= MAX_INLINE {
        return None;
    }
    let offset = u32::from(offset_of(ty, shape.value_count())?);
    let next = shape.with(vm, name);
    // SAFETY: promised by the caller.
    unsafe { r.code() }.add_transition(Transition { shape: next, offset, needed_capacity: n as u32 + 1 })
}

/// LOAD_SUPER_ATTR.
///
/// # Safety
/// See [`load_attr`].
#[inline(never)]
pub unsafe fn load_super_attr(r: &Regs) {
    // SAFETY: promised by the caller.
    unsafe {
        let (global, class) = (r.peek(3), r.peek(2));
        if !global.is(r.vm().builtin(shape::SUPER).value()) || Type::from_value(class).is_none() {
            return failed(r);
        }
        done(r, if r.oparg & 1 != 0 { Opcode::LOAD_SUPER_ATTR_METHOD } else { Opcode::LOAD_SUPER_ATTR_ATTR });
    }
}
