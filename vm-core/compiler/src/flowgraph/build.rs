//! From an instruction sequence to basic blocks, and which of them are handlers.

use tailscope_bytecode::opcode::Opcode;

use super::graph::{BlockId, Cfg};
use super::Error;
use super::ops::{self, Kinds};
use crate::instr::InstrSequence;

/// Cuts a sequence into basic blocks: one starts at every label that is used and after
/// every jump and scope exit. Jumps are bound to the blocks they go to. The instructions
/// themselves stay where they are: `graph` takes them over, `seq` gets the memory of its last ones.
pub(crate) fn from_sequence(seq: &mut InstrSequence, graph: &mut Cfg) -> Result<(), Error> {
    let mut buffers = std::mem::take(&mut graph.building);
    let built = buffers.build(seq, graph);
    graph.building = buffers;
    built
}

/// Storage of the building.
#[derive(Debug, Default)]
pub(crate) struct Buffers {
    /// Places of instructions that start a block.
    starts: Vec<u32>,
    jumps: Vec<Jump>,
    /// The block that starts at an instruction.
    block_at: Vec<Option<BlockId>>,
}

/// A jump or block push, and where its target is: places among all instructions.
#[derive(Debug)]
struct Jump {
    place: u32,
    target: u32,
}

impl Buffers {
    fn build(&mut self, seq: &mut InstrSequence, graph: &mut Cfg) -> Result<(), Error> {
        while let Some(placeholder) = self.find_breaks(seq)? {
            splice_annotations(seq, placeholder)?;
        }
        self.starts.sort_unstable();
        self.starts.dedup();
        let len = seq.instrs.len();
        graph.take_instrs(&mut seq.instrs);
        self.block_at.clear();
        self.block_at.resize(len, None);
        let mut first = 0;
        // The end of all starts no block, and the first block starts anyway.
        let starts = self.starts.iter().map(|&start| start as usize);
        for end in starts.filter(|start| (1..len).contains(start)).chain([len]) {
            let block = graph.append_block_of(first..end);
            if let Some(at) = self.block_at.get_mut(first) {
                *at = Some(block);
            }
            first = end;
        }
        self.bind_jumps(graph)
    }

    /// Finds jumps, block pushes and where blocks start; or else the placeholder of annotations.
    fn find_breaks(&mut self, seq: &InstrSequence) -> Result<Option<usize>, Error> {
        self.starts.clear();
        self.jumps.clear();
        for (place, instr) in (0..).zip(&seq.instrs) {
            if !ops::shapes_graph(instr.op) {
                continue;
            }
            if ops::is_runtime_only(instr.op) {
                return Err(Error::NotForCompiling(instr.op));
            }
            if instr.op == Opcode::ANNOTATIONS_PLACEHOLDER {
                return Ok(Some(place as usize));
            }
            if ops::has_target(instr.op) {
                let target = seq.labels.get(instr.arg as usize).copied();
                let target = target.filter(|&target| target < seq.instrs.len());
                let target = target.ok_or(Error::UnplacedLabel(instr.arg))? as u32;
                self.starts.push(target);
                self.jumps.push(Jump { place, target });
            }
            if ops::is_terminator(instr.op) {
                self.starts.push(place + 1);
            }
        }
        Ok(None)
    }

    /// Replaces labels by the blocks they name.
    fn bind_jumps(&self, graph: &mut Cfg) -> Result<(), Error> {
        for jump in &self.jumps {
            let target = self.block_at[jump.target as usize].ok_or(Error::Malformed)?;
            graph.instr_mut(jump.place as usize).target = Some(target);
            graph[target].labelled = true;
        }
        Ok(())
    }
}

/// Puts the code of annotations in the place of its placeholder.
fn splice_annotations(seq: &mut InstrSequence, placeholder: usize) -> Result<(), Error> {
    let code = seq.annotations_code.take().map_or(Vec::new(), |code| code.instrs);
    // Labels would be those of another sequence.
    if code.iter().any(|instr| ops::has_target(instr.op)) {
        return Err(Error::Malformed);
    }
    seq.splice(placeholder, &code);
    Ok(())
}

/// Marks the blocks that block pushes name as their handlers.
pub(crate) fn mark_except_handlers(g: &mut Cfg) {
    let mut cursor = Some(g.entry);
    while let Some(b) = cursor {
        let pushing = if g[b].kinds.has(Kinds::BLOCK_PUSH) { g.len(b) } else { 0 };
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
            text(&built(&mut seq.clone()).unwrap()),
            "1 RESUME 0 | 2 JUMP @1; 3 NOP"
        );
        seq.annotations_code = Some(Box::new(sequence("1 LOAD_CONST 0\n1 POP_TOP")));
        assert_eq!(
            text(&built(&mut seq).unwrap()),
            "1 RESUME 0 | 1 LOAD_CONST 0 | 1 POP_TOP | 2 JUMP @1; 3 NOP"
        );
    }

    #[test]
    fn spliced_in_code_must_not_jump() {
        let mut seq = sequence("1 ANNOTATIONS_PLACEHOLDER\n2 RETURN_VALUE");
        seq.annotations_code = Some(Box::new(sequence("a:\n1 JUMP @a")));
        assert_eq!(built(&mut seq).unwrap_err(), Error::Malformed);
    }
}
