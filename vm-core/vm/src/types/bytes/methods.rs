//! Methods that bytes and bytearray share. Each returns the type it was called on.

use std::ops::Deref;

use memchr::memmem;

use super::{byte, data_of, hex};
use crate::convert;
use crate::error::{PyResult, Raised};
use crate::protocol::buffer::{self, Buffer};
use crate::protocol::{item, iter, number};
use crate::shape;
use crate::types::bytearray::{self, Pin, PyByteArray};
use crate::types::list::PyList;
use crate::types::str_::search::{count_bytes, find_bytes, replace_bytes, rfind_bytes};
use crate::types::str_::title_ascii;
use crate::types::tuple::PyTuple;
use crate::types::type_::MethodDef;
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// The contents of what a method was called on.
fn this<'a>(v: Value) -> &'a [u8] {
    data_of(v).unwrap_or_default()
}

/// Keeps the size of a bytearray that a method was called on as it is.
fn pin<'a>(v: Value) -> Option<Pin<'a>> {
    v.cast::<PyByteArray>().map(PyByteArray::pin)
}

fn is_bytearray(v: Value) -> bool {
    v.cast::<PyByteArray>().is_some()
}

/// An object of the kind of `like` (but of no subclass).
fn make(vm: &Vm, like: Value, data: &[u8]) -> Ref {
    if is_bytearray(like) { bytearray::new(data.to_vec()) } else { super::new(vm, data) }
}

fn make_vec(vm: &Vm, like: Value, data: Vec<u8>) -> PyResult {
    Ok(if is_bytearray(like) { bytearray::new(data) } else { super::new(vm, &data) })
}

/// What a method returns that changed nothing: immutable bytes themselves, else a copy.
fn same(vm: &Vm, v: Value) -> PyResult {
    if v.has_shape(shape::BYTES) { Ok(v.to_ref()) } else { Ok(make(vm, v, this(v))) }
}

/// What is looked for: bytes, or one byte as an int.
enum Needle {
    Bytes(Buffer),
    Byte([u8; 1]),
}

impl Deref for Needle {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Needle::Bytes(b) => b,
            Needle::Byte(b) => b,
        }
    }
}

fn needle(vm: &Vm, v: Value) -> PyResult<Needle> {
    if buffer::is_exporter(vm, v) {
        return Buffer::new(vm, v).map(Needle::Bytes);
    }
    if !number::has_index(vm, v) {
        return Err(vm.type_error(format!(
            "argument should be integer or bytes-like object, not '{}'",
            vm.type_of(v).full_name()
        )));
    }
    Ok(Needle::Byte([byte(vm, v, "byte")?]))
}

fn position(vm: &Vm, a: &[Value], last: bool) -> PyResult<Option<usize>> {
    let _pin = pin(a[0]);
    let range = convert::search_range(vm, a[2], a[3], this(a[0]).len())?;
    let part = needle(vm, a[1])?;
    let Some((start, end)) = range else { return Ok(None) };
    let Some(text) = this(a[0]).get(start..end) else { return Ok(None) };
    let at = if last { rfind_bytes(text, &part) } else { find_bytes(text, &part) };
    Ok(at.map(|i| start + i))
}

fn or_minus_one(at: Option<usize>) -> PyResult {
    Ok(Ref::small_int(at.map_or(-1, |i| i as i64)))
}

fn or_error(vm: &Vm, at: Option<usize>) -> PyResult {
    at.map(|i| Ref::small_int(i as i64)).ok_or_else(|| vm.value_error("subsection not found"))
}

pub fn find(vm: &Vm, a: &[Value]) -> PyResult {
    or_minus_one(position(vm, a, false)?)
}

pub fn rfind(vm: &Vm, a: &[Value]) -> PyResult {
    or_minus_one(position(vm, a, true)?)
}

pub fn index(vm: &Vm, a: &[Value]) -> PyResult {
    or_error(vm, position(vm, a, false)?)
}

pub fn rindex(vm: &Vm, a: &[Value]) -> PyResult {
    or_error(vm, position(vm, a, true)?)
}

pub fn count(vm: &Vm, a: &[Value]) -> PyResult {
    let _pin = pin(a[0]);
    let range = convert::search_range(vm, a[2], a[3], this(a[0]).len())?;
    let part = needle(vm, a[1])?;
    let text = range.and_then(|(s, e)| this(a[0]).get(s..e));
    let n = match text {
        None => 0,
        Some(t) if part.is_empty() => t.len() + 1,
        Some(t) => count_bytes(t, &part, usize::MAX),
    };
    Ok(item::from_size(vm, n))
}

fn tail_match(vm: &Vm, a: &[Value], name: &str, test: fn(&[u8], &[u8]) -> bool) -> PyResult {
    let _pin = pin(a[0]);
    let range = convert::search_range(vm, a[2], a[3], this(a[0]).len())?;
    let text = range.and_then(|(s, e)| this(a[0]).get(s..e));
    let matches = |part: &[u8]| text.is_some_and(|t| test(t, part));
    if let Some(t) = a[1].cast::<PyTuple>() {
        for &v in t.as_slice() {
            if matches(&convert::bytes_or_buffer(vm, v)?) {
                return Ok(vm.bool_ref(true));
            }
        }
        return Ok(vm.bool_ref(false));
    }
    match convert::bytes_or_buffer(vm, a[1]) {
        Ok(part) => Ok(vm.bool_ref(matches(&part))),
        Err(e) if !e.is(vm, shape::TYPE_ERROR) => Err(e),
        Err(_) => Err(vm.type_error(format!(
            "{name} first arg must be bytes or a tuple of bytes, not {}",
            vm.type_of(a[1]).full_name()
        ))),
    }
}

pub fn startswith(vm: &Vm, a: &[Value]) -> PyResult {
    tail_match(vm, a, "startswith", |s, p| s.starts_with(p))
}

pub fn endswith(vm: &Vm, a: &[Value]) -> PyResult {
    tail_match(vm, a, "endswith", |s, p| s.ends_with(p))
}

pub fn removeprefix(vm: &Vm, a: &[Value]) -> PyResult {
    let part = Buffer::new(vm, a[1])?;
    match this(a[0]).strip_prefix(&*part) {
        Some(rest) if !part.is_empty() => Ok(make(vm, a[0], rest)),
        _ => same(vm, a[0]),
    }
}

pub fn removesuffix(vm: &Vm, a: &[Value]) -> PyResult {
    let part = Buffer::new(vm, a[1])?;
    match this(a[0]).strip_suffix(&*part) {
        Some(rest) if !part.is_empty() => Ok(make(vm, a[0], rest)),
        _ => same(vm, a[0]),
    }
}

pub fn replace(vm: &Vm, a: &[Value]) -> PyResult {
    let pair = Buffer::pair(vm, a[1], a[2])?;
    let most = convert::size_or(vm, a[3], -1)?;
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    match replace_bytes(this(a[0]), &pair.0, &pair.1, most, |_| true) {
        Ok(Some(out)) => make_vec(vm, a[0], out),
        Ok(None) => same(vm, a[0]),
        Err(()) => Err(vm.overflow_error("replace bytes is too long")),
    }
}

fn separator(vm: &Vm, v: Value) -> PyResult<Buffer> {
    let sep = Buffer::new(vm, v)?;
    if sep.is_empty() {
        return Err(vm.value_error("empty separator"));
    }
    Ok(sep)
}

/// The separator of a partition of `like`, and the object that stands for it in the result: what
/// holds its memory for bytes, a copy for bytearray.
fn partition_separator(vm: &Vm, like: Value, v: Value) -> PyResult<(Ref, Buffer)> {
    if !is_bytearray(like) {
        let sep = separator(vm, v)?;
        return Ok((sep.owner(), sep));
    }
    let copy = bytearray::new(buffer::copy(vm, v)?);
    let sep = separator(vm, copy.value())?;
    Ok((copy, sep))
}

pub fn partition(vm: &Vm, a: &[Value]) -> PyResult {
    let (shown, sep) = partition_separator(vm, a[0], a[1])?;
    let text = this(a[0]);
    let parts = match find_bytes(text, &sep) {
        Some(at) => vec![
            make(vm, a[0], &text[..at]),
            shown,
            make(vm, a[0], &text[at + sep.len()..]),
        ],
        None => vec![partition_whole(vm, a[0]), make(vm, a[0], b""), make(vm, a[0], b"")],
    };
    Ok(PyTuple::from_vec(vm, parts))
}

pub fn rpartition(vm: &Vm, a: &[Value]) -> PyResult {
    let (shown, sep) = partition_separator(vm, a[0], a[1])?;
    let text = this(a[0]);
    let parts = match rfind_bytes(text, &sep) {
        Some(at) => vec![
            make(vm, a[0], &text[..at]),
            shown,
            make(vm, a[0], &text[at + sep.len()..]),
        ],
        None => vec![make(vm, a[0], b""), make(vm, a[0], b""), partition_whole(vm, a[0])],
    };
    Ok(PyTuple::from_vec(vm, parts))
}

/// All of it, which bytes (also of a subclass) give as they are.
fn partition_whole(vm: &Vm, v: Value) -> Ref {
    if is_bytearray(v) { make(vm, v, this(v)) } else { v.to_ref() }
}

pub fn is_space(b: u8) -> bool {
    matches!(b, b' ' | 0x09..=0x0d)
}

/// The parts between runs of white space; `from_right` says where the cuts are counted.
fn space_parts(text: &[u8], most: usize, from_right: bool) -> Vec<&[u8]> {
    let mut parts = Vec::new();
    let mut rest = text;
    loop {
        rest = if from_right { trim_end(rest, &is_space) } else { trim_start(rest, &is_space) };
        if rest.is_empty() {
            break;
        }
        if parts.len() == most {
            parts.push(rest);
            break;
        }
        if from_right {
            let at = rest.iter().rposition(|b| is_space(*b)).map_or(0, |i| i + 1);
            parts.push(&rest[at..]);
            rest = &rest[..at];
        } else {
            let at = rest.iter().position(|b| is_space(*b)).unwrap_or(rest.len());
            parts.push(&rest[..at]);
            rest = &rest[at..];
        }
    }
    if from_right {
        parts.reverse();
    }
    parts
}

fn trim_start<'a>(text: &'a [u8], gone: &dyn Fn(u8) -> bool) -> &'a [u8] {
    &text[text.iter().take_while(|b| gone(**b)).count()..]
}

fn trim_end<'a>(text: &'a [u8], gone: &dyn Fn(u8) -> bool) -> &'a [u8] {
    &text[..text.len() - text.iter().rev().take_while(|b| gone(**b)).count()]
}

fn separated<'a>(text: &'a [u8], sep: &[u8], most: usize, from_right: bool) -> Vec<&'a [u8]> {
    let mut parts = Vec::new();
    if from_right {
        let mut rest = text;
        while parts.len() < most
            && let Some(at) = rfind_bytes(rest, sep)
        {
            parts.push(&rest[at + sep.len()..]);
            rest = &rest[..at];
        }
        parts.push(rest);
        parts.reverse();
        return parts;
    }
    let mut at = 0;
    for found in memmem::find_iter(text, sep).take(most) {
        parts.push(&text[at..found]);
        at = found + sep.len();
    }
    parts.push(&text[at..]);
    parts
}

fn split_with(vm: &Vm, a: &[Value], from_right: bool) -> PyResult {
    let most = convert::size_or(vm, a[2], -1)?;
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let _pin = pin(a[0]);
    let parts = match a[1].non_null().filter(|v| !v.is(vm.none())) {
        None => space_parts(this(a[0]), most, from_right),
        Some(v) => separated(this(a[0]), &separator(vm, v)?, most, from_right),
    };
    if let [only] = parts[..]
        && only.len() == this(a[0]).len()
    {
        return Ok(PyList::new(vm, vec![same(vm, a[0])?]));
    }
    Ok(PyList::new(vm, parts.into_iter().map(|p| make(vm, a[0], p)).collect()))
}

pub fn split(vm: &Vm, a: &[Value]) -> PyResult {
    split_with(vm, a, false)
}

pub fn rsplit(vm: &Vm, a: &[Value]) -> PyResult {
    split_with(vm, a, true)
}

pub fn splitlines(vm: &Vm, a: &[Value]) -> PyResult {
    let keep = convert::bool_or(vm, a[1], false)?;
    let mut rest = this(a[0]);
    let mut parts = Vec::new();
    while !rest.is_empty() {
        let end = memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
        let ending = match rest.get(end..) {
            Some([b'\r', b'\n', ..]) => 2,
            Some([_, ..]) => 1,
            _ => 0,
        };
        parts.push(make(vm, a[0], &rest[..if keep { end + ending } else { end }]));
        rest = &rest[end + ending..];
    }
    Ok(PyList::new(vm, parts))
}

fn strip_with(vm: &Vm, a: &[Value], left: bool, right: bool) -> PyResult {
    let mut gone = [false; 256];
    match a[1].non_null().filter(|v| !v.is(vm.none())) {
        None => (0..=255).for_each(|b: u8| gone[b as usize] = is_space(b)),
        Some(v) => Buffer::new(vm, v)?.iter().for_each(|b| gone[*b as usize] = true),
    }
    let gone = |b: u8| gone[b as usize];
    let mut text = this(a[0]);
    if left {
        text = trim_start(text, &gone);
    }
    if right {
        text = trim_end(text, &gone);
    }
    if text.len() == this(a[0]).len() { same(vm, a[0]) } else { Ok(make(vm, a[0], text)) }
}

pub fn strip(vm: &Vm, a: &[Value]) -> PyResult {
    strip_with(vm, a, true, true)
}

pub fn lstrip(vm: &Vm, a: &[Value]) -> PyResult {
    strip_with(vm, a, true, false)
}

pub fn rstrip(vm: &Vm, a: &[Value]) -> PyResult {
    strip_with(vm, a, false, true)
}

fn joined<'a>(sep: &[u8], parts: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut out = Vec::new();
    for (i, part) in parts.enumerate() {
        if i > 0 {
            out.extend_from_slice(sep);
        }
        out.extend_from_slice(part);
    }
    out
}

pub fn join(vm: &Vm, a: &[Value]) -> PyResult {
    // Iterators must not change what they are joined by.
    let _pin = pin(a[0]);
    let items = iter::sequence(vm, a[1], "can only join an iterable")?;
    if let [only] = &items[..]
        && only.has_shape(shape::BYTES)
        && !is_bytearray(a[0])
    {
        return Ok(only.clone());
    }
    if items.iter().all(|v| v.has_shape(shape::BYTES)) {
        return make_vec(vm, a[0], joined(this(a[0]), items.iter().map(|v| this(v.value()))));
    }
    let list = a[1].cast::<PyList>();
    let mut parts = Vec::with_capacity(items.len());
    for (i, v) in items.iter().enumerate() {
        match Buffer::new(vm, v.value()) {
            Ok(part) => parts.push(part),
            Err(_) => {
                return Err(vm.type_error(format!(
                    "sequence item {i}: expected a bytes-like object, {} found",
                    vm.type_of(v.value()).full_name()
                )));
            }
        }
        if list.is_some_and(|l| l.len() != items.len()) {
            return Err(vm.runtime_error("sequence changed size during iteration"));
        }
    }
    make_vec(vm, a[0], joined(this(a[0]), parts.iter().map(|p| &**p)))
}

macro_rules! mapped {
    ($($name:ident = $f:expr;)*) => {
        $(pub fn $name(vm: &Vm, a: &[Value]) -> PyResult {
            let mut out = this(a[0]).to_vec();
            let change: fn(&mut [u8]) = $f;
            change(&mut out);
            make_vec(vm, a[0], out)
        })*
    };
}

mapped! {
    lower = |b| b.make_ascii_lowercase();
    upper = |b| b.make_ascii_uppercase();
    title = title_ascii;
    capitalize = |b| {
        b.make_ascii_lowercase();
        if let Some(first) = b.first_mut() {
            first.make_ascii_uppercase();
        }
    };
    swapcase = |b| b.iter_mut().filter(|b| b.is_ascii_alphabetic()).for_each(|b| *b ^= 0x20);
}

macro_rules! predicates {
    ($($name:ident = $f:expr;)*) => {
        $(pub fn $name(vm: &Vm, a: &[Value]) -> PyResult {
            let test: fn(&[u8]) -> bool = $f;
            Ok(vm.bool_ref(test(this(a[0]))))
        })*
    };
}

predicates! {
    isascii = |b| b.is_ascii();
    isalpha = |b| !b.is_empty() && b.iter().all(u8::is_ascii_alphabetic);
    isalnum = |b| !b.is_empty() && b.iter().all(u8::is_ascii_alphanumeric);
    isdigit = |b| !b.is_empty() && b.iter().all(u8::is_ascii_digit);
    isspace = |b| !b.is_empty() && b.iter().all(|b| is_space(*b));
    islower = |b| b.iter().any(u8::is_ascii_lowercase) && !b.iter().any(u8::is_ascii_uppercase);
    isupper = |b| b.iter().any(u8::is_ascii_uppercase) && !b.iter().any(u8::is_ascii_lowercase);
    istitle = is_title;
}

fn is_title(text: &[u8]) -> bool {
    let (mut some, mut in_word) = (false, false);
    for b in text {
        match b {
            b'A'..=b'Z' if in_word => return false,
            b'a'..=b'z' if !in_word => return false,
            _ => {}
        }
        in_word = b.is_ascii_alphabetic();
        some |= in_word;
    }
    some
}

fn fill_byte(vm: &Vm, name: &str, v: Value) -> PyResult<u8> {
    let Some(v) = v.non_null() else { return Ok(b' ') };
    let shown = match (v.has_shape(shape::STR), v.cast::<super::PyBytes>(), v.cast::<PyByteArray>()) {
        (_, Some(b), _) => b.as_slice(),
        (_, _, Some(b)) => b.as_slice(),
        _ => return Err(convert::bad_argument(vm, name, "argument 2", "a byte string of length 1", v)),
    };
    match shown {
        [b] => Ok(*b),
        b => {
            let kind = if v.cast::<PyByteArray>().is_some() { "bytearray" } else { "bytes" };
            Err(vm.type_error(format!(
                "{name}(): argument 2 must be a byte string of length 1, not a {kind} object of length {}",
                b.len()
            )))
        }
    }
}

fn pad(vm: &Vm, a: &[Value], name: &str, left: fn(usize, usize) -> usize) -> PyResult {
    let width = usize::try_from(item::ssize_arg(vm, a[1])?).unwrap_or(0);
    let fill = fill_byte(vm, name, a[2])?;
    let text = this(a[0]);
    let n = width.saturating_sub(text.len());
    if n == 0 {
        return same(vm, a[0]);
    }
    let before = left(n, width);
    let mut out = Vec::new();
    if out.try_reserve_exact(width).is_err() {
        return Err(vm.error_args(shape::MEMORY_ERROR, &[]));
    }
    out.resize(before, fill);
    out.extend_from_slice(text);
    out.resize(width, fill);
    make_vec(vm, a[0], out)
}

pub fn center(vm: &Vm, a: &[Value]) -> PyResult {
    // The odd one goes to the left when the width is odd.
    pad(vm, a, "center", |n, width| n / 2 + (n & width & 1))
}

pub fn ljust(vm: &Vm, a: &[Value]) -> PyResult {
    pad(vm, a, "ljust", |_, _| 0)
}

pub fn rjust(vm: &Vm, a: &[Value]) -> PyResult {
    pad(vm, a, "rjust", |n, _| n)
}

pub fn zfill(vm: &Vm, a: &[Value]) -> PyResult {
    let width = usize::try_from(item::ssize_arg(vm, a[1])?).unwrap_or(0);
    let text = this(a[0]);
    if width <= text.len() {
        return same(vm, a[0]);
    }
    let (sign, digits) = text.split_at(matches!(text, [b'+' | b'-', ..]) as usize);
    let mut out = Vec::new();
    if out.try_reserve_exact(width).is_err() {
        return Err(vm.error_args(shape::MEMORY_ERROR, &[]));
    }
    out.extend_from_slice(sign);
    out.resize(width - digits.len(), b'0');
    out.extend_from_slice(digits);
    make_vec(vm, a[0], out)
}

pub fn expandtabs(vm: &Vm, a: &[Value]) -> PyResult {
    let size = match a[1].non_null() {
        Some(v) => convert::c_int(vm, v)?.max(0) as usize,
        None => 8,
    };
    let mut out = Vec::new();
    let mut column = 0;
    for &b in this(a[0]) {
        if b == b'\t' {
            let n = if size > 0 { size - column % size } else { 0 };
            column += n;
            if out.try_reserve(n).is_err() {
                return Err(vm.overflow_error("result too long"));
            }
            out.resize(out.len() + n, b' ');
        } else {
            out.push(b);
            column = if b == b'\n' || b == b'\r' { 0 } else { column + 1 };
        }
    }
    make_vec(vm, a[0], out)
}

#[cold]
fn bad_table(vm: &Vm) -> Raised {
    vm.value_error("translation table must be 256 characters long")
}

pub fn translate(vm: &Vm, a: &[Value]) -> PyResult {
    let table = if a[1].is(vm.none()) {
        None
    } else {
        let t = convert::bytes_or_buffer(vm, a[1])?;
        Some(<[u8; 256]>::try_from(&*t).map_err(|_| bad_table(vm))?)
    };
    let mut gone = [false; 256];
    if let Some(d) = a[2].non_null() {
        convert::bytes_or_buffer(vm, d)?.iter().for_each(|b| gone[*b as usize] = true);
    }
    let out: Vec<u8> = this(a[0])
        .iter()
        .filter(|b| !gone[**b as usize])
        .map(|b| table.map_or(*b, |t| t[*b as usize]))
        .collect();
    if out == this(a[0]) { same(vm, a[0]) } else { make_vec(vm, a[0], out) }
}

pub fn maketrans(vm: &Vm, a: &[Value]) -> PyResult {
    let pair = Buffer::pair(vm, a[0], a[1])?;
    let (from, to) = (&*pair.0, &*pair.1);
    if from.len() != to.len() {
        return Err(vm.value_error("maketrans arguments must have same length"));
    }
    let mut table: [u8; 256] = std::array::from_fn(|i| i as u8);
    for (f, t) in from.iter().zip(to) {
        table[*f as usize] = *t;
    }
    Ok(super::new(vm, &table))
}

pub fn decode(vm: &Vm, a: &[Value]) -> PyResult {
    let name = |v: Value, what: &str, default: &str| match v.non_null() {
        Some(v) => convert::name_arg(vm, "decode", what, v),
        None => Ok(default.to_owned()),
    };
    let encoding = name(a[1], "argument 'encoding'", "utf-8")?;
    let errors = name(a[2], "argument 'errors'", "strict")?;
    let _pin = pin(a[0]);
    crate::codecs::decode(vm, this(a[0]), &encoding, &errors)
}

pub fn hex_method(vm: &Vm, a: &[Value]) -> PyResult {
    let _pin = pin(a[0]);
    hex::to_hex(vm, this(a[0]), a[1], a[2])
}

pub fn fromhex(vm: &Vm, a: &[Value]) -> PyResult {
    let data = hex::from_hex(vm, a[1])?;
    let of_bytes = super::new(vm, &data);
    if a[0].is(vm.builtin(shape::BYTES).value()) {
        return Ok(of_bytes);
    }
    if a[0].is(vm.builtin(shape::BYTEARRAY).value()) {
        return Ok(bytearray::new(data));
    }
    crate::protocol::call::call_args(vm, a[0], &[of_bytes.value()])
}

pub const SELF: &str = "($self, /)";
pub const RANGE: &str = "($self, sub[, start[, end]], /)";
pub const CHARS: &str = "($self, bytes=None, /)";
pub const FILL: &str = "($self, width, fillchar=b' ', /)";
pub const SPLIT: &str = "($self, /, sep=None, maxsplit=-1)";

/// The method table of a bytes-like type: what both have, and its own.
macro_rules! method_table {
    ($($own:expr,)*) => {{
        use $crate::types::bytes::methods as m;
        &[
            MethodDef::new("capitalize", m::SELF, m::capitalize, "A copy with the first letter in upper case and the rest in lower case (ASCII)."),
            MethodDef::new("center", m::FILL, m::center, "The bytes in the middle of width bytes."),
            MethodDef::new("count", m::RANGE, m::count, "How often sub occurs in B[start:end] without overlap."),
            MethodDef::new("decode", "($self, /, encoding='utf-8', errors='strict')", m::decode, "The text that the bytes are in an encoding; errors names the handler of what cannot be decoded."),
            MethodDef::new("endswith", "($self, suffix[, start[, end]], /)", m::endswith, "Whether B[start:end] ends with the suffix, or with one of a tuple."),
            MethodDef::new("expandtabs", "($self, /, tabsize=8)", m::expandtabs, "A copy with spaces up to the next tab stop in place of tabs."),
            MethodDef::new("find", m::RANGE, m::find, "Index of the first occurrence of sub within B[start:end], or -1."),
            MethodDef::class("fromhex", "($type, string, /)", m::fromhex, "From pairs of hexadecimal digits; white space between pairs is skipped."),
            MethodDef::new("hex", "($self, /, sep=<unrepresentable>, bytes_per_sep=1)", m::hex_method, "The bytes as hexadecimal digits, with a separator every so many bytes (counted from the right; negative: from the left)."),
            MethodDef::new("index", m::RANGE, m::index, "Index of the first occurrence of sub within B[start:end]; ValueError without one."),
            MethodDef::new("isalnum", m::SELF, m::isalnum, "Whether there are bytes and all are ASCII letters or digits."),
            MethodDef::new("isalpha", m::SELF, m::isalpha, "Whether there are bytes and all are ASCII letters."),
            MethodDef::new("isascii", m::SELF, m::isascii, "Whether all bytes are ASCII."),
            MethodDef::new("isdigit", m::SELF, m::isdigit, "Whether there are bytes and all are ASCII digits."),
            MethodDef::new("islower", m::SELF, m::islower, "Whether there are ASCII letters and all are lower case."),
            MethodDef::new("isspace", m::SELF, m::isspace, "Whether there are bytes and all are ASCII white space."),
            MethodDef::new("istitle", m::SELF, m::istitle, "Whether each word begins in upper case and goes on in lower case."),
            MethodDef::new("isupper", m::SELF, m::isupper, "Whether there are ASCII letters and all are upper case."),
            MethodDef::new("join", "($self, iterable_of_bytes, /)", m::join, "The bytes-like objects of the iterable in one, with this one between them."),
            MethodDef::new("ljust", m::FILL, m::ljust, "The bytes at the left of width bytes."),
            MethodDef::new("lower", m::SELF, m::lower, "A copy with ASCII letters in lower case."),
            MethodDef::new("lstrip", m::CHARS, m::lstrip, "A copy without white space, or any of bytes, at the start."),
            MethodDef::static_("maketrans", "(frm, to, /)", m::maketrans, "A table for translate: each byte of frm becomes that of to in its place."),
            MethodDef::new("partition", "($self, sep, /)", m::partition, "The part before the first separator, the separator, and the part after it; without one, all and two empty parts."),
            MethodDef::new("replace", "($self, old, new, count=-1, /)", m::replace, "A copy with old replaced by new, everywhere or at most count times."),
            MethodDef::new("removeprefix", "($self, prefix, /)", m::removeprefix, "A copy without the prefix, if it begins with it."),
            MethodDef::new("removesuffix", "($self, suffix, /)", m::removesuffix, "A copy without the suffix, if it ends with it."),
            MethodDef::new("rfind", m::RANGE, m::rfind, "Index of the last occurrence of sub within B[start:end], or -1."),
            MethodDef::new("rindex", m::RANGE, m::rindex, "Index of the last occurrence of sub within B[start:end]; ValueError without one."),
            MethodDef::new("rjust", m::FILL, m::rjust, "The bytes at the right of width bytes."),
            MethodDef::new("rpartition", "($self, sep, /)", m::rpartition, "The part before the last separator, the separator, and the part after it; without one, two empty parts and all."),
            MethodDef::new("rsplit", m::SPLIT, m::rsplit, "The parts between separators (runs of white space if none is given), cut at most maxsplit times from the right."),
            MethodDef::new("rstrip", m::CHARS, m::rstrip, "A copy without white space, or any of bytes, at the end."),
            MethodDef::new("split", m::SPLIT, m::split, "The parts between separators (runs of white space if none is given), cut at most maxsplit times from the left."),
            MethodDef::new("splitlines", "($self, /, keepends=False)", m::splitlines, "The lines, with or without their ends."),
            MethodDef::new("startswith", "($self, prefix[, start[, end]], /)", m::startswith, "Whether B[start:end] begins with the prefix, or with one of a tuple."),
            MethodDef::new("strip", m::CHARS, m::strip, "A copy without white space, or any of bytes, at both ends."),
            MethodDef::new("swapcase", m::SELF, m::swapcase, "A copy with lower case made upper and upper case made lower (ASCII)."),
            MethodDef::new("title", m::SELF, m::title, "A copy in which each word begins in upper case and goes on in lower case (ASCII)."),
            MethodDef::new("translate", "($self, table, /, delete=b'')", m::translate, "A copy without the bytes of delete, the others as the table of 256 bytes maps them."),
            MethodDef::new("upper", m::SELF, m::upper, "A copy with ASCII letters in upper case."),
            MethodDef::new("zfill", "($self, width, /)", m::zfill, "The bytes filled up to width with zeros after their sign."),
            $($own,)*
        ]
    }};
}
pub(crate) use method_table;

fn getnewargs(vm: &Vm, a: &[Value]) -> PyResult {
    Ok(PyTuple::from_vec(vm, vec![super::new(vm, this(a[0]))]))
}

pub(super) static METHODS: &[MethodDef] = method_table![
    MethodDef::new("__getnewargs__", SELF, getnewargs, ""),
    MethodDef::new("__bytes__", SELF, same_method, "The bytes themselves."),
    MethodDef::new("__sizeof__", SELF, |vm, a| Ok(vm.new_int(33 + this(a[0]).len() as i64)), "Size of the object in memory, in bytes."),
];

fn same_method(vm: &Vm, a: &[Value]) -> PyResult {
    same(vm, a[0])
}
