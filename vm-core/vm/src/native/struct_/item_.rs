//! Packing and unpacking of single items.

use super::error;
use super::format::{Code, Format};
use crate::error::{PyResult, Raised};
use crate::protocol::{number, truth};
use crate::types::bytes::{self, PyBytes};
use crate::types::complex;
use crate::types::memoryview::pack::{f64_to_half, half_to_f64};
use crate::types::{float, int};
use crate::value::{Ref, Value};
use crate::vm::Vm;

fn is_signed(letter: u8) -> bool {
    matches!(letter, b'b' | b'h' | b'i' | b'l' | b'q' | b'n')
}

/// Writes an unsigned number of `to.len()` bytes.
fn put(to: &mut [u8], bits: u64, big_endian: bool) {
    let n = to.len();
    if big_endian {
        to.copy_from_slice(&bits.to_be_bytes()[8 - n..]);
    } else {
        to.copy_from_slice(&bits.to_le_bytes()[..n]);
    }
}

fn take(from: &[u8], big_endian: bool) -> u64 {
    let (n, mut all) = (from.len(), [0; 8]);
    if big_endian {
        all[8 - n..].copy_from_slice(from);
        u64::from_be_bytes(all)
    } else {
        all[..n].copy_from_slice(from);
        u64::from_le_bytes(all)
    }
}

#[cold]
fn range_error(vm: &Vm, letter: u8, size: usize) -> Raised {
    let bits = size as u32 * 8;
    let (low, high) = match is_signed(letter) {
        true => (-(1i128 << (bits - 1)), (1i128 << (bits - 1)) - 1),
        false => (0, (1i128 << bits) - 1),
    };
    error(vm, &format!("'{}' format requires {low} <= number <= {high}", letter as char))
}

/// An int that fits `size` bytes, as the bits to store.
fn int_bits(vm: &Vm, letter: u8, size: usize, v: Value) -> PyResult<u64> {
    if v.as_small_int().is_none() && int::value_of(v).is_none() && !number::has_index(vm, v) {
        return Err(error(vm, "required argument is not an integer"));
    }
    let index = number::index(vm, v)?;
    let wide = match index.as_small_int() {
        Some(i) => Some(i128::from(i)),
        None => int::value_of(index.value()).and_then(|i| i128::try_from(i.to_big()).ok()),
    };
    if letter == b'P' {
        let fits = |i: &i128| (i64::MIN.into()..=u64::MAX.into()).contains(i);
        return wide.filter(fits).map(|i| i as u64).ok_or_else(|| error(vm, "int too large to convert"));
    }
    let bits = size as u32 * 8;
    let fits = |i: &i128| match is_signed(letter) {
        true => (-(1i128 << (bits - 1))..1i128 << (bits - 1)).contains(i),
        false => (0..1i128 << bits).contains(i),
    };
    wide.filter(fits).map(|i| i as u64).ok_or_else(|| range_error(vm, letter, size))
}

fn float_of(vm: &Vm, v: Value) -> PyResult<f64> {
    if let Some(f) = float::value_of(v) {
        return Ok(f);
    }
    float::as_f64(vm, v).map_err(|_| error(vm, "required argument is not a float"))
}

/// Writes a float of 2, 4 or 8 bytes.
fn put_float(vm: &Vm, to: &mut [u8], f: f64, letter: char, big_endian: bool) -> PyResult<()> {
    let too_large = || vm.overflow_error(format!("float too large to pack with {letter} format"));
    let bits = match to.len() {
        2 => u64::from(f64_to_half(f).ok_or_else(too_large)?),
        4 => {
            let narrow = f as f32;
            if narrow.is_infinite() && f.is_finite() {
                return Err(too_large());
            }
            u64::from(narrow.to_bits())
        }
        _ => f.to_bits(),
    };
    put(to, bits, big_endian);
    Ok(())
}

fn take_float(from: &[u8], big_endian: bool) -> f64 {
    let bits = take(from, big_endian);
    match from.len() {
        2 => half_to_f64(bits as u16),
        4 => f32::from_bits(bits as u32).into(),
        _ => f64::from_bits(bits),
    }
}

/// Writes a value at `to`, which has the size of the code's item and is zero.
pub fn pack(vm: &Vm, code: &Code, big_endian: bool, to: &mut [u8], v: Value) -> PyResult<()> {
    match code.letter {
        b's' | b'p' => pack_text(vm, code.letter, to, v)?,
        b'c' => match v.cast::<PyBytes>().map(PyBytes::as_slice) {
            Some([b]) => to[0] = *b,
            _ => return Err(error(vm, "char format requires a bytes object of length 1")),
        },
        b'?' => to[0] = u8::from(truth::truth(vm, v)?),
        b'e' | b'f' | b'd' => put_float(vm, to, float_of(vm, v)?, code.letter as char, big_endian)?,
        b'F' | b'D' => {
            let Ok(c) = complex::parts(vm, v) else {
                return Err(error(vm, "required argument is not a complex"));
            };
            let (first, second) = to.split_at_mut(code.size / 2);
            let letter = if code.letter == b'F' { 'f' } else { 'd' };
            put_float(vm, first, c.re, letter, big_endian)?;
            put_float(vm, second, c.im, letter, big_endian)?;
        }
        letter => put(to, int_bits(vm, letter, code.size, v)?, big_endian),
    }
    Ok(())
}

/// `s`: cut or filled up; `p`: the length in a byte first.
fn pack_text(vm: &Vm, letter: u8, to: &mut [u8], v: Value) -> PyResult<()> {
    let text = match v.cast::<PyBytes>() {
        Some(b) => b.as_slice(),
        None => match v.cast::<crate::types::bytearray::PyByteArray>() {
            Some(b) => b.as_slice(),
            None => return Err(error(vm, &format!("argument for '{}' must be a bytes object", letter as char))),
        },
    };
    let to = if letter == b'p' {
        let Some((len, rest)) = to.split_first_mut() else { return Ok(()) };
        *len = text.len().min(rest.len()).min(255) as u8;
        rest
    } else {
        to
    };
    let n = text.len().min(to.len());
    to[..n].copy_from_slice(&text[..n]);
    Ok(())
}

/// The value at `from`, which has the size of the code's item.
pub fn unpack(vm: &Vm, code: &Code, big_endian: bool, from: &[u8]) -> Ref {
    match code.letter {
        b's' | b'c' => bytes::new(vm, from),
        b'p' => match from.split_first() {
            Some((len, rest)) => bytes::new(vm, &rest[..rest.len().min(usize::from(*len))]),
            None => bytes::new(vm, b""),
        },
        b'?' => vm.bool_ref(from[0] != 0),
        b'e' | b'f' | b'd' => vm.new_float(take_float(from, big_endian)),
        b'F' | b'D' => {
            let (first, second) = from.split_at(code.size / 2);
            complex::new(take_float(first, big_endian), take_float(second, big_endian))
        }
        letter => {
            let bits = take(from, big_endian);
            if is_signed(letter) {
                let unused = 64 - code.size as u32 * 8;
                vm.new_int((bits << unused) as i64 >> unused)
            } else {
                int::from_u64(bits)
            }
        }
    }
}

impl Format {
    /// The bytes of these values, whose number is right.
    pub fn pack(&self, vm: &Vm, values: &[Value]) -> PyResult<Vec<u8>> {
        let mut out = Vec::new();
        if out.try_reserve_exact(self.size).is_err() {
            return Err(vm.error_args(crate::shape::MEMORY_ERROR, &[]));
        }
        out.resize(self.size, 0);
        let mut values = values.iter();
        for code in &self.codes {
            for (i, v) in (0..code.repeat).zip(values.by_ref()) {
                let at = code.offset + i * code.size;
                pack(vm, code, self.big_endian, &mut out[at..at + code.size], *v)?;
            }
        }
        Ok(out)
    }

    /// The values in memory of exactly the format's size.
    pub fn unpack(&self, vm: &Vm, from: &[u8]) -> Vec<Ref> {
        let mut all = Vec::with_capacity(self.len);
        for code in &self.codes {
            for i in 0..code.repeat {
                let at = code.offset + i * code.size;
                all.push(unpack(vm, code, self.big_endian, &from[at..at + code.size]));
            }
        }
        all
    }
}
