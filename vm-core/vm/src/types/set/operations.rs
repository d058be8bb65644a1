//! The algebra of sets: operators, and the methods that take any iterable.

use crate::error::PyResult;
use crate::protocol::{compare, iter};
use crate::shape;
use crate::types::dict::PyDict;
use crate::types::set::{PySet, hash_element};
use crate::types::slots::CompareOp;
use crate::types::tuple::PyTuple;
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// A new, empty set of the built-in type that `v` is or derives from.
fn empty_like(vm: &Vm, v: Value) -> Ref {
    if v.cast::<PySet>().is_some() { PySet::new_set(vm) } else { PySet::new_frozenset(vm) }
}

/// Calls `f` with each element and its hash, holding a reference to it; `f` may run Python code.
fn each(s: &PySet, mut f: impl FnMut(Value, i64) -> PyResult<bool>) -> PyResult<bool> {
    let mut pos = 0;
    while let Some((next, key, hash)) = s.element_at(pos) {
        let key = key.to_ref();
        pos = next;
        if !f(key.value(), hash)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The method `copy`; an exact frozenset is its own copy.
pub fn copy(vm: &Vm, v: Value) -> PyResult {
    if v.has_shape(shape::FROZENSET) { Ok(v.to_ref()) } else { real_copy(vm, v) }
}

fn real_copy(vm: &Vm, v: Value) -> PyResult {
    let r = empty_like(vm, v);
    PySet::of(r.value()).merge(vm, PySet::of(v))?;
    Ok(r)
}

pub fn union(vm: &Vm, v: Value, others: &PyTuple) -> PyResult {
    let r = real_copy(vm, v)?;
    for other in others.iter().filter(|o| !o.is(v)) {
        PySet::of(r.value()).update(vm, other)?;
    }
    Ok(r)
}

pub fn or(vm: &Vm, a: Value, b: Value) -> PyResult {
    if PySet::from_value(a).is_none() || PySet::from_value(b).is_none() {
        return compare::declined(vm);
    }
    let r = real_copy(vm, a)?;
    if !a.is(b) {
        PySet::of(r.value()).update(vm, b)?;
    }
    Ok(r)
}

pub fn intersection(vm: &Vm, v: Value, other: Value) -> PyResult {
    if v.is(other) {
        return real_copy(vm, v);
    }
    let result = empty_like(vm, v);
    let r = PySet::of(result.value());
    let mut s = PySet::of(v);
    if let Some(mut o) = PySet::from_value(other) {
        if o.len() > s.len() {
            std::mem::swap(&mut s, &mut o);
        }
        each(o, |key, hash| {
            if s.contains_hashed(vm, key, hash)? {
                r.add_hashed(vm, key, hash)?;
            }
            Ok(true)
        })?;
        return Ok(result);
    }
    iter::for_each_while(vm, other, |key| {
        let hash = crate::types::dict::hash_of(vm, key.value())?;
        if s.contains_hashed(vm, key.value(), hash)? {
            r.add_hashed(vm, key.value(), hash)?;
            // Nothing more can be found.
            return Ok(r.len() < s.len());
        }
        Ok(true)
    })?;
    Ok(result)
}

pub fn intersection_of_all(vm: &Vm, v: Value, others: &PyTuple) -> PyResult {
    if others.is_empty() {
        return real_copy(vm, v);
    }
    let mut r = v.to_ref();
    for other in others.iter() {
        r = intersection(vm, r.value(), other)?;
    }
    Ok(r)
}

pub fn and(vm: &Vm, a: Value, b: Value) -> PyResult {
    if PySet::from_value(a).is_none() || PySet::from_value(b).is_none() {
        return compare::declined(vm);
    }
    intersection(vm, a, b)
}

/// Replaces the contents of a set by those of a temporary one.
pub fn take_body(v: Value, from: Ref) {
    let s = PySet::of(v);
    s.table.swap(&PySet::of(from.value()).table);
    s.hash.set(-1);
    PySet::of(from.value()).hash.set(-1);
}

pub fn difference_update(vm: &Vm, v: Value, other: Value) -> PyResult<()> {
    let s = PySet::of(v);
    if v.is(other) {
        s.clear();
        return Ok(());
    }
    if PySet::from_value(other).is_some() {
        // Much the larger set is first cut down to what both have.
        let other = if PySet::of(other).len() >> 3 > s.len() {
            intersection(vm, v, other)?
        } else {
            other.to_ref()
        };
        each(PySet::of(other.value()), |key, hash| s.discard_hashed(vm, key, hash).map(|_| true))?;
    } else {
        iter::for_each(vm, other, |key| {
            let hash = hash_element(vm, key.value())?;
            s.discard_hashed(vm, key.value(), hash).map(|_| ())
        })?;
    }
    // When more than a quarter are dummies, they are swept away.
    if s.table.fill() - s.table.used() > s.table.mask() / 4 {
        s.table.grow();
    }
    Ok(())
}

pub fn difference(vm: &Vm, v: Value, other: Value) -> PyResult {
    let s = PySet::of(v);
    let other_len = match (PySet::from_value(other), other.cast_exact::<PyDict>()) {
        (Some(o), _) => Some(o.len()),
        (_, Some(d)) => Some(d.len()),
        _ => None,
    };
    if other_len.is_none_or(|n| s.len() >> 2 > n) {
        let r = real_copy(vm, v)?;
        difference_update(vm, r.value(), other)?;
        return Ok(r);
    }
    let result = empty_like(vm, v);
    let r = PySet::of(result.value());
    each(s, |key, hash| {
        let there = match other.cast_exact::<PyDict>() {
            Some(d) => d.get_hashed(vm, key, hash)?.is_some(),
            None => PySet::of(other).contains_hashed(vm, key, hash)?,
        };
        if !there {
            r.add_hashed(vm, key, hash)?;
        }
        Ok(true)
    })?;
    Ok(result)
}

pub fn difference_of_all(vm: &Vm, v: Value, others: &PyTuple) -> PyResult {
    let Some(first) = others.get(0) else { return real_copy(vm, v) };
    let r = difference(vm, v, first)?;
    for other in others.iter().skip(1) {
        difference_update(vm, r.value(), other)?;
    }
    Ok(r)
}

pub fn sub(vm: &Vm, a: Value, b: Value) -> PyResult {
    if PySet::from_value(a).is_none() || PySet::from_value(b).is_none() {
        return compare::declined(vm);
    }
    difference(vm, a, b)
}

/// Toggles the membership in `s` of each element of `other`.
fn toggle_all(vm: &Vm, s: &PySet, other: &PySet) -> PyResult<()> {
    each(other, |key, hash| toggle(vm, s, key, hash).map(|()| true)).map(|_| ())
}

fn toggle(vm: &Vm, s: &PySet, key: Value, hash: i64) -> PyResult<()> {
    if s.discard_hashed(vm, key, hash)? { Ok(()) } else { s.add_hashed(vm, key, hash) }
}

pub fn symmetric_difference_update(vm: &Vm, v: Value, other: Value) -> PyResult<()> {
    let s = PySet::of(v);
    if v.is(other) {
        s.clear();
        return Ok(());
    }
    if let Some(d) = other.cast_exact::<PyDict>() {
        let mut pos = 0;
        while let Some((next, key, _)) = d.entry_at(pos) {
            let (key, hash) = (key.to_ref(), d.hash_before(next));
            pos = next;
            toggle(vm, s, key.value(), hash)?;
        }
        return Ok(());
    }
    if let Some(o) = PySet::from_value(other) {
        return toggle_all(vm, s, o);
    }
    let o = empty_like(vm, v);
    PySet::of(o.value()).update(vm, other)?;
    toggle_all(vm, s, PySet::of(o.value()))
}

pub fn symmetric_difference(vm: &Vm, v: Value, other: Value) -> PyResult {
    let r = empty_like(vm, v);
    PySet::of(r.value()).update(vm, other)?;
    toggle_all(vm, PySet::of(r.value()), PySet::of(v))?;
    Ok(r)
}

pub fn xor(vm: &Vm, a: Value, b: Value) -> PyResult {
    if PySet::from_value(a).is_none() || PySet::from_value(b).is_none() {
        return compare::declined(vm);
    }
    symmetric_difference(vm, a, b)
}

fn subset_of_set(vm: &Vm, a: &PySet, b: &PySet) -> PyResult<bool> {
    if a.len() > b.len() {
        return Ok(false);
    }
    each(a, |key, hash| b.contains_hashed(vm, key, hash))
}

pub fn is_subset(vm: &Vm, v: Value, other: Value) -> PyResult<bool> {
    if let Some(o) = PySet::from_value(other) {
        return subset_of_set(vm, PySet::of(v), o);
    }
    let common = intersection(vm, v, other)?;
    Ok(PySet::of(common.value()).len() == PySet::of(v).len())
}

pub fn is_superset(vm: &Vm, v: Value, other: Value) -> PyResult<bool> {
    if let Some(o) = PySet::from_value(other) {
        return subset_of_set(vm, o, PySet::of(v));
    }
    let mut all = true;
    iter::for_each_while(vm, other, |key| {
        all = PySet::of(v).has_element(vm, key.value())?;
        Ok(all)
    })?;
    Ok(all)
}

pub fn is_disjoint(vm: &Vm, v: Value, other: Value) -> PyResult<bool> {
    let mut s = PySet::of(v);
    if v.is(other) {
        return Ok(s.is_empty());
    }
    if other.has_shape(shape::SET) || other.has_shape(shape::FROZENSET) {
        let mut o = PySet::of(other);
        if o.len() > s.len() {
            std::mem::swap(&mut s, &mut o);
        }
        return each(o, |key, hash| Ok(!s.contains_hashed(vm, key, hash)?));
    }
    let mut disjoint = true;
    iter::for_each_while(vm, other, |key| {
        disjoint = !s.has_element(vm, key.value())?;
        Ok(disjoint)
    })?;
    Ok(disjoint)
}

pub fn compare(vm: &Vm, a: Value, b: Value, op: CompareOp) -> PyResult {
    let (Some(x), Some(y)) = (PySet::from_value(a), PySet::from_value(b)) else {
        return compare::declined(vm);
    };
    let equal = || -> PyResult<bool> {
        let (hx, hy) = (x.hash.get(), y.hash.get());
        if x.len() != y.len() || (hx != -1 && hy != -1 && hx != hy) {
            return Ok(false);
        }
        subset_of_set(vm, x, y)
    };
    let r = match op {
        CompareOp::Eq => equal()?,
        CompareOp::Ne => !equal()?,
        CompareOp::Le => subset_of_set(vm, x, y)?,
        CompareOp::Ge => subset_of_set(vm, y, x)?,
        CompareOp::Lt => x.len() < y.len() && subset_of_set(vm, x, y)?,
        CompareOp::Gt => x.len() > y.len() && subset_of_set(vm, y, x)?,
    };
    Ok(vm.bool_ref(r))
}
