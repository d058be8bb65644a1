//! What an array's items can be: type codes, reading and packing of items.

use crate::convert;
use crate::error::PyResult;
use crate::types::str_::{self, PyStr};
use crate::types::{float, int};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// The item type of an array, by type code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    I8,
    U8,
    /// `u`: a C `wchar_t`.
    Wide,
    /// `w`: a code point.
    CodePoint,
    I16,
    U16,
    I32,
    U32,
    Long,
    ULong,
    LongLong,
    ULongLong,
    F32,
    F64,
}

use Kind::*;

/// All kinds, in the order of `array.typecodes`.
pub const KINDS: [Kind; 14] =
    [I8, U8, Wide, CodePoint, I16, U16, I32, U32, Long, ULong, LongLong, ULongLong, F32, F64];

/// The type codes of [`KINDS`].
pub const CODES: &str = "bBuwhHiIlLqQfd";

/// The `i`-th item of `N` bytes.
#[inline(always)]
fn chunk<const N: usize>(data: &[u8], i: usize) -> [u8; N] {
    let mut item = [0; N];
    item.copy_from_slice(&data[i * N..(i + 1) * N]);
    item
}

impl Kind {
    /// The kind of a type code.
    pub fn from_code(code: u32) -> Option<Kind> {
        let at = CODES.bytes().position(|c| u32::from(c) == code)?;
        Some(KINDS[at])
    }

    pub fn code(self) -> char {
        CODES.as_bytes()[self as usize] as char
    }

    /// Bytes of an item.
    #[inline(always)]
    pub fn size(self) -> usize {
        match self {
            I8 | U8 => 1,
            I16 | U16 => 2,
            Wide | CodePoint | I32 | U32 | F32 => 4,
            Long | ULong | LongLong | ULongLong | F64 => 8,
        }
    }

    /// The format of an item as `memoryview` shows it.
    pub fn format(self) -> &'static str {
        match self {
            Wide | CodePoint => "w",
            kind => &CODES[kind as usize..=kind as usize],
        }
    }

    pub fn is_text(self) -> bool {
        matches!(self, Wide | CodePoint)
    }

    /// Signedness of the integer kinds.
    pub fn signed(self) -> Option<bool> {
        match self {
            I8 | I16 | I32 | Long | LongLong => Some(true),
            U8 | U16 | U32 | ULong | ULongLong => Some(false),
            Wide | CodePoint | F32 | F64 => None,
        }
    }

    /// The item at an index that is within `data`.
    #[inline]
    pub fn read(self, vm: &Vm, data: &[u8], i: usize) -> PyResult {
        Ok(match self {
            U8 => Ref::small_int(data[i].into()),
            F64 => vm.new_float(f64::from_ne_bytes(chunk(data, i))),
            I32 => Ref::small_int(i32::from_ne_bytes(chunk(data, i)).into()),
            Long | LongLong => vm.new_int(i64::from_ne_bytes(chunk(data, i))),
            I8 => Ref::small_int((data[i] as i8).into()),
            I16 => Ref::small_int(i16::from_ne_bytes(chunk(data, i)).into()),
            U16 => Ref::small_int(u16::from_ne_bytes(chunk(data, i)).into()),
            U32 => Ref::small_int(u32::from_ne_bytes(chunk(data, i)).into()),
            ULong | ULongLong => int::from_u64(u64::from_ne_bytes(chunk(data, i))),
            F32 => vm.new_float(f32::from_ne_bytes(chunk(data, i)).into()),
            Wide | CodePoint => match u32::from_ne_bytes(chunk(data, i)) {
                c @ 0..=0x10_ffff => str_::from_code_point(vm, c),
                _ => return Err(vm.value_error("chr() arg not in range(0x110000)")),
            },
        })
    }

    /// An item of a numeric kind as a float, to compare items without making objects.
    pub fn float_at(self, data: &[u8], i: usize) -> f64 {
        match self {
            F32 => f32::from_ne_bytes(chunk(data, i)).into(),
            _ => f64::from_ne_bytes(chunk(data, i)),
        }
    }

    /// An item of an integer or text kind.
    pub fn int_at(self, data: &[u8], i: usize) -> i128 {
        match self {
            I8 => (data[i] as i8).into(),
            U8 => data[i].into(),
            I16 => i16::from_ne_bytes(chunk(data, i)).into(),
            U16 => u16::from_ne_bytes(chunk(data, i)).into(),
            I32 => i32::from_ne_bytes(chunk(data, i)).into(),
            U32 | Wide | CodePoint => u32::from_ne_bytes(chunk(data, i)).into(),
            Long | LongLong => i64::from_ne_bytes(chunk(data, i)).into(),
            ULong | ULongLong | F32 | F64 => u64::from_ne_bytes(chunk(data, i)).into(),
        }
    }

    /// The bytes of an item with this value; the first [`Kind::size`] of them count.
    ///
    /// # Errors
    /// TypeError for a value of another sort, OverflowError for one that does not fit. Converting
    /// may run Python code.
    #[inline]
    pub fn pack(self, vm: &Vm, v: Value) -> PyResult<[u8; 8]> {
        if let Some(i) = v.as_small_int() {
            match self {
                U8 if (0..=0xff).contains(&i) => return Ok(i.to_le_bytes()),
                I32 if i32::try_from(i).is_ok() => return Ok(wide(&(i as i32).to_ne_bytes())),
                Long | LongLong => return Ok(i.to_ne_bytes()),
                _ => {}
            }
        }
        self.pack_any(vm, v)
    }

    fn pack_any(self, vm: &Vm, v: Value) -> PyResult<[u8; 8]> {
        const CHAR: &str = "signed char";
        Ok(match self {
            I8 => {
                let i = short(vm, v)?;
                wide(&limited(vm, i.into(), -128, 127, CHAR)?.to_le_bytes()[..1])
            }
            U8 => {
                let i = convert::c_long(vm, v)?;
                wide(&limited(vm, i, 0, 0xff, "unsigned byte integer")?.to_le_bytes()[..1])
            }
            I16 => wide(&short(vm, v)?.to_ne_bytes()),
            U16 => {
                let i = limited(vm, convert::c_long(vm, v)?, i32::MIN.into(), i32::MAX.into(), "signed integer")?;
                wide(&(limited(vm, i, 0, 0xffff, "unsigned short")? as u16).to_ne_bytes())
            }
            I32 => {
                let i = convert::c_long(vm, v)?;
                wide(&(limited(vm, i, i32::MIN.into(), i32::MAX.into(), "signed integer")? as i32).to_ne_bytes())
            }
            U32 => match u32::try_from(convert::c_ulong(vm, v)?) {
                Ok(i) => wide(&i.to_ne_bytes()),
                Err(_) => return Err(vm.overflow_error("unsigned int is greater than maximum")),
            },
            Long => convert::c_long(vm, v)?.to_ne_bytes(),
            LongLong => convert::c_longlong(vm, v)?.to_ne_bytes(),
            ULong => convert::c_ulong(vm, v)?.to_ne_bytes(),
            ULongLong => convert::c_ulonglong(vm, v)?.to_ne_bytes(),
            F32 => wide(&(float::as_f64(vm, v)? as f32).to_ne_bytes()),
            F64 => float::as_f64(vm, v)?.to_ne_bytes(),
            Wide | CodePoint => wide(&code_point(vm, v)?.to_ne_bytes()),
        })
    }
}

/// Fills an item up to the largest size.
#[inline(always)]
fn wide(b: &[u8]) -> [u8; 8] {
    let mut all = [0; 8];
    all[..b.len()].copy_from_slice(b);
    all
}

fn limited(vm: &Vm, i: i64, low: i64, high: i64, what: &str) -> PyResult<i64> {
    match i {
        _ if i < low => Err(vm.overflow_error(format!("{what} is less than minimum"))),
        _ if i > high => Err(vm.overflow_error(format!("{what} is greater than maximum"))),
        _ => Ok(i),
    }
}

fn short(vm: &Vm, v: Value) -> PyResult<i16> {
    let i = convert::c_long(vm, v)?;
    Ok(limited(vm, i, i16::MIN.into(), i16::MAX.into(), "signed short integer")? as i16)
}

fn code_point(vm: &Vm, v: Value) -> PyResult<u32> {
    let Some(s) = v.cast::<PyStr>() else {
        return Err(vm.type_error(format!(
            "array item must be a unicode character, not {}",
            vm.type_of(v).full_name()
        )));
    };
    if s.char_len() != 1 {
        return Err(vm.type_error(format!(
            "array item must be a unicode character, not a string of length {}",
            s.char_len()
        )));
    }
    Ok(s.char_at(0))
}


#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_kinds_belong_together() {
        for (kind, code) in KINDS.iter().zip(CODES.chars()) {
            assert_eq!(Kind::from_code(code.into()), Some(*kind));
            assert_eq!(kind.code(), code);
        }
        assert_eq!(Kind::from_code('z'.into()), None);
    }
}
