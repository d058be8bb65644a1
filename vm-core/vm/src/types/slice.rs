//! `slice`: the key of `x[start:stop:step]`, and what it selects of a sequence.

use crate::args::CallArgs;
use crate::error::{PyResult, Raised};
use crate::object::{self, Header, Payload};
use crate::protocol::number::{self, BinaryOp};
use crate::protocol::{compare, item};
use crate::shape;
use crate::types::repr_writer::ReprWriter;
use crate::types::slots::CompareOp;
use crate::types::tuple::{PyTuple, hash_items};
use crate::types::type_::{GetSetDef, MethodDef, New, TypeDef, TypeRef};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// A slice object.
#[repr(C)]
pub struct PySlice {
    header: Header,
    start: Ref,
    stop: Ref,
    step: Ref,
}

// SAFETY: repr(C), header first.
unsafe impl Payload for PySlice {
    const SHAPE: u32 = shape::SLICE;
}

/// Which items of a sequence of known length a slice selects.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Selection {
    /// Position of the first item; for an empty selection where an insertion would go.
    pub start: isize,
    /// Exclusive end as Python shows it (-1 for "before the first" with a negative step).
    pub stop: isize,
    pub step: isize,
    /// Number of selected items.
    pub count: usize,
}

impl Selection {
    /// Positions of the selected items, in the order of selection.
    pub fn positions(self) -> impl Iterator<Item = usize> {
        (0..self.count).map(move |i| (self.start + i as isize * self.step) as usize)
    }

    /// Lowest position and stride of the same items in ascending order.
    pub fn ascending(self) -> (usize, usize) {
        if self.step >= 0 || self.count == 0 {
            (self.start.max(0) as usize, self.step.unsigned_abs())
        } else {
            let last = self.start + (self.count as isize - 1) * self.step;
            (last as usize, self.step.unsigned_abs())
        }
    }

    /// The positions `start..stop` of a selection without gaps (step 1).
    pub fn contiguous(self) -> Option<std::ops::Range<usize>> {
        (self.step == 1).then(|| self.start as usize..self.start as usize + self.count)
    }
}

/// Start, stop and step as positions, before the length of the sequence is known. Converting
/// them may run Python code, so it comes before the length is looked at.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    start: isize,
    stop: isize,
    step: isize,
}

impl Bounds {
    /// Those of `start:stop` if each is a small int or None; anything else takes a slice object.
    #[inline]
    pub fn simple(vm: &Vm, start: Value, stop: Value) -> Option<Bounds> {
        Bounds::plain(vm, start, stop, vm.none())
    }

    /// Those of `start:stop:step`, likewise; a step of 0 is an error for the slice to raise.
    #[inline]
    pub fn plain(vm: &Vm, start: Value, stop: Value, step: Value) -> Option<Bounds> {
        let step = match step.as_small_int() {
            Some(0) => return None,
            Some(i) => (i as isize).max(-isize::MAX),
            None if step.is(vm.none()) => 1,
            None => return None,
        };
        let (first, last) = if step < 0 { (isize::MAX, isize::MIN) } else { (0, isize::MAX) };
        let position = |v: Value, default: isize| match v.as_small_int() {
            Some(i) => Some(i as isize),
            None => v.is(vm.none()).then_some(default),
        };
        Some(Bounds { start: position(start, first)?, stop: position(stop, last)?, step })
    }

    /// What the bounds select of `len` items.
    pub fn of(self, len: usize) -> Selection {
        let len = len as isize;
        let (low, high) = if self.step < 0 { (-1, len - 1) } else { (0, len) };
        let clip = |i: isize| {
            if i < 0 {
                let i = i + len;
                if i < 0 { low } else { i }
            } else {
                i.min(high)
            }
        };
        let (start, stop) = (clip(self.start), clip(self.stop));
        let count = if self.step < 0 {
            if stop < start { (start - stop - 1) / -self.step + 1 } else { 0 }
        } else if start < stop {
            (stop - start - 1) / self.step + 1
        } else {
            0
        };
        Selection { start, stop, step: self.step, count: count as usize }
    }
}

#[cold]
fn bad_index(vm: &Vm) -> Raised {
    vm.type_error("slice indices must be integers or None or have an __index__ method")
}

fn position(vm: &Vm, v: Value, default: isize) -> PyResult<isize> {
    if let Some(i) = v.as_small_int() {
        return Ok(i as isize);
    }
    if v.is(vm.none()) {
        return Ok(default);
    }
    if item::is_index(vm, v) { item::to_index_clamped(vm, v) } else { Err(bad_index(vm)) }
}

impl PySlice {
    pub fn new(start: Ref, stop: Ref, step: Ref) -> Ref {
        object::new(PySlice { header: object::header(), start, stop, step })
    }

    /// `slice(start, stop)` of two positions.
    pub fn from_range(vm: &Vm, start: isize, stop: isize) -> Ref {
        PySlice::new(vm.new_int(start as i64), vm.new_int(stop as i64), vm.none_ref())
    }

    pub fn start(&self) -> Value {
        self.start.value()
    }

    pub fn stop(&self) -> Value {
        self.stop.value()
    }

    pub fn step(&self) -> Value {
        self.step.value()
    }

    /// Converts start, stop and step to positions.
    ///
    /// # Errors
    /// TypeError for what is neither an index nor None, ValueError for a step of zero.
    pub fn bounds(&self, vm: &Vm) -> PyResult<Bounds> {
        let step = position(vm, self.step(), 1)?.max(-isize::MAX);
        if step == 0 {
            return Err(vm.value_error("slice step cannot be zero"));
        }
        let (first, last) = if step < 0 { (isize::MAX, isize::MIN) } else { (0, isize::MAX) };
        let start = position(vm, self.start(), first)?;
        let stop = position(vm, self.stop(), last)?;
        Ok(Bounds { start, stop, step })
    }

    /// What the slice selects of `len` items, when converting it cannot change the length.
    pub fn select(&self, vm: &Vm, len: usize) -> PyResult<Selection> {
        Ok(self.bounds(vm)?.of(len))
    }

    /// Start, stop and step for a sequence of any length (an int object), as `slice.indices`
    /// computes them with ints of any size.
    pub fn long_indices(&self, vm: &Vm, length: Value) -> PyResult<[Ref; 3]> {
        let zero = Value::small_int(0);
        let step = if self.step.is(vm.none()) { Ref::small_int(1) } else { self.evaluate(vm, self.step())? };
        if step.is(zero) {
            return Err(vm.value_error("slice step cannot be zero"));
        }
        let backward = compare::rich_bool(vm, step.value(), zero, CompareOp::Lt)?;
        let (lower, upper) = if backward {
            let minus_one = Ref::small_int(-1);
            let upper = number::binary(vm, length, minus_one.value(), BinaryOp::Add)?;
            (minus_one, upper)
        } else {
            (Ref::small_int(0), length.to_ref())
        };
        let clip = |v: Value, default: &Ref| -> PyResult {
            if v.is(vm.none()) {
                return Ok(default.clone());
            }
            let i = self.evaluate(vm, v)?;
            if compare::rich_bool(vm, i.value(), zero, CompareOp::Lt)? {
                let i = number::binary(vm, i.value(), length, BinaryOp::Add)?;
                let below = compare::rich_bool(vm, i.value(), lower.value(), CompareOp::Lt)?;
                return Ok(if below { lower.clone() } else { i });
            }
            let above = compare::rich_bool(vm, i.value(), upper.value(), CompareOp::Gt)?;
            Ok(if above { upper.clone() } else { i })
        };
        let (first, last) = if backward { (&upper, &lower) } else { (&lower, &upper) };
        let start = clip(self.start(), first)?;
        let stop = clip(self.stop(), last)?;
        Ok([start, stop, step])
    }

    fn evaluate(&self, vm: &Vm, v: Value) -> PyResult {
        if item::is_index(vm, v) { number::index(vm, v) } else { Err(bad_index(vm)) }
    }
}

pub static DEF: TypeDef = TypeDef {
    doc: "slice(stop)\nslice(start, stop[, step])\n\n\
          The key that x[start:stop:step] passes to __getitem__.",
    flags: 0,
    slots: |s| {
        s.drop = Some(object::drop_payload::<PySlice>);
        s.traverse = crate::traverse_fields!(PySlice: start, stop, step);
        s.repr = Some(repr);
        s.hash = Some(hash);
        s.compare = Some(compare_slices);
    },
    new: New::Raw(new),
    methods: &[
        MethodDef::new(
            "indices",
            "($self, object, /)",
            indices,
            "S.indices(len) -> (start, stop, step): the slice's bounds in a sequence of that length,\n\
             clipped as slicing clips them.",
        ),
        MethodDef::new("__reduce__", "($self, /)", reduce, "State for pickling."),
    ],
    getset: &[
        GetSetDef::member("start", |_, v| Ok(this(v).start.clone()), ""),
        GetSetDef::member("stop", |_, v| Ok(this(v).stop.clone()), ""),
        GetSetDef::member("step", |_, v| Ok(this(v).step.clone()), ""),
    ],
    ..TypeDef::of::<PySlice>("slice")
};

fn this<'a>(v: Value) -> &'a PySlice {
    // SAFETY: methods and slots of `slice` are called with slices only.
    unsafe { v.cast_unchecked() }
}

fn new(vm: &Vm, _ty: TypeRef, args: CallArgs) -> PyResult {
    if args.has_keywords() {
        return Err(vm.type_error("slice() takes no keyword arguments"));
    }
    match *args.args {
        [stop] => Ok(PySlice::new(vm.none_ref(), stop.to_ref(), vm.none_ref())),
        [start, stop] => Ok(PySlice::new(start.to_ref(), stop.to_ref(), vm.none_ref())),
        [start, stop, step] => Ok(PySlice::new(start.to_ref(), stop.to_ref(), step.to_ref())),
        [] => Err(vm.type_error("slice expected at least 1 argument, got 0")),
        _ => Err(vm.type_error(format!("slice expected at most 3 arguments, got {}", args.args.len()))),
    }
}

fn repr(vm: &Vm, v: Value) -> PyResult {
    let s = this(v);
    let mut w = ReprWriter::new("slice(");
    w.push_repr(vm, s.start())?;
    w.push(", ");
    w.push_repr(vm, s.stop())?;
    w.push(", ");
    w.push_repr(vm, s.step())?;
    w.push(")");
    Ok(w.finish(vm))
}

fn hash(vm: &Vm, v: Value) -> PyResult<i64> {
    let s = this(v);
    hash_items(vm, &[s.start(), s.stop(), s.step()], false)
}

fn as_tuple(vm: &Vm, s: &PySlice) -> Ref {
    PyTuple::from_slice(vm, &[s.start(), s.stop(), s.step()])
}

fn compare_slices(vm: &Vm, a: Value, b: Value, op: CompareOp) -> PyResult {
    let (Some(x), Some(y)) = (a.cast_exact::<PySlice>(), b.cast_exact::<PySlice>()) else {
        return compare::declined(vm);
    };
    if a.is(b) {
        return Ok(vm.bool_ref(op.test(std::cmp::Ordering::Equal)));
    }
    compare::rich(vm, as_tuple(vm, x).value(), as_tuple(vm, y).value(), op)
}

fn indices(vm: &Vm, a: &[Value]) -> PyResult {
    let length = number::index(vm, a[1])?;
    if compare::rich_bool(vm, length.value(), Value::small_int(0), CompareOp::Lt)? {
        return Err(vm.value_error("length should not be negative"));
    }
    let [start, stop, step] = this(a[0]).long_indices(vm, length.value())?;
    Ok(PyTuple::from_vec(vm, vec![start, stop, step]))
}

fn reduce(vm: &Vm, a: &[Value]) -> PyResult {
    Ok(PyTuple::pair(vm.builtin(shape::SLICE).to_ref(), as_tuple(vm, this(a[0]))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn select(start: isize, stop: isize, step: isize, len: usize) -> Vec<usize> {
        Bounds { start, stop, step }.of(len).positions().collect()
    }

    #[test]
    fn bounds_clip_as_python_does() {
        assert_eq!(select(0, isize::MAX, 1, 3), [0, 1, 2]);
        assert_eq!(select(-2, isize::MAX, 1, 3), [1, 2]);
        assert_eq!(select(isize::MAX, isize::MIN, -1, 3), [2, 1, 0]);
        assert_eq!(select(isize::MAX, isize::MIN, -2, 4), [3, 1]);
        assert_eq!(select(5, 2, 1, 3), [0usize; 0]);
        assert_eq!(select(-100, 100, 2, 5), [0, 2, 4]);
        assert_eq!(select(0, isize::MAX, isize::MAX, 5), [0]);
        assert_eq!(select(isize::MAX, isize::MIN, -isize::MAX, 5), [4]);
    }

    #[test]
    fn ascending_order_of_a_backward_selection() {
        let s = Bounds { start: isize::MAX, stop: isize::MIN, step: -2 }.of(6);
        assert_eq!(s.positions().collect::<Vec<_>>(), [5, 3, 1]);
        assert_eq!(s.ascending(), (1, 2));
    }
}
