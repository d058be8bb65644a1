//! Runs of SWAP: fewer of them, or none where the stores after them can change places.

use tailscope_bytecode::opcode::Opcode;

use super::graph::{BlockId, Cfg};
use crate::instr::Instr;

/// Runs of deeper SWAPs than this are left as they are. (No source nests so deeply.)
const MAX_DEPTH: usize = 1 << 20;

/// Optimizes all SWAPs of a block.
pub(crate) fn optimize_swaps(g: &mut Cfg, b: BlockId) {
    let code = g.code_mut(b);
    let mut i = 0;
    while i < code.len() {
        if code[i].op == Opcode::SWAP {
            i = minimize_run(code, i);
            apply_static_swaps(code, i);
        }
        i += 1;
    }
}

/// Replaces the run of SWAPs and NOPs at `start` by the shortest with the same effect, which
/// ends where the run ended. Returns the index of the run's last instruction, or `start` if
/// it has a single SWAP.
fn minimize_run(code: &mut [Instr], start: usize) -> usize {
    let run = &mut code[start..];
    let len = run
        .iter()
        .position(|instr| !matches!(instr.op, Opcode::SWAP | Opcode::NOP))
        .unwrap_or(run.len());
    let run = &mut run[..len];
    let swaps = || run.iter().filter(|instr| instr.op == Opcode::SWAP);
    if swaps().count() < 2 || swaps().any(|swap| swap.arg == 0) {
        return start;
    }
    let depth = swaps().map(|swap| swap.arg as usize).max().unwrap_or(0);
    if depth > MAX_DEPTH {
        return start;
    }
    // Which item of the original stack is at each depth after the run.
    let mut stack: Vec<usize> = (0..depth).collect();
    for swap in swaps() {
        stack.swap(0, swap.arg as usize - 1);
    }
    write_permutation(run, &mut stack);
    start + len - 1
}

/// Fills the run from its end with the SWAPs that permute the stack so.
///
/// Each cycle of the permutation is undone by swaps with the top; written in reverse, the
/// same swaps make it.
fn write_permutation(run: &mut [Instr], stack: &mut [usize]) {
    const DONE: usize = usize::MAX;
    let mut free = run.len();
    for first in 0..stack.len() {
        if stack[first] == DONE || stack[first] == first {
            continue;
        }
        let mut at = first;
        loop {
            if at != 0 && free > 0 {
                free -= 1;
                run[free].set(Opcode::SWAP, at as u32 + 1);
            }
            if stack[at] == DONE {
                break;
            }
            at = std::mem::replace(&mut stack[at], DONE);
        }
    }
    for instr in &mut run[..free] {
        instr.set_nop();
    }
}

/// Whether the instruction only takes the top of the stack, and may change places with
/// another such one.
fn is_swappable(op: Opcode) -> bool {
    matches!(
        op,
        Opcode::STORE_FAST | Opcode::STORE_FAST_MAYBE_NULL | Opcode::POP_TOP
    )
}

/// The local that the instruction stores to.
fn stored_local(instr: &Instr) -> Option<u32> {
    matches!(instr.op, Opcode::STORE_FAST | Opcode::STORE_FAST_MAYBE_NULL).then_some(instr.arg)
}

/// The next instruction after `i` that may change places; with a line, only on that line:
/// names must be bound in order between line events.
fn next_swappable(code: &[Instr], i: usize, line: Option<i32>) -> Option<usize> {
    for (j, instr) in code.iter().enumerate().skip(i + 1) {
        if line.is_some_and(|line| line >= 0 && instr.loc.line != line) {
            return None;
        }
        if instr.op != Opcode::NOP {
            return is_swappable(instr.op).then_some(j);
        }
    }
    None
}

/// Goes left from `end` over SWAPs and applies each by exchanging the two instructions
/// after it that take the exchanged items.
fn apply_static_swaps(code: &mut [Instr], end: usize) {
    for i in (0..=end).rev() {
        let op = code[i].op;
        if op != Opcode::SWAP {
            if op == Opcode::NOP || is_swappable(op) {
                continue;
            }
            return;
        }
        let Some((first, second)) = swapped_pair(code, i) else {
            return;
        };
        if stores_conflict(code, first, second) {
            return;
        }
        code[i].set_nop();
        code.swap(first, second);
    }
}

/// The two instructions that take the items which the SWAP at `i` exchanges.
fn swapped_pair(code: &[Instr], i: usize) -> Option<(usize, usize)> {
    let first = next_swappable(code, i, None)?;
    let line = code[first].loc.line;
    let mut second = first;
    for _ in 1..code[i].arg {
        second = next_swappable(code, second, Some(line))?;
    }
    Some((first, second))
}

/// Whether exchanging the two would change which value a local ends up with.
fn stores_conflict(code: &[Instr], first: usize, second: usize) -> bool {
    let ends = [stored_local(&code[first]), stored_local(&code[second])];
    if ends == [None, None] {
        return false;
    }
    let between = code.get(first + 1..second).unwrap_or(&[]);
    ends[0] == ends[1]
        || between
            .iter()
            .filter_map(stored_local)
            .any(|local| ends.contains(&Some(local)))
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;

    fn swapped(source: &str) -> String {
        let mut g = graph(source);
        let entry = g.entry;
        optimize_swaps(&mut g, entry);
        text(&g)
    }

    #[test]
    fn a_swap_before_stores_exchanges_them() {
        assert_eq!(
            swapped("1 SWAP 2\n1 STORE_FAST 1\n1 STORE_FAST 2"),
            "1 NOP | 1 STORE_FAST 2 | 1 STORE_FAST 1"
        );
        // Not across lines, and not if both store to the same local.
        assert_eq!(
            swapped("1 SWAP 2\n1 STORE_FAST 1\n2 STORE_FAST 2"),
            "1 SWAP 2 | 1 STORE_FAST 1 | 2 STORE_FAST 2"
        );
        assert_eq!(
            swapped("1 SWAP 2\n1 STORE_FAST 1\n1 STORE_FAST 1"),
            "1 SWAP 2 | 1 STORE_FAST 1 | 1 STORE_FAST 1"
        );
    }

    #[test]
    fn a_run_of_swaps_is_made_minimal() {
        assert_eq!(
            swapped("1 SWAP 2\n1 SWAP 2\n1 LOAD_FAST 0"),
            "1 NOP | 1 NOP | 1 LOAD_FAST 0"
        );
        assert_eq!(
            swapped("1 SWAP 3\n1 SWAP 2\n1 SWAP 3\n1 LOAD_FAST 0"),
            "1 SWAP 2 | 1 SWAP 3 | 1 SWAP 2 | 1 LOAD_FAST 0"
        );
    }
}
