//! The error handlers that always exist, as functions on exceptions.

use std::fmt::Write;

use crate::convert::module_function as function;
use crate::error::{PyResult, Raised};
use crate::protocol::attr;
use crate::shape;
use crate::types::bytes::{self, PyBytes};
use crate::types::int;
use crate::types::str_::{PyStr, push_code_point};
use crate::types::tuple::PyTuple;
use crate::types::type_::MethodDef;
use crate::unicode::names;
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// `\xff` for each byte.
pub fn push_byte_escapes(out: &mut Vec<u8>, bad: &[u8]) {
    for b in bad {
        out.extend_from_slice(format!("\\x{b:02x}").as_bytes());
    }
}

/// `\xff`, `\uffff` or `\Uffffffff` for each code point.
pub fn push_backslash_escapes(out: &mut Vec<u8>, bad: &[u32]) {
    for c in bad {
        let text = match c {
            0..=0xff => format!("\\x{c:02x}"),
            0x100..=0xffff => format!("\\u{c:04x}"),
            _ => format!("\\U{c:08x}"),
        };
        out.extend_from_slice(text.as_bytes());
    }
}

/// `&#1234;` for each code point.
pub fn push_xml_references(out: &mut Vec<u8>, bad: &[u32]) {
    for c in bad {
        out.extend_from_slice(format!("&#{c};").as_bytes());
    }
}

/// What an exception tells: what was being coded, and where it went wrong.
enum Trouble {
    Encode { encoding: String, points: Vec<u32>, start: usize, end: usize },
    Decode { encoding: String, data: Vec<u8>, start: usize, end: usize },
    Translate { points: Vec<u32>, start: usize, end: usize },
}

#[cold]
fn cannot_handle(vm: &Vm, exc: Value) -> Raised {
    let ty = crate::types::type_object::display_name(vm, vm.type_of(exc));
    vm.type_error(format!("don't know how to handle {ty} in error callback"))
}

fn bound(vm: &Vm, exc: Value, name: &str) -> PyResult<i64> {
    let v = attr::get_named(vm, exc, name)?;
    int::to_i64(v.value()).ok_or_else(|| vm.type_error("an integer is required"))
}

fn text_of(vm: &Vm, exc: Value, name: &str) -> PyResult<String> {
    let v = attr::get_named(vm, exc, name)?;
    match v.cast::<PyStr>() {
        Some(s) => Ok(s.to_string_lossy()),
        None => Err(vm.type_error(format!("UnicodeError '{name}' attribute must be a string"))),
    }
}

impl Trouble {
    fn of(vm: &Vm, exc: Value) -> PyResult<Trouble> {
        let ty = vm.type_of(exc);
        let is = |id| ty.is_subtype(vm.builtin(id));
        let decoding = is(shape::UNICODE_DECODE_ERROR);
        let encoding = is(shape::UNICODE_ENCODE_ERROR);
        if !decoding && !encoding && !is(shape::UNICODE_TRANSLATE_ERROR) {
            return Err(cannot_handle(vm, exc));
        }
        let object = attr::get_named(vm, exc, "object")?;
        let (start, end) = (bound(vm, exc, "start")?, bound(vm, exc, "end")?);
        let clamp = |len: usize| {
            let len = len as i64;
            let start = start.max(0).min((len - 1).max(0));
            (start as usize, end.max(1).min(len).max(start) as usize)
        };
        if decoding {
            let Some(b) = object.cast::<PyBytes>() else {
                return Err(vm.type_error("UnicodeError 'object' attribute must be a bytes"));
            };
            let data = b.as_slice().to_vec();
            let (start, end) = clamp(data.len());
            return Ok(Trouble::Decode { encoding: text_of(vm, exc, "encoding")?, data, start, end });
        }
        let Some(s) = object.cast::<PyStr>() else {
            return Err(vm.type_error("UnicodeError 'object' attribute must be a string"));
        };
        let points: Vec<u32> = s.code_points().collect();
        let (start, end) = clamp(points.len());
        if encoding {
            return Ok(Trouble::Encode { encoding: text_of(vm, exc, "encoding")?, points, start, end });
        }
        Ok(Trouble::Translate { points, start, end })
    }
}

/// `(text, position)`: what a handler returns.
fn text_result(vm: &Vm, text: &[u8], end: usize) -> PyResult {
    Ok(PyTuple::pair(PyStr::from_wtf8(vm, text), vm.new_int(end as i64)))
}

/// Raises the exception that the handler was called with.
fn raise(exc: Value) -> PyResult {
    Err(Raised(exc.to_ref()))
}

fn strict(vm: &Vm, a: &[Value]) -> PyResult {
    if vm.type_of(a[0]).is_subtype(vm.builtin(shape::BASE_EXCEPTION)) {
        return raise(a[0]);
    }
    Err(vm.type_error("codec must pass exception instance"))
}

fn ignore(vm: &Vm, a: &[Value]) -> PyResult {
    let (Trouble::Encode { end, .. } | Trouble::Decode { end, .. } | Trouble::Translate { end, .. }) =
        Trouble::of(vm, a[0])?;
    text_result(vm, b"", end)
}

fn replace(vm: &Vm, a: &[Value]) -> PyResult {
    let mut text = Vec::new();
    let end = match Trouble::of(vm, a[0])? {
        Trouble::Encode { start, end, .. } => {
            text.resize(end - start, b'?');
            end
        }
        Trouble::Decode { end, .. } => {
            push_code_point(&mut text, 0xfffd);
            end
        }
        Trouble::Translate { start, end, .. } => {
            (start..end).for_each(|_| push_code_point(&mut text, 0xfffd));
            end
        }
    };
    text_result(vm, &text, end)
}

fn xmlcharrefreplace(vm: &Vm, a: &[Value]) -> PyResult {
    match Trouble::of(vm, a[0])? {
        Trouble::Encode { points, start, end, .. } => {
            let mut text = Vec::new();
            push_xml_references(&mut text, &points[start..end]);
            text_result(vm, &text, end)
        }
        _ => Err(cannot_handle(vm, a[0])),
    }
}

fn backslashreplace(vm: &Vm, a: &[Value]) -> PyResult {
    let mut text = Vec::new();
    let end = match Trouble::of(vm, a[0])? {
        Trouble::Decode { data, start, end, .. } => {
            push_byte_escapes(&mut text, &data[start..end]);
            end
        }
        Trouble::Encode { points, start, end, .. } | Trouble::Translate { points, start, end } => {
            push_backslash_escapes(&mut text, &points[start..end]);
            end
        }
    };
    text_result(vm, &text, end)
}

fn namereplace(vm: &Vm, a: &[Value]) -> PyResult {
    match Trouble::of(vm, a[0])? {
        Trouble::Encode { points, start, end, .. } => {
            let mut text = Vec::new();
            for c in &points[start..end] {
                match names::name(*c) {
                    Some(name) => {
                        let mut shown = String::new();
                        let _ = write!(shown, "\\N{{{name}}}");
                        text.extend_from_slice(shown.as_bytes());
                    }
                    None => push_backslash_escapes(&mut text, &[*c]),
                }
            }
            text_result(vm, &text, end)
        }
        _ => Err(cannot_handle(vm, a[0])),
    }
}

/// The encodings that `surrogatepass` knows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Standard {
    Utf8,
    Utf16 { big: bool },
    Utf32 { big: bool },
}

fn standard_encoding(name: &str) -> Option<Standard> {
    let name = name.to_ascii_lowercase();
    if name == "cp65001" {
        return Some(Standard::Utf8);
    }
    let rest = name.strip_prefix("utf")?;
    let rest = rest.strip_prefix(['-', '_']).unwrap_or(rest);
    if rest == "8" {
        return Some(Standard::Utf8);
    }
    let native = cfg!(target_endian = "big");
    let big = |order: &str| match order.strip_prefix(['-', '_']).unwrap_or(order) {
        "" if order.is_empty() => Some(native),
        "be" => Some(true),
        "le" => Some(false),
        _ => None,
    };
    if let Some(order) = rest.strip_prefix("16") {
        return Some(Standard::Utf16 { big: big(order)? });
    }
    Some(Standard::Utf32 { big: big(rest.strip_prefix("32")?)? })
}

fn push_surrogate(out: &mut Vec<u8>, c: u32, standard: Standard) {
    match standard {
        Standard::Utf8 => push_code_point(out, c),
        Standard::Utf16 { big: false } => out.extend_from_slice(&(c as u16).to_le_bytes()),
        Standard::Utf16 { big: true } => out.extend_from_slice(&(c as u16).to_be_bytes()),
        Standard::Utf32 { big: false } => out.extend_from_slice(&c.to_le_bytes()),
        Standard::Utf32 { big: true } => out.extend_from_slice(&c.to_be_bytes()),
    }
}

/// The surrogate that bytes begin with, and its length.
fn surrogate_at(b: &[u8], standard: Standard) -> Option<(u32, usize)> {
    let (c, n) = match (standard, b) {
        (Standard::Utf8, [a @ 0xe0..=0xef, b @ 0x80..=0xbf, c @ 0x80..=0xbf, ..]) => {
            ((u32::from(*a) & 15) << 12 | (u32::from(*b) & 63) << 6 | (u32::from(*c) & 63), 3)
        }
        (Standard::Utf16 { big }, [a, b, ..]) => {
            let unit = if big { u16::from_be_bytes([*a, *b]) } else { u16::from_le_bytes([*a, *b]) };
            (u32::from(unit), 2)
        }
        (Standard::Utf32 { big }, [a, b, c, d, ..]) => {
            let unit = [*a, *b, *c, *d];
            (if big { u32::from_be_bytes(unit) } else { u32::from_le_bytes(unit) }, 4)
        }
        _ => return None,
    };
    (0xd800..=0xdfff).contains(&c).then_some((c, n))
}

fn surrogatepass(vm: &Vm, a: &[Value]) -> PyResult {
    match Trouble::of(vm, a[0])? {
        Trouble::Encode { encoding, points, start, end } => {
            let Some(standard) = standard_encoding(&encoding) else { return raise(a[0]) };
            let bad = &points[start..end];
            if !bad.iter().all(|c| (0xd800..=0xdfff).contains(c)) {
                return raise(a[0]);
            }
            let mut out = Vec::new();
            bad.iter().for_each(|c| push_surrogate(&mut out, *c, standard));
            Ok(PyTuple::pair(bytes::new(vm, &out), vm.new_int(end as i64)))
        }
        Trouble::Decode { encoding, data, start, .. } => {
            let found = standard_encoding(&encoding).and_then(|s| surrogate_at(&data[start..], s));
            let Some((c, n)) = found else { return raise(a[0]) };
            let mut text = Vec::new();
            push_code_point(&mut text, c);
            text_result(vm, &text, start + n)
        }
        Trouble::Translate { .. } => Err(cannot_handle(vm, a[0])),
    }
}

fn surrogateescape(vm: &Vm, a: &[Value]) -> PyResult {
    match Trouble::of(vm, a[0])? {
        Trouble::Encode { points, start, end, .. } => {
            let byte = |c: &u32| (0xdc80..=0xdcff).contains(c).then(|| (c - 0xdc00) as u8);
            match points[start..end].iter().map(byte).collect::<Option<Vec<u8>>>() {
                Some(out) => Ok(PyTuple::pair(bytes::new(vm, &out), vm.new_int(end as i64))),
                None => raise(a[0]),
            }
        }
        Trouble::Decode { data, start, end, .. } => {
            // At most four bytes at a time, as long as they are no ASCII.
            let bad: Vec<u8> =
                data[start..end].iter().copied().take(4).take_while(|b| !b.is_ascii()).collect();
            if bad.is_empty() {
                return raise(a[0]);
            }
            let mut text = Vec::new();
            bad.iter().for_each(|b| push_code_point(&mut text, 0xdc00 + u32::from(*b)));
            text_result(vm, &text, start + bad.len())
        }
        Trouble::Translate { .. } => Err(cannot_handle(vm, a[0])),
    }
}

const SIG: &str = "($self, object, /)";

/// Handlers by name.
pub static HANDLERS: &[(&str, MethodDef)] = &[
    ("strict", function!("strict_errors", SIG, strict, "Raises a UnicodeError for what cannot be coded.")),
    ("ignore", function!("ignore_errors", SIG, ignore, "Leaves out what cannot be coded.")),
    ("replace", function!("replace_errors", SIG, replace, "Puts a question mark, or U+FFFD, for what cannot be coded.")),
    ("xmlcharrefreplace", function!("xmlcharrefreplace_errors", SIG, xmlcharrefreplace, "Puts an XML character reference for what cannot be encoded.")),
    ("backslashreplace", function!("backslashreplace_errors", SIG, backslashreplace, "Puts an escape sequence for what cannot be coded.")),
    ("namereplace", function!("namereplace_errors", SIG, namereplace, "Puts a \\N{...} escape sequence for what cannot be encoded.")),
    ("surrogatepass", function!("surrogatepass", SIG, surrogatepass, "Lets surrogates pass in the UTF encodings.")),
    ("surrogateescape", function!("surrogateescape", SIG, surrogateescape, "Turns undecodable bytes into surrogates U+DC80 to U+DCFF, and back.")),
];

/// The handler as an object.
pub fn object(vm: &Vm, def: &'static MethodDef) -> Ref {
    crate::types::native::BuiltinFunction::new(vm, def, vm.none(), None)
}
