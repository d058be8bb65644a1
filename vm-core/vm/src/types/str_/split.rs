//! Methods of `str` that cut and join: split, splitlines, strip, join.

use memchr::memmem;

use super::search::{find_bytes, rfind_bytes};
use super::{CodePoints, PyStr, same, sequence_len, this};
use crate::convert;
use crate::error::PyResult;
use crate::protocol::iter;
use crate::shape;
use crate::types::list::PyList;
use crate::unicode;
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// Whether ASCII code `b` is white space for `str` (for bytes, 0x1c to 0x1f are not).
#[inline]
pub fn is_ascii_space(b: u8) -> bool {
    matches!(b, b' ' | 0x09..=0x0d | 0x1c..=0x1f)
}

/// Length in bytes of the white space character that the text begins with, 0 for none.
#[inline]
fn space_at_start(text: &[u8]) -> usize {
    match text.first() {
        None => 0,
        Some(b) if b.is_ascii() => is_ascii_space(*b) as usize,
        Some(b) => match CodePoints::of(text).next() {
            Some(c) if unicode::is_space(c) => sequence_len(*b),
            _ => 0,
        },
    }
}

/// Length in bytes of the character that the text ends with; it must not be empty.
#[inline]
fn last_len(text: &[u8]) -> usize {
    1 + text.iter().rev().take_while(|b| (**b as i8) < -0x40).count().min(text.len() - 1)
}

#[inline]
fn space_at_end(text: &[u8]) -> usize {
    match text.last() {
        None => 0,
        Some(b) if b.is_ascii() => is_ascii_space(*b) as usize,
        Some(_) => {
            let n = last_len(text);
            match CodePoints::of(&text[text.len() - n..]).next() {
                Some(c) if unicode::is_space(c) => n,
                _ => 0,
            }
        }
    }
}

/// Length in bytes of the character that the text begins with.
#[inline]
fn first_len(text: &[u8]) -> usize {
    text.first().map_or(0, |b| sequence_len(*b).min(text.len()))
}

fn split_spaces(vm: &Vm, s: &PyStr, whole: Value, most: usize) -> PyResult<Vec<Ref>> {
    let mut parts = Vec::new();
    let mut text = s.as_bytes();
    loop {
        loop {
            match space_at_start(text) {
                0 => break,
                n => text = &text[n..],
            }
        }
        if text.is_empty() {
            return Ok(parts);
        }
        if parts.len() == most {
            parts.push(part_or_whole(vm, s, whole, text)?);
            return Ok(parts);
        }
        let mut end = 0;
        while end < text.len() && space_at_start(&text[end..]) == 0 {
            end += first_len(&text[end..]);
        }
        parts.push(part_or_whole(vm, s, whole, &text[..end])?);
        text = &text[end..];
    }
}

fn trimmed_end(text: &[u8]) -> usize {
    let mut end = text.len();
    while let n @ 1.. = space_at_end(&text[..end]) {
        end -= n;
    }
    end
}

/// A part; the str itself if that is all of it.
fn part_or_whole(vm: &Vm, s: &PyStr, whole: Value, part: &[u8]) -> PyResult {
    if part.len() == s.as_bytes().len() && whole.has_shape(shape::STR) {
        return Ok(whole.to_ref());
    }
    Ok(s.part(vm, part))
}

fn rsplit_spaces(vm: &Vm, s: &PyStr, whole: Value, most: usize) -> PyResult<Vec<Ref>> {
    let mut parts = Vec::new();
    let mut text = s.as_bytes();
    loop {
        text = &text[..trimmed_end(text)];
        if text.is_empty() {
            break;
        }
        if parts.len() == most {
            parts.push(part_or_whole(vm, s, whole, text)?);
            break;
        }
        let mut start = text.len();
        while start > 0 && space_at_end(&text[..start]) == 0 {
            start -= last_len(&text[..start]);
        }
        parts.push(part_or_whole(vm, s, whole, &text[start..])?);
        text = &text[..start];
    }
    parts.reverse();
    Ok(parts)
}

fn split_at(vm: &Vm, s: &PyStr, whole: Value, sep: &[u8], most: usize) -> PyResult<Vec<Ref>> {
    let text = s.as_bytes();
    let mut parts = Vec::new();
    let mut at = 0;
    if let [b] = sep {
        for found in memchr::memchr_iter(*b, text).take(most) {
            parts.push(s.part(vm, &text[at..found]));
            at = found + 1;
        }
    } else {
        for found in memmem::find_iter(text, sep).take(most) {
            parts.push(s.part(vm, &text[at..found]));
            at = found + sep.len();
        }
    }
    parts.push(part_or_whole(vm, s, whole, &text[at..])?);
    Ok(parts)
}

fn rsplit_at(vm: &Vm, s: &PyStr, whole: Value, sep: &[u8], most: usize) -> PyResult<Vec<Ref>> {
    let mut text = s.as_bytes();
    let mut parts = Vec::new();
    while parts.len() < most
        && let Some(at) = rfind_bytes(text, sep)
    {
        parts.push(s.part(vm, &text[at + sep.len()..]));
        text = &text[..at];
    }
    parts.push(part_or_whole(vm, s, whole, text)?);
    parts.reverse();
    Ok(parts)
}

type SpaceSplit = fn(&Vm, &PyStr, Value, usize) -> PyResult<Vec<Ref>>;
type PartSplit = fn(&Vm, &PyStr, Value, &[u8], usize) -> PyResult<Vec<Ref>>;

fn split_with(vm: &Vm, a: &[Value], by_space: SpaceSplit, by_part: PartSplit) -> PyResult {
    let most = convert::size_or(vm, a[2], -1)?;
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let s = this(a[0]);
    let parts = match a[1].non_null().filter(|v| !v.is(vm.none())) {
        None => by_space(vm, s, a[0], most)?,
        Some(v) => {
            let Some(sep) = v.cast::<PyStr>() else {
                return Err(vm.type_error(format!(
                    "must be str or None, not {}",
                    vm.type_of(v).full_name()
                )));
            };
            if sep.is_empty() {
                return Err(vm.value_error("empty separator"));
            }
            by_part(vm, s, a[0], sep.as_bytes(), most)?
        }
    };
    Ok(PyList::new(vm, parts))
}

pub(super) fn split(vm: &Vm, a: &[Value]) -> PyResult {
    split_with(vm, a, split_spaces, split_at)
}

pub(super) fn rsplit(vm: &Vm, a: &[Value]) -> PyResult {
    split_with(vm, a, rsplit_spaces, rsplit_at)
}

/// Length in bytes of the line break that the text begins with, 0 for none.
fn line_break(text: &[u8]) -> usize {
    match text {
        [b'\r', b'\n', ..] => 2,
        [b, ..] if b.is_ascii() => matches!(b, 0x0a..=0x0d | 0x1c..=0x1e) as usize,
        [b, ..] => match CodePoints::of(text).next() {
            Some(c) if unicode::is_line_break(c) => sequence_len(*b),
            _ => 0,
        },
        [] => 0,
    }
}

pub(super) fn splitlines(vm: &Vm, a: &[Value]) -> PyResult {
    let keep = convert::bool_or(vm, a[1], false)?;
    let s = this(a[0]);
    let text = s.as_bytes();
    let (mut parts, mut start, mut at) = (Vec::new(), 0, 0);
    while at < text.len() {
        let n = line_break(&text[at..]);
        if n == 0 {
            at += first_len(&text[at..]);
            continue;
        }
        let end = if keep { at + n } else { at };
        parts.push(part_or_whole(vm, s, a[0], &text[start..end])?);
        at += n;
        start = at;
    }
    if start < text.len() {
        parts.push(part_or_whole(vm, s, a[0], &text[start..])?);
    }
    Ok(PyList::new(vm, parts))
}

/// Strips characters from the sides that `left` and `right` choose.
fn strip_with(vm: &Vm, a: &[Value], name: &str, left: bool, right: bool) -> PyResult {
    let s = this(a[0]);
    let text = s.as_bytes();
    let (mut start, mut end) = (0, text.len());
    match a[1].non_null().filter(|v| !v.is(vm.none())) {
        None => {
            while left && let n @ 1.. = space_at_start(&text[start..end]) {
                start += n;
            }
            while right && let n @ 1.. = space_at_end(&text[start..end]) {
                end -= n;
            }
        }
        Some(v) => {
            let Some(set) = v.cast::<PyStr>() else {
                return Err(vm.type_error(format!("{name} arg must be None or str")));
            };
            let set = set.as_bytes();
            // A character's bytes are found in the set only where the character is.
            while left && start < end && {
                let n = first_len(&text[start..end]);
                find_bytes(set, &text[start..start + n]).is_some()
            } {
                start += first_len(&text[start..end]);
            }
            while right && start < end && {
                let n = last_len(&text[start..end]);
                find_bytes(set, &text[end - n..end]).is_some()
            } {
                end -= last_len(&text[start..end]);
            }
        }
    }
    if start == 0 && end == text.len() {
        return same(vm, a[0]);
    }
    Ok(s.part(vm, &text[start..end]))
}

pub(super) fn strip(vm: &Vm, a: &[Value]) -> PyResult {
    strip_with(vm, a, "strip", true, true)
}

pub(super) fn lstrip(vm: &Vm, a: &[Value]) -> PyResult {
    strip_with(vm, a, "lstrip", true, false)
}

pub(super) fn rstrip(vm: &Vm, a: &[Value]) -> PyResult {
    strip_with(vm, a, "rstrip", false, true)
}

pub(super) fn join(vm: &Vm, a: &[Value]) -> PyResult {
    let items = iter::sequence(vm, a[1], "can only join an iterable")?;
    if let [only] = &items[..]
        && only.has_shape(shape::STR)
    {
        return Ok(only.clone());
    }
    let sep = this(a[0]);
    let mut parts: Vec<&[u8]> = Vec::with_capacity(items.len() * 2);
    let mut chars = sep.char_len() * items.len().saturating_sub(1);
    for (i, v) in items.iter().enumerate() {
        let Some(s) = v.cast::<PyStr>() else {
            return Err(vm.type_error(format!(
                "sequence item {i}: expected str instance, {} found",
                vm.type_of(v.value()).full_name()
            )));
        };
        if i > 0 && !sep.is_empty() {
            parts.push(sep.as_bytes());
        }
        parts.push(s.as_bytes());
        chars += s.char_len();
    }
    Ok(PyStr::from_counted_parts(vm, &parts, chars))
}
