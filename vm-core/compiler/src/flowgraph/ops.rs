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

/// A stack effect that depends on the oparg.
const BY_OPARG: i8 = -1;

#[derive(Clone, Copy)]
struct Facts {
    bits: u16,
    cache_units: u8,
    popped: i8,
    pushed: i8,
}

impl Facts {
    const NONE: Facts = Facts {
        bits: 0,
        cache_units: 0,
        popped: 0,
        pushed: 0,
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
        Facts {
            bits,
            cache_units,
            popped: count(inputs),
            pushed: count(outputs),
        }
    }
}

/// How many values the items stand for, unless that depends on the oparg.
const fn count(items: &[Size]) -> i8 {
    let mut i = 0;
    while i < items.len() {
        if !matches!(items[i], Size::One) {
            return BY_OPARG;
        }
        i += 1;
    }
    i as i8
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

fn facts(op: Opcode) -> &'static Facts {
    &FACTS[op as usize % NUMBERS]
}

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
pub(crate) fn popped(op: Opcode, arg: u32) -> i64 {
    match facts(op).popped {
        BY_OPARG => op.effect().popped(arg),
        count => i64::from(count),
    }
}

/// Number of values pushed; by a block push, in the handler.
pub(crate) fn pushed(op: Opcode, arg: u32) -> i64 {
    match facts(op).pushed {
        BY_OPARG => op.effect().pushed(arg),
        count => i64::from(count),
    }
}

/// Change of the stack's depth where a jump is taken, or the handler of a block push entered.
pub(crate) fn effect_on_jump(op: Opcode, arg: u32) -> i64 {
    pushed(op, arg) - popped(op, arg)
}

/// Change of the stack's depth where control goes on to the next instruction.
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
