//! The location table of a code object: from code units to source positions, both directions.
//!
//! The encoding is CPython 3.14's (`InternalDocs/code_objects.md`): entries of one to eight
//! code units each; an entry begins with a byte that has its top bit set and holds the kind of
//! the entry and its length, and goes on with bytes that have it clear. Lines are differences
//! to the entry before, the first one to `co_firstlineno`.

use std::fmt;

use crate::code::Code;

/// Where in the source an instruction comes from. Lines count from 1 (a module's first
/// instruction has line 0), columns are UTF-8 bytes from 0, ends are exclusive.
///
/// No line means that there is no source, and then the other three are missing too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Position {
    pub line: Option<i32>,
    pub end_line: Option<i32>,
    pub column: Option<i32>,
    pub end_column: Option<i32>,
}

impl Position {
    /// The position of instructions that no source stands for.
    pub const NONE: Position = Position {
        line: None,
        end_line: None,
        column: None,
        end_column: None,
    };

    /// A position with all four parts.
    pub const fn new(line: i32, column: i32, end_line: i32, end_column: i32) -> Position {
        Position {
            line: Some(line),
            end_line: Some(end_line),
            column: Some(column),
            end_column: Some(end_column),
        }
    }

    /// From the four numbers as CPython holds them, -1 for a missing one.
    const fn from_raw(line: i32, end_line: i32, column: i32, end_column: i32) -> Position {
        const fn option(n: i32) -> Option<i32> {
            if n == -1 { None } else { Some(n) }
        }
        Position {
            line: option(line),
            end_line: option(end_line),
            column: option(column),
            end_column: option(end_column),
        }
    }
}

// Kinds of entries: bits 3 to 6 of the first byte. 0 to 9 are the short forms.
const KIND_ONE_LINE_0: u8 = 10;
const KIND_ONE_LINE_2: u8 = 12;
const KIND_NO_COLUMNS: u8 = 13;
const KIND_LONG: u8 = 14;
const KIND_NONE: u8 = 15;

/// Most code units that one entry covers.
const MAX_UNITS: usize = 8;

/// A [`Position`] as CPython holds it: four numbers, -1 for a missing one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawPosition {
    pub line: i32,
    pub end_line: i32,
    pub column: i32,
    pub end_column: i32,
}

impl RawPosition {
    /// The position of instructions that no source stands for.
    pub const NONE: RawPosition = RawPosition {
        line: -1,
        end_line: -1,
        column: -1,
        end_column: -1,
    };

    /// Whether it is on one line, with columns below 128.
    #[inline(always)]
    fn is_short(&self) -> bool {
        self.line != -1 && self.line == self.end_line && ((self.column | self.end_column) as u32) < 128
    }

    /// Without a line the others are missing too; negative ones are missing.
    fn with_missing(self) -> RawPosition {
        if self.line == -1 {
            return RawPosition::NONE;
        }
        RawPosition {
            line: self.line,
            end_line: self.end_line.max(-1),
            column: self.column.max(-1),
            end_column: self.end_column.max(-1),
        }
    }
}

impl From<Position> for RawPosition {
    fn from(position: Position) -> RawPosition {
        let raw = |n: Option<i32>| n.unwrap_or(-1);
        RawPosition {
            line: raw(position.line),
            end_line: raw(position.end_line),
            column: raw(position.column),
            end_column: raw(position.end_column),
        }
    }
}

/// Writes a location table as CPython's assembler does, byte for byte.
///
/// Runs of equal positions are joined before they are written.
#[derive(Debug)]
pub struct LineTableWriter {
    table: Vec<u8>,
    /// Line that the next difference counts from.
    line: i32,
    pending: RawPosition,
    pending_units: usize,
}

impl LineTableWriter {
    /// A writer for a code object with that `co_firstlineno`.
    pub fn new(firstlineno: i32) -> Self {
        LineTableWriter::in_buffer(firstlineno, Vec::new())
    }

    /// The same, behind what is in `table` already, mostly nothing but its capacity.
    pub fn in_buffer(firstlineno: i32, table: Vec<u8>) -> Self {
        LineTableWriter {
            table,
            line: firstlineno,
            pending: RawPosition::NONE,
            pending_units: 0,
        }
    }

    /// Adds `units` code units (caches and `EXTENDED_ARG` included) from `position`.
    pub fn push(&mut self, position: Position, units: usize) {
        self.push_raw(position.into(), units);
    }

    /// [`LineTableWriter::push`] of a position in numbers.
    #[inline]
    pub fn push_raw(&mut self, position: RawPosition, units: usize) {
        if position != self.pending {
            self.flush();
            self.pending = position;
        }
        self.pending_units += units;
    }

    /// [`LineTableWriter::push_raw`] of runs, each of which has another position than the one before.
    /// Of negative numbers, -1 and what is not a line count as missing.
    pub fn push_runs(&mut self, runs: impl Iterator<Item = (RawPosition, usize)>) {
        // What is written is collected where no vector's length is kept.
        let mut buffer = [0; 256];
        let (mut at, mut line, mut pending) = (0, self.line, self.pending_units != 0);
        for (position, units) in runs {
            let delta = position.line.wrapping_sub(line) as u32;
            let room = buffer.get_mut(at..).and_then(|rest| rest.first_chunk_mut::<LONGEST>());
            let written = match room {
                Some(room) if (1..=2 * MAX_UNITS).contains(&units) && !pending => {
                    if position.is_short() && delta < 3 {
                        put_short_entries(room, position, delta, units)
                    } else {
                        put_long_entry(room, position, delta, units)
                    }
                }
                _ => 0,
            };
            if written > 0 {
                (at, line) = (at + written, position.line);
            } else {
                self.table.extend_from_slice(&buffer[..at]);
                at = 0;
                (line, pending) = self.push_other(position, units, line);
            }
        }
        self.line = line;
        self.table.extend_from_slice(&buffer[..at]);
    }

    /// A run of any kind, behind what ends with that line. Returns the line that the next difference
    /// counts from, and whether anything is still to be written before.
    fn push_other(&mut self, position: RawPosition, units: usize, line: i32) -> (i32, bool) {
        self.line = line;
        self.push_raw(position.with_missing(), units);
        // Nothing is to be added to it, for it has columns as the next one has.
        if position.is_short() {
            self.flush_long();
        }
        (self.line, self.pending_units != 0)
    }

    /// The table.
    pub fn finish(mut self) -> Vec<u8> {
        self.flush();
        self.table
    }

    #[inline]
    fn flush(&mut self) {
        if (1..=MAX_UNITS).contains(&self.pending_units) {
            self.write_entry(self.pending, self.pending_units);
            self.pending_units = 0;
        } else {
            self.flush_long();
        }
    }

    /// [`LineTableWriter::flush`] of any number of code units.
    fn flush_long(&mut self) {
        while self.pending_units > 0 {
            let units = self.pending_units.min(MAX_UNITS);
            self.write_entry(self.pending, units);
            self.pending_units -= units;
        }
    }

    /// Writes an entry; the two forms that nearly all have are written here.
    #[inline]
    fn write_entry(&mut self, position: RawPosition, units: usize) {
        let RawPosition { line, end_line, column, end_column: end } = position;
        let delta = line.wrapping_sub(self.line);
        if line == -1 || line != end_line || column | end < 0 || delta as u32 >= 3 {
            return self.write_long_entry(position, units);
        }
        if delta == 0 && column < 80 && (end.wrapping_sub(column) as u32) < 16 {
            let columns = ((column & 7) << 4 | (end - column)) as u8;
            self.table.extend_from_slice(&[first_byte((column >> 3) as u8, units), columns]);
        } else if column | end < 128 {
            let first = first_byte(KIND_ONE_LINE_0 + delta as u8, units);
            self.table.extend_from_slice(&[first, column as u8, end as u8]);
            self.line = line;
        } else {
            self.write_long_entry(position, units);
        }
    }

    fn write_long_entry(&mut self, position: RawPosition, units: usize) {
        let RawPosition { line, end_line, column, end_column: end } = position;
        if line == -1 {
            self.table.push(first_byte(KIND_NONE, units));
            return;
        }
        let delta = line.wrapping_sub(self.line);
        self.line = line;
        if (column == -1 || end == -1) && (end_line == line || end_line == -1) {
            self.table.push(first_byte(KIND_NO_COLUMNS, units));
            self.signed_varint(delta);
            return;
        }
        self.table.push(first_byte(KIND_LONG, units));
        self.signed_varint(delta);
        let end_line = if end_line == -1 { line } else { end_line };
        self.varint(end_line.wrapping_sub(line) as u32);
        self.varint(column.wrapping_add(1) as u32);
        self.varint(end.wrapping_add(1) as u32);
    }

    /// Six bits a byte, the lowest first; bit 6 says that more follow.
    fn varint(&mut self, mut value: u32) {
        while value >= 64 {
            self.table.push(0x40 | (value & 63) as u8);
            value >>= 6;
        }
        self.table.push(value as u8);
    }

    /// The sign in the lowest bit.
    fn signed_varint(&mut self, value: i32) {
        let magnitude = value.unsigned_abs();
        self.varint(magnitude << 1 | u32::from(value < 0));
    }
}

/// Room for what [`put_short_entries`] or [`put_long_entry`] writes, and what it writes over.
const LONGEST: usize = 16;

/// Writes one entry or two, of up to 16 code units, of a position that [`RawPosition::is_short`], at
/// most two lines behind the last. Returns the number of their bytes.
#[inline(always)]
fn put_short_entries(room: &mut [u8; LONGEST], position: RawPosition, delta: u32, units: usize) -> usize {
    let (entry, len) = short_entry(position, delta, units.min(MAX_UNITS));
    let (mut entries, mut all) = (u64::from(entry), len);
    if units > MAX_UNITS {
        let (rest, rest_len) = short_entry(position, 0, units - MAX_UNITS);
        entries |= u64::from(rest) << (8 * len);
        all += rest_len;
    }
    put_bytes(room, 0, entries);
    all
}

/// An entry of a position that [`RawPosition::is_short`], at most two lines behind the last: its
/// bytes, the first one lowest, and their number. Which of the two forms it takes, no processor
/// foresees: both are made.
#[inline(always)]
fn short_entry(position: RawPosition, delta: u32, units: usize) -> (u32, usize) {
    let begin = 0x80 | (units as u32).wrapping_sub(1);
    let (column, end) = (position.column as u32, position.end_column as u32);
    let width = end.wrapping_sub(column);
    let one_line = begin | (u32::from(KIND_ONE_LINE_0) + delta) << 3 | column << 8 | end << 16;
    let short = begin | column >> 3 << 3 | ((column & 7) << 4 | width & 15) << 8;
    if delta == 0 && column < 80 && width < 16 { (short, 2) } else { (one_line, 3) }
}

/// Writes an entry in the long form, if the position has all four parts and they, and the number of
/// code units, are as small as nearly always. Returns the number of its bytes, 0 if it did not.
#[inline(always)]
fn put_long_entry(room: &mut [u8; LONGEST], position: RawPosition, delta: u32, units: usize) -> usize {
    let RawPosition { line, end_line, column, end_column: end } = position;
    let delta = delta as i32;
    let delta = delta.unsigned_abs() << 1 | u32::from(delta < 0);
    let (lines, column, end) = (end_line.wrapping_sub(line) as u32, column.wrapping_add(1) as u32, end.wrapping_add(1) as u32);
    let has_missing = line < 0 || end_line < 0 || column == 0 || end == 0;
    if units > MAX_UNITS || has_missing || delta | lines | column | end >= 1 << 12 {
        return 0;
    }
    let (delta, delta_len) = short_varint(delta);
    let (lines, lines_len) = short_varint(lines);
    let (column, column_len) = short_varint(column);
    let (end, end_len) = short_varint(end);
    let begin = u64::from(first_byte(KIND_LONG, units)) | delta << 8 | lines << (8 + 8 * delta_len);
    let len = 1 + delta_len + lines_len;
    put_bytes(room, 0, begin);
    put_bytes(room, len, column | end << (8 * column_len));
    len + column_len + end_len
}

/// A number below 4096 as [`LineTableWriter::varint`] writes it: its bytes, the first one lowest, and
/// how many.
#[inline(always)]
fn short_varint(value: u32) -> (u64, usize) {
    let more = value >= 64;
    let bytes = value & 63 | u32::from(more) << 6 | value >> 6 << 8;
    (u64::from(bytes), 1 + usize::from(more))
}

/// Writes eight bytes from `at`, which is 8 at most, on.
#[inline(always)]
fn put_bytes(room: &mut [u8; LONGEST], at: usize, bytes: u64) {
    if let Some(place) = room.get_mut(at..).and_then(|rest| rest.first_chunk_mut()) {
        *place = bytes.to_le_bytes();
    }
}

fn first_byte(kind: u8, units: usize) -> u8 {
    0x80 | kind << 3 | (units - 1) as u8
}

/// Why a location table cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub struct LineTableError {
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

impl fmt::Display for LineTableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reason = match self.reason {
            Reason::NoEntryStart => "does not begin an entry (its top bit is clear)",
            Reason::Truncated => "begins an entry that is cut off",
            Reason::TooLong => "begins an entry whose number is longer than 32 bits",
        };
        write!(f, "byte {} of the line table {reason}", self.at)
    }
}

/// The table with lines alone, as `-X no_debug_ranges` has it: as many entries, each without end
/// line and columns. A table that cannot be read to its end stays as it is.
pub fn without_columns(table: &[u8], firstlineno: i32) -> Vec<u8> {
    let mut writer = LineTableWriter::new(firstlineno);
    for entry in entries(table, firstlineno) {
        let Ok(Entry { start, end, position }) = entry else { return table.to_vec() };
        let line = RawPosition::from(position).line;
        let position = RawPosition { line, end_line: line, ..RawPosition::NONE };
        // Entry by entry: equal ones are not joined.
        writer.write_long_entry(position, end - start);
    }
    writer.finish()
}

/// A run of code units that share a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// First code unit.
    pub start: usize,
    /// One past the last code unit.
    pub end: usize,
    pub position: Position,
}

/// Reads the entries of a table, in order. Ends at the first bad one, which it reports.
#[derive(Clone, Debug)]
pub struct Entries<'a> {
    table: &'a [u8],
    at: usize,
    unit: usize,
    line: i32,
    failed: bool,
}

/// The entries of a location table of a code object with that `co_firstlineno`.
pub fn entries(table: &[u8], firstlineno: i32) -> Entries<'_> {
    Entries {
        table,
        at: 0,
        unit: 0,
        line: firstlineno,
        failed: false,
    }
}

impl Iterator for Entries<'_> {
    type Item = Result<Entry, LineTableError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed || self.at >= self.table.len() {
            return None;
        }
        let at = self.at;
        let entry = self.read_entry();
        self.failed = entry.is_err();
        Some(entry.map_err(|reason| LineTableError { at, reason }))
    }
}

impl Entries<'_> {
    fn read_entry(&mut self) -> Result<Entry, Reason> {
        let first = self.table[self.at];
        if first & 0x80 == 0 {
            return Err(Reason::NoEntryStart);
        }
        self.at += 1;
        let start = self.unit;
        self.unit += usize::from(first & 7) + 1;
        let kind = (first >> 3) & 15;
        let position = match kind {
            KIND_NONE => Position::NONE,
            KIND_LONG => {
                let delta = self.signed_varint()?;
                self.line = self.line.wrapping_add(delta);
                let end_line = self.line.wrapping_add(self.varint()? as i32);
                let column = (self.varint()? as i32).wrapping_sub(1);
                let end_column = (self.varint()? as i32).wrapping_sub(1);
                Position::from_raw(self.line, end_line, column, end_column)
            }
            KIND_NO_COLUMNS => {
                let delta = self.signed_varint()?;
                self.line = self.line.wrapping_add(delta);
                Position::from_raw(self.line, self.line, -1, -1)
            }
            KIND_ONE_LINE_0..=KIND_ONE_LINE_2 => {
                self.line = self.line.wrapping_add(i32::from(kind - KIND_ONE_LINE_0));
                let (column, end) = (self.byte()?, self.byte()?);
                Position::from_raw(self.line, self.line, i32::from(column), i32::from(end))
            }
            _ => {
                let second = self.byte()?;
                let column = i32::from(kind) << 3 | i32::from(second >> 4);
                let end = column + i32::from(second & 15);
                Position::from_raw(self.line, self.line, column, end)
            }
        };
        Ok(Entry {
            start,
            end: self.unit,
            position,
        })
    }

    fn byte(&mut self) -> Result<u8, Reason> {
        match self.table.get(self.at) {
            // A set top bit would begin the next entry.
            Some(&byte) if byte & 0x80 == 0 => {
                self.at += 1;
                Ok(byte)
            }
            _ => Err(Reason::Truncated),
        }
    }

    fn varint(&mut self) -> Result<u32, Reason> {
        let mut value = 0u32;
        let mut shift = 0;
        loop {
            let byte = self.byte()?;
            if shift > 30 || (shift == 30 && byte & 63 > 3) {
                return Err(Reason::TooLong);
            }
            value |= u32::from(byte & 63) << shift;
            if byte & 0x40 == 0 {
                return Ok(value);
            }
            shift += 6;
        }
    }

    fn signed_varint(&mut self) -> Result<i32, Reason> {
        let value = self.varint()?;
        let magnitude = (value >> 1) as i32;
        Ok(if value & 1 == 1 {
            -magnitude
        } else {
            magnitude
        })
    }
}

/// A run of code units of one line, offsets in bytes, as `co_lines()` gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineRange {
    pub start: usize,
    pub end: usize,
    pub line: Option<i32>,
}

impl Code {
    /// The position of each code unit (caches included), as `co_positions()`; ends early
    /// where the table is bad or too short.
    pub fn positions(&self) -> impl Iterator<Item = Position> + '_ {
        entries(&self.linetable, self.firstlineno)
            .map_while(Result::ok)
            .flat_map(|entry| std::iter::repeat_n(entry.position, entry.end - entry.start))
            .take(self.code.len() / 2)
    }

    /// The position of the code unit at a byte offset.
    pub fn position_at(&self, offset: usize) -> Position {
        let unit = offset / 2;
        entries(&self.linetable, self.firstlineno)
            .map_while(Result::ok)
            .find(|entry| (entry.start..entry.end).contains(&unit))
            .map_or(Position::NONE, |entry| entry.position)
    }

    /// The line of the code unit at a byte offset.
    pub fn line_at(&self, offset: usize) -> Option<i32> {
        self.position_at(offset).line
    }

    /// Runs of code units of one line, as `co_lines()`.
    pub fn lines(&self) -> Vec<LineRange> {
        let mut lines: Vec<LineRange> = Vec::new();
        for entry in entries(&self.linetable, self.firstlineno).map_while(Result::ok) {
            let (start, end, line) = (entry.start * 2, entry.end * 2, entry.position.line);
            match lines.last_mut() {
                Some(last) if last.line == line => last.end = end,
                _ => lines.push(LineRange { start, end, line }),
            }
        }
        lines
    }

    /// Byte offsets at which a line begins, as `dis.findlinestarts()`; a missing line means
    /// that what follows has no source.
    pub fn line_starts(&self) -> Vec<(usize, Option<i32>)> {
        self.lines()
            .iter()
            .map(|run| (run.start, run.line))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(firstlineno: i32, runs: &[(Position, usize)]) -> Vec<u8> {
        let mut writer = LineTableWriter::new(firstlineno);
        for &(position, units) in runs {
            writer.push(position, units);
        }
        writer.finish()
    }

    fn read(firstlineno: i32, table: &[u8]) -> Vec<(Position, usize)> {
        entries(table, firstlineno)
            .map(|entry| {
                let entry = entry.expect("a table that the writer made");
                (entry.position, entry.end - entry.start)
            })
            .collect()
    }

    #[test]
    fn every_form_is_read_back() {
        let line = |line, end_line| Position {
            line: Some(line),
            end_line: Some(end_line),
            ..Position::NONE
        };
        let runs = [
            (Position::new(0, 0, 1, 0), 1),
            (Position::new(1, 79, 1, 94), 3),
            (Position::new(2, 8, 2, 127), 2),
            (Position::NONE, 4),
            (line(5, 5), 1),
            (line(6, 9), 1),
            (Position::new(2, 300, 70_000, 5), 8),
            (Position::new(2, 9, 2, 3), 1),
        ];
        assert_eq!(read(1, &write(1, &runs)), runs);
    }

    #[test]
    fn runs_are_written_as_one_by_one() {
        let raw = |line, end_line, column, end_column| RawPosition { line, end_line, column, end_column };
        let mut runs = vec![(RawPosition::NONE, 0), (RawPosition::NONE, 3), (raw(-2, -2, -2, -2), 1)];
        for line in [1, 2, 2, 4, 300, 3, -1, 5] {
            for (column, end) in [(0, 0), (79, 94), (80, 95), (8, 24), (127, 127), (128, 130), (9, 3), (-1, -1), (-2, 7)] {
                for units in [1, 8, 9, 16, 17, 40] {
                    runs.push((raw(line, line, column, end), units));
                    runs.push((raw(line, line + 1, column, end), units));
                }
            }
        }
        runs.dedup_by_key(|(position, _)| *position);
        let (mut all, mut one) = (LineTableWriter::new(1), LineTableWriter::new(1));
        all.push_runs(runs.iter().copied());
        for (position, units) in runs {
            one.push_raw(position.with_missing(), units);
        }
        assert_eq!(all.finish(), one.finish());
    }

    #[test]
    fn long_runs_are_split_and_equal_runs_joined() {
        let position = Position::new(1, 0, 1, 5);
        let table = write(1, &[(position, 5), (position, 14)]);
        assert_eq!(table, [0x87, 0x05, 0x87, 0x05, 0x82, 0x05]);
    }

    #[test]
    fn bad_tables_are_reported() {
        let error = |table: &[u8]| {
            entries(table, 1)
                .find_map(Result::err)
                .map(|error| error.to_string())
        };
        assert_eq!(
            error(&[0x05]).as_deref(),
            Some("byte 0 of the line table does not begin an entry (its top bit is clear)")
        );
        assert_eq!(
            error(&[0xF8, 0x80]).as_deref(),
            Some("byte 1 of the line table begins an entry that is cut off")
        );
        assert_eq!(
            error(&[0xE8, 0x7F, 0x7F, 0x7F, 0x7F, 0x7F, 0x7F]).as_deref(),
            Some("byte 0 of the line table begins an entry whose number is longer than 32 bits")
        );
    }
}
