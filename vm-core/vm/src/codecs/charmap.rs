//! Codecs by tables: what most 8-bit encodings of the library are made of.

use std::borrow::Cow;
use std::cell::RefCell;

use super::decode::{Decoder, Problem};
use super::encode::{Encoder, Replacement};
use crate::error::{PyResult, Raised};
use crate::protocol::item;
use crate::shape;
use crate::types::bytes::PyBytes;
use crate::types::dict::PyDict;
use crate::types::int;
use crate::types::str_::{CodePoints, PyStr};
use crate::value::{Ref, Value};
use crate::vm::Vm;

const UNDEFINED: &str = "character maps to <undefined>";

/// Decodes bytes by a str of up to 256 characters, or by a mapping from numbers.
pub fn decode(vm: &Vm, data: &[u8], errors: &str, mapping: Value) -> PyResult {
    let table: Option<Vec<u32>> = mapping.cast_exact::<PyStr>().map(|s| s.code_points().collect());
    let mut d = Decoder::new(vm, "charmap", data, errors);
    if table.is_none() {
        // Looking up may run code that changes the memory.
        d.data = Cow::Owned(data.to_vec());
    }
    let mut at = 0;
    while let Some(&b) = d.data.get(at) {
        let found = match &table {
            Some(t) => t.get(b as usize).copied().filter(|c| *c != 0xfffe).map(Mapped::Char),
            None => look_up(vm, mapping, b)?,
        };
        match found {
            Some(Mapped::Char(c)) => d.push(c),
            Some(Mapped::Text(t)) => {
                if let Some(s) = t.cast::<PyStr>() {
                    d.out.extend_from_slice(s.as_bytes());
                }
            }
            None => {
                at = d.handle(Problem { start: at, end: at + 1, reason: UNDEFINED })?;
                continue;
            }
        }
        at += 1;
    }
    Ok(d.finish())
}

enum Mapped {
    Char(u32),
    Text(Ref),
}

/// What a mapping has for a byte; `None` if nothing.
fn look_up(vm: &Vm, mapping: Value, b: u8) -> PyResult<Option<Mapped>> {
    let found = match item::get(vm, mapping, Value::small_int(i64::from(b))) {
        Ok(v) => v,
        Err(e) if e.is(vm, shape::LOOKUP_ERROR) => return Ok(None),
        Err(e) => return Err(e),
    };
    if found.is(vm.none()) {
        return Ok(None);
    }
    if let Some(s) = found.cast::<PyStr>() {
        if s.char_len() == 1 && s.char_at(0) == 0xfffe {
            return Ok(None);
        }
        return Ok(Some(Mapped::Text(found)));
    }
    if int::value_of(found.value()).is_none() {
        return Err(vm.type_error("character mapping must return integer, None or str"));
    }
    match int::to_i64(found.value()).and_then(|i| u32::try_from(i).ok()).filter(|c| *c <= 0x10ffff) {
        Some(0xfffe) => Ok(None),
        Some(c) => Ok(Some(Mapped::Char(c))),
        None => Err(vm.type_error("character mapping must be in range(0x110000)")),
    }
}

/// Appends what the mapping has for a character; whether it has anything.
fn push_mapped(vm: &Vm, mapping: Value, c: u32, out: &mut Vec<u8>) -> PyResult<bool> {
    let found = match item::get(vm, mapping, Value::small_int(i64::from(c))) {
        Ok(v) => v,
        Err(e) if e.is(vm, shape::LOOKUP_ERROR) => return Ok(false),
        Err(e) => return Err(e),
    };
    if found.is(vm.none()) {
        return Ok(false);
    }
    if let Some(b) = found.cast::<PyBytes>() {
        out.extend_from_slice(b.as_slice());
        return Ok(true);
    }
    if int::value_of(found.value()).is_none() {
        return Err(vm.type_error(format!(
            "character mapping must return integer, bytes or None, not {}",
            vm.type_of(found.value()).full_name()
        )));
    }
    match int::to_i64(found.value()).and_then(|i| u8::try_from(i).ok()) {
        Some(b) => out.push(b),
        None => return Err(vm.type_error("character mapping must be in range(256)")),
    }
    Ok(true)
}

/// Encodes a str by a mapping from code points to bytes.
pub fn encode(vm: &Vm, s: &PyStr, errors: &str, mapping: Value) -> PyResult<Vec<u8>> {
    let points: Vec<u32> = CodePoints::of(s.as_bytes()).collect();
    let exc = RefCell::default();
    let e = Encoder { vm, encoding: "charmap", text: s, points: &points, errors, reason: UNDEFINED, exc };
    let mut out = Vec::with_capacity(points.len());
    let mut at = 0;
    while at < points.len() {
        if push_mapped(vm, mapping, points[at], &mut out)? {
            at += 1;
            continue;
        }
        let start = at;
        let mut end = at + 1;
        while end < points.len() && !push_mapped(vm, mapping, points[end], &mut Vec::new())? {
            end += 1;
        }
        at = replace(&e, mapping, (start, end), &mut out)?;
    }
    Ok(out)
}

fn replace(e: &Encoder, mapping: Value, (start, end): (usize, usize), out: &mut Vec<u8>) -> PyResult<usize> {
    let (with, next) = e.handle(start, end)?;
    match with {
        Replacement::Bytes(b) => out.extend_from_slice(&b),
        Replacement::Text(t) => {
            for c in CodePoints::of(&t) {
                if !push_mapped(e.vm, mapping, c, out)? {
                    return Err(e.error(start, end));
                }
            }
        }
    }
    Ok(next)
}

#[cold]
fn bad_map(vm: &Vm) -> Raised {
    vm.type_error("bad argument type for built-in operation")
}

/// `codecs.charmap_build`: the mapping for encoding that belongs to a decoding table.
pub fn build(vm: &Vm, table: Value) -> PyResult {
    let Some(s) = table.cast::<PyStr>().filter(|s| !s.is_empty()) else { return Err(bad_map(vm)) };
    let map = PyDict::new(vm);
    if let Some(d) = map.cast::<PyDict>() {
        for (i, c) in s.code_points().take(256).enumerate() {
            d.set(vm, Value::small_int(i64::from(c)), Value::small_int(i as i64))?;
        }
    }
    Ok(map)
}
