//! Borrowed loads: LOAD_FAST becomes LOAD_FAST_BORROW where the local outlives the value's
//! stay on the stack.
//!
//! A load may borrow if, within its block, the loaded value leaves the stack before the
//! local is rebound or deleted, and is not stored as a local itself. Each block is run on a
//! stack of abstract references that know which instruction pushed them; what breaks the
//! rules marks that instruction.

use tailscope_bytecode::opcode::Opcode;

use super::graph::{BlockId, Cfg};
use super::ops::{self, Kinds};
use crate::instr::Instr;

/// A value on the abstract stack.
#[derive(Clone, Copy, Debug)]
struct Ref {
    /// The instruction of the block that pushed it; `NOWHERE` if it was there before.
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
    stack: Vec<Ref>,
    /// For each instruction of the block, whether it must keep its own reference.
    keeps: Vec<bool>,
    /// Where the block's jumps go.
    targets: Vec<BlockId>,
    work: Vec<BlockId>,
}

/// Replaces loads of locals by borrowing ones where that is safe. Needs the blocks' stack
/// depths, and must be the last pass that looks at instructions.
pub(crate) fn optimize_load_fast(g: &mut Cfg) {
    if !g.seen.has(Kinds::LOADS_LOCAL) {
        return;
    }
    let mut work = g.begin_traversal();
    let entry = g.entry;
    g[entry].start_depth = 0;
    g.visit(&mut work, entry);
    let mut borrower = std::mem::take(&mut g.borrower);
    borrower.work = work;
    while let Some(b) = borrower.work.pop() {
        borrower.run_block(g, b);
    }
    g.end_traversal(std::mem::take(&mut borrower.work));
    g.borrower = borrower;
}

impl Borrower {
    fn run_block(&mut self, g: &mut Cfg, b: BlockId) {
        if g[b].kinds.has(Kinds::LOADS_LOCAL) {
            self.borrow_in_block(g, b);
        }
        // Without block pushes, only a jump at the end, maybe before a NOT_TAKEN, leads elsewhere.
        let code = g.code(b);
        let first = if g[b].kinds.has(Kinds::BLOCK_PUSH) { 0 } else { code.len().saturating_sub(2) };
        let leading = code[first..].iter().filter(|instr| ops::has_target(instr.op));
        self.targets.extend(leading.filter_map(|instr| instr.target));
        for target in self.targets.drain(..) {
            g.visit(&mut self.work, target);
        }
        if let (true, Some(next)) = (g.len(b) > 0, g.fallthrough(b)) {
            g.visit(&mut self.work, next);
        }
    }

    fn borrow_in_block(&mut self, g: &mut Cfg, b: BlockId) {
        self.keeps.clear();
        self.keeps.resize(g.len(b), false);
        self.stack.clear();
        self.stack.resize(g[b].start_depth.max(0) as usize, UNKNOWN);
        for (i, instr) in (0..).zip(g.code(b)) {
            self.run(i, instr);
        }
        // What is left on the stack may be used after its local has changed.
        for &Ref { instr, .. } in &self.stack {
            keep(&mut self.keeps, instr);
        }
        for (instr, &keeps) in g.code_mut(b).iter_mut().zip(&self.keeps) {
            match instr.op {
                _ if keeps => {}
                Opcode::LOAD_FAST => instr.op = Opcode::LOAD_FAST_BORROW,
                Opcode::LOAD_FAST_LOAD_FAST => {
                    instr.op = Opcode::LOAD_FAST_BORROW_LOAD_FAST_BORROW;
                }
                _ => {}
            }
        }
    }

    /// Runs instruction `i` on the abstract stack.
    #[inline]
    fn run(&mut self, i: u32, instr: &Instr) {
        if ops::follows_values(instr.op) {
            return self.run_following(i, instr);
        }
        // Most consume their inputs, and what they push has nothing to do with these.
        self.drop(ops::popped(instr.op, instr.arg));
        for _ in 0..ops::pushed(instr.op, instr.arg) {
            self.push_result(i);
        }
    }

    /// Instructions on locals, and what leaves some of its inputs on the stack.
    fn run_following(&mut self, i: u32, instr: &Instr) {
        use Opcode::*;
        let arg = instr.arg;
        match instr.op {
            DELETE_FAST => self.kill(arg),
            LOAD_FAST => self.push_local(i, arg),
            LOAD_FAST_AND_CLEAR => {
                self.kill(arg);
                self.push_local(i, arg);
            }
            LOAD_FAST_LOAD_FAST => {
                self.push_local(i, arg >> 4);
                self.push_local(i, arg & 15);
            }
            STORE_FAST => self.store(arg),
            STORE_FAST_LOAD_FAST => {
                self.store(arg >> 4);
                self.push_local(i, arg & 15);
            }
            STORE_FAST_STORE_FAST => {
                self.store(arg >> 4);
                self.store(arg & 15);
            }
            COPY => {
                let value = self.at(arg).map_or(UNKNOWN, |index| self.stack[index]);
                self.stack.push(value);
            }
            SWAP => {
                if let (Some(a), Some(b)) = (self.at(arg), self.at(1)) {
                    self.stack.swap(a, b);
                }
            }
            _ => self.run_partial(i, instr),
        }
    }

    /// Instructions that leave some of their inputs on the stack, each in its way.
    fn run_partial(&mut self, i: u32, instr: &Instr) {
        use Opcode::*;
        let effect = || ops::effect_on_jump(instr.op, instr.arg);
        match instr.op {
            // These consume nothing. CPython credits what they push to the first
            // instruction of the block, and so must we.
            FORMAT_SIMPLE | GET_ANEXT | GET_LEN | GET_YIELD_FROM_ITER | IMPORT_FROM
            | MATCH_KEYS | MATCH_MAPPING | MATCH_SEQUENCE | WITH_EXCEPT_START => {
                for pushed in 0..effect().max(0) {
                    self.push_result(pushed as u32);
                }
            }
            // These consume their top inputs and push nothing.
            DICT_MERGE | DICT_UPDATE | LIST_APPEND | LIST_EXTEND | MAP_ADD | RERAISE | SET_ADD
            | SET_UPDATE => self.drop(-effect()),
            END_SEND | SET_FUNCTION_ATTRIBUTE => {
                let top = self.pop();
                self.pop();
                self.stack.push(top);
            }
            CHECK_EXC_MATCH => {
                self.pop();
                self.push_result(i);
            }
            FOR_ITER => self.push_result(i),
            LOAD_ATTR | LOAD_SUPER_ATTR => {
                let owner = self.pop();
                if instr.op == LOAD_SUPER_ATTR {
                    self.drop(2);
                }
                self.push_result(i);
                if instr.arg & 1 != 0 {
                    // Of a method, self may come back.
                    self.stack.push(owner);
                }
            }
            LOAD_SPECIAL | PUSH_EXC_INFO => {
                let top = self.pop();
                self.push_result(i);
                self.stack.push(top);
            }
            SEND => {
                self.pop();
                self.push_result(i);
            }
            // What these push is on the stack in the handler only.
            op => debug_assert!(ops::is_block_push(op), "{op} was told apart for nothing"),
        }
    }

    fn push_local(&mut self, i: u32, local: u32) {
        self.stack.push(Ref { instr: i, local });
    }

    fn push_result(&mut self, i: u32) {
        self.stack.push(Ref { instr: i, local: NOWHERE });
    }

    fn pop(&mut self) -> Ref {
        self.stack.pop().unwrap_or(UNKNOWN)
    }

    fn drop(&mut self, count: i64) {
        let left = self.stack.len().saturating_sub(count.max(0) as usize);
        self.stack.truncate(left);
    }

    /// Index of the `depth`th item from the top, counted from 1.
    fn at(&self, depth: u32) -> Option<usize> {
        self.stack
            .len()
            .checked_sub(depth as usize)
            .filter(|_| depth > 0)
    }

    /// The local is rebound or deleted: loads of it that are still on the stack must not borrow.
    fn kill(&mut self, local: u32) {
        for value in self.stack.iter().filter(|value| value.local == local) {
            keep(&mut self.keeps, value.instr);
        }
    }

    fn store(&mut self, local: u32) {
        let value = self.pop();
        self.kill(local);
        keep(&mut self.keeps, value.instr);
    }
}

/// Notes that an instruction of the block must keep its own reference.
fn keep(keeps: &mut [bool], instr: u32) {
    if let Some(keeps) = keeps.get_mut(instr as usize) {
        *keeps = true;
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;

    fn borrowed(source: &str) -> String {
        let mut g = graph(source);
        super::super::stackdepth::calculate_stackdepth(&mut g).unwrap();
        optimize_load_fast(&mut g);
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
}
