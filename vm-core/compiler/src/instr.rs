//! What code generation hands to the flow graph: instructions with labels, and the
//! unit (module, class, function, ...) they belong to.

use std::sync::Arc;

use tailscope_bytecode::code::Const;
use tailscope_bytecode::opcode::Opcode;

use crate::flowgraph::{self, BlockId};

/// A source range: lines from 1, columns in UTF-8 bytes from 0.
#[derive(Clone, Copy, Debug, Eq)]
pub struct Loc {
    pub line: i32,
    pub end_line: i32,
    pub col: i32,
    pub end_col: i32,
}

impl PartialEq for Loc {
    /// All four at once: mostly it is the last ones that differ, which no branch foresees.
    #[inline]
    fn eq(&self, other: &Loc) -> bool {
        let ([lines, columns], [other_lines, other_columns]) = (self.words(), other.words());
        (lines ^ other_lines) | (columns ^ other_columns) == 0
    }
}

impl Loc {
    /// An instruction that belongs to no source position.
    pub const NONE: Loc = Loc {
        line: -1,
        end_line: -1,
        col: -1,
        end_col: -1,
    };
    /// An instruction that takes the position of the instruction after it.
    pub const NEXT: Loc = Loc {
        line: -2,
        end_line: -2,
        col: -2,
        end_col: -2,
    };

    /// The lines and the columns, two numbers in each: what fits in registers.
    #[inline(always)]
    pub(crate) const fn words(&self) -> [u64; 2] {
        const fn word(low: i32, high: i32) -> u64 {
            low as u32 as u64 | (high as u32 as u64) << 32
        }
        [word(self.line, self.end_line), word(self.col, self.end_col)]
    }

    /// What has these words.
    #[inline(always)]
    pub(crate) fn of_words([lines, columns]: [u64; 2]) -> Loc {
        let (line, end_line) = (lines as i32, (lines >> 32) as i32);
        Loc { line, end_line, col: columns as i32, end_col: (columns >> 32) as i32 }
    }
}

/// A jump target, made by `InstrSequence::new_label`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Label(pub u32);

/// What an instruction is emitted with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arg {
    None,
    Value(u32),
    Target(Label),
}

/// An instruction, from its emission to the end of the flow graph's passes.
#[derive(Clone, Copy, Debug)]
pub struct Instr {
    /// A real opcode or a pseudo-opcode (SETUP_FINALLY, JUMP, LOAD_CLOSURE, ...).
    pub op: Opcode,
    /// The oparg. Of an instruction with a target the number of its label, until the flow graph
    /// binds the target; meaningless after that.
    pub arg: u32,
    pub loc: Loc,
    /// Where a jump goes, or where the handler of a block push is.
    pub(crate) target: Option<BlockId>,
    /// The handler of exceptions that this instruction raises.
    pub(crate) except: Option<BlockId>,
}

impl Instr {
    #[inline]
    pub fn new(op: Opcode, arg: u32, loc: Loc) -> Instr {
        Instr {
            op,
            arg,
            loc,
            target: None,
            except: None,
        }
    }

    /// The label that names the target, as long as that is not bound.
    pub fn label(&self) -> Option<Label> {
        flowgraph::has_target(self.op).then_some(Label(self.arg))
    }

    /// Turns the instruction into `op` with `arg`; location and handler stay.
    pub(crate) fn set(&mut self, op: Opcode, arg: u32) {
        self.op = op;
        self.arg = arg;
    }

    /// Turns the instruction into a NOP; location and handler stay.
    pub(crate) fn set_nop(&mut self) {
        self.set(Opcode::NOP, 0);
    }
}

/// Instructions in the order that code generation emitted them.
#[derive(Clone, Debug, Default)]
pub struct InstrSequence {
    pub instrs: Vec<Instr>,
    /// For each label, the index in `instrs` that it stands before; `usize::MAX` while unplaced.
    pub labels: Vec<usize>,
    /// Indices of the instructions that the cutting into blocks must look at, noted here since each is
    /// known where it is emitted.
    pub(crate) breaks: Vec<u32>,
    /// Body of `__annotate__` of a module or class when it is spliced in at
    /// ANNOTATIONS_PLACEHOLDER (CPython's `s_annotations_code`).
    pub annotations_code: Option<Box<InstrSequence>>,
}

impl InstrSequence {
    /// An empty sequence with room for the instructions of most functions.
    pub(crate) fn with_room() -> InstrSequence {
        const ROOM: usize = 128;
        InstrSequence { instrs: Vec::with_capacity(ROOM), ..InstrSequence::default() }
    }

    /// Makes it empty; its memory stays.
    pub(crate) fn clear(&mut self) {
        self.instrs.clear();
        self.labels.clear();
        self.breaks.clear();
        self.annotations_code = None;
    }

    pub fn new_label(&mut self) -> Label {
        self.labels.push(usize::MAX);
        Label(self.labels.len() as u32 - 1)
    }

    pub fn place(&mut self, label: Label) {
        self.labels[label.0 as usize] = self.instrs.len();
    }

    #[inline]
    pub fn push(&mut self, op: Opcode, arg: Arg, loc: Loc) {
        let arg = match arg {
            Arg::None => 0,
            Arg::Value(value) => value,
            Arg::Target(label) => label.0,
        };
        if flowgraph::shapes_blocks(op) {
            self.breaks.push(self.instrs.len() as u32);
        }
        self.instrs.push(Instr::new(op, arg, loc));
    }

    /// Puts a block push before all other instructions, and behind all labels that are there.
    pub(crate) fn push_first(&mut self, op: Opcode, target: Label, loc: Loc) {
        self.instrs.insert(0, Instr::new(op, target.0, loc));
        for place in self.labels.iter_mut().filter(|place| **place != usize::MAX) {
            *place += 1;
        }
        self.breaks.iter_mut().for_each(|place| *place += 1);
        self.breaks.insert(0, 0);
    }

    /// Puts another sequence, which has no labels, in the place of the instruction at `index`. Labels
    /// that stand behind it move.
    pub(crate) fn splice(&mut self, index: usize, other: &InstrSequence) {
        self.instrs.splice(index..=index, other.instrs.iter().copied());
        let moved = |place: usize| place - 1 + other.instrs.len();
        for place in self.labels.iter_mut().filter(|place| **place > index && **place != usize::MAX) {
            *place = moved(*place);
        }
        self.breaks.retain(|&place| place as usize != index);
        for place in self.breaks.iter_mut().filter(|place| **place as usize > index) {
            *place = moved(*place as usize) as u32;
        }
        self.breaks.extend(other.breaks.iter().map(|&place| index as u32 + place));
    }
}

/// What assembly needs to know of a unit, beside its instructions (CPython's
/// `_PyCompile_CodeUnitMetadata` with the constants and names).
#[derive(Clone, Debug)]
pub struct Unit {
    pub name: Arc<str>,
    pub qualname: Arc<str>,
    pub filename: Arc<str>,
    /// Constants in the order of first use, already merged by type and value.
    pub consts: Vec<Const>,
    pub names: Vec<Arc<str>>,
    /// Arguments first, then locals, in CPython's order.
    pub varnames: Vec<Arc<str>>,
    /// Sorted as CPython sorts them.
    pub cellvars: Vec<Arc<str>>,
    pub freevars: Vec<Arc<str>>,
    /// Names of inlined comprehensions' variables: `CO_FAST_HIDDEN` (CPython's `u_fasthidden`).
    pub fasthidden: Vec<Arc<str>>,
    /// Positional parameters without the positional-only ones, as `u_argcount` counts them
    /// (`Code::argcount` counts both).
    pub argcount: u32,
    pub posonlyargcount: u32,
    pub kwonlyargcount: u32,
    pub firstlineno: i32,
    /// `CO_*` bits.
    pub flags: u32,
    /// Function scope: falling off the end returns None without a location, and so on.
    pub is_function: bool,
}
