//! The type `tuple`: methods, slots, operators.

use crate::error::PyResult;
use crate::protocol::{compare, item, iter as protocol_iter};
use crate::shape;
use crate::types::generic_alias;
use crate::types::repr_writer::ReprWriter;
use crate::types::slice::{Bounds, PySlice, Selection};
use crate::types::slots::CompareOp;
use crate::types::tuple::{self, PyTuple, drop_tuple, size_of_tuple, traverse_tuple};
use crate::types::type_::{MethodDef, New, TypeDef, TypeRef, flags};
use crate::value::{Ref, Value};
use crate::vm::Vm;

pub static DEF: TypeDef = TypeDef {
    doc: "Built-in immutable sequence.\n\n\
          Without an argument the tuple is empty; else it has the items of the iterable.\n\n\
          An argument that is a tuple is returned itself.",
    flags: flags::BASETYPE | flags::SEQUENCE,
    slots: |s| {
        s.drop = Some(drop_tuple);
        s.size = Some(size_of_tuple);
        s.traverse = Some(traverse_tuple);
        s.repr = Some(repr);
        s.hash = Some(hash);
        s.compare = Some(compare_tuples);
        s.iter = Some(|_, v| Ok(tuple::PyTupleIterator::new(v)));
        s.len = Some(|_, v| Ok(this(v).len()));
        s.get_item = Some(get_item);
        s.contains = Some(contains);
        s.concat = Some(concat);
        s.repeat = Some(repeat);
    },
    new: New::Bound("(iterable=(), /)", new),
    methods: &[
        MethodDef::new("__getnewargs__", "($self, /)", get_new_args, ""),
        MethodDef::new(
            "index",
            "($self, value, start=0, stop=sys.maxsize, /)",
            index,
            "Position of the first item that equals the value.\n\nRaises ValueError if there is none.",
        ),
        MethodDef::new("count", "($self, value, /)", count, "How many items equal the value."),
        MethodDef::class(
            "__class_getitem__",
            "($type, object, /)",
            |vm, a| Ok(generic_alias::new(vm, a[0], a[1])),
            "Tuples are generic over the types of their items: tuple[int, str] is a pair,\n\
             tuple[int, ...] has any number of items.",
        ),
    ],
    ..TypeDef::of::<PyTuple>("tuple")
};

/// The payload of `self`, whose type the caller has checked.
#[inline(always)]
fn this<'a>(v: Value) -> &'a PyTuple {
    // SAFETY: methods and slots of `tuple` are called with tuples and subclasses' instances only.
    unsafe { v.cast_unchecked() }
}

fn new(vm: &Vm, ty: TypeRef, a: &[Value]) -> PyResult {
    let Some(iterable) = a[0].non_null() else { return Ok(PyTuple::new_instance(vm, ty, Vec::new())) };
    if ty.is(vm.builtin(shape::TUPLE)) {
        return from_iterable(vm, iterable);
    }
    Ok(PyTuple::new_instance(vm, ty, protocol_iter::collect(vm, iterable)?))
}

/// `tuple(iterable)`.
pub fn from_iterable(vm: &Vm, iterable: Value) -> PyResult {
    if iterable.has_shape(shape::TUPLE) {
        return Ok(iterable.to_ref());
    }
    Ok(PyTuple::from_vec(vm, protocol_iter::collect(vm, iterable)?))
}

fn repr(vm: &Vm, v: Value) -> PyResult {
    let t = this(v);
    if t.is_empty() {
        return Ok(vm.new_str("()"));
    }
    let text = vm.repr_guard(v, || {
        let mut w = ReprWriter::new("(");
        for (i, x) in t.iter().enumerate() {
            if i > 0 {
                w.push(", ");
            }
            w.push_repr(vm, x)?;
        }
        w.push(if t.len() == 1 { ",)" } else { ")" });
        Ok(w.finish(vm))
    })?;
    Ok(text.unwrap_or_else(|| vm.new_str("(...)")))
}

/// CPython's tuple hash: xxHash's mixing of the items' hashes.
pub fn hash_items(vm: &Vm, items: &[Value], with_length: bool) -> PyResult<i64> {
    const P1: u64 = 11400714785074694791;
    const P2: u64 = 14029467366897019727;
    const P5: u64 = 2870177450012600261;
    let mut acc = P5;
    for &v in items {
        let lane = crate::types::dict::hash_of(vm, v)? as u64;
        acc = acc.wrapping_add(lane.wrapping_mul(P2)).rotate_left(31).wrapping_mul(P1);
    }
    if with_length {
        acc = acc.wrapping_add(items.len() as u64 ^ (P5 ^ 3527539));
    }
    Ok(if acc == u64::MAX { 1546275796 } else { acc as i64 })
}

fn hash(vm: &Vm, v: Value) -> PyResult<i64> {
    let t = this(v);
    if t.hash.get() == -1 {
        t.hash.set(hash_items(vm, t.as_slice(), true)?);
    }
    Ok(t.hash.get())
}

fn compare_tuples(vm: &Vm, a: Value, b: Value, op: CompareOp) -> PyResult {
    let (Some(x), Some(y)) = (a.cast::<PyTuple>(), b.cast::<PyTuple>()) else {
        return compare::declined(vm);
    };
    for (p, q) in x.iter().zip(y.iter()) {
        if !compare::eq(vm, p, q)? {
            return match op {
                CompareOp::Eq => Ok(vm.bool_ref(false)),
                CompareOp::Ne => Ok(vm.bool_ref(true)),
                _ => compare::rich(vm, p, q, op),
            };
        }
    }
    Ok(vm.bool_ref(op.test(x.len().cmp(&y.len()))))
}

/// `tuple[start:stop]` of exactly a tuple.
pub fn slice_of(vm: &Vm, v: Value, bounds: Bounds) -> Ref {
    selected(vm, v, bounds.of(this(v).len()))
}

/// A tuple of the selected items: itself, if those are all.
fn selected(vm: &Vm, v: Value, s: Selection) -> Ref {
    let t = this(v);
    if s.count == t.len() && s.step == 1 && v.has_shape(shape::TUPLE) {
        return v.to_ref();
    }
    match s.contiguous() {
        Some(range) => PyTuple::from_slice(vm, &t.as_slice()[range]),
        None => PyTuple::from_iter(vm, s.positions().map(|i| t.as_slice()[i].to_ref())),
    }
}

fn get_item(vm: &Vm, v: Value, key: Value) -> PyResult {
    let t = this(v);
    if let Some(slice) = key.cast_exact::<PySlice>() {
        return Ok(selected(vm, v, slice.select(vm, t.len())?));
    }
    if !item::is_index(vm, key) {
        return Err(vm.type_error(format!(
            "tuple indices must be integers or slices, not {}",
            vm.type_of(key).full_name()
        )));
    }
    let i = item::to_index(vm, key, shape::INDEX_ERROR)?;
    match item::normalize(i, t.len()) {
        Some(i) => Ok(t.as_slice()[i].to_ref()),
        None => Err(vm.index_error("tuple index out of range")),
    }
}

fn contains(vm: &Vm, v: Value, x: Value) -> PyResult<bool> {
    for y in this(v).iter() {
        if compare::eq(vm, y, x)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn concat(vm: &Vm, a: Value, b: Value) -> PyResult {
    let Some(y) = b.cast::<PyTuple>() else {
        return Err(vm.type_error(format!(
            "can only concatenate tuple (not \"{}\") to tuple",
            vm.type_of(b).full_name()
        )));
    };
    let x = this(a);
    if x.is_empty() && b.has_shape(shape::TUPLE) {
        return Ok(b.to_ref());
    }
    if y.is_empty() && a.has_shape(shape::TUPLE) {
        return Ok(a.to_ref());
    }
    Ok(PyTuple::from_iter(vm, x.iter().chain(y.iter()).map(|v| v.to_ref())))
}

fn repeat(vm: &Vm, a: Value, n: Value) -> PyResult {
    let t = this(a);
    let n = item::to_index(vm, n, shape::OVERFLOW_ERROR)?.max(0) as usize;
    if (t.is_empty() || n == 1) && a.has_shape(shape::TUPLE) {
        return Ok(a.to_ref());
    }
    if n == 0 || t.is_empty() {
        return Ok(vm.empty_tuple().to_ref());
    }
    item::check_size(vm, t.len(), n)?;
    let mut all: Vec<Ref> = Vec::with_capacity(t.len() * n);
    for _ in 0..n {
        all.extend(t.iter().map(|v| v.to_ref()));
    }
    Ok(PyTuple::from_vec(vm, all))
}

fn get_new_args(vm: &Vm, a: &[Value]) -> PyResult {
    let copy = PyTuple::from_slice(vm, this(a[0]).as_slice());
    Ok(PyTuple::from_vec(vm, vec![copy]))
}

fn index(vm: &Vm, a: &[Value]) -> PyResult {
    let t = this(a[0]);
    let (start, stop) = item::search_bounds(vm, a[2], a[3], t.len())?;
    for i in start..stop.min(t.len()) {
        if compare::eq(vm, t.as_slice()[i].borrow(), a[1])? {
            return Ok(item::from_size(vm, i));
        }
    }
    Err(vm.value_error("tuple.index(x): x not in tuple"))
}

fn count(vm: &Vm, a: &[Value]) -> PyResult {
    let mut n = 0;
    for v in this(a[0]).iter() {
        n += usize::from(compare::eq(vm, v, a[1])?);
    }
    Ok(item::from_size(vm, n))
}
