//! `types.GenericAlias` (`list[int]`) and `typing.Union` (`int | str`).

use crate::args::CallArgs;
use crate::error::PyResult;
use crate::object::{self, Header, Payload};
use crate::owned_cell::OwnedCell;
use crate::protocol::number::BinaryOp;
use crate::protocol::{attr, call, compare, item, object as protocol_object};
use crate::shape;
use crate::types::construct;
use crate::types::iterators::builtin_function;
use crate::types::list::PyList;
use crate::types::repr_writer::ReprWriter;
use crate::types::slots::CompareOp;
use crate::types::str_::PyStr;
use crate::types::tuple::PyTuple;
use crate::types::type_::{GetSetDef, MethodDef, New, TypeDef, TypeRef, flags};
use crate::value::{Ref, Value};
use crate::vm::Vm;

mod substitute;
mod union;

pub use substitute::{make_parameters, substitute};
pub use union::{UNION_DEF, union_args, union_of, union_or};

/// A parameterized type.
#[repr(C)]
pub struct PyGenericAlias {
    header: Header,
    origin: Ref,
    /// A tuple.
    args: Ref,
    /// The type variables among the arguments, a tuple; NULL until asked for.
    parameters: OwnedCell,
    /// Whether this is an unpacked one, as in `*tuple[int]`.
    starred: bool,
}

// SAFETY: repr(C), header first.
unsafe impl Payload for PyGenericAlias {
    const SHAPE: u32 = shape::GENERIC_ALIAS;
}

/// Yields a starred copy of an alias, once: what `*list[int]` unpacks.
#[repr(C)]
pub struct PyGenericAliasIterator {
    header: Header,
    alias: OwnedCell,
}

// SAFETY: repr(C), header first.
unsafe impl Payload for PyGenericAliasIterator {
    const SHAPE: u32 = shape::GENERIC_ALIAS_ITERATOR;
}

/// Attributes that an alias has itself; all others are its origin's.
const OWN_ATTRIBUTES: [&str; 9] = [
    "__class__",
    "__origin__",
    "__args__",
    "__unpacked__",
    "__parameters__",
    "__typing_unpacked_tuple_args__",
    "__mro_entries__",
    "__reduce_ex__",
    "__reduce__",
];
/// Attributes that it does not pass on, either.
const BLOCKED_ATTRIBUTES: [&str; 3] = ["__bases__", "__copy__", "__deepcopy__"];

/// `origin[args]`; a single argument need not be in a tuple.
pub fn new(vm: &Vm, origin: Value, args: Value) -> Ref {
    make(vm, vm.builtin(shape::GENERIC_ALIAS), origin, args, false)
}

fn make(vm: &Vm, ty: TypeRef, origin: Value, args: Value, starred: bool) -> Ref {
    let args = match args.cast::<PyTuple>() {
        Some(_) => args.to_ref(),
        None => PyTuple::from_slice(vm, &[args]),
    };
    object::new_instance(
        ty,
        PyGenericAlias {
            header: object::header(),
            origin: origin.to_ref(),
            args,
            parameters: OwnedCell::null(),
            starred,
        },
    )
}

fn this<'a>(v: Value) -> &'a PyGenericAlias {
    // SAFETY: methods and slots of the type are called with its instances only.
    unsafe { v.cast_unchecked() }
}

pub static DEF: TypeDef = TypeDef {
    doc: "GenericAlias(origin, args, /)\n--\n\nA parameterized type: list[int] has the __origin__ list and the __args__ (int,).",
    flags: flags::BASETYPE | flags::HEAP | flags::PREFIX | flags::WEAKREF,
    slots: |s| {
        s.drop = Some(object::drop_payload::<PyGenericAlias>);
        s.traverse = crate::traverse_fields!(PyGenericAlias: origin, args, parameters);
        s.repr = Some(repr);
        s.hash = Some(hash);
        s.call = Some(call_alias);
        s.get_attr = Some(get_attr);
        s.compare = Some(compare_aliases);
        s.iter = Some(iter);
        s.get_item = Some(get_item);
        s.binary[BinaryOp::Or as usize] = Some(union_or);
    },
    new: New::Raw(new_alias),
    methods: &[
        MethodDef::new("__mro_entries__", "($self, object, /)", mro_entries, ""),
        MethodDef::new("__instancecheck__", "($self, object, /)", instance_check, ""),
        MethodDef::new("__subclasscheck__", "($self, object, /)", subclass_check, ""),
        MethodDef::new("__reduce__", "($self, /)", reduce, ""),
        MethodDef::new("__dir__", "($self, /)", dir, ""),
    ],
    getset: &[
        GetSetDef::member("__origin__", |_, v| Ok(this(v).origin.clone()), ""),
        GetSetDef::member("__args__", |_, v| Ok(this(v).args.clone()), ""),
        GetSetDef::member("__unpacked__", |vm, v| Ok(vm.bool_ref(this(v).starred)), ""),
        GetSetDef::get("__parameters__", parameters, "The type variables among the arguments."),
        GetSetDef::get("__typing_unpacked_tuple_args__", unpacked_tuple_args, ""),
    ],
    ..TypeDef::of::<PyGenericAlias>("types.GenericAlias")
};

fn new_alias(vm: &Vm, ty: TypeRef, args: CallArgs) -> PyResult {
    construct::no_keywords(vm, "GenericAlias", args)?;
    let a = construct::positional(vm, "GenericAlias", args, 2, 2)?;
    Ok(make(vm, ty, a[0], a[1], false))
}

/// Appends a type as annotations show it: `int`, `mod.Cls`, `list[int]`, `None`, `...`.
pub fn write_type_repr(vm: &Vm, w: &mut ReprWriter, v: Value) -> PyResult<()> {
    if v.is(vm.ellipsis()) {
        w.push("...");
        return Ok(());
    }
    if v.is(vm.builtin(shape::NONE).value()) {
        w.push("None");
        return Ok(());
    }
    let n = vm.names();
    if attr::get_opt(vm, v, n.__origin__)?.is_some() && attr::get_opt(vm, v, n.__args__)?.is_some() {
        return w.push_repr(vm, v);
    }
    let Some(qualname) = attr::get_opt(vm, v, n.__qualname__)? else { return w.push_repr(vm, v) };
    let module = match attr::get_opt(vm, v, n.__module__)? {
        Some(m) if !m.is(vm.none()) => m,
        _ => return w.push_repr(vm, v),
    };
    if module.cast::<PyStr>().is_none_or(|s| s.as_bytes() != b"builtins") {
        w.push_str_of(vm, module.value())?;
        w.push(".");
    }
    w.push_str_of(vm, qualname.value())
}

fn repr(vm: &Vm, v: Value) -> PyResult {
    let alias = this(v);
    let mut w = ReprWriter::new(if alias.starred { "*" } else { "" });
    write_type_repr(vm, &mut w, alias.origin.value())?;
    w.push("[");
    let args = args_of(alias);
    for (i, a) in args.iter().enumerate() {
        if i > 0 {
            w.push(", ");
        }
        match a.cast_exact::<PyList>() {
            // The argument list of a ParamSpec.
            Some(list) => write_list(vm, &mut w, list)?,
            None => write_type_repr(vm, &mut w, a)?,
        }
    }
    if args.is_empty() {
        w.push("()");
    }
    w.push("]");
    Ok(w.finish(vm))
}

fn write_list(vm: &Vm, w: &mut ReprWriter, list: &PyList) -> PyResult<()> {
    w.push("[");
    for (i, x) in list.to_vec().iter().enumerate() {
        if i > 0 {
            w.push(", ");
        }
        write_type_repr(vm, w, x.value())?;
    }
    w.push("]");
    Ok(())
}

fn args_of(alias: &PyGenericAlias) -> &PyTuple {
    // SAFETY: made as a tuple.
    unsafe { alias.args.cast_unchecked() }
}

fn parameters_of(vm: &Vm, alias: &PyGenericAlias) -> PyResult {
    if alias.parameters.is_null() {
        alias.parameters.set(make_parameters(vm, alias.args.value())?);
    }
    Ok(alias.parameters.get().to_ref())
}

fn parameters(vm: &Vm, v: Value) -> PyResult {
    parameters_of(vm, this(v))
}

fn unpacked_tuple_args(vm: &Vm, v: Value) -> PyResult {
    match unpacked_args(vm, v) {
        Some(args) => Ok(args),
        None => Ok(vm.none_ref()),
    }
}

/// The arguments of `*tuple[...]`.
fn unpacked_args(vm: &Vm, v: Value) -> Option<Ref> {
    let alias = v.cast::<PyGenericAlias>()?;
    (alias.starred && alias.origin.is(vm.builtin(shape::TUPLE).value())).then(|| alias.args.clone())
}

fn hash(vm: &Vm, v: Value) -> PyResult<i64> {
    let alias = this(v);
    let h = protocol_object::hash(vm, alias.origin.value())? ^ protocol_object::hash(vm, alias.args.value())?;
    Ok(if h == -1 { -2 } else { h })
}

fn call_alias(vm: &Vm, v: Value, args: CallArgs) -> PyResult {
    let obj = call::call(vm, this(v).origin.value(), args)?;
    match attr::set_named(vm, obj.value(), "__orig_class__", v) {
        Err(e) if !e.is(vm, shape::ATTRIBUTE_ERROR) && !e.is(vm, shape::TYPE_ERROR) => Err(e),
        _ => Ok(obj),
    }
}

fn get_attr(vm: &Vm, v: Value, name: Value) -> PyResult {
    if let Some(text) = name.cast::<PyStr>().and_then(|s| s.to_str())
        && !BLOCKED_ATTRIBUTES.contains(&text)
        && !OWN_ATTRIBUTES.contains(&text)
    {
        return attr::get(vm, this(v).origin.value(), name);
    }
    attr::generic_get(vm, v, name)
}

fn compare_aliases(vm: &Vm, a: Value, b: Value, op: CompareOp) -> PyResult {
    let (Some(x), Some(y)) = (a.cast::<PyGenericAlias>(), b.cast::<PyGenericAlias>()) else {
        return compare::declined(vm);
    };
    if !matches!(op, CompareOp::Eq | CompareOp::Ne) {
        return compare::declined(vm);
    }
    let equal = x.starred == y.starred
        && compare::eq(vm, x.origin.value(), y.origin.value())?
        && compare::eq(vm, x.args.value(), y.args.value())?;
    Ok(vm.bool_ref(equal == (op == CompareOp::Eq)))
}

fn get_item(vm: &Vm, v: Value, key: Value) -> PyResult {
    let alias = this(v);
    let params = parameters_of(vm, alias)?;
    let args = substitute(vm, v, alias.args.value(), params.value(), key)?;
    Ok(make(vm, vm.builtin(shape::GENERIC_ALIAS), alias.origin.value(), args.value(), alias.starred))
}

fn mro_entries(vm: &Vm, a: &[Value]) -> PyResult {
    Ok(PyTuple::from_slice(vm, &[this(a[0]).origin.value()]))
}

fn instance_check(vm: &Vm, _a: &[Value]) -> PyResult {
    Err(vm.type_error("isinstance() argument 2 cannot be a parameterized generic"))
}

fn subclass_check(vm: &Vm, _a: &[Value]) -> PyResult {
    Err(vm.type_error("issubclass() argument 2 cannot be a parameterized generic"))
}

fn reduce(vm: &Vm, a: &[Value]) -> PyResult {
    let alias = this(a[0]);
    if alias.starred {
        let plain = new(vm, alias.origin.value(), alias.args.value());
        let it = iter(vm, plain.value())?;
        return Ok(PyTuple::pair(builtin_function(vm, "next")?, PyTuple::from_vec(vm, vec![it])));
    }
    let args = PyTuple::pair(alias.origin.clone(), alias.args.clone());
    Ok(PyTuple::pair(vm.type_of(a[0]).to_ref(), args))
}

fn dir(vm: &Vm, a: &[Value]) -> PyResult {
    let names = protocol_object::dir(vm, this(a[0]).origin.value())?;
    if let Some(list) = names.cast::<PyList>() {
        for name in OWN_ATTRIBUTES {
            let name = vm.intern(name);
            if !item::contains(vm, names.value(), name)? {
                list.push(name.to_ref());
            }
        }
    }
    Ok(names)
}

fn iter(_vm: &Vm, v: Value) -> PyResult {
    Ok(object::new(PyGenericAliasIterator { header: object::header(), alias: OwnedCell::new(v.to_ref()) }))
}

pub static ITERATOR_DEF: TypeDef = TypeDef {
    flags: 0,
    slots: |s| {
        s.drop = Some(object::drop_payload::<PyGenericAliasIterator>);
        s.traverse = crate::traverse_fields!(PyGenericAliasIterator: alias);
        s.clear = crate::clear_fields!(PyGenericAliasIterator: alias);
        s.iter = Some(|_, v| Ok(v.to_ref()));
        s.next = Some(next);
    },
    new: New::Disallowed,
    methods: &[MethodDef::new("__reduce__", "($self, /)", iterator_reduce, "")],
    ..TypeDef::of::<PyGenericAliasIterator>("generic_alias_iterator")
};

fn iterator_of<'a>(v: Value) -> &'a PyGenericAliasIterator {
    // SAFETY: methods and slots of the type are called with its instances only.
    unsafe { v.cast_unchecked() }
}

fn next(vm: &Vm, v: Value) -> PyResult<Option<Ref>> {
    let Some(alias) = iterator_of(v).alias.take() else { return Ok(None) };
    let alias = this(alias.value());
    let ty = vm.builtin(shape::GENERIC_ALIAS);
    Ok(Some(make(vm, ty, alias.origin.value(), alias.args.value(), true)))
}

fn iterator_reduce(vm: &Vm, a: &[Value]) -> PyResult {
    let function = builtin_function(vm, "iter")?;
    let content = iterator_of(a[0]).alias.get_ref().unwrap_or_else(|| vm.empty_tuple().to_ref());
    Ok(PyTuple::pair(function, PyTuple::from_vec(vm, vec![content])))
}
