//! What the passes ask of opcodes, in one small table: they ask it of every instruction,
//! several times.

use tailscope_bytecode::opcode::{MIN_INSTRUMENTED_OPCODE, Opcode, OpcodeFlags, Size};

const JUMP: u16 = 1;
const BLOCK_PUSH: u16 = 1 << 1;
const SCOPE_EXIT: u16 = 1 << 2;
const UNCONDITIONAL: u16 = 1 << 3;
const CONDITIONAL: u16 = 1 << 4;
const LOADS_CONST: u16 = 1 << 5;
const EVAL_BREAK: u16 = 1 << 6;
/// Specialized and instrumented opcodes.
const NOT_COMPILED: u16 = 1 << 7;
/// What the peephole optimizer has rules for.
const PEEPHOLE: u16 = 1 << 8;
/// What binds, unbinds or loads a local variable in a way that matters to whether it is bound.
const LOCAL: u16 = 1 << 9;

/// How many values are popped or pushed, as far as a number, a multiple of the oparg and its lowest
/// bit tell: that is all of it for most opcodes.
#[derive(Clone, Copy)]
struct Count {
    base: i8,
    times_oparg: i8,
    times_bit: i8,
    /// There is more to it.
    incomplete: bool,
}

impl Count {
    const NONE: Count = Count {
        base: 0,
        times_oparg: 0,
        times_bit: 0,
        incomplete: false,
    };

    const fn of(items: &[Size]) -> Count {
        let mut count = Count::NONE;
        let mut i = 0;
        while i < items.len() {
            match items[i] {
                Size::One => count.base += 1,
                Size::Oparg => count.times_oparg += 1,
                Size::OpargMinus(n) => {
                    count.times_oparg += 1;
                    count.base -= n as i8;
                }
                Size::OpargTimes(n) => count.times_oparg += n as i8,
                Size::OpargBit0 => count.times_bit += 1,
                Size::OpargLowByte | Size::OpargHighBits => count.incomplete = true,
            }
            i += 1;
        }
        count
    }

    const fn less(self, other: Count) -> Count {
        Count {
            base: self.base - other.base,
            times_oparg: self.times_oparg - other.times_oparg,
            times_bit: self.times_bit - other.times_bit,
            incomplete: self.incomplete || other.incomplete,
        }
    }

    #[inline]
    fn for_oparg(self, oparg: u32) -> i64 {
        if self.times_oparg == 0 && self.times_bit == 0 {
            return i64::from(self.base);
        }
        let oparg = i64::from(oparg);
        i64::from(self.base) + i64::from(self.times_oparg) * oparg + i64::from(self.times_bit) * (oparg & 1)
    }
}

#[derive(Clone, Copy)]
struct Facts {
    bits: u16,
    cache_units: u8,
    popped: Count,
    pushed: Count,
    /// What is pushed less what is popped.
    effect: Count,
}

impl Facts {
    const NONE: Facts = Facts {
        bits: 0,
        cache_units: 0,
        popped: Count::NONE,
        pushed: Count::NONE,
        effect: Count::NONE,
    };

    const fn new(
        op: Opcode,
        family: Opcode,
        flags: OpcodeFlags,
        cache_units: u8,
        inputs: &[Size],
        outputs: &[Size],
    ) -> Facts {
        use Opcode as O;
        let mut bits = match op {
            O::SETUP_FINALLY | O::SETUP_WITH | O::SETUP_CLEANUP => BLOCK_PUSH,
            O::RETURN_VALUE | O::RAISE_VARARGS | O::RERAISE => SCOPE_EXIT,
            O::JUMP
            | O::JUMP_NO_INTERRUPT
            | O::JUMP_FORWARD
            | O::JUMP_BACKWARD
            | O::JUMP_BACKWARD_NO_INTERRUPT => UNCONDITIONAL,
            O::POP_JUMP_IF_FALSE
            | O::POP_JUMP_IF_TRUE
            | O::POP_JUMP_IF_NONE
            | O::POP_JUMP_IF_NOT_NONE => CONDITIONAL,
            O::LOAD_CONST | O::LOAD_SMALL_INT => LOADS_CONST,
            _ => 0,
        };
        if let O::BUILD_TUPLE
        | O::BUILD_LIST
        | O::BUILD_SET
        | O::LIST_APPEND
        | O::SET_ADD
        | O::SWAP
        | O::UNARY_NOT
        | O::UNARY_INVERT
        | O::UNARY_NEGATIVE
        | O::CALL_INTRINSIC_1
        | O::BINARY_OP
        | O::STORE_FAST
        | O::LOAD_GLOBAL
        | O::COMPARE_OP
        | O::CONTAINS_OP
        | O::IS_OP
        | O::TO_BOOL = op
        {
            bits |= PEEPHOLE;
        }
        if let O::DELETE_FAST
        | O::LOAD_FAST_AND_CLEAR
        | O::STORE_FAST_MAYBE_NULL
        | O::STORE_FAST
        | O::LOAD_FAST
        | O::LOAD_FAST_CHECK = op
        {
            bits |= LOCAL;
        }
        if flags.contains(OpcodeFlags::HAS_JUMP) {
            bits |= JUMP;
        }
        if flags.contains(OpcodeFlags::HAS_EVAL_BREAK) {
            bits |= EVAL_BREAK;
        }
        let number = op as u16;
        let instrumented = MIN_INSTRUMENTED_OPCODE as u16 <= number && number < 255;
        if number != family as u16 || instrumented {
            bits |= NOT_COMPILED;
        }
        let (popped, pushed) = (Count::of(inputs), Count::of(outputs));
        Facts {
            bits,
            cache_units,
            popped,
            pushed,
            effect: pushed.less(popped),
        }
    }
}

/// Numbers that an opcode can have, rounded up to a power of two.
const NUMBERS: usize = 512;

macro_rules! define_facts {
    ($(
        $(#[doc = $doc:literal])*
        $name:ident = $number:literal => $family:ident,
        ($($input:ident $([$($input_size:tt)+])?),* -- $($output:ident $([$($output_size:tt)+])?),*),
        [$($entry:ident : $units:literal),*],
        {$($flag:ident)*};
    )*) => {
        static FACTS: [Facts; NUMBERS] = {
            let mut table = [Facts::NONE; NUMBERS];
            $(
                table[$number] = Facts::new(
                    Opcode::$name,
                    Opcode::$family,
                    OpcodeFlags(0)$(.union(OpcodeFlags::$flag))*,
                    0 $(+ $units)*,
                    &[$(tailscope_bytecode::stack_size!($($($input_size)+)?)),*],
                    &[$(tailscope_bytecode::stack_size!($($($output_size)+)?)),*],
                );
            )*
            table
        };
    };
}
tailscope_bytecode::for_each_opcode!(define_facts);

/// A set of opcodes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct OpSet([u64; NUMBERS / 64]);

impl OpSet {
    pub(crate) fn insert(&mut self, op: Opcode) {
        self.0[op as usize % NUMBERS / 64] |= 1 << (op as usize % 64);
    }

    /// Whether it holds one of the opcodes at least.
    pub(crate) fn has_any(&self, ops: &[Opcode]) -> bool {
        ops.iter()
            .any(|&op| self.0[op as usize % NUMBERS / 64] & 1 << (op as usize % 64) != 0)
    }
}

#[inline]
fn facts(op: Opcode) -> &'static Facts {
    &FACTS[op as usize % NUMBERS]
}

#[inline]
fn is(op: Opcode, bits: u16) -> bool {
    facts(op).bits & bits != 0
}

/// Whether the instruction opens a protected region: its target is the handler.
pub(crate) fn is_block_push(op: Opcode) -> bool {
    is(op, BLOCK_PUSH)
}

/// Whether the instruction jumps, conditionally or not.
pub(crate) fn has_jump(op: Opcode) -> bool {
    is(op, JUMP)
}

/// Whether the instruction's argument is a block.
pub(crate) fn has_target(op: Opcode) -> bool {
    is(op, JUMP | BLOCK_PUSH)
}

/// Whether a block ends or something else begins with the instruction, or it must not be there.
#[inline]
pub(crate) fn shapes_graph(op: Opcode) -> bool {
    is(op, JUMP | BLOCK_PUSH | SCOPE_EXIT | NOT_COMPILED)
}

/// Whether the instruction leaves the scope.
pub(crate) fn is_scope_exit(op: Opcode) -> bool {
    is(op, SCOPE_EXIT)
}

pub(crate) fn is_unconditional_jump(op: Opcode) -> bool {
    is(op, UNCONDITIONAL)
}

/// Whether control never goes on to the next instruction.
pub(crate) fn ends_flow(op: Opcode) -> bool {
    is(op, SCOPE_EXIT | UNCONDITIONAL)
}

/// Whether the instruction must be the last of its block.
pub(crate) fn is_terminator(op: Opcode) -> bool {
    is(op, JUMP | SCOPE_EXIT)
}

/// The conditional jumps of the finished code; `JUMP_IF_*` have been lowered to them.
pub(crate) fn is_conditional_jump(op: Opcode) -> bool {
    is(op, CONDITIONAL)
}

/// Whether the instruction pushes a constant that is known here.
pub(crate) fn loads_const(op: Opcode) -> bool {
    is(op, LOADS_CONST)
}

/// Whether the peephole optimizer may have something to do for the instruction.
pub(crate) fn is_optimizable(op: Opcode) -> bool {
    is(op, PEEPHOLE | JUMP)
}

/// Whether the instruction binds, unbinds or loads a local variable, and minds whether it is bound.
pub(crate) fn accesses_local(op: Opcode) -> bool {
    is(op, LOCAL)
}

/// Whether the instruction looks after pending events.
pub(crate) fn has_eval_break(op: Opcode) -> bool {
    is(op, EVAL_BREAK)
}

/// Whether the opcode appears in running code only.
pub(crate) fn is_runtime_only(op: Opcode) -> bool {
    is(op, NOT_COMPILED)
}

/// Size of the inline cache in code units.
pub(crate) fn cache_units(op: Opcode) -> u32 {
    u32::from(facts(op).cache_units)
}

/// Number of values popped.
#[inline]
pub(crate) fn popped(op: Opcode, arg: u32) -> i64 {
    match facts(op).popped {
        count if count.incomplete => op.effect().popped(arg),
        count => count.for_oparg(arg),
    }
}

/// Number of values pushed; by a block push, in the handler.
#[inline]
pub(crate) fn pushed(op: Opcode, arg: u32) -> i64 {
    match facts(op).pushed {
        count if count.incomplete => op.effect().pushed(arg),
        count => count.for_oparg(arg),
    }
}

/// Change of the stack's depth where a jump is taken, or the handler of a block push entered.
#[inline]
pub(crate) fn effect_on_jump(op: Opcode, arg: u32) -> i64 {
    match facts(op).effect {
        count if count.incomplete => op.effect().pushed(arg) - op.effect().popped(arg),
        count => count.for_oparg(arg),
    }
}

/// Change of the stack's depth where control goes on to the next instruction.
#[inline]
pub(crate) fn effect(op: Opcode, arg: u32) -> i64 {
    if is_block_push(op) {
        0
    } else {
        effect_on_jump(op, arg)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_agrees_with_the_opcode_table() {
        for &op in Opcode::ALL {
            assert_eq!(has_jump(op), op.has_jump(), "{op}");
            assert_eq!(has_eval_break(op), op.has_eval_break(), "{op}");
            assert_eq!(cache_units(op) as usize, op.cache_units(), "{op}");
            assert_eq!(
                is_runtime_only(op),
                op.is_specialized() || op.is_instrumented(),
                "{op}"
            );
            for arg in 2..5 {
                let expected = |jump| i64::from(op.stack_effect(arg, Some(jump)));
                assert_eq!(effect(op, arg), expected(false), "{op}");
                assert_eq!(effect_on_jump(op, arg), expected(true), "{op}");
            }
        }
    }
}
