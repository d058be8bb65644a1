//! From an instruction sequence to basic blocks, and which of them are handlers.

use tailscope_bytecode::opcode::Opcode;

use super::graph::{BlockId, Cfg, CfgInstr};
use super::{Error, ops};
use crate::instr::{Arg, Instr, InstrSequence};

/// Cuts a sequence into basic blocks: one starts at every label that is used and after
/// every jump and scope exit. Jumps are bound to the blocks they go to.
pub(crate) fn from_sequence(seq: &InstrSequence, graph: &mut Cfg) -> Result<(), Error> {
    let mut builder = Builder::new(seq, graph)?;
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

/// Storage of the builder.
#[derive(Debug, Default)]
pub(crate) struct Buffers {
    /// The block that starts at an instruction, for those that jumps and block pushes refer
    /// to; the entry block until it is known.
    block_at: Vec<Option<BlockId>>,
    /// Jumps and block pushes: places among all instructions.
    jumps: Vec<u32>,
}

struct Builder<'g> {
    graph: &'g mut Cfg,
    current: BlockId,
    /// Where the instructions of the current block begin, among all.
    start: usize,
    /// Whether the next instruction must start a block.
    ended: bool,
    block_at: Vec<Option<BlockId>>,
    jumps: Vec<u32>,
}

impl<'g> Builder<'g> {
    fn new(seq: &InstrSequence, graph: &'g mut Cfg) -> Result<Builder<'g>, Error> {
        let Buffers { mut block_at, mut jumps } = std::mem::take(&mut graph.building);
        graph.reset(seq.instrs.len());
        block_at.clear();
        block_at.resize(seq.instrs.len(), None);
        jumps.clear();
        for instr in &seq.instrs {
            let Arg::Target(label) = instr.arg else { continue };
            let target = seq.labels.get(label.0 as usize).and_then(|&index| block_at.get_mut(index));
            *target.ok_or(Error::UnplacedLabel(label.0))? = Some(graph.entry);
        }
        Ok(Builder {
            current: graph.entry,
            graph,
            start: 0,
            ended: false,
            block_at,
            jumps,
        })
    }

    fn start_block(&mut self) {
        self.graph.end_filling(self.current);
        self.start = self.graph.filled_len();
        let block = self.graph.new_block();
        self.graph[self.current].next = Some(block);
        self.current = block;
        self.ended = false;
    }

    /// Makes instruction `index`, which comes next, the first of a labelled block.
    fn start_target(&mut self, index: usize) {
        if self.graph.filled_len() > self.start || self.graph[self.current].labelled {
            self.start_block();
        }
        self.graph[self.current].labelled = true;
        self.block_at[index] = Some(self.current);
    }

    #[inline]
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
        if ops::has_target(instr.op) {
            self.add_jump(instr)?;
        }
        if ops::is_runtime_only(instr.op) {
            return Err(Error::NotForCompiling(instr.op));
        }
        self.graph.seen.insert(instr.op);
        self.graph.fill(CfgInstr::new(instr.op, arg, instr.loc));
        self.ended = ops::is_terminator(instr.op);
        Ok(())
    }

    /// Notes that a jump or block push comes next.
    fn add_jump(&mut self, instr: &Instr) -> Result<(), Error> {
        if !matches!(instr.arg, Arg::Target(_)) {
            return Err(Error::NoTarget(instr.op));
        }
        self.jumps.push(self.graph.filled_len() as u32);
        self.graph[self.current].has_pushes |= ops::is_block_push(instr.op);
        Ok(())
    }

    /// Replaces labels by the blocks they name.
    fn bind_jumps(self, seq: &InstrSequence) -> Result<(), Error> {
        self.graph.end_filling(self.current);
        for &jump in &self.jumps {
            let instr = self.graph.filled_mut(jump as usize);
            let index = seq.labels.get(instr.arg as usize).copied();
            let block = index.and_then(|i| self.block_at.get(i).copied().flatten());
            instr.target = Some(block.ok_or(Error::UnplacedLabel(instr.arg))?);
        }
        self.graph.building = Buffers {
            block_at: self.block_at,
            jumps: self.jumps,
        };
        Ok(())
    }
}

/// Marks the blocks that block pushes name as their handlers.
pub(crate) fn mark_except_handlers(g: &mut Cfg) {
    let mut cursor = Some(g.entry);
    while let Some(b) = cursor {
        let pushing = if g[b].has_pushes { g.len(b) } else { 0 };
        for i in 0..pushing {
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
            text(&built(&seq).unwrap()),
            "1 RESUME 0 | 2 JUMP @1; 3 NOP"
        );
        seq.annotations_code = Some(Box::new(sequence("1 LOAD_CONST 0\n1 POP_TOP")));
        assert_eq!(
            text(&built(&seq).unwrap()),
            "1 RESUME 0 | 1 LOAD_CONST 0 | 1 POP_TOP | 2 JUMP @1; 3 NOP"
        );
    }

    #[test]
    fn spliced_in_code_must_not_jump() {
        let mut seq = sequence("1 ANNOTATIONS_PLACEHOLDER\n2 RETURN_VALUE");
        seq.annotations_code = Some(Box::new(sequence("a:\n1 JUMP @a")));
        assert_eq!(built(&seq).unwrap_err(), Error::Malformed);
    }
}
