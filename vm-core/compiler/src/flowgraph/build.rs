//! From an instruction sequence to basic blocks, and which of them are handlers.

use tailscope_bytecode::opcode::Opcode;

use super::graph::{BlockId, Cfg};
use super::{Error, ops};
use crate::instr::{Arg, Instr, InstrSequence};

/// Cuts a sequence into basic blocks: one starts at every label that is used and after
/// every jump and scope exit. Jumps are bound to the blocks they go to.
pub(crate) fn from_sequence(seq: &InstrSequence) -> Result<Cfg, Error> {
    let is_target = mark_targets(seq)?;
    let mut builder = Builder::new(seq);
    for (i, instr) in seq.instrs.iter().enumerate() {
        if instr.op == Opcode::ANNOTATIONS_PLACEHOLDER {
            for instr in seq.annotations_code.iter().flat_map(|code| &code.instrs) {
                builder.add(instr)?;
            }
            continue;
        }
        if is_target[i] {
            builder.start_target(i);
        }
        builder.add(instr)?;
    }
    builder.bind_jumps(seq)
}

/// For each instruction, whether a jump or a block push refers to it.
fn mark_targets(seq: &InstrSequence) -> Result<Vec<bool>, Error> {
    let mut is_target = vec![false; seq.instrs.len()];
    for instr in &seq.instrs {
        if ops::has_target(instr.op) {
            is_target[target_index(seq, instr)?] = true;
        }
    }
    Ok(is_target)
}

/// The index of the instruction that a jump or block push refers to.
fn target_index(seq: &InstrSequence, instr: &Instr) -> Result<usize, Error> {
    let Arg::Target(label) = instr.arg else {
        return Err(Error::NoTarget(instr.op));
    };
    seq.labels
        .get(label.0 as usize)
        .copied()
        .filter(|&index| index < seq.instrs.len())
        .ok_or(Error::UnplacedLabel(label.0))
}

struct Builder {
    graph: Cfg,
    current: BlockId,
    /// The block that starts at an instruction, for those that are targets.
    block_at: Vec<Option<BlockId>>,
}

impl Builder {
    fn new(seq: &InstrSequence) -> Builder {
        let graph = Cfg::new(seq.instrs.len());
        let current = graph.entry;
        Builder {
            graph,
            current,
            block_at: vec![None; seq.instrs.len()],
        }
    }

    fn ends_block(&self) -> bool {
        self.graph
            .last(self.current)
            .is_some_and(|last| ops::is_terminator(last.op))
    }

    fn start_block(&mut self) {
        let block = self.graph.new_block();
        self.graph[self.current].next = Some(block);
        self.current = block;
    }

    /// Makes instruction `index`, which comes next, the first of a labelled block.
    fn start_target(&mut self, index: usize) {
        let current = self.current;
        if self.graph.len(current) > 0 || self.graph[current].labelled {
            self.start_block();
        }
        self.graph[self.current].labelled = true;
        self.block_at[index] = Some(self.current);
    }

    fn add(&mut self, instr: &Instr) -> Result<(), Error> {
        if self.ends_block() {
            self.start_block();
        }
        let arg = match instr.arg {
            Arg::None => 0,
            Arg::Value(value) => value,
            // The label, until `bind_jumps`.
            Arg::Target(label) => label.0,
        };
        if ops::is_runtime_only(instr.op) {
            return Err(Error::NotForCompiling(instr.op));
        }
        self.graph.add_op(self.current, instr.op, arg, instr.loc);
        Ok(())
    }

    /// Replaces labels by the blocks they name.
    fn bind_jumps(mut self, seq: &InstrSequence) -> Result<Cfg, Error> {
        let mut cursor = Some(self.graph.entry);
        while let Some(b) = cursor {
            for instr in self.graph.code_mut(b) {
                if ops::has_target(instr.op) {
                    let index = seq.labels.get(instr.arg as usize).copied();
                    let block = index.and_then(|i| self.block_at.get(i).copied().flatten());
                    instr.target = Some(block.ok_or(Error::UnplacedLabel(instr.arg))?);
                }
            }
            cursor = self.graph[b].next;
        }
        Ok(self.graph)
    }
}

/// Marks the blocks that block pushes name as their handlers.
pub(crate) fn mark_except_handlers(g: &mut Cfg) {
    let mut cursor = Some(g.entry);
    while let Some(b) = cursor {
        for i in 0..g.len(b) {
            let instr = g.code(b)[i];
            if let (true, Some(handler)) = (ops::is_block_push(instr.op), instr.target) {
                g[handler].except_handler = true;
            }
        }
        cursor = g[b].next;
    }
}

/// Refuses a graph with a jump or scope exit in the middle of a block, which no
/// instruction sequence gives.
pub(crate) fn check(g: &Cfg) -> Result<(), Error> {
    let mut cursor = Some(g.entry);
    while let Some(b) = cursor {
        let body = g.code(b).split_last().map_or(&[][..], |(_, body)| body);
        if body.iter().any(|instr| ops::is_terminator(instr.op)) {
            return Err(Error::Malformed);
        }
        cursor = g[b].next;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;

    #[test]
    fn blocks_start_at_used_labels_and_after_jumps() {
        let g = graph(
            "unused:
             1 NOP
             1 POP_JUMP_IF_FALSE @b
             2 NOP
             a:
             3 NOP
             b:
             4 JUMP @b",
        );
        assert_eq!(
            text(&g),
            "1 NOP | 1 POP_JUMP_IF_FALSE @2; 2 NOP | 3 NOP; 4 JUMP @2"
        );
        let labelled: Vec<bool> = std::iter::successors(Some(g.entry), |&b| g[b].next)
            .map(|b| g[b].labelled)
            .collect();
        assert_eq!(labelled, [false, false, true]);
    }

    #[test]
    fn annotations_are_spliced_in_at_their_placeholder() {
        let mut seq = sequence("1 RESUME 0\n1 ANNOTATIONS_PLACEHOLDER\n2 JUMP @end\nend:\n3 NOP");
        assert_eq!(
            text(&from_sequence(&seq).unwrap()),
            "1 RESUME 0 | 2 JUMP @1; 3 NOP"
        );
        seq.annotations_code = Some(Box::new(sequence("1 LOAD_CONST 0\n1 POP_TOP")));
        assert_eq!(
            text(&from_sequence(&seq).unwrap()),
            "1 RESUME 0 | 1 LOAD_CONST 0 | 1 POP_TOP | 2 JUMP @1; 3 NOP"
        );
    }

    #[test]
    fn a_jump_inside_a_block_is_refused() {
        let mut g = graph("1 NOP\n1 RETURN_VALUE");
        check(&g).unwrap();
        let entry = g.entry;
        g.add_op(entry, Opcode::NOP, 0, crate::instr::Loc::NONE);
        assert_eq!(check(&g), Err(Error::Malformed));
    }
}
