//! Text as bytes and back: UTF-8, UTF-16, UTF-32, ASCII and Latin-1, the escape and character
//! map codecs, the error handlers, and the registry through which all other codecs are found.

pub mod charmap;
pub mod decode;
pub mod encode;
pub mod escape;
pub mod handlers;
pub mod registry;
pub mod utf7;

use crate::error::{PyResult, Raised};
use crate::protocol::call;
use crate::shape;
use crate::types::bytearray::PyByteArray;
use crate::types::bytes::{self, PyBytes};
use crate::types::str_::PyStr;
use crate::types::tuple::PyTuple;
use crate::value::{Ref, Value};
use crate::vm::Vm;

pub use registry::Registry;

/// The codecs that `str.encode` and `bytes.decode` find without the registry.
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

impl Endian {
    pub const NATIVE: Endian = if cfg!(target_endian = "big") { Endian::Big } else { Endian::Little };
}

/// An encoding's name in lower case, with one underscore for each run of other characters than
/// letters, digits and dots.
pub fn normalize_name(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut gap = false;
    for c in name.chars() {
        if c.is_ascii_alphanumeric() || c == '.' {
            if gap && !out.is_empty() {
                out.push('_');
            }
            gap = false;
            out.push(c.to_ascii_lowercase());
        } else {
            gap = true;
        }
    }
    out
}

/// The codec of a name, if it is one of those here.
pub fn find(name: &str) -> Option<Codec> {
    use Endian::{Big, Little};
    match name {
        "utf-8" | "utf8" => return Some(Codec::Utf8),
        _ => {}
    }
    Some(match normalize_name(name).as_str() {
        "utf_8" | "utf8" => Codec::Utf8,
        "ascii" | "us_ascii" => Codec::Ascii,
        "latin1" | "latin_1" | "iso_8859_1" | "iso8859_1" => Codec::Latin1,
        "utf_16" | "utf16" => Codec::Utf16(None),
        "utf_16_le" => Codec::Utf16(Some(Little)),
        "utf_16_be" => Codec::Utf16(Some(Big)),
        "utf_32" | "utf32" => Codec::Utf32(None),
        "utf_32_le" => Codec::Utf32(Some(Little)),
        "utf_32_be" => Codec::Utf32(Some(Big)),
        _ => return None,
    })
}

/// `bytes.decode(encoding, errors)`.
pub fn decode(vm: &Vm, data: &[u8], encoding: &str, errors: &str) -> PyResult {
    if let Some(c) = find(encoding) {
        return decode::decode_str(vm, c, data, errors, true).map(|(r, _)| r);
    }
    let codec = registry::lookup_text(vm, encoding, "codecs.decode()")?;
    let decoder = part(vm, &codec, 1)?;
    let input = bytes::new(vm, data);
    let r = registry::run(vm, decoder.value(), input.value(), errors, encoding, registry::Direction::Decode)?;
    if r.cast::<PyStr>().is_some() {
        return Ok(r);
    }
    Err(vm.type_error(format!(
        "'{encoding}' decoder returned '{}' instead of 'str'; use codecs.decode() to decode to arbitrary types",
        vm.type_of(r.value()).full_name()
    )))
}

/// `str.encode(encoding, errors)`: a bytes object.
pub fn encode(vm: &Vm, s: &PyStr, encoding: &str, errors: &str) -> PyResult {
    if let Some(c) = find(encoding) {
        return encode_with(vm, c, s, errors).map(|b| bytes::new(vm, &b));
    }
    let codec = registry::lookup_text(vm, encoding, "codecs.encode()")?;
    let encoder = part(vm, &codec, 0)?;
    let text = PyStr::from_wtf8(vm, s.as_bytes());
    let r = registry::run(vm, encoder.value(), text.value(), errors, encoding, registry::Direction::Encode)?;
    if r.cast::<PyBytes>().is_some() {
        return Ok(r);
    }
    if let Some(b) = r.cast::<PyByteArray>() {
        let text = format!(
            "encoder {encoding} returned bytearray instead of bytes; use codecs.encode() to encode to arbitrary types"
        );
        crate::runtime::warn(vm, shape::RUNTIME_WARNING, &text, 1)?;
        return Ok(bytes::new(vm, b.as_slice()));
    }
    Err(vm.type_error(format!(
        "'{encoding}' encoder returned '{}' instead of 'bytes'; use codecs.encode() to encode to arbitrary types",
        vm.type_of(r.value()).full_name()
    )))
}

/// A part of a codec's tuple: encoder, decoder, stream reader, stream writer.
pub fn part(vm: &Vm, codec: &Ref, i: usize) -> PyResult {
    match codec.cast::<PyTuple>().and_then(|t| t.get(i)) {
        Some(v) => Ok(v.to_ref()),
        None => Err(vm.type_error("codec search functions must return 4-tuples")),
    }
}

/// Encodes a str with one of the codecs here.
pub fn encode_with(vm: &Vm, codec: Codec, s: &PyStr, errors: &str) -> PyResult<Vec<u8>> {
    encode::encode(vm, codec, s, errors)
}

/// UnicodeEncodeError of text with surrogates that something wants as UTF-8.
pub fn not_utf8(vm: &Vm, s: &PyStr) -> Raised {
    match encode_with(vm, Codec::Utf8, s, "strict") {
        Err(e) => e,
        Ok(_) => vm.system_error("text that is UTF-8 was taken for text that is not"),
    }
}

/// `(value, length)`: what codec functions return.
pub fn with_length(vm: &Vm, v: Ref, len: usize) -> Ref {
    PyTuple::pair(v, vm.new_int(len as i64))
}

/// The name of an error handler argument: a str, or None for `strict`.
pub fn errors_arg(vm: &Vm, function: &str, v: Value) -> PyResult<String> {
    match v.non_null().filter(|v| !v.is(vm.none())) {
        None => Ok("strict".to_owned()),
        Some(v) if v.cast::<PyStr>().is_some() => crate::convert::name_arg(vm, function, "argument 2", v),
        Some(v) => Err(crate::convert::bad_argument(vm, function, "argument 2", "str or None", v)),
    }
}

/// Calls an error handler by name with an exception.
pub fn call_handler(vm: &Vm, errors: &str, exc: Value) -> PyResult {
    let handler = registry::lookup_error(vm, errors)?;
    call::call_args(vm, handler.value(), &[exc])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_normalized() {
        assert_eq!(normalize_name("UTF  8"), "utf_8");
        assert_eq!(normalize_name(" -latin-1- "), "latin_1");
        assert_eq!(find("Us-ASCII"), Some(Codec::Ascii));
        assert_eq!(find("UTF-16LE"), None);
        assert_eq!(find("utf-16-le"), Some(Codec::Utf16(Some(Endian::Little))));
    }
}
