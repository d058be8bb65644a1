//! Bytes and slices of a mapping.

use super::PyMmap;
use crate::convert;
use crate::error::PyResult;
use crate::protocol::item;
use crate::shape;
use crate::types::bytes;
use crate::types::slice::PySlice;
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// The place that an index means.
fn place(vm: &Vm, m: &PyMmap, key: Value, not_int: &str) -> PyResult<usize> {
    if !item::is_index(vm, key) {
        return Err(vm.type_error(not_int));
    }
    let i = item::to_index(vm, key, shape::INDEX_ERROR)?;
    // Python code may have closed it meanwhile.
    let len = m.bytes(vm)?.len();
    item::normalize(i, len).ok_or_else(|| vm.index_error("mmap index out of range"))
}

pub fn get_item(vm: &Vm, v: Value, key: Value) -> PyResult {
    let m = PyMmap::of(v);
    let len = m.bytes(vm)?.len();
    if let Some(slice) = key.cast_exact::<PySlice>() {
        let s = slice.select(vm, len)?;
        let all = m.bytes(vm)?;
        let part: Vec<u8> = match s.contiguous() {
            Some(r) => all.get(r).unwrap_or_default().to_vec(),
            None => s.positions().filter_map(|i| all.get(i).copied()).collect(),
        };
        return Ok(bytes::new(vm, &part));
    }
    let i = place(vm, m, key, "mmap indices must be integers")?;
    Ok(Ref::small_int(m.bytes(vm)?[i].into()))
}

pub fn set_item(vm: &Vm, v: Value, key: Value, value: Value) -> PyResult<()> {
    let m = PyMmap::of(v);
    m.with_mut(vm, |_| ())?;
    if let Some(slice) = key.cast_exact::<PySlice>() {
        slice.select(vm, m.len.get())?;
        if value.is_null() {
            return Err(vm.type_error("mmap object doesn't support slice deletion"));
        }
        let data = convert::buffer(vm, value)?.to_vec();
        // Asked for its bytes, an object may have resized the memory.
        let s = slice.select(vm, m.bytes(vm)?.len())?;
        if data.len() != s.count {
            return Err(vm.index_error("mmap slice assignment is wrong size"));
        }
        return m.with_mut(vm, |all| {
            for (i, byte) in s.positions().zip(data) {
                if let Some(to) = all.get_mut(i) {
                    *to = byte;
                }
            }
        });
    }
    let i = place(vm, m, key, "mmap indices must be integer")?;
    if value.is_null() {
        return Err(vm.type_error("mmap doesn't support item deletion"));
    }
    if !item::is_index(vm, value) {
        return Err(vm.type_error("mmap item value must be an int"));
    }
    let n = item::to_index(vm, value, shape::TYPE_ERROR)?;
    let Ok(byte) = u8::try_from(n) else {
        return Err(vm.value_error("mmap item value must be in range(0, 256)"));
    };
    let written = m.with_mut(vm, |all| all.get_mut(i).map(|to| *to = byte))?;
    written.ok_or_else(|| vm.index_error("mmap index out of range"))
}
