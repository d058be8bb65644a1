//! Reachability: unreachable blocks are emptied, small exits are copied to their jumps.

use tailscope_bytecode::opcode::Opcode;

use super::graph::{BlockId, Cfg};
use super::ops;

/// Exit blocks up to this size are copied to where they are jumped to.
const MAX_COPY_SIZE: usize = 4;

/// Counts the predecessors of every block and empties the blocks that control never reaches.
pub(crate) fn remove_unreachable(g: &mut Cfg) {
    let mut work = g.begin_traversal();
    let mut cursor = Some(g.entry);
    while let Some(b) = cursor {
        g[b].predecessors = 0;
        cursor = g[b].next;
    }
    let entry = g.entry;
    g[entry].predecessors = 1;
    g.visit(&mut work, entry);
    while let Some(b) = work.pop() {
        if let Some(next) = g.fallthrough(b) {
            g.visit(&mut work, next);
            g[next].predecessors += 1;
        }
        for i in 0..g.len(b) {
            let instr = g.code(b)[i];
            if let (true, Some(target)) = (ops::has_target(instr.op), instr.target) {
                g.visit(&mut work, target);
                g[target].predecessors += 1;
            }
        }
    }
    g.end_traversal(work);

    let mut cursor = Some(g.entry);
    while let Some(b) = cursor {
        if g[b].predecessors == 0 {
            g.truncate(b, 0);
            g[b].except_handler = false;
        }
        cursor = g[b].next;
    }
}

/// Replaces unconditional jumps to small exit blocks, and to blocks that have no line and
/// do not fall through, by the blocks' instructions, until there is none left.
pub(crate) fn inline_small_or_no_line_blocks(g: &mut Cfg) {
    // A chain of jumps is no longer than there are blocks. (A cycle of blocks without lines
    // would be copied forever, but code generation makes none.)
    for _ in 0..g.block_count() {
        let mut changed = false;
        let mut cursor = Some(g.entry);
        while let Some(b) = cursor {
            changed |= inline_jump_target(g, b);
            cursor = g[b].next;
        }
        if !changed {
            break;
        }
    }
}

fn inline_jump_target(g: &mut Cfg, b: BlockId) -> bool {
    let Some(jump) = g.unconditional_jump(b).copied() else {
        return false;
    };
    let Some(target) = jump.target else {
        return false;
    };
    let small_exit = g.exits_scope(target) && g.len(target) <= MAX_COPY_SIZE;
    let no_line = g.has_no_line(target) && !g.falls_through(target);
    if target == b || !small_exit && !no_line {
        return false;
    }
    if let Some(last) = g.last_mut(b) {
        last.set_nop();
    }
    g.append_block(b, target);
    if no_line
        && jump.op == Opcode::JUMP
        && let Some(last) = g.last_mut(b)
        && ops::is_unconditional_jump(last.op)
    {
        // The jump that went away looked after pending events; the one in its place must too.
        last.op = Opcode::JUMP;
    }
    g[target].predecessors -= 1;
    true
}
