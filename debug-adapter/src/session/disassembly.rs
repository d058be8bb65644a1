//! Instructions around an address. There are always as many as were asked for: where the
//! code object has none, invalid ones stand, at the addresses that they would have.

use tailscope_vm::debug::InstructionAddress;
use tailscope_vm::debug::address::CODE_UNIT;

use crate::client::Responder;
use crate::link::messages::{Disassemble, Disassembly, DisassemblyLine};
use crate::protocol::amended::DisassembleArguments;
use crate::protocol::{
    DisassembleResponse, DisassembledInstruction, DisassembledInstructionPresentationHint, Failure,
    Source, to_json,
};

use super::Session;

/// Most instructions in one response.
const MAX_COUNT: u64 = 1 << 20;

/// Most bytes that are shown of an instruction: it and three units of its cache.
const MAX_BYTES: usize = 8;

impl Session {
    pub(super) fn disassemble(&mut self, to: Responder, arguments: DisassembleArguments) {
        let wanted = arguments.instruction_count;
        let Some(count) = usize::try_from(wanted).ok().filter(|_| wanted <= MAX_COUNT) else {
            let failure = Failure::new(format!(
                "{wanted} instructions are more than the {MAX_COUNT} that are given"
            ));
            return self.client.respond(to, Err(failure));
        };
        let base = match arguments.memory_reference.parse::<InstructionAddress>() {
            Ok(address) => address
                .to_number()
                .wrapping_add_signed(arguments.offset.unwrap_or(0)),
            Err(error) => {
                return self
                    .client
                    .respond(to, Err(Failure::new(error.to_string())));
            }
        };
        let (code, anchor) = InstructionAddress::nearest(base);
        let first = arguments.instruction_offset.unwrap_or(0);
        let command = Disassemble {
            code: code.0,
            anchor,
            first,
            count,
        };
        self.ask_for(to, command, move |session, disassembly| {
            let start = InstructionAddress { code, offset: 0 };
            let location = session.sources.source(&disassembly.file);
            let mut instructions =
                with_invalid_ones(start.to_number(), disassembly, location, count);
            for instruction in &mut instructions {
                instruction.line = instruction.line.map(|line| session.client_line(line));
                instruction.end_line = instruction.end_line.map(|line| session.client_line(line));
            }
            Ok(to_json(DisassembleResponse { instructions }))
        });
    }
}

/// The instructions of a disassembly, with invalid ones before and after. The source file
/// is named at the first, and holds for the others.
fn with_invalid_ones(
    start: u64,
    disassembly: Disassembly,
    location: Source,
    count: usize,
) -> Vec<DisassembledInstruction> {
    let unit = i64::from(CODE_UNIT);
    let total = i64::try_from(disassembly.total).unwrap_or(i64::MAX);
    let end = start.wrapping_add(u64::from(disassembly.end_offset));
    let mut lines = disassembly.instructions.into_iter();
    let mut location = Some(location);
    let indices = (0..count).map(|k| {
        disassembly
            .first_index
            .saturating_add(i64::try_from(k).unwrap_or(i64::MAX))
    });
    let instruction = |index: i64| {
        if index < 0 {
            return invalid(start.wrapping_add_signed(index.saturating_mul(unit)));
        }
        match lines.next().filter(|_| index < total) {
            Some(line) => valid(line, start, &disassembly.qualname, location.take()),
            None => invalid(end.wrapping_add_signed((index - total).max(0).saturating_mul(unit))),
        }
    };
    indices.map(instruction).collect()
}

/// An instruction's bytes, without the end of long inline caches: editors show them before the
/// opcode, and ten units would push that out of sight.
fn shown_bytes(bytes: &[u8]) -> String {
    let shown = bytes.get(..MAX_BYTES).unwrap_or(bytes);
    let mut texts: Vec<String> = shown.iter().map(|byte| format!("{byte:02x}")).collect();
    if shown.len() < bytes.len() {
        texts.push("…".to_owned());
    }
    texts.join(" ")
}

fn valid(
    line: DisassemblyLine,
    start: u64,
    qualname: &str,
    location: Option<Source>,
) -> DisassembledInstruction {
    DisassembledInstruction {
        address: InstructionAddress::from_number(line.address).to_string(),
        instruction_bytes: Some(shown_bytes(&line.bytes)),
        instruction: line.text,
        symbol: (line.address == start).then(|| qualname.to_owned()),
        location,
        // Whole lines: editors show the source above each new range, and with columns that
        // would be above nearly each instruction.
        line: line.location.map(|range| range.line),
        end_line: line.location.map(|range| range.line),
        column: None,
        end_column: None,
        presentation_hint: Some(DisassembledInstructionPresentationHint::Normal),
    }
}

fn invalid(address: u64) -> DisassembledInstruction {
    DisassembledInstruction {
        address: InstructionAddress::from_number(address).to_string(),
        instruction: "(no instruction)".to_owned(),
        presentation_hint: Some(DisassembledInstructionPresentationHint::Invalid),
        instruction_bytes: None,
        symbol: None,
        location: None,
        line: None,
        end_line: None,
        column: None,
        end_column: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Code object 1: instructions at 0, 2 and 8, its end at 10.
    fn addresses(first_index: i64, count: usize) -> Vec<String> {
        let line = |offset: u64| DisassemblyLine {
            address: 0x1_0000_0000 + offset,
            bytes: vec![1, 0],
            text: "NOP".to_owned(),
            location: None,
        };
        let all = [line(0), line(2), line(8)];
        let from = first_index.clamp(0, 3) as usize;
        let to = (first_index + count as i64).clamp(from as i64, 3) as usize;
        let disassembly = Disassembly {
            qualname: "f".to_owned(),
            file: "f.py".to_owned(),
            first_index,
            instructions: all[from..to].to_vec(),
            total: 3,
            end_offset: 10,
        };
        let list = with_invalid_ones(0x1_0000_0000, disassembly, Source::default(), count);
        let mark = |i: &DisassembledInstruction| {
            let valid =
                i.presentation_hint == Some(DisassembledInstructionPresentationHint::Normal);
            format!(
                "{}{}",
                i.address.trim_start_matches("0x"),
                if valid { "" } else { "!" }
            )
        };
        list.iter().map(mark).collect()
    }

    #[test]
    fn long_caches_are_cut_off() {
        assert_eq!(shown_bytes(&[0x64, 0x0b, 0x55, 0xaa]), "64 0b 55 aa");
        assert_eq!(shown_bytes(&[7; 8]), "07 07 07 07 07 07 07 07");
        assert_eq!(shown_bytes(&[0; 20]), "00 00 00 00 00 00 00 00 …");
    }

    #[test]
    fn exactly_as_many_as_wanted_in_the_order_of_addresses() {
        assert_eq!(addresses(0, 3), ["100000000", "100000002", "100000008"]);
        assert_eq!(addresses(-2, 3), ["fffffffc!", "fffffffe!", "100000000"]);
        assert_eq!(addresses(-5, 2), ["fffffff6!", "fffffff8!"]);
        assert_eq!(addresses(2, 3), ["100000008", "10000000a!", "10000000c!"]);
        assert_eq!(addresses(5, 1), ["10000000e!"]);
        assert_eq!(addresses(0, 0), Vec::<String>::new());
    }
}
