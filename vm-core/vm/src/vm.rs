//! The VM: what all objects of one interpreter share, and the way to it.

use std::cell::{Cell, RefCell, UnsafeCell};

use rustc_hash::FxHashMap;

use crate::args::SignatureCache;
use crate::error::PyResult;
use crate::names::Names;
use crate::object::Header;
use crate::shape::{self, BUILTIN_COUNT, Shape, ShapeId, ShapeInfo};
use crate::specialize::AttributeCache;
use crate::types::dict::PyDict;
use crate::types::str_::PyStr;
use crate::types::type_::{Type, TypeRef};
use crate::value::{Ref, Value};

thread_local! {
    static CURRENT: Cell<*const Vm> = const { Cell::new(std::ptr::null()) };
}

const METHOD_CACHE_SIZE: usize = 1 << 12;

/// An entry of the method cache: type version, address of the name, what was found (or NULL).
pub type MethodCacheEntry = Cell<(u32, u64, Value)>;

/// One interpreter. Everything in it belongs to one OS thread; natives get it as `&Vm` and
/// change it through cells.
pub struct Vm {
    builtin_types: UnsafeCell<Vec<TypeRef>>,
    shape_infos: UnsafeCell<Vec<ShapeInfo>>,
    #[allow(clippy::vec_box)] // References to shapes outlive the vector's growth.
    shapes: UnsafeCell<Vec<Box<Shape>>>,
    interned: UnsafeCell<FxHashMap<Box<[u8]>, Value>>,
    names: Cell<Option<&'static Names>>,
    singletons: Cell<Singletons>,
    /// The str objects of the first 256 characters; empty until they are made.
    latin1_chars: Cell<&'static [Value]>,
    type_version: Cell<u32>,
    keys_version: Cell<u32>,
    method_cache: Box<[MethodCacheEntry]>,
    pub signatures: SignatureCache,
    pub(crate) attribute_cache: AttributeCache,
    /// Codecs and error handlers by name.
    pub codecs: crate::codecs::Registry,
    pub(crate) destroy_depth: Cell<u32>,
    pub(crate) destroy_later: UnsafeCell<Vec<*mut Header>>,
    /// Objects that live on although their finalizer has run.
    pub(crate) revived: RefCell<std::collections::HashSet<*mut Header>>,
    /// Whether there are any, for a quick look.
    pub(crate) any_revived: Cell<bool>,
    /// Containers whose repr is being made, to cut recursion short.
    pub(crate) repr_running: RefCell<Vec<*mut Header>>,
    pub collector: crate::gc::Collector,
    /// The interpreter's own state: stacks, frames, dispatch tables.
    pub interp: crate::interp::State,
    /// Python's threads.
    pub threads: crate::threads::Threads,
    /// Modules, import state and the settings of this run.
    pub runtime: crate::runtime::Runtime,
}

#[derive(Clone, Copy)]
struct Singletons {
    none: Value,
    true_: Value,
    false_: Value,
    not_implemented: Value,
    ellipsis: Value,
    empty_tuple: Value,
    empty_str: Value,
    empty_bytes: Value,
    float_zero: Value,
}

impl Vm {
    /// Makes the VM of this thread, with all built-in types. It lives until the process ends.
    ///
    /// Calling it again on the same thread makes a second, independent VM that takes the first
    /// one's place; objects must not be carried over.
    pub fn new(config: crate::runtime::Config) -> &'static Vm {
        let null = Value::NULL;
        let vm: &'static Vm = Box::leak(Box::new(Vm {
            builtin_types: UnsafeCell::default(),
            shape_infos: UnsafeCell::default(),
            shapes: UnsafeCell::default(),
            interned: UnsafeCell::default(),
            names: Cell::new(None),
            singletons: Cell::new(Singletons {
                none: null,
                true_: null,
                false_: null,
                not_implemented: null,
                ellipsis: null,
                empty_tuple: null,
                empty_str: null,
                empty_bytes: null,
                float_zero: null,
            }),
            latin1_chars: Cell::new(&[]),
            type_version: Cell::new(1),
            keys_version: Cell::new(1),
            method_cache: (0..METHOD_CACHE_SIZE).map(|_| Cell::new((0, 0, Value::NULL))).collect(),
            signatures: SignatureCache::default(),
            attribute_cache: AttributeCache::default(),
            codecs: Default::default(),
            destroy_depth: Cell::new(0),
            destroy_later: UnsafeCell::default(),
            revived: RefCell::default(),
            any_revived: Cell::new(false),
            repr_running: RefCell::default(),
            collector: Default::default(),
            interp: crate::interp::State::new(),
            threads: crate::threads::Threads::new(config.sched_seed),
            runtime: crate::runtime::Runtime::new(config),
        }));
        CURRENT.set(vm);
        vm.make_builtin_types();
        vm.make_singletons();
        vm.names.set(Some(Box::leak(Box::new(Names::new(vm)))));
        crate::types::bootstrap::fill_builtin_types(vm);
        vm.interp.init(vm);
        vm.interp.last_memory_error.set(vm.memory_error("").0);
        crate::native::init(vm);
        vm
    }

    /// The VM of this thread. For code that has no `&Vm` at hand, that is for dropping values.
    #[inline(always)]
    pub fn current() -> &'static Vm {
        let p = CURRENT.get();
        debug_assert!(!p.is_null(), "no VM on this thread");
        // SAFETY: set by `new` to a VM that is never freed; values exist only after that.
        unsafe { &*p }
    }

    /// The VM of this thread, if it has one already.
    pub fn try_current() -> Option<&'static Vm> {
        // SAFETY: as in `current`.
        unsafe { CURRENT.get().as_ref() }
    }

    /// Type objects and shapes, still without contents: dictionaries need their type to exist.
    fn make_builtin_types(&'static self) {
        for id in 0..BUILTIN_COUNT as u32 {
            // The info's type pointer is set below, once the type object exists.
            let info = ShapeInfo::new(std::ptr::null(), 1, id);
            // SAFETY: no reference into the vectors is alive.
            unsafe {
                (*self.shape_infos.get()).push(info);
                (*self.shapes.get()).push(Box::new(Shape::new(id, shape::Storage::Fixed, 0, Vec::new())));
            }
        }
        for id in 0..BUILTIN_COUNT as u32 {
            let def = shape::definition(id);
            let dict = PyDict::new(self);
            let ty = Type::allocate(self, shape::TYPE, def.name, def.flags | crate::types::type_::flags::IMMUTABLE, dict, Some(def));
            // Bases without fields go together with any other base.
            let layout = if matches!(id, shape::GENERIC | shape::AST) { shape::OBJECT } else { id };
            ty.set_layout(layout, def.payload_size, 0);
            self.shape_info(id).set_type(ty);
            self.shape_info(id).version.set(ty.version());
            ty.adopt_builtin_shape(id);
            // SAFETY: as above.
            unsafe { (*self.builtin_types.get()).push(ty) };
        }
    }

    fn make_singletons(&'static self) {
        use crate::types::{bool_, bytes, float, singletons, str_, tuple};
        self.singletons.set(Singletons {
            none: singletons::make(shape::NONE),
            not_implemented: singletons::make(shape::NOT_IMPLEMENTED),
            ellipsis: singletons::make(shape::ELLIPSIS),
            true_: bool_::make(true),
            false_: bool_::make(false),
            empty_tuple: tuple::make_empty(),
            empty_str: str_::make_empty(),
            empty_bytes: bytes::make_empty(),
            float_zero: float::make_zero(),
        });
        let chars: Vec<Value> = ('\0'..='\u{ff}').map(|c| self.intern(c.encode_utf8(&mut [0; 4]))).collect();
        self.latin1_chars.set(Vec::leak(chars));
    }

    #[inline(always)]
    pub fn none(&self) -> Value {
        self.singletons.get().none
    }

    #[inline(always)]
    pub fn true_(&self) -> Value {
        self.singletons.get().true_
    }

    #[inline(always)]
    pub fn false_(&self) -> Value {
        self.singletons.get().false_
    }

    #[inline(always)]
    pub fn bool(&self, b: bool) -> Value {
        if b { self.true_() } else { self.false_() }
    }

    pub fn not_implemented(&self) -> Value {
        self.singletons.get().not_implemented
    }

    pub fn ellipsis(&self) -> Value {
        self.singletons.get().ellipsis
    }

    pub fn empty_tuple(&self) -> Value {
        self.singletons.get().empty_tuple
    }

    pub fn empty_str(&self) -> Value {
        self.singletons.get().empty_str
    }

    /// The one str object of a character of Latin-1.
    #[inline(always)]
    pub fn latin1_char(&self, c: u8) -> Value {
        self.latin1_chars.get()[c as usize]
    }

    pub fn empty_bytes(&self) -> Value {
        self.singletons.get().empty_bytes
    }

    /// The float 0.0, which is boxed and immortal.
    #[inline(always)]
    pub fn float_zero(&self) -> Value {
        self.singletons.get().float_zero
    }

    pub fn none_ref(&self) -> Ref {
        self.none().to_ref()
    }

    pub fn bool_ref(&self, b: bool) -> Ref {
        self.bool(b).to_ref()
    }

    /// A built-in type by its shape id.
    #[inline(always)]
    pub fn builtin(&self, id: ShapeId) -> TypeRef {
        // SAFETY: filled before anybody can ask, never changed after; shape ids come from the table.
        unsafe { (&*self.builtin_types.get())[id as usize] }
    }

    /// The type of any value but NULL.
    #[inline(always)]
    pub fn type_of(&self, v: Value) -> TypeRef {
        if v.is_small_int() {
            self.builtin(shape::INT)
        } else if v.is_tagged_float() {
            self.builtin(shape::FLOAT)
        } else {
            debug_assert!(v.is_object(), "type of NULL");
            // SAFETY: a live object.
            self.shape_info(unsafe { (*v.pointer()).shape }).ty()
        }
    }

    /// What instructions look up per shape.
    #[inline(always)]
    pub fn shape_info(&self, id: ShapeId) -> &ShapeInfo {
        // SAFETY: ids come from headers and caches, all of them made by `add_shape` or the table.
        // The reference must not be held while a shape is added; its users read and leave.
        unsafe { (&*self.shape_infos.get()).get_unchecked(id as usize) }
    }

    /// How many shapes there are: their ids are the numbers below.
    pub(crate) fn shape_count(&self) -> usize {
        // SAFETY: as in `shape_info`.
        unsafe { (&*self.shapes.get()).len() }
    }

    /// The names and storage of a shape.
    #[inline(always)]
    pub fn shape(&self, id: ShapeId) -> &Shape {
        // SAFETY: as in `shape_info`; shapes are boxed and never freed.
        unsafe { (&*self.shapes.get()).get_unchecked(id as usize) }
    }

    /// Adds a shape, made from its id.
    pub(crate) fn add_shape(
        &self,
        ty: TypeRef,
        version: u32,
        layout: ShapeId,
        make: impl FnOnce(ShapeId) -> Shape,
    ) -> ShapeId {
        // SAFETY: nobody holds a reference into the vectors here; `make` only builds a value.
        unsafe {
            let id = (*self.shapes.get()).len() as ShapeId;
            let shape = make(id);
            (*self.shapes.get()).push(Box::new(shape));
            (*self.shape_infos.get()).push(ShapeInfo::new(ty, version, layout));
            id
        }
    }

    pub(crate) fn next_type_version(&self) -> u32 {
        let v = self.type_version.get();
        self.type_version.set(v.checked_add(1).unwrap_or(1));
        v
    }

    /// A fresh version for a dictionary's key set.
    pub fn next_keys_version(&self) -> u32 {
        let v = self.keys_version.get();
        self.keys_version.set(v.saturating_add(1));
        v
    }

    pub(crate) fn method_cache_entry(&self, version: u32, name: Value) -> &MethodCacheEntry {
        let h = (name.pointer() as u64 >> 4) as usize ^ version as usize;
        &self.method_cache[h & (METHOD_CACHE_SIZE - 1)]
    }

    /// Names that native code looks up.
    #[inline(always)]
    pub fn names(&self) -> &'static Names {
        match self.names.get() {
            Some(n) => n,
            None => unreachable!("names are made before any code runs"),
        }
    }

    /// How many interned strings there are.
    pub fn interned_count(&self) -> usize {
        // SAFETY: nobody holds the table.
        unsafe { (*self.interned.get()).len() }
    }

    /// Calls `f` with each interned string.
    #[cfg(debug_assertions)]
    pub(crate) fn for_each_interned(&self, mut f: impl FnMut(Value)) {
        // SAFETY: `f` interns nothing.
        unsafe { (*self.interned.get()).values().for_each(|v| f(*v)) }
    }

    /// The one immortal str object with this text.
    pub fn intern(&self, text: &str) -> Value {
        self.intern_bytes(text.as_bytes())
    }

    /// The one immortal str object with this WTF-8 text.
    pub fn intern_bytes(&self, text: &[u8]) -> Value {
        // SAFETY: making a str does not touch the table.
        unsafe {
            if let Some(&v) = (*self.interned.get()).get(text) {
                return v;
            }
            let v = PyStr::make_immortal(text);
            (*self.interned.get()).insert(text.into(), v);
            v
        }
    }

    /// The interned str equal to an exact str object.
    #[inline]
    pub fn intern_value(&self, s: &PyStr) -> Value {
        if s.is_interned() { Value::immortal(s.as_header()) } else { self.intern_bytes(s.as_bytes()) }
    }

    /// A new str object.
    pub fn new_str(&self, text: &str) -> Ref {
        PyStr::new(self, text)
    }

    /// An int object of any size.
    pub fn new_int(&self, i: i64) -> Ref {
        crate::types::int::from_i64(i)
    }

    pub fn new_float(&self, f: f64) -> Ref {
        crate::types::float::new(self, f)
    }

    /// Runs `f` unless the repr of this container is already being made (then `None`).
    pub fn repr_guard<R>(&self, v: Value, f: impl FnOnce() -> PyResult<R>) -> PyResult<Option<R>> {
        let p = v.pointer();
        if self.repr_running.borrow().contains(&p) {
            return Ok(None);
        }
        self.repr_running.borrow_mut().push(p);
        let r = f();
        self.repr_running.borrow_mut().pop();
        r.map(Some)
    }
}
