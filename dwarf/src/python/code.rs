//! Code objects in a target: where an instruction pointer is, and what runs there.

use std::sync::Arc;

use tailscope_bytecode::code::{Code, Const};
use tailscope_bytecode::dis;
use tailscope_bytecode::linetable::Position;

use super::objects::{Values, object};
use super::vm::PythonVm;
use crate::error::{Error, Result};

/// Most code units that a code object is believed to have.
const MOST_UNITS: u64 = 8 << 20;
/// Slots of a frame's header.
const HEADER_SLOTS: u64 = 2;

/// An instruction as `dis` shows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Instruction {
    /// Bytes from the beginning of the code.
    pub offset: usize,
    /// The opcode that the compiler wrote.
    pub opcode: &'static str,
    /// The specialized opcode that it is now, where that is another one.
    pub specialized: Option<&'static str>,
    pub oparg: Option<u32>,
    /// What the oparg stands for; empty where `dis` shows nothing.
    pub argument: String,
}

/// What tells frames of a code object from other memory.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extent {
    pub code: u64,
    units: (u64, u64),
    pub nlocalsplus: u64,
    /// Locals and hidden slots.
    pub frame_slots: u64,
    stack_need: u64,
    pub flags: u64,
}

impl Extent {
    /// Whether an instruction pointer is in this code, or just behind it.
    pub fn contains(&self, ip: u64) -> bool {
        ip.is_multiple_of(2) && self.units.0 <= ip && ip <= self.units.0 + 2 * self.units.1
    }

    /// Where the value stack of a frame of this code starts, and where it ends at the latest.
    pub fn stack_of(&self, fp: u64) -> (u64, u64) {
        let base = fp.wrapping_add(8 * self.frame_slots);
        (base, base.wrapping_add(8 * self.stack_need))
    }

    /// The code unit before an instruction pointer.
    pub fn unit_before(&self, ip: u64) -> usize {
        (ip.saturating_sub(self.units.0) / 2).saturating_sub(1) as usize
    }
}

/// A code object that was read.
pub(super) struct CodeObject {
    pub code: Code,
    /// The opcodes as they are now.
    running: Vec<u8>,
    consts: Vec<u64>,
    pub filename: String,
    pub name: String,
    pub qualname: String,
}

impl PythonVm<'_> {
    /// The code of the frame at `fp`, if there is a frame.
    pub(super) fn code_of_frame(&self, fp: u64) -> Option<Extent> {
        if !fp.is_multiple_of(8) || fp < 64 {
            return None;
        }
        let function = object(self.memory().read_u64(fp - 8 * HEADER_SLOTS).ok()?)?;
        self.layout_name(function).ok().filter(|n| n == "function")?;
        let code = object(self.field_of(function, "types::function::PyFunction", "code").ok()?)?;
        self.extent(code).ok()
    }

    pub(super) fn extent(&self, code: u64) -> Result<Extent> {
        if self.layout_name(code)? != "code" {
            return Err(Error::new("a function whose code is none"));
        }
        let of = self.layouts.named("code::PyCode")?;
        let units = self.layouts.span_of(code, of, "units")?;
        if units.count > MOST_UNITS {
            return Err(Error::new(format!("a code object of {} units", units.count)));
        }
        let number = |path| self.layouts.number(code, of, path);
        Ok(Extent {
            code,
            units: (units.start, units.count),
            nlocalsplus: number("nlocalsplus")?,
            frame_slots: number("frame_slots")?,
            stack_need: number("stack_need")?,
            flags: number("flags")?,
        })
    }

    /// The code object with all that is shown of one.
    pub(super) fn code(&self, extent: &Extent) -> Result<CodeObject> {
        let of = self.layouts.named("code::PyCode")?;
        let (inner, ty) = self.layouts.pointer(extent.code, of, "code")?;
        // What an `Arc` points at are its counts first.
        let (at, ty) = self.layouts.place(inner, ty, "data")?;
        let bytes = |path| -> Result<Vec<u8>> {
            let span = self.layouts.span_of(at, ty, path)?;
            self.memory().read_vec(span.start, usize::try_from(span.count).unwrap_or(usize::MAX))
        };
        let running = self.memory().read_vec(extent.units.0, 2 * extent.units.1 as usize)?;
        let name = |path| -> Result<Vec<Arc<str>>> {
            let span = self.layouts.span_of(extent.code, of, path)?;
            let words = self.words(span.start, span.count)?;
            Ok(words.into_iter().map(|w| self.text_of(w).unwrap_or_else(|| "?".into()).into()).collect())
        };
        let consts = self.layouts.span_of(extent.code, of, "consts")?;
        let text = |path| {
            let word = self.layouts.number(extent.code, of, path).ok()?;
            self.text_of(word)
        };
        let shown = |path| text(path).unwrap_or_else(|| "?".into());
        let (filename, simple, qualname) = (shown("filename"), shown("name"), shown("qualname"));
        let consts = self.words(consts.start, consts.count)?;
        let code = Code {
            argcount: self.layouts.number(extent.code, of, "argcount")? as u32,
            posonlyargcount: 0,
            kwonlyargcount: 0,
            stacksize: 0,
            flags: extent.flags as u32,
            code: bytes("code")?,
            consts: consts.iter().map(|_| Const::None).collect(),
            names: name("names")?,
            localsplusnames: name("localsplus_names")?,
            localspluskinds: bytes("localspluskinds")?,
            filename: filename.as_str().into(),
            name: simple.as_str().into(),
            qualname: qualname.as_str().into(),
            firstlineno: self.layouts.number(at, ty, "firstlineno")? as i32,
            linetable: bytes("linetable")?,
            exceptiontable: bytes("exceptiontable")?,
        };
        Ok(CodeObject { code, running, consts, filename, name: simple, qualname })
    }

    pub(super) fn words(&self, start: u64, count: u64) -> Result<Vec<u64>> {
        let size = usize::try_from(count).ok().and_then(|n| n.checked_mul(8)).ok_or_else(|| Error::new("too many"))?;
        Ok(self.memory().read_vec(start, size)?.as_chunks::<8>().0.iter().map(|b| u64::from_le_bytes(*b)).collect())
    }
}

impl CodeObject {
    /// The instruction that a code unit belongs to, maybe as one of its caches.
    pub fn instruction(&self, unit: usize, values: &Values) -> Option<Instruction> {
        let all = dis::instructions_of(&self.code, Some(&self.running), &|_| 0);
        let i = all.into_iter().find(|i| i.offset / 2 <= unit && unit < i.end_offset() / 2)?;
        let argument = match (&i.oparg, i.base.has_const()) {
            // Constants are objects of the target.
            (Some(index), true) => self.consts.get(*index as usize).map(|w| values.show(*w)).unwrap_or_default(),
            _ => i.argrepr,
        };
        let specialized = (i.opcode != i.base && i.opcode.base() == i.base).then(|| i.opcode.name());
        Some(Instruction { offset: i.offset, opcode: i.base.name(), specialized, oparg: i.oparg, argument })
    }

    pub fn position(&self, unit: usize) -> Position {
        self.code.position_at(2 * unit)
    }

    pub fn line(&self, unit: usize) -> Option<i32> {
        self.position(unit).line
    }
}
