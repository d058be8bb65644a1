//! Reading and assigning items and slices of views.

use crate::error::{PyResult, Raised};
use crate::protocol::item;
use crate::shape;
use crate::types::memoryview::{Layout, PyMemoryView, new, pack};
use crate::types::slice::PySlice;
use crate::types::tuple::PyTuple;
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// What a key stands for.
enum Key<'a> {
    Index(isize),
    Slice(&'a PySlice),
    /// One index per dimension.
    Indices(Vec<isize>),
    Ellipsis,
    /// A tuple of slices.
    Slices,
}

#[cold]
fn invalid_key(vm: &Vm) -> Raised {
    vm.type_error("memoryview: invalid slice key")
}

fn parse<'a>(vm: &Vm, key: Value) -> PyResult<Key<'a>> {
    if key.is(vm.ellipsis()) {
        return Ok(Key::Ellipsis);
    }
    if let Some(s) = key.cast_exact::<PySlice>() {
        return Ok(Key::Slice(s));
    }
    if item::is_index(vm, key) {
        return Ok(Key::Index(item::to_index(vm, key, shape::INDEX_ERROR)?));
    }
    let Some(t) = key.cast::<PyTuple>() else { return Err(invalid_key(vm)) };
    if t.iter().all(|v| item::is_index(vm, v)) {
        let indices: PyResult<Vec<isize>> =
            t.iter().map(|v| item::to_index(vm, v, shape::INDEX_ERROR)).collect();
        return Ok(Key::Indices(indices?));
    }
    if !t.is_empty() && t.iter().all(|v| v.has_shape(shape::SLICE)) {
        return Ok(Key::Slices);
    }
    Err(invalid_key(vm))
}

/// Byte offset of one index in one dimension.
fn step(vm: &Vm, layout: &Layout, dim: usize, i: isize) -> PyResult<isize> {
    match item::normalize(i, layout.shape[dim]) {
        Some(i) => Ok(i as isize * layout.strides[dim]),
        None => Err(vm.index_error(format!("index out of bounds on dimension {}", dim + 1))),
    }
}

fn offset_of(vm: &Vm, layout: &Layout, indices: &[isize]) -> PyResult<isize> {
    if indices.len() > layout.ndim() {
        return Err(vm.type_error(format!(
            "cannot index {}-dimension view with {}-element tuple",
            layout.ndim(),
            indices.len()
        )));
    }
    let mut at = layout.offset;
    for (dim, &i) in indices.iter().enumerate() {
        at += step(vm, layout, dim, i)?;
    }
    Ok(at)
}

fn not_implemented(vm: &Vm, what: &str) -> Raised {
    vm.not_implemented_error(what)
}

/// A layout with one dimension cut down to what a slice selects.
fn sliced(vm: &Vm, layout: &Layout, slice: &PySlice) -> PyResult<Layout> {
    let s = slice.select(vm, layout.shape[0])?;
    let mut new = layout.clone();
    new.offset += s.start * layout.strides[0];
    new.shape[0] = s.count;
    new.strides[0] = layout.strides[0] * s.step;
    Ok(new)
}

/// `view[key]`.
pub fn get_item(vm: &Vm, v: Value, key: Value) -> PyResult {
    let m = PyMemoryView::of(v);
    let layout = m.layout(vm)?.clone();
    if layout.ndim() == 0 {
        return match key.cast::<PyTuple>() {
            Some(t) if t.is_empty() => m.item_at(vm, layout.offset),
            _ if key.is(vm.ellipsis()) => Ok(v.to_ref()),
            _ => Err(vm.type_error("invalid indexing of 0-dim memory")),
        };
    }
    match parse(vm, key)? {
        Key::Ellipsis => Ok(v.to_ref()),
        Key::Index(i) if layout.ndim() == 1 => {
            let at = layout.offset + step(vm, &layout, 0, i)?;
            m.item_at(vm, at)
        }
        Key::Index(_) => Err(not_implemented(vm, "multi-dimensional sub-views are not implemented")),
        Key::Indices(indices) if indices.len() < layout.ndim() => {
            Err(not_implemented(vm, "sub-views are not implemented"))
        }
        Key::Indices(indices) => {
            let at = offset_of(vm, &layout, &indices)?;
            m.item_at(vm, at)
        }
        Key::Slice(s) => {
            let base = m.base(vm)?;
            m.check_restricted(vm)?;
            Ok(PyMemoryView::make(vm, base.value(), m.readonly, sliced(vm, &layout, s)?))
        }
        Key::Slices => Err(not_implemented(vm, "multi-dimensional slicing is not implemented")),
    }
}

/// `view[key] = value`; NULL as the value deletes, which views refuse.
pub fn set_item(vm: &Vm, v: Value, key: Value, value: Value) -> PyResult<()> {
    let m = PyMemoryView::of(v);
    let layout = m.layout(vm)?.clone();
    if m.readonly {
        return Err(vm.type_error("cannot modify read-only memory"));
    }
    if value.is_null() {
        return Err(vm.type_error("cannot delete memory"));
    }
    if layout.ndim() == 0 {
        let whole = key.is(vm.ellipsis()) || key.cast::<PyTuple>().is_some_and(|t| t.is_empty());
        if !whole {
            return Err(vm.type_error("invalid indexing of 0-dim memory"));
        }
        return put(vm, m, layout.offset, value);
    }
    match parse(vm, key)? {
        Key::Index(i) if layout.ndim() == 1 => {
            let at = layout.offset + step(vm, &layout, 0, i)?;
            put(vm, m, at, value)
        }
        Key::Index(_) => Err(not_implemented(vm, "sub-views are not implemented")),
        Key::Indices(indices) if indices.len() < layout.ndim() => {
            Err(not_implemented(vm, "sub-views are not implemented"))
        }
        Key::Indices(indices) => {
            let at = offset_of(vm, &layout, &indices)?;
            put(vm, m, at, value)
        }
        Key::Slice(s) if layout.ndim() == 1 => assign(vm, m, &sliced(vm, &layout, s)?, value),
        Key::Ellipsis if layout.ndim() == 1 => assign(vm, m, &layout, value),
        Key::Slice(_) | Key::Slices => Err(not_implemented(
            vm,
            "memoryview slice assignments are currently restricted to ndim = 1",
        )),
        Key::Ellipsis => Err(invalid_key(vm)),
    }
}

fn put(vm: &Vm, m: &PyMemoryView, at: isize, value: Value) -> PyResult<()> {
    let b = pack::pack(vm, m.letter(vm)?, value)?;
    // Packing may have run code that released the view.
    m.write(vm, at, &b)
}

/// Copies another object's items over those that `dest` selects.
fn assign(vm: &Vm, m: &PyMemoryView, dest: &Layout, value: Value) -> PyResult<()> {
    let source: Ref = new(vm, value)?;
    let source = PyMemoryView::of(source.value());
    let from = source.layout(vm)?.clone();
    let same_letter = pack::letter(&from.format) == pack::letter(&dest.format);
    if !same_letter || from.item_size != dest.item_size || from.shape != dest.shape {
        return Err(vm.value_error(
            "memoryview assignment: lvalue and rvalue have different structures",
        ));
    }
    // The source is copied first: the two may overlap.
    let all = source.to_bytes(vm)?;
    for (at, item) in dest.offsets().into_iter().zip(all.chunks(dest.item_size.max(1))) {
        m.write(vm, at, item)?;
    }
    Ok(())
}
