//! `bytes`: immutable; the bytes follow the payload.

use std::cell::Cell;

use crate::convert;
use crate::error::{PyResult, Raised};
use crate::object::{self, Header, Payload};
use crate::protocol::buffer::{self, Buffer};
use crate::protocol::number::BinaryOp;
use crate::protocol::{item, iter, number};
use crate::shape;
use crate::types::bytearray::PyByteArray;
use crate::types::iterators::{builtin_function, reduce_sequence};
use crate::types::memoryview::BufferInfo;
use crate::types::slots::CompareOp;
use crate::types::str_::{PyStr, hash_bytes};
use crate::types::tuple::PyTuple;
use crate::types::type_::{MethodDef, New, TypeDef, TypeRef, flags};
use crate::value::{Ref, Value};
use crate::vm::Vm;

pub mod hex;
pub(crate) mod methods;

/// Payload of bytes; the bytes follow the struct.
#[repr(C)]
pub struct PyBytes {
    header: Header,
    hash: Cell<i64>,
    len: usize,
}

// SAFETY: repr(C), header first.
unsafe impl Payload for PyBytes {
    const SHAPE: u32 = shape::BYTES;
}

const DATA: usize = size_of::<PyBytes>();

impl PyBytes {
    #[inline(always)]
    pub fn as_slice(&self) -> &[u8] {
        // SAFETY: `len` bytes follow the payload.
        unsafe { std::slice::from_raw_parts((self as *const PyBytes as *const u8).add(DATA), self.len) }
    }
}

unsafe fn write(p: *mut Header, shape: u32, bytes: &[u8]) -> Ref {
    // SAFETY: the caller allocated room for the payload and the bytes.
    unsafe {
        let b = PyBytes { header: Header { refs: 1, shape }, hash: Cell::new(0), len: bytes.len() };
        std::ptr::write(p as *mut PyBytes, b);
        std::ptr::copy_nonoverlapping(bytes.as_ptr(), (p as *mut u8).add(DATA), bytes.len());
        Ref::from_owned(Value::owned(p))
    }
}

/// A bytes object.
pub fn new(vm: &Vm, bytes: &[u8]) -> Ref {
    if bytes.is_empty() {
        return vm.empty_bytes().to_ref();
    }
    // SAFETY: room for payload and bytes.
    unsafe { write(object::allocate(DATA + bytes.len(), shape::BYTES), shape::BYTES, bytes) }
}

pub(crate) fn make_empty() -> Value {
    // SAFETY: room for the payload.
    let r = unsafe { write(object::allocate(DATA, shape::BYTES), shape::BYTES, b"") };
    Value::immortal(r.into_value().pointer())
}

/// The contents of a bytes or bytearray object (valid until the bytearray changes). Whatever else
/// has bytes is asked for them: [`buffer`].
#[inline]
pub fn data_of<'a>(v: Value) -> Option<&'a [u8]> {
    match v.cast::<PyBytes>() {
        Some(b) => Some(b.as_slice()),
        None => v.cast::<PyByteArray>().map(PyByteArray::as_slice),
    }
}

/// Which of the two types is being made: their messages differ.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Bytes,
    ByteArray,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Bytes => "bytes",
            Kind::ByteArray => "bytearray",
        }
    }

    /// What the message about numbers out of range begins with.
    fn items(self) -> &'static str {
        match self {
            Kind::Bytes => "bytes",
            Kind::ByteArray => "byte",
        }
    }
}

/// What `bytes(v)` makes of an object other than an int or a str.
pub fn from_object(vm: &Vm, v: Value) -> PyResult<Vec<u8>> {
    if !v.has_shape(shape::BYTES)
        && let Some(made) = by_dunder(vm, v)?
    {
        return Ok(data_of(made.value()).unwrap_or_default().to_vec());
    }
    from_items(vm, v, Kind::Bytes)
}

/// What an object's `__bytes__` returns, if it has one: bytes, also of a subclass.
pub fn by_dunder(vm: &Vm, v: Value) -> PyResult<Option<Ref>> {
    let Some(m) = crate::protocol::attr::lookup_method(vm, v, vm.names().__bytes__)? else { return Ok(None) };
    let r = m.call(vm, &[])?;
    match r.cast::<PyBytes>() {
        Some(_) => Ok(Some(r)),
        None => Err(vm.type_error(format!(
            "__bytes__ returned non-bytes (type {})",
            vm.type_of(r.value()).full_name()
        ))),
    }
}

/// The memory of a bytes-like object, or the bytes that an iterable yields.
pub fn from_items(vm: &Vm, v: Value, kind: Kind) -> PyResult<Vec<u8>> {
    if v.has_shape(shape::BYTES) || v.has_shape(shape::BYTEARRAY) {
        return Ok(data_of(v).unwrap_or_default().to_vec());
    }
    if buffer::is_exporter(vm, v) {
        return buffer::copy(vm, v);
    }
    let items = if v.cast::<PyStr>().is_some() { None } else { Some(iter::get_iter(vm, v)) };
    let it = match items {
        Some(Ok(it)) => it,
        Some(Err(e)) if !e.is(vm, shape::TYPE_ERROR) => return Err(e),
        _ => {
            return Err(vm.type_error(format!(
                "cannot convert '{}' object to {}",
                vm.type_of(v).full_name(),
                kind.name()
            )));
        }
    };
    let mut out = Vec::with_capacity(iter::length_hint(vm, v, 64)?.min(1 << 20));
    while let Some(x) = iter::next(vm, it.value())? {
        out.push(byte(vm, x.value(), kind.items())?);
    }
    Ok(out)
}

/// A value as one byte; `what` begins the message about one out of range.
pub fn byte(vm: &Vm, v: Value, what: &str) -> PyResult<u8> {
    let i = number::index_clipped(vm, v)?;
    u8::try_from(i).map_err(|_| vm.value_error(format!("{what} must be in range(0, 256)")))
}

/// The arguments of `bytes(...)` and `bytearray(...)`: source, encoding, errors. A `__bytes__`,
/// which `bytes` asks first, is the caller's business.
pub fn from_arguments(vm: &Vm, a: &[Value], kind: Kind) -> PyResult<Vec<u8>> {
    let what = if a[1].is_null() { "errors" } else { "encoding" };
    let no_string = || Err(vm.type_error(format!("{what} without a string argument")));
    let given = !a[1].is_null() || !a[2].is_null();
    let Some(source) = a[0].non_null() else {
        return if given { no_string() } else { Ok(Vec::new()) };
    };
    if let Some(s) = source.cast::<PyStr>() {
        let Some(encoding) = a[1].non_null() else {
            return Err(vm.type_error("string argument without an encoding"));
        };
        let encoding = convert::name_arg(vm, kind.name(), "argument 'encoding'", encoding)?;
        let errors = match a[2].non_null() {
            Some(e) => convert::name_arg(vm, kind.name(), "argument 'errors'", e)?,
            None => "strict".to_owned(),
        };
        let r = crate::codecs::encode(vm, s, &encoding, &errors)?;
        return Ok(data_of(r.value()).unwrap_or_default().to_vec());
    }
    if given {
        return no_string();
    }
    if number::has_index(vm, source) {
        match number::size_i64(vm, source) {
            Ok(n) => return zeros(vm, n),
            Err(e) if e.is(vm, shape::TYPE_ERROR) => {}
            Err(e) => return Err(e),
        }
    }
    from_items(vm, source, kind)
}

fn zeros(vm: &Vm, n: i64) -> PyResult<Vec<u8>> {
    let Ok(n) = usize::try_from(n) else { return Err(vm.value_error("negative count")) };
    let mut v = Vec::new();
    if v.try_reserve_exact(n).is_err() {
        return Err(vm.error_args(shape::MEMORY_ERROR, &[]));
    }
    v.resize(n, 0);
    Ok(v)
}

/// `repr` of bytes: `b'...'`.
pub fn repr_of(bytes: &[u8]) -> String {
    let quote = if bytes.contains(&b'\'') && !bytes.contains(&b'"') { '"' } else { '\'' };
    let mut out = format!("b{quote}");
    for &b in bytes {
        match b {
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            b if b as char == quote => out.extend(['\\', quote]),
            0x20..=0x7e => out.push(b as char),
            b => {
                out.push_str("\\x");
                out.extend(hex::digits(&[b], None, 0).iter().map(|d| *d as char));
            }
        }
    }
    out.push(quote);
    out
}

fn this<'a>(v: Value) -> &'a PyBytes {
    // SAFETY: slots of `bytes` get bytes objects.
    unsafe { v.cast_unchecked::<PyBytes>() }
}

fn bytes_new(vm: &Vm, ty: TypeRef, a: &[Value]) -> PyResult {
    if ty.is(vm.builtin(shape::BYTES)) && a[0].has_shape(shape::BYTES) && a[1].is_null() && a[2].is_null() {
        return Ok(a[0].to_ref());
    }
    let alone = a[0].non_null().filter(|_| a[1].is_null() && a[2].is_null());
    let v = match alone.map(|source| by_dunder(vm, source)).transpose()?.flatten() {
        // As it is: it may be of a subclass.
        Some(made) if ty.is(vm.builtin(shape::BYTES)) => return Ok(made),
        Some(made) => data_of(made.value()).unwrap_or_default().to_vec(),
        None => from_arguments(vm, a, Kind::Bytes)?,
    };
    if ty.is(vm.builtin(shape::BYTES)) {
        return Ok(new(vm, &v));
    }
    // SAFETY: room for payload and bytes.
    Ok(unsafe { write(object::allocate_instance(ty, DATA + v.len()), ty.instance_shape(), &v) })
}

/// Comparison of bytes-like objects.
pub fn compare(vm: &Vm, a: Value, b: Value, op: CompareOp) -> PyResult {
    // Only a bytearray compares with every kind of memory.
    let own = |v: Value| v.cast::<PyBytes>().is_some();
    if a.cast::<PyByteArray>().is_none() && !(own(a) && own(b)) {
        return Ok(vm.not_implemented().to_ref());
    }
    if let (Some(x), Some(y)) = (a.cast::<PyBytes>(), b.cast::<PyBytes>()) {
        return Ok(vm.bool_ref(op.test(x.as_slice().cmp(y.as_slice()))));
    }
    let plain = |v: Value| v.has_shape(shape::BYTES) || v.has_shape(shape::BYTEARRAY);
    if plain(a)
        && plain(b)
        && let (Some(x), Some(y)) = (data_of(a), data_of(b))
    {
        return Ok(vm.bool_ref(op.test(x.cmp(y))));
    }
    if !buffer::is_exporter(vm, a) || !buffer::is_exporter(vm, b) {
        return Ok(vm.not_implemented().to_ref());
    }
    match Buffer::pair(vm, a, b) {
        Ok(sides) => Ok(vm.bool_ref(op.test((*sides.0).cmp(&*sides.1)))),
        Err(_) => Ok(vm.not_implemented().to_ref()),
    }
}

/// Calls `f` with the bytes of both sides of a `+`.
///
/// # Errors
/// TypeError, whatever the reason.
pub(super) fn both<R>(vm: &Vm, a: Value, b: Value, f: impl FnOnce(&[u8], &[u8]) -> R) -> PyResult<R> {
    match Buffer::pair(vm, a, b) {
        Ok(sides) => Ok(f(&sides.0, &sides.1)),
        Err(_) => Err(cannot_concat(vm, a, b)),
    }
}

#[cold]
pub(super) fn cannot_concat(vm: &Vm, a: Value, b: Value) -> Raised {
    vm.type_error(format!("can't concat {} to {}", vm.type_of(b).full_name(), vm.type_of(a).full_name()))
}

fn concat(vm: &Vm, a: Value, b: Value) -> PyResult {
    if let (Some(x), Some(y)) = (a.cast_exact::<PyBytes>(), b.cast_exact::<PyBytes>()) {
        return Ok(match (x.as_slice(), y.as_slice()) {
            ([], _) => b.to_ref(),
            (_, []) => a.to_ref(),
            (x, y) => new(vm, &[x, y].concat()),
        });
    }
    both(vm, a, b, |x, y| match (x, y) {
        ([], _) if b.has_shape(shape::BYTES) => b.to_ref(),
        (_, []) if a.has_shape(shape::BYTES) => a.to_ref(),
        _ => new(vm, &[x, y].concat()),
    })
}

fn repeat(vm: &Vm, a: Value, n: Value) -> PyResult {
    let n = number::size_i64(vm, n)?.max(0) as usize;
    if n == 1 && a.has_shape(shape::BYTES) {
        return Ok(a.to_ref());
    }
    let b = this(a).as_slice();
    if b.len().checked_mul(n).is_none_or(|l| l > isize::MAX as usize / 2) {
        return Err(vm.overflow_error("repeated bytes are too long"));
    }
    Ok(new(vm, &b.repeat(n)))
}

fn get_item(vm: &Vm, v: Value, key: Value) -> PyResult {
    let b = this(v).as_slice();
    if number::has_index(vm, key) {
        let i = number::index_i64(vm, key)?;
        let i = if i < 0 { i + b.len() as i64 } else { i };
        return match b.get(i.max(-1) as usize) {
            Some(x) if i >= 0 => Ok(Ref::small_int(*x as i64)),
            _ => Err(vm.index_error("index out of range")),
        };
    }
    match item::slice_indices(vm, key, b.len())? {
        Some(s) => {
            let out: Vec<u8> = (0..s.len).map(|i| b[(s.start + s.step * i as i64) as usize]).collect();
            Ok(new(vm, &out))
        }
        None => Err(vm.type_error(format!(
            "byte indices must be integers or slices, not {}",
            vm.type_of(key).full_name()
        ))),
    }
}

/// `x in bytes`: a byte, or bytes-like. The bytes are not to change while the program's code runs.
pub fn contains_in(vm: &Vm, bytes: &[u8], part: Value) -> PyResult<bool> {
    let found = |p: &[u8]| memchr::memmem::find(bytes, p).is_some();
    if let Some(p) = part.cast_exact::<PyBytes>() {
        return Ok(found(p.as_slice()));
    }
    // What is no number after all is asked for its memory.
    if number::has_index(vm, part)
        && let Ok(i) = number::index_clipped(vm, part)
    {
        return match u8::try_from(i) {
            Ok(b) => Ok(bytes.contains(&b)),
            Err(_) => Err(vm.value_error("byte must be in range(0, 256)")),
        };
    }
    Ok(found(&Buffer::new(vm, part)?))
}

/// Iterator over bytes and bytearray.
#[repr(C)]
pub struct BytesIterator {
    header: Header,
    bytes: crate::owned_cell::OwnedCell,
    index: Cell<usize>,
}

// SAFETY: repr(C), header first. The bytearray iterator shares it.
unsafe impl Payload for BytesIterator {
    const SHAPE: u32 = shape::BYTES_ITERATOR;
}

/// A new iterator over a bytes-like object.
pub fn new_iterator(v: Value, shape: u32) -> Ref {
    let r = object::new(BytesIterator {
        header: object::header(),
        bytes: crate::owned_cell::OwnedCell::new(v.to_ref()),
        index: Cell::new(0),
    });
    // SAFETY: a fresh object; both iterator types share the payload.
    unsafe { (*r.pointer()).shape = shape };
    r
}

pub fn iterator_next(_: &Vm, v: Value) -> PyResult<Option<Ref>> {
    // SAFETY: slot of both iterator types.
    let it = unsafe { v.cast_unchecked::<BytesIterator>() };
    let Some(b) = data_of(it.bytes.get()) else { return Ok(None) };
    match b.get(it.index.get()) {
        Some(x) => {
            it.index.set(it.index.get() + 1);
            Ok(Some(Ref::small_int(*x as i64)))
        }
        None => {
            it.bytes.clear();
            Ok(None)
        }
    }
}

fn iterator<'a>(v: Value) -> &'a BytesIterator {
    // SAFETY: methods of both iterator types, which share the payload.
    unsafe { v.cast_unchecked::<BytesIterator>() }
}

fn iterator_hint(vm: &Vm, a: &[Value]) -> PyResult {
    let it = iterator(a[0]);
    let n = data_of(it.bytes.get()).map_or(0, |b| b.len().saturating_sub(it.index.get()));
    Ok(item::from_size(vm, n))
}

fn iterator_reduce(vm: &Vm, a: &[Value]) -> PyResult {
    let it = iterator(a[0]);
    let iter = builtin_function(vm, "iter")?;
    if let Some(bytes) = it.bytes.get_ref() {
        return reduce_sequence(vm, iter, Some(bytes), it.index.get() as isize, false);
    }
    let empty = PyTuple::from_vec(vm, vec![vm.empty_tuple().to_ref()]);
    Ok(PyTuple::from_vec(vm, vec![iter, empty]))
}

fn iterator_set_state(vm: &Vm, a: &[Value]) -> PyResult {
    let i = item::ssize_arg(vm, a[1])?;
    let it = iterator(a[0]);
    if let Some(b) = data_of(it.bytes.get()) {
        it.index.set(i.clamp(0, b.len() as isize) as usize);
    }
    Ok(vm.none_ref())
}

/// Methods of the iterators of bytes and bytearray.
pub(super) static ITERATOR_METHODS: &[MethodDef] = &[
    MethodDef::new("__length_hint__", "($self, /)", iterator_hint, "Number of items still to come."),
    MethodDef::new("__reduce__", "($self, /)", iterator_reduce, "State for pickling."),
    MethodDef::new("__setstate__", "($self, object, /)", iterator_set_state, "Sets the state from unpickling."),
];

pub static ITERATOR_DEF: TypeDef = TypeDef {
    flags: 0,
    new: New::Disallowed,
    slots: |s| {
        s.iter = Some(|_, v| Ok(v.to_ref()));
        s.next = Some(iterator_next);
        s.drop = Some(object::drop_payload::<BytesIterator>);
        s.traverse = crate::traverse_fields!(BytesIterator: bytes);
    },
    methods: ITERATOR_METHODS,
    ..TypeDef::of::<BytesIterator>("bytes_iterator")
};

/// Size of the payload with its bytes.
unsafe fn size(p: *mut Header) -> usize {
    // SAFETY: the deallocator passes a bytes object.
    DATA + unsafe { (*(p as *const PyBytes)).len }
}

fn remainder(vm: &Vm, a: Value, b: Value) -> PyResult {
    if a.cast::<PyBytes>().is_none() {
        return Ok(vm.not_implemented().to_ref());
    }
    let out = crate::format::percent_bytes(vm, this(a).as_slice(), b)?;
    Ok(new(vm, &out))
}

/// The BytesWarning of `-b`.
pub(crate) fn warn_of_text(vm: &Vm, text: &str) -> PyResult<()> {
    if vm.runtime.config.flags.bytes_warning == 0 {
        return Ok(());
    }
    crate::runtime::warn(vm, shape::BYTES_WARNING, text, 1)
}

pub static DEF: TypeDef = TypeDef {
    doc: "bytes(iterable_of_ints) -> bytes\nbytes(string, encoding[, errors]) -> bytes\nbytes(bytes_or_buffer) -> immutable copy of bytes_or_buffer\nbytes(int) -> bytes object of size given by the parameter initialized with null bytes\nbytes() -> empty bytes object\n\nConstruct an immutable array of bytes from:\n  - an iterable yielding integers in range(256)\n  - a text string encoded using the specified encoding\n  - any object implementing the buffer API.\n  - an integer",
    flags: flags::BASETYPE,
    new: New::Bound("(source=b'', encoding='utf-8', errors='strict')", bytes_new),
    slots: |s| {
        s.repr = Some(|vm, v| Ok(vm.new_str(&repr_of(this(v).as_slice()))));
        s.str = Some(|vm, v| {
            warn_of_text(vm, "str() on a bytes instance")?;
            Ok(vm.new_str(&repr_of(this(v).as_slice())))
        });
        s.hash = Some(|_, v| {
            let b = this(v);
            if b.hash.get() == 0 {
                b.hash.set(hash_bytes(b.as_slice()));
            }
            Ok(b.hash.get())
        });
        s.buffer = Some(|v| BufferInfo::of_bytes(this(v).as_slice(), true));
        s.compare = Some(compare);
        s.concat = Some(concat);
        s.repeat = Some(repeat);
        s.len = Some(|_, v| Ok(this(v).len));
        s.get_item = Some(get_item);
        s.contains = Some(|vm, v, x| contains_in(vm, this(v).as_slice(), x));
        s.iter = Some(|_, v| Ok(new_iterator(v, shape::BYTES_ITERATOR)));
        s.binary[BinaryOp::Remainder as usize] = Some(remainder);
        s.size = Some(size);
    },
    methods: methods::METHODS,
    ..TypeDef::of::<PyBytes>("bytes")
};

