//! From code units to instructions.

use std::collections::HashMap;

use super::arguments::Arguments;
use super::*;
use crate::code::Code;
use crate::opcode::deopt_byte;
use crate::repr::{AddressOf, memory_address};

/// Opcode byte and whole oparg of an instruction, nothing resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawInstruction {
    pub offset: usize,
    /// Where its first `EXTENDED_ARG` is, else the offset.
    pub start_offset: usize,
    /// The byte of the opcode.
    pub byte: u8,
    /// The opcode that the compiler wrote; `RESERVED` where the byte is no opcode.
    pub base: Opcode,
    /// The oparg, prefixes included, whether the opcode uses it or not.
    pub oparg: u32,
}

/// Walks over code units: skips caches, joins opargs.
#[derive(Clone, Debug)]
pub struct Raw<'a> {
    code: &'a [u8],
    at: usize,
    prefix: u32,
    prefixes: usize,
}

/// The instructions of code units, `EXTENDED_ARG` included.
pub fn raw_instructions(code: &[u8]) -> Raw<'_> {
    Raw {
        code,
        at: 0,
        prefix: 0,
        prefixes: 0,
    }
}

impl Iterator for Raw<'_> {
    type Item = RawInstruction;

    fn next(&mut self) -> Option<RawInstruction> {
        let offset = self.at;
        let &[byte, low] = self.code.get(offset..offset + 2)? else {
            return None;
        };
        let opcode = Opcode::from_u8(deopt_byte(byte)).unwrap_or(Opcode::RESERVED);
        let base = opcode.base();
        self.at += 2 + 2 * base.cache_units();
        let oparg = self.prefix | u32::from(low);
        let start_offset = offset - 2 * self.prefixes;
        if base == Opcode::EXTENDED_ARG {
            self.prefix = oparg << 8;
            self.prefixes += 1;
        } else {
            self.prefix = 0;
            self.prefixes = 0;
        }
        Some(RawInstruction {
            offset,
            start_offset: if base == Opcode::EXTENDED_ARG {
                offset
            } else {
                start_offset
            },
            byte,
            base,
            oparg,
        })
    }
}

impl RawInstruction {
    /// Where it may jump to, in bytes; `None` if it does not jump, or to before the code.
    pub fn jump_target(&self) -> Option<usize> {
        if !self.base.has_jump() {
            return None;
        }
        let next = self.offset + 2 + 2 * self.base.cache_units();
        let distance = 2 * self.oparg as usize;
        if self.base.jumps_backward() {
            next.checked_sub(distance)
        } else {
            Some(next + distance)
        }
    }
}

/// The instructions of a code object as compiled.
pub fn instructions(code: &Code) -> Vec<Instruction> {
    instructions_of(code, None, &memory_address)
}

/// The instructions of a code object. `adaptive` is its code array in the running VM, of the
/// same length; code objects among the constants show the addresses that `address_of` gives.
pub fn instructions_of(
    code: &Code,
    adaptive: Option<&[u8]>,
    address_of: AddressOf<'_>,
) -> Vec<Instruction> {
    let running = adaptive.filter(|array| array.len() == code.code.len());
    let running = running.unwrap_or(&code.code);
    let line_starts: HashMap<usize, Option<i32>> = code.line_starts().into_iter().collect();
    let positions: Vec<Position> = code.positions().collect();
    let labels = labels(code);
    let arguments = Arguments {
        code,
        labels: &labels,
        address_of,
    };
    let mut line = None;
    // The original is walked: what stands in for it while it runs need not show its extent.
    raw_instructions(&code.code)
        .map(|raw| {
            let start = line_starts.get(&raw.offset);
            if let Some(start) = start {
                line = *start;
            }
            let byte = running[raw.offset];
            let opcode = Opcode::from_u8(byte).unwrap_or(Opcode::RESERVED);
            let (argval, argrepr) = arguments.resolve(&raw);
            let end = raw.offset + 2 + 2 * raw.base.cache_units();
            let cache = running.get(raw.offset + 2..end).unwrap_or(&[]);
            Instruction {
                offset: raw.offset,
                start_offset: raw.start_offset,
                opcode,
                byte,
                base: raw.base,
                oparg: raw.base.has_arg().then_some(raw.oparg),
                argval,
                argrepr,
                jump_target: raw.jump_target(),
                starts_line: start.is_some(),
                line,
                label: labels.get(&raw.offset).copied(),
                position: positions.get(raw.offset / 2).copied().unwrap_or_default(),
                cache: cache
                    .chunks_exact(2)
                    .map(|unit| u16::from_le_bytes([unit[0], unit[1]]))
                    .collect(),
            }
        })
        .collect()
}

/// Numbers from 1, by offset, of jump targets and of the bounds and handlers of guarded ranges.
pub(super) fn labels(code: &Code) -> HashMap<usize, u32> {
    let jumps = raw_instructions(&code.code).filter_map(|raw| raw.jump_target());
    let bounds = code
        .exception_entries()
        .flat_map(|entry| [entry.start, entry.end, entry.target].map(|unit| unit as usize * 2));
    let mut offsets: Vec<usize> = jumps.chain(bounds).collect();
    offsets.sort_unstable();
    offsets.dedup();
    offsets.into_iter().zip(1..).collect()
}
