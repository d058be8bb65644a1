//! Opcodes: their names, numbers, stack effects, inline caches and flags, from the table.
//!
//! Everything in [`OpcodeInfo`] is as CPython 3.14 has it; `tests/oracle_table.rs` compares.

use std::fmt;

pub use crate::oparg::*;

/// How many values a stack item stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// One value.
    One,
    /// `oparg` values.
    Oparg,
    /// `oparg - n` values.
    OpargMinus(u8),
    /// `oparg * n` values.
    OpargTimes(u8),
    /// One value if the low bit of oparg is set, else none.
    OpargBit0,
    /// `oparg & 0xFF` values.
    OpargLowByte,
    /// `oparg >> 8` values.
    OpargHighBits,
}

impl Size {
    /// The number of values for a given oparg; negative where the oparg makes no sense
    /// (`SWAP 1`), as in CPython.
    pub const fn count(self, oparg: u32) -> i64 {
        let oparg = oparg as i64;
        match self {
            Size::One => 1,
            Size::Oparg => oparg,
            Size::OpargMinus(n) => oparg - n as i64,
            Size::OpargTimes(n) => oparg * n as i64,
            Size::OpargBit0 => oparg & 1,
            Size::OpargLowByte => oparg & 0xFF,
            Size::OpargHighBits => oparg >> 8,
        }
    }

    /// The size as written in the table, empty for a single value.
    const fn suffix(self) -> &'static str {
        match self {
            Size::One => "",
            Size::Oparg => "[oparg]",
            Size::OpargMinus(1) => "[oparg - 1]",
            Size::OpargMinus(_) => "[oparg - 2]",
            Size::OpargTimes(_) => "[oparg * 2]",
            Size::OpargBit0 => "[oparg & 1]",
            Size::OpargLowByte => "[oparg & 0xFF]",
            Size::OpargHighBits => "[oparg >> 8]",
        }
    }
}

/// A named input or output of an instruction on the value stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StackItem {
    pub name: &'static str,
    pub size: Size,
}

impl fmt::Display for StackItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.name, self.size.suffix())
    }
}

/// What an instruction takes from the value stack and leaves there, the top last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StackEffect {
    pub inputs: &'static [StackItem],
    pub outputs: &'static [StackItem],
}

impl StackEffect {
    /// Number of values popped.
    pub fn popped(&self, oparg: u32) -> i64 {
        self.inputs.iter().map(|item| item.size.count(oparg)).sum()
    }

    /// Number of values pushed.
    pub fn pushed(&self, oparg: u32) -> i64 {
        self.outputs.iter().map(|item| item.size.count(oparg)).sum()
    }
}

/// As in the table: `(left, right -- res)`.
impl fmt::Display for StackEffect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(")?;
        for (i, item) in self.inputs.iter().enumerate() {
            write!(f, "{}{item}", if i > 0 { ", " } else { "" })?;
        }
        f.write_str(if self.inputs.is_empty() { "--" } else { " --" })?;
        for (i, item) in self.outputs.iter().enumerate() {
            write!(f, "{}{item}", if i > 0 { ", " } else { " " })?;
        }
        f.write_str(")")
    }
}

/// One entry of an inline cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheEntry {
    pub name: &'static str,
    /// Size in code units of 2 bytes.
    pub units: u8,
}

/// A set of `HAS_*` flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct OpcodeFlags(pub u32);

impl OpcodeFlags {
    /// Its oparg means something.
    pub const HAS_ARG: Self = Self(1);
    /// The oparg is an index into `co_consts`.
    pub const HAS_CONST: Self = Self(1 << 1);
    /// The oparg holds an index into `co_names`.
    pub const HAS_NAME: Self = Self(1 << 2);
    /// The oparg is a distance to jump.
    pub const HAS_JUMP: Self = Self(1 << 3);
    /// The oparg is the slot of a cell or free variable.
    pub const HAS_FREE: Self = Self(1 << 4);
    /// The oparg is the slot of a local variable.
    pub const HAS_LOCAL: Self = Self(1 << 5);
    /// It looks after pending events (signals, switching of threads).
    pub const HAS_EVAL_BREAK: Self = Self(1 << 6);
    /// A guard may send it back to its family's head.
    pub const HAS_DEOPT: Self = Self(1 << 7);
    /// It may raise.
    pub const HAS_ERROR: Self = Self(1 << 8);
    /// It may run arbitrary code (a method in Python, a finalizer).
    pub const HAS_ESCAPES: Self = Self(1 << 9);
    /// A guard may leave through a side exit in tier 2 (in tier 1: deopt).
    pub const HAS_EXIT: Self = Self(1 << 10);
    /// It touches nothing but its operands.
    pub const HAS_PURE: Self = Self(1 << 11);
    /// Its inputs are left on the stack as they are.
    pub const HAS_PASSTHROUGH: Self = Self(1 << 12);
    /// Only the low bit of its oparg matters.
    pub const HAS_OPARG_AND_1: Self = Self(1 << 13);
    /// When it raises, its inputs may still be on the stack.
    pub const HAS_ERROR_NO_POP: Self = Self(1 << 14);
    /// It does not record its position in the frame.
    pub const HAS_NO_SAVE_IP: Self = Self(1 << 15);
    /// A pseudo-opcode that opens a block with a handler.
    pub const HAS_EXC: Self = Self(1 << 16);

    /// Whether all flags of `other` are set here.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Both sets together.
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// All that the table says about an opcode.
#[derive(Debug)]
pub struct OpcodeInfo {
    pub opcode: Opcode,
    pub name: &'static str,
    pub doc: &'static str,
    /// Head of the family: where a specialized opcode falls back to, else the opcode itself.
    pub family: Opcode,
    pub effect: StackEffect,
    pub caches: &'static [CacheEntry],
    pub cache_units: u8,
    pub flags: OpcodeFlags,
}

macro_rules! define_opcodes {
    ($(
        #[doc = $doc:literal]
        $name:ident = $number:literal => $family:ident,
        ($($input:ident $([$($input_size:tt)+])?),* -- $($output:ident $([$($output_size:tt)+])?),*),
        [$($entry:ident : $units:literal),*],
        {$($flag:ident)*};
    )*) => {
        /// An instruction's operation, numbered as in CPython 3.14.
        #[allow(non_camel_case_types, clippy::upper_case_acronyms)]
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u16)]
        pub enum Opcode {
            $(#[doc = $doc] $name = $number,)*
        }

        impl Opcode {
            /// Every opcode, in the order of the table.
            pub const ALL: &'static [Opcode] = &[$(Opcode::$name),*];
        }

        static INFOS: &[OpcodeInfo] = &[$(
            OpcodeInfo {
                opcode: Opcode::$name,
                name: stringify!($name),
                doc: $doc.trim_ascii(),
                family: Opcode::$family,
                effect: StackEffect {
                    inputs: &[$(StackItem {
                        name: stringify!($input),
                        size: $crate::stack_size!($($($input_size)+)?),
                    }),*],
                    outputs: &[$(StackItem {
                        name: stringify!($output),
                        size: $crate::stack_size!($($($output_size)+)?),
                    }),*],
                },
                caches: &[$(CacheEntry { name: stringify!($entry), units: $units }),*],
                cache_units: 0 $(+ $units)*,
                flags: OpcodeFlags(0)$(.union(OpcodeFlags::$flag))*,
            },
        )*];
    };
}
crate::for_each_opcode!(define_opcodes);

/// Numbers up to the last pseudo-opcode.
const NUMBERS: usize = 267;

/// Index into `INFOS` by number; `u16::MAX` where there is no opcode.
static BY_NUMBER: [u16; NUMBERS] = {
    let mut table = [u16::MAX; NUMBERS];
    let mut i = 0;
    while i < INFOS_LEN {
        table[Opcode::ALL[i] as usize] = i as u16;
        i += 1;
    }
    table
};
const INFOS_LEN: usize = Opcode::ALL.len();

/// Family heads by byte; used where the code of a running function is read.
static DEOPT: [u8; 256] = {
    let mut table = [0u8; 256];
    let mut i = 0;
    while i < 256 {
        table[i] = i as u8;
        i += 1;
    }
    let mut i = 0;
    while i < INFOS_LEN {
        let number = Opcode::ALL[i] as usize;
        if number < 256 {
            table[number] = FAMILIES[i] as u8;
        }
        i += 1;
    }
    table
};

macro_rules! define_families {
    ($(
        #[doc = $doc:literal]
        $name:ident = $number:literal => $family:ident,
        ($($effect:tt)*), [$($cache:tt)*], {$($flag:ident)*};
    )*) => {
        const FAMILIES: &[Opcode] = &[$(Opcode::$family),*];
    };
}
crate::for_each_opcode!(define_families);

/// Opcodes from here on are instrumented forms (CPython's `MIN_INSTRUMENTED_OPCODE`).
pub const MIN_INSTRUMENTED_OPCODE: u8 = 234;
/// Base opcodes above this number use their oparg (CPython's `HAVE_ARGUMENT`).
pub const HAVE_ARGUMENT: u8 = 43;
/// The magic number of `.pyc` files whose code these opcodes are.
pub const MAGIC_NUMBER: u16 = 3627;

impl Opcode {
    /// The opcode of a code unit's first byte; `None` for the numbers that CPython leaves unused.
    pub fn from_u8(number: u8) -> Option<Opcode> {
        Self::from_number(u16::from(number))
    }

    /// The opcode of a number, pseudo-opcodes (256 and above) included.
    pub fn from_number(number: u16) -> Option<Opcode> {
        let index = *BY_NUMBER.get(usize::from(number))?;
        Opcode::ALL.get(usize::from(index)).copied()
    }

    /// The opcode of CPython's upper-case name.
    pub fn from_name(name: &str) -> Option<Opcode> {
        INFOS
            .iter()
            .find(|info| info.name == name)
            .map(|info| info.opcode)
    }

    /// CPython's number.
    pub const fn number(self) -> u16 {
        self as u16
    }

    /// Everything the table says about it.
    pub fn info(self) -> &'static OpcodeInfo {
        &INFOS[usize::from(BY_NUMBER[self as usize])]
    }

    /// CPython's upper-case name.
    pub fn name(self) -> &'static str {
        self.info().name
    }

    /// What it does, in a sentence or two.
    pub fn doc(self) -> &'static str {
        self.info().doc
    }

    /// Named inputs and outputs on the value stack.
    pub fn effect(self) -> StackEffect {
        self.info().effect
    }

    /// Entries of the inline cache, in order.
    pub fn caches(self) -> &'static [CacheEntry] {
        self.info().caches
    }

    /// Size of the inline cache in code units.
    pub fn cache_units(self) -> usize {
        usize::from(self.info().cache_units)
    }

    /// Where a specialized opcode falls back to; any other opcode itself.
    pub fn deopt(self) -> Opcode {
        self.info().family
    }

    /// The opcode as the compiler wrote it: of a specialized one its family's head, of an
    /// instrumented one what it instruments. `INSTRUMENTED_LINE`, `INSTRUMENTED_INSTRUCTION`
    /// and `ENTER_EXECUTOR`, which keep the opcode elsewhere, give themselves.
    pub fn base(self) -> Opcode {
        match self.name().strip_prefix("INSTRUMENTED_") {
            Some(name) => Opcode::from_name(name).unwrap_or(self),
            None => self.deopt(),
        }
    }

    /// The specialized forms of a family's head.
    pub fn specializations(self) -> impl Iterator<Item = Opcode> {
        INFOS
            .iter()
            .filter(move |info| info.family == self && info.opcode != self)
            .map(|info| info.opcode)
    }

    /// Whether it is a specialized form of another opcode.
    pub fn is_specialized(self) -> bool {
        self.deopt() != self
    }

    /// Whether it is an `INSTRUMENTED_*` opcode.
    pub fn is_instrumented(self) -> bool {
        (u16::from(MIN_INSTRUMENTED_OPCODE)..255).contains(&self.number())
    }

    /// Whether it exists in the compiler only.
    pub fn is_pseudo(self) -> bool {
        self.number() > 255
    }

    /// Its `HAS_*` flags.
    pub fn flags(self) -> OpcodeFlags {
        self.info().flags
    }

    /// Whether its oparg means something.
    pub fn has_arg(self) -> bool {
        self.flags().contains(OpcodeFlags::HAS_ARG)
    }

    /// Whether its oparg is an index into `co_consts`.
    pub fn has_const(self) -> bool {
        self.flags().contains(OpcodeFlags::HAS_CONST)
    }

    /// Whether its oparg holds an index into `co_names`.
    pub fn has_name(self) -> bool {
        self.flags().contains(OpcodeFlags::HAS_NAME)
    }

    /// Whether its oparg is a distance to jump.
    pub fn has_jump(self) -> bool {
        self.flags().contains(OpcodeFlags::HAS_JUMP)
    }

    /// Whether its oparg is the slot of a cell or free variable.
    pub fn has_free(self) -> bool {
        self.flags().contains(OpcodeFlags::HAS_FREE)
    }

    /// Whether its oparg is the slot of a local variable.
    pub fn has_local(self) -> bool {
        self.flags().contains(OpcodeFlags::HAS_LOCAL)
    }

    /// Whether it looks after pending events.
    pub fn has_eval_break(self) -> bool {
        self.flags().contains(OpcodeFlags::HAS_EVAL_BREAK)
    }

    /// Whether it may raise.
    pub fn has_error(self) -> bool {
        self.flags().contains(OpcodeFlags::HAS_ERROR)
    }

    /// Whether it is a pseudo-opcode that opens a block with a handler.
    pub fn has_exc(self) -> bool {
        self.flags().contains(OpcodeFlags::HAS_EXC)
    }

    /// The two opcodes that a superinstruction stands for. Its oparg holds theirs, four bits
    /// each, the first in the upper ones.
    pub fn superinstruction(self) -> Option<(Opcode, Opcode)> {
        use Opcode::*;
        match self {
            LOAD_FAST_LOAD_FAST => Some((LOAD_FAST, LOAD_FAST)),
            LOAD_FAST_BORROW_LOAD_FAST_BORROW => Some((LOAD_FAST_BORROW, LOAD_FAST_BORROW)),
            STORE_FAST_LOAD_FAST => Some((STORE_FAST, LOAD_FAST)),
            STORE_FAST_STORE_FAST => Some((STORE_FAST, STORE_FAST)),
            _ => None,
        }
    }

    /// Whether the oparg counts backwards when it is a jump.
    pub fn jumps_backward(self) -> bool {
        use Opcode::*;
        matches!(
            self.base(),
            JUMP_BACKWARD | JUMP_BACKWARD_NO_INTERRUPT | END_ASYNC_FOR
        )
    }

    /// Whether control never reaches the next instruction.
    pub fn is_unconditional_transfer(self) -> bool {
        use Opcode::*;
        matches!(
            self.base(),
            JUMP | JUMP_NO_INTERRUPT
                | JUMP_FORWARD
                | JUMP_BACKWARD
                | JUMP_BACKWARD_NO_INTERRUPT
                | RETURN_VALUE
                | RAISE_VARARGS
                | RERAISE
                | INTERPRETER_EXIT
        )
    }

    /// Change of the stack's depth, as `dis.stack_effect(opcode, oparg, jump=jump)`: with
    /// `jump` `None` the larger of both ways. Specialized opcodes, which CPython refuses
    /// there, give their table effect.
    pub fn stack_effect(self, oparg: u32, jump: Option<bool>) -> i32 {
        // The values of a block-opening pseudo-opcode are there in the handler only.
        if self.has_exc() && jump == Some(false) {
            return 0;
        }
        let effect = self.effect();
        (effect.pushed(oparg) - effect.popped(oparg)) as i32
    }
}

/// CPython's name.
impl fmt::Display for Opcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// CPython's name.
impl fmt::Debug for Opcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The family's head for the opcode byte of a code unit; bytes that are no specialized opcode
/// stay as they are. A table look-up, for code that goes over whole functions.
pub fn deopt_byte(byte: u8) -> u8 {
    DEOPT[usize::from(byte)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_is_consistent() {
        let mut numbers = std::collections::HashSet::new();
        for &op in Opcode::ALL {
            assert!(numbers.insert(op.number()), "{op}: number used twice");
            assert_eq!(Opcode::from_number(op.number()), Some(op));
            assert_eq!(Opcode::from_name(op.name()), Some(op));
            assert!(!op.doc().is_empty(), "{op} has no doc line");
            let head = op.deopt();
            assert_eq!(head.deopt(), head, "{op}: its family is itself specialized");
            assert_eq!(
                op.cache_units(),
                op.base().cache_units(),
                "{op}: cache size"
            );
            if op.is_specialized() && !swallows_next(op) {
                for oparg in [0, 1] {
                    // Fixed-size forms stand for one oparg of the head's.
                    let differs = op.stack_effect(oparg, None) != head.stack_effect(oparg, None);
                    let fixed = op.effect().inputs.iter().all(|i| i.size == Size::One);
                    assert!(!differs || fixed, "{op}: stack effect differs from {head}");
                }
            }
        }
    }

    /// These do the next instruction's work too.
    fn swallows_next(op: Opcode) -> bool {
        matches!(
            op,
            Opcode::CALL_LIST_APPEND | Opcode::BINARY_OP_INPLACE_ADD_UNICODE
        )
    }

    #[test]
    fn effects_print_as_in_the_table() {
        assert_eq!(Opcode::BINARY_OP.effect().to_string(), "(lhs, rhs -- res)");
        assert_eq!(Opcode::NOP.effect().to_string(), "(--)");
        assert_eq!(Opcode::POP_TOP.effect().to_string(), "(value --)");
        assert_eq!(
            Opcode::CALL.effect().to_string(),
            "(callable, self_or_null, args[oparg] -- res)"
        );
        assert_eq!(
            Opcode::UNPACK_EX.effect().to_string(),
            "(seq -- right[oparg >> 8], rest, left[oparg & 0xFF])"
        );
    }

    #[test]
    fn unused_numbers_are_no_opcodes() {
        for byte in [121, 127, 212, 233] {
            assert_eq!(Opcode::from_u8(byte), None);
        }
        assert_eq!(Opcode::from_number(267), None);
        assert_eq!(deopt_byte(130), 44);
        assert_eq!(deopt_byte(121), 121);
    }

    #[test]
    fn families() {
        let heads: Vec<_> = Opcode::TO_BOOL
            .specializations()
            .map(Opcode::name)
            .collect();
        assert_eq!(heads.len(), 6);
        assert_eq!(Opcode::INSTRUMENTED_CALL.base(), Opcode::CALL);
        assert_eq!(Opcode::INSTRUMENTED_LINE.base(), Opcode::INSTRUMENTED_LINE);
    }
}
