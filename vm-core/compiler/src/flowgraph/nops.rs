//! Removal of instructions without effect: NOPs, pairs that cancel out, jumps to the next block.

use tailscope_bytecode::opcode::Opcode;

use super::graph::{BlockId, Cfg};
use super::Error;
use super::ops::{self, Kinds};
use crate::instr::Instr;

/// Removes the NOPs that no line event depends on; returns how many.
pub(crate) fn remove_redundant_nops(g: &mut Cfg) -> usize {
    let mut removed = 0;
    let mut left = Kinds::NONE;
    let mut cursor = g.first_with(Kinds::NOP);
    while let Some(b) = cursor {
        removed += remove_nops_of(g, b);
        left.insert(g[b].kinds);
        cursor = g.next_with(b, Kinds::NOP);
    }
    if !left.has(Kinds::NOP) {
        g.seen.remove(Kinds::NOP);
    }
    removed
}

#[inline(always)]
fn remove_block_nops(g: &mut Cfg, b: BlockId) -> usize {
    // Most blocks have none, and need no call to tell.
    if g[b].kinds.has(Kinds::NOP) { remove_nops_of(g, b) } else { 0 }
}

#[inline(never)]
fn remove_nops_of(g: &mut Cfg, b: BlockId) -> usize {
    let Some(first) = g.code(b).iter().position(|instr| instr.op == Opcode::NOP) else {
        g[b].kinds.remove(Kinds::NOP);
        return 0;
    };
    let len = g.len(b);
    // Looked at only for a NOP at the end of the block.
    let line_after = match g.last(b) {
        Some(last) if last.op == Opcode::NOP => line_after_block(g, b),
        _ => None,
    };
    let code = g.code_mut(b);
    let mut kept = first;
    let (mut any_stays, mut pairs) = (false, Kinds::NONE);
    let mut i = first;
    while i < len {
        // A NOP, which goes or stays, and what is up to the next one, which moves.
        let previous_line = kept.checked_sub(1).map_or(-1, |previous| code[previous].loc.line);
        if stays(code, i, previous_line, line_after) {
            any_stays = true;
            code[kept] = code[i];
            kept += 1;
        }
        i += 1;
        if let (Some(before), Some(next)) = (kept.checked_sub(1), code.get(i)) {
            // They are neighbours now.
            pairs.insert(Kinds::of_pair(&code[before], next));
        }
        let others = code[i..].iter().take_while(|instr| instr.op != Opcode::NOP).count();
        for _ in 0..others {
            code[kept] = code[i];
            (kept, i) = (kept + 1, i + 1);
        }
    }
    if !any_stays {
        g[b].kinds.remove(Kinds::NOP);
    }
    g.note(b, pairs);
    g.truncate(b, kept);
    len - kept
}

/// Whether the NOP at `i` must stay. An instruction behind it that has no line takes over its own.
#[inline(always)]
fn stays(code: &mut [Instr], i: usize, previous_line: i32, line_after: Option<i32>) -> bool {
    let loc = code[i].loc;
    if loc.line < 0 || loc.line == previous_line {
        return false;
    }
    match code.get_mut(i + 1) {
        Some(next) if next.loc.line == loc.line => false,
        Some(next) if next.loc.line < 0 => {
            next.loc = loc;
            false
        }
        Some(_) => true,
        None => line_after != Some(loc.line),
    }
}

/// The line of the first instruction after the block that will stay; negative for none.
fn line_after_block(g: &Cfg, b: BlockId) -> Option<i32> {
    let next = g.next_nonempty(g[b].next)?;
    let first = g
        .code(next)
        .iter()
        .find(|instr| instr.op != Opcode::NOP || instr.loc.line >= 0);
    Some(first.map_or(-1, |instr| instr.loc.line))
}

/// Removes NOPs, and constants and copies that are popped at once.
pub(crate) fn remove_redundant_nops_and_pairs(g: &mut Cfg) {
    while remove_nops_and_find_pairs(g) {}
}

/// One round: removes NOPs and turns popped constants and copies into NOPs. Returns
/// whether there were any.
fn remove_nops_and_find_pairs(g: &mut Cfg) -> bool {
    let mut changed = false;
    // The last block with instructions, if no label is between.
    let mut before: Option<BlockId> = None;
    let mut cursor = Some(g.entry).filter(|_| g.seen.has(Kinds::NOP.or(Kinds::POP_TOP)));
    while let Some(b) = cursor {
        remove_block_nops(g, b);
        let block = &g[b];
        if block.labelled {
            before = None;
        }
        // Without a POP_TOP there is nothing to look for.
        if block.kinds.has(Kinds::POP_TOP) {
            changed |= find_pairs(g, b, before);
        }
        if g.len(b) > 0 {
            before = Some(b);
        }
        cursor = g[b].next;
    }
    changed
}

/// Turns constants and copies that the block pops at once into NOPs. `before` is the block before, if
/// control can come from there. Returns whether there were any.
fn find_pairs(g: &mut Cfg, b: BlockId, before: Option<BlockId>) -> bool {
    let mut changed = false;
    let mut i = 0;
    while let Some(next) = g.code(b)[i..].iter().position(|instr| instr.op == Opcode::POP_TOP) {
        i += next;
        let producer = match i.checked_sub(1) {
            Some(i) => Some((b, i)),
            None => before.and_then(|before| last_before(g, before)),
        };
        if let Some((block, producer)) = producer
            && is_pure_push(g, block, producer)
        {
            g.code_mut(block)[producer].set_nop();
            g.code_mut(b)[i].set_nop();
            g.note(block, Kinds::NOP);
            g.note(b, Kinds::NOP);
            changed = true;
        }
        i += 1;
    }
    changed
}

/// The last instruction of a block, if control goes on from there to the next block only.
fn last_before(g: &Cfg, b: BlockId) -> Option<(BlockId, usize)> {
    let last = g.last(b)?;
    let leads_elsewhere = ops::has_jump(last.op) || ops::ends_flow(last.op);
    (!leads_elsewhere).then(|| (b, g.len(b) - 1))
}

fn is_pure_push(g: &Cfg, b: BlockId, i: usize) -> bool {
    let instr = g.code(b)[i];
    ops::loads_const(instr.op) || (instr.op == Opcode::COPY && instr.arg == 1)
}

/// Turns jumps to the block that comes next anyway into NOPs; returns how many.
fn remove_redundant_jumps(g: &mut Cfg) -> Result<usize, Error> {
    let mut changes = 0;
    let mut cursor = g.first_with(Kinds::UNCONDITIONAL_JUMP);
    while let Some(b) = cursor {
        if let Some(jump) = g.unconditional_jump(b) {
            let target = g.next_nonempty(jump.target).ok_or(Error::JumpToNowhere)?;
            if g.next_nonempty(g[b].next) == Some(target) {
                changes += 1;
                if let Some(last) = g.last_mut(b) {
                    last.set_nop();
                }
                g.note(b, Kinds::NOP);
            }
        }
        cursor = g.next_with(b, Kinds::UNCONDITIONAL_JUMP);
    }
    Ok(changes)
}

/// Removes NOPs and jumps to the next block until there is none left.
pub(crate) fn remove_redundant_nops_and_jumps(g: &mut Cfg) -> Result<(), Error> {
    loop {
        let removed = remove_redundant_nops(g) + remove_redundant_jumps(g)?;
        if removed == 0 {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;

    #[test]
    fn a_nop_stays_only_if_its_line_would_be_lost() {
        let mut g =
            graph("1 NOP\n1 NOP\n2 NOP\n- NOP\n3 NOP\n- LOAD_NAME 0\n4 NOP\n5 POP_TOP\n5 NOP");
        assert_eq!(remove_redundant_nops(&mut g), 4);
        assert_eq!(
            text(&g),
            "1 NOP | 2 NOP | 3 LOAD_NAME 0 | 4 NOP | 5 POP_TOP"
        );
    }

    #[test]
    fn constants_and_copies_that_are_popped_go() {
        let mut g = graph(
            "1 LOAD_NAME 0\n1 COPY 1\n1 POP_TOP\n1 LOAD_CONST 0\n1 LOAD_SMALL_INT 1\n1 POP_TOP\n1 POP_TOP\n1 RETURN_VALUE",
        );
        remove_redundant_nops_and_pairs(&mut g);
        assert_eq!(text(&g), "1 LOAD_NAME 0 | 1 RETURN_VALUE");
        // A label in between: the value may come from elsewhere.
        let source = "1 POP_JUMP_IF_FALSE @end\n1 LOAD_CONST 0\nend:\n1 POP_TOP";
        let mut g = graph(source);
        remove_redundant_nops_and_pairs(&mut g);
        assert_eq!(text(&g), text(&graph(source)));
    }

    #[test]
    fn a_jump_to_the_next_block_goes() {
        let mut g = graph("1 LOAD_NAME 0\n1 JUMP @next\nnext:\n2 RETURN_VALUE");
        remove_redundant_nops_and_jumps(&mut g).unwrap();
        assert_eq!(text(&g), "1 LOAD_NAME 0; 2 RETURN_VALUE");
        assert_eq!(
            remove_redundant_jumps(&mut graph("1 JUMP @a\na:\n- NOP")),
            Ok(1)
        );
    }
}
