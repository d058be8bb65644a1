//! Jumps: their final direction and the marks after conditional ones.

use tailscope_bytecode::opcode::Opcode;

use super::Error;
use super::graph::{BlockId, Cfg};
use super::nops::remove_redundant_nops_and_jumps;
use super::ops::{self, Kinds};
use crate::instr::Instr;

/// Lowers `JUMP_IF_FALSE` and `JUMP_IF_TRUE`, which keep the value, to
/// COPY, TO_BOOL and a popping jump.
pub(crate) fn convert_pseudo_conditional_jumps(g: &mut Cfg) {
    let mut cursor = g.first_with(Kinds::KEEPING_JUMP);
    while let Some(b) = cursor {
        if let Some(last) = g.last(b).copied() {
            let popping = match last.op {
                Opcode::JUMP_IF_FALSE => Some(Opcode::POP_JUMP_IF_FALSE),
                Opcode::JUMP_IF_TRUE => Some(Opcode::POP_JUMP_IF_TRUE),
                _ => None,
            };
            if let Some(op) = popping {
                lower_jump(g, b, last, op);
            }
        }
        cursor = g.next_with(b, Kinds::KEEPING_JUMP);
    }
}

fn lower_jump(g: &mut Cfg, b: BlockId, jump: Instr, op: Opcode) {
    if let Some(last) = g.last_mut(b) {
        last.op = op;
    }
    let before = |op, arg| Instr {
        op,
        arg,
        target: None,
        ..jump
    };
    let at = g.len(b) - 1;
    g.insert(b, at, before(Opcode::COPY, 1));
    g.insert(b, at + 1, before(Opcode::TO_BOOL, 0));
}

/// Replaces the pseudo-opcodes that are left: block pushes have become handlers, closures
/// and possibly unbound stores are plain locals to the machine.
pub(crate) fn convert_pseudo_ops(g: &mut Cfg) -> Result<(), Error> {
    let pseudo = Kinds::BLOCK_PUSH.or(Kinds::PSEUDO_LOCAL);
    let mut cursor = g.first_with(pseudo);
    while let Some(b) = cursor {
        if g[b].kinds.has(Kinds::BLOCK_PUSH) {
            g.note(b, Kinds::NOP);
        }
        for instr in g.code_mut(b) {
            match instr.op {
                op if ops::is_block_push(op) => instr.set_nop(),
                Opcode::LOAD_CLOSURE => instr.op = Opcode::LOAD_FAST,
                Opcode::STORE_FAST_MAYBE_NULL => instr.op = Opcode::STORE_FAST,
                _ => {}
            }
        }
        cursor = g.next_with(b, pseudo);
    }
    remove_redundant_nops_and_jumps(g)
}

/// Makes all conditional jumps forward ones, each followed by NOT_TAKEN: a backward one
/// is inverted to jump over an unconditional backward jump.
pub(crate) fn normalize_jumps(g: &mut Cfg) {
    if !g.seen.has(Kinds::JUMP) {
        return;
    }
    let work = g.begin_traversal();
    g.end_traversal(work);
    let mut cursor = Some(g.entry);
    while let Some(b) = cursor {
        // Visited blocks lie before or at the jump.
        g[b].visited = true;
        normalize_last_jump(g, b);
        cursor = g[b].next;
    }
}

fn normalize_last_jump(g: &mut Cfg, b: BlockId) {
    let Some(jump) = g
        .last(b)
        .copied()
        .filter(|last| ops::is_conditional_jump(last.op))
    else {
        return;
    };
    let Some(target) = jump.target else { return };
    if !g[target].visited {
        g.add_op(b, Opcode::NOT_TAKEN, 0, jump.loc);
        return;
    }
    let backward = g.new_block();
    g.add_op(backward, Opcode::NOT_TAKEN, 0, jump.loc);
    g.add_jump(backward, Opcode::JUMP, Some(target), jump.loc);
    g[backward].start_depth = g[target].start_depth;
    g[backward].cold = g[b].cold;
    g[backward].next = g[b].next;
    let next = g[b].next;
    if let Some(last) = g.last_mut(b) {
        last.op = inverted(jump.op);
        last.target = next;
    }
    g[b].next = Some(backward);
}

/// The jump with the opposite condition.
fn inverted(op: Opcode) -> Opcode {
    use Opcode::*;
    match op {
        POP_JUMP_IF_NOT_NONE => POP_JUMP_IF_NONE,
        POP_JUMP_IF_NONE => POP_JUMP_IF_NOT_NONE,
        POP_JUMP_IF_FALSE => POP_JUMP_IF_TRUE,
        POP_JUMP_IF_TRUE => POP_JUMP_IF_FALSE,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;

    #[test]
    fn a_backward_condition_jumps_over_a_backward_jump() {
        let mut g = graph(
            "top:
             1 LOAD_FAST 0
             1 POP_JUMP_IF_TRUE @top
             2 LOAD_CONST 0
             2 RETURN_VALUE",
        );
        normalize_jumps(&mut g);
        assert_eq!(
            text(&g),
            "1 LOAD_FAST 0 | 1 POP_JUMP_IF_FALSE @2; 1 NOT_TAKEN | 1 JUMP @0; \
             2 LOAD_CONST 0 | 2 RETURN_VALUE"
        );
    }

    #[test]
    fn a_keeping_jump_becomes_copy_and_popping_jump() {
        let mut g = graph(
            "1 LOAD_FAST 0
             2 JUMP_IF_FALSE @end
             2 POP_TOP
             3 LOAD_FAST 1
             end:
             4 RETURN_VALUE",
        );
        convert_pseudo_conditional_jumps(&mut g);
        normalize_jumps(&mut g);
        assert_eq!(
            text(&g),
            "1 LOAD_FAST 0 | 2 COPY 1 | 2 TO_BOOL | 2 POP_JUMP_IF_FALSE @2 | 2 NOT_TAKEN; \
             2 POP_TOP | 3 LOAD_FAST 1; 4 RETURN_VALUE"
        );
    }
}
