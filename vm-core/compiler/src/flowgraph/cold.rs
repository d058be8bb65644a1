//! Cold blocks: what only exceptions lead to moves to the end of the code.

use tailscope_bytecode::opcode::Opcode;

use super::Error;
use super::graph::{BlockId, Cfg};
use super::nops::remove_redundant_nops_and_jumps;
use crate::instr::Loc;

/// Moves the blocks that control reaches through exceptions only behind all others.
pub(crate) fn push_cold_blocks_to_end(g: &mut Cfg) -> Result<(), Error> {
    if g[g.entry].next.is_none() {
        return Ok(());
    }
    mark_warm(g);
    mark_cold(g);
    add_jumps_to_warm_blocks(g);
    if move_cold_blocks(g) {
        remove_redundant_nops_and_jumps(g)?;
    }
    Ok(())
}

/// The blocks that control reaches from `b` without an exception.
fn successors(g: &Cfg, b: BlockId) -> impl Iterator<Item = BlockId> + use<> {
    let (next, target) = g.successors(b);
    [next, target].into_iter().flatten()
}

fn mark_warm(g: &mut Cfg) {
    let mut work = g.begin_traversal();
    let entry = g.entry;
    g.visit(&mut work, entry);
    while let Some(b) = work.pop() {
        g[b].warm = true;
        for successor in successors(g, b) {
            g.visit(&mut work, successor);
        }
    }
    g.end_traversal(work);
}

/// Marks the handlers and what only they lead to.
fn mark_cold(g: &mut Cfg) {
    let mut work = g.begin_traversal();
    let mut cursor = Some(g.entry);
    while let Some(b) = cursor {
        if g[b].except_handler {
            g.visit(&mut work, b);
        }
        cursor = g[b].next;
    }
    while let Some(b) = work.pop() {
        g[b].cold = true;
        for successor in successors(g, b) {
            if !g[successor].warm {
                g.visit(&mut work, successor);
            }
        }
    }
    g.end_traversal(work);
}

/// Where a cold block falls through to a warm one, puts a jump between them.
fn add_jumps_to_warm_blocks(g: &mut Cfg) {
    let mut cursor = Some(g.entry);
    while let Some(b) = cursor {
        if let (true, Some(next)) = (g[b].cold, g.fallthrough(b))
            && g[next].warm
        {
            let jump = g.new_block();
            g.add_jump(jump, Opcode::JUMP_NO_INTERRUPT, Some(next), Loc::NONE);
            g[next].labelled = true;
            g[jump].cold = true;
            g[jump].predecessors = 1;
            g[jump].next = Some(next);
            g[b].next = Some(jump);
        }
        cursor = g[b].next;
    }
}

/// Rechains the blocks: first the others, then the cold ones, both in their order.
/// Returns whether there were any cold ones.
fn move_cold_blocks(g: &mut Cfg) -> bool {
    let mut last_other = g.entry;
    let mut first_cold = None;
    let mut last_cold: Option<BlockId> = None;
    let mut cursor = g[g.entry].next;
    while let Some(b) = cursor {
        cursor = g[b].next;
        if !g[b].cold {
            g[last_other].next = Some(b);
            last_other = b;
            continue;
        }
        match last_cold {
            Some(last) => g[last].next = Some(b),
            None => first_cold = Some(b),
        }
        last_cold = Some(b);
    }
    if let Some(last) = last_cold {
        g[last].next = None;
    }
    g[last_other].next = first_cold;
    first_cold.is_some()
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;

    #[test]
    fn a_handler_in_the_middle_moves_behind_the_rest() {
        let mut g = graph(
            "1 SETUP_FINALLY @handler
             2 LOAD_NAME 0
             2 POP_TOP
             - POP_BLOCK
             - JUMP_NO_INTERRUPT @after
             handler:
             - PUSH_EXC_INFO
             3 POP_TOP
             3 POP_EXCEPT
             after:
             4 LOAD_CONST 0
             4 RETURN_VALUE",
        );
        super::super::build::mark_except_handlers(&mut g);
        push_cold_blocks_to_end(&mut g).unwrap();
        assert_eq!(
            text(&g),
            "1 SETUP_FINALLY @2 | 2 LOAD_NAME 0 | 2 POP_TOP | - POP_BLOCK; \
             4 LOAD_CONST 0 | 4 RETURN_VALUE; \
             - PUSH_EXC_INFO | 3 POP_TOP | 3 POP_EXCEPT; - JUMP_NO_INTERRUPT @1"
        );
    }
}
