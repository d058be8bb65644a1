//! Reading, assigning and deleting items and slices of arrays.

use super::{PyArray, bad_argument, no_memory};
use crate::error::{PyResult, Raised};
use crate::protocol::item;
use crate::shape;
use crate::types::slice::{PySlice, Selection};
use crate::value::Value;
use crate::vm::Vm;

#[cold]
fn bad_key(vm: &Vm) -> Raised {
    vm.type_error("array indices must be integers")
}

/// `a[key]`.
pub fn get_item(vm: &Vm, v: Value, key: Value) -> PyResult {
    let a = PyArray::of(v);
    if let Some(i) = key.as_small_int()
        && (0..a.len() as i64).contains(&i)
    {
        return a.kind.read(vm, a.bytes(), i as usize);
    }
    if let Some(slice) = key.cast_exact::<PySlice>() {
        let s = slice.select(vm, a.len())?;
        return Ok(PyArray::plain(vm, a.kind, selected(a, s)));
    }
    if !item::is_index(vm, key) {
        return Err(bad_key(vm));
    }
    let i = item::to_index(vm, key, shape::INDEX_ERROR)?;
    match item::normalize(i, a.len()) {
        Some(i) => a.kind.read(vm, a.bytes(), i),
        None => Err(vm.index_error("array index out of range")),
    }
}

/// The bytes of the selected items.
fn selected(a: &PyArray, s: Selection) -> Vec<u8> {
    let n = a.kind.size();
    match s.contiguous() {
        Some(r) => a.bytes()[r.start * n..r.end * n].to_vec(),
        None => s.positions().flat_map(|i| &a.bytes()[i * n..(i + 1) * n]).copied().collect(),
    }
}

/// `a[key] = value`; NULL as the value deletes.
pub fn set_item(vm: &Vm, v: Value, key: Value, value: Value) -> PyResult<()> {
    let a = PyArray::of(v);
    if let Some(slice) = key.cast_exact::<PySlice>() {
        let s = slice.select(vm, a.len())?;
        return set_slice(vm, a, s, value);
    }
    if !item::is_index(vm, key) {
        return Err(bad_key(vm));
    }
    let i = item::to_index(vm, key, shape::INDEX_ERROR)?;
    let Some(i) = item::normalize(i, a.len()) else {
        return Err(vm.index_error("array assignment index out of range"));
    };
    if value.is_null() {
        return a.remove_range(vm, i, i + 1);
    }
    let packed = a.kind.pack(vm, value)?;
    a.put(vm, i, packed)
}

fn set_slice(vm: &Vm, a: &PyArray, s: Selection, value: Value) -> PyResult<()> {
    let n = a.kind.size();
    let new = match (value.non_null(), value.cast::<PyArray>()) {
        (None, _) => Vec::new(),
        (_, Some(other)) if other.kind == a.kind => other.bytes().to_vec(),
        (_, Some(_)) => return Err(bad_argument(vm)),
        (Some(other), None) => {
            return Err(vm.type_error(format!(
                "can only assign array (not \"{}\") to array slice",
                vm.type_of(other).full_name()
            )));
        }
    };
    let needed = new.len() / n;
    if needed == 0 || s.count != needed {
        a.check_exports(vm)?;
    }
    if s.step == 1 {
        return replace(vm, a, s, &new);
    }
    if needed == 0 {
        return delete_strided(vm, a, s);
    }
    if needed != s.count {
        return Err(vm.value_error(format!(
            "attempt to assign array of size {needed} to extended slice of size {}",
            s.count
        )));
    }
    a.with_mut(|d| {
        for (i, item) in s.positions().zip(new.chunks_exact(n)) {
            d[i * n..(i + 1) * n].copy_from_slice(item);
        }
    });
    Ok(())
}

/// Puts other items in the place of some that follow each other.
fn replace(vm: &Vm, a: &PyArray, s: Selection, new: &[u8]) -> PyResult<()> {
    let n = a.kind.size();
    let (start, len) = (s.start as usize, a.len());
    let (needed, tail) = (new.len() / n, start + s.count);
    let Some(size) = (len - s.count).checked_add(needed) else { return Err(no_memory(vm)) };
    if s.count > needed {
        a.with_mut(|d| d.copy_within(tail * n.., (start + needed) * n));
        a.resize(vm, size)?;
    } else if s.count < needed {
        a.resize(vm, size)?;
        a.with_mut(|d| d.copy_within(tail * n..len * n, (start + needed) * n));
    }
    a.with_mut(|d| d[start * n..][..new.len()].copy_from_slice(new));
    Ok(())
}

fn delete_strided(vm: &Vm, a: &PyArray, s: Selection) -> PyResult<()> {
    if s.count == 0 {
        return Ok(());
    }
    let n = a.kind.size();
    let (first, step) = s.ascending();
    let last = first + (s.count - 1) * step;
    let len = a.len();
    a.with_mut(|d| {
        let mut to = first;
        for i in first..len {
            if i <= last && (i - first) % step == 0 {
                continue;
            }
            d.copy_within(i * n..(i + 1) * n, to * n);
            to += 1;
        }
    });
    a.resize(vm, len - s.count)
}
