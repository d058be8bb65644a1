//! Instructions as they stand in the code now, with what their inline caches hold.

use std::collections::{HashMap, VecDeque};

use tailscope_bytecode::dis::{Instruction, RawInstruction, instructions_of, raw_instructions};
use tailscope_bytecode::opcode::Opcode;
use tailscope_bytecode::repr::memory_address;
use tailscope_bytecode::verify;

use super::codes::{Codes, KnownCode, location};
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
        doc: found.base.doc().to_owned(),
        effect: found.base.effect().to_string(),
        handler: code.handler_for(unit).map(|h| HandlerEntry {
            start: at(h.start as usize * 2),
            end: at(h.end as usize * 2),
            target: at(h.target as usize * 2),
            depth: h.depth as usize,
            lasti: h.lasti,
        }),
        block: block(known, unit),
    })
}

/// The arguments' meanings of all instructions of a code object, by byte offset.
pub(super) fn arguments(known: &KnownCode) -> HashMap<u32, String> {
    let all = instructions_of(&known.code().code, None, &memory_address);
    all.into_iter().map(|i| (i.offset as u32, i.argrepr)).collect()
}

/// The instruction that put the value into each slot of a frame's stack which is there before a
/// code unit: of several that may have (the two sides of a condition), the one that comes last.
pub(super) fn pushers(known: &KnownCode, unit: u32) -> Vec<Option<Pusher>> {
    let code = known.code();
    let Ok(places) = verify::places(&code.code) else { return Vec::new() };
    let depth = |offset: usize| places.stack(offset as u32 / 2).map(|stack| stack.len());
    let all = instructions_of(&code.code, Some(&running_bytes(code)), &memory_address);
    let Some(wanted) = depth(unit as usize * 2) else { return Vec::new() };
    let mut found: Vec<Option<Pusher>> = vec![None; wanted];
    let earlier = all.iter().take_while(|i| (i.offset as u32) < unit * 2);
    for (instruction, next) in earlier.zip(all.iter().skip(1)) {
        let (Some(before), Some(after)) = (depth(instruction.start_offset), depth(next.start_offset)) else { continue };
        let kept = before.saturating_sub(replaced(instruction)).min(after);
        for slot in found.iter_mut().take(after).skip(kept) {
            let address = InstructionAddress { code: known.id, offset: instruction.offset as u32 };
            *slot = Some(Pusher { address, text: short_text(instruction) });
        }
    }
    found
}

/// How many values an instruction takes from the stack that it does not put back where they were.
fn replaced(instruction: &Instruction) -> usize {
    let oparg = instruction.oparg.unwrap_or(0);
    let effect = instruction.base.effect();
    let kept = effect.inputs.iter().zip(effect.outputs).take_while(|(i, o)| i == o);
    let kept: i64 = kept.map(|(item, _)| item.size.count(oparg)).sum();
    usize::try_from(effect.popped(oparg) - kept).unwrap_or(0)
}

fn short_text(i: &Instruction) -> String {
    if i.argrepr.is_empty() { i.name() } else { format!("{} ({})", i.name(), i.argrepr) }
}

/// The basic block around an instruction: control enters it at its first instruction alone, and
/// leaves it at its last. With the offset behind the latter.
fn block(known: &KnownCode, unit: u32) -> (InstructionAddress, InstructionAddress) {
    let code = known.code();
    let at = |offset: usize| InstructionAddress { code: known.id, offset: offset as u32 };
    let mut begins: Vec<usize> = code.handlers.iter().map(|h| h.target as usize * 2).collect();
    let all: Vec<RawInstruction> = raw_instructions(&code.code.code).collect();
    for (raw, next) in all.iter().zip(all.iter().skip(1)) {
        let target = raw.jump_target();
        begins.extend(target);
        if target.is_some() || raw.base.is_unconditional_transfer() {
            begins.push(next.start_offset);
        }
    }
    let here = unit as usize * 2;
    let start = begins.iter().copied().filter(|b| *b <= here).max().unwrap_or(0);
    let end = begins.iter().copied().filter(|b| *b > here).min().unwrap_or(code.len() * 2);
    (at(start), at(end))
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
/// label, since debuggers show addresses and no labels. The column of opargs leaves room for
/// specialized forms.
fn text(i: &Instruction, target: Option<InstructionAddress>) -> String {
    match (i.oparg, target) {
        (None, _) => i.name(),
        (Some(oparg), Some(to)) => format!("{:<25} {oparg:>4} (to {to})", i.name()),
        (Some(oparg), None) if i.argrepr.is_empty() => format!("{:<25} {oparg:>4}", i.name()),
        (Some(oparg), None) => format!("{:<25} {oparg:>4} ({})", i.name(), i.argrepr),
    }
}

/// The instructions of a code object, as lines of a disassembly.
fn lines(known: &KnownCode) -> Vec<DisassembledInstruction> {
    let code = known.code();
    let bytes = running_bytes(code);
    let at = |offset: usize| InstructionAddress { code: known.id, offset: offset as u32 };
    let begins = |i: &Instruction| (i.offset == 0).then(|| name(known));
    instructions_of(&code.code, Some(&bytes), &memory_address)
        .iter()
        .map(|i| DisassembledInstruction {
            address: at(i.offset),
            bytes: bytes.get(i.offset..i.end_offset()).unwrap_or(&[]).to_vec(),
            text: text(i, i.jump_target.map(at)),
            location: location(code, i.offset / 2),
            begins: begins(i),
        })
        .collect()
}

fn name(known: &KnownCode) -> CodeName {
    CodeName { qualname: crate::protocol::object::text(known.code().qualname.value()), file: known.file.clone() }
}

/// Some instructions of a code object, and of those before and after it.
pub(super) fn window(codes: &Codes, known: &KnownCode, anchor: i64, first: i64, count: usize) -> DisassemblyWindow {
    let own = lines(known);
    let starts: Vec<u32> = own.iter().map(|i| i.address.offset).collect();
    let end_offset = known.code().len() as u32 * 2;
    let window = InstructionWindow::new(&starts, end_offset, anchor, first, count);
    let mut missing_before = before(window.first_index).min(count);
    let missing_after = count - missing_before.min(count) - (window.end - window.start);
    let mut shown: VecDeque<DisassembledInstruction> =
        own.get(window.start..window.end).unwrap_or(&[]).iter().cloned().collect();
    // What lies further out is skipped first: a window may lie wholly before or behind the code.
    let mut skip = before(window.first_index.saturating_add(count as i64));
    let mut id = known.id.0;
    while missing_before > 0 && id > 1 {
        id -= 1;
        let Some(other) = codes.get(CodeId(id)) else { break };
        for line in lines(&other).into_iter().rev() {
            if skip > 0 {
                skip -= 1;
            } else if missing_before > 0 {
                missing_before -= 1;
                shown.push_front(line);
            }
        }
    }
    let behind = window.first_index.saturating_sub(starts.len() as i64).max(0);
    let (end, last) = append(codes, known, &mut shown, usize::try_from(behind).unwrap_or(usize::MAX), missing_after);
    let first_code = shown.front().and_then(|line| codes.get(line.address.code));
    DisassemblyWindow {
        within: first_code.map_or_else(|| name(known), |first| name(&first)),
        before: missing_before,
        end: InstructionAddress { code: last, offset: end },
        instructions: shown.into(),
    }
}

/// How far an index lies before the first.
fn before(index: i64) -> usize {
    usize::try_from(index.min(0).unsigned_abs()).unwrap_or(usize::MAX)
}

/// Adds instructions of the code objects behind one. Returns where the last one that has any
/// shown, or the first, ends.
fn append(
    codes: &Codes,
    known: &KnownCode,
    shown: &mut VecDeque<DisassembledInstruction>,
    mut skip: usize,
    mut missing: usize,
) -> (u32, CodeId) {
    let mut end = (known.code().len() as u32 * 2, known.id);
    if let Some(last) = shown.back() {
        end = (last.address.offset + last.bytes.len() as u32, last.address.code);
    }
    let mut id = known.id.0;
    while missing > 0 {
        id += 1;
        let Some(other) = codes.get(CodeId(id)) else { break };
        for line in lines(&other) {
            if skip > 0 {
                skip -= 1;
            } else if missing > 0 {
                missing -= 1;
                end = (line.address.offset + line.bytes.len() as u32, other.id);
                shown.push_back(line);
            }
        }
    }
    end
}
