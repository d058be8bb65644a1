//! The depth of the value stack.

use super::graph::{BlockId, Cfg};
use super::{Error, ops};
use tailscope_bytecode::opcode::Opcode;
use crate::instr::Instr;

/// Deepest stack that is accepted, in slots. Source that needs more is far larger than
/// anything that can be parsed.
const MAX_DEPTH: i64 = 1 << 24;

/// Fills `start_depth` of every reachable block and returns the deepest stack in slots.
///
/// Fails where two ways into a block disagree or the stack would underflow.
pub(crate) fn calculate_stackdepth(g: &mut Cfg) -> Result<u32, Error> {
    let mut cursor = Some(g.entry);
    while let Some(b) = cursor {
        g[b].start_depth = -1;
        cursor = g[b].next;
    }
    let mut work = g.begin_traversal();
    let mut jumps = Vec::new();
    let entry = g.entry;
    push(g, &mut work, entry, 0)?;
    let mut deepest = 0;
    while let Some(b) = work.pop() {
        let start = i64::from(g[b].start_depth);
        let end = run_block(g.code(b), start, &mut deepest, &mut jumps)?;
        for (target, depth) in jumps.drain(..) {
            push(g, &mut work, target, depth)?;
        }
        if let (Some(depth), Some(next)) = (end, g[b].next) {
            push(g, &mut work, next, depth)?;
        }
    }
    g.end_traversal(work);
    u32::try_from(deepest).map_err(|_| Error::StackUnderflow)
}

/// Follows the depth through a block. Returns the depth at its end if control goes on there, and
/// in `jumps` where else it goes and how deep the stack is there.
fn run_block(
    code: &[Instr],
    start: i64,
    deepest: &mut i64,
    jumps: &mut Vec<(BlockId, i64)>,
) -> Result<Option<i64>, Error> {
    let mut depth = start;
    for instr in code {
        // What the last instruction of a path pushes is not counted: CPython measures
        // before each instruction only.
        *deepest = (*deepest).max(depth);
        let mut next_depth = depth + ops::effect_on_jump(instr.op, instr.arg);
        if ops::has_target(instr.op) {
            let target_depth = next_depth;
            next_depth = depth + ops::effect(instr.op, instr.arg);
            if instr.op != Opcode::END_ASYNC_FOR {
                let target = instr.target.ok_or(Error::NoTarget(instr.op))?;
                jumps.push((target, target_depth));
            }
        }
        if !(0..=MAX_DEPTH).contains(&next_depth) {
            return Err(if next_depth < 0 { Error::StackUnderflow } else { Error::TooLarge });
        }
        depth = next_depth;
        if ops::ends_flow(instr.op) {
            return Ok(None);
        }
    }
    Ok(Some(depth))
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
