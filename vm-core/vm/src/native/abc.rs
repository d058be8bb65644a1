//! The module `_abc`: what `abc.ABCMeta` needs of native code.
//!
//! Each abstract base class keeps an `_abc_impl` object: weak references to the classes that
//! were registered with it and to those that it was asked about before.

use std::cell::{Cell, RefCell};

use crate::error::PyResult;
use crate::native::ModuleDef;
use crate::object::{self, Header};
use crate::protocol::{attr, call, object as obj, truth};
use crate::shape;
use crate::types::iterators::payload;
use crate::types::set::PySet;
use crate::types::tuple::PyTuple;
use crate::types::type_::{MethodDef, New, Type, TypeDef, TypeRef, flags};
use crate::types::weakref::{self, PyWeakRef};
use crate::value::{Ref, Value};
use crate::vm::Vm;

thread_local! {
    /// Grows with every registration: makes all negative answers stale.
    static COUNTER: Cell<u64> = const { Cell::new(0) };
}

/// Weak references to classes.
type ClassSet = RefCell<Vec<Ref>>;

/// State of an abstract base class.
#[repr(C)]
pub struct AbcData {
    header: Header,
    registry: ClassSet,
    cache: ClassSet,
    negative_cache: ClassSet,
    /// [`COUNTER`] when the negative cache was made.
    negative_version: Cell<u64>,
}
payload!(AbcData, ABC_DATA);

pub static DATA: TypeDef = TypeDef {
    doc: "Internal state held by ABC machinery.",
    flags: 0,
    slots: |s| {
        s.drop = Some(crate::object::drop_payload::<AbcData>);
        s.traverse = crate::traverse_fields!(AbcData: registry, cache, negative_cache);
    },
    new: New::Bound("()", |_, _, _| Ok(new_data())),
    ..TypeDef::of::<AbcData>("_abc._abc_data")
};

fn new_data() -> Ref {
    object::new(AbcData {
        header: object::header(),
        registry: RefCell::default(),
        cache: RefCell::default(),
        negative_cache: RefCell::default(),
        negative_version: Cell::new(COUNTER.get()),
    })
}

fn data(vm: &Vm, cls: Value) -> PyResult {
    let d = attr::get_named(vm, cls, "_abc_impl")?;
    if d.cast::<AbcData>().is_none() {
        return Err(vm.type_error("_abc_impl is set to a wrong type"));
    }
    Ok(d)
}

/// Whether a class is in a set; forgets classes that are gone.
fn contains(set: &ClassSet, cls: Value) -> bool {
    let mut gone = Vec::new();
    let found = {
        let mut items = set.borrow_mut();
        let found = items.iter().any(|w| {
            w.cast::<PyWeakRef>().and_then(|w| w.get()).is_some_and(|c| c.is(cls))
        });
        if !found {
            let (live, dead) = std::mem::take(&mut *items)
                .into_iter()
                .partition(|w| w.cast::<PyWeakRef>().is_some_and(|w| w.get().is_some()));
            *items = live;
            gone = dead;
        }
        found
    };
    drop(gone);
    found
}

fn insert(vm: &Vm, set: &ClassSet, cls: Value) -> PyResult<()> {
    if !contains(set, cls) {
        let w = weakref::new(vm, vm.builtin(shape::WEAKREF), cls, Value::NULL)?;
        set.borrow_mut().push(w);
    }
    Ok(())
}

fn clear(set: &ClassSet) {
    drop(set.take());
}

/// Sets `__abstractmethods__` from the class's own and inherited abstract methods.
fn compute_abstract_methods(vm: &Vm, cls: Value) -> PyResult<()> {
    let n = vm.names();
    let names = PySet::new_set(vm);
    let set = PySet::from_value(names.value());
    let add = |name: Value| match set {
        Some(s) => s.add(vm, name),
        None => Ok(()),
    };
    let is_abstract = |v: Value| match attr::get_opt(vm, v, n.__isabstractmethod__)? {
        Some(f) => truth::truth(vm, f.value()),
        None => Ok(false),
    };
    let own = attr::get(vm, cls, n.__dict__)?;
    let items = call::call_method(vm, own.value(), "items", &[])?;
    for pair in crate::protocol::iter::to_vec(vm, items.value())? {
        if let Some(&[name, v]) = pair.cast::<PyTuple>().map(|t| t.as_slice())
            && is_abstract(v.borrow())?
        {
            add(name.borrow())?;
        }
    }
    let bases = attr::get(vm, cls, n.__bases__)?;
    for base in crate::protocol::iter::to_vec(vm, bases.value())? {
        let Some(inherited) = attr::get_opt(vm, base.value(), n.__abstractmethods__)? else { continue };
        for name in crate::protocol::iter::to_vec(vm, inherited.value())? {
            let key = attr::check_name(vm, name.value())?;
            if let Some(v) = attr::get_opt(vm, cls, key)?
                && is_abstract(v.value())?
            {
                add(name.value())?;
            }
        }
    }
    let frozen = PySet::frozen_from_iterable(vm, names.value())?;
    attr::set(vm, cls, n.__abstractmethods__, frozen.value())
}

fn abc_init(vm: &Vm, a: &[Value]) -> PyResult {
    compute_abstract_methods(vm, a[0])?;
    attr::set_named(vm, a[0], "_abc_impl", new_data().value())?;
    // `__abc_tpflags__` tells that a class counts as a sequence or mapping for pattern matching.
    if let Some(ty) = Type::from_value(a[0])
        && let Some(bits) = ty.dict().get_text(vm, "__abc_tpflags__").and_then(|v| v.as_small_int())
    {
        const SEQUENCE: i64 = 1 << 5;
        const MAPPING: i64 = 1 << 6;
        if bits & (SEQUENCE | MAPPING) == SEQUENCE | MAPPING {
            return Err(vm.type_error(
                "__abc_tpflags__ cannot be both Py_TPFLAGS_SEQUENCE and Py_TPFLAGS_MAPPING",
            ));
        }
        set_collection_flag(ty, bits & SEQUENCE != 0, bits & MAPPING != 0);
        ty.dict().delete(vm, vm.intern("__abc_tpflags__"))?;
        ty.modified(vm);
    }
    Ok(vm.none_ref())
}

/// Marks a class and those that derive from it. Built-in types are what they are.
fn set_collection_flag(ty: TypeRef, sequence: bool, mapping: bool) {
    let known = ty.has_flag(flags::SEQUENCE) == sequence && ty.has_flag(flags::MAPPING) == mapping;
    if (!sequence && !mapping) || known || ty.has_flag(flags::IMMUTABLE) {
        return;
    }
    ty.set_flag(flags::SEQUENCE, sequence);
    ty.set_flag(flags::MAPPING, mapping);
    for sub in ty.subclasses() {
        set_collection_flag(sub, sequence, mapping);
    }
}

fn register(vm: &Vm, a: &[Value]) -> PyResult {
    let (this, subclass) = (a[0], a[1]);
    let Some(sub) = Type::from_value(subclass) else { return Err(vm.type_error("Can only register classes")) };
    if obj::is_subclass(vm, subclass, this)? {
        return Ok(subclass.to_ref());
    }
    // A cycle: the class would be its own subclass.
    if obj::is_subclass(vm, this, subclass)? {
        return Err(vm.runtime_error("Refusing to create an inheritance cycle"));
    }
    let d = data(vm, this)?;
    insert(vm, &AbcData::of(d.value()).registry, subclass)?;
    COUNTER.set(COUNTER.get() + 1);
    if let Some(ty) = Type::from_value(this) {
        set_collection_flag(sub, ty.has_flag(flags::SEQUENCE), ty.has_flag(flags::MAPPING));
    }
    Ok(subclass.to_ref())
}

fn instancecheck(vm: &Vm, a: &[Value]) -> PyResult {
    let (this, instance) = (a[0], a[1]);
    let d = data(vm, this)?;
    let d = AbcData::of(d.value());
    let subclass = attr::get(vm, instance, vm.names().__class__)?;
    if contains(&d.cache, subclass.value()) {
        return Ok(vm.bool_ref(true));
    }
    let subtype = vm.type_of(instance).value();
    if subtype.is(subclass.value()) {
        if d.negative_version.get() == COUNTER.get() && contains(&d.negative_cache, subclass.value()) {
            return Ok(vm.bool_ref(false));
        }
        return call::call_method(vm, this, "__subclasscheck__", &[subclass.value()]);
    }
    let r = call::call_method(vm, this, "__subclasscheck__", &[subclass.value()])?;
    if truth::truth(vm, r.value())? {
        return Ok(r);
    }
    call::call_method(vm, this, "__subclasscheck__", &[subtype])
}

fn subclasscheck(vm: &Vm, a: &[Value]) -> PyResult {
    let (this, subclass) = (a[0], a[1]);
    if Type::from_value(subclass).is_none() {
        return Err(vm.type_error("issubclass() arg 1 must be a class"));
    }
    let held = data(vm, this)?;
    let d = AbcData::of(held.value());
    if contains(&d.cache, subclass) {
        return Ok(vm.bool_ref(true));
    }
    if d.negative_version.get() < COUNTER.get() {
        clear(&d.negative_cache);
        d.negative_version.set(COUNTER.get());
    } else if contains(&d.negative_cache, subclass) {
        return Ok(vm.bool_ref(false));
    }
    let answer = is_subclass_uncached(vm, d, this, subclass)?;
    insert(vm, if answer { &d.cache } else { &d.negative_cache }, subclass)?;
    Ok(vm.bool_ref(answer))
}

fn is_subclass_uncached(vm: &Vm, d: &AbcData, this: Value, subclass: Value) -> PyResult<bool> {
    let ok = call::call_method(vm, this, "__subclasshook__", &[subclass])?;
    if ok.is(vm.true_()) {
        return Ok(true);
    }
    if ok.is(vm.false_()) {
        return Ok(false);
    }
    if !ok.is(vm.not_implemented()) {
        return Err(vm.assertion_error(
            "__subclasshook__ must return either False, True, or NotImplemented",
        ));
    }
    if let (Some(sub), Some(ty)) = (Type::from_value(subclass), Type::from_value(this))
        && sub.is_subtype(ty)
    {
        return Ok(true);
    }
    let registered: Vec<Ref> = d
        .registry
        .borrow()
        .iter()
        .filter_map(|w| w.cast::<PyWeakRef>().and_then(|w| w.get()))
        .collect();
    for r in registered {
        if obj::is_subclass(vm, subclass, r.value())? {
            return Ok(true);
        }
    }
    let subclasses = call::call_method(vm, this, "__subclasses__", &[])?;
    for s in crate::protocol::iter::to_vec(vm, subclasses.value())? {
        if obj::is_subclass(vm, subclass, s.value())? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn get_cache_token(vm: &Vm, _: &[Value]) -> PyResult {
    Ok(vm.new_int(COUNTER.get() as i64))
}

fn reset_registry(vm: &Vm, a: &[Value]) -> PyResult {
    let d = data(vm, a[0])?;
    clear(&AbcData::of(d.value()).registry);
    Ok(vm.none_ref())
}

fn reset_caches(vm: &Vm, a: &[Value]) -> PyResult {
    let d = data(vm, a[0])?;
    clear(&AbcData::of(d.value()).cache);
    clear(&AbcData::of(d.value()).negative_cache);
    Ok(vm.none_ref())
}

fn get_dump(vm: &Vm, a: &[Value]) -> PyResult {
    let held = data(vm, a[0])?;
    let d = AbcData::of(held.value());
    let copy = |s: &ClassSet| {
        let set = PySet::new_set(vm);
        let items = s.borrow().clone();
        if let Some(to) = PySet::from_value(set.value()) {
            for w in &items {
                to.add(vm, w.value())?;
            }
        }
        Ok(set)
    };
    let parts = vec![
        copy(&d.registry)?,
        copy(&d.cache)?,
        copy(&d.negative_cache)?,
        vm.new_int(d.negative_version.get() as i64),
    ];
    Ok(PyTuple::from_vec(vm, parts))
}

pub(super) static MODULE: ModuleDef = ModuleDef::new(
    "_abc",
    "Module contains faster C implementation of abc.ABCMeta",
    &[
        MethodDef::new("_abc_init", "(self, /)", abc_init, "Internal ABC helper for class set-up. Should be never used outside abc module."),
        MethodDef::new("_abc_register", "(self, subclass, /)", register, "Internal ABC helper for subclasss registration. Should be never used outside abc module."),
        MethodDef::new("_abc_instancecheck", "(self, instance, /)", instancecheck, "Internal ABC helper for instance checks. Should be never used outside abc module."),
        MethodDef::new("_abc_subclasscheck", "(self, subclass, /)", subclasscheck, "Internal ABC helper for subclasss checks. Should be never used outside abc module."),
        MethodDef::new("_get_dump", "(self, /)", get_dump, "Internal ABC helper for cache and registry debugging."),
        MethodDef::new("_reset_registry", "(self, /)", reset_registry, "Internal ABC helper to reset registry of a given class."),
        MethodDef::new("_reset_caches", "(self, /)", reset_caches, "Internal ABC helper to reset both caches of a given class."),
        MethodDef::new("get_cache_token", "()", get_cache_token, "Returns the current ABC cache token."),
    ],
);
