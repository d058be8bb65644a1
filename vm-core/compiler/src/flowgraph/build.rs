//! From an instruction sequence to basic blocks, and which of them are handlers.

use tailscope_bytecode::opcode::Opcode;

use super::graph::{BlockId, Cfg, CfgInstr};
use super::{Error, ops};
use crate::instr::{Arg, Instr, InstrSequence};

/// Cuts a sequence into basic blocks: one starts at every label that is used and after
/// every jump and scope exit. Jumps are bound to the blocks they go to.
pub(crate) fn from_sequence(seq: &InstrSequence) -> Result<Cfg, Error> {
    let mut builder = Builder::new(seq)?;
    for (i, instr) in seq.instrs.iter().enumerate() {
        if builder.block_at[i].is_some() {
            builder.start_target(i);
        }
        if instr.op != Opcode::ANNOTATIONS_PLACEHOLDER {
            builder.add(instr)?;
            continue;
        }
        for instr in seq.annotations_code.iter().flat_map(|code| &code.instrs) {
            // Its labels would be those of another sequence.
            if ops::has_target(instr.op) {
                return Err(Error::Malformed);
            }
            builder.add(instr)?;
        }
    }
    builder.bind_jumps(seq)
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
    /// Whether the next instruction must start a block.
    ended: bool,
    /// The block that starts at an instruction, for those that jumps and block pushes refer
    /// to; the entry block until it is known.
    block_at: Vec<Option<BlockId>>,
}

impl Builder {
    fn new(seq: &InstrSequence) -> Result<Builder, Error> {
        let graph = Cfg::new(seq.instrs.len());
        let current = graph.entry;
        let mut block_at = vec![None; seq.instrs.len()];
        for instr in &seq.instrs {
            if ops::has_target(instr.op) {
                block_at[target_index(seq, instr)?] = Some(graph.entry);
            }
        }
        Ok(Builder {
            graph,
            current,
            ended: false,
            block_at,
        })
    }

    fn start_block(&mut self) {
        let block = self.graph.new_block();
        self.graph[self.current].next = Some(block);
        self.current = block;
        self.ended = false;
    }

    /// Makes instruction `index`, which comes next, the first of a labelled block.
    fn start_target(&mut self, index: usize) {
        if self.graph.len(self.current) > 0 || self.graph[self.current].labelled {
            self.start_block();
        }
        self.graph[self.current].labelled = true;
        self.block_at[index] = Some(self.current);
    }

    fn add(&mut self, instr: &Instr) -> Result<(), Error> {
        if self.ended {
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
        let instr = CfgInstr::new(instr.op, arg, instr.loc);
        self.graph.fill(self.current, instr);
        self.ended = ops::is_terminator(instr.op);
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
    fn spliced_in_code_must_not_jump() {
        let mut seq = sequence("1 ANNOTATIONS_PLACEHOLDER\n2 RETURN_VALUE");
        seq.annotations_code = Some(Box::new(sequence("a:\n1 JUMP @a")));
        assert_eq!(from_sequence(&seq).unwrap_err(), Error::Malformed);
    }
}
