//! Superinstructions: two loads or stores of locals in one.

use tailscope_bytecode::opcode::Opcode;

use super::graph::Cfg;
use super::ops::Kinds;
use super::nops::remove_redundant_nops;
use crate::instr::Instr;

/// Joins neighbouring LOAD_FAST and STORE_FAST instructions.
pub(crate) fn insert_superinstructions(g: &mut Cfg) {
    let mut joined_any = false;
    let mut cursor = g.first_with(Kinds::JOINED);
    while let Some(b) = cursor {
        if join_in_block(g.code_mut(b)) {
            g.note(b, Kinds::NOP);
            joined_any = true;
        }
        cursor = g.next_with(b, Kinds::JOINED);
    }
    if joined_any {
        remove_redundant_nops(g);
    }
}

/// Returns whether there were any to join.
fn join_in_block(code: &mut [Instr]) -> bool {
    let mut joined_any = false;
    // The second one becomes a NOP, and so is not the first of the next two.
    for i in 1..code.len() {
        joined_any |= join_with_previous(code, i);
    }
    joined_any
}

/// Joins two neighbouring instructions if there is one that does what both do.
fn join_with_previous(code: &mut [Instr], i: usize) -> bool {
    let [first, second] = &mut code[i - 1..=i] else { return false };
    let joined = match (first.op, second.op) {
        (Opcode::LOAD_FAST, Opcode::LOAD_FAST) => Opcode::LOAD_FAST_LOAD_FAST,
        (Opcode::STORE_FAST, Opcode::LOAD_FAST) => Opcode::STORE_FAST_LOAD_FAST,
        (Opcode::STORE_FAST, Opcode::STORE_FAST) => Opcode::STORE_FAST_STORE_FAST,
        _ => return false,
    };
    join(first, second, joined)
}

/// Makes `first` do both, unless they are on different lines or an argument needs more
/// than four bits. Returns whether it did.
fn join(first: &mut Instr, second: &mut Instr, op: Opcode) -> bool {
    let lines = (first.loc.line, second.loc.line);
    if lines.0 >= 0 && lines.1 >= 0 && lines.0 != lines.1 {
        return false;
    }
    if first.arg >= 16 || second.arg >= 16 {
        return false;
    }
    first.set(op, first.arg << 4 | second.arg);
    second.set_nop();
    true
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;

    #[test]
    fn pairs_on_a_line_are_joined() {
        let mut g = graph(
            "1 LOAD_FAST 1
             1 LOAD_FAST 2
             1 LOAD_FAST 3
             2 LOAD_FAST 16
             2 LOAD_FAST 1
             3 STORE_FAST 4
             3 LOAD_FAST 5",
        );
        insert_superinstructions(&mut g);
        assert_eq!(
            text(&g),
            "1 LOAD_FAST_LOAD_FAST 18 | 1 LOAD_FAST 3 | 2 LOAD_FAST 16 | 2 LOAD_FAST 1 \
             | 3 STORE_FAST_LOAD_FAST 69"
        );
    }
}
