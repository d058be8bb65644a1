//! What attributes of instances were, by shape and name: for instructions that see objects of
//! many shapes, where one inline cache is not enough.
//!
//! An entry holds while the version of the shape's type is the same; what it points at is then
//! kept alive by the class.

use std::cell::Cell;

use crate::object::{self, Header};
use crate::protocol::attr;
use crate::shape::{ShapeId, Storage};
use crate::specialize::attribute::{Found, classify, only_getattr_hook};
use crate::specialize::has_generic_getattr;
use crate::types::slots::SetFn;
use crate::types::type_::TypeRef;
use crate::value::Value;
use crate::vm::Vm;

const ENTRIES: usize = 1 << 11;

/// What was found.
#[derive(Clone, Copy)]
pub enum Place {
    /// An inline value, that many bytes behind the header.
    Inline(usize),
    /// A function or native method of the class, to be called with the object first.
    Method(Value),
    /// Something that is not kept here.
    Other,
}

/// Bits of `Entry::place`: an offset has the lowest set, and the next one if setting the
/// attribute may write there; a method is its pointer; 0 is [`Place::Other`].
const INLINE: u64 = 1;
const WRITABLE: u64 = 2;
const OFFSET_SHIFT: u32 = 2;

#[derive(Default)]
struct Entry {
    shape: Cell<ShapeId>,
    /// Never 0 for a valid entry.
    version: Cell<u32>,
    name: Cell<u64>,
    place: Cell<u64>,
}

/// The cache, direct-mapped.
pub struct AttributeCache {
    entries: Box<[Entry; ENTRIES]>,
}

impl Default for AttributeCache {
    fn default() -> AttributeCache {
        // Made on the heap: the native stack may have no room for so much.
        let entries: Box<[Entry]> = (0..ENTRIES).map(|_| Entry::default()).collect();
        match entries.try_into() {
            Ok(entries) => AttributeCache { entries },
            Err(_) => unreachable!("as many entries as were asked for"),
        }
    }
}

impl AttributeCache {
    #[inline(always)]
    fn entry(&self, shape: ShapeId, name: Value) -> &Entry {
        let h = (name.bits() >> 4) as usize ^ (shape as usize).wrapping_mul(0x9E5);
        &self.entries[h & (ENTRIES - 1)]
    }

    #[inline(always)]
    fn find(&self, vm: &Vm, shape: ShapeId, name: Value) -> Option<u64> {
        let e = self.entry(shape, name);
        let known = e.shape.get() == shape
            && e.name.get() == name.bits()
            && e.version.get() == vm.shape_info(shape).version.get();
        known.then(|| e.place.get())
    }
}

/// Where an object (not NULL) has an attribute; `name` must be interned.
#[inline(always)]
pub fn place(vm: &Vm, owner: Value, name: Value) -> Place {
    if !owner.is_object() {
        return Place::Other;
    }
    // SAFETY: a live object.
    let shape = unsafe { (*owner.pointer()).shape };
    let place = match vm.attribute_cache.find(vm, shape, name) {
        Some(p) => p,
        None => look_up(vm, shape, owner.pointer(), name),
    };
    if place & INLINE != 0 {
        Place::Inline((place >> OFFSET_SHIFT) as usize)
    } else if place != 0 {
        Place::Method(Value::borrowed(place as *const Header))
    } else {
        Place::Other
    }
}

/// The address of an inline value that setting the attribute replaces.
#[inline(always)]
pub fn writable_place(vm: &Vm, owner: Value, name: Value) -> Option<*mut Value> {
    if !owner.is_object() {
        return None;
    }
    let p = owner.pointer();
    // SAFETY: a live object.
    let shape = unsafe { (*p).shape };
    let place = match vm.attribute_cache.find(vm, shape, name) {
        Some(p) => p,
        None => look_up(vm, shape, p, name),
    };
    // SAFETY: objects of this shape have a value there.
    (place & WRITABLE != 0).then(|| unsafe { (p as *mut u8).add((place >> OFFSET_SHIFT) as usize) as *mut Value })
}

#[cold]
#[inline(never)]
fn look_up(vm: &Vm, shape: ShapeId, _owner: *mut Header, name: Value) -> u64 {
    let info = vm.shape_info(shape);
    let e = vm.attribute_cache.entry(shape, name);
    let place = place_of(vm, info.ty(), shape, name);
    e.shape.set(shape);
    e.version.set(info.version.get());
    e.name.set(name.bits());
    e.place.set(place);
    place
}

fn place_of(vm: &Vm, ty: TypeRef, shape: ShapeId, name: Value) -> u64 {
    if !has_generic_getattr(ty) && !only_getattr_hook(vm, ty) {
        return 0;
    }
    let found = ty.lookup(vm, name);
    let kind = classify(vm, found);
    if matches!(kind, Found::Property | Found::Member | Found::Overriding) {
        return 0;
    }
    let sh = vm.shape(shape);
    if sh.storage == Storage::Inline
        && let Some(i) = sh.find(name)
    {
        let offset = ty.payload_size() + i * object::VALUE_SIZE;
        let plain = ty.slots().set_attr.is_some_and(|f| std::ptr::fn_addr_eq(f, attr::generic_set as SetFn));
        return (offset as u64) << OFFSET_SHIFT | if plain { WRITABLE } else { 0 } | INLINE;
    }
    match (kind, found) {
        // An attribute in a dictionary would hide it.
        (Found::Method, Some(m)) if sh.storage != Storage::Dict => m.pointer() as u64,
        _ => 0,
    }
}
