//! Shapes: what an object's header says about its type and the place of its attributes.
//!
//! A built-in type has one constant shape. A class written in Python has a tree of shapes:
//! each names the attributes that an instance holds inline, in the order in which they were
//! first set, and one further shape says that the attributes live in a dictionary. An inline
//! cache compares one shape id and knows the type and the offset.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use crate::builtin_types;
use crate::object::Header;
use crate::types::type_::{Type, TypeRef};
use crate::value::Value;
use crate::vm::Vm;

pub type ShapeId = u32;

macro_rules! shape_ids {
    ($($name:ident, $base:ident, $def:path;)*) => {
        #[allow(non_camel_case_types)]
        #[repr(u32)]
        #[allow(clippy::upper_case_acronyms)] // The names are those of the constants below.
        enum Ids { $($name,)* COUNT }
        $(
            #[doc = concat!("Shape id of the built-in type `", stringify!($name), "`.")]
            pub const $name: ShapeId = Ids::$name as ShapeId;
        )*
        /// How many shapes belong to built-in types; the rest are made by classes.
        pub const BUILTIN_COUNT: usize = Ids::COUNT as usize;
        static LAYOUT_BASES: [ShapeId; BUILTIN_COUNT] = [$($base),*];
        static DEFS: [&crate::types::type_::TypeDef; BUILTIN_COUNT] = [$(&$def),*];
    };
}
builtin_types!(shape_ids);

/// The built-in type whose payload the payload of `layout` extends (OBJECT extends itself).
pub fn layout_base(layout: ShapeId) -> ShapeId {
    LAYOUT_BASES[layout as usize]
}

/// Definition of a built-in type.
pub(crate) fn definition(id: ShapeId) -> &'static crate::types::type_::TypeDef {
    DEFS[id as usize]
}

/// [`ShapeInfo::plain_size`] of types whose objects differ in size.
pub(crate) const VARIABLE_SIZE: usize = usize::MAX;

/// What instructions look up per shape, in one flat array.
pub struct ShapeInfo {
    ty: Cell<*const Type>,
    /// Changes whenever an attribute of the type or of one of its bases changes.
    pub version: Cell<u32>,
    /// Shape id of the built-in type whose payload struct these objects have.
    pub layout: ShapeId,
    /// How objects end that are nothing but a payload without a finalizer: what drops the
    /// payload, and its size ([`VARIABLE_SIZE`] where each has its own). Other objects have
    /// size 0 here.
    pub(crate) plain_drop: Cell<Option<unsafe fn(*mut Header)>>,
    pub(crate) plain_size: Cell<usize>,
}

impl ShapeInfo {
    pub(crate) fn new(ty: *const Type, version: u32, layout: ShapeId) -> ShapeInfo {
        ShapeInfo {
            ty: Cell::new(ty),
            version: Cell::new(version),
            layout,
            plain_drop: Cell::new(None),
            plain_size: Cell::new(0),
        }
    }

    /// Called for a built-in type's shape once the type's slots are known.
    pub(crate) fn set_plain(&self) {
        let ty = self.ty();
        let slots = ty.slots();
        if !ty.is_heap_layout() && slots.finalize.is_none() {
            // What has a size of its own is not ended without a look at it.
            let drop_variable = slots.drop.or(Some(|_| {}));
            self.plain_drop.set(if slots.size.is_some() { drop_variable } else { slots.drop });
            self.plain_size.set(if slots.size.is_some() { VARIABLE_SIZE } else { ty.payload_size() });
        }
    }

    #[inline(always)]
    pub fn ty(&self) -> TypeRef {
        // SAFETY: types live as long as the VM.
        unsafe { &*self.ty.get() }
    }

    pub(crate) fn set_type(&self, ty: TypeRef) {
        self.ty.set(ty);
    }
}

/// Where the attributes of an instance are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Storage {
    /// No instance attributes but those of `__slots__`.
    Fixed,
    /// Inline values, named by the shape.
    Inline,
    /// A dictionary (or none yet).
    Dict,
}

/// A node in a class's tree of shapes.
pub struct Shape {
    pub id: ShapeId,
    pub storage: Storage,
    /// Members of `__slots__`, which come first among the values.
    members: u32,
    /// Attribute names (interned) in slot order.
    pub keys: Vec<Value>,
    transitions: RefCell<HashMap<u64, ShapeId>>,
}

impl Shape {
    pub(crate) fn new(id: ShapeId, storage: Storage, members: u32, keys: Vec<Value>) -> Shape {
        Shape { id, storage, members, keys, transitions: RefCell::default() }
    }

    /// Initialized values after the payload: members and inline attributes.
    pub fn value_count(&self) -> usize {
        self.members as usize + self.keys.len()
    }

    /// Index among the values of the attribute `name` (interned).
    #[inline]
    pub fn find(&self, name: Value) -> Option<usize> {
        let p = name.pointer();
        self.keys.iter().position(|k| k.pointer() == p).map(|i| i + self.members as usize)
    }

    /// The shape of an instance of this shape after `name` was added at its end.
    pub fn with(&self, vm: &Vm, name: Value) -> ShapeId {
        let key = name.pointer() as u64;
        if let Some(&id) = self.transitions.borrow().get(&key) {
            return id;
        }
        let info = vm.shape_info(self.id);
        let (ty, version, layout) = (info.ty(), info.version.get(), info.layout);
        let mut keys = self.keys.clone();
        // Interned names live as long as the VM.
        keys.push(name.borrow());
        let id = vm.add_shape(ty, version, layout, |id| {
            Shape::new(id, Storage::Inline, self.members, keys)
        });
        ty.note_shape(id);
        self.transitions.borrow_mut().insert(key, id);
        id
    }
}
