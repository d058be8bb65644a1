//! `collections.OrderedDict`: a dictionary whose order can be changed, and counts in comparisons
//! with its like.
//!
//! Plain dictionaries keep their order already; what is added here is a count of changes, which
//! iterators compare, and moving entries to either end.

use std::cell::Cell;

use crate::args::CallArgs;
use crate::error::{PyResult, Raised};
use crate::native::collections::ordered_views as views;
use crate::object;
use crate::protocol::number::BinaryOp;
use crate::protocol::{attr, call, compare, item, iter, truth};
use crate::shape;
use crate::types::dict::{self, PyDict};
use crate::types::iterators::payload;
use crate::types::repr_writer::ReprWriter;
use crate::types::slots::CompareOp;
use crate::types::tuple::PyTuple;
use crate::types::type_::{GetSetDef, MethodDef, New, TypeDef, flags};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// An ordered dictionary.
#[repr(C)]
pub struct PyOrderedDict {
    pub(super) dict: PyDict,
    /// Changes whenever keys come, go or move.
    pub(super) state: Cell<usize>,
}
payload!(PyOrderedDict, ORDERED_DICT);

impl PyOrderedDict {
    fn changed(&self) {
        self.state.set(self.state.get().wrapping_add(1));
    }

    fn set(&self, vm: &Vm, key: Value, value: Value) -> PyResult<()> {
        let n = self.dict.len();
        let done = self.dict.set(vm, key, value);
        if self.dict.len() != n {
            self.changed();
        }
        done
    }

    /// Error if keys came, went or moved since `state`.
    fn check(&self, vm: &Vm, state: usize) -> PyResult<()> {
        if self.state.get() != state { Err(mutated(vm)) } else { Ok(()) }
    }

    fn pop(&self, vm: &Vm, key: Value) -> PyResult<Option<Ref>> {
        let found = self.dict.pop(vm, key)?;
        if found.is_some() {
            self.changed();
        }
        Ok(found)
    }
}

#[cold]
pub(super) fn mutated(vm: &Vm) -> Raised {
    vm.runtime_error("OrderedDict mutated during iteration")
}

fn is_exact(v: Value) -> bool {
    v.has_shape(shape::ORDERED_DICT)
}

pub static ORDERED_DICT: TypeDef = TypeDef {
    doc: "Dictionary that remembers insertion order",
    flags: flags::BASETYPE | flags::MAPPING | flags::HEAP | flags::PREFIX | flags::DICT | flags::WEAKREF,
    slots: |s| {
        s.drop = Some(object::drop_payload::<PyOrderedDict>);
        s.init = Some(init);
        s.repr = Some(repr);
        s.compare = Some(compare_dicts);
        s.iter = Some(|_, v| Ok(views::iterator(v, views::KEYS, false)));
        s.set_item = Some(set_item);
        s.binary[BinaryOp::Or as usize] = Some(or);
        s.inplace[BinaryOp::Or as usize] = Some(inplace_or);
    },
    new: New::Raw(|_, ty, _| {
        let payload = PyOrderedDict { dict: PyDict::embedded(), state: Cell::new(0) };
        Ok(object::new_instance(ty, payload))
    }),
    methods: METHODS,
    getset: &[GetSetDef::get(
        "__dict__",
        |vm, v| match attr::instance_dict_value(vm, v) {
            Some(d) => Ok(d.to_ref()),
            None => Ok(vm.none_ref()),
        },
        "",
    )],
    ..TypeDef::of::<PyOrderedDict>("collections.OrderedDict")
};

static METHODS: &[MethodDef] = &[
    MethodDef::class(
        "fromkeys",
        "($type, /, iterable, value=None)",
        from_keys,
        "A new ordered dictionary with the iterable's items as keys, all with the same value.",
    ),
    MethodDef::new("__sizeof__", "($self, /)", size_of, "Size of the dictionary in memory, in bytes."),
    MethodDef::new("__reduce__", "($self, /)", reduce, "State for pickling."),
    MethodDef::new(
        "setdefault",
        "($self, /, key, default=None)",
        set_default,
        "The key's value; a missing key is first inserted with the default.",
    ),
    MethodDef::new(
        "pop",
        "($self, /, key, default=<unrepresentable>)",
        pop,
        "od.pop(key[,default]) -> v, removes the key and returns its value.\n\n\
         A missing key gives the default, or raises KeyError without one.",
    ),
    MethodDef::new(
        "popitem",
        "($self, /, last=True)",
        pop_item,
        "Removes the last entry (or the first one) and returns it as a (key, value) pair.",
    ),
    MethodDef::new("keys", "($self, /)", |_, a| Ok(views::view(a[0], views::KEYS)), "A set-like view of the keys."),
    MethodDef::new("values", "($self, /)", |_, a| Ok(views::view(a[0], views::VALUES)), "A view of the values."),
    MethodDef::new("items", "($self, /)", |_, a| Ok(views::view(a[0], views::ITEMS)), "A set-like view of the entries."),
    MethodDef::new(
        "update",
        "($self, /, *args, **kwargs)",
        |vm, a| {
            let args = a[1].cast::<PyTuple>().map_or(&[][..], |t| t.as_slice());
            update(vm, a[0], args, a[2]).map(|()| vm.none_ref())
        },
        "D.update([E, ]**F) -> None.  Sets the entries of a mapping or of an iterable of pairs E,\n\
         then the keyword arguments F.",
    ),
    MethodDef::new("clear", "($self, /)", clear, "Removes all entries."),
    MethodDef::new("copy", "($self, /)", copy, "A shallow copy."),
    MethodDef::new(
        "__reversed__",
        "($self, /)",
        |_, a| Ok(views::iterator(a[0], views::KEYS, true)),
        "An iterator over the keys from the last to the first.",
    ),
    MethodDef::new(
        "move_to_end",
        "($self, /, key, last=True)",
        move_to_end,
        "Moves an entry to the end, or to the start if last is false.\n\n\
         Raises KeyError if the key is not there.",
    ),
];

fn init(vm: &Vm, v: Value, args: CallArgs) -> PyResult<()> {
    let positional = args.positional_args();
    if positional.len() > 1 {
        return Err(vm.type_error(format!("expected at most 1 argument, got {}", positional.len())));
    }
    if let Some(&other) = positional.first() {
        update_from(vm, v, other)?;
    }
    for (k, x) in args.keywords() {
        item::set(vm, v, k, x)?;
    }
    Ok(())
}

/// Sets pairs through the object's own `__setitem__`, which a subclass may have changed.
fn add_pairs(vm: &Vm, v: Value, pairs: Value) -> PyResult<()> {
    iter::for_each(vm, pairs, |pair| {
        let it = iter::get_iter(vm, pair.value())?;
        let parts = iter::to_vec(vm, it.value())?;
        match &parts[..] {
            [key, value] => item::set(vm, v, key.value(), value.value()),
            [] | [_] => Err(vm.value_error(format!("need more than {} value{} to unpack", parts.len(), if parts.len() == 1 { "" } else { "s" }))),
            _ => Err(vm.value_error("too many values to unpack (expected 2)")),
        }
    })
}

fn update_from(vm: &Vm, v: Value, other: Value) -> PyResult<()> {
    if let Some(d) = other.cast_exact::<PyDict>() {
        for (k, x) in d.items_vec() {
            item::set(vm, v, k.value(), x.value())?;
        }
        return Ok(());
    }
    if let Some(keys) = attr::get_opt(vm, other, vm.names().keys)? {
        let keys = call::call_args(vm, keys.value(), &[])?;
        return iter::for_each(vm, keys.value(), |k| {
            let x = item::get(vm, other, k.value())?;
            item::set(vm, v, k.value(), x.value())
        });
    }
    if let Some(items) = attr::get_opt(vm, other, vm.intern("items"))? {
        let items = call::call_args(vm, items.value(), &[])?;
        return add_pairs(vm, v, items.value());
    }
    add_pairs(vm, v, other)
}

fn update(vm: &Vm, v: Value, args: &[Value], kwargs: Value) -> PyResult<()> {
    if args.len() > 1 {
        return Err(vm.type_error(format!(
            "update() takes at most 1 positional argument ({} given)",
            args.len()
        )));
    }
    if let Some(&other) = args.first() {
        update_from(vm, v, other)?;
    }
    if let Some(d) = kwargs.cast::<PyDict>() {
        for (k, x) in d.items_vec() {
            item::set(vm, v, k.value(), x.value())?;
        }
    }
    Ok(())
}

fn set_item(vm: &Vm, v: Value, key: Value, value: Value) -> PyResult<()> {
    let od = PyOrderedDict::of(v);
    if !value.is_null() {
        return od.set(vm, key, value);
    }
    match od.pop(vm, key)? {
        Some(_) => Ok(()),
        None => Err(vm.key_error(key)),
    }
}

fn repr(vm: &Vm, v: Value) -> PyResult {
    let od = PyOrderedDict::of(v);
    let name = vm.type_of(v).name();
    if od.dict.is_empty() {
        return Ok(vm.new_str(&format!("{name}()")));
    }
    let text = vm.repr_guard(v, || {
        let plain = PyDict::new(vm);
        if let Some(d) = plain.cast::<PyDict>() {
            d.copy_entries(&od.dict);
        }
        let mut w = ReprWriter::new(&name);
        w.push("(");
        w.push_repr(vm, plain.value())?;
        w.push(")");
        Ok(w.finish(vm))
    })?;
    Ok(text.unwrap_or_else(|| vm.new_str("...")))
}

fn compare_dicts(vm: &Vm, a: Value, b: Value, op: CompareOp) -> PyResult {
    let (Some(x), Some(y)) = (a.cast::<PyOrderedDict>(), b.cast::<PyDict>()) else {
        return compare::declined(vm);
    };
    if !matches!(op, CompareOp::Eq | CompareOp::Ne) {
        return compare::declined(vm);
    }
    let mut equal = dict::equal(vm, &x.dict, y)?;
    if equal && let Some(y) = b.cast::<PyOrderedDict>() {
        equal = same_order(vm, x, y)?;
    }
    Ok(vm.bool_ref(equal == (op == CompareOp::Eq)))
}

fn same_order(vm: &Vm, a: &PyOrderedDict, b: &PyOrderedDict) -> PyResult<bool> {
    let (sa, sb) = (a.state.get(), b.state.get());
    let (mut i, mut j) = (0, 0);
    loop {
        let (p, q) = match (a.dict.entry_at(i), b.dict.entry_at(j)) {
            (Some((next_i, p, _)), Some((next_j, q, _))) => {
                (i, j) = (next_i, next_j);
                (p.to_ref(), q.to_ref())
            }
            (None, None) => return Ok(true),
            _ => return Ok(false),
        };
        let same = compare::eq(vm, p.value(), q.value())?;
        a.check(vm, sa)?;
        b.check(vm, sb)?;
        if !same {
            return Ok(false);
        }
    }
}

fn from_keys(vm: &Vm, a: &[Value]) -> PyResult {
    let value = a[2].non_null().unwrap_or(vm.none());
    let d = call::call_args(vm, a[0], &[])?;
    iter::for_each(vm, a[1], |k| item::set(vm, d.value(), k.value(), value))?;
    Ok(d)
}

fn size_of(vm: &Vm, a: &[Value]) -> PyResult {
    let od = PyOrderedDict::of(a[0]);
    Ok(item::from_size(vm, dict::size_in_bytes(&od.dict) + 64 + od.dict.len() * 40))
}

fn reduce(vm: &Vm, a: &[Value]) -> PyResult {
    let state = call::call_method(vm, a[0], "__getstate__", &[])?;
    let items = call::call_method(vm, a[0], "items", &[])?;
    let it = iter::get_iter(vm, items.value())?;
    let parts = vec![vm.type_of(a[0]).to_ref(), vm.empty_tuple().to_ref(), state, vm.none_ref(), it];
    Ok(PyTuple::from_vec(vm, parts))
}

fn set_default(vm: &Vm, a: &[Value]) -> PyResult {
    let default = a[2].non_null().unwrap_or(vm.none());
    if is_exact(a[0]) {
        let od = PyOrderedDict::of(a[0]);
        if let Some(v) = od.dict.get(vm, a[1])? {
            return Ok(v);
        }
        od.set(vm, a[1], default)?;
    } else {
        if item::contains(vm, a[0], a[1])? {
            return item::get(vm, a[0], a[1]);
        }
        item::set(vm, a[0], a[1], default)?;
    }
    Ok(default.to_ref())
}

fn pop(vm: &Vm, a: &[Value]) -> PyResult {
    match (PyOrderedDict::of(a[0]).pop(vm, a[1])?, a[2].non_null()) {
        (Some(v), _) => Ok(v),
        (None, Some(default)) => Ok(default.to_ref()),
        (None, None) => Err(vm.key_error(a[1])),
    }
}

/// An optional truth argument, true by default.
fn flag(vm: &Vm, v: Value) -> PyResult<bool> {
    match v.non_null() {
        Some(v) => truth::truth(vm, v),
        None => Ok(true),
    }
}

fn pop_item(vm: &Vm, a: &[Value]) -> PyResult {
    let last = flag(vm, a[1])?;
    let od = PyOrderedDict::of(a[0]);
    match if last { od.dict.pop_last() } else { od.dict.pop_first() } {
        Some((k, v)) => {
            od.changed();
            Ok(PyTuple::pair(k, v))
        }
        None => Err(vm.key_error(vm.new_str("dictionary is empty").value())),
    }
}

fn clear(vm: &Vm, a: &[Value]) -> PyResult {
    let od = PyOrderedDict::of(a[0]);
    od.changed();
    od.dict.clear();
    Ok(vm.none_ref())
}

fn copy(vm: &Vm, a: &[Value]) -> PyResult {
    let od = PyOrderedDict::of(a[0]);
    let r = call::call_args(vm, vm.type_of(a[0]).value(), &[])?;
    let state = od.state.get();
    if is_exact(a[0]) {
        let to = PyOrderedDict::of(r.value());
        // Comparing keys may run code that changes the original.
        let mut pos = 0;
        while let Some((next, key, v)) = od.dict.entry_at(pos) {
            let (key, v, hash) = (key.to_ref(), v.to_ref(), od.dict.hash_before(next));
            pos = next;
            to.dict.set_hashed(vm, key.value(), hash, v.value())?;
            od.check(vm, state)?;
        }
        return Ok(r);
    }
    for key in od.dict.keys_vec() {
        let v = item::get(vm, a[0], key.value())?;
        item::set(vm, r.value(), key.value(), v.value())?;
        od.check(vm, state)?;
    }
    Ok(r)
}

fn move_to_end(vm: &Vm, a: &[Value]) -> PyResult {
    let last = flag(vm, a[2])?;
    let od = PyOrderedDict::of(a[0]);
    let end = if last {
        od.dict.entry_before(od.dict.end_position()).map(|(_, k, _)| k)
    } else {
        od.dict.entry_at(0).map(|(_, k, _)| k)
    };
    // An entry that is there already does not move, and no iterator notices.
    if !end.is_some_and(|k| k.is(a[1])) {
        let hash = dict::hash_of(vm, a[1])?;
        if !od.dict.move_entry(vm, a[1], hash, last)? {
            return Err(vm.key_error(a[1]));
        }
        od.changed();
    }
    Ok(vm.none_ref())
}

fn or(vm: &Vm, a: Value, b: Value) -> PyResult {
    let (ty, other) = if a.cast::<PyOrderedDict>().is_some() {
        (vm.type_of(a), b)
    } else {
        (vm.type_of(b), a)
    };
    if other.cast::<PyDict>().is_none() {
        return compare::declined(vm);
    }
    let r = call::call_args(vm, ty.value(), &[a])?;
    update_from(vm, r.value(), b)?;
    Ok(r)
}

fn inplace_or(vm: &Vm, a: Value, b: Value) -> PyResult {
    update_from(vm, a, b)?;
    Ok(a.to_ref())
}

