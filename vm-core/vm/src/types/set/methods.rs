//! The types `set` and `frozenset`: methods and slots.

use crate::args::{CallArgs, TypeName};
use crate::error::PyResult;
use crate::object;
use crate::protocol::number::BinaryOp;
use crate::protocol::{call, compare, item};
use crate::shape;
use crate::types::construct;
use crate::types::generic_alias;
use crate::types::list::PyList;
use crate::types::repr_writer::ReprWriter;
use crate::types::set::{PyFrozenSet, PySet, iterator, operations as ops, search_hash, traverse_set};
use crate::types::slots::Slots;
use crate::types::tuple::PyTuple;
use crate::types::type_::{MethodDef, New, TypeDef, TypeRef, flags};
use crate::value::Value;
use crate::vm::Vm;

pub static SET_DEF: TypeDef = TypeDef {
    doc: "set(iterable=(), /)\n--\n\nBuild an unordered collection of unique elements.",
    flags: flags::BASETYPE | flags::HEAP | flags::PREFIX | flags::WEAKREF,
    slots: |s| {
        common_slots(s);
        s.drop = Some(object::drop_payload::<PySet>);
        s.init = Some(init);
        s.inplace[BinaryOp::Or as usize] = Some(inplace_or);
        s.inplace[BinaryOp::And as usize] = Some(inplace_and);
        s.inplace[BinaryOp::Subtract as usize] = Some(inplace_sub);
        s.inplace[BinaryOp::Xor as usize] = Some(inplace_xor);
    },
    new: New::Raw(|_, ty, _| Ok(PySet::new_instance(ty))),
    methods: SET_METHODS,
    ..TypeDef::of::<PySet>("set")
};

pub static FROZENSET_DEF: TypeDef = TypeDef {
    doc: "Build an immutable unordered collection of unique elements.",
    flags: flags::BASETYPE | flags::HEAP | flags::PREFIX | flags::WEAKREF,
    slots: |s| {
        common_slots(s);
        s.drop = Some(object::drop_payload::<PyFrozenSet>);
        s.hash = Some(hash);
    },
    new: New::Bound("(iterable=(), /)", new_frozenset),
    methods: FROZENSET_METHODS,
    ..TypeDef::of::<PyFrozenSet>("frozenset")
};

fn common_slots(s: &mut Slots) {
    s.traverse = Some(traverse_set);
    s.clear = Some(|_, p| PySet::of(Value::borrowed(p)).clear());
    s.repr = Some(repr);
    s.compare = Some(ops::compare);
    s.iter = Some(|_, v| Ok(iterator::PySetIterator::new(v)));
    s.len = Some(|_, v| Ok(PySet::of(v).len()));
    s.contains = Some(contains);
    s.binary[BinaryOp::Or as usize] = Some(ops::or);
    s.binary[BinaryOp::And as usize] = Some(ops::and);
    s.binary[BinaryOp::Subtract as usize] = Some(ops::sub);
    s.binary[BinaryOp::Xor as usize] = Some(ops::xor);
}

macro_rules! common_methods {
    ($kind:literal $(, $more:expr)*) => {
        &[
            MethodDef::new(
                "__contains__",
                "($self, object, /)",
                |vm, a| Ok(vm.bool_ref(contains(vm, a[0], a[1])?)),
                "x.__contains__(y) <==> y in x.",
            ),
            MethodDef::new("copy", "($self, /)", |vm, a| ops::copy(vm, a[0]), "A shallow copy."),
            MethodDef::new(
                "difference",
                "($self, /, *others)",
                |vm, a| ops::difference_of_all(vm, a[0], others(a)),
                "A new set of the elements that none of the others has.",
            ),
            MethodDef::new(
                "intersection",
                "($self, /, *others)",
                |vm, a| ops::intersection_of_all(vm, a[0], others(a)),
                "A new set of the elements that all of the others have, too.",
            ),
            MethodDef::new(
                "isdisjoint",
                "($self, other, /)",
                |vm, a| Ok(vm.bool_ref(ops::is_disjoint(vm, a[0], a[1])?)),
                "Whether the two have no element in common.",
            ),
            MethodDef::new(
                "issubset",
                "($self, other, /)",
                |vm, a| Ok(vm.bool_ref(ops::is_subset(vm, a[0], a[1])?)),
                "Whether the other has all elements of this set.",
            ),
            MethodDef::new(
                "issuperset",
                "($self, other, /)",
                |vm, a| Ok(vm.bool_ref(ops::is_superset(vm, a[0], a[1])?)),
                "Whether this set has all elements of the other.",
            ),
            MethodDef::new("__reduce__", "($self, /)", reduce, "State for pickling."),
            MethodDef::new("__sizeof__", "($self, /)", size_of, "Size of the set in memory, in bytes."),
            MethodDef::new(
                "symmetric_difference",
                "($self, other, /)",
                |vm, a| ops::symmetric_difference(vm, a[0], a[1]),
                "A new set of the elements that one of the two has, but not both.",
            ),
            MethodDef::new(
                "union",
                "($self, /, *others)",
                |vm, a| ops::union(vm, a[0], others(a)),
                "A new set of the elements of this set and all others.",
            ),
            MethodDef::class(
                "__class_getitem__",
                "($type, object, /)",
                |vm, a| Ok(generic_alias::new(vm, a[0], a[1])),
                concat!($kind, " are generic over the type of their elements."),
            ),
            $($more,)*
        ]
    };
}

static FROZENSET_METHODS: &[MethodDef] = common_methods!("Frozensets");

static SET_METHODS: &[MethodDef] = common_methods!(
    "Sets",
    MethodDef::new("add", "($self, object, /)", add, "Adds an element, unless it is there already."),
    MethodDef::new("clear", "($self, /)", clear, "Removes all elements."),
    MethodDef::new(
        "discard",
        "($self, object, /)",
        |vm, a| discard_or_set(vm, a[0], a[1]).map(|_| vm.none_ref()),
        "Removes an element, if it is there."
    ),
    MethodDef::new(
        "difference_update",
        "($self, /, *others)",
        difference_update,
        "Removes the elements of all others."
    ),
    MethodDef::new(
        "intersection_update",
        "($self, /, *others)",
        intersection_update,
        "Keeps only the elements that all of the others have, too."
    ),
    MethodDef::new(
        "pop",
        "($self, /)",
        pop,
        "Removes some element and returns it.\n\nRaises KeyError if the set is empty."
    ),
    MethodDef::new(
        "remove",
        "($self, object, /)",
        remove,
        "Removes an element.\n\nRaises KeyError if it is not there."
    ),
    MethodDef::new(
        "symmetric_difference_update",
        "($self, other, /)",
        |vm, a| {
            ops::symmetric_difference_update(vm, a[0], a[1])?;
            Ok(vm.none_ref())
        },
        "Keeps the elements that one of the two has, but not both."
    ),
    MethodDef::new("update", "($self, /, *others)", update, "Adds the elements of all others.")
);

/// The tuple that `*others` was bound to.
fn others<'a>(a: &[Value]) -> &'a PyTuple {
    // SAFETY: the binder makes a tuple for a star parameter.
    unsafe { a[1].cast_unchecked() }
}

fn init(vm: &Vm, v: Value, args: CallArgs) -> PyResult<()> {
    construct::no_keywords(vm, "set", args)?;
    let a = construct::positional(vm, &TypeName(vm.type_of(v)), args, 0, 1)?;
    PySet::of(v).clear();
    match a.first() {
        Some(&iterable) => PySet::of(v).update(vm, iterable),
        None => Ok(()),
    }
}

fn new_frozenset(vm: &Vm, ty: TypeRef, a: &[Value]) -> PyResult {
    match a[0].non_null() {
        Some(iterable) if ty.is(vm.builtin(shape::FROZENSET)) => PySet::frozen_from_iterable(vm, iterable),
        iterable => {
            let r = PySet::new_instance(ty);
            if let Some(iterable) = iterable {
                PySet::of(r.value()).update(vm, iterable)?;
            }
            Ok(r)
        }
    }
}

fn repr(vm: &Vm, v: Value) -> PyResult {
    let s = PySet::of(v);
    let name = vm.type_of(v).full_name();
    if s.is_empty() {
        return Ok(vm.new_str(&format!("{name}()")));
    }
    let text = vm.repr_guard(v, || {
        let plain = v.has_shape(shape::SET);
        let mut w = ReprWriter::new(if plain { "" } else { &name });
        w.push(if plain { "{" } else { "({" });
        for (i, x) in s.to_vec().iter().enumerate() {
            if i > 0 {
                w.push(", ");
            }
            w.push_repr(vm, x.value())?;
        }
        w.push(if plain { "}" } else { "})" });
        Ok(w.finish(vm))
    })?;
    Ok(text.unwrap_or_else(|| vm.new_str(&format!("{name}(...)"))))
}

fn hash(_vm: &Vm, v: Value) -> PyResult<i64> {
    let s = PySet::of(v);
    let h = s.frozen_hash();
    s.hash.set(h);
    Ok(h)
}

fn contains(vm: &Vm, v: Value, key: Value) -> PyResult<bool> {
    PySet::of(v).contains(vm, key)
}

fn discard_or_set(vm: &Vm, v: Value, key: Value) -> PyResult<bool> {
    let hash = search_hash(vm, key)?;
    PySet::of(v).discard_hashed(vm, key, hash)
}

fn add(vm: &Vm, a: &[Value]) -> PyResult {
    PySet::of(a[0]).add(vm, a[1])?;
    Ok(vm.none_ref())
}

fn clear(vm: &Vm, a: &[Value]) -> PyResult {
    PySet::of(a[0]).clear();
    Ok(vm.none_ref())
}

fn remove(vm: &Vm, a: &[Value]) -> PyResult {
    if discard_or_set(vm, a[0], a[1])? { Ok(vm.none_ref()) } else { Err(vm.key_error(a[1])) }
}

fn pop(vm: &Vm, a: &[Value]) -> PyResult {
    PySet::of(a[0])
        .pop()
        .ok_or_else(|| vm.key_error(vm.new_str("pop from an empty set").value()))
}

fn update(vm: &Vm, a: &[Value]) -> PyResult {
    for other in others(a).iter() {
        PySet::of(a[0]).update(vm, other)?;
    }
    Ok(vm.none_ref())
}

fn difference_update(vm: &Vm, a: &[Value]) -> PyResult {
    for other in others(a).iter() {
        ops::difference_update(vm, a[0], other)?;
    }
    Ok(vm.none_ref())
}

fn intersection_update(vm: &Vm, a: &[Value]) -> PyResult {
    ops::take_body(a[0], ops::intersection_of_all(vm, a[0], others(a))?);
    Ok(vm.none_ref())
}

/// Runs an in-place operation if the right side is a set, too.
fn in_place(vm: &Vm, a: Value, b: Value, f: impl FnOnce() -> PyResult<()>) -> PyResult {
    if PySet::from_value(b).is_none() {
        return compare::declined(vm);
    }
    f()?;
    Ok(a.to_ref())
}

fn inplace_or(vm: &Vm, a: Value, b: Value) -> PyResult {
    in_place(vm, a, b, || PySet::of(a).update(vm, b))
}

fn inplace_and(vm: &Vm, a: Value, b: Value) -> PyResult {
    in_place(vm, a, b, || {
        ops::take_body(a, ops::intersection(vm, a, b)?);
        Ok(())
    })
}

fn inplace_sub(vm: &Vm, a: Value, b: Value) -> PyResult {
    in_place(vm, a, b, || ops::difference_update(vm, a, b))
}

fn inplace_xor(vm: &Vm, a: Value, b: Value) -> PyResult {
    in_place(vm, a, b, || ops::symmetric_difference_update(vm, a, b))
}

/// `(type, ([elements],), state)`.
fn reduce(vm: &Vm, a: &[Value]) -> PyResult {
    let elements = PyList::new(vm, PySet::of(a[0]).to_vec());
    let args = PyTuple::from_vec(vm, vec![elements]);
    let state = call::call_method(vm, a[0], "__getstate__", &[])?;
    Ok(PyTuple::from_vec(vm, vec![vm.type_of(a[0]).to_ref(), args, state]))
}

/// CPython's figure: the object with room for eight elements, and a table of its own beyond that.
fn size_of(vm: &Vm, a: &[Value]) -> PyResult {
    let slots = PySet::of(a[0]).table.mask() + 1;
    let table = if slots > super::table::MIN_SIZE { slots * 16 } else { 0 };
    Ok(item::from_size(vm, 200 + table))
}
