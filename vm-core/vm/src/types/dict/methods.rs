//! The type `dict`: methods, slots, operators.

use crate::args::CallArgs;
use crate::error::PyResult;
use crate::object;
use crate::protocol::number::BinaryOp;
use crate::protocol::{attr, call, compare, item, iter as protocol_iter};
use crate::types::dict::merge::Existing;
use crate::types::dict::{PyDict, hash_key, table::usable_fraction, traverse_dict, views};
use crate::types::generic_alias;
use crate::types::repr_writer::ReprWriter;
use crate::types::slots::{CompareOp, Slots};
use crate::types::tuple::PyTuple;
use crate::types::type_::{MethodDef, New, TypeDef, TypeRef, flags};
use crate::value::{Ref, Value};
use crate::vm::Vm;

pub static DEF: TypeDef = TypeDef {
    doc: "dict() -> new empty dictionary\n\
          dict(mapping) -> new dictionary with the mapping's keys and values\n\
          dict(iterable) -> new dictionary from an iterable of (key, value) pairs\n\
          dict(**kwargs) -> new dictionary from the keyword arguments, as in dict(one=1, two=2)",
    flags: flags::BASETYPE | flags::MAPPING,
    slots: fill_slots,
    new: New::Raw(new),
    methods: METHODS,
    ..TypeDef::of::<PyDict>("dict")
};

fn fill_slots(s: &mut Slots) {
    s.drop = Some(object::drop_payload::<PyDict>);
    s.traverse = Some(traverse_dict);
    s.clear = Some(|_, p| this(Value::borrowed(p)).clear());
    s.init = Some(init);
    s.repr = Some(repr);
    s.compare = Some(compare);
    s.iter = Some(iter);
    s.len = Some(|_, v| Ok(this(v).len()));
    s.get_item = Some(get_item);
    s.set_item = Some(set_item);
    s.contains = Some(|vm, v, key| this(v).contains(vm, key));
    s.binary[BinaryOp::Or as usize] = Some(or);
    s.inplace[BinaryOp::Or as usize] = Some(inplace_or);
}

static METHODS: &[MethodDef] = &[
    MethodDef::new("__getitem__", "($self, key, /)", |vm, a| get_item(vm, a[0], a[1]), "Return self[key]."),
    MethodDef::new(
        "__contains__",
        "($self, key, /)",
        |vm, a| Ok(vm.bool_ref(this(a[0]).contains(vm, a[1])?)),
        "Whether the dictionary has the key.",
    ),
    MethodDef::new("__sizeof__", "($self, /)", size_of, "Size of the dictionary in memory, in bytes."),
    MethodDef::new("get", "($self, key, default=None, /)", get, "The key's value, or default if there is none."),
    MethodDef::new(
        "setdefault",
        "($self, key, default=None, /)",
        |vm, a| this(a[0]).set_default(vm, a[1], a[2].non_null().unwrap_or(vm.none())),
        "The key's value; a missing key is first inserted with the default.",
    ),
    MethodDef::new(
        "pop",
        "($self, key, default=<unrepresentable>, /)",
        pop,
        "D.pop(k[,d]) -> v, removes the key and returns its value.\n\n\
         A missing key gives the default, or raises KeyError without one.",
    ),
    MethodDef::new(
        "popitem",
        "($self, /)",
        pop_item,
        "Removes the last inserted entry and returns it as a (key, value) pair.\n\n\
         Raises KeyError when the dictionary is empty.",
    ),
    MethodDef::new(
        "keys",
        "($self, /)",
        |_, a| Ok(views::keys(a[0])),
        "A set-like view of the dictionary's keys.",
    ),
    MethodDef::new(
        "items",
        "($self, /)",
        |_, a| Ok(views::items(a[0])),
        "A set-like view of the dictionary's entries.",
    ),
    MethodDef::new("values", "($self, /)", |_, a| Ok(views::values(a[0])), "A view of the dictionary's values."),
    MethodDef::new(
        "update",
        "($self, /, *args, **kwargs)",
        update,
        "D.update([E, ]**F) -> None.  Sets D[k] for the keys of a mapping E, or for the\n\
         (key, value) pairs of an iterable E, then for the keyword arguments F.",
    ),
    MethodDef::class(
        "fromkeys",
        "($type, iterable, value=None, /)",
        from_keys,
        "A new dictionary with the iterable's items as keys, all with the same value.",
    ),
    MethodDef::new("clear", "($self, /)", clear, "Removes all entries."),
    MethodDef::new("copy", "($self, /)", |vm, a| copy(vm, a[0]), "A shallow copy."),
    MethodDef::new(
        "__reversed__",
        "($self, /)",
        |_, a| Ok(views::reversed_keys(a[0])),
        "An iterator over the keys from the last to the first.",
    ),
    MethodDef::class(
        "__class_getitem__",
        "($type, object, /)",
        |vm, a| Ok(generic_alias::new(vm, a[0], a[1])),
        "Dictionaries are generic over the types of their keys and values.",
    ),
];

/// The payload of `self`, whose type the caller has checked.
#[inline(always)]
pub(super) fn this<'a>(v: Value) -> &'a PyDict {
    // SAFETY: methods and slots of `dict` are called with dicts and instances of subclasses only.
    unsafe { v.cast_unchecked::<PyDict>() }
}

fn new(_vm: &Vm, ty: TypeRef, _args: CallArgs) -> PyResult {
    Ok(PyDict::new_instance(ty))
}

fn init(vm: &Vm, v: Value, args: CallArgs) -> PyResult<()> {
    this(v).update_from_args(vm, "dict", args)
}

fn repr(vm: &Vm, v: Value) -> PyResult {
    let d = this(v);
    let text = vm.repr_guard(v, || {
        let mut w = ReprWriter::new("{");
        let (mut pos, mut first) = (0, true);
        while let Some((next, key, value)) = d.entry_at(pos) {
            let (key, value) = (key.to_ref(), value.to_ref());
            pos = next;
            if !first {
                w.push(", ");
            }
            first = false;
            w.push_repr(vm, key.value())?;
            w.push(": ");
            w.push_repr(vm, value.value())?;
        }
        w.push("}");
        Ok(w.finish(vm))
    })?;
    Ok(text.unwrap_or_else(|| vm.new_str("{...}")))
}

fn compare(vm: &Vm, a: Value, b: Value, op: CompareOp) -> PyResult {
    let (Some(x), Some(y)) = (a.cast::<PyDict>(), b.cast::<PyDict>()) else {
        return compare::declined(vm);
    };
    match op {
        CompareOp::Eq => Ok(vm.bool_ref(equal(vm, x, y)?)),
        CompareOp::Ne => Ok(vm.bool_ref(!equal(vm, x, y)?)),
        _ => compare::declined(vm),
    }
}

pub(crate) fn equal(vm: &Vm, a: &PyDict, b: &PyDict) -> PyResult<bool> {
    if a.len() != b.len() {
        return Ok(false);
    }
    let mut pos = 0;
    while let Some((next, key, value)) = a.entry_at(pos) {
        let (key, value, hash) = (key.to_ref(), value.to_ref(), a.hash_before(next));
        pos = next;
        match b.get_hashed(vm, key.value(), hash)? {
            Some(other) if compare::eq(vm, value.value(), other.value())? => {}
            _ => return Ok(false),
        }
    }
    Ok(true)
}

/// The `iter` slot; [`PyDict::merge`] recognizes dictionaries that iterate as usual by it.
pub(crate) fn iter(_vm: &Vm, v: Value) -> PyResult {
    Ok(views::iter_keys(v))
}

/// Whether the dictionary iterates over its own keys (a subclass may do otherwise).
pub(crate) fn iterates_as_usual(vm: &Vm, v: Value) -> bool {
    vm.type_of(v).slots().iter.is_some_and(|f| f as usize == iter as *const () as usize)
}

fn get_item(vm: &Vm, v: Value, key: Value) -> PyResult {
    match this(v).get(vm, key)? {
        Some(value) => Ok(value),
        None => missing(vm, v, key),
    }
}

/// A key that is not there: a subclass's `__missing__` is asked, else KeyError.
#[cold]
fn missing(vm: &Vm, v: Value, key: Value) -> PyResult {
    if !v.has_shape(crate::shape::DICT)
        && let Some(m) = attr::lookup_method(vm, v, vm.names().__missing__)?
    {
        return m.call(vm, &[key]);
    }
    Err(vm.key_error(key))
}

fn set_item(vm: &Vm, v: Value, key: Value, value: Value) -> PyResult<()> {
    if !value.is_null() {
        return this(v).set(vm, key, value);
    }
    if this(v).delete(vm, key)? { Ok(()) } else { Err(vm.key_error(key)) }
}

fn get(vm: &Vm, a: &[Value]) -> PyResult {
    match this(a[0]).get(vm, a[1])? {
        Some(v) => Ok(v),
        None => Ok(a[2].non_null().unwrap_or(vm.none()).to_ref()),
    }
}

fn pop(vm: &Vm, a: &[Value]) -> PyResult {
    let d = this(a[0]);
    // CPython does not even hash the key when there is nothing to be found.
    let found = if d.is_empty() { None } else { d.pop_hashed(vm, a[1], hash_key(vm, a[1])?)? };
    match (found, a[2].non_null()) {
        (Some(v), _) => Ok(v),
        (None, Some(default)) => Ok(default.to_ref()),
        (None, None) => Err(vm.key_error(a[1])),
    }
}

fn pop_item(vm: &Vm, a: &[Value]) -> PyResult {
    match this(a[0]).pop_last() {
        Some((k, v)) => Ok(PyTuple::pair(k, v)),
        None => Err(vm.key_error(vm.new_str("popitem(): dictionary is empty").value())),
    }
}

fn update(vm: &Vm, a: &[Value]) -> PyResult {
    let d = this(a[0]);
    if let Some(args) = a[1].cast::<PyTuple>() {
        d.update_from_args(vm, "update", CallArgs::positional(args.as_slice()))?;
    }
    if let Some(kwargs) = a[2].cast::<PyDict>()
        && !kwargs.is_empty()
    {
        d.merge(vm, a[2], Existing::Override)?;
    }
    Ok(vm.none_ref())
}

fn from_keys(vm: &Vm, a: &[Value]) -> PyResult {
    let value = a[2].non_null().unwrap_or(vm.none());
    let d = call::call_args(vm, a[0], &[])?;
    match d.cast_exact::<PyDict>() {
        Some(exact) => exact.fill_from_keys(vm, a[1], value)?,
        None => protocol_iter::for_each(vm, a[1], |k| item::set(vm, d.value(), k.value(), value))?,
    }
    Ok(d)
}

fn clear(vm: &Vm, a: &[Value]) -> PyResult {
    this(a[0]).clear();
    Ok(vm.none_ref())
}

/// `dict.copy`: an exact dict, also of a subclass's instance.
pub(crate) fn copy(vm: &Vm, v: Value) -> PyResult {
    if iterates_as_usual(vm, v) {
        return Ok(this(v).copy(vm));
    }
    let r = PyDict::new(vm);
    this(r.value()).merge(vm, v, Existing::Override)?;
    Ok(r)
}

fn or(vm: &Vm, a: Value, b: Value) -> PyResult {
    if a.cast::<PyDict>().is_none() || b.cast::<PyDict>().is_none() {
        return compare::declined(vm);
    }
    let r = copy(vm, a)?;
    this(r.value()).update(vm, b)?;
    Ok(r)
}

fn inplace_or(vm: &Vm, a: Value, b: Value) -> PyResult {
    this(a).update(vm, b)?;
    Ok(a.to_ref())
}

/// CPython's figure: object, key-table header, indices, entries (16 or 24 bytes each).
fn size_of(vm: &Vm, a: &[Value]) -> PyResult {
    Ok(vm.new_int(size_in_bytes(this(a[0])) as i64))
}

pub(crate) fn size_in_bytes(d: &PyDict) -> usize {
    let log2 = d.table.log2();
    let mut size = 48;
    if log2 != 0 {
        let width = match log2 {
            0..=7 => 1,
            8..=15 => 2,
            16..=31 => 4,
            _ => 8,
        };
        let entry = if d.has_only_str_keys() { 16 } else { 24 };
        size += 32 + (width << log2) + usable_fraction(log2) * entry;
    }
    size
}

/// A reference to a new, empty dict and its payload, for code that fills one.
pub fn fresh<'a>(vm: &Vm) -> (Ref, &'a PyDict) {
    let r = PyDict::new(vm);
    let d = this(r.value());
    (r, d)
}
