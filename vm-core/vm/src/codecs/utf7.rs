//! UTF-7 (RFC 2152): text in ASCII, other characters as UTF-16 in a form of base 64.

use super::decode::{Decoder, Problem};
use crate::error::PyResult;
use crate::types::str_::{PyStr, push_code_point};
use crate::value::Ref;
use crate::vm::Vm;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn digit(b: u8) -> Option<u32> {
    Some(match b {
        b'A'..=b'Z' => b - b'A',
        b'a'..=b'z' => b - b'a' + 26,
        b'0'..=b'9' => b - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    } as u32)
}

/// Bits of a shift sequence that make no character yet.
#[derive(Default)]
struct Shift {
    buffer: u32,
    bits: u32,
    /// A high surrogate that waits for the low one; 0 for none.
    surrogate: u32,
    /// Where the sequence began, in the input and in the output.
    start: usize,
    out_start: usize,
}

impl Shift {
    fn add(&mut self, value: u32, out: &mut Vec<u8>) {
        self.buffer = self.buffer << 6 | value;
        self.bits += 6;
        if self.bits < 16 {
            return;
        }
        let c = self.buffer >> (self.bits - 16);
        self.bits -= 16;
        self.buffer &= (1 << self.bits) - 1;
        let high = std::mem::take(&mut self.surrogate);
        if high != 0 {
            if let 0xdc00..=0xdfff = c {
                push_code_point(out, 0x10000 + ((high - 0xd800) << 10) + (c - 0xdc00));
                return;
            }
            push_code_point(out, high);
        }
        if let 0xd800..=0xdbff = c {
            self.surrogate = c;
        } else {
            push_code_point(out, c);
        }
    }

    /// What is wrong with the bits that are left when the sequence ends.
    fn problem(&self) -> Option<&'static str> {
        if self.bits >= 6 {
            return Some("partial character in shift sequence");
        }
        (self.bits > 0 && self.buffer != 0).then_some("non-zero padding bits in shift sequence")
    }
}

/// Decodes UTF-7; returns the str and the bytes used.
pub fn decode(vm: &Vm, data: &[u8], errors: &str, is_final: bool) -> PyResult<(Ref, usize)> {
    let mut d = Decoder::new(vm, "utf7", data, errors);
    let mut shift: Option<Shift> = None;
    let mut at = 0;
    loop {
        let Some(&b) = d.data.get(at) else {
            let Some(s) = &shift else { break };
            let (start, out_start) = (s.start, s.out_start);
            if !is_final {
                // The sequence is read again when more has come.
                d.out.truncate(out_start);
                return Ok((d.finish(), start));
            }
            let broken = s.surrogate != 0 || s.problem().is_some();
            shift = None;
            if broken {
                let end = d.data.len();
                at = d.handle(Problem { start, end, reason: "unterminated shift sequence" })?;
            }
            continue;
        };
        if let Some(s) = &mut shift {
            if let Some(value) = digit(b) {
                s.add(value, &mut d.out);
                at += 1;
                continue;
            }
            let ended = std::mem::take(s);
            shift = None;
            if let Some(reason) = ended.problem() {
                at = d.handle(Problem { start: ended.start, end: at + 1, reason })?;
                continue;
            }
            if ended.surrogate != 0 && b.is_ascii() && b != b'+' {
                d.push(ended.surrogate);
            }
            at += (b == b'-') as usize;
            continue;
        }
        match (b, d.data.get(at + 1)) {
            (b'+', Some(b'-')) => {
                d.out.push(b'+');
                at += 2;
            }
            (b'+', Some(next)) if digit(*next).is_none() => {
                at = d.handle(Problem { start: at, end: at + 2, reason: "ill-formed sequence" })?;
            }
            (b'+', _) => {
                shift = Some(Shift { start: at, out_start: d.out.len(), ..Shift::default() });
                at += 1;
            }
            _ if b.is_ascii() => {
                d.out.push(b);
                at += 1;
            }
            _ => {
                at = d.handle(Problem { start: at, end: at + 1, reason: "unexpected special character" })?;
            }
        }
    }
    Ok((d.finish(), at))
}

/// Whether a character is written as it is.
fn is_direct(c: u32) -> bool {
    u8::try_from(c).is_ok_and(|b| match b {
        b'\\' | b'~' | b'+' => false,
        b'\t' | b'\n' | b'\r' => true,
        b => (0x20..0x7f).contains(&b),
    })
}

/// Encodes UTF-7.
pub fn encode(s: &PyStr) -> Vec<u8> {
    let mut out = Vec::with_capacity(s.as_bytes().len());
    let (mut buffer, mut bits, mut shifted) = (0u32, 0u32, false);
    for c in s.code_points() {
        if is_direct(c) {
            if shifted {
                if bits > 0 {
                    out.push(ALPHABET[(buffer << (6 - bits) & 63) as usize]);
                }
                (buffer, bits, shifted) = (0, 0, false);
                if digit(c as u8).is_some() || c == u32::from(b'-') {
                    out.push(b'-');
                }
            }
            out.push(c as u8);
            continue;
        }
        if !shifted {
            if c == u32::from(b'+') {
                out.extend_from_slice(b"+-");
                continue;
            }
            out.push(b'+');
            shifted = true;
        }
        let mut units = [0u16; 2];
        let units: &[u16] = match char::from_u32(c) {
            Some(c) => c.encode_utf16(&mut units),
            None => {
                units[0] = c as u16;
                &units[..1]
            }
        };
        for &u in units {
            buffer = buffer << 16 | u32::from(u);
            bits += 16;
            while bits >= 6 {
                bits -= 6;
                out.push(ALPHABET[(buffer >> bits & 63) as usize]);
            }
            buffer &= (1 << bits) - 1;
        }
    }
    if bits > 0 {
        out.push(ALPHABET[(buffer << (6 - bits) & 63) as usize]);
    }
    if shifted {
        out.push(b'-');
    }
    out
}
