//! Instructions as they stand in the code now, with what their inline caches hold.

use tailscope_bytecode::dis::{Instruction, instructions_of, raw_instructions};
use tailscope_bytecode::opcode::Opcode;
use tailscope_bytecode::repr::memory_address;

use super::codes::{KnownCode, location};
use crate::code::PyCode;
use crate::debug::address::{InstructionAddress, InstructionWindow};
use crate::debug::types::*;
use crate::interp::breakpoint;
use crate::ops::internal;

/// The code units of running code as bytes, with CPython's opcodes and without breakpoints.
fn running_bytes(code: &PyCode) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..code.len()).flat_map(|unit| code.unit(unit).to_le_bytes()).collect();
    for raw in raw_instructions(&code.code.code) {
        // SAFETY: the offset is of an instruction of this code.
        let opcode = unsafe { breakpoint::opcode_at(code, code.entry().add(raw.offset / 2)) };
        bytes[raw.offset] = internal::public(opcode);
    }
    bytes
}

fn is_branch(op: Opcode) -> bool {
    matches!(
        op,
        Opcode::POP_JUMP_IF_FALSE
            | Opcode::POP_JUMP_IF_TRUE
            | Opcode::POP_JUMP_IF_NONE
            | Opcode::POP_JUMP_IF_NOT_NONE
    )
}

/// The instruction that begins (with an EXTENDED_ARG, if it has one) at a code unit.
pub(super) fn view(known: &KnownCode, unit: u32) -> Option<InstructionView> {
    let code = known.code();
    let bytes = running_bytes(code);
    let offset = unit as usize * 2;
    let all = instructions_of(&code.code, Some(&bytes), &memory_address);
    let found = all.into_iter().filter(|i| i.offset == offset || i.start_offset == offset).last()?;
    let at = |offset: usize| InstructionAddress { code: known.id, offset: offset as u32 };
    let branch = is_branch(found.base);
    let first = found.cache.first().copied();
    let mut counter = None;
    let mut caches = Vec::new();
    for cache in found.caches() {
        if cache.name == "counter" && !branch {
            counter = first.map(AdaptiveCounter::from_bits);
        }
        let name = if branch { "history" } else { cache.name };
        caches.push(CacheEntry {
            name: name.to_owned(),
            units: cache.units,
            value: cache.value,
            meaning: meaning(&found, cache.name, cache.value),
        });
    }
    Some(InstructionView {
        address: at(offset),
        opname: found.name(),
        base_opname: found.base.name().to_owned(),
        opcode: found.byte,
        oparg: found.oparg,
        argrepr: if found.argrepr.is_empty() { found.oparg_in_words() } else { found.argrepr.clone() },
        location: location(code, unit as usize),
        caches,
        counter,
        branch: first.filter(|_| branch).map(BranchHistory),
        jump_target: found.jump_target.map(at),
    })
}

/// What a cache's number stands for; empty where it is a plain number.
fn meaning(instruction: &Instruction, name: &str, value: u64) -> String {
    match name {
        "counter" if !is_branch(instruction.base) => {
            let counter = AdaptiveCounter::from_bits(value as u16);
            format!("{} more, then backoff {}", counter.value, counter.backoff)
        }
        "counter" => BranchHistory(value as u16).to_string(),
        _ => String::new(),
    }
}

/// A line of a disassembly, in the form of `dis`. A jump names its target's address instead of a
/// label, since debuggers show addresses and no labels.
fn text(i: &Instruction, target: Option<InstructionAddress>) -> String {
    match (i.oparg, target) {
        (None, _) => i.name(),
        (Some(oparg), Some(to)) => format!("{:<20} {oparg:>6} (to {to})", i.name()),
        (Some(oparg), None) if i.argrepr.is_empty() => format!("{:<20} {oparg:>6}", i.name()),
        (Some(oparg), None) => format!("{:<20} {oparg:>6} ({})", i.name(), i.argrepr),
    }
}

/// Some of a code object's instructions.
pub(super) fn window(known: &KnownCode, anchor: i64, first: i64, count: usize) -> DisassemblyWindow {
    let code = known.code();
    let bytes = running_bytes(code);
    let all = instructions_of(&code.code, Some(&bytes), &memory_address);
    let starts: Vec<u32> = all.iter().map(|i| i.offset as u32).collect();
    let end_offset = bytes.len() as u32;
    let at = |offset: usize| InstructionAddress { code: known.id, offset: offset as u32 };
    let window = InstructionWindow::new(&starts, end_offset, anchor, first, count);
    let shown = all.get(window.start..window.end).unwrap_or(&[]);
    DisassemblyWindow {
        qualname: crate::protocol::object::text(code.qualname.value()),
        file: known.file.clone(),
        first_index: window.first_index,
        instructions: shown
            .iter()
            .map(|i| DisassembledInstruction {
                address: at(i.offset),
                bytes: bytes.get(i.offset..i.end_offset()).unwrap_or(&[]).to_vec(),
                text: text(i, i.jump_target.map(at)),
                location: location(code, i.offset / 2),
            })
            .collect(),
        total: all.len(),
        end_offset,
    }
}
