//! The control flow graph: basic blocks of instructions, chained in emission order.
//!
//! All instructions of a unit live in one vector; a block is a range of it. Blocks are
//! named by index and chained through `Block::next`, so that passes can splice new
//! blocks in without moving others.

use std::num::NonZeroU32;
use std::ops::{Index, IndexMut, Range};

use tailscope_bytecode::opcode::Opcode;

use super::borrow::Borrower;
use super::build;
use super::consts::ConstUses;
use super::ops::{self, Kinds};
use crate::instr::{Instr, Loc};

/// Names a block of a [`Cfg`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BlockId(NonZeroU32);

impl BlockId {
    pub(super) fn new(index: usize) -> BlockId {
        let one_based = u32::try_from(index + 1).unwrap_or(u32::MAX);
        BlockId(NonZeroU32::new(one_based).unwrap_or(NonZeroU32::MAX))
    }

    /// A number for each block, and 0 for none.
    #[inline(always)]
    pub(crate) fn number(b: Option<BlockId>) -> u32 {
        b.map_or(0, |b| b.0.get())
    }

    /// Position in `Cfg::blocks`.
    pub(crate) fn index(self) -> usize {
        self.0.get() as usize - 1
    }
}

/// A basic block: a range of `Cfg::instrs` and what passes know of it.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    /// The block after this one in emission order.
    pub next: Option<BlockId>,
    start: u32,
    used: u32,
    /// Slots of the range that ever held an instruction. An instruction appended into
    /// such a slot takes over the exception handler of the one that was there: CPython
    /// leaves that field as it finds it, and exception tables show it.
    filled: u32,
    capacity: u32,
    /// What there may be in the block.
    pub kinds: Kinds,
    /// Whether a label names the block. Jumps made by optimization may target unlabelled blocks.
    pub labelled: bool,
    /// Edges into the block, as counted by the latest reachability pass.
    pub predecessors: i32,
    /// Stack depth on entry; negative while unknown.
    pub start_depth: i32,
    /// Bit `i` is set if local `i` may be unbound on entry.
    pub unsafe_locals: u64,
    /// The block is a handler that finds the offset of the raising instruction on the stack.
    pub preserve_lasti: bool,
    pub except_handler: bool,
    pub cold: bool,
    pub warm: bool,
    pub visited: bool,
}

/// A control flow graph.
#[derive(Debug)]
pub(crate) struct Cfg {
    blocks: Vec<Block>,
    instrs: Vec<Instr>,
    pub entry: BlockId,
    /// What there may be in the graph: passes that look for something else have nothing to do.
    pub seen: Kinds,
    /// Whether jumps have changed since predecessors were counted last.
    pub rewired: bool,
    /// Storage of the traversals' work lists, kept between passes.
    scratch: Vec<BlockId>,
    /// Storage of passes, kept from unit to unit.
    pub building: build::Buffers,
    pub borrower: Borrower,
    pub depths: Vec<(BlockId, i64)>,
    pub const_uses: ConstUses,
}

impl Index<BlockId> for Cfg {
    type Output = Block;
    fn index(&self, b: BlockId) -> &Block {
        &self.blocks[b.index()]
    }
}

impl IndexMut<BlockId> for Cfg {
    fn index_mut(&mut self, b: BlockId) -> &mut Block {
        &mut self.blocks[b.index()]
    }
}

impl Default for Cfg {
    /// A graph of one empty block.
    fn default() -> Cfg {
        let mut g = Cfg {
            blocks: Vec::new(),
            instrs: Vec::new(),
            entry: BlockId::new(0),
            seen: Kinds::NONE,
            rewired: false,
            scratch: Vec::new(),
            building: build::Buffers::default(),
            borrower: Borrower::default(),
            depths: Vec::new(),
            const_uses: ConstUses::default(),
        };
        g.new_block();
        g
    }
}

impl Cfg {
    /// Makes this a graph of those instructions, which gives the memory of its last ones for
    /// them. [`Cfg::append_block_of`] then divides them into blocks.
    pub(crate) fn take_instrs(&mut self, instrs: &mut Vec<Instr>) {
        self.blocks.clear();
        self.seen = Kinds::NONE;
        self.entry = BlockId::new(0);
        std::mem::swap(&mut self.instrs, instrs);
    }

    /// Chains a block of the instructions from `first` on behind the block made last, if there is
    /// one. For each instruction behind the first, `begins` has something else than `nothing` if
    /// another block begins there. Returns the block and its size.
    pub(super) fn append_block<T: PartialEq>(&mut self, first: usize, begins: &[T], nothing: T) -> (BlockId, usize) {
        let (kinds, len) = Kinds::of_block(&self.instrs[first..], begins, nothing);
        self.seen.insert(kinds);
        let id = self.append_empty_block();
        let size = len as u32;
        if let Some(block) = self.blocks.last_mut() {
            block.kinds = kinds;
            (block.start, block.used, block.filled, block.capacity) = (first as u32, size, size, size);
        }
        (id, len)
    }

    /// Chains an empty block behind the block made last, if there is one.
    pub(super) fn append_empty_block(&mut self) -> BlockId {
        let before = self.blocks.len().checked_sub(1);
        let id = self.new_block();
        if let Some(before) = before {
            self.blocks[before].next = Some(id);
        }
        id
    }

    /// There may be these kinds in the block from now on.
    #[inline]
    pub(crate) fn note(&mut self, b: BlockId, kinds: Kinds) {
        self[b].kinds.insert(kinds);
        self.seen.insert(kinds);
    }

    /// How many instructions there is memory for.
    pub(crate) fn room(&self) -> usize {
        self.instrs.capacity()
    }

    /// Where the instructions of a block are among all.
    pub(crate) fn range(&self, b: BlockId) -> Range<usize> {
        let block = &self[b];
        let start = block.start as usize;
        start..start + block.used as usize
    }

    /// The instruction at a place among all.
    pub(crate) fn instr_mut(&mut self, place: usize) -> &mut Instr {
        &mut self.instrs[place]
    }

    /// Adds an unchained, empty block.
    pub(crate) fn new_block(&mut self) -> BlockId {
        let id = BlockId::new(self.blocks.len());
        self.blocks.push(Block {
            next: None,
            start: self.instrs.len() as u32,
            used: 0,
            filled: 0,
            capacity: 0,
            kinds: Kinds::NONE,
            labelled: false,
            predecessors: 0,
            start_depth: -1,
            unsafe_locals: 0,
            preserve_lasti: false,
            except_handler: false,
            cold: false,
            warm: false,
            visited: false,
        });
        id
    }

    /// Number of blocks ever made, chained or not.
    pub(crate) fn block_count(&self) -> usize {
        self.blocks.len()
    }

    /// The blocks in their order.
    pub(crate) fn order(&self) -> impl Iterator<Item = BlockId> + '_ {
        self.order_from(self.entry)
    }

    /// A block and those behind it in their order.
    pub(crate) fn order_from(&self, b: BlockId) -> impl Iterator<Item = BlockId> + '_ {
        std::iter::successors(Some(b), |&b| self[b].next)
    }

    /// The first block in which there may be one of these kinds.
    #[inline]
    pub(crate) fn first_with(&self, kinds: Kinds) -> Option<BlockId> {
        self.with_from(Some(self.entry).filter(|_| self.seen.has(kinds)), kinds)
    }

    /// The next such block behind `b`. In most passes most blocks have nothing to do: to pass them by
    /// takes no more than this.
    #[inline]
    pub(crate) fn next_with(&self, b: BlockId, kinds: Kinds) -> Option<BlockId> {
        self.with_from(self[b].next, kinds)
    }

    #[inline(always)]
    fn with_from(&self, mut cursor: Option<BlockId>, kinds: Kinds) -> Option<BlockId> {
        while let Some(b) = cursor {
            let block = &self[b];
            if block.kinds.has(kinds) {
                break;
            }
            cursor = block.next;
        }
        cursor
    }

    /// Number of instructions of a block.
    pub(crate) fn len(&self, b: BlockId) -> usize {
        self[b].used as usize
    }

    /// The instructions of a block.
    pub(crate) fn code(&self, b: BlockId) -> &[Instr] {
        &self.instrs[self.range(b)]
    }

    pub(crate) fn code_mut(&mut self, b: BlockId) -> &mut [Instr] {
        let range = self.range(b);
        &mut self.instrs[range]
    }

    /// How many instructions of the block are before those among which a jump may be: the last one,
    /// behind which a NOT_TAKEN may stand.
    #[inline]
    pub(crate) fn plain_len(&self, b: BlockId) -> usize {
        let block = &self[b];
        let ending = if block.kinds.has(Kinds::JUMP) { 2 } else { 0 };
        (block.used as usize).saturating_sub(ending)
    }

    /// The opcode at `i` of the block, NOP (which no pass looks for) past its end.
    pub(crate) fn op_at(&self, b: BlockId, i: usize) -> Opcode {
        self.code(b).get(i).map_or(Opcode::NOP, |instr| instr.op)
    }

    pub(crate) fn last(&self, b: BlockId) -> Option<&Instr> {
        self.code(b).last()
    }

    pub(crate) fn last_mut(&mut self, b: BlockId) -> Option<&mut Instr> {
        self.code_mut(b).last_mut()
    }

    /// The last instruction, if it is an unconditional jump.
    pub(crate) fn unconditional_jump(&self, b: BlockId) -> Option<&Instr> {
        let block = Some(b).filter(|&b| self[b].kinds.has(Kinds::UNCONDITIONAL_JUMP))?;
        self.last(block)
            .filter(|instr| ops::is_unconditional_jump(instr.op))
    }

    /// Whether control can run off the end of the block into the next one.
    pub(crate) fn falls_through(&self, b: BlockId) -> bool {
        !self.last(b).is_some_and(|instr| ops::ends_flow(instr.op))
    }

    /// The next block, if control can run off the end of this one.
    pub(crate) fn fallthrough(&self, b: BlockId) -> Option<BlockId> {
        if self.falls_through(b) {
            self[b].next
        } else {
            None
        }
    }

    /// The blocks that control goes to from the end of the block: the next one, where a jump goes.
    #[inline]
    pub(crate) fn successors(&self, b: BlockId) -> (Option<BlockId>, Option<BlockId>) {
        let next = self[b].next;
        let Some(last) = self.last(b) else { return (next, None) };
        let target = last.target.filter(|_| ops::has_jump(last.op));
        (next.filter(|_| !ops::ends_flow(last.op)), target)
    }

    /// Whether the block ends by leaving the scope.
    pub(crate) fn exits_scope(&self, b: BlockId) -> bool {
        self.last(b)
            .is_some_and(|instr| ops::is_scope_exit(instr.op))
    }

    /// Whether no instruction of the block has a line number.
    pub(crate) fn has_no_line(&self, b: BlockId) -> bool {
        let code = self.code(b);
        code.is_empty() || self[b].kinds.has(Kinds::NO_LINE) && code.iter().all(|instr| instr.loc.line < 0)
    }

    /// The first block with instructions from `b` on.
    pub(crate) fn next_nonempty(&self, mut b: Option<BlockId>) -> Option<BlockId> {
        while let Some(id) = b {
            if self[id].used > 0 {
                break;
            }
            b = self[id].next;
        }
        b
    }

    /// Removes the instructions from `len` on. Their handlers stay in the freed slots.
    pub(crate) fn truncate(&mut self, b: BlockId, len: usize) {
        let block = &mut self[b];
        block.used = block.used.min(len as u32);
    }

    /// Appends an instruction, into a used-up slot if the block has one.
    pub(crate) fn add_op(&mut self, b: BlockId, op: Opcode, arg: u32, loc: Loc) {
        let instr = Instr::new(op, arg, loc);
        self.note(b, Kinds::of(&instr));
        let slot = self.next_slot(b);
        let stale = self.instrs[slot].except;
        self.instrs[slot] = Instr {
            except: stale,
            ..instr
        };
    }

    /// Appends a jump.
    pub(crate) fn add_jump(&mut self, b: BlockId, op: Opcode, target: Option<BlockId>, loc: Loc) {
        self.add_op(b, op, 0, loc);
        if let Some(last) = self.last_mut(b) {
            last.target = target;
        }
    }

    /// Appends a copy of an instruction, handler included. Its kinds are the caller's to add.
    fn push(&mut self, b: BlockId, instr: Instr) {
        let slot = self.next_slot(b);
        self.instrs[slot] = instr;
    }

    /// Inserts an instruction before position `pos` of the block.
    pub(crate) fn insert(&mut self, b: BlockId, pos: usize, instr: Instr) {
        self.note(b, Kinds::of(&instr));
        self.next_slot(b);
        let code = self.code_mut(b);
        let len = code.len();
        code.copy_within(pos..len - 1, pos + 1);
        code[pos] = instr;
    }

    /// Appends copies of the instructions of `from` to `to`.
    pub(crate) fn append_copies(&mut self, to: BlockId, from: BlockId) {
        let kinds = self[from].kinds;
        self.note(to, kinds);
        for i in 0..self.len(from) {
            let instr = self.code(from)[i];
            self.push(to, instr);
        }
    }

    /// A new, unchained block with the same instructions.
    pub(crate) fn copy_block(&mut self, b: BlockId) -> BlockId {
        let copy = self.new_block();
        self.append_copies(copy, b);
        copy
    }

    /// Makes one more slot of the block used and returns its index in `instrs`.
    fn next_slot(&mut self, b: BlockId) -> usize {
        let end = self.instrs.len() as u32;
        let block = &mut self.blocks[b.index()];
        if block.used == block.capacity {
            let at_end = block.start + block.capacity == end;
            let wanted = if at_end {
                block.capacity + 4
            } else {
                block.capacity * 2 + 4
            };
            if !at_end {
                let old = block.start as usize..(block.start + block.filled) as usize;
                block.start = end;
                self.instrs.extend_from_within(old);
            }
            let blank = Instr::new(Opcode::NOP, 0, Loc::NONE);
            self.instrs.resize((block.start + wanted) as usize, blank);
            block.capacity = wanted;
        }
        let slot = block.start + block.used;
        if block.used == block.filled {
            self.instrs[slot as usize].except = None;
            block.filled += 1;
        }
        block.used += 1;
        slot as usize
    }

    /// Clears the visited marks of the chained blocks and lends out an empty work list;
    /// hand it back with [`Cfg::end_traversal`].
    pub(crate) fn begin_traversal(&mut self) -> Vec<BlockId> {
        let mut cursor = Some(self.entry);
        while let Some(b) = cursor {
            self[b].visited = false;
            cursor = self[b].next;
        }
        self.take_work()
    }

    /// Lends out an empty work list, to be handed back with [`Cfg::end_traversal`], for a traversal
    /// that has marks of its own.
    pub(crate) fn take_work(&mut self) -> Vec<BlockId> {
        let mut work = std::mem::take(&mut self.scratch);
        work.clear();
        work
    }

    pub(crate) fn end_traversal(&mut self, work: Vec<BlockId>) {
        self.scratch = work;
    }

    /// Puts a block that was not visited yet on the work list.
    pub(crate) fn visit(&mut self, work: &mut Vec<BlockId>, b: BlockId) -> bool {
        let first = !std::mem::replace(&mut self[b].visited, true);
        if first {
            work.push(b);
        }
        first
    }
}
