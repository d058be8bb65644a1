//! Instructions of this VM's own. They never leave it: `dis`, `co_code` and profiles show what
//! they stand for ([`public`]).

use crate::interp::breakpoint;
use crate::interp::regs::{Flow, Regs};
use tailscope_bytecode::opcode::Opcode;

/// Numbers of the internal opcodes.
pub mod number {
    pub const HALT: u8 = 212;
    pub const BREAKPOINT: u8 = 213;
    pub const CALL_PY_EXACT_ARGS_SELF: u8 = 214;
    pub const STORE_ATTR_ADD_VALUE: u8 = 215;
    pub const BINARY_OP_TRUE_DIVIDE_FLOAT: u8 = 216;
    pub const BINARY_OP_FLOOR_DIVIDE_INT: u8 = 217;
    pub const BINARY_OP_REMAINDER_INT: u8 = 218;
    pub const BINARY_OP_BITS_INT: u8 = 219;
    pub const POP_JUMP_IF_FALSE_BARE: u8 = 220;
    pub const POP_JUMP_IF_TRUE_BARE: u8 = 221;
    pub const POP_JUMP_IF_NONE_BARE: u8 = 222;
    pub const POP_JUMP_IF_NOT_NONE_BARE: u8 = 223;
    pub const LOAD_FAST_BORROW_THEN_ATTR: u8 = 224;
    pub const LOAD_SMALL_INT_THEN_OP: u8 = 225;
    pub const LOAD_FAST_BORROW_PAIR_THEN_OP: u8 = 226;
}

/// The rows of internal instructions, in the form of the opcode table, before all others.
#[doc(hidden)]
#[macro_export]
macro_rules! with_internal_rows {
    ($callback:ident) => {
        $crate::bytecode::for_each_opcode! { $callback, {
            /// Ends a nested run of the interpreter.
            HALT = 212 => HALT, (-- ), [], {};
            /// Calls the debugger, then runs the instruction that it replaces.
            BREAKPOINT = 213 => BREAKPOINT, (-- ), [], {};
            /// CALL_PY_EXACT_ARGS with a receiver: the arguments move up by one slot.
            CALL_PY_EXACT_ARGS_SELF = 214 => CALL, (callable, self_or_null, args[oparg] -- res), [counter: 1, func_version: 2], {HAS_ARG};
            /// STORE_ATTR_INSTANCE_VALUE that adds the attribute: the shape changes.
            STORE_ATTR_ADD_VALUE = 215 => STORE_ATTR, (v, owner --), [counter: 1, version: 2, index: 1], {HAS_ARG};
            /// `float / float`.
            BINARY_OP_TRUE_DIVIDE_FLOAT = 216 => BINARY_OP, (left, right -- res), [counter: 1, descr: 4], {};
            /// `int // int`.
            BINARY_OP_FLOOR_DIVIDE_INT = 217 => BINARY_OP, (left, right -- res), [counter: 1, descr: 4], {};
            /// `int % int`.
            BINARY_OP_REMAINDER_INT = 218 => BINARY_OP, (left, right -- res), [counter: 1, descr: 4], {};
            /// `&`, `|`, `^`, `<<`, `>>` of ints.
            BINARY_OP_BITS_INT = 219 => BINARY_OP, (left, right -- res), [counter: 1, descr: 4], {HAS_ARG};
            /// POP_JUMP_IF_FALSE that no NOT_TAKEN follows.
            POP_JUMP_IF_FALSE_BARE = 220 => POP_JUMP_IF_FALSE_BARE, (cond --), [history: 1], {HAS_ARG HAS_JUMP};
            /// POP_JUMP_IF_TRUE that no NOT_TAKEN follows.
            POP_JUMP_IF_TRUE_BARE = 221 => POP_JUMP_IF_TRUE_BARE, (cond --), [history: 1], {HAS_ARG HAS_JUMP};
            /// POP_JUMP_IF_NONE that no NOT_TAKEN follows.
            POP_JUMP_IF_NONE_BARE = 222 => POP_JUMP_IF_NONE_BARE, (value --), [history: 1], {HAS_ARG HAS_JUMP};
            /// POP_JUMP_IF_NOT_NONE that no NOT_TAKEN follows.
            POP_JUMP_IF_NOT_NONE_BARE = 223 => POP_JUMP_IF_NOT_NONE_BARE, (value --), [history: 1], {HAS_ARG HAS_JUMP};
            /// LOAD_FAST_BORROW with a LOAD_ATTR behind it.
            LOAD_FAST_BORROW_THEN_ATTR = 224 => LOAD_FAST_BORROW_THEN_ATTR, (-- value), [], {HAS_ARG HAS_LOCAL};
            /// LOAD_SMALL_INT with a BINARY_OP or COMPARE_OP behind it.
            LOAD_SMALL_INT_THEN_OP = 225 => LOAD_SMALL_INT_THEN_OP, (-- value), [], {HAS_ARG};
            /// LOAD_FAST_BORROW_LOAD_FAST_BORROW with a BINARY_OP or COMPARE_OP behind it.
            LOAD_FAST_BORROW_PAIR_THEN_OP = 226 => LOAD_FAST_BORROW_PAIR_THEN_OP, (-- value1, value2), [], {HAS_ARG HAS_LOCAL};
        } }
    };
}

/// What a tool that knows CPython's opcodes should see in place of an opcode byte. A breakpoint
/// cannot be told from the byte alone and stays.
pub fn public(opcode: u8) -> u8 {
    use number::*;
    match opcode {
        CALL_PY_EXACT_ARGS_SELF => Opcode::CALL_PY_EXACT_ARGS as u8,
        STORE_ATTR_ADD_VALUE => Opcode::STORE_ATTR_INSTANCE_VALUE as u8,
        BINARY_OP_TRUE_DIVIDE_FLOAT
        | BINARY_OP_FLOOR_DIVIDE_INT
        | BINARY_OP_REMAINDER_INT
        | BINARY_OP_BITS_INT => Opcode::BINARY_OP_EXTEND as u8,
        POP_JUMP_IF_FALSE_BARE => Opcode::POP_JUMP_IF_FALSE as u8,
        POP_JUMP_IF_TRUE_BARE => Opcode::POP_JUMP_IF_TRUE as u8,
        POP_JUMP_IF_NONE_BARE => Opcode::POP_JUMP_IF_NONE as u8,
        POP_JUMP_IF_NOT_NONE_BARE => Opcode::POP_JUMP_IF_NOT_NONE as u8,
        LOAD_FAST_BORROW_THEN_ATTR => Opcode::LOAD_FAST_BORROW as u8,
        LOAD_SMALL_INT_THEN_OP => Opcode::LOAD_SMALL_INT as u8,
        LOAD_FAST_BORROW_PAIR_THEN_OP => Opcode::LOAD_FAST_BORROW_LOAD_FAST_BORROW as u8,
        other => other,
    }
}

/// The form of a conditional jump that no NOT_TAKEN follows; other opcodes as they are.
pub fn bare_jump(op: Opcode) -> u8 {
    use number::*;
    match op {
        Opcode::POP_JUMP_IF_FALSE => POP_JUMP_IF_FALSE_BARE,
        Opcode::POP_JUMP_IF_TRUE => POP_JUMP_IF_TRUE_BARE,
        Opcode::POP_JUMP_IF_NONE => POP_JUMP_IF_NONE_BARE,
        Opcode::POP_JUMP_IF_NOT_NONE => POP_JUMP_IF_NOT_NONE_BARE,
        other => other as u8,
    }
}

/// The adaptive head that an opcode byte falls back to, internal ones included.
pub fn head(opcode: u8) -> u8 {
    match Opcode::from_u8(public(opcode)) {
        Some(op) => op.deopt() as u8,
        None => opcode,
    }
}

#[inline(always)]
pub unsafe fn HALT(_: &mut Regs) -> Flow {
    Flow::Halt
}

#[inline(always)]
pub unsafe fn BREAKPOINT(r: &mut Regs) -> Flow {
    if breakpoint::passes_again(r) {
        return Flow::Again;
    }
    r.save();
    if breakpoint::passes(r.vm()) {
        return Flow::Again;
    }
    breakpoint::hit(r.vm(), r.oparg)
}
