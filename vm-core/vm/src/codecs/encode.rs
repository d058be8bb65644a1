//! Encoding: the state of an encoder with its error handler, and UTF-8, UTF-16, UTF-32, ASCII
//! and Latin-1.

use std::cell::RefCell;

use super::{Codec, Endian, decode, handlers};
use crate::error::{PyResult, Raised};
use crate::protocol::item;
use crate::shape;
use crate::types::bytes::PyBytes;
use crate::types::str_::{CodePoints, PyStr, push_code_point};
use crate::types::tuple::PyTuple;
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// What an error handler gives instead of characters that cannot be encoded.
pub enum Replacement {
    /// Text (WTF-8), to be encoded in turn.
    Text(Vec<u8>),
    /// Bytes as they are.
    Bytes(Vec<u8>),
}

/// An encoder at work.
pub struct Encoder<'a> {
    pub vm: &'a Vm,
    /// As exceptions show it.
    pub encoding: &'static str,
    pub text: &'a PyStr,
    pub points: &'a [u32],
    pub errors: &'a str,
    pub reason: &'static str,
    /// The exception that an error handler was called with before; it is used again.
    pub exc: RefCell<Option<Ref>>,
}

impl Encoder<'_> {
    #[cold]
    pub fn error(&self, start: usize, end: usize) -> Raised {
        let vm = self.vm;
        if let Some(exc) = self.exc.take() {
            return match decode::describe(vm, exc.value(), start, end, self.reason) {
                Ok(()) => Raised(exc),
                Err(e) => e,
            };
        }
        vm.error_args(
            shape::UNICODE_ENCODE_ERROR,
            &[
                vm.new_str(self.encoding).value(),
                PyStr::from_wtf8(vm, self.text.as_bytes()).value(),
                Value::small_int(start as i64),
                Value::small_int(end as i64),
                vm.new_str(self.reason).value(),
            ],
        )
    }

    /// What stands for the characters from `start` to `end`, and where to go on.
    pub fn handle(&self, start: usize, end: usize) -> PyResult<(Replacement, usize)> {
        let bad = &self.points[start..end];
        let mut text = Vec::new();
        match self.errors {
            "strict" => return Err(self.error(start, end)),
            "ignore" => {}
            "replace" => text.resize(bad.len(), b'?'),
            "backslashreplace" => handlers::push_backslash_escapes(&mut text, bad),
            "xmlcharrefreplace" => handlers::push_xml_references(&mut text, bad),
            _ => return self.call_handler(start, end),
        }
        Ok((Replacement::Text(text), end))
    }

    fn call_handler(&self, start: usize, end: usize) -> PyResult<(Replacement, usize)> {
        let vm = self.vm;
        let exc = self.error(start, end);
        *self.exc.borrow_mut() = Some(exc.0.clone());
        let r = super::call_handler(vm, self.errors, exc.0.value())?;
        let wrong = || vm.type_error("encoding error handler must return (str/bytes, int) tuple");
        let Some([with, at]) = r.cast::<PyTuple>().map(|t| t.as_slice()).filter(|t| t.len() == 2) else {
            return Err(wrong());
        };
        let at = item::ssize_arg(vm, *at)?;
        let with = match (with.cast::<PyStr>(), with.cast::<PyBytes>()) {
            (Some(s), _) => Replacement::Text(s.as_bytes().to_vec()),
            (_, Some(b)) => Replacement::Bytes(b.as_slice().to_vec()),
            _ => return Err(wrong()),
        };
        Ok((with, decode::position(vm, at, self.points.len())?))
    }
}

/// Encodes a str.
pub fn encode(vm: &Vm, codec: Codec, s: &PyStr, errors: &str) -> PyResult<Vec<u8>> {
    if s.is_ascii() && matches!(codec, Codec::Utf8 | Codec::Ascii | Codec::Latin1)
        || codec == Codec::Utf8 && s.to_str().is_some()
    {
        return Ok(s.as_bytes().to_vec());
    }
    let points: Vec<u32> = CodePoints::of(s.as_bytes()).collect();
    let encoding = match codec {
        Codec::Utf8 => "utf-8",
        Codec::Ascii => "ascii",
        Codec::Latin1 => "latin-1",
        Codec::Utf16(None) => "utf-16",
        Codec::Utf16(Some(Endian::Little)) => "utf-16-le",
        Codec::Utf16(Some(Endian::Big)) => "utf-16-be",
        Codec::Utf32(None) => "utf-32",
        Codec::Utf32(Some(Endian::Little)) => "utf-32-le",
        Codec::Utf32(Some(Endian::Big)) => "utf-32-be",
    };
    let reason = match codec {
        Codec::Ascii => "ordinal not in range(128)",
        Codec::Latin1 => "ordinal not in range(256)",
        _ => "surrogates not allowed",
    };
    let e = Encoder { vm, encoding, text: s, points: &points, errors, reason, exc: RefCell::default() };
    match codec {
        Codec::Utf8 | Codec::Ascii | Codec::Latin1 => narrow(&e, codec),
        Codec::Utf16(order) => wide(&e, 2, order),
        Codec::Utf32(order) => wide(&e, 4, order),
    }
}

fn is_surrogate(c: u32) -> bool {
    (0xd800..=0xdfff).contains(&c)
}

/// Appends a character in a codec of bytes, if it can be encoded.
fn push_narrow(codec: Codec, c: u32, out: &mut Vec<u8>) -> bool {
    match codec {
        Codec::Ascii if c < 0x80 => out.push(c as u8),
        Codec::Latin1 if c < 0x100 => out.push(c as u8),
        Codec::Utf8 if !is_surrogate(c) => push_code_point(out, c),
        _ => return false,
    }
    true
}

fn can_push(codec: Codec, c: u32) -> bool {
    match codec {
        Codec::Ascii => c < 0x80,
        Codec::Latin1 => c < 0x100,
        _ => !is_surrogate(c),
    }
}

fn narrow(e: &Encoder, codec: Codec) -> PyResult<Vec<u8>> {
    let points = e.points;
    let mut out = Vec::with_capacity(points.len());
    let mut at = 0;
    while at < points.len() {
        if push_narrow(codec, points[at], &mut out) {
            at += 1;
            continue;
        }
        let mut start = at;
        let end = points[at..].iter().position(|c| can_push(codec, *c)).map_or(points.len(), |n| at + n);
        if e.errors == "surrogateescape" {
            while start < end
                && let c @ 0xdc80..=0xdcff = points[start]
            {
                out.push((c - 0xdc00) as u8);
                start += 1;
            }
            if start == end {
                at = end;
                continue;
            }
        }
        let (with, next) = e.handle(start, end)?;
        match with {
            Replacement::Bytes(b) => out.extend_from_slice(&b),
            Replacement::Text(t) => {
                // What is put in must itself be plain: ASCII, or Latin-1 in its own codec.
                let limit = if codec == Codec::Latin1 { 0x100 } else { 0x80 };
                for c in CodePoints::of(&t) {
                    if c >= limit || !push_narrow(codec, c, &mut out) {
                        return Err(e.error(start, end));
                    }
                }
            }
        }
        at = next;
    }
    Ok(out)
}

fn wide(e: &Encoder, width: usize, order: Option<Endian>) -> PyResult<Vec<u8>> {
    let endian = order.unwrap_or(Endian::NATIVE);
    let mut out = Vec::with_capacity((e.points.len() + 1) * width);
    let unit = |out: &mut Vec<u8>, u: u32| match (width, endian) {
        (2, Endian::Little) => out.extend_from_slice(&(u as u16).to_le_bytes()),
        (2, Endian::Big) => out.extend_from_slice(&(u as u16).to_be_bytes()),
        (_, Endian::Little) => out.extend_from_slice(&u.to_le_bytes()),
        (_, Endian::Big) => out.extend_from_slice(&u.to_be_bytes()),
    };
    let push = |out: &mut Vec<u8>, c: u32| {
        if width == 2 && c >= 0x10000 {
            unit(out, 0xd800 + ((c - 0x10000) >> 10));
            unit(out, 0xdc00 + ((c - 0x10000) & 0x3ff));
        } else {
            unit(out, c);
        }
    };
    if order.is_none() {
        push(&mut out, 0xfeff);
    }
    let mut at = 0;
    while let Some(&c) = e.points.get(at) {
        if !is_surrogate(c) {
            push(&mut out, c);
            at += 1;
            continue;
        }
        let (with, next) = e.handle(at, at + 1)?;
        match with {
            Replacement::Bytes(b) if b.len() % width == 0 => out.extend_from_slice(&b),
            Replacement::Text(t) if t.is_ascii() => t.iter().for_each(|b| push(&mut out, u32::from(*b))),
            _ => return Err(e.error(at, at + 1)),
        }
        at = next;
    }
    Ok(out)
}
