//! Reachability: unreachable blocks are emptied, small exits are copied to their jumps.

use tailscope_bytecode::opcode::Opcode;

use super::graph::{BlockId, Cfg};
use super::ops::{self, Kinds};

/// Exit blocks up to this size are copied to where they are jumped to.
const MAX_COPY_SIZE: usize = 4;

/// Counts the predecessors of every block and empties the blocks that control never reaches.
pub(crate) fn remove_unreachable(g: &mut Cfg) {
    g.rewired = false;
    if g[g.entry].next.is_none() {
        let entry = g.entry;
        g[entry].predecessors = 1;
        return;
    }
    let mut work = g.take_work();
    let mut cursor = Some(g.entry);
    while let Some(b) = cursor {
        g[b].predecessors = 0;
        cursor = g[b].next;
    }
    let entry = g.entry;
    count_edge(g, &mut work, entry);
    while let Some(b) = work.pop() {
        // Without block pushes, only the last instruction leads elsewhere.
        let (next, target) = g.successors(b);
        if let Some(next) = next {
            count_edge(g, &mut work, next);
        }
        if g[b].kinds.has(Kinds::BLOCK_PUSH) {
            for i in 0..g.len(b) {
                let instr = &g.code(b)[i];
                if let (true, Some(target)) = (ops::has_target(instr.op), instr.target) {
                    count_edge(g, &mut work, target);
                }
            }
        } else if let Some(target) = target {
            count_edge(g, &mut work, target);
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

/// Counts an edge into `b`, which is to be looked at after the first.
fn count_edge(g: &mut Cfg, work: &mut Vec<BlockId>, b: BlockId) {
    let block = &mut g[b];
    block.predecessors += 1;
    if block.predecessors == 1 {
        work.push(b);
    }
}

/// Replaces unconditional jumps to small exit blocks, and to blocks that have no line and
/// do not fall through, by the blocks' instructions, until there is none left.
pub(crate) fn inline_small_or_no_line_blocks(g: &mut Cfg) {
    loop {
        let mut changed = false;
        let mut cursor = g.first_with(Kinds::UNCONDITIONAL_JUMP);
        while let Some(b) = cursor {
            changed |= inline_jump_target(g, b);
            cursor = g.next_with(b, Kinds::UNCONDITIONAL_JUMP);
        }
        // Every change removes a jump, so this ends.
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
    if !small_exit && (!no_line || is_endless(g, target)) {
        return false;
    }
    if let Some(last) = g.last_mut(b) {
        last.set_nop();
    }
    g.note(b, Kinds::NOP);
    g.append_copies(b, target);
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

/// Whether control that enters `b`, which has no line, goes around in blocks without lines
/// forever: such jumps could be replaced by their targets without end.
fn is_endless(g: &Cfg, b: BlockId) -> bool {
    let step = |b: BlockId| {
        g.unconditional_jump(b)?
            .target
            .filter(|&next| g.has_no_line(next))
    };
    let mut slow = Some(b);
    let mut fast = step(b);
    while let (Some(a), Some(b)) = (slow, fast) {
        if a == b {
            return true;
        }
        slow = step(a);
        fast = step(b).and_then(step);
    }
    false
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;

    #[test]
    fn dead_blocks_are_emptied_and_predecessors_counted() {
        let mut g = graph(
            "1 LOAD_NAME 0
             1 POP_JUMP_IF_FALSE @end
             2 JUMP @end
             3 NOP
             end:
             4 LOAD_CONST 0
             4 RETURN_VALUE",
        );
        remove_unreachable(&mut g);
        assert_eq!(
            text(&g),
            "1 LOAD_NAME 0 | 1 POP_JUMP_IF_FALSE @3; 2 JUMP @3; ; 4 LOAD_CONST 0 | 4 RETURN_VALUE"
        );
        let predecessors: Vec<i32> = std::iter::successors(Some(g.entry), |&b| g[b].next)
            .map(|b| g[b].predecessors)
            .collect();
        assert_eq!(predecessors, [1, 1, 0, 2]);
    }

    #[test]
    fn a_jump_to_a_small_exit_becomes_the_exit() {
        let mut g = graph(
            "1 LOAD_NAME 0
             1 POP_JUMP_IF_FALSE @other
             2 JUMP @end
             other:
             3 NOP
             end:
             4 LOAD_CONST 0
             4 RETURN_VALUE",
        );
        inline_small_or_no_line_blocks(&mut g);
        assert_eq!(
            text(&g),
            "1 LOAD_NAME 0 | 1 POP_JUMP_IF_FALSE @2; 2 NOP | 4 LOAD_CONST 0 | 4 RETURN_VALUE; \
             3 NOP; 4 LOAD_CONST 0 | 4 RETURN_VALUE"
        );
    }

    #[test]
    fn an_endless_loop_without_lines_is_left_alone() {
        let source = "- NOP\na:\n- JUMP @b\nb:\n- NOP\n- JUMP @a";
        let mut g = graph(source);
        inline_small_or_no_line_blocks(&mut g);
        assert_eq!(text(&g), text(&graph(source)));
    }
}
