//! Line numbers: every instruction that can leave a frame gets one (PEP 626).

use super::graph::{BlockId, Cfg};
use super::ops::{self, Kinds};
use crate::instr::{Instr, Loc};

/// Gives instructions without a location the one they inherit.
pub(crate) fn resolve_line_numbers(g: &mut Cfg) {
    let (mut any_lack, mut any_heirs, mut any_shared, mut any_needs) = (false, false, false, false);
    let mut cursor = g.first_with(Kinds::NO_LINE);
    while let Some(b) = cursor {
        any_lack = true;
        // Otherwise there is neither anything to inherit nor to share.
        if g.code(b).first().is_some_and(|first| first.loc.line < 0) {
            any_heirs = true;
            let needs = needs_line(g, b);
            any_needs |= needs;
            any_shared |= needs && g[b].predecessors > 1;
        }
        cursor = g.next_with(b, Kinds::NO_LINE);
    }
    if any_shared {
        duplicate_shared_exits(g);
    }
    if any_needs {
        inherit_by_falling_through(g);
    }
    if any_lack {
        propagate_line_numbers(g, any_heirs);
    }
}

/// Whether the block has no line though a frame may be left, or its line be looked at, in it.
#[inline]
fn needs_line(g: &Cfg, b: BlockId) -> bool {
    g[b].kinds.has(Kinds::NO_LINE)
        && g.len(b) > 0
        && g.has_no_line(b)
        && (g.exits_scope(b) || g.code(b).iter().any(|instr| ops::has_eval_break(instr.op)))
}

/// Copies exit blocks without a line so that each has a single predecessor, whose
/// location it can then take over.
fn duplicate_shared_exits(g: &mut Cfg) {
    let mut cursor = g.first_with(Kinds::JUMP);
    while let Some(b) = cursor {
        duplicate_jump_target(g, b);
        cursor = g.next_with(b, Kinds::JUMP);
    }
}

/// Gives exit blocks without a line that are left the location of the block before: they are reached
/// by falling through only.
fn inherit_by_falling_through(g: &mut Cfg) {
    let mut cursor = Some(g.entry);
    while let Some(b) = cursor {
        if let Some(next) = g[b].next
            && needs_line(g, next)
            && g.falls_through(b)
            && let Some(loc) = g.last(b).map(|last| last.loc)
            && let Some(first) = g.code_mut(next).first_mut()
        {
            first.loc = loc;
        }
        cursor = g[b].next;
    }
}

fn duplicate_jump_target(g: &mut Cfg, b: BlockId) {
    let Some(last) = g.last(b).copied().filter(|last| ops::has_jump(last.op)) else {
        return;
    };
    let Some(target) = g.next_nonempty(last.target) else {
        return;
    };
    if !needs_line(g, target) || g[target].predecessors <= 1 {
        return;
    }
    let copy = g.copy_block(target);
    g.code_mut(copy)[0].loc = last.loc;
    if let Some(jump) = g.last_mut(b) {
        jump.target = Some(copy);
    }
    g[target].predecessors -= 1;
    g.rewired = true;
    g[copy].predecessors = 1;
    g[copy].labelled = true;
    g[copy].next = g[target].next;
    g[target].next = Some(copy);
}

/// Copies locations forward, inside blocks and, if any of these may lack one at their beginning, into
/// blocks with a single predecessor.
fn propagate_line_numbers(g: &mut Cfg, any_heirs: bool) {
    if !any_heirs {
        let mut cursor = g.first_with(Kinds::NO_LINE);
        while let Some(b) = cursor {
            propagate_in_block(g, b);
            cursor = g.next_with(b, Kinds::NO_LINE);
        }
        return;
    }
    let mut cursor = Some(g.entry);
    while let Some(b) = cursor {
        if g[b].kinds.has(Kinds::NO_LINE) {
            propagate_in_block(g, b);
        }
        propagate_to_successors(g, b);
        cursor = g[b].next;
    }
}

fn propagate_to_successors(g: &mut Cfg, b: BlockId) {
    let heir = g[b].next.filter(|&next| lacks_line(g, next));
    let jumps = g[b].kinds.has(Kinds::JUMP);
    if heir.is_none() && !jumps {
        return;
    }
    let Some(&Instr { op, loc, target, .. }) = g.last(b) else { return };
    if let Some(next) = heir
        && !ops::ends_flow(op)
    {
        inherit(g, next, loc);
    }
    if jumps
        && let Some(target) = target
        && lacks_line(g, target)
        && ops::has_jump(op)
    {
        inherit(g, target, loc);
    }
}

/// Copies locations forward inside a block.
fn propagate_in_block(g: &mut Cfg, b: BlockId) {
    let code = g.code_mut(b);
    let mut some_lack = false;
    let first = code.iter().position(|instr| instr.loc.line < 0).unwrap_or(code.len());
    for i in first..code.len() {
        if code[i].loc.line < 0 {
            // That of the one before is there already.
            if i > 0 && code[i].loc.line == Loc::NONE.line {
                code[i].loc = code[i - 1].loc;
            }
            some_lack |= code[i].loc.line < 0;
        }
    }
    if !some_lack {
        g[b].kinds.remove(Kinds::NO_LINE);
    }
}

/// Whether there may be an instruction without a line in the block, and only one way leads there.
fn lacks_line(g: &Cfg, b: BlockId) -> bool {
    let block = &g[b];
    block.kinds.has(Kinds::NO_LINE) && block.predecessors == 1
}

/// Gives the first instruction of `b`, if it has no location, that of the last one before.
fn inherit(g: &mut Cfg, b: BlockId, loc: Loc) {
    if let Some(first) = g.code_mut(b).first_mut()
        && first.loc.line == Loc::NONE.line
    {
        first.loc = loc;
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;

    #[test]
    fn an_exit_reached_twice_is_copied_for_the_jump() {
        let mut g = graph(
            "1 LOAD_FAST 0
             1 POP_JUMP_IF_FALSE @exit
             2 NOP
             exit:
             - LOAD_CONST 0
             - RETURN_VALUE",
        );
        super::super::reach::remove_unreachable(&mut g);
        resolve_line_numbers(&mut g);
        assert_eq!(
            text(&g),
            "1 LOAD_FAST 0 | 1 POP_JUMP_IF_FALSE @3; 2 NOP; \
             2 LOAD_CONST 0 | 2 RETURN_VALUE; 1 LOAD_CONST 0 | 1 RETURN_VALUE"
        );
    }
}
