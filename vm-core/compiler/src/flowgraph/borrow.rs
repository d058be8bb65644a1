//! Borrowed loads: LOAD_FAST becomes LOAD_FAST_BORROW where the local outlives the value's
//! stay on the stack.
//!
//! A load may borrow if, within its block, the loaded value leaves the stack before the
//! local is rebound or deleted, and is not stored as a local itself. Each block is run on a
//! stack of abstract references that know which instruction pushed them; what breaks the
//! rules marks that instruction. In most blocks nothing can: they are not run, only measured.

use tailscope_bytecode::opcode::Opcode;

use super::graph::{BlockId, Cfg};
use super::ops::{self, Kinds};
use super::{Error, stackdepth};
use crate::instr::Instr;

/// A value on the abstract stack.
#[derive(Clone, Copy, Debug)]
struct Ref {
    /// The instruction of the block that must not borrow if the value breaks the rules. `NOWHERE`
    /// if none borrows anyway.
    instr: u32,
    /// The local it was loaded from, or `NOWHERE`.
    local: u32,
}

const NOWHERE: u32 = u32::MAX;

const UNKNOWN: Ref = Ref {
    instr: NOWHERE,
    local: NOWHERE,
};

/// The state of the pass.
#[derive(Debug, Default)]
pub(crate) struct Borrower {
    /// The abstract stack is the first `depth` of these.
    stack: Vec<Ref>,
    depth: usize,
    deepest: usize,
    underflown: bool,
    /// The stack was deeper than is accepted.
    overflown: bool,
    /// Whether the blocks' stack depths are still to be found.
    measures: bool,
    work: Vec<BlockId>,
}

/// Replaces loads of locals by borrowing ones where that is safe. Needs the blocks' stack
/// depths, and must be the last pass that looks at instructions.
pub(crate) fn optimize_load_fast(g: &mut Cfg) -> Result<(), Error> {
    if g.seen.has(Kinds::LOADS_LOCAL) {
        Borrower::run(g, false)?;
    }
    Ok(())
}

/// Finds the blocks' stack depths as well. Without block pushes every way into a block tells how deep
/// the stack is there. Returns the deepest stack in slots.
pub(crate) fn optimize_load_fast_and_measure(g: &mut Cfg) -> Result<u32, Error> {
    let deepest = Borrower::run(g, true)?;
    u32::try_from(deepest).map_err(|_| Error::TooLarge)
}

impl Borrower {
    fn run(g: &mut Cfg, measures: bool) -> Result<usize, Error> {
        let mut work = g.begin_traversal();
        let entry = g.entry;
        g[entry].start_depth = 0;
        g.visit(&mut work, entry);
        let mut borrower = std::mem::take(&mut g.borrower);
        borrower.work = work;
        (borrower.deepest, borrower.measures) = (0, measures);
        (borrower.underflown, borrower.overflown) = (false, false);
        let mut result = Ok(());
        while let Some(b) = borrower.work.pop() {
            result = borrower.run_block(g, b);
            if result.is_err() {
                break;
            }
        }
        g.end_traversal(std::mem::take(&mut borrower.work));
        let Borrower { deepest, underflown, overflown, .. } = borrower;
        g.borrower = borrower;
        match result {
            Ok(()) if overflown => Err(Error::TooLarge),
            Ok(()) if measures && underflown => Err(Error::StackUnderflow),
            result => result.map(|()| deepest),
        }
    }

    fn run_block(&mut self, g: &mut Cfg, b: BlockId) -> Result<(), Error> {
        // What only control from an empty block leads to, CPython does not look at.
        let borrows = g[b].kinds.has(Kinds::LOADS_LOCAL) && g[b].visited;
        let depth = if borrows && g[b].kinds.has(Kinds::KEEPS_LOCAL) {
            self.borrow_in_block(g, b);
            self.depth
        } else if borrows || self.measures {
            let range = stackdepth::Range::of(g.code(b), i64::from(g[b].start_depth.max(0)));
            if !borrows {
                self.measure(&range)
            } else if range.depth == range.lowest {
                // Nothing that the block pushes is left on the stack at its end, for that was never less
                // deep, and no local is bound anew meanwhile: there is nothing to find by a run.
                borrow_all(g.code_mut(b));
                self.measure(&range)
            } else {
                self.borrow_in_block(g, b);
                self.depth
            }
        } else {
            0
        };
        let code = g.code(b);
        if g[b].kinds.has(Kinds::BLOCK_PUSH.or(Kinds::JUMP)) {
            // Without block pushes, only a jump at the end, maybe before a NOT_TAKEN, leads elsewhere.
            let first = if g[b].kinds.has(Kinds::BLOCK_PUSH) { 0 } else { code.len().saturating_sub(2) };
            for place in g.range(b).skip(first) {
                let Instr { op, target, .. } = *g.instr_mut(place);
                if let (true, Some(target)) = (ops::has_target(op), target) {
                    self.reach(g, b, target, depth)?;
                }
            }
        }
        match g.fallthrough(b) {
            Some(next) => self.reach(g, b, next, depth),
            None => Ok(()),
        }
    }

    /// Notes how deep the stack is in a block. Returns the depth at its end.
    fn measure(&mut self, range: &stackdepth::Range) -> usize {
        self.underflown |= range.lowest < 0;
        self.overflown |= range.highest.max(range.depth) > stackdepth::MAX_DEPTH;
        self.deepest = self.deepest.max(range.highest.max(0) as usize);
        range.depth.max(0) as usize
    }

    /// Control goes from a block to another one.
    fn reach(&mut self, g: &mut Cfg, from: BlockId, to: BlockId, depth: usize) -> Result<(), Error> {
        let mut is_new = false;
        if self.measures {
            let known = g[to].start_depth;
            is_new = known < 0;
            if depth as i64 > stackdepth::MAX_DEPTH || self.overflown {
                return Err(Error::TooLarge);
            }
            if !is_new && known as usize != depth {
                return Err(Error::InconsistentDepth);
            }
            g[to].start_depth = depth as i32;
        }
        if g[from].visited && g.len(from) > 0 {
            is_new |= !std::mem::replace(&mut g[to].visited, true);
        }
        if is_new {
            self.work.push(to);
        }
        Ok(())
    }

    fn borrow_in_block(&mut self, g: &mut Cfg, b: BlockId) {
        self.depth = g[b].start_depth.max(0) as usize;
        self.stack.clear();
        self.stack.resize(self.depth, UNKNOWN);
        let code = g.code_mut(b);
        let mut deepest = self.deepest;
        for i in 0..code.len() {
            // As CPython does, before each instruction.
            deepest = deepest.max(self.depth);
            self.run_instr(code, i);
        }
        self.deepest = deepest;
        // What is left on the stack may be used after its local has changed.
        for i in 0..self.depth {
            keep(code, self.stack[i].instr);
        }
    }

    /// Runs instruction `i` on the abstract stack. Loads borrow until it turns out that they must not.
    #[inline(always)]
    fn run_instr(&mut self, code: &mut [Instr], i: usize) {
        let Instr { op, arg, .. } = code[i];
        if ops::follows_values(op) {
            return self.run_following(code, i);
        }
        // Most consume their inputs, and what they push has nothing to do with these.
        let (popped, pushed) = ops::moved(op, arg);
        self.drop(popped);
        if pushed > 1 {
            return self.push_unknown(pushed);
        }
        // Whether there is a result, no processor foresees.
        self.push(UNKNOWN);
        self.depth -= usize::from(pushed < 1);
    }

    /// Instructions on locals, and what leaves some of its inputs on the stack.
    fn run_following(&mut self, code: &mut [Instr], i: usize) {
        use Opcode::*;
        let Instr { op, arg, .. } = code[i];
        match op {
            LOAD_FAST => {
                code[i].op = LOAD_FAST_BORROW;
                self.push_local(i, arg);
            }
            LOAD_FAST_LOAD_FAST => {
                code[i].op = LOAD_FAST_BORROW_LOAD_FAST_BORROW;
                self.push_local(i, arg >> 4);
                self.push_local(i, arg & 15);
            }
            LOAD_ATTR | LOAD_SUPER_ATTR => {
                let owner = self.pop();
                if op == LOAD_SUPER_ATTR {
                    self.drop(2);
                }
                self.push(UNKNOWN);
                if arg & 1 != 0 {
                    // Of a method, self may come back.
                    self.push(owner);
                }
            }
            STORE_FAST => self.store(code, arg),
            STORE_FAST_LOAD_FAST => {
                self.store(code, arg >> 4);
                self.push_local(i, arg & 15);
            }
            STORE_FAST_STORE_FAST => {
                self.store(code, arg >> 4);
                self.store(code, arg & 15);
            }
            DELETE_FAST => self.kill(code, arg),
            LOAD_FAST_AND_CLEAR => {
                self.kill(code, arg);
                self.push_local(i, arg);
            }
            COPY => {
                let value = self.at(arg).map_or(UNKNOWN, |index| self.stack[index]);
                self.push(value);
            }
            SWAP => {
                if let (Some(a), Some(b)) = (self.at(arg), self.at(1)) {
                    self.stack.swap(a, b);
                }
            }
            _ => self.run_partial(op, arg),
        }
    }

    /// Instructions that leave some of their inputs on the stack, each in its way.
    fn run_partial(&mut self, op: Opcode, arg: u32) {
        use Opcode::*;
        let effect = || ops::effect_on_jump(op, arg);
        match op {
            // These consume nothing. CPython credits what they push to the first
            // instruction of the block, and so must we.
            FORMAT_SIMPLE | GET_ANEXT | GET_LEN | GET_YIELD_FROM_ITER | IMPORT_FROM
            | MATCH_KEYS | MATCH_MAPPING | MATCH_SEQUENCE | WITH_EXCEPT_START => {
                for pushed in 0..effect().max(0) {
                    self.push(Ref { instr: pushed as u32, local: NOWHERE });
                }
            }
            // These consume their top inputs and push nothing.
            DICT_MERGE | DICT_UPDATE | LIST_APPEND | LIST_EXTEND | MAP_ADD | RERAISE | SET_ADD
            | SET_UPDATE => self.drop((-effect()).max(0) as usize),
            END_SEND | SET_FUNCTION_ATTRIBUTE => {
                let top = self.pop();
                self.pop();
                self.push(top);
            }
            CHECK_EXC_MATCH | SEND => {
                self.pop();
                self.push(UNKNOWN);
            }
            FOR_ITER => self.push(UNKNOWN),
            LOAD_SPECIAL | PUSH_EXC_INFO => {
                let top = self.pop();
                self.push(UNKNOWN);
                self.push(top);
            }
            // What these push is on the stack in the handler only.
            op if ops::is_block_push(op) => {}
            op => {
                self.drop(op.effect().popped(arg).max(0) as usize);
                self.push_unknown(op.effect().pushed(arg).max(0) as usize);
            }
        }
    }

    fn push_local(&mut self, i: usize, local: u32) {
        self.push(Ref { instr: i as u32, local });
    }

    #[inline(always)]
    fn push(&mut self, value: Ref) {
        match self.stack.get_mut(self.depth) {
            Some(slot) => *slot = value,
            None => self.stack.push(value),
        }
        self.depth += 1;
    }

    fn push_unknown(&mut self, count: usize) {
        if count.saturating_add(self.depth) > stackdepth::MAX_DEPTH as usize {
            self.overflown = true;
            return;
        }
        (0..count).for_each(|_| self.push(UNKNOWN));
    }

    #[inline(always)]
    fn pop(&mut self) -> Ref {
        match self.depth.checked_sub(1) {
            Some(below) => {
                self.depth = below;
                self.stack[below]
            }
            None => {
                self.underflown = true;
                UNKNOWN
            }
        }
    }

    #[inline(always)]
    fn drop(&mut self, count: usize) {
        self.underflown |= count > self.depth;
        self.depth = self.depth.saturating_sub(count);
    }

    /// Index of the `depth`th item from the top, counted from 1.
    fn at(&self, depth: u32) -> Option<usize> {
        self.depth
            .checked_sub(depth as usize)
            .filter(|_| depth > 0)
    }

    /// The local is rebound or deleted: loads of it that are still on the stack must not borrow.
    fn kill(&mut self, code: &mut [Instr], local: u32) {
        for value in self.stack.iter().take(self.depth).filter(|value| value.local == local) {
            keep(code, value.instr);
        }
    }

    fn store(&mut self, code: &mut [Instr], local: u32) {
        let value = self.pop();
        self.kill(code, local);
        keep(code, value.instr);
    }
}

/// Makes all loads of locals borrow.
fn borrow_all(code: &mut [Instr]) {
    for instr in code {
        instr.op = match instr.op {
            Opcode::LOAD_FAST => Opcode::LOAD_FAST_BORROW,
            Opcode::LOAD_FAST_LOAD_FAST => Opcode::LOAD_FAST_BORROW_LOAD_FAST_BORROW,
            other => other,
        };
    }
}

/// Makes an instruction of the block keep a reference of its own.
fn keep(code: &mut [Instr], instr: u32) {
    if let Some(instr) = code.get_mut(instr as usize) {
        match instr.op {
            Opcode::LOAD_FAST_BORROW => instr.op = Opcode::LOAD_FAST,
            Opcode::LOAD_FAST_BORROW_LOAD_FAST_BORROW => instr.op = Opcode::LOAD_FAST_LOAD_FAST,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;

    fn borrowed(source: &str) -> String {
        let mut g = graph(source);
        super::super::stackdepth::calculate_stackdepth(&mut g).unwrap();
        optimize_load_fast(&mut g).unwrap();
        let mut measured = graph(source);
        if !measured.seen.has(Kinds::BLOCK_PUSH) {
            let deepest = stackdepth::calculate_stackdepth(&mut graph(source));
            assert_eq!(optimize_load_fast_and_measure(&mut measured), deepest);
            assert_eq!(text(&measured), text(&g));
        }
        text(&g)
    }

    #[test]
    fn a_value_used_up_in_its_block_is_borrowed() {
        assert_eq!(
            borrowed("1 LOAD_FAST 0\n1 LOAD_FAST 1\n1 BINARY_OP 0\n1 RETURN_VALUE"),
            "1 LOAD_FAST_BORROW 0 | 1 LOAD_FAST_BORROW 1 | 1 BINARY_OP 0 | 1 RETURN_VALUE"
        );
    }

    #[test]
    fn a_value_that_is_stored_or_outlives_its_local_is_not() {
        assert_eq!(
            borrowed("1 LOAD_FAST 0\n1 STORE_FAST 1\n1 LOAD_CONST 0\n1 RETURN_VALUE"),
            "1 LOAD_FAST 0 | 1 STORE_FAST 1 | 1 LOAD_CONST 0 | 1 RETURN_VALUE"
        );
        assert_eq!(
            borrowed("1 LOAD_FAST 0\n1 LOAD_CONST 0\n1 STORE_FAST 0\n1 RETURN_VALUE"),
            "1 LOAD_FAST 0 | 1 LOAD_CONST 0 | 1 STORE_FAST 0 | 1 RETURN_VALUE"
        );
        assert_eq!(
            borrowed(
                "1 LOAD_FAST 0\n1 LOAD_FAST 1\n1 POP_JUMP_IF_FALSE @end\n2 NOP\nend:\n3 RETURN_VALUE"
            ),
            "1 LOAD_FAST 0 | 1 LOAD_FAST_BORROW 1 | 1 POP_JUMP_IF_FALSE @2; 2 NOP; 3 RETURN_VALUE"
        );
    }

    /// Blocks that are only measured come out as if they had been run.
    #[test]
    fn what_is_not_run_would_borrow_alike() {
        use Opcode::*;
        const OPS: &[(Opcode, u32)] = &[
            (LOAD_FAST, 0), (LOAD_FAST, 1), (LOAD_FAST_LOAD_FAST, 0x12), (LOAD_CONST, 0), (LOAD_ATTR, 0),
            (LOAD_ATTR, 1), (COPY, 1), (COPY, 2), (SWAP, 2), (BINARY_OP, 0), (CALL, 0), (BUILD_TUPLE, 2),
            (POP_TOP, 0), (POP_TOP, 0), (POP_TOP, 0), (STORE_ATTR, 0), (STORE_FAST, 1), (FORMAT_SIMPLE, 0),
            (GET_LEN, 0), (IMPORT_FROM, 0), (LIST_APPEND, 1), (CHECK_EXC_MATCH, 0), (TO_BOOL, 0),
            (SET_FUNCTION_ATTRIBUTE, 1), (LOAD_SUPER_ATTR, 1), (UNPACK_SEQUENCE, 2),
        ];
        let mut state = 0x9E37_79B9_7F4A_7C15u64;
        let mut random = |below: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state % below as u64) as usize
        };
        let mut measured = 0;
        for _ in 0..5_000 {
            let (mut source, mut depth) = (String::new(), 0);
            for _ in 0..random(20) {
                let (op, arg) = OPS[random(OPS.len())];
                let effect = op.effect();
                if effect.popped(arg) <= depth && (!matches!(op, COPY | SWAP) || i64::from(arg) <= depth) {
                    depth += effect.pushed(arg) - effect.popped(arg);
                    source += &format!("1 {op} {arg}\n");
                }
            }
            (0..depth * random(2) as i64).for_each(|_| source += "1 POP_TOP\n");
            source += "1 NOP";
            let (mut g, mut run) = (graph(&source), graph(&source));
            let entry = g.entry;
            measured += usize::from(!g[entry].kinds.has(Kinds::KEEPS_LOCAL));
            run.note(entry, Kinds::KEEPS_LOCAL);
            let depths = [&mut g, &mut run].map(|g| optimize_load_fast_and_measure(g).unwrap());
            assert_eq!(depths[0], depths[1], "{source}");
            assert_eq!(text(&g), text(&run));
        }
        assert!(measured > 1000, "{measured}");
    }
}
