//! Methods of `str` that change case.

use super::{CodePoints, PyStr, push_code_point, this};
use crate::error::PyResult;
use crate::unicode;
use crate::value::Value;
use crate::vm::Vm;

const CAPITAL_SIGMA: u32 = 0x3a3;
const SIGMA: u32 = 0x3c3;
const FINAL_SIGMA: u32 = 0x3c2;

/// Appends the lower case of the character at `i`; a capital sigma at the end of a word becomes
/// the final one.
fn push_lower(points: &[u32], i: usize, out: &mut Vec<u8>) {
    match points[i] {
        CAPITAL_SIGMA => push_code_point(out, if ends_word(points, i) { FINAL_SIGMA } else { SIGMA }),
        c => unicode::to_lower(c, |c| push_code_point(out, c)),
    }
}

/// Whether there is a cased letter before, and none after, leaving aside ignorable characters.
fn ends_word(points: &[u32], i: usize) -> bool {
    let visible = |c: &&u32| !unicode::is_case_ignorable(**c);
    let before = points[..i].iter().rev().find(visible);
    let after = points[i + 1..].iter().find(visible);
    before.is_some_and(|c| unicode::is_cased(*c)) && !after.is_some_and(|c| unicode::is_cased(*c))
}

fn points_of(s: &PyStr) -> Vec<u32> {
    CodePoints::of(s.as_bytes()).collect()
}

pub(super) fn lower(vm: &Vm, a: &[Value]) -> PyResult {
    let s = this(a[0]);
    if s.is_ascii() {
        return Ok(s.map_ascii(vm, |b| b.make_ascii_lowercase()));
    }
    let points = points_of(s);
    let mut out = Vec::with_capacity(s.as_bytes().len());
    (0..points.len()).for_each(|i| push_lower(&points, i, &mut out));
    Ok(PyStr::from_wtf8(vm, &out))
}

pub(super) fn upper(vm: &Vm, a: &[Value]) -> PyResult {
    let s = this(a[0]);
    if s.is_ascii() {
        return Ok(s.map_ascii(vm, |b| b.make_ascii_uppercase()));
    }
    let mut out = Vec::with_capacity(s.as_bytes().len());
    s.code_points().for_each(|c| unicode::to_upper(c, |c| push_code_point(&mut out, c)));
    Ok(PyStr::from_wtf8(vm, &out))
}

pub(super) fn casefold(vm: &Vm, a: &[Value]) -> PyResult {
    let s = this(a[0]);
    if s.is_ascii() {
        return lower(vm, a);
    }
    let mut out = Vec::with_capacity(s.as_bytes().len());
    s.code_points().for_each(|c| unicode::to_fold(c, |c| push_code_point(&mut out, c)));
    Ok(PyStr::from_wtf8(vm, &out))
}

pub(super) fn swapcase(vm: &Vm, a: &[Value]) -> PyResult {
    let s = this(a[0]);
    if s.is_ascii() {
        return Ok(s.map_ascii(vm, |bytes| {
            bytes.iter_mut().filter(|b| b.is_ascii_alphabetic()).for_each(|b| *b ^= 0x20)
        }));
    }
    let points = points_of(s);
    let mut out = Vec::with_capacity(s.as_bytes().len());
    for (i, &c) in points.iter().enumerate() {
        if unicode::is_upper(c) {
            push_lower(&points, i, &mut out);
        } else if unicode::is_lower(c) {
            unicode::to_upper(c, |c| push_code_point(&mut out, c));
        } else {
            push_code_point(&mut out, c);
        }
    }
    Ok(PyStr::from_wtf8(vm, &out))
}

pub(super) fn capitalize(vm: &Vm, a: &[Value]) -> PyResult {
    let s = this(a[0]);
    if s.is_ascii() {
        return Ok(s.map_ascii(vm, |bytes| {
            if let [first, rest @ ..] = bytes {
                first.make_ascii_uppercase();
                rest.make_ascii_lowercase();
            }
        }));
    }
    let points = points_of(s);
    let mut out = Vec::with_capacity(s.as_bytes().len());
    for (i, &c) in points.iter().enumerate() {
        if i == 0 {
            unicode::to_title(c, |c| push_code_point(&mut out, c));
        } else {
            push_lower(&points, i, &mut out);
        }
    }
    Ok(PyStr::from_wtf8(vm, &out))
}

pub(super) fn title(vm: &Vm, a: &[Value]) -> PyResult {
    let s = this(a[0]);
    if s.is_ascii() {
        return Ok(s.map_ascii(vm, title_ascii));
    }
    let points = points_of(s);
    let mut out = Vec::with_capacity(s.as_bytes().len());
    let mut in_word = false;
    for (i, &c) in points.iter().enumerate() {
        if in_word {
            push_lower(&points, i, &mut out);
        } else {
            unicode::to_title(c, |c| push_code_point(&mut out, c));
        }
        in_word = unicode::is_cased(c);
    }
    Ok(PyStr::from_wtf8(vm, &out))
}

/// Capitalizes each run of ASCII letters.
pub fn title_ascii(bytes: &mut [u8]) {
    let mut in_word = false;
    for b in bytes {
        if in_word {
            b.make_ascii_lowercase();
        } else {
            b.make_ascii_uppercase();
        }
        in_word = b.is_ascii_alphabetic();
    }
}
