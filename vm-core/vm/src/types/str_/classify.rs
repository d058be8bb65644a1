//! Methods of `str` that ask what its characters are.

use super::{PyStr, this};
use crate::error::PyResult;
use crate::unicode;
use crate::value::Value;
use crate::vm::Vm;

/// Whether there are characters and all pass: one test for ASCII, one for all code points.
fn all(vm: &Vm, s: &PyStr, ascii: fn(u8) -> bool, any: fn(u32) -> bool) -> PyResult {
    let yes = !s.is_empty()
        && if s.is_ascii() { s.as_bytes().iter().all(|b| ascii(*b)) } else { s.code_points().all(any) };
    Ok(vm.bool_ref(yes))
}

macro_rules! predicates {
    ($($name:ident = $ascii:expr, $any:expr;)*) => {
        $(pub(super) fn $name(vm: &Vm, a: &[Value]) -> PyResult {
            all(vm, this(a[0]), $ascii, $any)
        })*
    };
}

predicates! {
    isalpha = |b| b.is_ascii_alphabetic(), unicode::is_alpha;
    isalnum = |b| b.is_ascii_alphanumeric(), unicode::is_alnum;
    isdecimal = |b| b.is_ascii_digit(), |c| unicode::decimal(c).is_some();
    isdigit = |b| b.is_ascii_digit(), |c| unicode::digit(c).is_some();
    isnumeric = |b| b.is_ascii_digit(), |c| unicode::record(c).is_numeric();
    isspace = super::split::is_ascii_space, unicode::is_space;
}

pub(super) fn isprintable(vm: &Vm, a: &[Value]) -> PyResult {
    let s = this(a[0]);
    Ok(vm.bool_ref(s.is_empty() || s.code_points().all(unicode::is_printable)))
}

pub(super) fn isascii(vm: &Vm, a: &[Value]) -> PyResult {
    Ok(vm.bool_ref(this(a[0]).is_ascii()))
}

pub(super) fn isidentifier(vm: &Vm, a: &[Value]) -> PyResult {
    Ok(vm.bool_ref(is_identifier(this(a[0]))))
}

/// `str.isidentifier`.
pub fn is_identifier(s: &PyStr) -> bool {
    let mut points = s.code_points();
    points.next().is_some_and(unicode::is_identifier_start) && points.all(unicode::is_identifier_continue)
}

pub(super) fn islower(vm: &Vm, a: &[Value]) -> PyResult {
    let mut some = false;
    for c in this(a[0]).code_points() {
        if unicode::is_upper(c) || unicode::is_title(c) {
            return Ok(vm.bool_ref(false));
        }
        some |= unicode::is_lower(c);
    }
    Ok(vm.bool_ref(some))
}

pub(super) fn isupper(vm: &Vm, a: &[Value]) -> PyResult {
    let mut some = false;
    for c in this(a[0]).code_points() {
        if unicode::is_lower(c) || unicode::is_title(c) {
            return Ok(vm.bool_ref(false));
        }
        some |= unicode::is_upper(c);
    }
    Ok(vm.bool_ref(some))
}

pub(super) fn istitle(vm: &Vm, a: &[Value]) -> PyResult {
    let (mut some, mut in_word) = (false, false);
    for c in this(a[0]).code_points() {
        if unicode::is_upper(c) || unicode::is_title(c) {
            if in_word {
                return Ok(vm.bool_ref(false));
            }
            (some, in_word) = (true, true);
        } else if unicode::is_lower(c) {
            if !in_word {
                return Ok(vm.bool_ref(false));
            }
            (some, in_word) = (true, true);
        } else {
            in_word = false;
        }
    }
    Ok(vm.bool_ref(some))
}
