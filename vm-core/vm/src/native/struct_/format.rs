//! Format strings of the module `struct`.

use super::error;
use crate::codecs;
use crate::error::PyResult;
use crate::protocol::object as obj;
use crate::types::bytes::PyBytes;
use crate::types::str_::PyStr;
use crate::value::Value;
use crate::vm::Vm;

/// Items of one kind that follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code {
    /// The format character.
    pub letter: u8,
    pub offset: usize,
    /// Bytes of one item; of a whole text for `s` and `p`.
    pub size: usize,
    pub repeat: usize,
}

/// A parsed format.
#[derive(Clone, Debug)]
pub struct Format {
    pub text: String,
    pub codes: Vec<Code>,
    /// Bytes of all items with the padding between them.
    pub size: usize,
    /// Number of values.
    pub len: usize,
    pub big_endian: bool,
}

/// Why a text is not a format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    BadChar,
    NoSpecifier,
    TooLong,
}

impl Problem {
    pub fn text(self) -> &'static str {
        match self {
            Problem::BadChar => "bad char in struct format",
            Problem::NoSpecifier => "repeat count given without format specifier",
            Problem::TooLong => "total struct size too long",
        }
    }
}

/// Size and alignment of a letter's items.
fn layout(letter: u8, native: bool) -> Option<(usize, usize)> {
    let size = match letter {
        b'x' | b'b' | b'B' | b'c' | b's' | b'p' | b'?' => 1,
        b'h' | b'H' | b'e' => 2,
        b'i' | b'I' | b'f' => 4,
        b'l' | b'L' if !native => 4,
        b'n' | b'N' | b'P' if !native => return None,
        b'l' | b'L' | b'q' | b'Q' | b'd' | b'n' | b'N' | b'P' => 8,
        b'F' => return Some((8, if native { 4 } else { 1 })),
        b'D' => return Some((16, if native { 8 } else { 1 })),
        _ => return None,
    };
    Some((size, if native { size } else { 1 }))
}

impl Format {
    pub fn parse(text: &str) -> Result<Format, Problem> {
        let all = text.as_bytes();
        let (native, big_endian, rest) = match all.first() {
            Some(b'<') => (false, false, &all[1..]),
            Some(b'>' | b'!') => (false, true, &all[1..]),
            Some(b'=') => (false, cfg!(target_endian = "big"), &all[1..]),
            Some(b'@') => (true, cfg!(target_endian = "big"), &all[1..]),
            _ => (true, cfg!(target_endian = "big"), all),
        };
        let mut f = Format { text: text.to_owned(), codes: Vec::new(), size: 0, len: 0, big_endian };
        let mut chars = rest.iter().copied().peekable();
        while let Some(c) = chars.next() {
            if matches!(c, b' ' | 9..=13) {
                continue;
            }
            let (mut letter, mut count) = (c, 1usize);
            if c.is_ascii_digit() {
                count = usize::from(c - b'0');
                while let Some(d) = chars.next_if(u8::is_ascii_digit) {
                    count = count
                        .checked_mul(10)
                        .and_then(|n| n.checked_add(usize::from(d - b'0')))
                        .filter(|n| isize::try_from(*n).is_ok())
                        .ok_or(Problem::TooLong)?;
                }
                letter = chars.next().ok_or(Problem::NoSpecifier)?;
            }
            f.add(letter, count, native)?;
        }
        Ok(f)
    }

    fn add(&mut self, letter: u8, count: usize, native: bool) -> Result<(), Problem> {
        let (size, align) = layout(letter, native).ok_or(Problem::BadChar)?;
        let fits = |n: usize| isize::try_from(n).is_ok();
        let offset = self.size.checked_next_multiple_of(align).filter(|n| fits(*n)).ok_or(Problem::TooLong)?;
        let end = count.checked_mul(size).and_then(|n| n.checked_add(offset)).filter(|n| fits(*n));
        self.size = end.ok_or(Problem::TooLong)?;
        match letter {
            b'x' => return Ok(()),
            b's' | b'p' => {
                self.codes.push(Code { letter, offset, size: count, repeat: 1 });
                self.len += 1;
            }
            _ if count == 0 => {}
            _ => {
                self.codes.push(Code { letter, offset, size, repeat: count });
                self.len += count;
            }
        }
        Ok(())
    }

    /// The format that an argument names.
    pub fn from_argument(vm: &Vm, v: Value) -> PyResult<Format> {
        let bytes = if let Some(s) = v.cast::<PyStr>() {
            let encoded = codecs::encode(vm, s, "ascii", "strict")?;
            encoded.cast::<PyBytes>().map(|b| b.as_slice().to_vec()).unwrap_or_default()
        } else if let Some(b) = v.cast::<PyBytes>() {
            b.as_slice().to_vec()
        } else {
            return Err(vm.type_error(format!(
                "Struct() argument 1 must be a str or bytes object, not {}",
                vm.type_of(v).full_name()
            )));
        };
        if bytes.contains(&0) {
            return Err(error(vm, "embedded null character"));
        }
        match std::str::from_utf8(&bytes) {
            Ok(text) => Format::parse(text).map_err(|p| error(vm, p.text())),
            Err(_) => Err(error(vm, Problem::BadChar.text())),
        }
    }

    /// The repr of a `Struct`.
    pub fn repr(&self, vm: &Vm, name: &str) -> PyResult {
        let text = obj::repr_text(vm, vm.new_str(&self.text).value())?;
        Ok(vm.new_str(&format!("{name}({text})")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(text: &str) -> Result<usize, Problem> {
        Format::parse(text).map(|f| f.size)
    }

    #[test]
    fn native_formats_are_aligned() {
        assert_eq!(size("bhilq"), Ok(24));
        assert_eq!(size("<bhilq"), Ok(19));
        assert_eq!(size("bi0q"), Ok(8));
        assert_eq!(size("@bF"), Ok(12));
    }

    #[test]
    fn broken_formats() {
        assert_eq!(size("3"), Err(Problem::NoSpecifier));
        assert_eq!(size("3 b"), Err(Problem::BadChar));
        assert_eq!(size("<P"), Err(Problem::BadChar));
        assert_eq!(size("9223372036854775807i"), Err(Problem::TooLong));
        assert_eq!(size("99999999999999999999b"), Err(Problem::TooLong));
    }

    #[test]
    fn texts_are_one_value() {
        let f = Format::parse("<3s2xc").expect("a format");
        assert_eq!((f.len, f.size, f.codes.len()), (2, 6, 2));
        assert_eq!(f.codes[1], Code { letter: b'c', offset: 5, size: 1, repeat: 1 });
    }
}
