//! `bytearray`: mutable bytes.

use std::cell::{Cell, UnsafeCell};

use crate::args::CallArgs;
use crate::convert;
use crate::error::PyResult;
use crate::object::{self, Header, Payload};
use crate::protocol::buffer::{self, Buffer};
use crate::protocol::number::BinaryOp;
use crate::protocol::{call, item, iter, number};
use crate::shape;
use crate::types::bytes::{self, Kind};
use crate::types::memoryview::BufferInfo;
use crate::types::str_::{PyStr, push_code_point};
use crate::types::tuple::PyTuple;
use crate::types::type_::{MethodDef, New, TypeDef, TypeRef, flags};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// Payload of a bytearray.
#[repr(C)]
pub struct PyByteArray {
    header: Header,
    /// Views of the memory that are alive; while there are any, the length must not change.
    exports: Cell<usize>,
    data: UnsafeCell<Vec<u8>>,
}

// SAFETY: repr(C), header first.
unsafe impl Payload for PyByteArray {
    const SHAPE: u32 = shape::BYTEARRAY;
}

impl PyByteArray {
    /// The contents; must not be held while Python code or a change may run.
    #[inline(always)]
    pub fn as_slice(&self) -> &[u8] {
        // SAFETY: single-threaded; callers drop the slice before anything changes the contents.
        unsafe { &*self.data.get() }
    }

    /// Changes the contents; `f` must not run Python code, nor change the length if there are
    /// [exports](PyByteArray::count_export).
    pub fn with_mut<R>(&self, f: impl FnOnce(&mut Vec<u8>) -> R) -> R {
        // SAFETY: as above; `f` has the only reference.
        f(unsafe { &mut *self.data.get() })
    }

    /// Changes the contents, also their length; `f` must not run Python code.
    ///
    /// # Errors
    /// BufferError while somebody views the memory.
    pub fn resize<R>(&self, vm: &Vm, f: impl FnOnce(&mut Vec<u8>) -> R) -> PyResult<R> {
        if self.exports.get() > 0 {
            return Err(vm.buffer_error("Existing exports of data: object cannot be re-sized"));
        }
        Ok(self.with_mut(f))
    }

    /// Counts a view of the memory that begins or (-1) ends.
    pub fn count_export(&self, views: isize) {
        self.exports.set(self.exports.get().saturating_add_signed(views));
    }

    /// Keeps the size as it is while code of the program may run, until the pin is dropped.
    pub fn pin(&self) -> Pin<'_> {
        self.count_export(1);
        Pin(self)
    }

    fn empty() -> PyByteArray {
        PyByteArray { header: object::header(), exports: Cell::new(0), data: UnsafeCell::default() }
    }
}

/// A bytearray whose size stays as it is.
pub struct Pin<'a>(&'a PyByteArray);

impl Drop for Pin<'_> {
    fn drop(&mut self) {
        self.0.count_export(-1);
    }
}

/// A bytearray object.
pub fn new(data: Vec<u8>) -> Ref {
    object::new(PyByteArray { data: UnsafeCell::new(data), ..PyByteArray::empty() })
}

fn this<'a>(v: Value) -> &'a PyByteArray {
    // SAFETY: slots of `bytearray` get bytearrays.
    unsafe { v.cast_unchecked::<PyByteArray>() }
}

fn bytearray_new(_: &Vm, ty: TypeRef, _: CallArgs) -> PyResult {
    Ok(object::new_instance(ty, PyByteArray::empty()))
}

fn bytearray_init(vm: &Vm, v: Value, args: CallArgs) -> PyResult<()> {
    let sig = vm.signatures.get("(source=b'', encoding='utf-8', errors='strict')");
    sig.bind(vm, "bytearray", None, args, |a| {
        let data = bytes::from_arguments(vm, a, Kind::ByteArray)?;
        if data.len() == this(v).as_slice().len() {
            this(v).with_mut(|d| d.copy_from_slice(&data));
            return Ok(());
        }
        this(v).resize(vm, |d| *d = data)
    })
}

fn get_item(vm: &Vm, v: Value, key: Value) -> PyResult {
    if number::has_index(vm, key) {
        let i = number::index_i64(vm, key)?;
        let b = this(v).as_slice();
        let i = if i < 0 { i + b.len() as i64 } else { i };
        return match usize::try_from(i).ok().and_then(|i| b.get(i)) {
            Some(x) => Ok(Ref::small_int(*x as i64)),
            None => Err(vm.index_error("bytearray index out of range")),
        };
    }
    match item::slice_indices(vm, key, this(v).as_slice().len())? {
        Some(s) => {
            let b = this(v).as_slice();
            Ok(new((0..s.len).map(|i| b[(s.start + s.step * i as i64) as usize]).collect()))
        }
        None => Err(vm.type_error(format!(
            "bytearray indices must be integers or slices, not {}",
            vm.type_of(key).full_name()
        ))),
    }
}

fn set_item(vm: &Vm, v: Value, key: Value, value: Value) -> PyResult<()> {
    if number::has_index(vm, key) {
        let i = number::index_i64(vm, key)?;
        let b = if value.is_null() { None } else { Some(bytes::byte(vm, value, "byte")?) };
        let Some(i) = item::normalize(i as isize, this(v).as_slice().len()) else {
            return Err(vm.index_error("bytearray index out of range"));
        };
        return match b {
            Some(b) => {
                this(v).with_mut(|d| d[i] = b);
                Ok(())
            }
            None => this(v).resize(vm, |d| d.remove(i)).map(drop),
        };
    }
    if !key.has_shape(shape::SLICE) {
        return Err(vm.type_error(format!(
            "bytearray indices must be integers or slices, not {}",
            vm.type_of(key).full_name()
        )));
    }
    let new = if value.is_null() { Vec::new() } else { slice_value(vm, value)? };
    let Some(s) = item::slice_indices(vm, key, this(v).as_slice().len())? else { return Ok(()) };
    if s.step == 1 {
        let start = s.start as usize;
        if new.len() == s.len {
            this(v).with_mut(|d| d[start..start + s.len].copy_from_slice(&new));
            return Ok(());
        }
        return this(v).resize(vm, |d| drop(d.splice(start..start + s.len, new)));
    }
    let at = |i: usize| (s.start + s.step * i as i64) as usize;
    if new.is_empty() {
        return this(v).resize(vm, |d| {
            let mut gone: Vec<usize> = (0..s.len).map(at).collect();
            gone.sort_unstable();
            let mut i = 0;
            d.retain(|_| {
                i += 1;
                gone.binary_search(&(i - 1)).is_err()
            });
        });
    }
    if new.len() != s.len {
        return Err(vm.value_error(format!(
            "attempt to assign bytes of size {} to extended slice of size {}",
            new.len(),
            s.len
        )));
    }
    this(v).with_mut(|d| new.into_iter().enumerate().for_each(|(i, b)| d[at(i)] = b));
    Ok(())
}

/// What is assigned to a slice.
fn slice_value(vm: &Vm, value: Value) -> PyResult<Vec<u8>> {
    if value.has_shape(shape::BYTES) || value.cast::<PyByteArray>().is_some() {
        return Ok(bytes::data_of(value).unwrap_or_default().to_vec());
    }
    let slots = vm.type_of(value).slots();
    let is_number = slots.int.is_some() || slots.float.is_some() || slots.index.is_some() || value.has_shape(shape::COMPLEX);
    if is_number || value.cast::<PyStr>().is_some() {
        return Err(vm.type_error(
            "can assign only bytes, buffers, or iterables of ints in range(0, 256)",
        ));
    }
    bytes::from_arguments(vm, &[value, Value::NULL, Value::NULL], Kind::ByteArray)
}

fn concat(vm: &Vm, a: Value, b: Value) -> PyResult {
    bytes::both(vm, a, b, |x, y| new([x, y].concat()))
}

fn inplace_concat(vm: &Vm, a: Value, b: Value) -> PyResult {
    let more = Buffer::new(vm, b).map_err(|_| bytes::cannot_concat(vm, a, b))?;
    // Its own memory is exported right now.
    this(a).resize(vm, |d| d.extend_from_slice(&more))?;
    Ok(a.to_ref())
}

/// The contents `n` times.
fn repeated(vm: &Vm, v: Value, n: Value) -> PyResult<Vec<u8>> {
    let n = number::size_i64(vm, n)?.max(0) as usize;
    let b = this(v).as_slice();
    let mut out = Vec::new();
    match b.len().checked_mul(n) {
        Some(size) if out.try_reserve_exact(size).is_ok() => {}
        _ => return Err(vm.error_args(shape::MEMORY_ERROR, &[])),
    }
    (0..n).for_each(|_| out.extend_from_slice(b));
    Ok(out)
}

fn repeat(vm: &Vm, a: Value, n: Value) -> PyResult {
    repeated(vm, a, n).map(new)
}

fn inplace_repeat(vm: &Vm, a: Value, n: Value) -> PyResult {
    let data = repeated(vm, a, n)?;
    this(a).resize(vm, |d| *d = data)?;
    Ok(a.to_ref())
}

fn remainder(vm: &Vm, a: Value, b: Value) -> PyResult {
    if a.cast::<PyByteArray>().is_none() {
        return Ok(vm.not_implemented().to_ref());
    }
    let _pin = this(a).pin();
    let text = this(a).as_slice().to_vec();
    crate::format::percent_bytes(vm, &text, b).map(new)
}

fn append(vm: &Vm, a: &[Value]) -> PyResult {
    let b = bytes::byte(vm, a[1], "byte")?;
    this(a[0]).resize(vm, |d| d.push(b))?;
    Ok(vm.none_ref())
}

fn clear(vm: &Vm, a: &[Value]) -> PyResult {
    this(a[0]).resize(vm, Vec::clear)?;
    Ok(vm.none_ref())
}

fn copy(_: &Vm, a: &[Value]) -> PyResult {
    Ok(new(this(a[0]).as_slice().to_vec()))
}

fn extend(vm: &Vm, a: &[Value]) -> PyResult {
    if a[1].is(a[0]) {
        let copy = this(a[0]).as_slice().to_vec();
        this(a[0]).resize(vm, |d| d.extend(copy))?;
        return Ok(vm.none_ref());
    }
    if buffer::is_exporter(vm, a[1]) {
        let end = this(a[0]).as_slice().len();
        let more = Buffer::new(vm, a[1]).map_err(|_| {
            vm.type_error(format!("can't set bytearray slice from {}", vm.type_of(a[1]).full_name()))
        })?;
        // At the end that it had, wherever that is now.
        this(a[0]).resize(vm, |d| drop(d.splice(end.min(d.len())..end.min(d.len()), more.iter().copied())))?;
        return Ok(vm.none_ref());
    }
    let more = if a[1].cast::<PyStr>().is_some() {
        return Err(vm.type_error("expected iterable of integers; got: 'str'"));
    } else {
        let it = iter::get_iter(vm, a[1]).map_err(|e| match e.is(vm, shape::TYPE_ERROR) {
            true => vm.type_error(format!("can't extend bytearray with {}", vm.type_of(a[1]).full_name())),
            false => e,
        })?;
        let mut more = Vec::with_capacity(iter::length_hint(vm, a[1], 32)?.min(1 << 16));
        while let Some(x) = iter::next(vm, it.value())? {
            more.push(bytes::byte(vm, x.value(), "byte")?);
        }
        more
    };
    this(a[0]).resize(vm, |d| d.extend(more))?;
    Ok(vm.none_ref())
}

fn insert(vm: &Vm, a: &[Value]) -> PyResult {
    let i = item::ssize_arg(vm, a[1])?;
    let b = bytes::byte(vm, a[2], "byte")?;
    let n = this(a[0]).as_slice().len() as isize;
    let at = if i < 0 { (i + n).max(0) } else { i.min(n) } as usize;
    this(a[0]).resize(vm, |d| d.insert(at, b))?;
    Ok(vm.none_ref())
}

fn pop(vm: &Vm, a: &[Value]) -> PyResult {
    let i = convert::size_or(vm, a[1], -1)?;
    let n = this(a[0]).as_slice().len();
    if n == 0 {
        return Err(vm.index_error("pop from empty bytearray"));
    }
    let Some(i) = item::normalize(i, n) else { return Err(vm.index_error("pop index out of range")) };
    let b = this(a[0]).resize(vm, |d| d.remove(i))?;
    Ok(Ref::small_int(b as i64))
}

fn remove(vm: &Vm, a: &[Value]) -> PyResult {
    let b = bytes::byte(vm, a[1], "byte")?;
    let Some(i) = memchr::memchr(b, this(a[0]).as_slice()) else {
        return Err(vm.value_error("value not found in bytearray"));
    };
    this(a[0]).resize(vm, |d| d.remove(i))?;
    Ok(vm.none_ref())
}

fn reverse(vm: &Vm, a: &[Value]) -> PyResult {
    this(a[0]).with_mut(|d| d.reverse());
    Ok(vm.none_ref())
}

fn resize_method(vm: &Vm, a: &[Value]) -> PyResult {
    let size = item::ssize_arg(vm, a[1])?;
    let Ok(size) = usize::try_from(size) else {
        return Err(vm.value_error(format!("Can only resize to positive sizes, got {size}")));
    };
    if size == this(a[0]).as_slice().len() {
        return Ok(vm.none_ref());
    }
    let done = this(a[0]).resize(vm, |d| {
        let more = size.saturating_sub(d.len());
        d.try_reserve_exact(more).map(|()| d.resize(size, 0))
    })?;
    match done {
        Ok(()) => Ok(vm.none_ref()),
        Err(_) => Err(vm.error_args(shape::MEMORY_ERROR, &[])),
    }
}

/// Constructor, its arguments and the instance's state, for `protocol` of pickle.
fn reduce_for(vm: &Vm, v: Value, protocol: i32) -> PyResult {
    let data = this(v).as_slice();
    let args = if data.is_empty() {
        vm.empty_tuple().to_ref()
    } else if protocol < 3 {
        let mut text = Vec::new();
        data.iter().for_each(|b| push_code_point(&mut text, *b as u32));
        PyTuple::from_vec(vm, vec![PyStr::from_wtf8(vm, &text), vm.intern("latin-1").to_ref()])
    } else {
        PyTuple::from_vec(vm, vec![bytes::new(vm, data)])
    };
    let state = call::call_method(vm, v, "__getstate__", &[])?;
    Ok(PyTuple::from_vec(vm, vec![vm.type_of(v).to_ref(), args, state]))
}

fn reduce(vm: &Vm, a: &[Value]) -> PyResult {
    reduce_for(vm, a[0], 2)
}

fn reduce_ex(vm: &Vm, a: &[Value]) -> PyResult {
    let protocol = match a[1].non_null() {
        Some(p) => convert::c_int(vm, p)?,
        None => 0,
    };
    reduce_for(vm, a[0], protocol)
}

fn allocated(this: &PyByteArray) -> usize {
    this.with_mut(|d| if d.capacity() == 0 { 0 } else { d.capacity() + 1 })
}

pub static ITERATOR_DEF: TypeDef = TypeDef {
    flags: 0,
    new: New::Disallowed,
    slots: |s| {
        s.iter = Some(|_, v| Ok(v.to_ref()));
        s.next = Some(bytes::iterator_next);
        s.drop = Some(object::drop_payload::<bytes::BytesIterator>);
    },
    methods: bytes::ITERATOR_METHODS,
    ..TypeDef::of::<bytes::BytesIterator>("bytearray_iterator")
};

fn repr(vm: &Vm, v: Value) -> PyResult {
    let name = vm.type_of(v).name();
    // Unlike that of bytes, the text has a backslash before a single quote also in double quotes.
    let text = bytes::repr_of(this(v).as_slice());
    let text = if text.starts_with("b\"") { text.replace('\'', "\\'") } else { text };
    Ok(vm.new_str(&format!("{name}({text})")))
}

static METHODS: &[MethodDef] = bytes::methods::method_table![
    MethodDef::new("append", "($self, item, /)", append, "Adds one byte at the end."),
    MethodDef::new("clear", "($self, /)", clear, "Removes all bytes."),
    MethodDef::new("copy", "($self, /)", copy, "A copy."),
    MethodDef::new("extend", "($self, iterable_of_ints, /)", extend, "Adds the bytes of an iterable at the end."),
    MethodDef::new("insert", "($self, index, item, /)", insert, "Puts one byte before the index."),
    MethodDef::new("pop", "($self, index=-1, /)", pop, "Removes the byte at the index and returns it."),
    MethodDef::new("remove", "($self, value, /)", remove, "Removes the first occurrence of a byte; ValueError without one."),
    MethodDef::new("resize", "($self, size, /)", resize_method, "Cuts to the size, or fills up with null bytes."),
    MethodDef::new("reverse", "($self, /)", reverse, "Reverses the order of the bytes in place."),
    MethodDef::new("__alloc__", "($self, /)", |vm, a| Ok(item::from_size(vm, allocated(this(a[0])))), "Bytes that are allocated."),
    MethodDef::new("__reduce__", "($self, /)", reduce, "State for pickling."),
    MethodDef::new("__reduce_ex__", "($self, proto=0, /)", reduce_ex, "State for pickling."),
    MethodDef::new("__sizeof__", "($self, /)", |vm, a| Ok(item::from_size(vm, 56 + allocated(this(a[0])))), "Size of the object in memory, in bytes."),
];

pub static DEF: TypeDef = TypeDef {
    doc: "bytearray(iterable_of_ints) -> bytearray\nbytearray(string, encoding[, errors]) -> bytearray\nbytearray(bytes_or_buffer) -> mutable copy of bytes_or_buffer\nbytearray(int) -> bytes array of size given by the parameter initialized with null bytes\nbytearray() -> empty bytes array\n\nConstruct a mutable bytearray object from:\n  - an iterable yielding integers in range(256)\n  - a text string encoded using the specified encoding\n  - a bytes or a buffer object\n  - any object implementing the buffer API.\n  - an integer",
    flags: flags::BASETYPE,
    new: New::Raw(bytearray_new),
    slots: |s| {
        s.init = Some(bytearray_init);
        s.repr = Some(repr);
        s.str = Some(|vm, v| {
            bytes::warn_of_text(vm, "str() on a bytearray instance")?;
            repr(vm, v)
        });
        s.compare = Some(bytes::compare);
        s.concat = Some(concat);
        s.inplace_concat = Some(inplace_concat);
        s.repeat = Some(repeat);
        s.inplace_repeat = Some(inplace_repeat);
        s.binary[BinaryOp::Remainder as usize] = Some(remainder);
        s.len = Some(|_, v| Ok(this(v).as_slice().len()));
        s.get_item = Some(get_item);
        s.set_item = Some(set_item);
        s.contains = Some(|vm, v, x| {
            let _pin = this(v).pin();
            bytes::contains_in(vm, this(v).as_slice(), x)
        });
        s.iter = Some(|_, v| Ok(bytes::new_iterator(v, shape::BYTEARRAY_ITERATOR)));
        s.buffer = Some(|v| BufferInfo::of_bytes(this(v).as_slice(), false));
        s.count_export = Some(|v, views| this(v).count_export(views));
        s.drop = Some(object::drop_payload::<PyByteArray>);
    },
    methods: METHODS,
    ..TypeDef::of::<PyByteArray>("bytearray")
};
