//! Instructions around an address. There are always as many as were asked for: where the
//! code object has none, invalid ones stand, at the addresses that they would have.

use tailscope_vm::debug::{CodeId, InstructionAddress};
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
            let mut instructions = session.with_invalid_ones(disassembly, first, count);
            for instruction in &mut instructions {
                instruction.line = instruction.line.map(|line| session.client_line(line));
                instruction.end_line = instruction.end_line.map(|line| session.client_line(line));
            }
            Ok(to_json(DisassembleResponse { instructions }))
        });
    }

    /// The instructions of a disassembly, with invalid ones before and after. The source file
    /// is named at the first of each code object, and holds for those that follow.
    fn with_invalid_ones(
        &mut self,
        disassembly: Disassembly,
        offset: i64,
        count: usize,
    ) -> Vec<DisassembledInstruction> {
        let unit = u64::from(CODE_UNIT);
        let start = match disassembly.instructions.first() {
            Some(line) => line.address,
            // Wholly before all code: below the first code object, the further the lower.
            None if disassembly.before > 0 => {
                let behind = offset.saturating_add(i64::try_from(count).unwrap_or(i64::MAX));
                let first = InstructionAddress { code: CodeId(1), offset: 0 };
                first.to_number().wrapping_add_signed(behind.min(0).saturating_mul(2))
            }
            None => disassembly.end,
        };
        let before = disassembly.before as u64;
        let mut list: Vec<DisassembledInstruction> = (0..before)
            .map(|k| invalid(start.wrapping_sub((before - k).saturating_mul(unit))))
            .collect();
        let mut named = Some(disassembly.within);
        for mut line in disassembly.instructions {
            let begins = line.begins.take();
            let symbol = begins.as_ref().map(|code| code.qualname.clone());
            let source = begins.or(named.take()).map(|code| self.sources.source(&code.file));
            named = None;
            list.push(valid(line, symbol, source));
        }
        let missing = count.saturating_sub(list.len()) as u64;
        let behind = (0..missing).map(|k| disassembly.end.wrapping_add(k.saturating_mul(unit)));
        list.extend(behind.map(invalid));
        list
    }
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
    symbol: Option<String>,
    location: Option<Source>,
) -> DisassembledInstruction {
    DisassembledInstruction {
        address: InstructionAddress::from_number(line.address).to_string(),
        instruction_bytes: Some(shown_bytes(&line.bytes)),
        instruction: line.text,
        symbol,
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

    #[test]
    fn long_caches_are_cut_off() {
        assert_eq!(shown_bytes(&[0x64, 0x0b, 0x55, 0xaa]), "64 0b 55 aa");
        assert_eq!(shown_bytes(&[7; 8]), "07 07 07 07 07 07 07 07");
        assert_eq!(shown_bytes(&[0; 20]), "00 00 00 00 00 00 00 00 …");
    }
}
