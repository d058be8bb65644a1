//! Items: `o[key]`, `len(o)`, `x in o`, and turning keys into positions.

use crate::error::{PyResult, Raised};
use crate::protocol::{attr, call, compare, iter, number};
use crate::shape::{self, ShapeId};
use crate::types::generic_alias;
use crate::types::slice::PySlice;
use crate::types::type_::Type;
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// `o[key]`.
#[inline]
pub fn get(vm: &Vm, o: Value, key: Value) -> PyResult {
    match vm.type_of(o).slots().get_item {
        Some(f) => f(vm, o, key),
        None => get_of_class(vm, o, key),
    }
}

/// `C[key]` of a class, which may be generic.
fn get_of_class(vm: &Vm, o: Value, key: Value) -> PyResult {
    let Some(ty) = Type::from_value(o) else {
        return Err(type_error(vm, o, "object is not subscriptable"));
    };
    if ty.is(vm.builtin(shape::TYPE)) {
        return Ok(generic_alias::new(vm, o, key));
    }
    match attr::get_opt(vm, o, vm.names().__class_getitem__)? {
        Some(m) if !m.is(vm.none()) => call::call_args(vm, m.value(), &[key]),
        _ => Err(vm.type_error(format!("type '{}' is not subscriptable", ty.full_name()))),
    }
}

#[cold]
fn type_error(vm: &Vm, o: Value, what: &str) -> Raised {
    vm.type_error(format!("'{}' {what}", vm.type_of(o).full_name()))
}

/// `o[key] = value`.
#[inline]
pub fn set(vm: &Vm, o: Value, key: Value, value: Value) -> PyResult<()> {
    match vm.type_of(o).slots().set_item {
        Some(f) => f(vm, o, key, value),
        None => Err(type_error(vm, o, "object does not support item assignment")),
    }
}

/// `del o[key]`.
#[inline]
pub fn delete(vm: &Vm, o: Value, key: Value) -> PyResult<()> {
    match vm.type_of(o).slots().set_item {
        Some(f) => f(vm, o, key, Value::NULL),
        None => Err(type_error(vm, o, "object does not support item deletion")),
    }
}

/// `o[i]` by position, without making a key where it can be helped.
pub fn get_index(vm: &Vm, o: Value, i: usize) -> PyResult {
    match Value::try_small_int(i as i64) {
        Some(i) => get(vm, o, i),
        None => get(vm, o, vm.new_int(i as i64).value()),
    }
}

/// `len(o)`.
#[inline]
pub fn length(vm: &Vm, o: Value) -> PyResult<usize> {
    match vm.type_of(o).slots().len {
        Some(f) => f(vm, o),
        None => Err(vm.type_error(format!("object of type '{}' has no len()", vm.type_of(o).full_name()))),
    }
}

/// `x in o`.
#[inline]
pub fn contains(vm: &Vm, o: Value, x: Value) -> PyResult<bool> {
    match vm.type_of(o).slots().contains {
        Some(f) => f(vm, o, x),
        None => contains_by_iteration(vm, o, x),
    }
}

/// `x in o` by walking `o`.
pub fn contains_by_iteration(vm: &Vm, o: Value, x: Value) -> PyResult<bool> {
    let it = match iter::get_iter(vm, o) {
        Ok(it) => it,
        Err(e) if e.is(vm, shape::TYPE_ERROR) => {
            return Err(vm.type_error(format!(
                "argument of type '{}' is not a container or iterable",
                vm.type_of(o).full_name()
            )));
        }
        Err(e) => return Err(e),
    };
    while let Some(v) = iter::next(vm, it.value())? {
        if compare::eq(vm, v.value(), x)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// How often `x` is in `o`, by walking it.
pub fn count(vm: &Vm, o: Value, x: Value) -> PyResult<usize> {
    let it = search_iter(vm, o)?;
    let mut n = 0;
    while let Some(v) = iter::next(vm, it.value())? {
        n += usize::from(compare::eq(vm, v.value(), x)?);
    }
    Ok(n)
}

/// Position of the first `x` in `o`, by walking it.
pub fn position(vm: &Vm, o: Value, x: Value) -> PyResult<usize> {
    let it = search_iter(vm, o)?;
    let mut n = 0;
    while let Some(v) = iter::next(vm, it.value())? {
        if compare::eq(vm, v.value(), x)? {
            return Ok(n);
        }
        n += 1;
    }
    Err(vm.value_error("sequence.index(x): x not in sequence"))
}

fn search_iter(vm: &Vm, o: Value) -> PyResult {
    iter::get_iter(vm, o).map_err(|e| {
        if e.is(vm, shape::TYPE_ERROR) {
            vm.type_error(format!("argument of type '{}' is not iterable", vm.type_of(o).full_name()))
        } else {
            e
        }
    })
}

/// Whether the value can serve as an index.
#[inline]
pub fn is_index(vm: &Vm, v: Value) -> bool {
    number::has_index(vm, v)
}

/// An int object as `isize`, if it fits.
#[inline]
pub fn int_to_isize(v: Value) -> Option<isize> {
    match v.as_small_int() {
        Some(i) => Some(i as isize),
        None => crate::types::int::to_i64(v).map(|i| i as isize),
    }
}

/// The position that an index object stands for; one too large raises `overflow`.
#[inline]
pub fn to_index(vm: &Vm, v: Value, overflow: ShapeId) -> PyResult<isize> {
    if let Some(i) = v.as_small_int() {
        return Ok(i as isize);
    }
    let i = number::index(vm, v)?;
    match int_to_isize(i.value()) {
        Some(i) => Ok(i),
        None => Err(vm.error(
            overflow,
            format!("cannot fit '{}' into an index-sized integer", vm.type_of(v).full_name()),
        )),
    }
}

/// The position that an index object stands for; one too large becomes the largest or smallest.
pub fn to_index_clamped(vm: &Vm, v: Value) -> PyResult<isize> {
    Ok(number::index_clipped(vm, v)? as isize)
}

/// An argument that CPython's argument parser takes as `Py_ssize_t` (format `n`).
pub fn ssize_arg(vm: &Vm, v: Value) -> PyResult<isize> {
    if let Some(i) = v.as_small_int() {
        return Ok(i as isize);
    }
    let i = number::index(vm, v)?;
    int_to_isize(i.value())
        .ok_or_else(|| vm.overflow_error("Python int too large to convert to C ssize_t"))
}

/// Bounds as `list.index` and slices take them: any index object or None, else TypeError;
/// negative ones count from the end.
pub fn search_bounds(vm: &Vm, start: Value, stop: Value, len: usize) -> PyResult<(usize, usize)> {
    let bound = |v: Value, default: usize| -> PyResult<usize> {
        if v.is_null() {
            return Ok(default);
        }
        if !is_index(vm, v) {
            return Err(vm.type_error("slice indices must be integers or have an __index__ method"));
        }
        let i = to_index_clamped(vm, v)?;
        Ok(if i < 0 { (i + len as isize).max(0) as usize } else { i as usize })
    };
    Ok((bound(start, 0)?, bound(stop, usize::MAX)?))
}

/// The position within `len` items that `i` names (negative: from the end).
#[inline]
pub fn normalize(i: isize, len: usize) -> Option<usize> {
    let i = if i < 0 { i + len as isize } else { i };
    if i >= 0 && (i as usize) < len { Some(i as usize) } else { None }
}

/// A size that CPython cannot represent: "cannot fit 'int' into an index-sized integer".
#[cold]
pub fn too_large(vm: &Vm) -> Raised {
    vm.overflow_error("cannot fit 'int' into an index-sized integer")
}

/// An int from a size.
pub fn from_size(vm: &Vm, n: usize) -> Ref {
    vm.new_int(n as i64)
}

/// Refuses a sequence of `len * times` items that no memory could hold.
pub fn check_size(vm: &Vm, len: usize, times: usize) -> PyResult<()> {
    match len.checked_mul(times) {
        Some(n) if fits_memory(n) => Ok(()),
        _ => Err(vm.error_args(shape::MEMORY_ERROR, &[])),
    }
}

/// Whether there is memory for `n` values. Large sizes are tried out, as allocations that fail
/// later end the process.
fn fits_memory(n: usize) -> bool {
    n <= 1 << 24 || Vec::<Value>::new().try_reserve_exact(n).is_ok()
}

/// Which items of `len` a slice selects: `start`, `start + step`, ... `len` of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SliceIndices {
    pub start: i64,
    pub stop: i64,
    pub step: i64,
    pub len: usize,
}

/// What `key` selects if it is a slice; `None` for any other key.
pub fn slice_indices(vm: &Vm, key: Value, len: usize) -> PyResult<Option<SliceIndices>> {
    let Some(slice) = key.cast_exact::<PySlice>() else { return Ok(None) };
    let s = slice.select(vm, len)?;
    Ok(Some(SliceIndices {
        start: s.start as i64,
        stop: s.stop as i64,
        step: s.step as i64,
        len: s.count,
    }))
}
