//! Methods of arrays.

use super::{PyArray, no_memory, pickle};
use crate::convert;
use crate::error::PyResult;
use crate::protocol::{call, compare, item};
use crate::types::bytes::{self, PyBytes};
use crate::types::generic_alias;
use crate::types::list::PyList;
use crate::types::str_::{PyStr, push_code_point};
use crate::types::tuple::PyTuple;
use crate::types::type_::MethodDef;
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// Bytes that `tofile` writes at once.
const BLOCK: usize = 64 * 1024;

/// All items as a list.
pub(super) fn to_list(vm: &Vm, a: &PyArray) -> PyResult {
    let mut items = Vec::with_capacity(a.len());
    while let Some(x) = a.get(vm, items.len())? {
        items.push(x);
    }
    Ok(PyList::new(vm, items))
}

/// All items of an array of characters as a str.
pub(super) fn to_text(vm: &Vm, a: &PyArray) -> PyResult {
    if a.kind == super::Kind::CodePoint {
        return crate::codecs::decode(vm, a.bytes(), "utf-32", "strict");
    }
    let mut text = Vec::with_capacity(a.len());
    for i in 0..a.len() {
        let c = a.kind.int_at(a.bytes(), i) as u32;
        if c > 0x10_ffff {
            return Err(vm.value_error(format!("character U+{c:x} is not in range [U+0000; U+10ffff]")));
        }
        push_code_point(&mut text, c);
    }
    Ok(PyStr::from_wtf8(vm, &text))
}

/// Position of the first item between two indices that equals `x`.
pub(super) fn position(vm: &Vm, a: &PyArray, x: Value, from: usize, to: usize) -> PyResult<Option<usize>> {
    let mut i = from;
    while i < to {
        let Some(y) = a.get(vm, i)? else { break };
        if compare::eq(vm, y.value(), x)? {
            return Ok(Some(i));
        }
        i += 1;
    }
    Ok(None)
}

/// Adds the memory of a bytes-like object, taken as items.
pub(super) fn add_bytes(vm: &Vm, a: &PyArray, v: Value) -> PyResult<()> {
    let more = convert::buffer(vm, v)?;
    if more.item_size() != 1 {
        return Err(vm.type_error("a bytes-like object is required"));
    }
    if more.len() % a.kind.size() != 0 {
        return Err(vm.value_error("bytes length not a multiple of item size"));
    }
    let more = more.to_vec();
    a.extend_bytes(vm, &more)
}

fn append(vm: &Vm, a: &[Value]) -> PyResult {
    PyArray::of(a[0]).insert(vm, isize::MAX, a[1])?;
    Ok(vm.none_ref())
}

fn buffer_info(vm: &Vm, a: &[Value]) -> PyResult {
    let this = PyArray::of(a[0]);
    let address = if this.is_empty() { 0 } else { this.bytes().as_ptr() as usize };
    Ok(PyTuple::pair(item::from_size(vm, address), item::from_size(vm, this.len())))
}

fn byteswap(vm: &Vm, a: &[Value]) -> PyResult {
    let this = PyArray::of(a[0]);
    this.with_mut(|d| d.chunks_exact_mut(this.kind.size()).for_each(<[u8]>::reverse));
    Ok(vm.none_ref())
}

fn clear(vm: &Vm, a: &[Value]) -> PyResult {
    PyArray::of(a[0]).resize(vm, 0)?;
    Ok(vm.none_ref())
}

fn copy(vm: &Vm, a: &[Value]) -> PyResult {
    let this = PyArray::of(a[0]);
    Ok(PyArray::plain(vm, this.kind, this.bytes().to_vec()))
}

fn count(vm: &Vm, a: &[Value]) -> PyResult {
    let this = PyArray::of(a[0]);
    let (mut i, mut n) = (0, 0);
    while let Some(x) = this.get(vm, i)? {
        n += usize::from(compare::eq(vm, x.value(), a[1])?);
        i += 1;
    }
    Ok(item::from_size(vm, n))
}

fn extend(vm: &Vm, a: &[Value]) -> PyResult {
    PyArray::of(a[0]).extend(vm, a[1])?;
    Ok(vm.none_ref())
}

fn from_bytes(vm: &Vm, a: &[Value]) -> PyResult {
    add_bytes(vm, PyArray::of(a[0]), a[1])?;
    Ok(vm.none_ref())
}

fn from_file(vm: &Vm, a: &[Value]) -> PyResult {
    let this = PyArray::of(a[0]);
    let Ok(n) = usize::try_from(item::ssize_arg(vm, a[2])?) else {
        return Err(vm.value_error("negative count"));
    };
    let Some(size) = n.checked_mul(this.kind.size()).filter(|n| isize::try_from(*n).is_ok()) else {
        return Err(no_memory(vm));
    };
    let read = call::call_method(vm, a[1], "read", &[item::from_size(vm, size).value()])?;
    let Some(data) = read.cast::<PyBytes>() else { return Err(vm.type_error("read() didn't return bytes")) };
    add_bytes(vm, this, read.value())?;
    if data.as_slice().len() != size {
        return Err(vm.error(crate::shape::EOF_ERROR, "read() didn't return enough bytes"));
    }
    Ok(vm.none_ref())
}

fn to_file(vm: &Vm, a: &[Value]) -> PyResult {
    let this = PyArray::of(a[0]);
    for start in (0..this.bytes().len()).step_by(BLOCK) {
        // Writing may run Python code that changes the array.
        let all = this.bytes();
        let Some(block) = all.get(start..all.len().min(start + BLOCK)) else { break };
        let block = bytes::new(vm, block);
        call::call_method(vm, a[1], "write", &[block.value()])?;
    }
    Ok(vm.none_ref())
}

fn from_list(vm: &Vm, a: &[Value]) -> PyResult {
    let Some(l) = a[1].cast::<PyList>() else { return Err(vm.type_error("arg must be list")) };
    let this = PyArray::of(a[0]);
    if !l.is_empty() {
        this.check_exports(vm)?;
    }
    let (len, size) = (l.len(), this.kind.size());
    let mut more = Vec::new();
    for i in 0..len {
        let v = l.get(i).map(Value::to_ref);
        let Some(v) = v else { break };
        more.extend_from_slice(&this.kind.pack(vm, v.value())?[..size]);
        if l.len() != len {
            return Err(vm.runtime_error("list changed size during iteration"));
        }
    }
    this.extend_bytes(vm, &more)?;
    Ok(vm.none_ref())
}

fn from_unicode(vm: &Vm, a: &[Value]) -> PyResult {
    let text = convert::str_arg(vm, "fromunicode", "argument", a[1])?;
    let this = PyArray::of(a[0]);
    if !this.kind.is_text() {
        return Err(vm.value_error("fromunicode() may only be called on unicode type arrays ('u' or 'w')"));
    }
    this.extend_text(vm, text)?;
    Ok(vm.none_ref())
}

fn index(vm: &Vm, a: &[Value]) -> PyResult {
    let this = PyArray::of(a[0]);
    let (start, stop) = item::search_bounds(vm, a[2], a[3], this.len())?;
    match position(vm, this, a[1], start, stop)? {
        Some(i) => Ok(item::from_size(vm, i)),
        None => Err(vm.value_error("array.index(x): x not in array")),
    }
}

fn insert(vm: &Vm, a: &[Value]) -> PyResult {
    let i = item::ssize_arg(vm, a[1])?;
    PyArray::of(a[0]).insert(vm, i, a[2])?;
    Ok(vm.none_ref())
}

fn pop(vm: &Vm, a: &[Value]) -> PyResult {
    let i = convert::size_or(vm, a[1], -1)?;
    let this = PyArray::of(a[0]);
    if this.is_empty() {
        return Err(vm.index_error("pop from empty array"));
    }
    let Some(i) = item::normalize(i, this.len()) else { return Err(vm.index_error("pop index out of range")) };
    let x = this.kind.read(vm, this.bytes(), i)?;
    this.remove_range(vm, i, i + 1)?;
    Ok(x)
}

fn remove(vm: &Vm, a: &[Value]) -> PyResult {
    let this = PyArray::of(a[0]);
    let Some(i) = position(vm, this, a[1], 0, usize::MAX)? else {
        return Err(vm.value_error("array.remove(x): x not in array"));
    };
    if i < this.len() {
        this.remove_range(vm, i, i + 1)?;
    }
    Ok(vm.none_ref())
}

fn reverse(vm: &Vm, a: &[Value]) -> PyResult {
    let this = PyArray::of(a[0]);
    let n = this.kind.size();
    this.with_mut(|d| {
        d.reverse();
        d.chunks_exact_mut(n).for_each(<[u8]>::reverse);
    });
    Ok(vm.none_ref())
}

fn to_unicode(vm: &Vm, a: &[Value]) -> PyResult {
    let this = PyArray::of(a[0]);
    if !this.kind.is_text() {
        return Err(vm.value_error("tounicode() may only be called on unicode type arrays ('u' or 'w')"));
    }
    to_text(vm, this)
}

/// CPython's figure: the object and what is allocated for items.
fn size_of(vm: &Vm, a: &[Value]) -> PyResult {
    let this = PyArray::of(a[0]);
    let allocated = this.with_mut(|d| d.capacity());
    Ok(item::from_size(vm, 64 + allocated))
}

fn to_bytes(vm: &Vm, a: &[Value]) -> PyResult {
    let copied: Ref = bytes::new(vm, PyArray::of(a[0]).bytes());
    Ok(copied)
}

pub(super) static METHODS: &[MethodDef] = &[
    MethodDef::new("append", "($self, v, /)", append, "Adds an item at the end."),
    MethodDef::new("buffer_info", "($self, /)", buffer_info, "A tuple of the items' address in memory and their number."),
    MethodDef::new("byteswap", "($self, /)", byteswap, "Reverses the bytes of each item."),
    MethodDef::new("clear", "($self, /)", clear, "Removes all items."),
    MethodDef::new("__copy__", "($self, /)", copy, "A copy."),
    MethodDef::new("count", "($self, v, /)", count, "How many items equal the value."),
    MethodDef::new("__deepcopy__", "($self, unused, /)", copy, "A copy."),
    MethodDef::new("extend", "($self, bb, /)", extend, "Adds the items of an iterable at the end."),
    MethodDef::new("fromfile", "($self, f, n, /)", from_file, "Reads n items from a file and adds them at the end."),
    MethodDef::new("fromlist", "($self, list, /)", from_list, "Adds the items of a list at the end, all or none."),
    MethodDef::new("frombytes", "($self, buffer, /)", from_bytes, "Adds the items that the memory of a bytes-like object holds."),
    MethodDef::new("fromunicode", "($self, ustr, /)", from_unicode, "Adds the characters of a str to an array of characters."),
    MethodDef::new(
        "index",
        "($self, v, start=0, stop=sys.maxsize, /)",
        index,
        "Position of the first item that equals the value.\n\nRaises ValueError if there is none.",
    ),
    MethodDef::new("insert", "($self, i, v, /)", insert, "Puts an item before the index."),
    MethodDef::new("pop", "($self, i=-1, /)", pop, "Removes the item at the index and returns it."),
    MethodDef::new("__reduce_ex__", "($self, value, /)", pickle::reduce, "State for pickling."),
    MethodDef::new("remove", "($self, v, /)", remove, "Removes the first item that equals the value."),
    MethodDef::new("reverse", "($self, /)", reverse, "Reverses the order of the items in place."),
    MethodDef::new("tofile", "($self, f, /)", to_file, "Writes all items to a file, as they are in memory."),
    MethodDef::new("tolist", "($self, /)", |vm, a| to_list(vm, PyArray::of(a[0])), "The items as a list."),
    MethodDef::new("tobytes", "($self, /)", to_bytes, "The items as they are in memory."),
    MethodDef::new("tounicode", "($self, /)", to_unicode, "The characters of an array of characters as a str."),
    MethodDef::new("__sizeof__", "($self, /)", size_of, "Size of the array in memory, in bytes."),
    MethodDef::class(
        "__class_getitem__",
        "($type, object, /)",
        |vm, a| Ok(generic_alias::new(vm, a[0], a[1])),
        "Arrays are generic over the type of their elements",
    ),
];
