//! Loads of locals that may be unbound: they become LOAD_FAST_CHECK.

use tailscope_bytecode::opcode::Opcode;

use super::graph::{BlockId, Cfg};
use super::ops::{self, Kinds};
use crate::instr::Instr;

/// Locals that are followed across blocks; later ones only within each block.
const MASK_BITS: usize = 64;

/// Turns LOAD_FAST into LOAD_FAST_CHECK wherever the local may be unbound.
///
/// `nlocals` counts the locals, `nparams` those that arguments are bound to.
pub(crate) fn add_checks_for_loads_of_uninitialized_variables(
    g: &mut Cfg,
    nlocals: usize,
    nparams: usize,
) {
    let all_bound = nlocals <= nparams.min(MASK_BITS) && !g.seen.has(Kinds::UNBINDS);
    if nlocals == 0 || all_bound {
        return;
    }
    if nlocals > MASK_BITS {
        scan_many_locals(g, nlocals);
    }
    let bits = |n: usize| {
        if n >= MASK_BITS {
            u64::MAX
        } else {
            (1 << n) - 1
        }
    };
    let unbound = bits(nlocals) & !bits(nparams);
    let mut work = g.begin_traversal();
    let entry = g.entry;
    reach(g, &mut work, entry, unbound);
    // A deletion can be anywhere, so every block is scanned at least once.
    let mut raised = Vec::new();
    let mut cursor = Some(g.entry);
    while let Some(b) = cursor {
        g[b].visited = false;
        scan_block(g, &mut work, b, &mut raised);
        cursor = g[b].next;
    }
    while let Some(b) = work.pop() {
        // What has not changed since it was scanned is not scanned again.
        if std::mem::replace(&mut g[b].visited, false) {
            scan_block(g, &mut work, b, &mut raised);
        }
    }
    g.end_traversal(work);
}

/// Adds to what may be unbound on entry of a block; `visited` marks blocks on the work list.
fn reach(g: &mut Cfg, work: &mut Vec<BlockId>, b: BlockId, unsafe_locals: u64) {
    let both = g[b].unsafe_locals | unsafe_locals;
    if g[b].unsafe_locals != both {
        g[b].unsafe_locals = both;
        g.visit(work, b);
    }
}

/// `raised`, empty between blocks, collects what may be unbound where an exception leads to
/// each handler.
fn scan_block(g: &mut Cfg, work: &mut Vec<BlockId>, b: BlockId, raised: &mut Vec<(BlockId, u64)>) {
    let mut unbound = g[b].unsafe_locals;
    let kinds = g[b].kinds;
    // What leads on from here leaves nothing unbound.
    if unbound == 0 && !kinds.has(Kinds::UNBINDS) {
        return;
    }
    if g.seen.has(Kinds::BLOCK_PUSH) {
        for instr in g.code_mut(b) {
            if let Some(handler) = instr.except {
                match raised.last_mut() {
                    Some((last, mask)) if *last == handler => *mask |= unbound,
                    _ => raised.push((handler, unbound)),
                }
            }
            if ops::accesses_local(instr.op) {
                run(instr, &mut unbound);
            }
        }
    } else if kinds.has(Kinds::LOCAL) {
        for instr in g.code_mut(b) {
            if ops::accesses_local(instr.op) {
                run(instr, &mut unbound);
            }
        }
    }
    for (handler, mask) in raised.drain(..) {
        reach(g, work, handler, mask);
    }
    let (next, target) = g.successors(b);
    for successor in [next, target].into_iter().flatten() {
        reach(g, work, successor, unbound);
    }
}

/// Runs an instruction on a local on what may be unbound.
#[inline(always)]
fn run(instr: &mut Instr, unbound: &mut u64) {
    if instr.arg as usize >= MASK_BITS {
        return;
    }
    let bit = 1 << instr.arg;
    match instr.op {
        Opcode::DELETE_FAST | Opcode::LOAD_FAST_AND_CLEAR | Opcode::STORE_FAST_MAYBE_NULL => {
            *unbound |= bit;
        }
        Opcode::STORE_FAST | Opcode::LOAD_FAST_CHECK => *unbound &= !bit,
        Opcode::LOAD_FAST => {
            if *unbound & bit != 0 {
                instr.op = Opcode::LOAD_FAST_CHECK;
            }
            *unbound &= !bit;
        }
        _ => {}
    }
}

/// The check for locals from 64 on: bound only if the same block bound or loaded them before.
fn scan_many_locals(g: &mut Cfg, nlocals: usize) {
    // The number of the block that bound each local last.
    let mut bound_in = vec![0usize; nlocals - MASK_BITS];
    let mut number = 0;
    let mut cursor = Some(g.entry);
    while let Some(b) = cursor {
        number += 1;
        for instr in g.code_mut(b) {
            let Some(local) = (instr.arg as usize).checked_sub(MASK_BITS) else {
                continue;
            };
            let Some(bound) = bound_in.get_mut(local) else {
                continue;
            };
            match instr.op {
                Opcode::DELETE_FAST
                | Opcode::LOAD_FAST_AND_CLEAR
                | Opcode::STORE_FAST_MAYBE_NULL => *bound = 0,
                Opcode::STORE_FAST => *bound = number,
                Opcode::LOAD_FAST => {
                    if *bound != number {
                        instr.op = Opcode::LOAD_FAST_CHECK;
                    }
                    *bound = number;
                }
                _ => {}
            }
        }
        cursor = g[b].next;
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;

    #[test]
    fn a_load_is_checked_until_one_has_succeeded() {
        let mut g = graph(
            "1 LOAD_FAST 0
             1 POP_JUMP_IF_FALSE @after
             2 LOAD_CONST 0
             2 STORE_FAST 1
             after:
             3 LOAD_FAST 1
             3 LOAD_FAST 1
             4 DELETE_FAST 0
             4 LOAD_FAST 0",
        );
        add_checks_for_loads_of_uninitialized_variables(&mut g, 2, 1);
        assert_eq!(
            text(&g),
            "1 LOAD_FAST 0 | 1 POP_JUMP_IF_FALSE @2; 2 LOAD_CONST 0 | 2 STORE_FAST 1; \
             3 LOAD_FAST_CHECK 1 | 3 LOAD_FAST 1 | 4 DELETE_FAST 0 | 4 LOAD_FAST_CHECK 0"
        );
    }

    #[test]
    fn locals_from_64_on_are_followed_within_a_block_only() {
        let mut g = graph(
            "1 STORE_FAST 70
             1 LOAD_FAST 70
             1 POP_JUMP_IF_FALSE @after
             2 LOAD_FAST 70
             after:
             3 LOAD_FAST 70",
        );
        add_checks_for_loads_of_uninitialized_variables(&mut g, 71, 71);
        assert_eq!(
            text(&g),
            "1 STORE_FAST 70 | 1 LOAD_FAST 70 | 1 POP_JUMP_IF_FALSE @2; \
             2 LOAD_FAST_CHECK 70; 3 LOAD_FAST_CHECK 70"
        );
    }
}
