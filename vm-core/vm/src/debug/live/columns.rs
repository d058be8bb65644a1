//! Places within a line: where its statements and calls begin, and the calls that are left on it.

use tailscope_bytecode::dis::raw_instructions;
use tailscope_bytecode::opcode::Opcode;
use tailscope_bytecode::verify::{self, Places};

use super::codes::{KnownCode, entries, location};
use crate::code::PyCode;
use crate::debug::address::InstructionAddress;
use crate::debug::types::{SourceRange, StepTarget};

/// A place that a breakpoint can be set on, and the instruction that it is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spot {
    pub location: SourceRange,
    pub unit: u32,
}

/// A run of instructions of one line that begins with an empty stack (but for loops' iterators):
/// a statement, or what a condition skips.
struct Segment {
    line: u32,
    unit: u32,
    start: u32,
    end: (u32, u32),
}

fn is_call(op: Opcode) -> bool {
    matches!(op, Opcode::CALL | Opcode::CALL_KW | Opcode::CALL_FUNCTION_EX)
}

fn is_within(inner: SourceRange, outer: SourceRange) -> bool {
    let begin = |r: SourceRange| (r.line, r.column.unwrap_or(0));
    let end = |r: SourceRange| (r.end_line, r.end_column.unwrap_or(u32::MAX));
    begin(outer) <= begin(inner) && end(inner) <= end(outer)
}

/// All places of a code object, in the order of the source.
pub(super) fn spots(code: &PyCode) -> Vec<Spot> {
    let located: Vec<(u32, Opcode, SourceRange)> = raw_instructions(&code.code.code)
        .filter(|raw| raw.start_offset as u32 / 2 > code.first_traceable)
        .filter_map(|raw| Some((raw.start_offset as u32 / 2, raw.base, location(code, raw.offset / 2)?)))
        .collect();
    let mut all: Vec<Spot> = segments(code, &located)
        .into_iter()
        .map(|s| Spot {
            location: SourceRange { line: s.line, column: Some(s.start), end_line: s.end.0, end_column: Some(s.end.1) },
            unit: s.unit,
        })
        .collect();
    for (_, _, call) in located.iter().filter(|(_, op, _)| is_call(*op)) {
        // What a call evaluates first: its function.
        let first = located.iter().find(|(_, _, range)| is_within(*range, *call) && range.line == call.line);
        if let Some((unit, _, _)) = first {
            all.push(Spot { location: *call, unit: *unit });
        }
    }
    all.sort_by_key(|s| (s.location.line, s.location.column, s.unit));
    all.dedup_by_key(|s| (s.location.line, s.location.column));
    all
}

fn segments(code: &PyCode, located: &[(u32, Opcode, SourceRange)]) -> Vec<Segment> {
    let Ok(places) = verify::places(&code.code) else { return Vec::new() };
    let starts: Vec<u32> = entries(code).into_iter().map(|entry| entry.unit).collect();
    let depth = |places: &Places, unit| places.stack(unit).map(|stack| stack.len());
    let mut all: Vec<Segment> = Vec::new();
    let mut base = None;
    for (unit, _, range) in located {
        let begins = starts.contains(unit);
        if begins {
            base = depth(&places, *unit);
        }
        let column = range.column.unwrap_or(0);
        let end = (range.end_line, range.end_column.unwrap_or(column));
        let behind = all.last().is_some_and(|last| last.line == range.line && column > last.start);
        if begins || (behind && base.is_some() && depth(&places, *unit) == base) {
            all.push(Segment { line: range.line, unit: *unit, start: column, end });
        } else {
            widen(&mut all, range.line, column, end);
        }
    }
    all
}

/// An instruction that belongs to the last segment. One that covers what stands before that
/// segment finishes what an earlier one began.
fn widen(all: &mut Vec<Segment>, line: u32, column: u32, end: (u32, u32)) {
    let Some(last) = all.last() else { return };
    if last.line != line {
        return;
    }
    while let [.., before, last] = &mut all[..]
        && before.line == line
        && column < last.start
        && before.end.0 == line
        && column <= before.end.1
    {
        before.end = before.end.max(last.end);
        all.pop();
    }
    if let Some(last) = all.last_mut() {
        last.start = last.start.min(column);
        last.end = last.end.max(end);
    }
}

/// The place on a line that a column means: the last one that begins at it or before, else the first.
pub(super) fn at_column(spots: &[Spot], line: u32, column: u32) -> Option<SourceRange> {
    let mut found: Option<SourceRange> = None;
    for spot in spots.iter().filter(|spot| spot.location.line == line) {
        if found.is_none() || spot.location.column.unwrap_or(0) <= column {
            found = Some(spot.location);
        }
    }
    found
}

/// The calls that are left on the line of an instruction.
pub(super) fn calls_from(known: &KnownCode, unit: u32) -> Vec<StepTarget> {
    let code = known.code();
    let Some(line) = location(code, unit as usize).map(|l| l.line) else { return Vec::new() };
    raw_instructions(&code.code.code)
        .filter(|raw| raw.offset as u32 / 2 >= unit && is_call(raw.base))
        .filter_map(|raw| {
            let location = location(code, raw.offset / 2).filter(|l| l.line == line)?;
            let offset = raw.start_offset as u32;
            Some(StepTarget { address: InstructionAddress { code: known.id, offset }, location })
        })
        .collect()
}
