//! The type `type` itself: its attributes and methods.

use crate::args::CallArgs;
use crate::error::PyResult;
use crate::object;
use crate::protocol::{attr, call, object as obj};
use crate::shape;
use crate::types::dict::PyDict;
use crate::types::list::PyList;
use crate::types::mapping_proxy;
use crate::types::str_::PyStr;
use crate::types::tuple::PyTuple;
use crate::types::type_::{GetSetDef, MethodDef, New, Type, TypeDef, TypeRef, flags};
use crate::types::{slot_update, type_, type_new};
use crate::value::{Ref, Value};
use crate::vm::Vm;

fn this(v: Value) -> TypeRef {
    // SAFETY: slots and getters of `type` get type objects.
    unsafe { v.cast_unchecked::<Type>() }
}

/// `__qualname__` as text.
pub fn qualname(ty: &Type) -> String {
    match ty.qualname.get().non_null() {
        Some(q) => obj::text(q),
        None => ty.name(),
    }
}

/// `__module__` as text; `builtins` for built-in types without one.
pub fn module(vm: &Vm, ty: &Type) -> Option<String> {
    if ty.is_heap() {
        let m = ty.dict().get_str(vm.names().__module__)?;
        return m.cast::<PyStr>().map(|s| s.to_string_lossy());
    }
    let full = ty.full_name();
    Some(full.rsplit_once('.').map_or("builtins".to_owned(), |(m, _)| m.to_owned()))
}

/// `module.qualname`, without the module for built-ins: what reprs show.
pub fn display_name(vm: &Vm, ty: &Type) -> String {
    match module(vm, ty) {
        Some(m) if m != "builtins" => format!("{m}.{}", qualname(ty)),
        _ => qualname(ty),
    }
}

fn repr(vm: &Vm, v: Value) -> PyResult {
    Ok(vm.new_str(&format!("<class '{}'>", display_name(vm, this(v)))))
}

fn set_attr(vm: &Vm, v: Value, name: Value, value: Value) -> PyResult<()> {
    let ty = this(v);
    let name = attr::check_name(vm, name)?;
    if ty.has_flag(flags::IMMUTABLE) {
        return Err(vm.type_error(format!(
            "cannot set '{}' attribute of immutable type '{}'",
            obj::text(name),
            ty.full_name()
        )));
    }
    let meta_attr = vm.type_of(v).lookup(vm, name).map(|d| d.to_ref());
    if let Some(d) = meta_attr
        && let Some(set) = vm.type_of(d.value()).slots().descr_set
    {
        set(vm, d.value(), v, value)?;
        ty.modified(vm);
        return Ok(());
    }
    if value.is_null() {
        if !ty.dict().delete(vm, name)? {
            return Err(vm.attribute_error(
                v,
                name,
                format!("type object '{}' has no attribute '{}'", ty.name(), obj::text(name)),
            ));
        }
    } else {
        let data_descriptor = attr::is_data_descriptor(vm, value);
        ty.dict().set(vm, name, value)?;
        if data_descriptor && ty.has_instance_shapes() {
            // Inline caches rely on a shape alone: they must all look again.
            crate::specialize::flush_attribute_caches(vm);
        }
    }
    ty.modified(vm);
    let text = obj::text(name);
    if slot_update::is_slot_name(&text) {
        slot_update::update_name(vm, ty, &text);
    }
    Ok(())
}

fn type_call(vm: &Vm, v: Value, args: CallArgs) -> PyResult {
    type_::call(vm, v, args)
}

fn type_init(vm: &Vm, _: Value, args: CallArgs) -> PyResult<()> {
    let n = args.positional_args().len();
    if n == 1 && args.has_keywords() {
        return Err(vm.type_error("type.__init__() takes no keyword arguments"));
    }
    if n != 1 && n != 3 {
        return Err(vm.type_error("type.__init__() takes 1 or 3 arguments"));
    }
    Ok(())
}

/// The same str each time.
fn get_name(vm: &Vm, v: Value) -> PyResult {
    Ok(vm.intern(&this(v).name()).to_ref())
}

/// Checks that a special attribute of a type may be set to `value` (NULL deletes, which none may).
fn check_set(vm: &Vm, ty: TypeRef, name: &str, value: Value) -> PyResult<()> {
    immutable(vm, ty, name)?;
    if value.is_null() {
        // CPython's words.
        return Err(vm.type_error(format!("cannot delete '{name}' attribute of immutable type '{}'", ty.name())));
    }
    Ok(())
}

fn immutable(vm: &Vm, ty: TypeRef, name: &str) -> PyResult<()> {
    if ty.has_flag(flags::IMMUTABLE) {
        return Err(vm.type_error(format!(
            "cannot set '{}' attribute of immutable type '{}'",
            name,
            ty.full_name()
        )));
    }
    Ok(())
}

/// What a type can be called: text without null characters.
pub(super) fn checked_name<'a>(vm: &Vm, name: &'a PyStr) -> PyResult<&'a str> {
    let Some(text) = name.to_str() else { return Err(crate::codecs::not_utf8(vm, name)) };
    if text.contains('\0') {
        return Err(vm.value_error("type name must not contain null characters"));
    }
    Ok(text)
}

fn set_name(vm: &Vm, v: Value, value: Value) -> PyResult<()> {
    let ty = this(v);
    check_set(vm, ty, "__name__", value)?;
    match value.cast::<PyStr>() {
        Some(s) => {
            let name = checked_name(vm, s)?;
            if ty.qualname.is_null() {
                // It was the name so far.
                ty.qualname.set(vm.new_str(&ty.name()));
            }
            ty.set_name(name);
            Ok(())
        }
        None => Err(vm.type_error(format!(
            "can only assign string to {}.__name__, not '{}'",
            ty.name(),
            vm.type_of(value).full_name()
        ))),
    }
}

fn get_qualname(vm: &Vm, v: Value) -> PyResult {
    Ok(match this(v).qualname.get_ref() {
        Some(q) => q,
        None => vm.new_str(&this(v).name()),
    })
}

fn set_qualname(vm: &Vm, v: Value, value: Value) -> PyResult<()> {
    let ty = this(v);
    check_set(vm, ty, "__qualname__", value)?;
    if value.cast::<PyStr>().is_none() {
        return Err(vm.type_error(format!(
            "can only assign string to {}.__qualname__, not '{}'",
            ty.name(),
            vm.type_of(value).full_name()
        )));
    }
    ty.qualname.set(value.to_ref());
    Ok(())
}

fn get_module(vm: &Vm, v: Value) -> PyResult {
    let ty = this(v);
    if ty.is_heap() {
        return match ty.dict().get_str(vm.names().__module__) {
            Some(m) => Ok(m.to_ref()),
            None => Err(vm.attribute_error(v, vm.names().__module__, "__module__")),
        };
    }
    Ok(vm.new_str(&module(vm, ty).unwrap_or_default()))
}

fn set_module(vm: &Vm, v: Value, value: Value) -> PyResult<()> {
    let ty = this(v);
    check_set(vm, ty, "__module__", value)?;
    ty.dict().set_str(vm, vm.names().__module__, value);
    // The line belongs to the module's file.
    ty.dict().delete_str(vm.intern("__firstlineno__"));
    ty.modified(vm);
    Ok(())
}

fn get_bases(vm: &Vm, v: Value) -> PyResult {
    Ok(this(v).bases().unwrap_or_else(|| vm.empty_tuple().to_ref()))
}

fn get_base(vm: &Vm, v: Value) -> PyResult {
    Ok(this(v).base().map_or(vm.none_ref(), |b| b.to_ref()))
}

fn get_mro(vm: &Vm, v: Value) -> PyResult {
    Ok(type_::tuple_of(vm, this(v).mro()))
}

fn get_dict(vm: &Vm, v: Value) -> PyResult {
    Ok(mapping_proxy::new(vm, this(v).dict_value()))
}

fn get_doc(vm: &Vm, v: Value) -> PyResult {
    match this(v).dict().get_str(vm.names().__doc__) {
        Some(d) => match vm.type_of(d).slots().descr_get {
            Some(get) => get(vm, d, Value::NULL, v),
            None => Ok(d.to_ref()),
        },
        None => Ok(vm.none_ref()),
    }
}

fn set_doc(vm: &Vm, v: Value, value: Value) -> PyResult<()> {
    check_set(vm, this(v), "__doc__", value)?;
    this(v).dict().set_str(vm, vm.names().__doc__, value);
    Ok(())
}

fn get_abstract(vm: &Vm, v: Value) -> PyResult {
    let ty = this(v);
    let own = if ty.is(vm.builtin(shape::TYPE)) { None } else { ty.dict().get_str(vm.names().__abstractmethods__) };
    match own {
        Some(m) => Ok(m.to_ref()),
        None => Err(vm.attribute_error(v, vm.names().__abstractmethods__, "__abstractmethods__")),
    }
}

fn set_abstract(vm: &Vm, v: Value, value: Value) -> PyResult<()> {
    let ty = this(v);
    immutable(vm, ty, "__abstractmethods__")?;
    if value.is_null() {
        if !ty.dict().delete_str(vm.names().__abstractmethods__) {
            return Err(vm.attribute_error(v, vm.names().__abstractmethods__, "__abstractmethods__"));
        }
        ty.set_flag(flags::ABSTRACT, false);
    } else {
        let on = crate::protocol::truth::truth(vm, value)?;
        ty.dict().set_str(vm, vm.names().__abstractmethods__, value);
        ty.set_flag(flags::ABSTRACT, on);
    }
    ty.modified(vm);
    Ok(())
}

fn get_text_signature(vm: &Vm, v: Value) -> PyResult {
    match this(v).definition.and_then(|d| d.signature_and_doc().0) {
        Some(sig) => Ok(vm.new_str(sig)),
        None => Ok(vm.none_ref()),
    }
}

fn get_annotate(vm: &Vm, v: Value) -> PyResult {
    let ty = this(v);
    if !ty.is_heap() {
        return Err(vm.attribute_error(
            v,
            vm.names().__annotate__,
            format!("type object '{}' has no attribute '__annotate__'", ty.name()),
        ));
    }
    let n = vm.names();
    match ty.dict().get_str(n.__annotate_func__).or_else(|| ty.dict().get_str(n.__annotate__)) {
        Some(f) => match vm.type_of(f).slots().descr_get {
            Some(get) => get(vm, f, Value::NULL, v),
            None => Ok(f.to_ref()),
        },
        None => Ok(vm.none_ref()),
    }
}

fn set_annotate(vm: &Vm, v: Value, value: Value) -> PyResult<()> {
    let ty = this(v);
    immutable(vm, ty, "__annotate__")?;
    if value.is_null() {
        return Err(vm.type_error("cannot delete __annotate__ attribute"));
    }
    if !value.is(vm.none()) && !call::is_callable(vm, value) {
        return Err(vm.type_error("__annotate__ must be callable or None"));
    }
    let n = vm.names();
    ty.dict().set_str(vm, n.__annotate_func__, value);
    if !value.is(vm.none()) {
        ty.dict().delete(vm, n.__annotations_cache__)?;
    }
    ty.modified(vm);
    Ok(())
}

fn get_annotations(vm: &Vm, v: Value) -> PyResult {
    let ty = this(v);
    let n = vm.names();
    if !ty.is_heap() {
        return Err(vm.attribute_error(
            v,
            n.__annotations__,
            format!("type object '{}' has no attribute '__annotations__'", ty.name()),
        ));
    }
    for key in [n.__annotations__, n.__annotations_cache__] {
        if let Some(a) = ty.dict().get_str(key) {
            return match vm.type_of(a).slots().descr_get {
                Some(get) => get(vm, a, Value::NULL, v),
                None => Ok(a.to_ref()),
            };
        }
    }
    let annotate = get_annotate(vm, v)?;
    let result = if call::is_callable(vm, annotate.value()) {
        let r = call::call_args(vm, annotate.value(), &[Value::small_int(1)])?;
        if r.cast::<PyDict>().is_none() {
            return Err(vm.type_error(format!(
                "__annotate__() must return a dict, not {}",
                vm.type_of(r.value()).full_name()
            )));
        }
        r
    } else {
        PyDict::new(vm)
    };
    ty.dict().set_str(vm, n.__annotations_cache__, result.value());
    ty.modified(vm);
    Ok(result)
}

fn set_annotations(vm: &Vm, v: Value, value: Value) -> PyResult<()> {
    let ty = this(v);
    immutable(vm, ty, "__annotations__")?;
    let n = vm.names();
    let key = if ty.dict().get_str(n.__annotations__).is_some() { n.__annotations__ } else { n.__annotations_cache__ };
    if value.is_null() {
        if !ty.dict().delete(vm, key)? {
            return Err(vm.attribute_error(v, n.__annotations__, "__annotations__"));
        }
    } else {
        ty.dict().set_str(vm, key, value);
    }
    ty.dict().delete(vm, n.__annotate_func__)?;
    ty.dict().delete(vm, n.__annotate__)?;
    ty.modified(vm);
    Ok(())
}

fn get_type_params(vm: &Vm, v: Value) -> PyResult {
    let ty = this(v);
    match ty.dict().get_str(vm.names().__type_params__) {
        Some(p) if ty.is_heap() => Ok(p.to_ref()),
        _ => Ok(vm.empty_tuple().to_ref()),
    }
}

fn set_type_params(vm: &Vm, v: Value, value: Value) -> PyResult<()> {
    check_set(vm, this(v), "__type_params__", value)?;
    this(v).dict().set_str(vm, vm.names().__type_params__, value);
    Ok(())
}

fn set_bases(vm: &Vm, v: Value, value: Value) -> PyResult<()> {
    let ty = this(v);
    check_set(vm, ty, "__bases__", value)?;
    type_new::replace_bases(vm, ty, value)
}

fn get_flags(vm: &Vm, v: Value) -> PyResult {
    // Only the bits that Python code asks about (CPython's Include/object.h).
    let ty = this(v);
    let mut f = 1i64 << 12;
    for (own, theirs) in [
        (flags::BASETYPE, 1 << 10),
        (flags::IMMUTABLE, 1 << 8),
        (flags::DISALLOW_INSTANTIATION, 1 << 7),
        (flags::SEQUENCE, 1 << 5),
        (flags::MAPPING, 1 << 6),
        (flags::ABSTRACT, 1 << 20),
        (flags::METHOD_DESCRIPTOR, 1 << 17),
    ] {
        if ty.has_flag(own) {
            f |= theirs;
        }
    }
    // These two are made at run time in CPython, too.
    if ty.is_heap() || [shape::GENERIC, shape::AST].iter().any(|id| ty.is(vm.builtin(*id))) {
        f |= 1 << 9;
    }
    Ok(vm.new_int(f))
}

fn mro(vm: &Vm, args: &[Value]) -> PyResult {
    let ty = this(args[0]);
    let bases: Vec<TypeRef> = ty
        .bases()
        .and_then(|b| b.cast::<PyTuple>().map(|t| t.as_slice().iter().filter_map(|b| Type::from_value(*b)).collect()))
        .unwrap_or_default();
    let mro = type_new::linearize(vm, ty, &bases)?;
    Ok(PyList::new(vm, mro.iter().map(|t| t.to_ref()).collect()))
}

fn subclasses(vm: &Vm, args: &[Value]) -> PyResult {
    Ok(PyList::new(vm, this(args[0]).subclasses().iter().map(|t| t.to_ref()).collect()))
}

fn instancecheck(vm: &Vm, args: &[Value]) -> PyResult {
    obj::recursive_is_instance(vm, args[1], args[0]).map(|b| vm.bool_ref(b))
}

fn subclasscheck(vm: &Vm, args: &[Value]) -> PyResult {
    obj::recursive_is_subclass(vm, args[1], args[0]).map(|b| vm.bool_ref(b))
}

fn prepare(vm: &Vm, _: &[Value]) -> PyResult {
    Ok(PyDict::new(vm))
}

fn dir(vm: &Vm, args: &[Value]) -> PyResult {
    let names = PyDict::new(vm);
    let Some(set) = names.cast::<PyDict>() else { return Ok(names) };
    for t in this(args[0]).mro() {
        set.update(vm, t.dict_value())?;
    }
    Ok(PyList::new(vm, crate::types::object_type::keys(set)))
}

fn or(vm: &Vm, a: Value, b: Value) -> PyResult {
    crate::types::generic_alias::union_or(vm, a, b)
}

fn sizeof(vm: &Vm, _: &[Value]) -> PyResult {
    Ok(vm.new_int(size_of::<Type>() as i64))
}

/// The type that a class statement's keyword or a base's own type makes: for `__build_class__`.
pub fn as_type(v: Value) -> Option<TypeRef> {
    Type::from_value(v)
}

/// A list of types as a Python tuple value.
pub fn types_tuple(vm: &Vm, types: &[TypeRef]) -> Ref {
    type_::tuple_of(vm, types)
}

/// Bytes of an instance as far as all have them, and of each item of those that vary. Ints have
/// CPython's sizes, from which programs reckon the number of digits.
fn sizes(_: &Vm, v: Value) -> (i64, i64) {
    let Some(ty) = Type::from_value(v) else { return (0, 0) };
    let word = size_of::<Value>() as i64;
    let extends = |layout| object::layout_extends(ty.layout(), layout);
    if extends(shape::INT) {
        return (24, 4);
    }
    let item = if extends(shape::TUPLE) { word } else { i64::from(extends(shape::BYTES)) };
    (ty.payload_size() as i64 + i64::from(ty.member_slots()) * word, item)
}

/// -1: somewhere before the object, as CPython says of its managed dictionaries.
fn get_dict_offset(_: &Vm, v: Value) -> PyResult {
    let has = Type::from_value(v).is_some_and(|t| t.has_flag(flags::DICT));
    Ok(Ref::small_int(if has { -1 } else { 0 }))
}

fn get_weakref_offset(_: &Vm, v: Value) -> PyResult {
    let has = Type::from_value(v).is_some_and(|t| t.has_flag(flags::WEAKREF));
    Ok(Ref::small_int(if has { -32 } else { 0 }))
}

pub static DEF: TypeDef = TypeDef {
    doc: "type(object) -> the object's type\ntype(name, bases, dict, **kwds) -> a new type",
    flags: flags::BASETYPE | flags::HEAP | flags::PREFIX | flags::WEAKREF,
    new: New::Raw(type_new::new),
    slots: |s| {
        s.init = Some(type_init);
        s.call = Some(type_call);
        s.repr = Some(repr);
        s.get_attr = Some(attr::type_get);
        s.set_attr = Some(set_attr);
        s.binary[crate::protocol::number::BinaryOp::Or as usize] = Some(or);
        s.drop = Some(object::drop_payload::<Type>);
    },
    methods: &[
        MethodDef::new("mro", "($self, /)", mro, "Return a type's method resolution order."),
        MethodDef::new("__subclasses__", "($self, /)", subclasses, "Return a list of immediate subclasses."),
        MethodDef::new("__instancecheck__", "($self, instance, /)", instancecheck, "Check if an object is an instance."),
        MethodDef::new("__subclasscheck__", "($self, subclass, /)", subclasscheck, "Check if a class is a subclass."),
        MethodDef::class("__prepare__", "($cls, name=None, bases=None, /, **kwds)", prepare, "Create the namespace for the class statement"),
        MethodDef::new("__dir__", "($self, /)", dir, "Specialized __dir__ implementation for types."),
        MethodDef::new("__sizeof__", "($self, /)", sizeof, "Return memory consumption of the type object."),
    ],
    getset: &[
        GetSetDef::get_set("__name__", get_name, set_name, ""),
        GetSetDef::get_set("__qualname__", get_qualname, set_qualname, ""),
        GetSetDef::get_set("__module__", get_module, set_module, ""),
        GetSetDef::get_set("__bases__", get_bases, set_bases, ""),
        GetSetDef::member("__base__", get_base, ""),
        GetSetDef::member("__mro__", get_mro, ""),
        GetSetDef::member("__flags__", get_flags, ""),
        GetSetDef::member("__basicsize__", |vm, v| Ok(vm.new_int(sizes(vm, v).0)), ""),
        GetSetDef::member("__itemsize__", |vm, v| Ok(vm.new_int(sizes(vm, v).1)), ""),
        GetSetDef::member("__dictoffset__", get_dict_offset, ""),
        GetSetDef::member("__weakrefoffset__", get_weakref_offset, ""),
        GetSetDef::get("__dict__", get_dict, ""),
        GetSetDef::get_set("__doc__", get_doc, set_doc, ""),
        GetSetDef::get_set("__abstractmethods__", get_abstract, set_abstract, ""),
        GetSetDef::get("__text_signature__", get_text_signature, ""),
        GetSetDef::get_set("__annotate__", get_annotate, set_annotate, ""),
        GetSetDef::get_set("__annotations__", get_annotations, set_annotations, ""),
        GetSetDef::get_set("__type_params__", get_type_params, set_type_params, ""),
    ],
    ..TypeDef::of::<Type>("type")
};
