//! Methods of `str` that look for parts: find, count, replace, partition and their like.

use memchr::{memchr, memchr_iter, memmem, memrchr};

use super::{PyStr, count_chars, same, this};
use crate::convert;
use crate::error::{PyResult, Raised};
use crate::protocol::item;
use crate::types::tuple::PyTuple;
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// Byte offset of the first occurrence.
#[inline]
pub fn find_bytes(text: &[u8], part: &[u8]) -> Option<usize> {
    match part {
        [] => Some(0),
        [b] => memchr(*b, text),
        _ if part.len() > text.len() => None,
        _ => memmem::find(text, part),
    }
}

/// Byte offset of the last occurrence.
#[inline]
pub fn rfind_bytes(text: &[u8], part: &[u8]) -> Option<usize> {
    match part {
        [] => Some(text.len()),
        [b] => memrchr(*b, text),
        _ if part.len() > text.len() => None,
        _ => memmem::rfind(text, part),
    }
}

/// Number of occurrences that do not overlap, at most `most`; the part must not be empty.
pub fn count_bytes(text: &[u8], part: &[u8], most: usize) -> usize {
    match part {
        [b] => memchr_iter(*b, text).take(most).count(),
        _ => memmem::find_iter(text, part).take(most).count(),
    }
}

/// The part of a str that `start` and `end` select: its bytes, where it begins and how long it
/// is in code points.
struct Window<'a> {
    bytes: &'a [u8],
    start: usize,
    chars: usize,
}

fn window<'a>(vm: &Vm, s: &'a PyStr, start: Value, end: Value) -> PyResult<Option<Window<'a>>> {
    let Some((start, end)) = convert::search_range(vm, start, end, s.char_len())? else { return Ok(None) };
    let bytes = if start == 0 && end == s.char_len() { s.as_bytes() } else { s.slice_bytes(start, end) };
    Ok(Some(Window { bytes, start, chars: end - start }))
}

/// Position of the part in code points, or `None`.
fn position(vm: &Vm, a: &[Value], name: &str, last: bool) -> PyResult<Option<usize>> {
    let part = convert::str_arg(vm, name, "argument 1", a[1])?;
    let s = this(a[0]);
    let Some(w) = window(vm, s, a[2], a[3])? else { return Ok(None) };
    let at = if last { rfind_bytes(w.bytes, part.as_bytes()) } else { find_bytes(w.bytes, part.as_bytes()) };
    Ok(at.map(|at| w.start + if s.is_ascii() { at } else { count_chars(&w.bytes[..at]) }))
}

fn or_minus_one(at: Option<usize>) -> PyResult {
    Ok(Ref::small_int(at.map_or(-1, |i| i as i64)))
}

fn or_error(vm: &Vm, at: Option<usize>) -> PyResult {
    match at {
        Some(i) => Ok(Ref::small_int(i as i64)),
        None => Err(vm.value_error("substring not found")),
    }
}

pub(super) fn find(vm: &Vm, a: &[Value]) -> PyResult {
    or_minus_one(position(vm, a, "find", false)?)
}

pub(super) fn rfind(vm: &Vm, a: &[Value]) -> PyResult {
    or_minus_one(position(vm, a, "rfind", true)?)
}

pub(super) fn index(vm: &Vm, a: &[Value]) -> PyResult {
    or_error(vm, position(vm, a, "index", false)?)
}

pub(super) fn rindex(vm: &Vm, a: &[Value]) -> PyResult {
    or_error(vm, position(vm, a, "rindex", true)?)
}

pub(super) fn count(vm: &Vm, a: &[Value]) -> PyResult {
    let part = convert::str_arg(vm, "count", "argument 1", a[1])?;
    let n = match window(vm, this(a[0]), a[2], a[3])? {
        None => 0,
        Some(w) if part.is_empty() => w.chars + 1,
        Some(w) => count_bytes(w.bytes, part.as_bytes(), usize::MAX),
    };
    Ok(item::from_size(vm, n))
}

/// `startswith` and `endswith`.
fn tail_match(vm: &Vm, a: &[Value], name: &str, test: fn(&[u8], &[u8]) -> bool) -> PyResult {
    let s = this(a[0]);
    // Bounds first: converting them may run code and fail, whatever the parts are.
    let w = window(vm, s, a[2], a[3])?;
    let matches = |part: &PyStr| w.as_ref().is_some_and(|w| test(w.bytes, part.as_bytes()));
    if let Some(t) = a[1].cast::<PyTuple>() {
        for &v in t.as_slice() {
            let Some(part) = v.cast::<PyStr>() else {
                return Err(vm.type_error(format!(
                    "tuple for {name} must only contain str, not {}",
                    vm.type_of(v).full_name()
                )));
            };
            if matches(part) {
                return Ok(vm.bool_ref(true));
            }
        }
        return Ok(vm.bool_ref(false));
    }
    match a[1].cast::<PyStr>() {
        Some(part) => Ok(vm.bool_ref(matches(part))),
        None => Err(vm.type_error(format!(
            "{name} first arg must be str or a tuple of str, not {}",
            vm.type_of(a[1]).full_name()
        ))),
    }
}

pub(super) fn startswith(vm: &Vm, a: &[Value]) -> PyResult {
    tail_match(vm, a, "startswith", |s, p| s.starts_with(p))
}

pub(super) fn endswith(vm: &Vm, a: &[Value]) -> PyResult {
    tail_match(vm, a, "endswith", |s, p| s.ends_with(p))
}

pub(super) fn removeprefix(vm: &Vm, a: &[Value]) -> PyResult {
    let part = convert::str_arg(vm, "removeprefix", "argument", a[1])?;
    match this(a[0]).as_bytes().strip_prefix(part.as_bytes()) {
        Some(rest) if !part.is_empty() => Ok(PyStr::from_wtf8(vm, rest)),
        _ => same(vm, a[0]),
    }
}

pub(super) fn removesuffix(vm: &Vm, a: &[Value]) -> PyResult {
    let part = convert::str_arg(vm, "removesuffix", "argument", a[1])?;
    match this(a[0]).as_bytes().strip_suffix(part.as_bytes()) {
        Some(rest) if !part.is_empty() => Ok(PyStr::from_wtf8(vm, rest)),
        _ => same(vm, a[0]),
    }
}

#[cold]
fn too_long(vm: &Vm) -> Raised {
    vm.overflow_error("replace string is too long")
}

/// Replaces at most `most` occurrences; `None` when there is nothing to replace.
pub(crate) fn replace_bytes(
    text: &[u8],
    old: &[u8],
    new: &[u8],
    most: usize,
    starts: impl Fn(u8) -> bool,
) -> Result<Option<Vec<u8>>, ()> {
    if most == 0 || old == new && !old.is_empty() {
        return Ok(None);
    }
    if old.is_empty() {
        return interleave(text, new, most, starts).map(Some);
    }
    if old.len() == new.len() {
        return Ok(replace_in_place(text, old, new, most));
    }
    let n = count_bytes(text, old, most);
    if n == 0 {
        return Ok(None);
    }
    let len = new.len().checked_mul(n).and_then(|l| l.checked_add(text.len() - n * old.len())).ok_or(())?;
    let mut out = Vec::new();
    out.try_reserve_exact(len).map_err(|_| ())?;
    let mut at = 0;
    for found in memmem::find_iter(text, old).take(n) {
        out.extend_from_slice(&text[at..found]);
        out.extend_from_slice(new);
        at = found + old.len();
    }
    out.extend_from_slice(&text[at..]);
    Ok(Some(out))
}

fn replace_in_place(text: &[u8], old: &[u8], new: &[u8], most: usize) -> Option<Vec<u8>> {
    let first = find_bytes(text, old)?;
    let mut out = text.to_vec();
    if let ([a], [b]) = (old, new) {
        for at in memchr_iter(*a, text).take(most) {
            out[at] = *b;
        }
        return Some(out);
    }
    for at in memmem::find_iter(&text[first..], old).take(most) {
        out[first + at..first + at + old.len()].copy_from_slice(new);
    }
    Some(out)
}

/// `new` before each character and at the end, at most `most` times.
fn interleave(text: &[u8], new: &[u8], most: usize, starts: impl Fn(u8) -> bool) -> Result<Vec<u8>, ()> {
    let places = (text.iter().filter(|b| starts(**b)).count() + 1).min(most);
    let len = new.len().checked_mul(places).and_then(|l| l.checked_add(text.len())).ok_or(())?;
    let mut out = Vec::new();
    out.try_reserve_exact(len).map_err(|_| ())?;
    let mut left = places;
    for &b in text {
        if left > 0 && starts(b) {
            out.extend_from_slice(new);
            left -= 1;
        }
        out.push(b);
    }
    if left > 0 {
        out.extend_from_slice(new);
    }
    Ok(out)
}

pub(super) fn replace(vm: &Vm, a: &[Value]) -> PyResult {
    let old = convert::str_arg(vm, "replace", "argument 1", a[1])?;
    let new = convert::str_arg(vm, "replace", "argument 2", a[2])?;
    let most = convert::size_or(vm, a[3], -1)?;
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let s = this(a[0]);
    match replace_bytes(s.as_bytes(), old.as_bytes(), new.as_bytes(), most, |b| b as i8 >= -0x40) {
        Ok(Some(out)) => Ok(PyStr::from_wtf8(vm, &out)),
        Ok(None) => same(vm, a[0]),
        Err(()) => Err(too_long(vm)),
    }
}

fn separator<'a>(vm: &Vm, v: Value) -> PyResult<&'a PyStr> {
    let sep = super::expect_plain(vm, v)?;
    if sep.is_empty() {
        return Err(vm.value_error("empty separator"));
    }
    Ok(sep)
}

pub(super) fn partition(vm: &Vm, a: &[Value]) -> PyResult {
    let sep = separator(vm, a[1])?;
    let text = this(a[0]).as_bytes();
    let parts = match find_bytes(text, sep.as_bytes()) {
        Some(at) => vec![
            PyStr::from_wtf8(vm, &text[..at]),
            a[1].to_ref(),
            PyStr::from_wtf8(vm, &text[at + sep.as_bytes().len()..]),
        ],
        None => vec![a[0].to_ref(), vm.empty_str().to_ref(), vm.empty_str().to_ref()],
    };
    Ok(PyTuple::from_vec(vm, parts))
}

pub(super) fn rpartition(vm: &Vm, a: &[Value]) -> PyResult {
    let sep = separator(vm, a[1])?;
    let text = this(a[0]).as_bytes();
    let parts = match rfind_bytes(text, sep.as_bytes()) {
        Some(at) => vec![
            PyStr::from_wtf8(vm, &text[..at]),
            a[1].to_ref(),
            PyStr::from_wtf8(vm, &text[at + sep.as_bytes().len()..]),
        ],
        None => vec![vm.empty_str().to_ref(), vm.empty_str().to_ref(), a[0].to_ref()],
    };
    Ok(PyTuple::from_vec(vm, parts))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replacing() {
        let r = |t: &str, o: &str, n: &str, m: usize| {
            replace_bytes(t.as_bytes(), o.as_bytes(), n.as_bytes(), m, |b| b as i8 >= -0x40)
                .expect("it fits")
                .map(|v| String::from_utf8(v).expect("UTF-8"))
        };
        assert_eq!(r("aéa", "", "-", usize::MAX).as_deref(), Some("-a-é-a-"));
        assert_eq!(r("aéa", "", "-", 2).as_deref(), Some("-a-éa"));
        assert_eq!(r("aaa", "aa", "b", usize::MAX).as_deref(), Some("ba"));
        assert_eq!(r("abab", "ab", "cd", 1).as_deref(), Some("cdab"));
        assert_eq!(r("abc", "x", "yy", usize::MAX), None);
        assert_eq!(r("", "", "z", usize::MAX).as_deref(), Some("z"));
    }
}
