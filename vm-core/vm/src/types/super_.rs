//! `super`.

use crate::args::CallArgs;
use crate::error::PyResult;
use crate::object::{self, Header, Payload};
use crate::owned_cell::OwnedCell;
use crate::protocol::{attr, call};
use crate::shape;
use crate::types::type_::{GetSetDef, New, Type, TypeDef, TypeRef, flags};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// A super object: the class to start after, and what it is bound to.
#[repr(C)]
pub struct PySuper {
    header: Header,
    class: OwnedCell,
    object: OwnedCell,
    object_type: OwnedCell,
}

// SAFETY: repr(C), header first.
unsafe impl Payload for PySuper {
    const SHAPE: u32 = shape::SUPER;
}

fn this<'a>(v: Value) -> &'a PySuper {
    // SAFETY: slots and getters of `super` get super objects.
    unsafe { v.cast_unchecked::<PySuper>() }
}

/// The attribute that `super(class, object).name` finds, bound; `None` if there is none.
pub fn lookup(vm: &Vm, class: TypeRef, object: Value, name: Value) -> PyResult<Option<Ref>> {
    let start = check(vm, class, object)?;
    lookup_from(vm, class, object, start, name)
}

fn lookup_from(vm: &Vm, class: TypeRef, object: Value, start: TypeRef, name: Value) -> PyResult<Option<Ref>> {
    let mro = start.mro();
    let Some(at) = mro.iter().position(|t| t.is(class)) else { return Ok(None) };
    for t in &mro[at + 1..] {
        if let Some(v) = t.dict().get_str(name) {
            let v = v.to_ref();
            return match vm.type_of(v.value()).slots().descr_get {
                Some(get) => {
                    let bound_to_class = Type::from_value(object).is_some_and(|o| o.is(start));
                    let obj = if bound_to_class { Value::NULL } else { object };
                    get(vm, v.value(), obj, start.value()).map(Some)
                }
                None => Ok(Some(v)),
            };
        }
    }
    Ok(None)
}

/// For LOAD_SUPER_ATTR's method form: the plain function found, with the object to pass first.
pub fn load_method(vm: &Vm, class: TypeRef, object: Value, name: Value) -> PyResult<attr::Method> {
    let start = check(vm, class, object)?;
    let mro = start.mro();
    if let Some(at) = mro.iter().position(|t| t.is(class)) {
        for t in &mro[at + 1..] {
            if let Some(f) = t.dict().get_str(name) {
                let bound_to_class = Type::from_value(object).is_some_and(|o| o.is(start));
                if attr::is_unbound_method(vm, f) && !bound_to_class {
                    return Ok(attr::Method { callable: f.to_ref(), this: object });
                }
                break;
            }
        }
    }
    let callable = match lookup_from(vm, class, object, start, name)? {
        Some(v) => v,
        None => {
            let s = make(vm, class, object, start);
            attr::generic_get(vm, s.value(), name)?
        }
    };
    Ok(attr::Method { callable, this: Value::NULL })
}

/// The type whose MRO is searched, or TypeError when the object does not fit the class.
fn check(vm: &Vm, class: TypeRef, object: Value) -> PyResult<TypeRef> {
    if let Some(t) = Type::from_value(object)
        && t.is_subtype(class)
    {
        return Ok(t);
    }
    let t = vm.type_of(object);
    if t.is_subtype(class) {
        return Ok(t);
    }
    if let Some(k) = attr::get_opt(vm, object, vm.names().__class__)?
        && let Some(k) = Type::from_value(k.value())
        && !k.is(t)
        && k.is_subtype(class)
    {
        return Ok(k);
    }
    let (kind, name) = match Type::from_value(object) {
        Some(t) => ("type", t.name()),
        None => ("instance of", t.name()),
    };
    Err(vm.type_error(format!(
        "super(type, obj): obj ({kind} {name}) is not an instance or subtype of type ({}).",
        class.name()
    )))
}

fn make(vm: &Vm, class: TypeRef, object: Value, start: TypeRef) -> Ref {
    object::new_instance(
        vm.builtin(shape::SUPER),
        PySuper {
            header: object::header(),
            class: OwnedCell::new(class.to_ref()),
            object: OwnedCell::new(object.to_ref()),
            object_type: OwnedCell::new(start.to_ref()),
        },
    )
}

fn super_new(_: &Vm, ty: TypeRef, _: CallArgs) -> PyResult {
    Ok(object::new_instance(
        ty,
        PySuper {
            header: object::header(),
            class: OwnedCell::null(),
            object: OwnedCell::null(),
            object_type: OwnedCell::null(),
        },
    ))
}

fn super_init(vm: &Vm, v: Value, args: CallArgs) -> PyResult<()> {
    let sig = vm.signatures.get("(type=None, object_or_type=None, /)");
    sig.bind(vm, "super", None, args, |a| {
        let (class, object) = if a[0].is_null() { from_frame(vm)? } else { (a[0].to_ref(), a[1].to_ref()) };
        let Some(class_type) = Type::from_value(class.value()) else {
            return Err(vm.type_error(format!(
                "super() argument 1 must be a type, not {}",
                vm.type_of(class.value()).full_name()
            )));
        };
        let s = this(v);
        s.class.set(class);
        if object.is_null() || object.is(vm.none()) {
            s.object.clear();
            s.object_type.clear();
            return Ok(());
        }
        let start = check(vm, class_type, object.value())?;
        s.object.set(object);
        s.object_type.set(start.to_ref());
        Ok(())
    })
}

/// `super()` without arguments: `__class__` and the first argument of the calling function.
fn from_frame(vm: &Vm) -> PyResult<(Ref, Ref)> {
    crate::introspect::super_arguments(vm)
}

fn get_attr(vm: &Vm, v: Value, name: Value) -> PyResult {
    let s = this(v);
    let name = attr::check_name(vm, name)?;
    if let (Some(class), Some(start)) =
        (Type::from_value(s.class.get()), Type::from_value(s.object_type.get()))
        && !name.is(vm.names().__class__)
        && let Some(found) = lookup_from(vm, class, s.object.get(), start, name)?
    {
        return Ok(found);
    }
    attr::generic_get(vm, v, name)
}

fn descr_get(vm: &Vm, d: Value, object: Value, _: Value) -> PyResult {
    let s = this(d);
    if object.is_null() || object.is(vm.none()) || !s.object.is_null() {
        return Ok(d.to_ref());
    }
    if !vm.type_of(d).is(vm.builtin(shape::SUPER)) {
        // A subclass makes instances of its own.
        return call::call_args(vm, vm.type_of(d).value(), &[s.class.get(), object]);
    }
    match Type::from_value(s.class.get()) {
        Some(class) => Ok(make(vm, class, object, check(vm, class, object)?)),
        None => Ok(d.to_ref()),
    }
}

fn repr(vm: &Vm, v: Value) -> PyResult {
    let s = this(v);
    let class = Type::from_value(s.class.get()).map_or("NULL".to_owned(), |t| t.name());
    Ok(vm.new_str(&match Type::from_value(s.object_type.get()) {
        Some(t) => format!("<super: <class '{class}'>, <{} object>>", t.name()),
        None => format!("<super: <class '{class}'>, NULL>"),
    }))
}

fn or_none(vm: &Vm, v: Value) -> PyResult {
    Ok(v.non_null().unwrap_or(vm.none()).to_ref())
}

pub static DEF: TypeDef = TypeDef {
    doc: "super() -> same as super(__class__, <first argument>)\nsuper(type) -> unbound super object\nsuper(type, obj) -> bound super object; requires isinstance(obj, type)\nsuper(type, type2) -> bound super object; requires issubclass(type2, type)",
    flags: flags::BASETYPE,
    new: New::Raw(super_new),
    slots: |s| {
        s.init = Some(super_init);
        s.get_attr = Some(get_attr);
        s.descr_get = Some(descr_get);
        s.repr = Some(repr);
        s.drop = Some(object::drop_payload::<PySuper>);
        s.traverse = crate::traverse_fields!(PySuper: class, object, object_type);
    },
    getset: &[
        GetSetDef::member("__thisclass__", |vm, v| or_none(vm, this(v).class.get()), "the class invoking super()"),
        GetSetDef::member("__self__", |vm, v| or_none(vm, this(v).object.get()), "the instance invoking super(); may be None"),
        GetSetDef::member("__self_class__", |vm, v| or_none(vm, this(v).object_type.get()), "the type of the instance invoking super(); may be None"),
    ],
    ..TypeDef::of::<PySuper>("super")
};
