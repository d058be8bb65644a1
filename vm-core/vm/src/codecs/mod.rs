//! The codecs that need no Python: UTF-8, ASCII, Latin-1, UTF-16 and UTF-32, with the standard
//! error handlers. Other names go to the `codecs` registry of the library.

use crate::error::{PyResult, Raised};
use crate::protocol::{call, object as obj};
use crate::shape;
use crate::types::str_::{CodePoints, PyStr, push_code_point};
use crate::types::tuple::PyTuple;
use crate::types::{bytes, int};
use crate::value::{Ref, Value};
use crate::vm::Vm;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Codec {
    Utf8,
    Ascii,
    Latin1,
    /// `None` writes a byte-order mark and reads one.
    Utf16(Option<Endian>),
    Utf32(Option<Endian>),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Endian {
    Little,
    Big,
}

/// The codec of a name, if it is one of those here.
pub fn find(name: &str) -> Option<Codec> {
    let n: String = name.to_ascii_lowercase().replace(['_', ' '], "-");
    Some(match n.as_str() {
        "utf-8" | "utf8" | "u8" | "cp65001" => Codec::Utf8,
        "ascii" | "us-ascii" | "646" => Codec::Ascii,
        "latin-1" | "latin1" | "iso-8859-1" | "iso8859-1" | "8859" | "l1" | "latin" => Codec::Latin1,
        "utf-16" | "utf16" | "u16" => Codec::Utf16(None),
        "utf-16-le" | "utf-16le" => Codec::Utf16(Some(Endian::Little)),
        "utf-16-be" | "utf-16be" => Codec::Utf16(Some(Endian::Big)),
        "utf-32" | "utf32" | "u32" => Codec::Utf32(None),
        "utf-32-le" | "utf-32le" => Codec::Utf32(Some(Endian::Little)),
        "utf-32-be" | "utf-32be" => Codec::Utf32(Some(Endian::Big)),
        _ => return None,
    })
}

fn codec_name(c: Codec) -> &'static str {
    match c {
        Codec::Utf8 => "utf-8",
        Codec::Ascii => "ascii",
        Codec::Latin1 => "latin-1",
        Codec::Utf16(None) => "utf-16",
        Codec::Utf16(Some(Endian::Little)) => "utf-16-le",
        Codec::Utf16(Some(Endian::Big)) => "utf-16-be",
        Codec::Utf32(None) => "utf-32",
        Codec::Utf32(Some(Endian::Little)) => "utf-32-le",
        Codec::Utf32(Some(Endian::Big)) => "utf-32-be",
    }
}

/// `bytes.decode(encoding, errors)`.
pub fn decode(vm: &Vm, data: &[u8], encoding: &str, errors: &str) -> PyResult {
    match find(encoding) {
        Some(c) => {
            let (text, _) = decode_with(vm, c, data, errors, true)?;
            Ok(PyStr::from_wtf8(vm, &text))
        }
        None => {
            let codecs = crate::runtime::import(vm, "_codecs")?;
            let b = bytes::new(vm, data);
            let r = call::call_method(
                vm,
                codecs.value(),
                "decode",
                &[b.value(), vm.new_str(encoding).value(), vm.new_str(errors).value()],
            )?;
            expect_kind(vm, r, true, encoding)
        }
    }
}

/// `str.encode(encoding, errors)`.
pub fn encode(vm: &Vm, s: &PyStr, encoding: &str, errors: &str) -> PyResult {
    match find(encoding) {
        Some(c) => {
            let out = encode_with(vm, c, s, errors)?;
            Ok(bytes::new(vm, &out))
        }
        None => {
            let codecs = crate::runtime::import(vm, "_codecs")?;
            let text = PyStr::from_wtf8(vm, s.as_bytes());
            let r = call::call_method(
                vm,
                codecs.value(),
                "encode",
                &[text.value(), vm.new_str(encoding).value(), vm.new_str(errors).value()],
            )?;
            expect_kind(vm, r, false, encoding)
        }
    }
}

fn expect_kind(vm: &Vm, r: Ref, text: bool, encoding: &str) -> PyResult {
    let ok = if text { r.cast::<PyStr>().is_some() } else { bytes::bytes_like(r.value()).is_some() };
    if ok {
        return Ok(r);
    }
    let (verb, want) = if text { ("decoder", "str") } else { ("encoder", "bytes") };
    let generic = if text { "decode" } else { "encode" };
    Err(vm.type_error(format!(
        "'{encoding}' {verb} returned '{}' instead of '{want}'; use codecs.{generic}() to {generic} to arbitrary types",
        vm.type_of(r.value()).full_name()
    )))
}

/// Decodes; `is_final` tells whether an incomplete sequence at the end is an error (else it is
/// left over). Returns WTF-8 and the number of bytes used.
pub fn decode_with(vm: &Vm, codec: Codec, data: &[u8], errors: &str, is_final: bool) -> PyResult<(Vec<u8>, usize)> {
    match codec {
        Codec::Utf8 => decode_utf8(vm, data, errors, is_final),
        Codec::Latin1 => {
            let mut out = Vec::with_capacity(data.len());
            data.iter().for_each(|b| push_code_point(&mut out, *b as u32));
            Ok((out, data.len()))
        }
        Codec::Ascii => {
            let mut out = Vec::with_capacity(data.len());
            let mut at = 0;
            while at < data.len() {
                if data[at].is_ascii() {
                    out.push(data[at]);
                    at += 1;
                } else {
                    let e = Broken { start: at, end: at + 1, reason: "ordinal not in range(128)" };
                    at = handle_decode(vm, codec, data, errors, e, &mut out)?;
                }
            }
            Ok((out, data.len()))
        }
        Codec::Utf16(e) => decode_wide(vm, codec, data, errors, is_final, e, 2),
        Codec::Utf32(e) => decode_wide(vm, codec, data, errors, is_final, e, 4),
    }
}

struct Broken {
    start: usize,
    end: usize,
    reason: &'static str,
}

fn decode_utf8(vm: &Vm, data: &[u8], errors: &str, is_final: bool) -> PyResult<(Vec<u8>, usize)> {
    let mut out = Vec::with_capacity(data.len());
    let mut at = 0;
    while at < data.len() {
        let (good, problem) = match std::str::from_utf8(&data[at..]) {
            Ok(s) => (s.len(), None),
            Err(e) => (e.valid_up_to(), Some(e.error_len())),
        };
        out.extend_from_slice(&data[at..at + good]);
        at += good;
        let Some(problem) = problem else { break };
        let e = match problem {
            None if !is_final => return Ok((out, at)),
            None => Broken { start: at, end: data.len(), reason: "unexpected end of data" },
            Some(n) => {
                let first = data[at];
                let starts = (0xc2..=0xf4).contains(&first);
                let reason = if starts { "invalid continuation byte" } else { "invalid start byte" };
                Broken { start: at, end: at + n, reason }
            }
        };
        at = handle_decode(vm, Codec::Utf8, data, errors, e, &mut out)?;
    }
    Ok((out, data.len()))
}

fn decode_wide(
    vm: &Vm,
    codec: Codec,
    data: &[u8],
    errors: &str,
    is_final: bool,
    endian: Option<Endian>,
    width: usize,
) -> PyResult<(Vec<u8>, usize)> {
    let mut out = Vec::with_capacity(data.len());
    let mut at = 0;
    let endian = match (endian, width) {
        (Some(e), _) => e,
        (None, 2) if data.starts_with(&[0xff, 0xfe]) => (at = 2, Endian::Little).1,
        (None, 2) if data.starts_with(&[0xfe, 0xff]) => (at = 2, Endian::Big).1,
        (None, 4) if data.starts_with(&[0xff, 0xfe, 0, 0]) => (at = 4, Endian::Little).1,
        (None, 4) if data.starts_with(&[0, 0, 0xfe, 0xff]) => (at = 4, Endian::Big).1,
        _ => Endian::Little,
    };
    let unit = |i: usize| -> Option<u32> {
        let b = data.get(i..i + width)?;
        let fold = |acc: u32, x: &u8| acc << 8 | *x as u32;
        Some(match endian {
            Endian::Big => b.iter().fold(0, fold),
            Endian::Little => b.iter().rev().fold(0, fold),
        })
    };
    while at < data.len() {
        let e = match unit(at) {
            None if !is_final => return Ok((out, at)),
            None => Broken { start: at, end: data.len(), reason: "truncated data" },
            Some(c @ 0xd800..=0xdbff) if width == 2 => match unit(at + 2) {
                Some(d @ 0xdc00..=0xdfff) => {
                    push_code_point(&mut out, 0x10000 + ((c - 0xd800) << 10) + (d - 0xdc00));
                    at += 4;
                    continue;
                }
                None if !is_final => return Ok((out, at)),
                None => Broken { start: at, end: data.len(), reason: "unexpected end of data" },
                Some(_) => Broken { start: at, end: at + 2, reason: "illegal UTF-16 surrogate" },
            },
            Some(0xdc00..=0xdfff) if width == 2 => {
                Broken { start: at, end: at + 2, reason: "illegal encoding" }
            }
            Some(0xd800..=0xdfff) => Broken {
                start: at,
                end: at + 4,
                reason: "code point in surrogate code point range(0xd800, 0xe000)",
            },
            Some(c) if c > 0x10ffff => {
                Broken { start: at, end: at + 4, reason: "code point not in range(0x110000)" }
            }
            Some(c) => {
                push_code_point(&mut out, c);
                at += width;
                continue;
            }
        };
        at = handle_decode(vm, codec, data, errors, e, &mut out)?;
    }
    Ok((out, data.len()))
}

/// Lets the error handler deal with undecodable bytes; returns where to go on.
fn handle_decode(vm: &Vm, codec: Codec, data: &[u8], errors: &str, e: Broken, out: &mut Vec<u8>) -> PyResult<usize> {
    let bad = &data[e.start..e.end];
    match errors {
        "strict" => return Err(decode_error(vm, codec, data, &e)),
        "ignore" => {}
        "replace" => push_code_point(out, 0xfffd),
        "backslashreplace" => bad.iter().for_each(|b| out.extend(format!("\\x{b:02x}").bytes())),
        "surrogateescape" => {
            for b in bad {
                if b.is_ascii() {
                    return Err(decode_error(vm, codec, data, &e));
                }
                push_code_point(out, 0xdc00 + *b as u32);
            }
        }
        "surrogatepass" if codec == Codec::Utf8 => {
            // A surrogate in UTF-8 form: three bytes, of which the standard refuses the second.
            match data.get(e.start..e.start + 3) {
                Some([0xed, b @ 0xa0..=0xbf, c @ 0x80..=0xbf]) => {
                    out.extend_from_slice(&[0xed, *b, *c]);
                    return Ok(e.start + 3);
                }
                _ => return Err(decode_error(vm, codec, data, &e)),
            }
        }
        _ => {
            let exc = decode_error(vm, codec, data, &e);
            return call_handler(vm, errors, exc, data.len(), out);
        }
    }
    Ok(e.end)
}

#[cold]
fn decode_error(vm: &Vm, codec: Codec, data: &[u8], e: &Broken) -> Raised {
    let b = bytes::new(vm, data);
    vm.error_args(
        shape::UNICODE_DECODE_ERROR,
        &[
            vm.new_str(codec_name(codec)).value(),
            b.value(),
            Value::small_int(e.start as i64),
            Value::small_int(e.end as i64),
            vm.new_str(e.reason).value(),
        ],
    )
}

/// Calls a registered error handler with the exception; appends its replacement.
fn call_handler(vm: &Vm, errors: &str, exc: Raised, len: usize, out: &mut Vec<u8>) -> PyResult<usize> {
    let codecs = crate::runtime::import(vm, "_codecs")?;
    let handler = call::call_method(vm, codecs.value(), "lookup_error", &[vm.new_str(errors).value()])?;
    let r = call::call_args(vm, handler.value(), &[exc.0.value()])?;
    let pair = r.cast::<PyTuple>().filter(|t| t.len() == 2);
    let parts = pair.map(|t| (t.as_slice()[0], t.as_slice()[1]));
    let Some((text, at)) = parts.filter(|(_, p)| int::value_of(*p).is_some()) else {
        return Err(vm.type_error("decoding error handler must return (str, int) tuple"));
    };
    if let Some(s) = text.cast::<PyStr>() {
        out.extend_from_slice(s.as_bytes());
    } else if let Some(b) = bytes::bytes_like(text) {
        out.extend_from_slice(b);
    } else {
        return Err(vm.type_error("decoding error handler must return (str, int) tuple"));
    }
    let p = int::to_i64_clipped(at);
    let p = if p < 0 { p + len as i64 } else { p };
    if p < 0 || p > len as i64 {
        return Err(vm.index_error(format!("position {p} from error handler out of bounds")));
    }
    Ok(p as usize)
}

/// Encodes a str.
pub fn encode_with(vm: &Vm, codec: Codec, s: &PyStr, errors: &str) -> PyResult<Vec<u8>> {
    if s.is_ascii() && matches!(codec, Codec::Utf8 | Codec::Ascii | Codec::Latin1)
        || codec == Codec::Utf8 && s.to_str().is_some()
    {
        return Ok(s.as_bytes().to_vec());
    }
    let points: Vec<u32> = CodePoints::of(s.as_bytes()).collect();
    let mut out = Vec::with_capacity(points.len());
    match codec {
        Codec::Utf16(None) => out.extend_from_slice(&[0xff, 0xfe]),
        Codec::Utf32(None) => out.extend_from_slice(&[0xff, 0xfe, 0, 0]),
        _ => {}
    }
    let mut at = 0;
    while at < points.len() {
        if encode_one(codec, points[at], &mut out) {
            at += 1;
            continue;
        }
        let start = at;
        while at < points.len() && !encode_one(codec, points[at], &mut Vec::new()) {
            at += 1;
        }
        at = handle_encode(vm, codec, s, &points, (start, at), errors, &mut out)?;
    }
    Ok(out)
}

fn encode_one(codec: Codec, c: u32, out: &mut Vec<u8>) -> bool {
    let surrogate = (0xd800..=0xdfff).contains(&c);
    let limit = match codec {
        Codec::Ascii => 0x7f,
        Codec::Latin1 => 0xff,
        _ => 0x10ffff,
    };
    if c > limit || surrogate {
        return false;
    }
    match codec {
        Codec::Utf8 => push_code_point(out, c),
        Codec::Ascii | Codec::Latin1 => out.push(c as u8),
        Codec::Utf16(e) => {
            let mut put = |u: u16| match e {
                Some(Endian::Big) => out.extend_from_slice(&u.to_be_bytes()),
                _ => out.extend_from_slice(&u.to_le_bytes()),
            };
            if c >= 0x10000 {
                put(0xd800 + ((c - 0x10000) >> 10) as u16);
                put(0xdc00 + ((c - 0x10000) & 0x3ff) as u16);
            } else {
                put(c as u16);
            }
        }
        Codec::Utf32(Some(Endian::Big)) => out.extend_from_slice(&c.to_be_bytes()),
        Codec::Utf32(_) => out.extend_from_slice(&c.to_le_bytes()),
    }
    true
}

fn handle_encode(
    vm: &Vm,
    codec: Codec,
    s: &PyStr,
    points: &[u32],
    (start, end): (usize, usize),
    errors: &str,
    out: &mut Vec<u8>,
) -> PyResult<usize> {
    let error = || {
        let reason = match codec {
            Codec::Ascii => "ordinal not in range(128)",
            Codec::Latin1 => "ordinal not in range(256)",
            _ => "surrogates not allowed",
        };
        let text = PyStr::from_wtf8(vm, s.as_bytes());
        vm.error_args(
            shape::UNICODE_ENCODE_ERROR,
            &[
                vm.new_str(codec_name(codec)).value(),
                text.value(),
                Value::small_int(start as i64),
                Value::small_int(end as i64),
                vm.new_str(reason).value(),
            ],
        )
    };
    for &c in &points[start..end] {
        let replacement: String = match errors {
            "ignore" => String::new(),
            "replace" => "?".to_owned(),
            "backslashreplace" => match c {
                0..=0xff => format!("\\x{c:02x}"),
                0x100..=0xffff => format!("\\u{c:04x}"),
                _ => format!("\\U{c:08x}"),
            },
            "xmlcharrefreplace" => format!("&#{c};"),
            "surrogateescape" if (0xdc80..=0xdcff).contains(&c) => {
                out.push((c - 0xdc00) as u8);
                continue;
            }
            "surrogatepass" if codec == Codec::Utf8 => {
                push_code_point(out, c);
                continue;
            }
            "strict" | "surrogateescape" | "surrogatepass" => return Err(error()),
            _ => {
                let mut text = Vec::new();
                let at = call_handler(vm, errors, error(), points.len(), &mut text)?;
                CodePoints::of(&text).for_each(|c| {
                    encode_one(codec, c, out);
                });
                return Ok(at);
            }
        };
        for r in replacement.chars() {
            encode_one(codec, r as u32, out);
        }
    }
    Ok(end)
}

/// A name argument as text, with a default.
pub fn name_or(v: Value, default: &str) -> String {
    v.non_null().map(obj::text).unwrap_or_else(|| default.to_owned())
}

/// UnicodeEncodeError of text with surrogates that something wants as UTF-8.
pub fn not_utf8(vm: &Vm, s: &PyStr) -> Raised {
    match encode_with(vm, Codec::Utf8, s, "strict") {
        Err(e) => e,
        Ok(_) => vm.system_error("text that is UTF-8 was taken for text that is not"),
    }
}
