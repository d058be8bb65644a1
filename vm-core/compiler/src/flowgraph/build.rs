//! From an instruction sequence to basic blocks, and which of them are handlers.

use tailscope_bytecode::opcode::Opcode;

use super::graph::{BlockId, Cfg};
use super::Error;
use super::ops::{self, Kinds};
use crate::instr::{Instr, InstrSequence};

/// Cuts a sequence into basic blocks: one starts at every label that is used and after
/// every jump and scope exit. Jumps are bound to the blocks they go to. The instructions
/// themselves stay where they are: `graph` takes them over, `seq` gets the memory of its last ones.
///
/// What control does not reach, for it comes behind a jump or exit and no label is there, is an empty
/// block at once, which other passes would make of it, and no block if nothing is behind it. Half of
/// all functions end so, in the return of None behind their own.
pub(crate) fn from_sequence(seq: &mut InstrSequence, graph: &mut Cfg) -> Result<(), Error> {
    let mut buffers = std::mem::take(&mut graph.building);
    let built = buffers.build(seq, graph);
    graph.building = buffers;
    built
}

/// Storage of the building.
#[derive(Debug, Default)]
pub(crate) struct Buffers {
    /// What each instruction begins, and then the block.
    begins: Vec<Begin>,
    jumps: Vec<Jump>,
}

/// A jump or block push, and where its target is: places among all instructions.
#[derive(Debug)]
struct Jump {
    place: u32,
    target: u32,
}

/// What begins at an instruction: the block with this number, from 1 on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Begin(u32);

impl Begin {
    /// It is in the middle of a block.
    const NOTHING: Begin = Begin(0);
    /// It comes behind a jump or exit.
    const NEXT_BLOCK: Begin = Begin(u32::MAX - 1);
    /// A label that is used is there.
    const LABELLED_BLOCK: Begin = Begin(u32::MAX);
}

impl Buffers {
    fn build(&mut self, seq: &mut InstrSequence, graph: &mut Cfg) -> Result<(), Error> {
        while let Some(placeholder) = self.find_breaks(seq)? {
            splice_annotations(seq, placeholder)?;
        }
        let len = seq.instrs.len();
        graph.take_instrs(&mut seq.instrs);
        let mut first = 0;
        while first < len {
            let (block, count) = graph.append_block(first, &self.begins[first + 1..len], Begin::NOTHING);
            self.begins[first] = Begin(block.index() as u32 + 1);
            first += count;
            if !graph.falls_through(block) {
                first = self.skip_unreached(graph, first, len);
            }
        }
        if len == 0 {
            graph.new_block();
        }
        self.bind_jumps(graph)
    }

    /// Goes from behind a jump or exit at `first` to the next label. Returns where that is.
    fn skip_unreached(&self, graph: &mut Cfg, first: usize, len: usize) -> usize {
        let labelled = |&begin: &Begin| begin == Begin::LABELLED_BLOCK;
        let Some(unreached) = self.begins[first..len].iter().position(labelled) else { return len };
        if unreached > 0 {
            graph.append_empty_block();
        }
        first + unreached
    }

    /// Finds jumps, block pushes and where blocks start; or else the placeholder of annotations.
    fn find_breaks(&mut self, seq: &InstrSequence) -> Result<Option<usize>, Error> {
        self.jumps.clear();
        self.begins.clear();
        self.begins.resize(seq.instrs.len() + 1, Begin::NOTHING);
        for &place in &seq.breaks {
            let place = place as usize;
            if self.note_break(seq, place, &seq.instrs[place])? {
                return Ok(Some(place));
            }
        }
        Ok(None)
    }

    /// Notes what an instruction means for blocks. Returns whether it is the placeholder.
    #[inline(always)]
    fn note_break(&mut self, seq: &InstrSequence, place: usize, instr: &Instr) -> Result<bool, Error> {
        if ops::is_runtime_only(instr.op) {
            return Err(Error::NotForCompiling(instr.op));
        }
        if instr.op == Opcode::ANNOTATIONS_PLACEHOLDER {
            return Ok(true);
        }
        if ops::has_target(instr.op) {
            let target = seq.labels.get(instr.arg as usize).copied();
            let target = target.filter(|&target| target < seq.instrs.len());
            let target = target.ok_or(Error::UnplacedLabel(instr.arg))?;
            self.begins[target] = Begin::LABELLED_BLOCK;
            self.jumps.push(Jump { place: place as u32, target: target as u32 });
        }
        if ops::is_terminator(instr.op) && self.begins[place + 1] == Begin::NOTHING {
            self.begins[place + 1] = Begin::NEXT_BLOCK;
        }
        Ok(false)
    }

    /// Replaces labels by the blocks they name.
    fn bind_jumps(&self, graph: &mut Cfg) -> Result<(), Error> {
        for jump in &self.jumps {
            let number = self.begins[jump.target as usize].0;
            let target = number.checked_sub(1).map(|index| BlockId::new(index as usize));
            let target = target.ok_or(Error::Malformed)?;
            graph.instr_mut(jump.place as usize).target = Some(target);
            graph[target].labelled = true;
        }
        Ok(())
    }
}

/// Puts the code of annotations in the place of its placeholder.
fn splice_annotations(seq: &mut InstrSequence, placeholder: usize) -> Result<(), Error> {
    let code = seq.annotations_code.take().unwrap_or_default();
    // Labels would be those of another sequence.
    if code.instrs.iter().any(|instr| ops::has_target(instr.op)) {
        return Err(Error::Malformed);
    }
    seq.splice(placeholder, &code);
    Ok(())
}

/// Marks the blocks that block pushes name as their handlers.
pub(crate) fn mark_except_handlers(g: &mut Cfg) {
    let mut cursor = g.first_with(Kinds::BLOCK_PUSH);
    while let Some(b) = cursor {
        for i in 0..g.len(b) {
            let instr = g.code(b)[i];
            if let (true, Some(handler)) = (ops::is_block_push(instr.op), instr.target) {
                g[handler].except_handler = true;
            }
        }
        cursor = g.next_with(b, Kinds::BLOCK_PUSH);
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
    fn what_control_does_not_reach_has_no_instructions() {
        let behind_all = graph("1 RETURN_VALUE\n- LOAD_CONST 0\n- RETURN_VALUE");
        assert_eq!(text(&behind_all), "1 RETURN_VALUE");
        let between = graph("1 JUMP @end\n2 LOAD_CONST 0\n2 RETURN_VALUE\n2 NOP\nend:\n3 RETURN_VALUE");
        assert_eq!(text(&between), "1 JUMP @2; ; 3 RETURN_VALUE");
        let named = graph("1 JUMP @end\nagain:\n2 JUMP @again\nend:\n3 RETURN_VALUE");
        assert_eq!(text(&named), "1 JUMP @2; 2 JUMP @1; 3 RETURN_VALUE");
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
