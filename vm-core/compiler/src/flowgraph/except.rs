//! Exception handlers: which block handles what an instruction raises.

use tailscope_bytecode::opcode::Opcode;

use super::graph::{BlockId, Cfg};
use super::ops::{self, Kinds};
use super::Error;
use crate::instr::Instr;

/// RESUME at the start of a function (`RESUME_AT_FUNC_START`).
const RESUME_AT_FUNC_START: u32 = 0;
/// Bit of RESUME's oparg: the generator is suspended inside exactly one protected region.
const RESUME_DEPTH1: u32 = 4;

/// A stack of open protected regions. Stacks share their lower parts: pushing makes a
/// node above the present one, popping goes back to the node below.
#[derive(Clone, Copy)]
struct Stack {
    /// Index of the top node, `NONE` for the empty stack.
    top: u32,
    depth: u32,
}

impl Stack {
    const NONE: u32 = u32::MAX;
    const EMPTY: Stack = Stack {
        top: Stack::NONE,
        depth: 0,
    };
}

/// The nodes of all stacks: a handler and the node below it.
#[derive(Default)]
struct Nodes(Vec<(BlockId, u32)>);

impl Nodes {
    fn push(&mut self, stack: Stack, handler: BlockId) -> Stack {
        self.0.push((handler, stack.top));
        Stack {
            top: self.0.len() as u32 - 1,
            depth: stack.depth + 1,
        }
    }

    fn pop(&self, stack: Stack) -> Result<Stack, Error> {
        let (_, below) = *self.0.get(stack.top as usize).ok_or(Error::Malformed)?;
        Ok(Stack {
            top: below,
            depth: stack.depth - 1,
        })
    }

    fn handler(&self, stack: Stack) -> Option<BlockId> {
        self.0.get(stack.top as usize).map(|&(handler, _)| handler)
    }
}

struct Labeller {
    nodes: Nodes,
    /// The stack on entry of each block that was reached.
    entry_stacks: Vec<Stack>,
    work: Vec<BlockId>,
}

/// Gives every reachable instruction its handler, turns POP_BLOCK into NOP, and marks in
/// RESUME instructions whether they are one region deep.
pub(crate) fn label_exception_targets(g: &mut Cfg) -> Result<(), Error> {
    let mut work = g.begin_traversal();
    let entry = g.entry;
    g.visit(&mut work, entry);
    let entry_stacks = vec![Stack::EMPTY; g.block_count()];
    let mut labeller = Labeller {
        nodes: Nodes::default(),
        entry_stacks,
        work,
    };
    while let Some(b) = labeller.work.pop() {
        labeller.label_block(g, b)?;
    }
    g.end_traversal(labeller.work);
    Ok(())
}

/// Gives the handler to the instructions from `first` on that are nothing but instructions. Returns
/// where another one is.
fn label_plain(code: &mut [Instr], first: usize, handler: Option<BlockId>) -> Option<usize> {
    for (i, instr) in code.iter_mut().enumerate().skip(first) {
        let op = instr.op;
        if ops::has_target(op) || matches!(op, Opcode::POP_BLOCK | Opcode::YIELD_VALUE | Opcode::RESUME) {
            return Some(i);
        }
        instr.except = handler;
    }
    None
}

impl Labeller {
    fn label_block(&mut self, g: &mut Cfg, b: BlockId) -> Result<(), Error> {
        let mut stack = self.entry_stacks[b.index()];
        let mut handler = self.nodes.handler(stack);
        let mut yield_depth = None;
        let mut next = 0;
        loop {
            let code = g.code_mut(b);
            let Some(i) = label_plain(code, next, handler) else { break };
            next = i + 1;
            let Instr { op, arg, target, .. } = code[i];
            if ops::is_block_push(op) {
                let target = target.ok_or(Error::NoTarget(op))?;
                self.reach(g, target, stack);
                if op != Opcode::SETUP_FINALLY {
                    g[target].preserve_lasti = true;
                }
                stack = self.nodes.push(stack, target);
                handler = Some(target);
                continue;
            }
            if op == Opcode::POP_BLOCK {
                stack = self.nodes.pop(stack)?;
                handler = self.nodes.handler(stack);
                code[i].set_nop();
                g.note(b, Kinds::NOP);
                continue;
            }
            code[i].except = handler;
            if ops::has_jump(op) {
                self.reach(g, target.ok_or(Error::NoTarget(op))?, stack);
            } else if op == Opcode::YIELD_VALUE {
                yield_depth = Some(stack.depth);
            } else if arg != RESUME_AT_FUNC_START && yield_depth.take() == Some(1) {
                code[i].arg |= RESUME_DEPTH1;
            }
        }
        if let Some(next) = g.fallthrough(b) {
            self.reach(g, next, stack);
        }
        Ok(())
    }

    fn reach(&mut self, g: &mut Cfg, b: BlockId, stack: Stack) {
        if g.visit(&mut self.work, b) {
            self.entry_stacks[b.index()] = stack;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;

    #[test]
    fn instructions_get_the_innermost_handler() {
        let mut g = graph(
            "1 NOP
             1 SETUP_FINALLY @outer
             2 LOAD_NAME 0
             2 SETUP_CLEANUP @inner
             3 LOAD_NAME 1
             3 YIELD_VALUE 0
             3 RESUME 1
             - POP_BLOCK
             4 YIELD_VALUE 0
             4 RESUME 1
             - POP_BLOCK
             5 RETURN_VALUE
             inner:
             6 RERAISE 0
             outer:
             7 RERAISE 0",
        );
        label_exception_targets(&mut g).unwrap();
        let order: Vec<BlockId> = std::iter::successors(Some(g.entry), |&b| g[b].next).collect();
        let handlers: Vec<Option<usize>> = g
            .code(g.entry)
            .iter()
            .map(|instr| {
                instr
                    .except
                    .map(|h| order.iter().position(|&b| b == h).unwrap())
            })
            .collect();
        // Block pushes and the NOPs of POP_BLOCKs have none.
        let (inner, outer) = (Some(1), Some(2));
        let body = [
            None, None, outer, None, inner, inner, inner, None, outer, outer, None, None,
        ];
        assert_eq!(handlers, body);
        assert_eq!(g.code(order[1])[0].except, Some(order[2]));
        assert_eq!(g.code(order[2])[0].except, None);
        assert!(g[order[1]].preserve_lasti && !g[order[2]].preserve_lasti);
        // Only the second RESUME is one region deep.
        let resumes = g
            .code(g.entry)
            .iter()
            .filter(|instr| instr.op == Opcode::RESUME);
        assert_eq!(
            resumes.map(|instr| instr.arg).collect::<Vec<_>>(),
            [1, 1 | RESUME_DEPTH1]
        );
    }
}
