//! The depth of the value stack.

use tailscope_bytecode::opcode::Opcode;

use super::Error;
use super::graph::{BlockId, Cfg};
use super::ops::{self, Kinds};
use crate::instr::Instr;

/// Deepest stack that is accepted, in slots. Source that needs more is far larger than
/// anything that can be parsed.
pub(super) const MAX_DEPTH: i64 = 1 << 24;

/// Fills `start_depth` of every reachable block and returns the deepest stack in slots.
///
/// Fails where two ways into a block disagree or the stack would underflow.
pub(crate) fn calculate_stackdepth(g: &mut Cfg) -> Result<u32, Error> {
    let mut work = g.take_work();
    let mut jumps = std::mem::take(&mut g.depths);
    jumps.clear();
    let entry = g.entry;
    push(g, &mut work, entry, 0)?;
    let mut deepest = 0;
    while let Some(b) = work.pop() {
        let end = run_block(g, b, &mut deepest, &mut jumps)?;
        for (target, depth) in jumps.drain(..) {
            push(g, &mut work, target, depth)?;
        }
        if let (Some(depth), Some(next)) = (end, g[b].next) {
            push(g, &mut work, next, depth)?;
        }
    }
    g.end_traversal(work);
    g.depths = jumps;
    u32::try_from(deepest).map_err(|_| Error::StackUnderflow)
}

/// How deep the stack is behind some instructions, and how it was on the way there.
pub(super) struct Range {
    pub depth: i64,
    pub lowest: i64,
    /// What the last instruction of a path pushes is not counted: CPython measures before each
    /// instruction only.
    pub highest: i64,
}

impl Range {
    /// Of instructions that lead nowhere else, from that depth on.
    #[inline]
    pub(super) fn of(code: &[Instr], depth: i64) -> Range {
        let mut range = Range { depth, lowest: depth, highest: depth };
        for instr in code {
            range.highest = range.highest.max(range.depth);
            range.depth += ops::effect_on_jump(instr.op, instr.arg);
            range.lowest = range.lowest.min(range.depth);
        }
        range
    }
}

/// Follows the depth through a block. Returns the depth at its end if control goes on there, and
/// in `jumps` where else it goes and how deep the stack is there.
fn run_block(
    g: &Cfg,
    b: BlockId,
    deepest: &mut i64,
    jumps: &mut Vec<(BlockId, i64)>,
) -> Result<Option<i64>, Error> {
    let code = g.code(b);
    // Without block pushes, only the last instruction leads elsewhere.
    let pushes = g[b].kinds.has(Kinds::BLOCK_PUSH);
    let plain = if pushes { 0 } else { code.len().saturating_sub(1) };
    let (plain, leading) = code.split_at(plain);
    let Range { mut depth, mut lowest, mut highest } = Range::of(plain, i64::from(g[b].start_depth));
    for instr in leading {
        highest = highest.max(depth);
        if ops::has_target(instr.op) && instr.op != Opcode::END_ASYNC_FOR {
            let target_depth = depth + ops::effect_on_jump(instr.op, instr.arg);
            jumps.push((instr.target.ok_or(Error::NoTarget(instr.op))?, target_depth));
        }
        depth += ops::effect(instr.op, instr.arg);
        lowest = lowest.min(depth);
    }
    *deepest = (*deepest).max(highest);
    if lowest < 0 {
        return Err(Error::StackUnderflow);
    }
    if highest.max(depth) > MAX_DEPTH {
        return Err(Error::TooLarge);
    }
    Ok(Some(depth).filter(|_| g.falls_through(b)))
}

fn push(g: &mut Cfg, work: &mut Vec<BlockId>, b: BlockId, depth: i64) -> Result<(), Error> {
    let depth = i32::try_from(depth).map_err(|_| Error::StackUnderflow)?;
    let known = g[b].start_depth;
    if known >= 0 && known != depth {
        return Err(Error::InconsistentDepth);
    }
    if known < 0 {
        if depth < 0 {
            return Err(Error::StackUnderflow);
        }
        g[b].start_depth = depth;
        work.push(b);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;

    #[test]
    fn handlers_start_with_what_exception_handling_pushes() {
        let mut g = graph(
            "1 LOAD_NAME 0
             1 SETUP_CLEANUP @handler
             2 LOAD_NAME 0
             2 BINARY_OP 0
             2 LOAD_CONST 0
             2 RETURN_VALUE
             handler:
             3 RERAISE 0",
        );
        assert_eq!(calculate_stackdepth(&mut g), Ok(3));
        let depths: Vec<i32> = std::iter::successors(Some(g.entry), |&b| g[b].next)
            .map(|b| g[b].start_depth)
            .collect();
        assert_eq!(depths, [0, 3]);
    }
}
