//! Reading, assigning and deleting items and slices of lists.

use crate::error::{PyResult, Raised};
use crate::protocol::{item, iter};
use crate::shape;
use crate::types::list::{PyList, drop_backward, methods::this};
use crate::types::slice::{Bounds, PySlice, Selection};
use crate::value::{Ref, Value};
use crate::vm::Vm;

#[cold]
fn bad_key(vm: &Vm, key: Value) -> Raised {
    vm.type_error(format!(
        "list indices must be integers or slices, not {}",
        vm.type_of(key).full_name()
    ))
}

/// `list[key]`.
pub fn get_item(vm: &Vm, v: Value, key: Value) -> PyResult {
    let list = this(v);
    if let Some(slice) = key.cast_exact::<PySlice>() {
        let bounds = slice.bounds(vm)?;
        return Ok(copy_of(vm, list, bounds.of(list.len())));
    }
    if !item::is_index(vm, key) {
        return Err(bad_key(vm, key));
    }
    let i = item::to_index(vm, key, shape::INDEX_ERROR)?;
    item::normalize(i, list.len())
        .and_then(|i| list.get_ref(i))
        .ok_or_else(|| vm.index_error("list index out of range"))
}

/// `list[start:stop]` of exactly a list.
pub fn slice_of(vm: &Vm, v: Value, bounds: Bounds) -> Ref {
    let list = this(v);
    copy_of(vm, list, bounds.of(list.len()))
}

/// A new list of the selected items.
pub(crate) fn copy_of(vm: &Vm, list: &PyList, s: Selection) -> Ref {
    match s.contiguous() {
        Some(range) => PyList::from_slice(vm, &list.as_slice()[range]),
        None => {
            let items = list.as_slice();
            PyList::from_exact_iter(vm, s.count, s.positions().map(|i| items[i].to_ref()))
        }
    }
}

/// `list[key] = value`; NULL as the value deletes.
pub fn set_item(vm: &Vm, v: Value, key: Value, value: Value) -> PyResult<()> {
    let list = this(v);
    if let Some(slice) = key.cast_exact::<PySlice>() {
        let bounds = slice.bounds(vm)?;
        if value.is_null() {
            delete_slice(list, bounds.of(list.len()));
            return Ok(());
        }
        if let Some(new) = value.cast_exact::<PyList>()
            && !value.is(v)
        {
            let s = bounds.of(list.len());
            if s.count == new.len() {
                replace_items(list, s, new.as_slice());
                return Ok(());
            }
        }
        let new = iter::sequence(vm, value, "must assign iterable to extended slice")?;
        return assign_slice(vm, list, bounds.of(list.len()), new);
    }
    if !item::is_index(vm, key) {
        return Err(bad_key(vm, key));
    }
    let i = item::to_index(vm, key, shape::INDEX_ERROR)?;
    let Some(i) = item::normalize(i, list.len()) else {
        return Err(vm.index_error("list assignment index out of range"));
    };
    if value.is_null() {
        drop(list.remove_at(i));
    } else {
        drop(list.replace(i, value.to_ref()));
    }
    Ok(())
}

/// Replaces the selected items by as many others.
fn replace_items(list: &PyList, s: Selection, new: &[Value]) {
    // What owns nothing needs no keeping; destructors of the rest may look at the list.
    let mut old: Vec<Ref> = Vec::new();
    let mut replace = |i: usize, v: Value| {
        let gone = list.replace(i, v.to_ref());
        if gone.is_owned_object() {
            old.push(gone);
        }
    };
    match s.contiguous() {
        Some(range) => {
            range.zip(new).for_each(|(i, v)| replace(i, *v));
            drop_backward(old);
        }
        None => {
            s.positions().zip(new).for_each(|(i, v)| replace(i, *v));
            drop(old);
        }
    }
}

fn assign_slice(vm: &Vm, list: &PyList, s: Selection, new: Vec<Ref>) -> PyResult<()> {
    if s.step == 1 {
        let start = s.start as usize;
        drop_backward(list.splice(start, start + s.count, new));
        return Ok(());
    }
    if new.len() != s.count {
        return Err(vm.value_error(format!(
            "attempt to assign sequence of size {} to extended slice of size {}",
            new.len(),
            s.count
        )));
    }
    // The old items go only when all new ones are in place: their destructors may look.
    let old: Vec<Ref> = s.positions().zip(new).map(|(i, v)| list.replace(i, v)).collect();
    drop(old);
    Ok(())
}

fn delete_slice(list: &PyList, s: Selection) {
    if s.count == 0 {
        return;
    }
    let (first, step) = s.ascending();
    if step == 1 {
        drop_backward(list.splice(first, first + s.count, Vec::new()));
        return;
    }
    let last = first + (s.count - 1) * step;
    let middle: Vec<Ref> = (first..=last)
        .filter(|i| (i - first) % step != 0)
        .map(|i| list.as_slice()[i].to_ref())
        .collect();
    // All selected items are among the old ones, the others live on in `middle`.
    drop(list.splice(first, last + 1, middle));
}
