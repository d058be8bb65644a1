//! Decoding: the state of a decoder with its error handler, and UTF-8, UTF-16, UTF-32, ASCII.

use std::borrow::Cow;

use super::{Codec, Endian, handlers};
use crate::error::{PyResult, Raised};
use crate::protocol::{attr, item};
use crate::shape;
use crate::types::bytes::{self, PyBytes};
use crate::types::str_::{PyStr, push_code_point};
use crate::types::tuple::PyTuple;
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// What cannot be decoded: bytes from `start` to `end`.
#[derive(Clone, Copy, Debug)]
pub struct Problem {
    pub start: usize,
    pub end: usize,
    pub reason: &'static str,
}

/// A decoder at work.
pub struct Decoder<'a> {
    pub vm: &'a Vm,
    /// As exceptions show it.
    pub encoding: &'static str,
    /// The input; an error handler may replace it.
    pub data: Cow<'a, [u8]>,
    /// WTF-8.
    pub out: Vec<u8>,
    errors: &'a str,
    /// The exception that an error handler was called with before; it is used again.
    exc: Option<Ref>,
}

impl<'a> Decoder<'a> {
    pub fn new(vm: &'a Vm, encoding: &'static str, data: &'a [u8], errors: &'a str) -> Decoder<'a> {
        Decoder {
            vm,
            encoding,
            data: Cow::Borrowed(data),
            out: Vec::with_capacity(data.len()),
            errors,
            exc: None,
        }
    }

    pub fn push(&mut self, c: u32) {
        push_code_point(&mut self.out, c);
    }

    /// Lets the error handler deal with undecodable bytes; returns where to go on.
    pub fn handle(&mut self, p: Problem) -> PyResult<usize> {
        let bad = &self.data[p.start..p.end];
        match self.errors {
            "strict" => Err(self.error(p)),
            "ignore" => Ok(p.end),
            "replace" => {
                self.push(0xfffd);
                Ok(p.end)
            }
            "backslashreplace" => {
                handlers::push_byte_escapes(&mut self.out, bad);
                Ok(p.end)
            }
            _ => self.call_handler(p),
        }
    }

    #[cold]
    fn error(&self, p: Problem) -> Raised {
        let vm = self.vm;
        vm.error_args(
            shape::UNICODE_DECODE_ERROR,
            &[
                vm.new_str(self.encoding).value(),
                bytes::new(vm, &self.data).value(),
                Value::small_int(p.start as i64),
                Value::small_int(p.end as i64),
                vm.new_str(p.reason).value(),
            ],
        )
    }

    fn call_handler(&mut self, p: Problem) -> PyResult<usize> {
        let vm = self.vm;
        let exc = match self.exc.take() {
            Some(exc) => exc,
            None => self.error(p).0,
        };
        describe(vm, exc.value(), p.start, p.end, p.reason)?;
        self.exc = Some(exc.clone());
        // The handler may run code that changes the memory that is being decoded.
        self.data = Cow::Owned(self.data.to_vec());
        let r = super::call_handler(vm, self.errors, exc.value())?;
        let wrong = || vm.type_error("decoding error handler must return (str, int) tuple");
        let Some([text, at]) = r.cast::<PyTuple>().map(|t| t.as_slice()).filter(|t| t.len() == 2) else {
            return Err(wrong());
        };
        let Some(text) = text.cast::<PyStr>() else { return Err(wrong()) };
        let at = item::ssize_arg(vm, *at)?;
        let object = attr::get_named(vm, exc.value(), "object")?;
        match object.cast::<PyBytes>() {
            Some(b) if b.as_slice() != &self.data[..] => self.data = Cow::Owned(b.as_slice().to_vec()),
            Some(_) => {}
            None => return Err(vm.type_error("exception attribute object must be bytes")),
        }
        let at = position(vm, at, self.data.len())?;
        self.out.extend_from_slice(text.as_bytes());
        Ok(at)
    }

    pub fn finish(self) -> Ref {
        PyStr::from_wtf8(self.vm, &self.out)
    }
}

/// Gives an exception that is used again its new range and reason.
pub fn describe(vm: &Vm, exc: Value, start: usize, end: usize, reason: &str) -> PyResult<()> {
    attr::set_named(vm, exc, "start", Value::small_int(start as i64))?;
    attr::set_named(vm, exc, "end", Value::small_int(end as i64))?;
    attr::set_named(vm, exc, "reason", vm.new_str(reason).value())
}

/// The position that an error handler returned, within `len` items.
pub fn position(vm: &Vm, at: isize, len: usize) -> PyResult<usize> {
    let real = if at < 0 { at.saturating_add(len as isize) } else { at };
    match usize::try_from(real) {
        Ok(i) if i <= len => Ok(i),
        _ => Err(vm.index_error(format!("position {real} from error handler out of bounds"))),
    }
}

/// Decodes to a str. Without `is_final`, an incomplete sequence at the end is left over; the
/// second result is the number of bytes used.
pub fn decode_str(vm: &Vm, codec: Codec, data: &[u8], errors: &str, is_final: bool) -> PyResult<(Ref, usize)> {
    match codec {
        Codec::Utf8 => utf8(vm, data, errors, is_final),
        Codec::Ascii => ascii(vm, data, errors).map(|r| (r, data.len())),
        Codec::Latin1 => Ok((latin1(vm, data), data.len())),
        Codec::Utf16(e) => wide(vm, Width::Two, e, data, errors, is_final).map(|(r, n, _)| (r, n)),
        Codec::Utf32(e) => wide(vm, Width::Four, e, data, errors, is_final).map(|(r, n, _)| (r, n)),
    }
}

fn utf8(vm: &Vm, data: &[u8], errors: &str, is_final: bool) -> PyResult<(Ref, usize)> {
    if std::str::from_utf8(data).is_ok() {
        return Ok((PyStr::from_wtf8(vm, data), data.len()));
    }
    let mut d = Decoder::new(vm, "utf-8", data, errors);
    let mut at = 0;
    while at < d.data.len() {
        let rest = &d.data[at..];
        let (good, problem) = match std::str::from_utf8(rest) {
            Ok(s) => (s.len(), None),
            Err(e) => (e.valid_up_to(), Some(e.error_len())),
        };
        d.out.extend_from_slice(&d.data[at..at + good]);
        at += good;
        let Some(problem) = problem else { break };
        let bad = &d.data[at..];
        let p = match problem {
            None if !is_final => return Ok((d.finish(), at)),
            // Half a surrogate, which a handler may take once it is complete.
            Some(_) if !is_final && matches!(bad, [0xed, 0xa0..=0xbf]) => return Ok((d.finish(), at)),
            None => Problem { start: at, end: d.data.len(), reason: "unexpected end of data" },
            Some(n) => {
                let starts = (0xc2..=0xf4).contains(&bad[0]);
                let reason = if starts { "invalid continuation byte" } else { "invalid start byte" };
                Problem { start: at, end: at + n, reason }
            }
        };
        if d.errors == "surrogateescape" {
            for i in p.start..p.end {
                let c = 0xdc00 + u32::from(d.data[i]);
                d.push(c);
            }
            at = p.end;
            continue;
        }
        at = d.handle(p)?;
    }
    let used = d.data.len();
    Ok((d.finish(), used))
}

fn ascii(vm: &Vm, data: &[u8], errors: &str) -> PyResult {
    if data.is_ascii() {
        return Ok(PyStr::from_wtf8(vm, data));
    }
    let mut d = Decoder::new(vm, "ascii", data, errors);
    let mut at = 0;
    while let Some(&b) = d.data.get(at) {
        if b.is_ascii() {
            d.out.push(b);
            at += 1;
        } else if errors == "surrogateescape" {
            d.push(0xdc00 + u32::from(b));
            at += 1;
        } else {
            at = d.handle(Problem { start: at, end: at + 1, reason: "ordinal not in range(128)" })?;
        }
    }
    Ok(d.finish())
}

/// Each byte is a code point.
pub fn latin1(vm: &Vm, data: &[u8]) -> Ref {
    if data.is_ascii() {
        return PyStr::from_wtf8(vm, data);
    }
    let mut out = Vec::with_capacity(data.len() * 2);
    data.iter().for_each(|b| push_code_point(&mut out, u32::from(*b)));
    PyStr::from_counted_parts(vm, &[&out], data.len())
}

/// Bytes per code unit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Width {
    Two = 2,
    Four = 4,
}

/// Decodes UTF-16 or UTF-32; without a byte order, a mark tells it, else it is the machine's.
/// The third result is the order that is known now.
pub fn wide(
    vm: &Vm,
    width: Width,
    order: Option<Endian>,
    data: &[u8],
    errors: &str,
    is_final: bool,
) -> PyResult<(Ref, usize, Option<Endian>)> {
    let mut at = 0;
    let known = order.or_else(|| {
        let mark = match (width, data) {
            (Width::Two, [0xff, 0xfe, ..]) => Some(Endian::Little),
            (Width::Two, [0xfe, 0xff, ..]) => Some(Endian::Big),
            (Width::Four, [0xff, 0xfe, 0, 0, ..]) => Some(Endian::Little),
            (Width::Four, [0, 0, 0xfe, 0xff, ..]) => Some(Endian::Big),
            _ => None,
        };
        at = if mark.is_some() { width as usize } else { 0 };
        mark
    });
    let endian = known.unwrap_or(Endian::NATIVE);
    let encoding = match (width, endian) {
        (Width::Two, Endian::Little) => "utf-16-le",
        (Width::Two, Endian::Big) => "utf-16-be",
        (Width::Four, Endian::Little) => "utf-32-le",
        (Width::Four, Endian::Big) => "utf-32-be",
    };
    let mut d = Decoder::new(vm, encoding, data, errors);
    while at < d.data.len() {
        match wide_unit(&d.data, at, width, endian) {
            Unit::Char(c, n) => {
                d.push(c);
                at += n;
            }
            Unit::Incomplete(_) if !is_final => break,
            Unit::Incomplete(p) | Unit::Wrong(p) => at = d.handle(p)?,
        }
    }
    Ok((d.finish(), at, known))
}

enum Unit {
    /// A code point and the bytes it took.
    Char(u32, usize),
    /// The input ends within it.
    Incomplete(Problem),
    Wrong(Problem),
}

fn wide_unit(data: &[u8], at: usize, width: Width, endian: Endian) -> Unit {
    let n = width as usize;
    let unit = |i: usize| -> Option<u32> {
        let b = data.get(i..i + n)?;
        let fold = |acc: u32, x: &u8| acc << 8 | u32::from(*x);
        Some(match endian {
            Endian::Big => b.iter().fold(0, fold),
            Endian::Little => b.iter().rev().fold(0, fold),
        })
    };
    let problem = |end: usize, reason| Problem { start: at, end, reason };
    let Some(c) = unit(at) else { return Unit::Incomplete(problem(data.len(), "truncated data")) };
    match (width, c) {
        (Width::Two, 0xd800..=0xdbff) => match unit(at + 2) {
            Some(d @ 0xdc00..=0xdfff) => Unit::Char(0x10000 + ((c - 0xd800) << 10) + (d - 0xdc00), 4),
            None => Unit::Incomplete(problem(data.len(), "unexpected end of data")),
            Some(_) => Unit::Wrong(problem(at + 2, "illegal UTF-16 surrogate")),
        },
        (Width::Two, 0xdc00..=0xdfff) => Unit::Wrong(problem(at + 2, "illegal encoding")),
        (Width::Four, 0xd800..=0xdfff) => {
            Unit::Wrong(problem(at + 4, "code point in surrogate code point range(0xd800, 0xe000)"))
        }
        (Width::Four, 0x110000..) => Unit::Wrong(problem(at + 4, "code point not in range(0x110000)")),
        _ => Unit::Char(c, n),
    }
}
