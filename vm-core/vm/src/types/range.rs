//! `range`: an arithmetic progression of ints of any size, and its iterators.
//!
//! Where everything fits 64 bits (always, in practice) items are computed there; otherwise with
//! big integers.

use std::cell::{Cell, RefCell};

use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::{One, Signed, ToPrimitive, Zero};

use crate::args::CallArgs;
use crate::error::PyResult;
use crate::object::{self, Header, Payload};
use crate::protocol::{compare, item, number};
use crate::shape;
use crate::types::construct;
use crate::types::int;
use crate::types::iterators::builtin_function;
use crate::types::repr_writer::ReprWriter;
use crate::types::slice::PySlice;
use crate::types::slots::CompareOp;
use crate::types::tuple::{PyTuple, hash_items};
use crate::types::type_::{GetSetDef, MethodDef, New, TypeDef, TypeRef, flags};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// A range object.
#[repr(C)]
pub struct PyRange {
    header: Header,
    start: Ref,
    stop: Ref,
    step: Ref,
    length: Ref,
    small: Option<Small>,
}

/// The items of a range whose bounds, step and length fit 64 bits.
#[derive(Clone, Copy)]
struct Small {
    start: i64,
    stop: i64,
    step: i64,
    len: i64,
}

// SAFETY: repr(C), header first.
unsafe impl Payload for PyRange {
    const SHAPE: u32 = shape::RANGE;
}

/// Walks a range whose items fit 64 bits. The fields' offsets are fixed; instructions read them
/// directly.
#[repr(C)]
pub struct PyRangeIterator {
    header: Header,
    /// The next item.
    pub next: Cell<i64>,
    pub step: i64,
    /// Items still to come.
    pub left: Cell<i64>,
}

// SAFETY: repr(C), header first.
unsafe impl Payload for PyRangeIterator {
    const SHAPE: u32 = shape::RANGE_ITERATOR;
}

/// Walks any other range.
#[repr(C)]
pub struct PyLongRangeIterator {
    header: Header,
    next: RefCell<BigInt>,
    step: BigInt,
    left: RefCell<BigInt>,
}

// SAFETY: repr(C), header first.
unsafe impl Payload for PyLongRangeIterator {
    const SHAPE: u32 = shape::LONG_RANGE_ITERATOR;
}

/// Number of items from `lo` to `hi` (exclusive) by `step`, which is not zero.
fn small_length(lo: i64, hi: i64, step: i64) -> u64 {
    if step == 1 {
        // The frequent one needs no division.
        if lo < hi { hi.wrapping_sub(lo) as u64 } else { 0 }
    } else if step > 0 && lo < hi {
        1 + (hi.wrapping_sub(lo) as u64 - 1) / step as u64
    } else if step < 0 && lo > hi {
        1 + (lo.wrapping_sub(hi) as u64 - 1) / step.unsigned_abs()
    } else {
        0
    }
}

fn big(v: Value) -> BigInt {
    int::value_of(v).map(|i| i.to_big()).unwrap_or_default()
}

fn big_length(start: &BigInt, stop: &BigInt, step: &BigInt) -> BigInt {
    let (lo, hi) = if step.is_positive() { (start, stop) } else { (stop, start) };
    if lo >= hi {
        return BigInt::zero();
    }
    (hi - lo - 1u32).div_floor(&step.abs()) + 1u32
}

impl PyRange {
    /// A range of exact ints; the step is not zero.
    fn new(start: Ref, stop: Ref, step: Ref) -> Ref {
        let parts = (int::to_i64(start.value()), int::to_i64(stop.value()), int::to_i64(step.value()));
        let small = match parts {
            (Some(start), Some(stop), Some(step)) => i64::try_from(small_length(start, stop, step))
                .ok()
                .map(|len| Small { start, stop, step, len }),
            _ => None,
        };
        let length = match small {
            Some(s) => int::from_i64(s.len),
            None => int::from_big(big_length(&big(start.value()), &big(stop.value()), &big(step.value()))),
        };
        object::new(PyRange { header: object::header(), start, stop, step, length, small })
    }

    fn of<'a>(v: Value) -> &'a PyRange {
        // SAFETY: methods and slots of `range` are called with ranges only.
        unsafe { v.cast_unchecked() }
    }

    /// First item, step and number of items, if all items fit 64 bits.
    pub fn as_small(&self) -> Option<(i64, i64, i64)> {
        self.small.map(|s| (s.start, s.step, s.len))
    }

    /// The item at an index that is in range.
    fn item(&self, i: &BigInt) -> Ref {
        int::from_big(big(self.start.value()) + i * big(self.step.value()))
    }

    /// Whether an exact int or bool is one of the items.
    fn has(&self, v: Value) -> bool {
        match (self.small, int::to_i64(v)) {
            (Some(s), Some(i)) => {
                let inside = if s.step > 0 { s.start <= i && i < s.stop } else { s.stop < i && i <= s.start };
                inside && (i128::from(i) - i128::from(s.start)) % i128::from(s.step) == 0
            }
            (Some(_), None) => false,
            (None, _) => {
                let (i, start, stop, step) =
                    (big(v), big(self.start.value()), big(self.stop.value()), big(self.step.value()));
                let inside = if step.is_positive() { start <= i && i < stop } else { stop < i && i <= start };
                inside && (i - start).is_multiple_of(&step)
            }
        }
    }

    /// Whether the forward iterator can count in 64 bits, even one step beyond the end (CPython's
    /// test, which tells the two iterator types apart).
    fn steps_fit(s: &Small) -> bool {
        s.len == 0
            || if s.step > 0 {
                s.stop <= i64::MAX - (s.step - 1)
            } else {
                s.stop >= i64::MIN + (-1 - s.step)
            }
    }
}

pub static DEF: TypeDef = TypeDef {
    doc: "range(stop) -> range object\n\
          range(start, stop[, step]) -> range object\n\n\
          The ints from start (0 by default) up to, but not including, stop, by step:\n\
          range(4) has 0, 1, 2, 3, the indices of a list of four items.",
    flags: flags::SEQUENCE,
    slots: |s| {
        s.drop = Some(object::drop_payload::<PyRange>);
        s.repr = Some(repr);
        s.hash = Some(hash);
        s.compare = Some(compare_ranges);
        s.iter = Some(|_, v| Ok(iterator(v)));
        s.len = Some(len);
        s.bool_ = Some(|_, v| Ok(!PyRange::of(v).length.is(Value::small_int(0))));
        s.get_item = Some(get_item);
        s.contains = Some(contains);
    },
    new: New::Raw(new),
    methods: &[
        MethodDef::new("__reversed__", "($self, /)", |_, a| Ok(reversed(a[0])), "An iterator from the last item to the first."),
        MethodDef::new("__reduce__", "($self, /)", reduce, ""),
        MethodDef::new("count", "($self, object, /)", count, "How many items equal the value."),
        MethodDef::new(
            "index",
            "($self, object, /)",
            index,
            "Position of the value among the items.\nRaises ValueError if it is not there.",
        ),
    ],
    getset: &[
        GetSetDef::member("start", |_, v| Ok(PyRange::of(v).start.clone()), ""),
        GetSetDef::member("stop", |_, v| Ok(PyRange::of(v).stop.clone()), ""),
        GetSetDef::member("step", |_, v| Ok(PyRange::of(v).step.clone()), ""),
    ],
    ..TypeDef::of::<PyRange>("range")
};

fn exact_index(vm: &Vm, v: Value) -> PyResult {
    if v.is_small_int() {
        return Ok(v.to_ref());
    }
    let i = number::index(vm, v)?;
    Ok(int::exact(i.value()))
}

fn new(vm: &Vm, _ty: TypeRef, args: CallArgs) -> PyResult {
    construct::no_keywords(vm, "range", args)?;
    match *construct::positional(vm, "range", args, 1, 3)? {
        [stop] => Ok(PyRange::new(Ref::small_int(0), exact_index(vm, stop)?, Ref::small_int(1))),
        [start, stop, ref step @ ..] => {
            let (start, stop) = (exact_index(vm, start)?, exact_index(vm, stop)?);
            let step = match step.first() {
                Some(&s) => exact_index(vm, s)?,
                None => Ref::small_int(1),
            };
            if step.is(Value::small_int(0)) {
                return Err(vm.value_error("range() arg 3 must not be zero"));
            }
            Ok(PyRange::new(start, stop, step))
        }
        [] => Err(vm.type_error("range expected at least 1 argument, got 0")),
    }
}

fn repr(vm: &Vm, v: Value) -> PyResult {
    let r = PyRange::of(v);
    let mut w = ReprWriter::new("range(");
    w.push_repr(vm, r.start.value())?;
    w.push(", ");
    w.push_repr(vm, r.stop.value())?;
    if !r.step.is(Value::small_int(1)) {
        w.push(", ");
        w.push_repr(vm, r.step.value())?;
    }
    w.push(")");
    Ok(w.finish(vm))
}

/// Equal ranges have equal items, whatever their bounds: the hash looks at what decides that.
fn hash(vm: &Vm, v: Value) -> PyResult<i64> {
    let r = PyRange::of(v);
    let none = vm.none();
    let (start, step) = match r.length.as_small_int() {
        Some(0) => (none, none),
        Some(1) => (r.start.value(), none),
        _ => (r.start.value(), r.step.value()),
    };
    hash_items(vm, &[r.length.value(), start, step], true)
}

fn same_int(a: &Ref, b: &Ref) -> bool {
    a.is(b.value()) || big(a.value()) == big(b.value())
}

fn compare_ranges(vm: &Vm, a: Value, b: Value, op: CompareOp) -> PyResult {
    let (Some(x), Some(y)) = (a.cast_exact::<PyRange>(), b.cast_exact::<PyRange>()) else {
        return compare::declined(vm);
    };
    let equal = match x.length.as_small_int() {
        _ if !same_int(&x.length, &y.length) => false,
        Some(0) => true,
        Some(1) => same_int(&x.start, &y.start),
        _ => same_int(&x.start, &y.start) && same_int(&x.step, &y.step),
    };
    match op {
        CompareOp::Eq => Ok(vm.bool_ref(equal)),
        CompareOp::Ne => Ok(vm.bool_ref(!equal)),
        _ => compare::declined(vm),
    }
}

fn len(vm: &Vm, v: Value) -> PyResult<usize> {
    match int::to_i64(PyRange::of(v).length.value()) {
        Some(n) => Ok(n as usize),
        None => Err(vm.overflow_error("Python int too large to convert to C ssize_t")),
    }
}

fn get_item(vm: &Vm, v: Value, key: Value) -> PyResult {
    let r = PyRange::of(v);
    if let Some(slice) = key.cast_exact::<PySlice>() {
        return sub_range(vm, r, slice);
    }
    if !item::is_index(vm, key) {
        return Err(vm.type_error(format!(
            "range indices must be integers or slices, not {}",
            vm.type_of(key).full_name()
        )));
    }
    let i = number::index(vm, key)?;
    if let (Some(s), Some(i)) = (r.small, i.as_small_int()) {
        let at = if i < 0 { i + s.len } else { i };
        if at >= 0 && at < s.len {
            return Ok(int::from_i64(s.start + at * s.step));
        }
    } else {
        let (i, n) = (big(i.value()), big(r.length.value()));
        let at = if i.is_negative() { i + &n } else { i };
        if !at.is_negative() && at < n {
            return Ok(r.item(&at));
        }
    }
    Err(vm.index_error("range object index out of range"))
}

/// The range of the selected items.
fn sub_range(vm: &Vm, r: &PyRange, slice: &PySlice) -> PyResult {
    let [start, stop, step] = slice.long_indices(vm, r.length.value())?;
    let sub_step = int::from_big(big(step.value()) * big(r.step.value()));
    Ok(PyRange::new(r.item(&big(start.value())), r.item(&big(stop.value())), sub_step))
}

/// Ints of exactly this type (and bools) are looked up by computing.
fn is_plain_int(v: Value) -> bool {
    v.is_small_int() || v.has_shape(shape::INT) || v.has_shape(shape::BOOL)
}

fn contains(vm: &Vm, v: Value, x: Value) -> PyResult<bool> {
    if is_plain_int(x) { Ok(PyRange::of(v).has(x)) } else { item::contains_by_iteration(vm, v, x) }
}

fn count(vm: &Vm, a: &[Value]) -> PyResult {
    let n = if is_plain_int(a[1]) {
        usize::from(PyRange::of(a[0]).has(a[1]))
    } else {
        item::count(vm, a[0], a[1])?
    };
    Ok(item::from_size(vm, n))
}

fn index(vm: &Vm, a: &[Value]) -> PyResult {
    if !is_plain_int(a[1]) {
        return Ok(item::from_size(vm, item::position(vm, a[0], a[1])?));
    }
    let r = PyRange::of(a[0]);
    if !r.has(a[1]) {
        return Err(vm.value_error("range.index(x): x not in range"));
    }
    Ok(int::from_big((big(a[1]) - big(r.start.value())) / big(r.step.value())))
}

fn reduce(vm: &Vm, a: &[Value]) -> PyResult {
    let r = PyRange::of(a[0]);
    let args = PyTuple::from_vec(vm, vec![r.start.clone(), r.stop.clone(), r.step.clone()]);
    Ok(PyTuple::pair(vm.builtin(shape::RANGE).to_ref(), args))
}

impl PyRangeIterator {
    pub fn new(start: i64, step: i64, len: i64) -> Ref {
        object::new(PyRangeIterator {
            header: object::header(),
            next: Cell::new(start),
            step,
            left: Cell::new(len),
        })
    }

    /// The next item.
    #[inline(always)]
    pub fn advance(&self) -> Option<i64> {
        let left = self.left.get();
        if left <= 0 {
            return None;
        }
        let i = self.next.get();
        self.next.set(i.wrapping_add(self.step));
        self.left.set(left - 1);
        Some(i)
    }
}

fn long_iterator(start: BigInt, step: BigInt, len: BigInt) -> Ref {
    object::new(PyLongRangeIterator {
        header: object::header(),
        next: RefCell::new(start),
        step,
        left: RefCell::new(len),
    })
}

/// `iter(range)`.
pub fn iterator(v: Value) -> Ref {
    let r = PyRange::of(v);
    match r.small {
        Some(s) if PyRange::steps_fit(&s) => PyRangeIterator::new(s.start, s.step, s.len),
        _ => long_iterator(big(r.start.value()), big(r.step.value()), big(r.length.value())),
    }
}

/// `reversed(range)`.
fn reversed(v: Value) -> Ref {
    let r = PyRange::of(v);
    if let Some(s) = r.small
        && let (Some(step), Some(_)) = (s.step.checked_neg(), s.start.checked_sub(s.step))
    {
        let last = s.start.wrapping_add((s.len - 1).wrapping_mul(s.step));
        return PyRangeIterator::new(last, step, s.len);
    }
    let (len, step) = (big(r.length.value()), big(r.step.value()));
    let last = big(r.start.value()) + (&len - BigInt::one()) * &step;
    long_iterator(last, -step, len)
}

const HINT_DOC: &str = "Number of items still to come.";
const REDUCE_DOC: &str = "State for pickling.";
const SETSTATE_DOC: &str = "Sets the state from unpickling.";

pub static ITERATOR_DEF: TypeDef = TypeDef {
    flags: 0,
    slots: |s| {
        s.drop = None;
        s.iter = Some(|_, v| Ok(v.to_ref()));
        s.next = Some(|_, v| Ok(this(v).advance().map(int::from_i64)));
    },
    new: New::Disallowed,
    methods: &[
        MethodDef::new("__length_hint__", "($self, /)", |vm, a| Ok(vm.new_int(this(a[0]).left.get())), HINT_DOC),
        MethodDef::new("__reduce__", "($self, /)", iterator_reduce, REDUCE_DOC),
        MethodDef::new("__setstate__", "($self, object, /)", iterator_set_state, SETSTATE_DOC),
    ],
    ..TypeDef::of::<PyRangeIterator>("range_iterator")
};

pub static LONG_ITERATOR_DEF: TypeDef = TypeDef {
    flags: 0,
    slots: |s| {
        s.drop = Some(object::drop_payload::<PyLongRangeIterator>);
        s.iter = Some(|_, v| Ok(v.to_ref()));
        s.next = Some(|_, v| Ok(long_next(long(v))));
    },
    new: New::Disallowed,
    methods: &[
        MethodDef::new(
            "__length_hint__",
            "($self, /)",
            |_, a| Ok(int::from_big(long(a[0]).left.borrow().clone())),
            HINT_DOC,
        ),
        MethodDef::new("__reduce__", "($self, /)", long_reduce, REDUCE_DOC),
        MethodDef::new("__setstate__", "($self, object, /)", long_set_state, SETSTATE_DOC),
    ],
    ..TypeDef::of::<PyLongRangeIterator>("longrange_iterator")
};

fn this<'a>(v: Value) -> &'a PyRangeIterator {
    // SAFETY: methods and slots are called with instances of the type only.
    unsafe { v.cast_unchecked() }
}

fn long<'a>(v: Value) -> &'a PyLongRangeIterator {
    // SAFETY: methods and slots are called with instances of the type only.
    unsafe { v.cast_unchecked() }
}

fn long_next(it: &PyLongRangeIterator) -> Option<Ref> {
    let mut left = it.left.borrow_mut();
    if !left.is_positive() {
        return None;
    }
    *left -= 1u32;
    let mut next = it.next.borrow_mut();
    let v = int::from_big(next.clone());
    *next += &it.step;
    Some(v)
}

/// `(iter, (range,), None)`.
fn reduced(vm: &Vm, start: BigInt, step: BigInt, left: &BigInt) -> PyResult {
    let stop = &start + left * &step;
    let range = PyRange::new(int::from_big(start), int::from_big(stop), int::from_big(step));
    let args = PyTuple::from_vec(vm, vec![range]);
    Ok(PyTuple::from_vec(vm, vec![builtin_function(vm, "iter")?, args, vm.none_ref()]))
}

fn iterator_reduce(vm: &Vm, a: &[Value]) -> PyResult {
    let it = this(a[0]);
    reduced(vm, it.next.get().into(), it.step.into(), &it.left.get().into())
}

fn iterator_set_state(vm: &Vm, a: &[Value]) -> PyResult {
    let i = number::index(vm, a[1])?;
    let Some(i) = int::to_i64(i.value()) else {
        return Err(vm.overflow_error("Python int too large to convert to C long"));
    };
    let it = this(a[0]);
    let i = i.clamp(0, it.left.get().max(0));
    it.next.set(it.next.get().wrapping_add(i.wrapping_mul(it.step)));
    it.left.set(it.left.get() - i);
    Ok(vm.none_ref())
}

fn long_reduce(vm: &Vm, a: &[Value]) -> PyResult {
    let it = long(a[0]);
    let left = it.left.borrow().clone();
    let next = it.next.borrow().clone();
    reduced(vm, next, it.step.clone(), &left)
}

fn long_set_state(vm: &Vm, a: &[Value]) -> PyResult {
    if !(a[1].is_small_int() || a[1].has_shape(shape::INT)) {
        return Err(vm.type_error(format!(
            "state must be an int, not {}",
            crate::types::type_object::display_name(vm, vm.type_of(a[1]))
        )));
    }
    let it = long(a[0]);
    let mut left = it.left.borrow_mut();
    let i = big(a[1]).clamp(BigInt::zero(), left.clone());
    *it.next.borrow_mut() += &i * &it.step;
    *left -= i;
    Ok(vm.none_ref())
}

/// The length of a range as an int of the machine, for callers that allocate.
pub fn small_len(v: Value) -> Option<usize> {
    PyRange::of(v).length.value().as_small_int().and_then(|n| n.to_usize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths() {
        assert_eq!(small_length(0, 10, 3), 4);
        assert_eq!(small_length(10, 0, -3), 4);
        assert_eq!(small_length(0, 0, 1), 0);
        assert_eq!(small_length(5, 0, 1), 0);
        assert_eq!(small_length(i64::MIN, i64::MAX, 1), u64::MAX);
        assert_eq!(small_length(i64::MAX, i64::MIN, i64::MIN), 2);
        assert_eq!(big_length(&0.into(), &10.into(), &3.into()), 4.into());
        assert_eq!(big_length(&10.into(), &0.into(), &(-3).into()), 4.into());
    }
}
