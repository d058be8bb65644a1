//! `bytes`: immutable; the bytes follow the payload.

use std::cell::Cell;

use crate::error::PyResult;
use crate::object::{self, Header, Payload};
use crate::protocol::{iter, item, number};
use crate::shape;
use crate::types::bytearray::PyByteArray;
use crate::types::slots::CompareOp;
use crate::types::str_::{PyStr, hash_bytes};
use crate::types::type_::{MethodDef, New, TypeDef, TypeRef, flags};
use crate::value::{Ref, Value};
use crate::vm::Vm;

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

/// The contents of a bytes or bytearray object (valid until the bytearray changes), or of a
/// memoryview over one.
pub fn bytes_like<'a>(v: Value) -> Option<&'a [u8]> {
    if let Some(b) = v.cast::<PyBytes>() {
        return Some(b.as_slice());
    }
    if let Some(b) = v.cast::<PyByteArray>() {
        return Some(b.as_slice());
    }
    crate::types::memoryview::contents(v)
}

/// What `bytes(v)` makes of an object other than an int or a str.
pub fn from_object(vm: &Vm, v: Value) -> PyResult<Vec<u8>> {
    if let Some(b) = bytes_like(v) {
        return Ok(b.to_vec());
    }
    if let Some(m) = crate::protocol::attr::lookup_method(vm, v, vm.names().__bytes__)? {
        let r = m.call(vm, &[])?;
        return match r.cast::<PyBytes>() {
            Some(b) => Ok(b.as_slice().to_vec()),
            None => Err(vm.type_error(format!(
                "__bytes__ returned non-bytes (type {})",
                vm.type_of(r.value()).full_name()
            ))),
        };
    }
    let ty = vm.type_of(v);
    if ty.slots().iter.is_none() && ty.slots().get_item.is_none() || v.cast::<PyStr>().is_some() {
        return Err(vm.type_error(format!("cannot convert '{}' object to bytes", ty.full_name())));
    }
    let mut out = Vec::new();
    for x in iter::to_vec(vm, v)? {
        out.push(byte(vm, x.value(), "bytes")?);
    }
    Ok(out)
}

/// A value as one byte.
pub fn byte(vm: &Vm, v: Value, what: &str) -> PyResult<u8> {
    let i = number::index_clipped(vm, v)?;
    u8::try_from(i).map_err(|_| {
        vm.value_error(if what == "bytes" {
            "bytes must be in range(0, 256)".to_owned()
        } else {
            "byte must be in range(0, 256)".to_owned()
        })
    })
}

/// The arguments of `bytes(...)` and `bytearray(...)`: source, encoding, errors.
pub fn from_arguments(vm: &Vm, a: &[Value]) -> PyResult<Vec<u8>> {
    let Some(source) = a[0].non_null() else {
        if !a[1].is_null() || !a[2].is_null() {
            return Err(vm.type_error("encoding without a string argument"));
        }
        return Ok(Vec::new());
    };
    if let Some(s) = source.cast::<PyStr>() {
        let Some(encoding) = a[1].non_null() else {
            return Err(vm.type_error("string argument without an encoding"));
        };
        let errors = a[2].non_null().map(crate::protocol::object::text).unwrap_or_else(|| "strict".to_owned());
        let r = crate::codecs::encode(vm, s, &crate::protocol::object::text(encoding), &errors)?;
        return Ok(bytes_like(r.value()).unwrap_or_default().to_vec());
    }
    if !a[1].is_null() || !a[2].is_null() {
        return Err(vm.type_error("encoding without a string argument"));
    }
    let ty = vm.type_of(source);
    let has_bytes = ty.lookup(vm, vm.names().__bytes__).is_some();
    if number::has_index(vm, source) && bytes_like(source).is_none() && !has_bytes {
        let n = number::size_i64(vm, source)?;
        if n < 0 {
            return Err(vm.value_error("negative count"));
        }
        let mut v = Vec::new();
        if v.try_reserve_exact(n as usize).is_err() {
            return Err(vm.memory_error(""));
        }
        v.resize(n as usize, 0);
        return Ok(v);
    }
    from_object(vm, source)
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
            b => out.push_str(&format!("\\x{b:02x}")),
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
    let v = from_arguments(vm, a)?;
    if ty.is(vm.builtin(shape::BYTES)) {
        return Ok(new(vm, &v));
    }
    // SAFETY: room for payload and bytes.
    Ok(unsafe { write(object::allocate_instance(ty, DATA + v.len()), ty.instance_shape(), &v) })
}

/// Comparison of bytes-like objects.
pub fn compare(vm: &Vm, a: Value, b: Value, op: CompareOp) -> PyResult {
    match (bytes_like(a), bytes_like(b)) {
        (Some(x), Some(y)) => Ok(vm.bool_ref(op.test(x.cmp(y)))),
        _ => Ok(vm.not_implemented().to_ref()),
    }
}

fn concat(vm: &Vm, a: Value, b: Value) -> PyResult {
    match bytes_like(b) {
        Some(y) => Ok(new(vm, &[this(a).as_slice(), y].concat())),
        None => Err(vm.type_error(format!("can't concat {} to bytes", vm.type_of(b).full_name()))),
    }
}

fn repeat(vm: &Vm, a: Value, n: Value) -> PyResult {
    let n = number::size_i64(vm, n)?.max(0) as usize;
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

/// `x in bytes`.
pub fn contains_in(vm: &Vm, bytes: &[u8], part: Value) -> PyResult<bool> {
    if let Some(p) = bytes_like(part) {
        return Ok(memchr::memmem::find(bytes, p).is_some());
    }
    if number::has_index(vm, part) {
        let b = byte(vm, part, "byte")?;
        return Ok(bytes.contains(&b));
    }
    Err(vm.type_error(format!("a bytes-like object is required, not '{}'", vm.type_of(part).full_name())))
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
    let Some(b) = bytes_like(it.bytes.get()) else { return Ok(None) };
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

pub static ITERATOR_DEF: TypeDef = TypeDef {
    flags: 0,
    new: New::Disallowed,
    slots: |s| {
        s.iter = Some(|_, v| Ok(v.to_ref()));
        s.next = Some(iterator_next);
        s.drop = Some(object::drop_payload::<BytesIterator>);
    },
    ..TypeDef::of::<BytesIterator>("bytes_iterator")
};

/// Size of the payload with its bytes.
unsafe fn size(p: *mut Header) -> usize {
    // SAFETY: the deallocator passes a bytes object.
    DATA + unsafe { (*(p as *const PyBytes)).len }
}

fn decode(vm: &Vm, a: &[Value]) -> PyResult {
    let bytes = bytes_like(a[0]).unwrap_or_default();
    let text = |v: Value, d: &str| v.non_null().map(crate::protocol::object::text).unwrap_or_else(|| d.to_owned());
    crate::codecs::decode(vm, bytes, &text(a[1], "utf-8"), &text(a[2], "strict"))
}

pub(crate) const DECODE: MethodDef = MethodDef::new(
    "decode",
    "($self, /, encoding='utf-8', errors='strict')",
    decode,
    "Decode the bytes using the codec registered for encoding.",
);

pub static DEF: TypeDef = TypeDef {
    doc: "bytes(iterable_of_ints) -> bytes\nbytes(string, encoding[, errors]) -> bytes\nbytes(bytes_or_buffer) -> immutable copy of bytes_or_buffer\nbytes(int) -> bytes object of size given by the parameter initialized with null bytes\nbytes() -> empty bytes object\n\nConstruct an immutable array of bytes from:\n  - an iterable yielding integers in range(256)\n  - a text string encoded using the specified encoding\n  - any object implementing the buffer API.\n  - an integer",
    flags: flags::BASETYPE,
    new: New::Bound("(source=b'', encoding='utf-8', errors='strict')", bytes_new),
    slots: |s| {
        s.repr = Some(|vm, v| Ok(vm.new_str(&repr_of(this(v).as_slice()))));
        s.str = Some(|vm, v| Ok(vm.new_str(&repr_of(this(v).as_slice()))));
        s.hash = Some(|_, v| {
            let b = this(v);
            if b.hash.get() == 0 {
                b.hash.set(hash_bytes(b.as_slice()));
            }
            Ok(b.hash.get())
        });
        s.compare = Some(compare);
        s.concat = Some(concat);
        s.repeat = Some(repeat);
        s.len = Some(|_, v| Ok(this(v).len));
        s.get_item = Some(get_item);
        s.contains = Some(|vm, v, x| contains_in(vm, this(v).as_slice(), x));
        s.iter = Some(|_, v| Ok(new_iterator(v, shape::BYTES_ITERATOR)));
        s.size = Some(size);
    },
    methods: &[DECODE],
    ..TypeDef::of::<PyBytes>("bytes")
};

