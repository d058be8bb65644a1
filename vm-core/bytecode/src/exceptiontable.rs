//! The exception table of a code object: which handler guards which instructions, both
//! directions.
//!
//! The encoding is CPython 3.14's (`InternalDocs/exception_handling.md`): four numbers an
//! entry, six bits a byte, the highest first; bit 6 says that more follow, bit 7 marks the
//! first byte of an entry.

use std::fmt;

use crate::code::Code;

/// One guarded range. `start`, `end` and `target` count code units, not bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ExceptionEntry {
    /// First guarded code unit.
    pub start: u32,
    /// One past the last guarded code unit.
    pub end: u32,
    /// Code unit of the handler.
    pub target: u32,
    /// Depth to which the value stack is cut before the exception is pushed.
    pub depth: u32,
    /// Whether the offset of the raising instruction is pushed under the exception.
    pub lasti: bool,
}

/// Writes an exception table as CPython's assembler does, byte for byte. Ranges must not be
/// empty, and come in ascending order.
pub fn encode(entries: &[ExceptionEntry]) -> Vec<u8> {
    // Most numbers take one byte or two.
    let mut table = Vec::with_capacity(entries.len() * 6);
    for entry in entries {
        write_number(&mut table, entry.start, 0x80);
        write_number(&mut table, entry.end - entry.start, 0);
        write_number(&mut table, entry.target, 0);
        write_number(&mut table, entry.depth << 1 | u32::from(entry.lasti), 0);
    }
    table
}

fn write_number(table: &mut Vec<u8>, value: u32, mut mark: u8) {
    for shift in [24, 18, 12, 6] {
        if value >= 1 << shift {
            table.push((value >> shift) as u8 & 0x3F | 0x40 | mark);
            mark = 0;
        }
    }
    table.push((value & 0x3F) as u8 | mark);
}

/// Why an exception table cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub struct ExceptionTableError {
    /// Byte of the table at which the bad entry begins.
    pub at: usize,
    reason: Reason,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reason {
    NoEntryStart,
    Truncated,
    TooLong,
}

impl fmt::Display for ExceptionTableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reason = match self.reason {
            Reason::NoEntryStart => "does not begin an entry (its top bit is clear)",
            Reason::Truncated => "begins an entry that is cut off",
            Reason::TooLong => "begins an entry with a number of more than 30 bits",
        };
        write!(f, "byte {} of the exception table {reason}", self.at)
    }
}

/// Reads the entries of a table, in order. Ends at the first bad one, which it reports.
#[derive(Clone, Debug)]
pub struct Entries<'a> {
    table: &'a [u8],
    at: usize,
    failed: bool,
}

/// The entries of an exception table.
pub fn entries(table: &[u8]) -> Entries<'_> {
    Entries {
        table,
        at: 0,
        failed: false,
    }
}

impl Iterator for Entries<'_> {
    type Item = Result<ExceptionEntry, ExceptionTableError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed || self.at >= self.table.len() {
            return None;
        }
        let at = self.at;
        let entry = self.read_entry();
        self.failed = entry.is_err();
        Some(entry.map_err(|reason| ExceptionTableError { at, reason }))
    }
}

impl Entries<'_> {
    fn read_entry(&mut self) -> Result<ExceptionEntry, Reason> {
        if self.table[self.at] & 0x80 == 0 {
            return Err(Reason::NoEntryStart);
        }
        let start = self.number(true)?;
        let end = start + self.number(false)?;
        let target = self.number(false)?;
        let depth_lasti = self.number(false)?;
        Ok(ExceptionEntry {
            start,
            end,
            target,
            depth: depth_lasti >> 1,
            lasti: depth_lasti & 1 == 1,
        })
    }

    fn number(&mut self, first: bool) -> Result<u32, Reason> {
        let mut value = 0u32;
        for i in 0..5 {
            let byte = *self.table.get(self.at).ok_or(Reason::Truncated)?;
            if (byte & 0x80 != 0) != (first && i == 0) {
                return Err(Reason::Truncated);
            }
            self.at += 1;
            value = value << 6 | u32::from(byte & 0x3F);
            if byte & 0x40 == 0 {
                return Ok(value);
            }
        }
        Err(Reason::TooLong)
    }
}

impl Code {
    /// The guarded ranges of its exception table; ends early where the table is bad.
    pub fn exception_entries(&self) -> impl Iterator<Item = ExceptionEntry> + '_ {
        entries(&self.exceptiontable).map_while(Result::ok)
    }

    /// The range that guards a code unit, if any.
    pub fn exception_handler(&self, unit: u32) -> Option<ExceptionEntry> {
        self.exception_entries()
            .find(|entry| (entry.start..entry.end).contains(&unit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_read_back() {
        let all: Vec<_> = [0, 63, 64, 4095, 4096, 1 << 18, (1 << 29) - 1]
            .into_iter()
            .map(|n| ExceptionEntry {
                start: n,
                end: n + 1,
                target: n,
                depth: n & 0xFF_FFFF,
                lasti: n % 2 == 1,
            })
            .collect();
        let table = encode(&all);
        let back: Result<Vec<_>, _> = entries(&table).collect();
        assert_eq!(back, Ok(all));
    }

    #[test]
    fn bad_tables_are_reported() {
        let error = |table: &[u8]| entries(table).find_map(Result::err).map(|e| e.to_string());
        assert_eq!(
            error(&[0x01]).as_deref(),
            Some("byte 0 of the exception table does not begin an entry (its top bit is clear)")
        );
        assert_eq!(
            error(&[0x81, 0x02, 0x03]).as_deref(),
            Some("byte 0 of the exception table begins an entry that is cut off")
        );
        assert_eq!(
            error(&[0xC1, 0x42, 0x43, 0x44, 0x45, 0x46]).as_deref(),
            Some(
                "byte 0 of the exception table begins an entry with a number of more than 30 bits"
            )
        );
    }
}
