//! Disassembly: instructions as data, and the text of `python3.14 -m dis`, byte for byte.
//!
//! - [`instructions`] gives the instructions of a code object with everything known about them:
//!   names, constants, jump targets, labels, positions, caches. The debugger, the editor
//!   features and traces are made of it.
//! - [`disassemble`] and [`disassemble_recursive`] give the text, with all options of the
//!   command line; [`code_info`] that of `dis.code_info`.
//! - Code that runs is specialized and instrumented in an array of its own. Given that array,
//!   both show it instead (`--specialized`), with the contents of the caches.
//!
//! Where the original fails on a damaged code object, the text here says what is wrong with the
//! oparg instead.
//!
//! Source: CPython 3.14 `Lib/dis.py`.

mod arguments;
mod decode;
mod text;
mod words;

use std::sync::Arc;

use crate::code::Const;
use crate::linetable::Position;
use crate::opcode::{CacheEntry, Opcode};

pub use decode::{Raw, RawInstruction, instructions, instructions_of, raw_instructions};
pub use text::{
    AdaptiveOf, Options, code_info, disassemble, disassemble_recursive, flags_in_words,
};

/// An instruction of a code object. Offsets are in bytes from the beginning of its code.
///
/// An `EXTENDED_ARG` is an instruction of its own, as in CPython's list.
#[derive(Clone, Debug, PartialEq)]
pub struct Instruction {
    pub offset: usize,
    /// Where its first `EXTENDED_ARG` is, else the offset.
    pub start_offset: usize,
    /// The opcode as it is in the code given: specialized or instrumented in running code.
    /// `RESERVED` where the byte is no opcode.
    pub opcode: Opcode,
    /// The byte itself.
    pub byte: u8,
    /// The opcode that the compiler wrote.
    pub base: Opcode,
    /// Its oparg, prefixes included; `None` if it uses none.
    pub oparg: Option<u32>,
    /// What the oparg stands for.
    pub argval: ArgValue,
    /// The text in parentheses after the oparg, empty if there is none.
    pub argrepr: String,
    /// Where it may jump to.
    pub jump_target: Option<usize>,
    /// Whether it is the first of its source line.
    pub starts_line: bool,
    pub line: Option<i32>,
    /// Number of its label, if it is jumped to, or the bound or the handler of a guarded range.
    pub label: Option<u32>,
    pub position: Position,
    /// Contents of its inline cache.
    pub cache: Vec<u16>,
}

/// What an oparg stands for.
#[derive(Clone, Debug, PartialEq)]
pub enum ArgValue {
    /// There is no oparg.
    None,
    /// A number that stands for itself.
    Number(u32),
    Const(Const),
    Name(Arc<str>),
    /// The variables of a superinstruction.
    Names(Arc<str>, Arc<str>),
    /// Offset in bytes.
    Target(usize),
    /// An operator, an intrinsic function and the like, as `dis` writes it.
    Text(&'static str),
    /// Out of range: the code object is damaged.
    Missing,
}

/// One half of a superinstruction.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    pub opcode: Opcode,
    pub oparg: u32,
    /// The variable's name.
    pub argrepr: String,
}

/// A named entry of an inline cache with its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheValue {
    pub name: &'static str,
    /// Size in code units.
    pub units: u8,
    /// Content, the first unit lowest.
    pub value: u64,
}

impl Instruction {
    /// The opcode's name; `<121>` where the byte is no opcode.
    pub fn name(&self) -> String {
        match Opcode::from_u8(self.byte) {
            Some(opcode) => opcode.name().to_string(),
            None => format!("<{}>", self.byte),
        }
    }

    /// One past its last byte, caches included.
    pub fn end_offset(&self) -> usize {
        self.offset + 2 + 2 * self.cache.len()
    }

    /// The entries of its inline cache, named as its opcode (specialized, if it is) uses them.
    pub fn caches(&self) -> Vec<CacheValue> {
        self.cache_values(self.opcode.caches().iter().copied())
    }

    fn cache_values(&self, layout: impl Iterator<Item = CacheEntry>) -> Vec<CacheValue> {
        let mut units = self.cache.iter();
        layout
            .map(|entry| {
                let content = units.by_ref().take(usize::from(entry.units));
                let value = content.enumerate().fold(0, |value, (i, unit)| {
                    value | u64::from(*unit) << (16 * i.min(3))
                });
                CacheValue {
                    name: entry.name,
                    units: entry.units,
                    value,
                }
            })
            .collect()
    }

    /// The two instructions that a superinstruction stands for; empty for others.
    pub fn parts(&self) -> Vec<Part> {
        let (Some(oparg), ArgValue::Names(first, second)) = (self.oparg, &self.argval) else {
            return Vec::new();
        };
        let Some((first_opcode, second_opcode)) = self.base.superinstruction() else {
            return Vec::new();
        };
        let part = |opcode, oparg, name: &Arc<str>| Part {
            opcode,
            oparg,
            argrepr: name.to_string(),
        };
        vec![
            part(first_opcode, oparg >> 4, first),
            part(second_opcode, oparg & 15, second),
        ]
    }

    /// The oparg in words, for people who do not know the opcode; empty if it has none.
    pub fn oparg_in_words(&self) -> String {
        words::oparg_in_words(self)
    }
}
