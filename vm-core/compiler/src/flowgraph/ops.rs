//! What the passes ask of opcodes, in one small table: they ask it of every instruction,
//! several times.

use tailscope_bytecode::opcode::{MIN_INSTRUMENTED_OPCODE, Opcode, OpcodeFlags, Size};

use crate::instr::Instr;

/// Kinds of instructions, as a set: what an opcode is, or what there may be in a block or graph.
/// Passes skip what has nothing for them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Kinds(u64);

impl Kinds {
    pub(crate) const NONE: Kinds = Kinds(0);
    pub(crate) const JUMP: Kinds = Kinds(1);
    pub(crate) const BLOCK_PUSH: Kinds = Kinds(1 << 1);
    const SCOPE_EXIT: Kinds = Kinds(1 << 2);
    pub(crate) const UNCONDITIONAL_JUMP: Kinds = Kinds(1 << 3);
    const CONDITIONAL_JUMP: Kinds = Kinds(1 << 4);
    const EVAL_BREAK: Kinds = Kinds(1 << 6);
    /// Specialized and instrumented opcodes.
    const NOT_COMPILED: Kinds = Kinds(1 << 7);
    /// What binds, unbinds or loads a local variable in a way that matters to whether it is bound.
    pub(crate) const LOCAL: Kinds = Kinds(1 << 9);
    pub(crate) const NOP: Kinds = Kinds(1 << 10);
    pub(crate) const POP_TOP: Kinds = Kinds(1 << 11);
    pub(crate) const POP_BLOCK: Kinds = Kinds(1 << 12);
    /// What may leave a local variable unbound.
    pub(crate) const UNBINDS: Kinds = Kinds(1 << 13);
    /// Conditional jumps that keep the value: JUMP_IF_TRUE and JUMP_IF_FALSE.
    pub(crate) const KEEPING_JUMP: Kinds = Kinds(1 << 15);
    /// LOAD_FAST, and LOAD_CLOSURE, which becomes one.
    pub(crate) const LOADS_LOCAL: Kinds = Kinds(1 << 19);
    /// LOAD_CLOSURE and STORE_FAST_MAYBE_NULL.
    pub(crate) const PSEUDO_LOCAL: Kinds = Kinds(1 << 16);
    /// What names a cell or free variable.
    pub(crate) const CELL: Kinds = Kinds(1 << 17);
    const PLACEHOLDER: Kinds = Kinds(1 << 18);
    /// What the pass for borrowed loads has rules for. A block push pushes in the handler only.
    const FOLLOWS_VALUES: Kinds = Kinds(1 << 20);
    /// What may make the load of a local keep a reference of its own: it unbinds a local, or moves a
    /// value down the stack. Other instructions leave what they do not consume where it is, or above.
    pub(crate) const KEEPS_LOCAL: Kinds = Kinds(1 << 14);
    /// What the peephole optimizer has rules for, jumps and those two apart that are frequent: for a
    /// STORE_FAST and a LOAD_GLOBAL there is one only if a STORE_FAST or a PUSH_NULL comes behind.
    pub(crate) const PEEPHOLE: Kinds = Kinds(1 << 21);
    pub(crate) const LOADS_CONST: Kinds = Kinds(1 << 24);
    /// What [`shapes_blocks`].
    const SHAPING: Kinds =
        Kinds::JUMP.or(Kinds::BLOCK_PUSH).or(Kinds::SCOPE_EXIT).or(Kinds::NOT_COMPILED).or(Kinds::PLACEHOLDER);
    /// Not of an opcode, but of an instruction: it has no line.
    pub(crate) const NO_LINE: Kinds = Kinds(1 << 31);

    // Not of an instruction, but of two that follow each other in a block: there is a rule for them. What
    // may be the first of two and what the second has bits of its own, a fixed distance away.

    /// A STORE_FAST or LOAD_GLOBAL with what it can be shortened with.
    pub(crate) const SHORTENED: Kinds = Kinds(1 << 48);
    /// A constant, and what may be decided by it.
    pub(crate) const CONST_USED: Kinds = Kinds(1 << 49);
    /// Loads and stores of locals that a superinstruction does together.
    pub(crate) const JOINED: Kinds = Kinds(0b11 << 50);
    const LOAD_JOINED: Kinds = Kinds(1 << 50);
    const STORE_JOINED: Kinds = Kinds(1 << 51);
    const PAIRS: Kinds = Kinds::SHORTENED.or(Kinds::CONST_USED).or(Kinds::JOINED);
    const TO_SECOND: u32 = 8;
    const TO_PAIR: u32 = 16;

    /// What is the first of such two.
    const fn first_of(pair: Kinds) -> Kinds {
        Kinds(pair.0 >> Kinds::TO_PAIR)
    }

    /// What is the second of such two.
    const fn second_of(pair: Kinds) -> Kinds {
        Kinds(pair.0 >> Kinds::TO_PAIR << Kinds::TO_SECOND)
    }

    /// What two instructions are together.
    #[inline]
    pub(crate) fn of_pair(first: &Instr, second: &Instr) -> Kinds {
        let both = kinds(first.op).0 & kinds(second.op).0 >> Kinds::TO_SECOND;
        Kinds(both << Kinds::TO_PAIR).and(Kinds::PAIRS)
    }

    /// What an instruction is.
    #[inline]
    pub(crate) fn of(instr: &Instr) -> Kinds {
        // The sign of the line is the bit.
        kinds(instr.op).or(Kinds(u64::from(instr.loc.line as u32)).and(Kinds::NO_LINE))
    }

    /// What a block of instructions is that begins with the first of these, and ends where `begins` has
    /// something else than `nothing` for the next; and how many instructions it has.
    #[inline(always)]
    pub(crate) fn of_block<T: PartialEq>(code: &[Instr], begins: &[T], nothing: T) -> (Kinds, usize) {
        let Some((first, others)) = code.split_first() else { return (Kinds::NONE, 0) };
        let mut before = kinds(first.op);
        let (mut all, mut lines, mut pairs) = (before, first.loc.line, 0);
        let mut len = 1;
        for (instr, begin) in others.iter().zip(begins) {
            if *begin != nothing {
                break;
            }
            let its = kinds(instr.op);
            all.insert(its);
            pairs |= before.0 & its.0 >> Kinds::TO_SECOND;
            lines |= instr.loc.line;
            before = its;
            len += 1;
        }
        let no_line = Kinds(u64::from(lines as u32)).and(Kinds::NO_LINE);
        let pairs = Kinds(pairs << Kinds::TO_PAIR).and(Kinds::PAIRS);
        (all.or(no_line).or(pairs), len)
    }

    pub(crate) const fn or(self, other: Kinds) -> Kinds {
        Kinds(self.0 | other.0)
    }

    const fn and(self, other: Kinds) -> Kinds {
        Kinds(self.0 & other.0)
    }

    /// Adds kinds.
    #[inline]
    pub(crate) fn insert(&mut self, other: Kinds) {
        self.0 |= other.0;
    }

    #[inline]
    pub(crate) fn remove(&mut self, other: Kinds) {
        self.0 &= !other.0;
    }

    /// Whether there is one of the others at least.
    #[inline]
    pub(crate) const fn has(self, others: Kinds) -> bool {
        self.0 & others.0 != 0
    }

    /// What follows from an opcode alone, flags apart.
    const fn of_opcode(op: Opcode) -> Kinds {
        let kinds = Kinds::by_purpose(op).or(Kinds::in_pairs(op)).or(Kinds::for_borrowing(op));
        if Kinds::follows_values(op) { kinds.or(Kinds::FOLLOWS_VALUES) } else { kinds }
    }

    const fn for_borrowing(op: Opcode) -> Kinds {
        use Opcode as O;
        match op {
            O::STORE_FAST
            | O::STORE_FAST_LOAD_FAST
            | O::STORE_FAST_STORE_FAST
            | O::STORE_FAST_MAYBE_NULL
            | O::DELETE_FAST
            | O::LOAD_FAST_AND_CLEAR
            | O::SWAP
            | O::END_SEND
            | O::SET_FUNCTION_ATTRIBUTE
            | O::LOAD_SUPER_ATTR
            | O::LOAD_SPECIAL
            | O::PUSH_EXC_INFO => Kinds::KEEPS_LOCAL,
            _ => Kinds::NONE,
        }
    }

    /// Which pairs the opcode may be the first or second of.
    const fn in_pairs(op: Opcode) -> Kinds {
        use Opcode as O;
        match op {
            O::LOAD_GLOBAL => Kinds::first_of(Kinds::SHORTENED),
            O::PUSH_NULL => Kinds::second_of(Kinds::SHORTENED),
            O::LOAD_FAST => Kinds::first_of(Kinds::LOAD_JOINED).or(Kinds::second_of(Kinds::JOINED)),
            O::STORE_FAST => Kinds::first_of(Kinds::STORE_JOINED)
                .or(Kinds::second_of(Kinds::STORE_JOINED))
                .or(Kinds::first_of(Kinds::SHORTENED))
                .or(Kinds::second_of(Kinds::SHORTENED)),
            O::LOAD_CONST | O::LOAD_SMALL_INT => Kinds::first_of(Kinds::CONST_USED),
            O::POP_JUMP_IF_FALSE
            | O::POP_JUMP_IF_TRUE
            | O::JUMP_IF_FALSE
            | O::JUMP_IF_TRUE
            | O::IS_OP
            | O::TO_BOOL
            | O::COPY => Kinds::second_of(Kinds::CONST_USED),
            _ => Kinds::NONE,
        }
    }

    const fn follows_values(op: Opcode) -> bool {
        use Opcode as O;
        matches!(
            op,
            O::DELETE_FAST
                | O::LOAD_FAST
                | O::LOAD_FAST_AND_CLEAR
                | O::LOAD_FAST_LOAD_FAST
                | O::STORE_FAST
                | O::STORE_FAST_LOAD_FAST
                | O::STORE_FAST_STORE_FAST
                | O::COPY
                | O::SWAP
                | O::FORMAT_SIMPLE
                | O::GET_ANEXT
                | O::GET_LEN
                | O::GET_YIELD_FROM_ITER
                | O::IMPORT_FROM
                | O::MATCH_KEYS
                | O::MATCH_MAPPING
                | O::MATCH_SEQUENCE
                | O::WITH_EXCEPT_START
                | O::DICT_MERGE
                | O::DICT_UPDATE
                | O::LIST_APPEND
                | O::LIST_EXTEND
                | O::MAP_ADD
                | O::RERAISE
                | O::SET_ADD
                | O::SET_UPDATE
                | O::END_SEND
                | O::SET_FUNCTION_ATTRIBUTE
                | O::CHECK_EXC_MATCH
                | O::FOR_ITER
                | O::LOAD_ATTR
                | O::LOAD_SUPER_ATTR
                | O::LOAD_SPECIAL
                | O::PUSH_EXC_INFO
                | O::SEND
                | O::SETUP_FINALLY
                | O::SETUP_WITH
                | O::SETUP_CLEANUP
        )
    }

    const fn by_purpose(op: Opcode) -> Kinds {
        use Opcode as O;
        match op {
            O::SETUP_FINALLY | O::SETUP_WITH | O::SETUP_CLEANUP => Kinds::BLOCK_PUSH,
            O::POP_BLOCK => Kinds::POP_BLOCK,
            O::RETURN_VALUE | O::RAISE_VARARGS | O::RERAISE => Kinds::SCOPE_EXIT,
            O::JUMP
            | O::JUMP_NO_INTERRUPT
            | O::JUMP_FORWARD
            | O::JUMP_BACKWARD
            | O::JUMP_BACKWARD_NO_INTERRUPT => Kinds::UNCONDITIONAL_JUMP,
            O::POP_JUMP_IF_FALSE
            | O::POP_JUMP_IF_TRUE
            | O::POP_JUMP_IF_NONE
            | O::POP_JUMP_IF_NOT_NONE => Kinds::CONDITIONAL_JUMP,
            O::JUMP_IF_FALSE | O::JUMP_IF_TRUE => Kinds::KEEPING_JUMP,
            O::LOAD_CONST | O::LOAD_SMALL_INT => Kinds::LOADS_CONST,
            O::NOP => Kinds::NOP,
            O::POP_TOP => Kinds::POP_TOP,
            O::ANNOTATIONS_PLACEHOLDER => Kinds::PLACEHOLDER,
            O::LOAD_FAST => Kinds::LOCAL.or(Kinds::LOADS_LOCAL),
            O::STORE_FAST => Kinds::LOCAL,
            O::LOAD_FAST_CHECK => Kinds::LOCAL,
            O::DELETE_FAST | O::LOAD_FAST_AND_CLEAR => Kinds::LOCAL.or(Kinds::UNBINDS),
            O::STORE_FAST_MAYBE_NULL => Kinds::LOCAL.or(Kinds::UNBINDS).or(Kinds::PSEUDO_LOCAL),
            O::LOAD_CLOSURE => Kinds::PSEUDO_LOCAL.or(Kinds::CELL).or(Kinds::LOADS_LOCAL),
            O::MAKE_CELL
            | O::LOAD_DEREF
            | O::STORE_DEREF
            | O::DELETE_DEREF
            | O::LOAD_FROM_DICT_OR_DEREF => Kinds::CELL,
            O::BUILD_TUPLE
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
            // It becomes a SWAP, behind a BUILD_TUPLE.
            | O::UNPACK_SEQUENCE
            | O::COMPARE_OP
            | O::CONTAINS_OP
            | O::IS_OP
            | O::TO_BOOL => Kinds::PEEPHOLE,
            _ => Kinds::NONE,
        }
    }
}

/// How many values are popped or pushed.
#[derive(Clone, Copy)]
struct Count {
    base: i8,
    /// A multiple of the oparg and its lowest bit are added.
    times_oparg: i8,
    times_bit: i8,
    /// There is more to it.
    is_other: bool,
}

impl Count {
    const NONE: Count = Count {
        base: 0,
        times_oparg: 0,
        times_bit: 0,
        is_other: false,
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
                Size::OpargLowByte | Size::OpargHighBits => count.is_other = true,
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
            is_other: self.is_other || other.is_other,
        }
    }

    /// The number for an oparg; what is not linear, `other` tells. Not to tell the constant ones
    /// apart is faster than to guess wrong.
    #[inline(always)]
    fn for_oparg(self, oparg: u32, other: impl FnOnce() -> i64) -> i64 {
        if self.is_other {
            return other();
        }
        let (base, oparg) = (i64::from(self.base), i64::from(oparg));
        base + i64::from(self.times_oparg) * oparg + i64::from(self.times_bit) * (oparg & 1)
    }
}

#[derive(Clone, Copy)]
struct Facts {
    kinds: Kinds,
    cache_units: u8,
    popped: Count,
    pushed: Count,
    /// What is pushed less what is popped.
    effect: Count,
}

impl Facts {
    const NONE: Facts = Facts {
        kinds: Kinds::NONE,
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
        let mut kinds = Kinds::of_opcode(op);
        if flags.contains(OpcodeFlags::HAS_JUMP) {
            kinds = kinds.or(Kinds::JUMP);
        }
        if flags.contains(OpcodeFlags::HAS_EVAL_BREAK) {
            kinds = kinds.or(Kinds::EVAL_BREAK);
        }
        let number = op as u16;
        let instrumented = MIN_INSTRUMENTED_OPCODE as u16 <= number && number < 255;
        if number != family as u16 || instrumented {
            kinds = kinds.or(Kinds::NOT_COMPILED);
        }
        let (popped, pushed) = (Count::of(inputs), Count::of(outputs));
        if popped.is_other || pushed.is_other {
            kinds = kinds.or(Kinds::FOLLOWS_VALUES);
        }
        Facts {
            kinds,
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
        const FACTS: [Facts; NUMBERS] = {
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

// What is asked for alone stands in a table alone: an address in it takes fewer steps.

static KINDS: [Kinds; NUMBERS] = {
    let mut table = [Kinds::NONE; NUMBERS];
    let mut i = 0;
    while i < NUMBERS {
        table[i] = FACTS[i].kinds;
        i += 1;
    }
    table
};

static CACHE_UNITS: [u8; NUMBERS] = {
    let mut table = [0; NUMBERS];
    let mut i = 0;
    while i < NUMBERS {
        table[i] = FACTS[i].cache_units;
        i += 1;
    }
    table
};

/// How the depth of the stack changes.
static EFFECTS: [Count; NUMBERS] = {
    let mut table = [Count::NONE; NUMBERS];
    let mut i = 0;
    while i < NUMBERS {
        table[i] = FACTS[i].effect;
        i += 1;
    }
    table
};

/// How many values are popped, in the lower half of each number, and pushed, in the upper one: both are
/// computed at once.
#[derive(Clone, Copy)]
struct Moved {
    base: u64,
    /// Multiples of the oparg, and of its lowest bit, that are added.
    times_oparg: u64,
    times_bit: u64,
}

static MOVED: [Moved; NUMBERS] = {
    const fn both(popped: i8, pushed: i8) -> u64 {
        (popped as i64 as u64).wrapping_add((pushed as i64 as u64) << 32)
    }
    let mut table = [Moved { base: 0, times_oparg: 0, times_bit: 0 }; NUMBERS];
    let mut i = 0;
    while i < NUMBERS {
        let Facts { popped, pushed, .. } = FACTS[i];
        table[i] = Moved {
            base: both(popped.base, pushed.base),
            times_oparg: both(popped.times_oparg, pushed.times_oparg),
            times_bit: both(popped.times_bit, pushed.times_bit),
        };
        i += 1;
    }
    table
};

#[inline]
fn kinds(op: Opcode) -> Kinds {
    KINDS[op as usize % NUMBERS]
}

#[inline]
fn is(op: Opcode, wanted: Kinds) -> bool {
    kinds(op).has(wanted)
}

/// The first place from `from` on that the peephole optimizer may have something to do at, jumps apart,
/// and how many instructions it is about.
#[inline(always)]
pub(crate) fn next_optimizable(code: &[Instr], from: usize) -> Option<(usize, usize)> {
    let mut before = from.checked_sub(1).map_or(Kinds::NONE, |i| kinds(code[i].op));
    for (i, instr) in code.iter().enumerate().skip(from) {
        let its = kinds(instr.op);
        if its.has(Kinds::PEEPHOLE) {
            return Some((i, 1));
        }
        if i > 0 && before.0 & its.0 >> Kinds::TO_SECOND & Kinds::first_of(Kinds::SHORTENED).0 != 0 {
            return Some((i - 1, 2));
        }
        before = its;
    }
    None
}

/// Whether a block ends or something else begins with the instruction, or it must not be there.
#[inline]
pub(crate) fn shapes_blocks(op: Opcode) -> bool {
    is(op, Kinds::SHAPING)
}

/// Whether the instruction opens a protected region: its target is the handler.
pub(crate) fn is_block_push(op: Opcode) -> bool {
    is(op, Kinds::BLOCK_PUSH)
}

/// Whether the instruction jumps, conditionally or not.
pub(crate) fn has_jump(op: Opcode) -> bool {
    is(op, Kinds::JUMP)
}

/// Whether the instruction's argument is a block.
pub(crate) fn has_target(op: Opcode) -> bool {
    is(op, Kinds::JUMP.or(Kinds::BLOCK_PUSH))
}

/// Whether the instruction leaves the scope.
pub(crate) fn is_scope_exit(op: Opcode) -> bool {
    is(op, Kinds::SCOPE_EXIT)
}

pub(crate) fn is_unconditional_jump(op: Opcode) -> bool {
    is(op, Kinds::UNCONDITIONAL_JUMP)
}

/// Whether control never goes on to the next instruction.
pub(crate) fn ends_flow(op: Opcode) -> bool {
    is(op, Kinds::SCOPE_EXIT.or(Kinds::UNCONDITIONAL_JUMP))
}

/// Whether the instruction must be the last of its block.
pub(crate) fn is_terminator(op: Opcode) -> bool {
    is(op, Kinds::JUMP.or(Kinds::SCOPE_EXIT))
}

/// The conditional jumps of the finished code; `JUMP_IF_*` have been lowered to them.
pub(crate) fn is_conditional_jump(op: Opcode) -> bool {
    is(op, Kinds::CONDITIONAL_JUMP)
}

/// Whether the instruction pushes a constant that is known here.
pub(crate) fn loads_const(op: Opcode) -> bool {
    is(op, Kinds::LOADS_CONST)
}

/// Whether the instruction binds, unbinds or loads a local variable, and minds whether it is bound.
pub(crate) fn accesses_local(op: Opcode) -> bool {
    is(op, Kinds::LOCAL)
}

/// Whether what becomes of a borrowed value depends on the instruction in a way of its own.
#[inline]
pub(crate) fn follows_values(op: Opcode) -> bool {
    is(op, Kinds::FOLLOWS_VALUES)
}

/// Whether the instruction looks after pending events.
pub(crate) fn has_eval_break(op: Opcode) -> bool {
    is(op, Kinds::EVAL_BREAK)
}

/// Whether the opcode appears in running code only.
pub(crate) fn is_runtime_only(op: Opcode) -> bool {
    is(op, Kinds::NOT_COMPILED)
}

/// Size of the inline cache in code units.
pub(crate) fn cache_units(op: Opcode) -> u32 {
    u32::from(CACHE_UNITS[op as usize % NUMBERS])
}

/// How many values are popped and pushed by an instruction that does not [`follows_values`].
#[inline(always)]
pub(crate) fn moved(op: Opcode, arg: u32) -> (usize, usize) {
    let Moved { base, times_oparg, times_bit } = MOVED[op as usize % NUMBERS];
    let by_oparg = times_oparg.wrapping_mul(u64::from(arg));
    let both = base.wrapping_add(by_oparg).wrapping_add(times_bit.wrapping_mul(u64::from(arg & 1)));
    (both as u32 as usize, (both >> 32) as usize)
}

/// Change of the stack's depth where a jump is taken, or the handler of a block push entered.
#[inline]
pub(crate) fn effect_on_jump(op: Opcode, arg: u32) -> i64 {
    let other = || op.effect().pushed(arg) - op.effect().popped(arg);
    EFFECTS[op as usize % NUMBERS].for_oparg(arg, other)
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
                if !follows_values(op) {
                    let effect = op.effect();
                    let numbers = (effect.popped(arg) as usize, effect.pushed(arg) as usize);
                    assert_eq!(moved(op, arg), numbers, "{op}");
                }
            }
        }
    }
}
