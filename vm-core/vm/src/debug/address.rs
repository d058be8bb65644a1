//! Instruction addresses: a code object and a byte offset as one 64-bit number.
//!
//! The code object's number is in the upper half, the byte offset in the lower. Editors
//! sort instructions by their numeric address and add byte offsets to it, so the order of
//! the numbers is the order of the instructions, and the numbers just around a code object
//! belong to nobody else.

use std::fmt;
use std::str::FromStr;

use super::types::CodeId;

/// Bytes of a code unit.
pub const CODE_UNIT: u32 = 2;

/// Where an instruction lies. Written as `0x` and hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InstructionAddress {
    /// The code object.
    pub code: CodeId,
    /// Byte offset in `co_code`.
    pub offset: u32,
}

impl InstructionAddress {
    /// The address as a number.
    pub fn to_number(self) -> u64 {
        u64::from(self.code.0) << 32 | u64::from(self.offset)
    }

    /// The address that a number stands for. The lower half may lie past the code's end.
    pub fn from_number(number: u64) -> Self {
        InstructionAddress {
            code: CodeId((number >> 32) as u32),
            offset: number as u32,
        }
    }

    /// The code object whose neighbourhood a number lies in, and the distance in bytes from
    /// its first instruction: negative when the number lies just below the code object.
    pub fn nearest(number: u64) -> (CodeId, i64) {
        let address = Self::from_number(number);
        if address.offset > u32::MAX / 2 {
            let below = i64::from(address.offset) - (1 << 32);
            (CodeId(address.code.0.saturating_add(1)), below)
        } else {
            (address.code, i64::from(address.offset))
        }
    }
}

impl fmt::Display for InstructionAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.to_number())
    }
}

/// A text that is not an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotAnAddress(pub String);

impl fmt::Display for NotAnAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} is not an instruction address: 0x and hexadecimal digits are expected",
            self.0
        )
    }
}

impl std::error::Error for NotAnAddress {}

impl FromStr for InstructionAddress {
    type Err = NotAnAddress;

    /// Reads `0x1f` and, since people type it into editors' address fields, `31`.
    fn from_str(text: &str) -> Result<Self, NotAnAddress> {
        let trimmed = text.trim();
        let number = match trimmed
            .strip_prefix("0x")
            .or_else(|| trimmed.strip_prefix("0X"))
        {
            Some(digits) => u64::from_str_radix(digits, 16),
            None => trimmed.parse(),
        };
        number
            .map(Self::from_number)
            .map_err(|_| NotAnAddress(text.to_owned()))
    }
}

/// Which of a code object's instructions a request for a piece of disassembly covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InstructionWindow {
    /// Index of the first wanted one; may lie outside.
    pub first_index: i64,
    /// Index of the first one that exists.
    pub start: usize,
    /// Index past the last one that exists.
    pub end: usize,
}

impl InstructionWindow {
    /// The window of `count` instructions that starts `first` instructions after the one
    /// that covers `anchor`.
    ///
    /// `starts` are the byte offsets of a code object's instructions, ascending; `anchor`
    /// is in bytes from its beginning and may lie outside, where instructions are taken to
    /// be one code unit long.
    pub fn new(starts: &[u32], end_offset: u32, anchor: i64, first: i64, count: usize) -> Self {
        let unit = i64::from(CODE_UNIT);
        let anchor_index = if anchor < 0 {
            anchor.div_euclid(unit)
        } else if anchor >= i64::from(end_offset) {
            starts.len() as i64 + (anchor - i64::from(end_offset)) / unit
        } else {
            starts.partition_point(|&start| i64::from(start) <= anchor) as i64 - 1
        };
        let from = anchor_index.saturating_add(first);
        let to = from.saturating_add(i64::try_from(count).unwrap_or(i64::MAX));
        let len = starts.len() as i64;
        let (start, end) = (from.clamp(0, len), to.clamp(0, len));
        InstructionWindow {
            first_index: from,
            start: start as usize,
            end: end.max(start) as usize,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(code: u32, offset: u32) -> InstructionAddress {
        InstructionAddress {
            code: CodeId(code),
            offset,
        }
    }

    #[test]
    fn text_and_number_go_both_ways() {
        let address = at(5, 0x10);
        assert_eq!(address.to_string(), "0x500000010");
        assert_eq!("0x500000010".parse(), Ok(address));
        assert_eq!(address.to_number().to_string().parse(), Ok(address));
        for bad in ["", "0x", "x", "-1", "0x1ffffffffffffffff"] {
            assert!(bad.parse::<InstructionAddress>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_number_below_a_code_object_belongs_to_it() {
        assert_eq!(
            InstructionAddress::nearest(at(3, 4).to_number()),
            (CodeId(3), 4)
        );
        assert_eq!(
            InstructionAddress::nearest(at(3, 0).to_number() - 6),
            (CodeId(3), -6)
        );
    }

    #[test]
    fn windows_inside_before_and_after() {
        // Instructions of 1, 3, 1 and 2 units.
        let starts = [0, 2, 8, 10];
        let window = |anchor, first, count| {
            let w = InstructionWindow::new(&starts, 14, anchor, first, count);
            (w.first_index, w.start, w.end)
        };
        assert_eq!(window(0, 0, 4), (0, 0, 4));
        assert_eq!(window(4, 0, 1), (1, 1, 2), "inside an instruction's caches");
        assert_eq!(window(8, -1, 2), (1, 1, 3));
        assert_eq!(window(8, -5, 4), (-3, 0, 1));
        assert_eq!(window(8, -9, 2), (-7, 0, 0), "wholly before");
        assert_eq!(window(10, 1, 5), (4, 4, 4), "wholly after");
        assert_eq!(window(-2, 0, 2), (-1, 0, 1));
        assert_eq!(window(16, -2, 3), (3, 3, 4));
        assert_eq!(window(0, i64::MIN, usize::MAX).1, 0);
        assert_eq!(window(0, i64::MAX, 3).1, 4);
    }

    #[test]
    fn an_empty_code_object_has_an_empty_window() {
        let w = InstructionWindow::new(&[], 0, 0, -1, 3);
        assert_eq!((w.first_index, w.start, w.end), (-1, 0, 0));
    }
}
