//! `property`, `classmethod` and `staticmethod`.

use std::cell::Cell;

use crate::args::CallArgs;
use crate::error::PyResult;
use crate::object::{self, Header, Payload};
use crate::owned_cell::OwnedCell;
use crate::protocol::{attr, call, object as obj, truth};
use crate::shape;
use crate::types::dict::PyDict;
use crate::types::tuple::PyTuple;
use crate::types::type_::{GetSetDef, MethodDef, New, TypeDef, TypeRef, flags};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// A property: functions to get, set and delete.
#[repr(C)]
pub struct PyProperty {
    header: Header,
    getter: OwnedCell,
    setter: OwnedCell,
    deleter: OwnedCell,
    doc: OwnedCell,
    name: OwnedCell,
    getter_doc: Cell<bool>,
}

// SAFETY: repr(C), header first.
unsafe impl Payload for PyProperty {
    const SHAPE: u32 = shape::PROPERTY;
}

impl PyProperty {
    /// The getter, if it has one: what LOAD_ATTR_PROPERTY calls.
    pub fn getter(&self) -> Option<Value> {
        self.getter.get().non_null()
    }
}

fn prop<'a>(v: Value) -> &'a PyProperty {
    // SAFETY: slots and getters of `property` get properties.
    unsafe { v.cast_unchecked::<PyProperty>() }
}

fn property_new(_: &Vm, ty: TypeRef, _: CallArgs) -> PyResult {
    Ok(object::new_instance(
        ty,
        PyProperty {
            header: object::header(),
            getter: OwnedCell::null(),
            setter: OwnedCell::null(),
            deleter: OwnedCell::null(),
            doc: OwnedCell::null(),
            name: OwnedCell::null(),
            getter_doc: Cell::new(false),
        },
    ))
}

fn given(vm: &Vm, v: Value) -> Value {
    if v.is(vm.none()) { Value::NULL } else { v }
}

fn property_init(vm: &Vm, this: Value, args: CallArgs) -> PyResult<()> {
    let sig = vm.signatures.get("(fget=None, fset=None, fdel=None, doc=None)");
    sig.bind(vm, "property", None, args, |a| {
        let p = prop(this);
        p.getter.set(given(vm, a[0]).to_ref());
        p.setter.set(given(vm, a[1]).to_ref());
        p.deleter.set(given(vm, a[2]).to_ref());
        let mut doc = given(vm, a[3]).to_ref();
        p.getter_doc.set(false);
        if doc.is_null()
            && let Some(f) = p.getter()
            && let Some(d) = attr::get_opt(vm, f, vm.names().__doc__)?
            && !d.is(vm.none())
        {
            doc = d;
            p.getter_doc.set(true);
        }
        if vm.type_of(this).is(vm.builtin(shape::PROPERTY)) {
            p.doc.set(doc);
            return Ok(());
        }
        // A subclass keeps its docstring as an attribute of the instance. Where it has no room for
        // one, it is an error only if the docstring is the getter's, as in CPython.
        let set = attr::set(vm, this, vm.names().__doc__, doc.non_null().unwrap_or(vm.none()).borrow());
        match set {
            Err(e) if !p.getter_doc.get() && e.is(vm, shape::ATTRIBUTE_ERROR) => Ok(()),
            other => other,
        }
    })
}

fn property_error(vm: &Vm, d: Value, obj_: Value, what: &str) -> PyResult<crate::error::Raised> {
    let qual = crate::types::type_object::qualname(vm.type_of(obj_));
    let msg = match prop(d).name.get().non_null() {
        Some(n) => format!("property {} of '{qual}' object has no {what}", obj::repr_text(vm, n)?),
        None => format!("property of '{qual}' object has no {what}"),
    };
    Ok(vm.error(shape::ATTRIBUTE_ERROR, msg))
}

fn property_get(vm: &Vm, d: Value, this: Value, _: Value) -> PyResult {
    if this.is_null() || this.is(vm.none()) {
        return Ok(d.to_ref());
    }
    match prop(d).getter() {
        Some(f) => {
            let f = f.to_ref();
            call::call_args(vm, f.value(), &[this])
        }
        None => Err(property_error(vm, d, this, "getter")?),
    }
}

fn property_set(vm: &Vm, d: Value, this: Value, v: Value) -> PyResult<()> {
    let p = prop(d);
    if v.is_null() {
        return match p.deleter.get().non_null() {
            Some(f) => {
                let f = f.to_ref();
                call::call_args(vm, f.value(), &[this]).map(drop)
            }
            None => Err(property_error(vm, d, this, "deleter")?),
        };
    }
    match p.setter.get().non_null() {
        Some(f) => {
            let f = f.to_ref();
            call::call_args(vm, f.value(), &[this, v]).map(drop)
        }
        None => Err(property_error(vm, d, this, "setter")?),
    }
}

fn property_copy(vm: &Vm, this: Value, get: Value, set: Value, del: Value) -> PyResult {
    let p = prop(this);
    let or_old = |new: Value, old: Value| {
        let v = if new.is_null() || new.is(vm.none()) { old } else { new };
        v.non_null().unwrap_or(vm.none())
    };
    // The new property's docstring is its getter's again.
    let doc = if p.getter_doc.get() && !or_old(get, p.getter.get()).is(vm.none()) {
        vm.none()
    } else {
        p.doc.get().non_null().unwrap_or(vm.none())
    };
    let args = [or_old(get, p.getter.get()), or_old(set, p.setter.get()), or_old(del, p.deleter.get()), doc];
    let new = call::call_args(vm, vm.type_of(this).value(), &args)?;
    if let Some(n) = p.name.get().non_null()
        && let Some(q) = new.cast::<PyProperty>()
    {
        q.name.set(n.to_ref());
    }
    Ok(new)
}

fn property_set_name(vm: &Vm, a: &[Value]) -> PyResult {
    let args = a[1].cast::<PyTuple>().map_or(&[][..], |t| t.as_slice());
    let [_, name] = args else {
        let text = format!("__set_name__() takes 2 positional arguments but {} were given", args.len());
        return Err(vm.type_error(text));
    };
    prop(a[0]).name.set(name.to_ref());
    Ok(vm.none_ref())
}

fn or_none(vm: &Vm, v: Value) -> PyResult {
    Ok(v.non_null().unwrap_or(vm.none()).to_ref())
}

fn property_name(vm: &Vm, v: Value) -> PyResult {
    let p = prop(v);
    if let Some(n) = p.name.get().non_null() {
        return Ok(n.to_ref());
    }
    if let Some(f) = p.getter()
        && let Some(n) = attr::get_opt(vm, f, vm.names().__name__)?
    {
        return Ok(n);
    }
    Err(attr::no_attribute(vm, v, vm.names().__name__))
}

fn property_abstract(vm: &Vm, v: Value) -> PyResult {
    let p = prop(v);
    for f in [&p.getter, &p.setter, &p.deleter] {
        if let Some(f) = f.get().non_null()
            && is_abstract(vm, f)?
        {
            return Ok(vm.bool_ref(true));
        }
    }
    Ok(vm.bool_ref(false))
}

fn is_abstract(vm: &Vm, f: Value) -> PyResult<bool> {
    match attr::get_opt(vm, f, vm.names().__isabstractmethod__)? {
        Some(v) => truth::truth(vm, v.value()),
        None => Ok(false),
    }
}

/// `classmethod` and `staticmethod`: a callable, and attributes copied from it.
#[repr(C)]
pub struct PyWrapper {
    header: Header,
    callable: OwnedCell,
    dict: OwnedCell,
}

// SAFETY: repr(C), header first. `staticmethod` has the same layout.
unsafe impl Payload for PyWrapper {
    const SHAPE: u32 = shape::CLASSMETHOD;
}

/// The function inside a `staticmethod` or `classmethod` object.
pub fn wrapped(v: Value) -> Option<Value> {
    if v.has_shape(shape::CLASSMETHOD) || v.has_shape(shape::STATICMETHOD) {
        return wrapper(v).callable.get().non_null();
    }
    None
}

fn wrapper<'a>(v: Value) -> &'a PyWrapper {
    // SAFETY: slots and getters of both types get such objects.
    unsafe { v.cast_unchecked::<PyWrapper>() }
}

fn make(vm: &Vm, ty: TypeRef, f: Value) -> Ref {
    let w = PyWrapper { header: object::header(), callable: OwnedCell::new(f.to_ref()), dict: OwnedCell::null() };
    let r = object::new_instance(ty, w);
    if !ty.is_heap_layout() {
        // SAFETY: a fresh object; both types share the payload.
        unsafe { (*r.pointer()).shape = ty.instance_shape() };
    }
    let _ = vm;
    r
}

pub fn new_staticmethod(vm: &Vm, f: Value) -> Ref {
    make(vm, vm.builtin(shape::STATICMETHOD), f)
}

pub fn new_classmethod(vm: &Vm, f: Value) -> Ref {
    make(vm, vm.builtin(shape::CLASSMETHOD), f)
}

fn wrapper_new(vm: &Vm, ty: TypeRef, _: CallArgs) -> PyResult {
    Ok(make(vm, ty, vm.none()))
}

fn wrapper_init(vm: &Vm, this: Value, args: CallArgs) -> PyResult<()> {
    let sig = vm.signatures.get("(function, /)");
    let name = if vm.type_of(this).is_subtype(vm.builtin(shape::STATICMETHOD)) { "staticmethod" } else { "classmethod" };
    sig.bind(vm, name, None, args, |a| {
        wrapper(this).callable.set(a[0].to_ref());
        copy_attributes(vm, this, a[0])
    })
}

/// `functools.update_wrapper` for the attributes that both kinds copy.
fn copy_attributes(vm: &Vm, this: Value, f: Value) -> PyResult<()> {
    let n = vm.names();
    let d = dict_of(vm, this);
    for name in [n.__module__, n.__name__, n.__qualname__, n.__doc__] {
        if let Some(v) = attr::get_opt(vm, f, name)?
            && let Some(d) = d.cast::<PyDict>()
        {
            d.set(vm, name, v.value())?;
        }
    }
    Ok(())
}

fn dict_of(vm: &Vm, this: Value) -> Ref {
    let w = wrapper(this);
    if w.dict.get().is_null() {
        w.dict.set(PyDict::new(vm));
    }
    w.dict.get().to_ref()
}

fn wrapper_getattr(vm: &Vm, this: Value, name: Value) -> PyResult {
    let name = attr::check_name(vm, name)?;
    if let Some(d) = wrapper(this).dict.get().non_null()
        && let Some(d) = d.cast::<PyDict>()
        && let Some(v) = d.get_str(name)
        && !vm.type_of(this).lookup(vm, name).is_some_and(|d| attr::is_data_descriptor(vm, d))
    {
        return Ok(v.to_ref());
    }
    attr::generic_get(vm, this, name)
}

fn wrapper_setattr(vm: &Vm, this: Value, name: Value, v: Value) -> PyResult<()> {
    let name = attr::check_name(vm, name)?;
    if vm.type_of(this).lookup(vm, name).is_some_and(|d| attr::is_data_descriptor(vm, d)) {
        return attr::generic_set(vm, this, name, v);
    }
    let d = dict_of(vm, this);
    let Some(d) = d.cast::<PyDict>() else { return Ok(()) };
    if v.is_null() {
        return if d.delete(vm, name)? { Ok(()) } else { Err(attr::no_attribute(vm, this, name)) };
    }
    d.set(vm, name, v)
}

fn classmethod_get(vm: &Vm, d: Value, this: Value, ty: Value) -> PyResult {
    let cls = if ty.is_null() { vm.type_of(this).value() } else { ty };
    let f = wrapper(d).callable.get();
    Ok(crate::types::function::PyMethod::new(f, cls))
}

fn staticmethod_get(_: &Vm, d: Value, _: Value, _: Value) -> PyResult {
    Ok(wrapper(d).callable.get().to_ref())
}

fn wrapper_repr(vm: &Vm, this: Value) -> PyResult {
    // A subclass is shown as what it is a kind of.
    let name = if vm.type_of(this).is_subtype(vm.builtin(shape::CLASSMETHOD)) { "classmethod" } else { "staticmethod" };
    let inner = obj::repr_text(vm, wrapper(this).callable.get())?;
    Ok(vm.new_str(&format!("<{name}({inner})>")))
}

fn wrapper_func(vm: &Vm, v: Value) -> PyResult {
    or_none(vm, wrapper(v).callable.get())
}

fn wrapper_abstract(vm: &Vm, v: Value) -> PyResult {
    is_abstract(vm, wrapper(v).callable.get()).map(|b| vm.bool_ref(b))
}

fn wrapper_dict(vm: &Vm, v: Value) -> PyResult {
    Ok(dict_of(vm, v))
}

fn wrapper_copied(vm: &Vm, v: Value, name: Value) -> PyResult {
    match wrapper(v).dict.get().cast::<PyDict>().and_then(|d| d.get_str(name)) {
        Some(x) => Ok(x.to_ref()),
        None => attr::get(vm, wrapper(v).callable.get(), name),
    }
}

static WRAPPER_GETSET: &[GetSetDef] = &[
    GetSetDef::member("__func__", wrapper_func, ""),
    GetSetDef::member("__wrapped__", wrapper_func, ""),
    GetSetDef::get("__isabstractmethod__", wrapper_abstract, ""),
    GetSetDef::get("__dict__", wrapper_dict, ""),
    GetSetDef::get("__annotations__", |vm, v| wrapper_copied(vm, v, vm.names().__annotations__), ""),
    GetSetDef::get("__annotate__", |vm, v| wrapper_copied(vm, v, vm.names().__annotate__), ""),
];

pub static PROPERTY: TypeDef = TypeDef {
    doc: "Property attribute.\n\n  fget\n    function to be used for getting an attribute value\n  fset\n    function to be used for setting an attribute value\n  fdel\n    function to be used for del'ing an attribute\n  doc\n    docstring",
    flags: flags::BASETYPE,
    new: New::Raw(property_new),
    slots: |s| {
        s.init = Some(property_init);
        s.descr_get = Some(property_get);
        s.descr_set = Some(property_set);
        s.drop = Some(object::drop_payload::<PyProperty>);
        s.traverse = crate::traverse_fields!(PyProperty: getter, setter, deleter, doc, name);
        s.clear = crate::clear_fields!(PyProperty: getter, setter, deleter, doc);
    },
    methods: &[
        MethodDef::new("getter", "($self, object, /)", |vm, a| property_copy(vm, a[0], a[1], Value::NULL, Value::NULL), "Descriptor to obtain a copy of the property with a different getter."),
        MethodDef::new("setter", "($self, object, /)", |vm, a| property_copy(vm, a[0], Value::NULL, a[1], Value::NULL), "Descriptor to obtain a copy of the property with a different setter."),
        MethodDef::new("deleter", "($self, object, /)", |vm, a| property_copy(vm, a[0], Value::NULL, Value::NULL, a[1]), "Descriptor to obtain a copy of the property with a different deleter."),
        MethodDef::new("__set_name__", "($self, *args)", property_set_name, "Method to set name of a property."),
    ],
    getset: &[
        GetSetDef::member("fget", |vm, v| or_none(vm, prop(v).getter.get()), ""),
        GetSetDef::member("fset", |vm, v| or_none(vm, prop(v).setter.get()), ""),
        GetSetDef::member("fdel", |vm, v| or_none(vm, prop(v).deleter.get()), ""),
        GetSetDef { set: Some(|_, v, d| { prop(v).doc.set(d.to_ref()); Ok(()) }), ..GetSetDef::member("__doc__", |vm, v| or_none(vm, prop(v).doc.get()), "") },
        GetSetDef::get_set("__name__", property_name, |_, v, n| { prop(v).name.set(n.to_ref()); Ok(()) }, ""),
        GetSetDef::get("__isabstractmethod__", property_abstract, ""),
    ],
    ..TypeDef::of::<PyProperty>("property")
};

pub static CLASSMETHOD: TypeDef = TypeDef {
    doc: "Convert a function to be a class method.",
    flags: flags::BASETYPE,
    new: New::Raw(wrapper_new),
    slots: |s| {
        s.init = Some(wrapper_init);
        s.descr_get = Some(classmethod_get);
        s.repr = Some(wrapper_repr);
        s.get_attr = Some(wrapper_getattr);
        s.set_attr = Some(wrapper_setattr);
        s.drop = Some(object::drop_payload::<PyWrapper>);
        s.traverse = crate::traverse_fields!(PyWrapper: callable, dict);
    },
    getset: WRAPPER_GETSET,
    ..TypeDef::of::<PyWrapper>("classmethod")
};

pub static STATICMETHOD: TypeDef = TypeDef {
    doc: "Convert a function to be a static method.",
    flags: flags::BASETYPE,
    new: New::Raw(wrapper_new),
    slots: |s| {
        s.init = Some(wrapper_init);
        s.descr_get = Some(staticmethod_get);
        s.call = Some(|vm, v, args| call::call(vm, wrapper(v).callable.get(), args));
        s.repr = Some(wrapper_repr);
        s.get_attr = Some(wrapper_getattr);
        s.set_attr = Some(wrapper_setattr);
        s.drop = Some(object::drop_payload::<PyWrapper>);
        s.traverse = crate::traverse_fields!(PyWrapper: callable, dict);
    },
    getset: WRAPPER_GETSET,
    ..TypeDef::of::<PyWrapper>("staticmethod")
};
