//! `str`: text as WTF-8 (UTF-8 in which surrogates are three bytes each, also two that would
//! make a pair), with its length in code points; text whose two lengths are equal is ASCII and
//! indexed directly.

use std::cell::Cell;

use crate::error::PyResult;
use crate::object::{self, Header, Payload};
use crate::shape;
use crate::value::{Ref, Value};
use crate::vm::Vm;

mod case;
mod classify;
mod iterator;
mod methods;
mod pad;
pub(crate) mod search;
mod slots;
mod split;
mod translate;
pub use case::title_ascii;
pub use classify::is_identifier;
pub use iterator::ITERATOR_DEF;
pub use slots::{DEF, repr_of, slice_of};

/// Payload of a str; the bytes follow the struct.
#[repr(C)]
pub struct PyStr {
    header: Header,
    /// 0 until asked for.
    hash: Cell<i64>,
    /// In bytes.
    len: usize,
    /// In code points.
    chars: usize,
    interned: Cell<bool>,
}

// SAFETY: repr(C), header first.
unsafe impl Payload for PyStr {
    const SHAPE: u32 = shape::STR;
}

/// Offset of the bytes in the payload.
const DATA: usize = size_of::<PyStr>();

impl PyStr {
    /// A new str object; the empty one and ASCII characters are shared.
    pub fn new(vm: &Vm, text: &str) -> Ref {
        PyStr::from_wtf8(vm, text.as_bytes())
    }

    /// A new str object from valid WTF-8.
    pub fn from_wtf8(vm: &Vm, bytes: &[u8]) -> Ref {
        match bytes {
            [] => vm.empty_str().to_ref(),
            [b] => vm.latin1_char(*b).to_ref(),
            [a @ 0xc2..=0xc3, b] => vm.latin1_char(a << 6 | (b & 0x3f)).to_ref(),
            _ => PyStr::concat_parts(&[bytes]),
        }
    }

    /// A new str object from parts that are valid WTF-8.
    pub fn concat_parts(parts: &[&[u8]]) -> Ref {
        let chars = parts.iter().map(|p| count_chars(p)).sum();
        PyStr::build(parts, chars)
    }

    /// Like [`PyStr::concat_parts`], for `chars` code points altogether; short texts are shared.
    pub fn from_counted_parts(vm: &Vm, parts: &[&[u8]], chars: usize) -> Ref {
        if chars < 2 {
            return PyStr::from_wtf8(vm, &parts.concat());
        }
        PyStr::build(parts, chars)
    }

    fn build(parts: &[&[u8]], chars: usize) -> Ref {
        let len = parts.iter().map(|p| p.len()).sum();
        // SAFETY: the payload and its bytes are written before anybody sees the object.
        unsafe {
            let p = object::allocate(DATA + len, shape::STR);
            let s = PyStr {
                header: Header { refs: 1, shape: shape::STR },
                hash: Cell::new(0),
                len,
                chars,
                interned: Cell::new(false),
            };
            std::ptr::write(p as *mut PyStr, s);
            let mut to = (p as *mut u8).add(DATA);
            for part in parts {
                std::ptr::copy_nonoverlapping(part.as_ptr(), to, part.len());
                to = to.add(part.len());
            }
            Ref::from_owned(Value::owned(p))
        }
    }

    /// A part of this str as a str object.
    pub fn part(&self, vm: &Vm, bytes: &[u8]) -> Ref {
        if bytes.len() <= 2 {
            return PyStr::from_wtf8(vm, bytes);
        }
        let chars = if self.is_ascii() { bytes.len() } else { count_chars(bytes) };
        PyStr::build(&[bytes], chars)
    }

    /// A copy of this ASCII str, changed in place by `f` to other ASCII text.
    fn map_ascii(&self, vm: &Vm, f: impl FnOnce(&mut [u8])) -> Ref {
        if self.len < 2 {
            let mut buf = [0; 1];
            let text = &mut buf[..self.len];
            text.copy_from_slice(self.as_bytes());
            f(text);
            return PyStr::from_wtf8(vm, text);
        }
        let r = PyStr::build(&[self.as_bytes()], self.chars);
        // SAFETY: a fresh object that nobody else sees; its bytes follow the payload.
        f(unsafe { std::slice::from_raw_parts_mut((r.pointer() as *mut u8).add(DATA), self.len) });
        r
    }

    /// The two texts in one.
    pub fn concat(vm: &Vm, a: &PyStr, b: &PyStr) -> Ref {
        PyStr::from_counted_parts(vm, &[a.as_bytes(), b.as_bytes()], a.chars + b.chars)
    }

    /// Appends `b` to the str (exactly) in a slot: one that nobody else holds grows in place. Where
    /// memory is missing, the slot stays as it was.
    ///
    /// # Safety
    /// The slot must own its reference, unless it is marked as borrowed.
    pub unsafe fn append(vm: &Vm, slot: &mut Value, b: &PyStr) {
        let Some(s) = slot.cast_exact::<PyStr>() else { return };
        // SAFETY: a live object.
        let unshared = slot.is_owned_object() && unsafe { (*slot.pointer()).refs } == 1 && !s.interned.get();
        if !unshared || b.len == 0 || std::ptr::eq(s, b) {
            let old = std::mem::replace(slot, PyStr::concat(vm, s, b).into_value());
            // SAFETY: the slot owned it.
            return unsafe { old.release() };
        }
        let (old, added) = (DATA + s.len, b.len);
        // SAFETY: the only reference is the slot's; the object was allocated with this size.
        unsafe {
            let p = slot.pointer();
            let p = object::reallocate(p, old, old + added);
            let s = &mut *(p as *mut PyStr);
            std::ptr::copy_nonoverlapping(b.as_bytes().as_ptr(), (p as *mut u8).add(old), added);
            s.len += added;
            s.chars += b.chars;
            s.hash.set(0);
            *slot = Value::owned(p);
        }
    }

    /// An interned str object that is never freed; for `Vm::intern_bytes`.
    pub(crate) fn make_immortal(bytes: &[u8]) -> Value {
        let r = PyStr::concat_parts(&[bytes]);
        if let Some(s) = r.cast::<PyStr>() {
            s.interned.set(true);
        }
        Value::immortal(r.into_value().pointer())
    }

    #[inline(always)]
    pub fn as_bytes(&self) -> &[u8] {
        // SAFETY: `len` bytes follow the payload.
        unsafe { std::slice::from_raw_parts((self as *const PyStr as *const u8).add(DATA), self.len) }
    }

    /// The text, unless it holds a lone surrogate.
    pub fn to_str(&self) -> Option<&str> {
        if self.is_ascii() {
            // SAFETY: ASCII is UTF-8.
            return Some(unsafe { std::str::from_utf8_unchecked(self.as_bytes()) });
        }
        std::str::from_utf8(self.as_bytes()).ok()
    }

    /// The text with lone surrogates replaced, for messages.
    pub fn to_string_lossy(&self) -> String {
        match self.to_str() {
            Some(s) => s.to_owned(),
            None => self.code_points().map(|c| char::from_u32(c).unwrap_or('\u{fffd}')).collect(),
        }
    }

    /// Code points, surrogates included.
    pub fn code_points(&self) -> CodePoints<'_> {
        CodePoints { bytes: self.as_bytes() }
    }

    /// Length in code points.
    #[inline(always)]
    pub fn char_len(&self) -> usize {
        self.chars
    }

    #[inline(always)]
    pub fn is_ascii(&self) -> bool {
        self.len == self.chars
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub fn is_interned(&self) -> bool {
        self.interned.get()
    }

    /// An instance of a subclass of str: the bytes follow the payload as in str itself.
    pub(crate) fn allocate_subclass(ty: crate::types::type_::TypeRef, bytes: &[u8]) -> Ref {
        // SAFETY: the payload and its bytes are written before anybody sees the object.
        unsafe {
            let p = object::allocate_instance(ty, DATA + bytes.len());
            let s = PyStr {
                header: Header { refs: 1, shape: ty.instance_shape() },
                hash: Cell::new(0),
                len: bytes.len(),
                chars: count_chars(bytes),
                interned: Cell::new(false),
            };
            std::ptr::write(p as *mut PyStr, s);
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), (p as *mut u8).add(DATA), bytes.len());
            Ref::from_owned(Value::owned(p))
        }
    }

    pub fn as_header(&self) -> *const Header {
        &raw const self.header
    }

    /// Byte offset of a code point's index (`char_len` gives the end).
    pub fn byte_offset(&self, index: usize) -> usize {
        if self.is_ascii() {
            return index.min(self.len);
        }
        let bytes = self.as_bytes();
        let (mut at, mut left) = (0, index);
        while left > 0 && at < bytes.len() {
            at += sequence_len(bytes[at]);
            left -= 1;
        }
        at
    }

    /// The part between two code point indices, as WTF-8.
    pub fn slice_bytes(&self, from: usize, to: usize) -> &[u8] {
        let a = self.byte_offset(from);
        if self.is_ascii() {
            return &self.as_bytes()[a..to.min(self.len).max(a)];
        }
        let bytes = self.as_bytes();
        let (mut b, mut left) = (a, to.saturating_sub(from));
        while left > 0 && b < bytes.len() {
            b += sequence_len(bytes[b]);
            left -= 1;
        }
        &bytes[a..b]
    }

    /// The code point at an index below the length.
    pub fn char_at(&self, index: usize) -> u32 {
        if self.is_ascii() {
            return self.as_bytes()[index] as u32;
        }
        let b = &self.as_bytes()[self.byte_offset(index)..];
        CodePoints { bytes: b }.next().unwrap_or(0)
    }

    /// Hash, never -1.
    #[inline]
    pub fn hash(&self) -> i64 {
        let h = self.hash.get();
        if h != 0 {
            return h;
        }
        let h = hash_bytes(self.as_bytes());
        self.hash.set(h);
        h
    }
}

/// Hash of a str or bytes; the same in every run, so that runs repeat exactly. Never 0 but for
/// the empty string (as in CPython), never -1.
pub fn hash_bytes(bytes: &[u8]) -> i64 {
    if bytes.is_empty() {
        return 0;
    }
    const K: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut h = (bytes.len() as u64).wrapping_mul(K);
    for chunk in bytes.chunks(8) {
        let mut w = [0; 8];
        w[..chunk.len()].copy_from_slice(chunk);
        h = (h.rotate_left(5) ^ u64::from_le_bytes(w)).wrapping_mul(K);
    }
    h ^= h >> 32;
    h = h.wrapping_mul(K);
    h ^= h >> 29;
    match h as i64 {
        -1 => -2,
        0 => 1,
        h => h,
    }
}

/// Number of code points of valid WTF-8.
pub fn count_chars(bytes: &[u8]) -> usize {
    bytes.iter().filter(|b| (**b as i8) >= -0x40).count()
}

/// Length of the sequence that a first byte begins.
#[inline(always)]
pub fn sequence_len(first: u8) -> usize {
    match first {
        0..=0x7f => 1,
        0x80..=0xdf => 2,
        0xe0..=0xef => 3,
        _ => 4,
    }
}

/// Appends a code point (also a surrogate) as WTF-8. Surrogates that meet stay two characters.
pub fn push_code_point(out: &mut Vec<u8>, c: u32) {
    match char::from_u32(c) {
        Some(c) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        None => out.extend_from_slice(&[
            0xe0 | (c >> 12) as u8,
            0x80 | (c >> 6 & 0x3f) as u8,
            0x80 | (c & 0x3f) as u8,
        ]),
    }
}

/// Decodes WTF-8.
#[derive(Clone)]
pub struct CodePoints<'a> {
    bytes: &'a [u8],
}

impl<'a> CodePoints<'a> {
    pub fn of(bytes: &'a [u8]) -> CodePoints<'a> {
        CodePoints { bytes }
    }
}

impl Iterator for CodePoints<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        let first = *self.bytes.first()?;
        let n = sequence_len(first).min(self.bytes.len());
        let tail = |i: usize| (self.bytes.get(i).copied().unwrap_or(0) & 0x3f) as u32;
        let c = match n {
            1 => first as u32,
            2 => (first as u32 & 0x1f) << 6 | tail(1),
            3 => (first as u32 & 0x0f) << 12 | tail(1) << 6 | tail(2),
            _ => (first as u32 & 0x07) << 18 | tail(1) << 12 | tail(2) << 6 | tail(3),
        };
        self.bytes = &self.bytes[n..];
        Some(c)
    }
}

/// The empty str; made before anything else can ask for it.
pub(crate) fn make_empty() -> Value {
    PyStr::make_immortal(b"")
}

/// A str object from a single code point.
#[inline]
pub fn from_code_point(vm: &Vm, c: u32) -> Ref {
    if let Ok(b) = u8::try_from(c) {
        return vm.latin1_char(b).to_ref();
    }
    let mut b = Vec::with_capacity(4);
    push_code_point(&mut b, c);
    PyStr::build(&[&b], 1)
}

/// `repr` text with non-ASCII characters escaped: what `ascii()` does to a repr.
pub fn escape_non_ascii(s: &PyStr) -> String {
    let mut out = String::new();
    for c in s.code_points() {
        match c {
            0..=0x7f => out.push(c as u8 as char),
            0x80..=0xff => out.push_str(&format!("\\x{c:02x}")),
            0x100..=0xffff => out.push_str(&format!("\\u{c:04x}")),
            _ => out.push_str(&format!("\\U{c:08x}")),
        }
    }
    out
}

/// The ASCII digit that a decimal digit of any script stands for.
pub fn decimal_digit(c: char) -> Option<char> {
    let v = crate::unicode::decimal(c as u32)?;
    char::from_digit(v, 10)
}

/// The argument as a str, or TypeError `{what} must be str, not X`.
pub fn expect<'a>(vm: &Vm, v: Value, what: &str) -> PyResult<&'a PyStr> {
    match v.cast::<PyStr>() {
        Some(s) => Ok(s),
        None => Err(vm.type_error(format!("{what} must be str, not {}", vm.type_of(v).full_name()))),
    }
}

/// TypeError `must be str, not X`.
fn expect_plain<'a>(vm: &Vm, v: Value) -> PyResult<&'a PyStr> {
    match v.cast::<PyStr>() {
        Some(s) => Ok(s),
        None => Err(vm.type_error(format!("must be str, not {}", vm.type_of(v).full_name()))),
    }
}

/// The str that a method was called on.
#[inline(always)]
fn this<'a>(v: Value) -> &'a PyStr {
    // SAFETY: slots and methods of `str` get str objects.
    unsafe { v.cast_unchecked::<PyStr>() }
}

/// What a method returns that changed nothing: the str itself, or an exact copy of an instance
/// of a subclass.
fn same(vm: &Vm, v: Value) -> PyResult {
    if v.has_shape(shape::STR) {
        return Ok(v.to_ref());
    }
    Ok(this(v).part(vm, this(v).as_bytes()))
}

/// Size of the payload with its bytes.
///
/// # Safety
/// `p` must be a str object.
pub unsafe fn size(p: *mut Header) -> usize {
    // SAFETY: promised by the caller.
    DATA + unsafe { (*(p as *const PyStr)).len }
}
