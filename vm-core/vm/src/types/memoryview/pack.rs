//! Single items of a view in native format, as the letters of the module `struct` name them.

use crate::error::{PyResult, Raised};
use crate::protocol::{number, truth};
use crate::shape;
use crate::types::{bytes, float, int};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// The letter of a format that is one native item, with an optional `@` before it.
pub fn letter(format: &str) -> Option<u8> {
    match format.strip_prefix('@').unwrap_or(format).as_bytes() {
        &[c] if item_size(c).is_some() => Some(c),
        _ => None,
    }
}

/// Size in bytes of an item.
pub fn item_size(letter: u8) -> Option<usize> {
    Some(match letter {
        b'b' | b'B' | b'c' | b'?' => 1,
        b'h' | b'H' | b'e' => 2,
        b'i' | b'I' | b'f' => 4,
        b'l' | b'L' | b'q' | b'Q' | b'n' | b'N' | b'd' | b'P' => 8,
        _ => return None,
    })
}

/// Formats whose items are single bytes.
pub fn is_byte_letter(letter: u8) -> bool {
    matches!(letter, b'b' | b'B' | b'c')
}

fn array<const N: usize>(b: &[u8]) -> [u8; N] {
    let mut a = [0; N];
    let n = N.min(b.len());
    a[..n].copy_from_slice(&b[..n]);
    a
}

/// The item in `b`, which has the letter's size.
pub fn unpack(vm: &Vm, letter: u8, b: &[u8]) -> Ref {
    match letter {
        b'b' => vm.new_int(i8::from_ne_bytes(array(b)).into()),
        b'c' => bytes::new(vm, b),
        b'?' => vm.bool_ref(b[0] != 0),
        b'h' => vm.new_int(i16::from_ne_bytes(array(b)).into()),
        b'H' => vm.new_int(u16::from_ne_bytes(array(b)).into()),
        b'i' => vm.new_int(i32::from_ne_bytes(array(b)).into()),
        b'I' => vm.new_int(u32::from_ne_bytes(array(b)).into()),
        b'l' | b'q' | b'n' => vm.new_int(i64::from_ne_bytes(array(b))),
        b'L' | b'Q' | b'N' | b'P' => int::from_u64(u64::from_ne_bytes(array(b))),
        b'e' => vm.new_float(half_to_f64(u16::from_ne_bytes(array(b)))),
        b'f' => vm.new_float(f32::from_ne_bytes(array(b)).into()),
        b'd' => vm.new_float(f64::from_ne_bytes(array(b))),
        _ => vm.new_int(b[0].into()),
    }
}

#[cold]
fn invalid_type(vm: &Vm, letter: u8) -> Raised {
    vm.type_error(format!("memoryview: invalid type for format '{}'", letter as char))
}

#[cold]
fn invalid_value(vm: &Vm, letter: u8) -> Raised {
    vm.value_error(format!("memoryview: invalid value for format '{}'", letter as char))
}

/// The bytes of an item.
///
/// # Errors
/// TypeError for a value of the wrong kind, ValueError for one that does not fit.
pub fn pack(vm: &Vm, letter: u8, v: Value) -> PyResult<Vec<u8>> {
    match letter {
        b'c' => match v.cast::<bytes::PyBytes>().map(|b| b.as_slice()) {
            Some(b) if b.len() == 1 => Ok(b.to_vec()),
            Some(_) => Err(invalid_value(vm, letter)),
            _ => Err(invalid_type(vm, letter)),
        },
        b'?' => Ok(vec![u8::from(truth::truth(vm, v)?)]),
        b'e' | b'f' | b'd' => {
            let f = match float::value_of(v).or_else(|| int::value_of(v).and_then(|i| int::to_f64(&i))) {
                Some(f) => f,
                None => match vm.type_of(v).slots().float {
                    Some(to_float) => float::value_of(to_float(vm, v)?.value()).unwrap_or_default(),
                    None => return Err(invalid_type(vm, letter)),
                },
            };
            Ok(match letter {
                b'e' => f64_to_half(f).ok_or_else(|| invalid_value(vm, letter))?.to_ne_bytes().to_vec(),
                b'f' => (f as f32).to_ne_bytes().to_vec(),
                _ => f.to_ne_bytes().to_vec(),
            })
        }
        _ => pack_int(vm, letter, v),
    }
}

fn pack_int(vm: &Vm, letter: u8, v: Value) -> PyResult<Vec<u8>> {
    let i = match number::index(vm, v) {
        Ok(i) => i,
        Err(e) if e.is(vm, shape::TYPE_ERROR) => return Err(invalid_type(vm, letter)),
        Err(e) => return Err(e),
    };
    let value = int::value_of(i.value()).map(|i| i.to_big());
    let Some(wide) = value.and_then(|b| i128::try_from(b).ok()) else {
        return Err(invalid_value(vm, letter));
    };
    let fit = match letter {
        b'b' => i8::try_from(wide).ok().map(|x| x.to_ne_bytes().to_vec()),
        b'B' => u8::try_from(wide).ok().map(|x| x.to_ne_bytes().to_vec()),
        b'h' => i16::try_from(wide).ok().map(|x| x.to_ne_bytes().to_vec()),
        b'H' => u16::try_from(wide).ok().map(|x| x.to_ne_bytes().to_vec()),
        b'i' => i32::try_from(wide).ok().map(|x| x.to_ne_bytes().to_vec()),
        b'I' => u32::try_from(wide).ok().map(|x| x.to_ne_bytes().to_vec()),
        b'l' | b'q' | b'n' => i64::try_from(wide).ok().map(|x| x.to_ne_bytes().to_vec()),
        _ => u64::try_from(wide).ok().map(|x| x.to_ne_bytes().to_vec()),
    };
    fit.ok_or_else(|| invalid_value(vm, letter))
}

/// IEEE 754 binary16.
pub fn half_to_f64(h: u16) -> f64 {
    let sign = if h & 0x8000 != 0 { -1.0 } else { 1.0 };
    let (exponent, fraction) = ((h >> 10) & 0x1f, f64::from(h & 0x3ff));
    match exponent {
        0 => sign * fraction * 2f64.powi(-24),
        0x1f if h & 0x3ff == 0 => sign * f64::INFINITY,
        0x1f => f64::NAN.copysign(sign),
        e => sign * (1.0 + fraction / 1024.0) * 2f64.powi(i32::from(e) - 15),
    }
}

/// The nearest binary16, ties to even; `None` if the value is too large.
pub fn f64_to_half(f: f64) -> Option<u16> {
    let sign = if f.is_sign_negative() { 0x8000 } else { 0 };
    if f.is_nan() {
        return Some(sign | 0x7e00);
    }
    if f.is_infinite() {
        return Some(sign | 0x7c00);
    }
    let a = f.abs();
    if a < 2f64.powi(-14) {
        // Subnormal; rounding up to the smallest normal number comes out right by itself.
        return Some(sign | (a * 2f64.powi(24)).round_ties_even() as u16);
    }
    let exponent = ((a.to_bits() >> 52) as i32) - 1023;
    let scaled = (a * 2f64.powi(10 - exponent)).round_ties_even();
    let bits = ((exponent + 15) as i64) * 1024 + (scaled as i64 - 1024);
    if bits >= 0x7c00 { None } else { Some(sign | bits as u16) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_round_trip() {
        for h in 0..=0x7bffu16 {
            assert_eq!(f64_to_half(half_to_f64(h)), Some(h), "{h:#x}");
        }
        assert_eq!(f64_to_half(65504.0), Some(0x7bff));
        assert_eq!(f64_to_half(65520.0), None);
        assert_eq!(f64_to_half(1e-8), Some(0));
        assert_eq!(f64_to_half(-0.0), Some(0x8000));
    }

    #[test]
    fn formats() {
        assert_eq!(letter("@i"), Some(b'i'));
        assert_eq!(letter("B"), Some(b'B'));
        assert_eq!(letter("<i"), None);
        assert_eq!(letter(""), None);
    }
}
