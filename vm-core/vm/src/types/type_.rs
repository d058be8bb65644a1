//! Type objects: `type`, attribute lookup along the MRO, and the definitions of built-in types.
//!
//! Classes made by a `class` statement are in `type_new.rs`; how special methods become slots
//! is in `slots.rs` and `slot_update.rs`.

use std::cell::{Cell, RefCell, UnsafeCell};

use crate::args::{CallArgs, Signature};
use crate::error::PyResult;
use crate::object::{self, Header, Payload};
use crate::owned_cell::OwnedCell;
use crate::shape::{self, ShapeId, Storage};
use crate::types::dict::PyDict;
use crate::types::slots::{NewFn, Slots};
use crate::types::tuple::PyTuple;
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// Types live as long as the VM (a cycle collector may end them one day, when nothing uses them).
pub type TypeRef = &'static Type;

/// Bits of [`Type::flags`].
pub mod flags {
    /// Instances are allocated with members or a prefix (a class written in Python).
    pub const HEAP: u32 = 1;
    /// Instances have a [`Prefix`](crate::object::Prefix): `__dict__` and weak references.
    pub const PREFIX: u32 = 2;
    /// Attributes of instances start out as inline values.
    pub const INLINE_VALUES: u32 = 4;
    /// May be a base class.
    pub const BASETYPE: u32 = 8;
    /// `__set__`-style and other attributes of the type cannot be changed.
    pub const IMMUTABLE: u32 = 16;
    pub const SEQUENCE: u32 = 32;
    pub const MAPPING: u32 = 64;
    /// Instances cannot be made by calling the type.
    pub const DISALLOW_INSTANTIATION: u32 = 128;
    /// Instances have a `__dict__` (the prefix may exist for weak references alone). A built-in
    /// type with this flag sets HEAP and PREFIX too and is allocated by `object::new_instance`.
    pub const DICT: u32 = 256;
    /// Instances can be weakly referenced.
    pub const WEAKREF: u32 = 512;
    /// `__getattr__` or `__getattribute__` is defined in Python: caches must not bypass it.
    pub const CUSTOM_GETATTR: u32 = 1024;
    pub const CUSTOM_SETATTR: u32 = 2048;
    /// Abstract methods left (`__abstractmethods__` is not empty).
    pub const ABSTRACT: u32 = 4096;
    /// Method objects of this type are called without binding (`LOAD_ATTR` pushes self).
    pub const METHOD_DESCRIPTOR: u32 = 8192;
}

/// Most attributes that an instance holds inline before it turns to a dictionary.
pub const MAX_INLINE: usize = 30;
/// Room for inline values that no method names.
const SPARE_INLINE: usize = 3;

/// A type object.
#[repr(C)]
pub struct Type {
    header: Header,
    name: RefCell<String>,
    flags: Cell<u32>,
    slots: UnsafeCell<Slots>,
    base: Cell<Option<TypeRef>>,
    mro: UnsafeCell<Vec<TypeRef>>,
    bases: RefCell<Option<Ref>>,
    /// `__qualname__`, a str; NULL where it is the name.
    pub(crate) qualname: OwnedCell,
    dict: Ref,
    /// Types that name this one as a base.
    subclasses: RefCell<Vec<TypeRef>>,
    /// Shape of a fresh instance.
    instance_shape: Cell<ShapeId>,
    /// Shape of an instance whose attributes are in a dictionary.
    dict_shape: Cell<ShapeId>,
    /// All shapes of instances of exactly this type.
    shapes: RefCell<Vec<ShapeId>>,
    layout: Cell<ShapeId>,
    payload_size: Cell<usize>,
    member_slots: Cell<u32>,
    inline_capacity: Cell<u32>,
    version: Cell<u32>,
    /// The `__init__` that instance-making calls enter, and the version at which it was found.
    pub(crate) python_init: Cell<(u32, Value)>,
    /// How the constructor of a built-in type binds its arguments, once it was called.
    constructor: Cell<Option<&'static Signature>>,
    /// The metaclass; `type` for most.
    pub definition: Option<&'static TypeDef>,
}

// SAFETY: repr(C), header first.
unsafe impl Payload for Type {
    const SHAPE: u32 = shape::TYPE;
}

/// A method of a built-in type or a function of a native module.
pub struct MethodDef {
    pub name: &'static str,
    /// CPython's text signature, `($self, object, /)`; arguments are bound by it.
    pub sig: &'static str,
    pub doc: &'static str,
    /// Gets one value per parameter, `self` (or the class) first; NULL for an omitted one.
    pub func: NativeFn,
    pub kind: MethodKind,
}

pub type NativeFn = fn(&Vm, &[Value]) -> PyResult;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MethodKind {
    /// An ordinary method, or a module's function (then without a self parameter).
    Plain,
    Class,
    Static,
}

impl MethodDef {
    pub const fn new(name: &'static str, sig: &'static str, func: NativeFn, doc: &'static str) -> MethodDef {
        MethodDef { name, sig, doc, func, kind: MethodKind::Plain }
    }

    pub const fn class(name: &'static str, sig: &'static str, func: NativeFn, doc: &'static str) -> MethodDef {
        MethodDef { name, sig, doc, func, kind: MethodKind::Class }
    }

    pub const fn static_(name: &'static str, sig: &'static str, func: NativeFn, doc: &'static str) -> MethodDef {
        MethodDef { name, sig, doc, func, kind: MethodKind::Static }
    }
}

/// Instance, value (NULL deletes).
pub type SetterFn = fn(&Vm, Value, Value) -> PyResult<()>;

/// A computed attribute of a built-in type.
pub struct GetSetDef {
    pub name: &'static str,
    pub doc: &'static str,
    pub get: fn(&Vm, Value) -> PyResult,
    /// Instance, value (NULL deletes); missing for a read-only attribute.
    pub set: Option<SetterFn>,
    /// Shown as a `member_descriptor`, as CPython does for plain struct fields.
    pub member: bool,
}

impl GetSetDef {
    pub const fn get(name: &'static str, get: fn(&Vm, Value) -> PyResult, doc: &'static str) -> GetSetDef {
        GetSetDef { name, doc, get, set: None, member: false }
    }

    pub const fn get_set(
        name: &'static str,
        get: fn(&Vm, Value) -> PyResult,
        set: SetterFn,
        doc: &'static str,
    ) -> GetSetDef {
        GetSetDef { name, doc, get, set: Some(set), member: false }
    }

    pub const fn member_set(
        name: &'static str,
        get: fn(&Vm, Value) -> PyResult,
        set: SetterFn,
        doc: &'static str,
    ) -> GetSetDef {
        GetSetDef { name, doc, get, set: Some(set), member: true }
    }

    pub const fn member(name: &'static str, get: fn(&Vm, Value) -> PyResult, doc: &'static str) -> GetSetDef {
        GetSetDef { name, doc, get, set: None, member: true }
    }
}

/// How calling a built-in type makes an instance.
#[derive(Clone, Copy)]
pub enum New {
    /// As the base does.
    Inherit,
    /// Not by calling it: "cannot create 'X' instances".
    Disallowed,
    /// Arguments bound by this text signature (without the class); the class is the first value.
    Bound(&'static str, fn(&Vm, TypeRef, &[Value]) -> PyResult),
    /// Arguments as they come.
    Raw(NewFn),
}

/// The definition of a built-in type.
pub struct TypeDef {
    /// Name, with the module before a dot unless it is `builtins`.
    pub name: &'static str,
    /// Docstring. Where `new` is not bound by a text signature, one may stand before it as in
    /// CPython: `name(signature)\n--\n\ntext`.
    pub doc: &'static str,
    pub flags: u32,
    /// Size of the payload struct in bytes; use [`TypeDef::of`].
    pub payload_size: usize,
    pub slots: fn(&mut Slots),
    pub new: New,
    pub methods: &'static [MethodDef],
    pub getset: &'static [GetSetDef],
    /// Class attributes that are neither, set when the type is made.
    pub attributes: fn(&Vm, TypeRef) -> PyResult<()>,
}

impl TypeDef {
    /// The text signature of calling the type, if it has one, and the docstring without it.
    pub fn signature_and_doc(&self) -> (Option<&'static str>, &'static str) {
        if let New::Bound(sig, _) = self.new {
            return (Some(sig), self.doc);
        }
        let name = self.name.rsplit('.').next().unwrap_or(self.name);
        match self.doc.split_once(")\n--\n\n") {
            Some((head, doc)) if head.strip_prefix(name).is_some_and(|rest| rest.starts_with('(')) => {
                (Some(&self.doc[name.len()..=head.len()]), doc)
            }
            _ => (None, self.doc),
        }
    }

    /// A definition for payload `T` with everything else empty: drops the payload in place.
    pub const fn of<T: Payload>(name: &'static str) -> TypeDef {
        TypeDef {
            name,
            doc: "",
            flags: flags::BASETYPE,
            payload_size: size_of::<T>(),
            slots: |s| s.drop = Some(object::drop_payload::<T>),
            new: New::Inherit,
            methods: &[],
            getset: &[],
            attributes: |_, _| Ok(()),
        }
    }
}

/// Objects with a prefix have it right before the header, also those that are leaked.
#[repr(C, align(16))]
struct WithPrefix(crate::object::Prefix, Type);

impl Type {
    /// Makes a type object; `vm.rs` and `type_new.rs` fill in the rest.
    pub(crate) fn allocate(
        vm: &Vm,
        metatype: ShapeId,
        name: &str,
        flags: u32,
        dict: Ref,
        definition: Option<&'static TypeDef>,
    ) -> TypeRef {
        let ty = Type {
            header: Header { refs: 1 << 30, shape: metatype },
            name: RefCell::new(name.to_owned()),
            flags: Cell::new(flags),
            slots: UnsafeCell::default(),
            base: Cell::new(None),
            mro: UnsafeCell::default(),
            bases: RefCell::new(None),
            qualname: OwnedCell::null(),
            dict,
            subclasses: RefCell::default(),
            instance_shape: Cell::new(0),
            dict_shape: Cell::new(0),
            shapes: RefCell::default(),
            layout: Cell::new(shape::OBJECT),
            payload_size: Cell::new(size_of::<Header>()),
            member_slots: Cell::new(0),
            inline_capacity: Cell::new(6),
            version: Cell::new(vm.next_type_version()),
            python_init: Cell::new((0, Value::NULL)),
            constructor: Cell::new(None),
            definition,
        };
        const { assert!(size_of::<crate::object::Prefix>() == 16) };
        &Box::leak(Box::new(WithPrefix(crate::object::Prefix::EMPTY, ty))).1
    }

    /// Gives back the memory of a type that came to nothing.
    ///
    /// # Safety
    /// Nobody may know of the type but the caller.
    pub(crate) unsafe fn discard(ty: TypeRef) {
        // SAFETY: promised by the caller; `allocate` has made it so.
        unsafe {
            let at = (ty as *const Type).byte_sub(size_of::<crate::object::Prefix>()) as *mut WithPrefix;
            drop(Box::from_raw(at));
        }
    }

    /// This type as a value.
    #[inline(always)]
    pub fn value(&self) -> Value {
        Value::immortal(&raw const self.header)
    }

    pub fn to_ref(&self) -> Ref {
        self.value().to_ref()
    }

    /// The type behind a value that is a type object.
    pub fn from_value(v: Value) -> Option<TypeRef> {
        v.cast::<Type>()
    }

    /// `__name__`, for built-in types without the module.
    pub fn name(&self) -> String {
        let n = self.name.borrow();
        if self.is_heap() { n.clone() } else { n.rsplit('.').next().unwrap_or(&n).to_owned() }
    }

    /// The name that error messages show: built-in types have their module before it.
    pub fn full_name(&self) -> String {
        self.name.borrow().clone()
    }

    pub fn set_name(&self, name: &str) {
        *self.name.borrow_mut() = name.to_owned();
    }

    #[inline(always)]
    pub fn flags(&self) -> u32 {
        self.flags.get()
    }

    #[inline(always)]
    pub fn has_flag(&self, f: u32) -> bool {
        self.flags.get() & f != 0
    }

    pub fn set_flag(&self, f: u32, on: bool) {
        self.flags.set(if on { self.flags.get() | f } else { self.flags.get() & !f });
    }

    /// A class written in Python (or made by calling `type`).
    pub fn is_heap(&self) -> bool {
        self.definition.is_none()
    }

    #[inline(always)]
    pub fn is_heap_layout(&self) -> bool {
        self.has_flag(flags::HEAP)
    }

    #[inline(always)]
    pub fn has_prefix(&self) -> bool {
        self.has_flag(flags::PREFIX)
    }

    #[inline(always)]
    pub fn uses_inline_values(&self) -> bool {
        self.has_flag(flags::INLINE_VALUES)
    }

    #[inline(always)]
    pub fn slots(&self) -> &Slots {
        // SAFETY: slots are replaced as a whole while no call through them holds a reference:
        // callers copy the function pointer out first.
        unsafe { &*self.slots.get() }
    }

    /// Changes the slots.
    pub fn update_slots(&self, f: impl FnOnce(&mut Slots)) {
        let mut s = *self.slots();
        f(&mut s);
        // SAFETY: as in `slots`.
        unsafe { *self.slots.get() = s };
    }

    pub fn base(&self) -> Option<TypeRef> {
        self.base.get()
    }

    pub(crate) fn set_base(&self, base: Option<TypeRef>) {
        self.base.set(base);
    }

    /// Method resolution order, this type first.
    #[inline(always)]
    pub fn mro(&self) -> &[TypeRef] {
        // SAFETY: replaced only by `set_mro`, whose callers hold no borrow of the old one.
        unsafe { &*self.mro.get() }
    }

    pub(crate) fn set_mro(&self, mro: Vec<TypeRef>) {
        // SAFETY: see `mro`; the old vector is leaked, since a lookup may be walking it.
        unsafe { std::mem::forget(std::mem::replace(&mut *self.mro.get(), mro)) };
    }

    /// Calls `visit` with what the type owns.
    #[cfg(debug_assertions)]
    pub(crate) fn show_owned(&self, visit: &mut dyn FnMut(Value)) {
        visit(self.dict_value());
        visit(self.qualname.get());
        if let Some(bases) = &*self.bases.borrow() {
            visit(bases.value());
        }
    }

    /// The tuple `__bases__`.
    pub fn bases(&self) -> Option<Ref> {
        self.bases.borrow().clone()
    }

    pub(crate) fn set_bases(&self, bases: Ref) {
        *self.bases.borrow_mut() = Some(bases);
    }

    /// The attribute dictionary.
    pub fn dict(&self) -> &PyDict {
        // SAFETY: types are made with a dict.
        unsafe { self.dict.cast_unchecked::<PyDict>() }
    }

    pub fn dict_value(&self) -> Value {
        self.dict.value()
    }

    pub fn subclasses(&self) -> Vec<TypeRef> {
        self.subclasses.borrow().clone()
    }

    pub(crate) fn add_subclass(&self, ty: TypeRef) {
        self.subclasses.borrow_mut().push(ty);
    }

    pub(crate) fn remove_subclass(&self, ty: TypeRef) {
        self.subclasses.borrow_mut().retain(|t| !std::ptr::eq(*t, ty));
    }

    /// Shape that a fresh instance gets.
    #[inline(always)]
    pub fn instance_shape(&self) -> ShapeId {
        self.instance_shape.get()
    }

    pub fn dict_shape(&self) -> ShapeId {
        self.dict_shape.get()
    }

    /// Shape id of the built-in type whose payload instances have.
    pub fn layout(&self) -> ShapeId {
        self.layout.get()
    }

    #[inline(always)]
    pub fn payload_size(&self) -> usize {
        self.payload_size.get()
    }

    /// Number of `__slots__` members, bases' included.
    #[inline(always)]
    pub fn member_slots(&self) -> u32 {
        self.member_slots.get()
    }

    /// Room for inline attribute values in instances made from now on.
    #[inline(always)]
    pub fn inline_capacity(&self) -> usize {
        self.inline_capacity.get() as usize
    }

    /// Makes room for the attributes that the methods of this class and of its base set.
    pub(crate) fn expect_attributes(&self, own: usize, base: TypeRef) {
        let inherited = if base.uses_inline_values() { base.inline_capacity() } else { SPARE_INLINE };
        self.inline_capacity.set((inherited + own).min(MAX_INLINE) as u32);
    }

    pub(crate) fn grow_inline_capacity(&self, seen: usize) {
        let want = (seen + seen / 2 + 1).min(MAX_INLINE) as u32;
        self.inline_capacity.set(self.inline_capacity.get().max(want));
    }

    pub(crate) fn set_layout(&self, layout: ShapeId, payload_size: usize, members: u32) {
        self.layout.set(layout);
        self.payload_size.set(payload_size);
        self.member_slots.set(members);
    }

    /// Makes the shapes of instances: the first one, and the one for dictionaries.
    pub(crate) fn make_shapes(&'static self, vm: &Vm) {
        let storage = if self.uses_inline_values() {
            Storage::Inline
        } else if self.has_flag(flags::DICT) {
            Storage::Dict
        } else {
            Storage::Fixed
        };
        let (version, layout, members) = (self.version.get(), self.layout(), self.member_slots());
        let make = |storage| {
            vm.add_shape(self, version, layout, |id| shape::Shape::new(id, storage, members, Vec::new()))
        };
        let first = make(storage);
        self.instance_shape.set(first);
        self.note_shape(first);
        if storage == Storage::Inline {
            let dict = make(Storage::Dict);
            self.dict_shape.set(dict);
            self.note_shape(dict);
        } else {
            self.dict_shape.set(first);
        }
    }

    /// Adopts the constant shape of a built-in type.
    pub(crate) fn adopt_builtin_shape(&self, id: ShapeId) {
        self.instance_shape.set(id);
        self.dict_shape.set(id);
        self.note_shape(id);
    }

    pub(crate) fn note_shape(&self, id: ShapeId) {
        self.shapes.borrow_mut().push(id);
    }

    /// Version of the attributes of this type and its bases; never 0.
    #[inline(always)]
    pub fn version(&self) -> u32 {
        self.version.get()
    }

    /// To be called after any change of the type's attributes or bases: caches that looked at
    /// them, in this type and all that derive from it, become invalid.
    pub fn modified(&self, vm: &Vm) {
        self.renew_version(vm);
        if self.subclasses.borrow().is_empty() {
            return;
        }
        // Without recursion: hierarchies may be deep.
        let mut waiting = self.subclasses();
        while let Some(ty) = waiting.pop() {
            ty.renew_version(vm);
            waiting.extend_from_slice(&ty.subclasses.borrow());
        }
    }

    fn renew_version(&self, vm: &Vm) {
        let v = vm.next_type_version();
        self.version.set(v);
        for &s in self.shapes.borrow().iter() {
            vm.shape_info(s).version.set(v);
        }
    }

    /// Whether instances of this type exist in shapes beyond the first, so that an inline
    /// cache may rely on an attribute's place.
    pub fn has_instance_shapes(&self) -> bool {
        self.shapes.borrow().len() > 2
    }

    pub fn is_subtype(&self, other: &Type) -> bool {
        std::ptr::eq(self, other) || self.mro().iter().any(|t| std::ptr::eq(*t, other))
    }

    /// The parsed signature of this built-in type's constructor.
    pub(crate) fn constructor(&self, vm: &Vm, text: &'static str) -> &'static Signature {
        self.constructor.get().unwrap_or_else(|| {
            let parsed = vm.signatures.get(text);
            self.constructor.set(Some(parsed));
            parsed
        })
    }

    #[inline(always)]
    pub fn is(&self, other: &Type) -> bool {
        std::ptr::eq(self, other)
    }

    /// Looks an attribute up along the MRO, without descriptors. `name` must be interned.
    /// The result is borrowed from the class's dictionary.
    #[inline]
    pub fn lookup(&self, vm: &Vm, name: Value) -> Option<Value> {
        let entry = vm.method_cache_entry(self.version.get(), name);
        let (version, key, found) = entry.get();
        if version == self.version.get() && key == name.pointer() as u64 {
            return found.non_null();
        }
        let found = self.lookup_slow(name).map_or(Value::NULL, |(v, _)| v);
        entry.set((self.version.get(), name.pointer() as u64, found.borrow()));
        found.non_null()
    }

    /// Like [`Type::lookup`], with the class in whose dictionary it was found.
    pub fn lookup_slow(&self, name: Value) -> Option<(Value, TypeRef)> {
        for &t in self.mro() {
            if let Some(v) = t.dict().get_str(name) {
                return Some((v.borrow(), t));
            }
        }
        None
    }

    /// Sets a class attribute without going through the metatype; for native code that builds types.
    pub fn set_attribute(&self, vm: &Vm, name: &str, value: Value) -> PyResult<()> {
        self.dict().set(vm, vm.intern(name), value)?;
        self.modified(vm);
        Ok(())
    }
}

/// Calls the slot of a type that makes instances, with CPython's `type.__call__` rules.
pub fn call(vm: &Vm, callee: Value, args: CallArgs) -> PyResult {
    let Some(ty) = Type::from_value(callee) else {
        return Err(vm.type_error("descriptor '__call__' requires a 'type' object"));
    };
    if ty.is(vm.builtin(shape::TYPE)) && args.kwnames.is_none() && args.args.len() == 1 {
        return Ok(vm.type_of(args.args[0]).to_ref());
    }
    let Some(new) = ty.slots().new else {
        return Err(vm.type_error(format!("cannot create '{}' instances", ty.full_name())));
    };
    let obj = new(vm, ty, args)?;
    let obj_type = vm.type_of(obj.value());
    if !obj_type.is_subtype(ty) {
        return Ok(obj);
    }
    if let Some(init) = obj_type.slots().init
        && !(obj_type.is(ty) && skips_init(vm, ty))
    {
        init(vm, obj.value(), args)?;
    }
    Ok(obj)
}

/// Whether a built-in type's `__init__` is object's, which has nothing to say about arguments
/// that a `__new__` of the type's own has taken.
fn skips_init(vm: &Vm, ty: TypeRef) -> bool {
    let object = vm.builtin(shape::OBJECT).slots();
    !ty.is_heap()
        && ty.slots().init.map(|f| f as usize) == object.init.map(|f| f as usize)
        && ty.slots().new.map(|f| f as usize) != object.new.map(|f| f as usize)
}

/// The tuple of a list of types.
pub fn tuple_of(vm: &Vm, types: &[TypeRef]) -> Ref {
    PyTuple::from_iter(vm, types.iter().map(|t| t.to_ref()))
}

pub use crate::types::type_object::DEF;
