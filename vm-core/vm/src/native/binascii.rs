//! The module `binascii`: binary data as text (base64, hexadecimal, uu, quoted-printable) and
//! checksums.

use crate::convert::{self, Data};
use crate::error::{PyResult, Raised};
use crate::native::{self, ModuleDef};
use crate::protocol::truth;
use crate::shape;
use crate::types::bytes::{self, hex};
use crate::types::exceptions::hierarchy;
use crate::types::str_::PyStr;
use crate::types::type_::{MethodDef, TypeDef};
use crate::value::{Ref, Value};
use crate::vm::Vm;

pub static ERROR: TypeDef = hierarchy::simple("binascii.Error", "");
pub static INCOMPLETE: TypeDef = hierarchy::simple("binascii.Incomplete", "");

/// Most bytes on a line of uuencoded data.
const UU_LINE: usize = 45;
/// Longest line of quoted-printable text.
const QP_LINE: usize = 76;
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

#[cold]
fn error(vm: &Vm, text: impl AsRef<str>) -> Raised {
    vm.error(shape::BINASCII_ERROR, text)
}

/// Bytes, or a str of ASCII characters.
fn ascii_buffer<'a>(vm: &Vm, v: Value) -> PyResult<Data<'a>> {
    if let Some(s) = v.cast::<PyStr>() {
        if s.is_ascii() {
            return Ok(Data::Plain(s.as_bytes()));
        }
        return Err(vm.value_error("string argument should contain only ASCII characters"));
    }
    convert::buffer(vm, v).map(Data::Held).map_err(|_| {
        vm.type_error(format!(
            "argument should be bytes, buffer or ASCII string, not '{}'",
            vm.type_of(v).full_name()
        ))
    })
}

fn flag(vm: &Vm, v: Value, default: bool) -> PyResult<bool> {
    v.non_null().map_or(Ok(default), |v| truth::truth(vm, v))
}

/// The six bits that a character of the base64 alphabet stands for.
fn base64_value(c: u8) -> Option<u8> {
    Some(match c {
        b'A'..=b'Z' => c - b'A',
        b'a'..=b'z' => c - b'a' + 26,
        b'0'..=b'9' => c - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    })
}

/// Decodes base64; the message of what is wrong with it.
fn decode_base64(data: &[u8], strict: bool) -> Result<Vec<u8>, String> {
    let mut out = Vec::with_capacity(data.len() / 4 * 3 + 3);
    // Characters of the current group of four, the bits left over from the last one, pads seen.
    let (mut group, mut left, mut pads) = (0u8, 0u8, 0u8);
    for (i, &c) in data.iter().enumerate() {
        if c == b'=' {
            pads = pads.saturating_add(1);
            if group >= 2 && group + pads <= 4 {
                continue;
            }
            if !strict {
                continue;
            }
            if group == 1 {
                break;
            }
            let leading = group == 0 && i == 0;
            return Err(if leading { "Leading padding not allowed" } else { "Excess padding not allowed" }.to_owned());
        }
        let Some(bits) = base64_value(c) else {
            if strict {
                return Err("Only base64 data is allowed".to_owned());
            }
            continue;
        };
        if pads > 0 && strict {
            let what = if group + pads == 4 { "Excess data after padding" } else { "Discontinuous padding not allowed" };
            return Err(what.to_owned());
        }
        pads = 0;
        match group {
            0 => {}
            1 => out.push(left << 2 | bits >> 4),
            2 => out.push(left << 4 | bits >> 2),
            _ => out.push(left << 6 | bits),
        }
        left = match group {
            0 => bits,
            1 => bits & 0x0f,
            2 => bits & 0x03,
            _ => 0,
        };
        group = (group + 1) % 4;
    }
    match group {
        0 => Ok(out),
        1 => Err(format!(
            "Invalid base64-encoded string: number of data characters ({}) cannot be 1 more than a multiple of 4",
            out.len() / 3 * 4 + 1
        )),
        _ if group + pads < 4 => Err("Incorrect padding".to_owned()),
        _ => Ok(out),
    }
}

fn encode_base64(data: &[u8], newline: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(data.len().div_ceil(3) * 4 + 1);
    for chunk in data.chunks(3) {
        let at = |i: usize| u32::from(chunk.get(i).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for i in 0..4 {
            let digit = ALPHABET[(bits >> (18 - 6 * i) & 0x3f) as usize];
            out.push(if i <= chunk.len() { digit } else { b'=' });
        }
    }
    if newline {
        out.push(b'\n');
    }
    out
}

fn a2b_base64(vm: &Vm, a: &[Value]) -> PyResult {
    let data = ascii_buffer(vm, a[1])?;
    let strict = flag(vm, a[2], false)?;
    decode_base64(&data, strict).map(|b| bytes::new(vm, &b)).map_err(|text| error(vm, text))
}

fn b2a_base64(vm: &Vm, a: &[Value]) -> PyResult {
    let data = convert::buffer(vm, a[1])?;
    Ok(bytes::new(vm, &encode_base64(&data, flag(vm, a[2], true)?)))
}

fn a2b_hex(vm: &Vm, a: &[Value]) -> PyResult {
    let data = ascii_buffer(vm, a[1])?;
    if data.len() % 2 != 0 {
        return Err(error(vm, "Odd-length string"));
    }
    let digit = |c: u8| (c as char).to_digit(16).map(|d| d as u8);
    let decoded = data.chunks_exact(2).map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?));
    match decoded.collect::<Option<Vec<u8>>>() {
        Some(b) => Ok(bytes::new(vm, &b)),
        None => Err(error(vm, "Non-hexadecimal digit found")),
    }
}

fn b2a_hex(vm: &Vm, a: &[Value]) -> PyResult {
    let data = convert::buffer(vm, a[1])?;
    let (separator, group) = hex::arguments(vm, a[2], a[3], true)?;
    Ok(bytes::new(vm, &hex::digits(&data, separator, group)))
}

/// Decodes a line of uuencoded data.
fn decode_uu(data: &[u8]) -> Result<Vec<u8>, &'static str> {
    let Some((len, rest)) = data.split_first() else { return Err("Missing length byte") };
    let len = usize::from(len.wrapping_sub(b' ') & 0x3f);
    let mut out = Vec::with_capacity(len);
    let (mut bits, mut count) = (0u32, 0);
    let mut chars = rest.iter().copied();
    while out.len() < len {
        let six = match chars.next() {
            None => 0,
            // Spaces at the end of the line may have been lost.
            Some(b'\n' | b'\r') => 0,
            Some(c @ b' '..=b'`') => (c - b' ') & 0x3f,
            Some(_) => return Err("Illegal char"),
        };
        bits = bits << 6 | u32::from(six);
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
        }
    }
    if chars.all(|c| matches!(c, b' ' | b'`' | b'\n' | b'\r')) { Ok(out) } else { Err("Trailing garbage") }
}

fn a2b_uu(vm: &Vm, a: &[Value]) -> PyResult {
    let data = ascii_buffer(vm, a[1])?;
    decode_uu(&data).map(|b| bytes::new(vm, &b)).map_err(|text| error(vm, text))
}

fn b2a_uu(vm: &Vm, a: &[Value]) -> PyResult {
    let data = convert::buffer(vm, a[1])?;
    let backtick = flag(vm, a[2], false)?;
    if data.len() > UU_LINE {
        return Err(error(vm, "At most 45 bytes at once"));
    }
    let shown = |six: u8| if six == 0 && backtick { b'`' } else { six + b' ' };
    let mut out = vec![shown(data.len() as u8)];
    for chunk in data.chunks(3) {
        let at = |i: usize| u32::from(chunk.get(i).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        out.extend((0..4).map(|i| shown((bits >> (18 - 6 * i) & 0x3f) as u8)));
    }
    out.push(b'\n');
    Ok(bytes::new(vm, &out))
}

/// Decodes quoted-printable text; in a header underscores are spaces.
fn decode_qp(data: &[u8], header: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(data.len());
    let mut at = 0;
    while at < data.len() {
        let c = data[at];
        if c == b'=' {
            at += 1;
            let digits = |i: usize| data.get(i).and_then(|c| (*c as char).to_digit(16));
            match data.get(at) {
                None => break,
                // A soft line break: up to the end of the line.
                Some(b'\n' | b'\r') => {
                    at += data[at..].iter().position(|c| *c == b'\n').unwrap_or(data.len() - at);
                    at += 1;
                }
                // Broken encoders write `==` for `=`.
                Some(b'=') => {
                    out.push(b'=');
                    at += 1;
                }
                Some(_) => match (digits(at), digits(at + 1)) {
                    (Some(high), Some(low)) => {
                        out.push((high << 4 | low) as u8);
                        at += 2;
                    }
                    _ => out.push(b'='),
                },
            }
        } else {
            out.push(if header && c == b'_' { b' ' } else { c });
            at += 1;
        }
    }
    out
}

fn a2b_qp(vm: &Vm, a: &[Value]) -> PyResult {
    let data = ascii_buffer(vm, a[1])?;
    Ok(bytes::new(vm, &decode_qp(&data, flag(vm, a[2], false)?)))
}

/// What quoted-printable encoding is asked for.
struct QuotedPrintable {
    quote_tabs: bool,
    is_text: bool,
    header: bool,
}

impl QuotedPrintable {
    fn must_quote(&self, data: &[u8], at: usize, line: usize) -> bool {
        let (c, next) = (data[at], data.get(at + 1).copied());
        let breaks = |c: u8| c == b'\n' || c == b'\r';
        c > 126
            || c == b'='
            || (self.header && c == b'_')
            || (c == b'.' && line == 0 && next.is_none_or(|n| breaks(n) || n == 0))
            || (!self.is_text && breaks(c))
            || (matches!(c, b'\t' | b' ') && next.is_none())
            || (c < 33 && !breaks(c) && (self.quote_tabs || !matches!(c, b'\t' | b' ')))
    }

    fn encode(&self, data: &[u8]) -> Vec<u8> {
        // Lines end as the first one does.
        let first_end = data.iter().position(|c| *c == b'\n');
        let crlf = first_end.is_some_and(|i| i > 0 && data[i - 1] == b'\r');
        let end_of_line = |out: &mut Vec<u8>| out.extend_from_slice(if crlf { b"\r\n" } else { b"\n" });
        let mut out = Vec::with_capacity(data.len());
        let (mut at, mut line) = (0, 0);
        while at < data.len() {
            let c = data[at];
            if self.must_quote(data, at, line) {
                if line + 3 >= QP_LINE {
                    out.push(b'=');
                    end_of_line(&mut out);
                    line = 0;
                }
                out.push(b'=');
                out.extend(hex::digits(&[c], None, 0).iter().map(u8::to_ascii_uppercase));
                at += 1;
                line += 3;
                continue;
            }
            let crlf_here = c == b'\r' && data.get(at + 1) == Some(&b'\n');
            if self.is_text && (c == b'\n' || crlf_here) {
                // White space at the end of a line would get lost.
                if let Some(last @ (b' ' | b'\t')) = out.last().copied() {
                    out.pop();
                    out.push(b'=');
                    out.extend(hex::digits(&[last], None, 0).iter().map(u8::to_ascii_uppercase));
                }
                end_of_line(&mut out);
                at += if crlf_here { 2 } else { 1 };
                line = 0;
                continue;
            }
            let at_end = data.get(at + 1).is_none_or(|n| *n == b'\n');
            if !at_end && line + 1 >= QP_LINE {
                out.push(b'=');
                end_of_line(&mut out);
                line = 0;
            }
            line += 1;
            out.push(if self.header && c == b' ' { b'_' } else { c });
            at += 1;
        }
        out
    }
}

fn b2a_qp(vm: &Vm, a: &[Value]) -> PyResult {
    let data = convert::buffer(vm, a[1])?;
    let how = QuotedPrintable {
        quote_tabs: flag(vm, a[2], false)?,
        is_text: flag(vm, a[3], true)?,
        header: flag(vm, a[4], false)?,
    };
    Ok(bytes::new(vm, &how.encode(&data)))
}

/// The low 32 bits of an int argument.
pub(super) fn low_bits(vm: &Vm, v: Value, default: u32) -> PyResult<u32> {
    let Some(v) = v.non_null() else { return Ok(default) };
    let i = crate::protocol::number::index(vm, v)?;
    let Some(i) = crate::types::int::value_of(i.value()) else { return Ok(default) };
    let low = i.to_big() & num_bigint::BigInt::from(u32::MAX);
    Ok(u32::try_from(low).unwrap_or_default())
}

/// `crc32(data, crc=0)`.
pub(super) fn crc32(vm: &Vm, a: &[Value]) -> PyResult {
    let data = convert::buffer(vm, a[1])?;
    let mut hasher = crc32fast::Hasher::new_with_initial(low_bits(vm, a[2], 0)?);
    hasher.update(&data);
    Ok(Ref::small_int(hasher.finalize().into()))
}

fn crc_hqx(vm: &Vm, a: &[Value]) -> PyResult {
    let data = convert::buffer(vm, a[1])?;
    let mut crc = low_bits(vm, a[2], 0)? as u16;
    for b in data.iter() {
        crc ^= u16::from(*b) << 8;
        for _ in 0..8 {
            crc = if crc & 0x8000 != 0 { crc << 1 ^ 0x1021 } else { crc << 1 };
        }
    }
    Ok(Ref::small_int(crc.into()))
}

const UNHEX: &str = "($module, hexstr, /)";
const HEX: &str = "($module, /, data, sep=<unrepresentable>, bytes_per_sep=1)";
const HEX_DOC: &str = "The data in hexadecimal digits, with a separator after each group of bytes if one is given.";
const UNHEX_DOC: &str = "The data that a string of hexadecimal digits stands for.";

pub static MODULE: ModuleDef = ModuleDef {
    name: "binascii",
    doc: "Conversion between binary data and ASCII",
    functions: &[
        MethodDef::new("a2b_uu", "($module, data, /)", a2b_uu, "Decodes a line of uuencoded data."),
        MethodDef::new("b2a_uu", "($module, data, /, *, backtick=False)", b2a_uu, "Uuencodes a line of data."),
        MethodDef::new("a2b_base64", "($module, data, /, *, strict_mode=False)", a2b_base64, "Decodes base64; in strict mode other characters and wrong padding are errors."),
        MethodDef::new("b2a_base64", "($module, data, /, *, newline=True)", b2a_base64, "Encodes a line of data in base64."),
        MethodDef::new("a2b_hex", UNHEX, a2b_hex, UNHEX_DOC),
        MethodDef::new("b2a_hex", HEX, b2a_hex, HEX_DOC),
        MethodDef::new("hexlify", HEX, b2a_hex, HEX_DOC),
        MethodDef::new("unhexlify", UNHEX, a2b_hex, UNHEX_DOC),
        MethodDef::new("crc_hqx", "($module, data, crc, /)", crc_hqx, "CRC-CCITT of the data, continued from a value."),
        MethodDef::new("crc32", "($module, data, crc=0, /)", crc32, "CRC-32 of the data, continued from a value."),
        MethodDef::new("a2b_qp", "($module, /, data, header=False)", a2b_qp, "Decodes quoted-printable text."),
        MethodDef::new("b2a_qp", "($module, /, data, quotetabs=False, istext=True, header=False)", b2a_qp, "Encodes data as quoted-printable text."),
    ],
    init: |vm, m| {
        native::add(vm, m, "Error", vm.builtin(shape::BINASCII_ERROR).value())?;
        native::add(vm, m, "Incomplete", vm.builtin(shape::BINASCII_INCOMPLETE).value())
    },
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_round_trips() {
        for n in 0..10 {
            let data: Vec<u8> = (0..n).map(|i: u8| i.wrapping_mul(37)).collect();
            assert_eq!(decode_base64(&encode_base64(&data, true), false), Ok(data));
        }
        assert!(decode_base64(b"a", false).is_err());
        assert!(decode_base64(b"=aaa", true).is_err());
    }

    #[test]
    fn quoted_printable_round_trips() {
        let how = QuotedPrintable { quote_tabs: false, is_text: true, header: false };
        let text = b"a=b \t\n\xff and a very long line that has to be broken because it goes on and on and on\n.\n";
        assert_eq!(decode_qp(&how.encode(text), false), text);
    }
}
