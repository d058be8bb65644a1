//! `object`: the root of all types.

use crate::args::CallArgs;
use crate::error::PyResult;
use crate::object::{self, Header, Payload};
use crate::protocol::{attr, call, object as obj};
use crate::shape;
use crate::types::dict::PyDict;
use crate::types::list::PyList;
use crate::types::slots::CompareOp;
use crate::types::str_::PyStr;
use crate::types::tuple::PyTuple;
use crate::types::type_::{GetSetDef, MethodDef, New, Type, TypeDef, TypeRef, flags};
use crate::types::{slot_call, slot_update, type_object};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// An object with nothing but its header (and, for classes, the values that follow).
#[repr(C)]
pub struct PyObject {
    header: Header,
}

// SAFETY: repr(C), header first.
unsafe impl Payload for PyObject {
    const SHAPE: u32 = shape::OBJECT;
}

/// A fresh instance of a class whose layout is that of `object`.
#[inline]
pub fn new_of(ty: TypeRef) -> Ref {
    object::new_instance(ty, PyObject { header: object::header() })
}

/// `object()`.
pub fn new_plain(vm: &Vm) -> Ref {
    new_of(vm.builtin(shape::OBJECT))
}

fn is_own_new(ty: &Type) -> bool {
    ty.slots().new.is_some_and(|f| f as usize == object_new as *const () as usize)
}

fn is_own_init(ty: &Type) -> bool {
    ty.slots().init.is_some_and(|f| f as usize == object_init as *const () as usize)
}

/// The `new` slot of `object`.
pub fn object_new(vm: &Vm, ty: TypeRef, args: CallArgs) -> PyResult {
    if !args.args.is_empty() {
        if !is_own_new(ty) {
            return Err(vm.type_error(
                "object.__new__() takes exactly one argument (the type to instantiate)",
            ));
        }
        if is_own_init(ty) {
            return Err(vm.type_error(format!("{}() takes no arguments", ty.name())));
        }
    }
    if ty.has_flag(flags::ABSTRACT) {
        return Err(abstract_error(vm, ty));
    }
    Ok(new_of(ty))
}

#[cold]
fn abstract_error(vm: &Vm, ty: TypeRef) -> crate::error::Raised {
    let names = match ty.dict().get_str(vm.names().__abstractmethods__) {
        Some(set) => match crate::protocol::iter::to_vec(vm, set) {
            Ok(v) => v.iter().map(|n| obj::text(n.value())).collect::<Vec<_>>(),
            Err(e) => return e,
        },
        None => Vec::new(),
    };
    let mut names = names;
    names.sort();
    let s = if names.len() == 1 { "" } else { "s" };
    let quoted: Vec<String> = names.iter().map(|n| format!("'{n}'")).collect();
    vm.type_error(format!(
        "Can't instantiate abstract class {} without an implementation for abstract method{s} {}",
        ty.name(),
        quoted.join(", ")
    ))
}

/// The `init` slot of `object`.
pub fn object_init(vm: &Vm, this: Value, args: CallArgs) -> PyResult<()> {
    if args.args.is_empty() {
        return Ok(());
    }
    let ty = vm.type_of(this);
    if !is_own_init(ty) {
        return Err(vm.type_error(
            "object.__init__() takes exactly one argument (the instance to initialize)",
        ));
    }
    if is_own_new(ty) {
        return Err(vm.type_error(format!("{}() takes no arguments", ty.name())));
    }
    Ok(())
}

fn compare(vm: &Vm, a: Value, b: Value, op: CompareOp) -> PyResult {
    match op {
        CompareOp::Eq if a.is(b) => Ok(vm.bool_ref(true)),
        CompareOp::Ne => {
            let Some(eq) = vm.type_of(a).slots().compare else {
                return Ok(vm.not_implemented().to_ref());
            };
            let r = eq(vm, a, b, CompareOp::Eq)?;
            if r.is(vm.not_implemented()) {
                return Ok(r);
            }
            let t = crate::protocol::truth::truth(vm, r.value())?;
            Ok(vm.bool_ref(!t))
        }
        _ => Ok(vm.not_implemented().to_ref()),
    }
}

fn get_class(vm: &Vm, this: Value) -> PyResult {
    Ok(vm.type_of(this).to_ref())
}

fn set_class(vm: &Vm, this: Value, value: Value) -> PyResult<()> {
    if value.is_null() {
        return Err(vm.type_error("can't delete __class__ attribute"));
    }
    let Some(new) = Type::from_value(value) else {
        return Err(vm.type_error(format!(
            "__class__ must be set to a class, not '{}' object",
            vm.type_of(value).full_name()
        )));
    };
    let old = vm.type_of(this);
    if old.is(new) {
        return Ok(());
    }
    let both_modules = [old, new].iter().all(|t| t.is_subtype(vm.builtin(shape::MODULE)));
    if !both_modules && (!old.is_heap() || !new.is_heap()) {
        return Err(vm.type_error(
            "__class__ assignment only supported for mutable types or ModuleType subclasses",
        ));
    }
    let alike = old.layout() == new.layout()
        && old.member_slots() == new.member_slots()
        && old.has_prefix() == new.has_prefix()
        && old.payload_size() == new.payload_size();
    if !alike {
        return Err(vm.type_error(format!(
            "__class__ assignment: '{}' object layout differs from '{}'",
            new.name(),
            old.name()
        )));
    }
    // The attributes move to a dictionary, which fits any class.
    attr::instance_dict_value(vm, this);
    // SAFETY: a live object; both classes lay it out alike.
    unsafe { (*this.pointer()).shape = new.dict_shape() };
    Ok(())
}

fn method_repr(vm: &Vm, args: &[Value]) -> PyResult {
    let spec = args[1];
    match spec.cast::<PyStr>() {
        Some(s) if s.is_empty() => obj::str(vm, args[0]),
        Some(_) => Err(vm.type_error(format!(
            "unsupported format string passed to {}.__format__",
            vm.type_of(args[0]).full_name()
        ))),
        None => Err(vm.type_error(format!(
            "__format__() argument must be str, not {}",
            vm.type_of(spec).full_name()
        ))),
    }
}

fn dir(vm: &Vm, args: &[Value]) -> PyResult {
    let this = args[0];
    let names = PyDict::new(vm);
    let Some(set) = names.cast::<PyDict>() else { return Ok(vm.none_ref()) };
    if let Some(d) = attr::get_opt(vm, this, vm.names().__dict__)?
        && d.cast::<PyDict>().is_some()
    {
        set.update(vm, d.value())?;
    }
    let cls = attr::get_opt(vm, this, vm.names().__class__)?;
    if let Some(ty) = cls.as_ref().and_then(|c| Type::from_value(c.value())) {
        for t in ty.mro() {
            set.update(vm, t.dict_value())?;
        }
    }
    Ok(PyList::new(vm, keys(set)))
}

/// The keys of a dictionary, in order.
pub fn keys(d: &PyDict) -> Vec<Ref> {
    let (mut out, mut at) = (Vec::new(), 0);
    while let Some((next, k, _)) = d.entry_at(at) {
        out.push(k.to_ref());
        at = next;
    }
    out
}

fn reduce(vm: &Vm, args: &[Value]) -> PyResult {
    reduce_with(vm, args[0], vm.new_int(0))
}

fn reduce_with(vm: &Vm, this: Value, proto: Ref) -> PyResult {
    let copyreg = crate::runtime::import(vm, "copyreg")?;
    let n = crate::types::int::to_i64(proto.value()).unwrap_or(0);
    if n >= 2 {
        return reduce_2(vm, this, copyreg.value());
    }
    call::call_method(vm, copyreg.value(), "_reduce_ex", &[this, proto.value()])
}

fn reduce_ex(vm: &Vm, args: &[Value]) -> PyResult {
    let this = args[0];
    let ty = vm.type_of(this);
    if let Some((f, owner)) = ty.lookup_slow(vm.names().__reduce__)
        && !owner.is(vm.builtin(shape::OBJECT))
    {
        let _ = f;
        return call::call_method(vm, this, "__reduce__", &[]);
    }
    let proto = crate::protocol::number::index(vm, args[1])?;
    reduce_with(vm, this, proto)
}

/// What `__new__` is to get: a tuple of arguments, and keywords where there are any.
fn new_arguments(vm: &Vm, this: Value) -> PyResult<(Option<Ref>, Option<Ref>)> {
    let name_of = |v: Value| vm.type_of(v).full_name();
    if let Some(m) = attr::lookup_method(vm, this, vm.intern("__getnewargs_ex__"))? {
        let r = m.call(vm, &[])?;
        let Some(pair) = r.cast::<PyTuple>() else {
            let ty = name_of(r.value());
            return Err(vm.type_error(format!("__getnewargs_ex__ should return a tuple, not '{ty}'")));
        };
        let &[args, keywords] = pair.as_slice() else {
            let n = pair.len();
            return Err(vm.value_error(format!("__getnewargs_ex__ should return a tuple of length 2, not {n}")));
        };
        let wrong = |which: &str, what: &str, v: Value| {
            let ty = name_of(v);
            vm.type_error(format!(
                "{which} item of the tuple returned by __getnewargs_ex__ must be a {what}, not '{ty}'"
            ))
        };
        if args.cast::<PyTuple>().is_none() {
            return Err(wrong("first", "tuple", args));
        }
        let Some(d) = keywords.cast::<PyDict>() else { return Err(wrong("second", "dict", keywords)) };
        return Ok((Some(args.to_ref()), (!d.is_empty()).then(|| keywords.to_ref())));
    }
    let Some(m) = attr::lookup_method(vm, this, vm.intern("__getnewargs__"))? else { return Ok((None, None)) };
    let r = m.call(vm, &[])?;
    if r.cast::<PyTuple>().is_none() {
        let ty = name_of(r.value());
        return Err(vm.type_error(format!("__getnewargs__ should return a tuple, not '{ty}'")));
    }
    Ok((Some(r), None))
}

/// Protocol 2 and later: `copyreg.__newobj__(cls, *args)`, state, items.
fn reduce_2(vm: &Vm, this: Value, copyreg: Value) -> PyResult {
    let ty = vm.type_of(this);
    if ty.slots().new.is_none() || (!ty.is_heap() && ty.layout() != shape::OBJECT && !reducible(ty)) {
        return Err(vm.type_error(format!("cannot pickle '{}' object", ty.full_name())));
    }
    let (given, keywords) = new_arguments(vm, this)?;
    let mut args: Vec<Ref> = vec![ty.to_ref()];
    let given_items = given.iter().filter_map(|g| g.cast::<PyTuple>()).flat_map(|t| t.iter());
    let callable = match keywords {
        Some(keywords) => {
            args.extend([given.clone().unwrap_or_else(|| vm.empty_tuple().to_ref()), keywords]);
            "__newobj_ex__"
        }
        None => {
            args.extend(given_items.map(Value::to_ref));
            "__newobj__"
        }
    };
    let callable = attr::get_named(vm, copyreg, callable)?;
    let state = call::call_method(vm, this, "__getstate__", &[])?;
    let list = vm.builtin(shape::LIST);
    let items = if ty.is_subtype(list) { crate::protocol::iter::get_iter(vm, this)? } else { vm.none_ref() };
    let pairs = if ty.is_subtype(vm.builtin(shape::DICT)) {
        let i = call::call_method(vm, this, "items", &[])?;
        crate::protocol::iter::get_iter(vm, i.value())?
    } else {
        vm.none_ref()
    };
    let args = PyTuple::from_vec(vm, args);
    Ok(PyTuple::from_vec(vm, vec![callable, args, state, items, pairs]))
}

fn reducible(ty: TypeRef) -> bool {
    [shape::LIST, shape::DICT, shape::SET, shape::FROZENSET, shape::TUPLE, shape::STR, shape::INT]
        .contains(&ty.layout())
        || ty.slots().new.is_some() && ty.layout() >= shape::BASE_EXCEPTION
}

/// `object.__getstate__`: the attributes, and members of `__slots__` beside them.
fn getstate(vm: &Vm, args: &[Value]) -> PyResult {
    let this = args[0];
    let state = match attr::instance_dict_value(vm, this) {
        Some(d) if d.cast::<PyDict>().is_some_and(|d| !d.is_empty()) => d.to_ref(),
        Some(_) | None => vm.none_ref(),
    };
    let slots = PyDict::new(vm);
    for t in vm.type_of(this).mro() {
        let mut at = 0;
        while let Some((next, k, v)) = t.dict().entry_at(at) {
            at = next;
            let is_member = v
                .cast_exact::<crate::types::native::MemberDescriptor>()
                .is_some_and(|m| m.def.is_none());
            if is_member
                && let Some(value) = attr::get_opt(vm, this, k)?
                && let Some(d) = slots.cast::<PyDict>()
            {
                d.set(vm, k, value.value())?;
            }
        }
    }
    if slots.cast::<PyDict>().is_some_and(|d| !d.is_empty()) {
        return Ok(PyTuple::from_vec(vm, vec![state, slots]));
    }
    Ok(state)
}

fn init_subclass(vm: &Vm, _: &[Value]) -> PyResult {
    Ok(vm.none_ref())
}

fn subclasshook(vm: &Vm, _: &[Value]) -> PyResult {
    Ok(vm.not_implemented().to_ref())
}

fn sizeof(vm: &Vm, args: &[Value]) -> PyResult {
    Ok(vm.new_int(vm.type_of(args[0]).payload_size() as i64))
}

pub static DEF: TypeDef = TypeDef {
    doc: "The base class of the class hierarchy.\n\nWhen called, it accepts no arguments and returns a new featureless\ninstance that has no instance attributes and cannot be given any.\n",
    new: New::Raw(object_new),
    slots: |s| {
        s.init = Some(object_init);
        s.repr = Some(obj::default_repr);
        s.str = Some(obj::repr);
        s.hash = Some(|_, v| Ok(obj::identity_hash(v)));
        s.compare = Some(compare);
        s.get_attr = Some(attr::generic_get);
        s.set_attr = Some(attr::generic_set);
    },
    methods: &[
        MethodDef::new("__format__", "($self, format_spec, /)", method_repr, "Default object formatter.\n\nReturn str(self) if format_spec is empty. Raise TypeError otherwise."),
        MethodDef::new("__dir__", "($self, /)", dir, "Default dir() implementation."),
        MethodDef::new("__reduce__", "($self, /)", reduce, "Helper for pickle."),
        MethodDef::new("__reduce_ex__", "($self, protocol, /)", reduce_ex, "Helper for pickle."),
        MethodDef::new("__getstate__", "($self, /)", getstate, "Helper for pickle."),
        MethodDef::new("__sizeof__", "($self, /)", sizeof, "Size of object in memory, in bytes."),
        MethodDef::class("__init_subclass__", "($type, /)", init_subclass, "This method is called when a class is subclassed.\n\nThe default implementation does nothing. It may be\noverridden to extend subclasses."),
        MethodDef::class("__subclasshook__", "($type, object, /)", subclasshook, "Abstract classes can override this to customize issubclass().\n\nThis is invoked early on by abc.ABCMeta.__subclasscheck__().\nIt should return True, False or NotImplemented.  If it returns\nNotImplemented, the normal algorithm is used.  Otherwise, it\noverrides the normal algorithm (and the outcome is cached)."),
    ],
    getset: &[GetSetDef::get_set("__class__", get_class, set_class, "the object's class")],
    ..TypeDef::of::<PyObject>("object")
};

/// Names used above that the interpreter also wants.
pub use slot_call::new_function_owner;
pub use slot_update::is_slot_name;
pub use type_object::display_name;
