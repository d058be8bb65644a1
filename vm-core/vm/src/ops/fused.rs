//! Pairs of instructions that one handler runs, to save a dispatch and a trip over the value
//! stack.
//!
//! [`fuse`] replaces the first of a pair when a code object is made; the second stays as it is,
//! adaptive and reachable by jumps. The handler looks which instruction the second is now, and
//! runs the first alone where that is none it knows, and always where instructions are recorded,
//! counted or stepped (`Regs::fuse`). `dis` and `co_code` show the first as it was.

use crate::interp::regs::{Flow, Regs};
use crate::ops::attributes::{LOAD_ATTR_INSTANCE_VALUE, LOAD_ATTR_METHOD_WITH_VALUES};
use crate::ops::internal::number;
use crate::ops::operators::{
    BINARY_OP_ADD_INT, BINARY_OP_MULTIPLY_FLOAT, BINARY_OP_SUBSCR_LIST_INT, BINARY_OP_SUBTRACT_INT, COMPARE_OP_INT,
};
use crate::ops::stack::LOAD_SMALL_INT;
use crate::ops::variables::{LOAD_FAST_BORROW, LOAD_FAST_BORROW_LOAD_FAST_BORROW};
use tailscope_bytecode::opcode::Opcode;

/// The opcode byte that stands for an instruction which the other one follows directly.
pub fn fuse(first: u8, second: Option<Opcode>) -> u8 {
    match (Opcode::from_u8(first), second) {
        (Some(Opcode::LOAD_FAST_BORROW), Some(Opcode::LOAD_ATTR)) => number::LOAD_FAST_BORROW_THEN_ATTR,
        (Some(Opcode::LOAD_SMALL_INT), Some(Opcode::BINARY_OP | Opcode::COMPARE_OP)) => {
            number::LOAD_SMALL_INT_THEN_OP
        }
        (Some(Opcode::LOAD_FAST_BORROW_LOAD_FAST_BORROW), Some(Opcode::BINARY_OP | Opcode::COMPARE_OP)) => {
            number::LOAD_FAST_BORROW_PAIR_THEN_OP
        }
        _ => first,
    }
}

/// A first instruction, which has no inline caches, cannot fail and releases nothing, and the
/// specialized ones that may run right behind it, with their inline cache entries.
macro_rules! pairs {
    ($($name:ident = $first:ident, [$($second:ident: $caches:literal),+];)*) => {
        $(#[inline(always)]
        pub unsafe fn $name(r: &mut Regs) -> Flow {
            let flow = $first(r);
            if !r.fuse {
                return flow;
            }
            let behind = r.ip;
            let word = *behind;
            $(if word as u8 == Opcode::$second as u8 {
                r.ip = behind.add(1);
                r.oparg = u64::from(word >> 8);
                return match $second(r) {
                    Flow::Next => {
                        r.ip = r.ip.add($caches);
                        Flow::Jump
                    }
                    // It changed nothing: let its own handler see to that.
                    Flow::Deopt => {
                        r.ip = behind;
                        Flow::Next
                    }
                    flow => flow,
                };
            })+
            flow
        })*
    };
}

pairs! {
    LOAD_FAST_BORROW_THEN_ATTR = LOAD_FAST_BORROW,
        [LOAD_ATTR_INSTANCE_VALUE: 9, LOAD_ATTR_METHOD_WITH_VALUES: 9];
    LOAD_SMALL_INT_THEN_OP = LOAD_SMALL_INT,
        [COMPARE_OP_INT: 1, BINARY_OP_ADD_INT: 5, BINARY_OP_SUBTRACT_INT: 5];
    LOAD_FAST_BORROW_PAIR_THEN_OP = LOAD_FAST_BORROW_LOAD_FAST_BORROW,
        [BINARY_OP_SUBSCR_LIST_INT: 5, COMPARE_OP_INT: 1, BINARY_OP_MULTIPLY_FLOAT: 5];
}
