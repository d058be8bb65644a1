//! Python frames: from the innermost outwards, by the links that `vm-core/vm/src/frame.rs` describes.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use tailscope_bytecode::code::{flags, kinds};
use tailscope_bytecode::linetable::Position;

use super::code::{CodeObject, Extent, Instruction};
use super::objects::{Values, is_null, object, small_int};
use super::vm::PythonVm;
use crate::error::{Error, Result};

const DISTANCE_SHIFT: u32 = 48;
const ADDRESS_MASK: u64 = (1 << DISTANCE_SHIFT) - 2;
/// Bytes of a frame's header.
const HEADER: u64 = 16;
/// More frames than this are a damaged stack.
const MOST_FRAMES: usize = 100_000;
/// Most slots of a frame.
const MOST_SLOTS: u64 = 60_000;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LocalKind {
    Argument,
    Local,
    /// Shared with functions inside of this one.
    Cell,
    /// From a function around this one.
    Free,
    /// A name of a module's or class's body.
    Name,
}

impl LocalKind {
    pub fn word(self) -> &'static str {
        match self {
            LocalKind::Argument => "argument",
            LocalKind::Local => "local",
            LocalKind::Cell => "cell",
            LocalKind::Free => "free",
            LocalKind::Name => "name",
        }
    }
}

/// A variable that has a value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Local {
    pub name: String,
    pub kind: LocalKind,
    /// The bits of the value, for [`Values`].
    pub word: u64,
}

/// A frame of a Python function.
#[derive(Clone, PartialEq, Debug)]
pub struct PythonFrame {
    pub file: String,
    pub line: Option<i32>,
    pub position: Position,
    /// `co_name` and `co_qualname`.
    pub name: String,
    pub qualname: String,
    pub instruction: Option<Instruction>,
    pub locals: Vec<Local>,
    /// The value stack, bottom first.
    pub stack: Vec<u64>,
    /// Native code called it: the frame outside of it is a call out of Python.
    pub is_entry: bool,
}

/// Where a stack begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Top {
    pub ip: u64,
    pub sp: u64,
    pub fp: u64,
}

/// Reads the frames of stacks; code objects once each.
pub(super) struct Stacks<'a, 'v> {
    vm: &'a PythonVm<'v>,
    values: Values<'a, 'v>,
    codes: HashMap<u64, Rc<CodeObject>>,
}

impl<'a, 'v> Stacks<'a, 'v> {
    pub fn new(values: Values<'a, 'v>) -> Stacks<'a, 'v> {
        Stacks { vm: values.vm, values, codes: HashMap::new() }
    }

    /// The frames of a stack, innermost first, and what is wrong where it ends early.
    pub fn frames(&mut self, top: Top) -> (Vec<PythonFrame>, Option<Error>) {
        let (mut all, mut at) = (Vec::new(), Some(top));
        let mut seen = HashSet::new();
        while let Some(here) = at {
            if all.len() >= MOST_FRAMES || !seen.insert(here.fp) {
                return (all, Some(Error::new("the stack is damaged: its frames go round in a circle")));
            }
            match self.frame(here) {
                Ok((frame, caller)) => {
                    all.push(frame);
                    at = caller;
                }
                Err(e) => return (all, Some(Error::new(format!("the stack cannot be followed further: {e}")))),
            }
        }
        (all, None)
    }

    fn frame(&mut self, here: Top) -> Result<(PythonFrame, Option<Top>)> {
        let vm = self.vm;
        let extent = vm.code_of_frame(here.fp).ok_or_else(|| Error::new(format!("there is no frame at {:#x}", here.fp)))?;
        if !extent.contains(here.ip) {
            return Err(Error::new(format!("the instruction pointer {:#x} is not in the frame's code", here.ip)));
        }
        let code = match self.codes.get(&extent.code) {
            Some(code) => code.clone(),
            None => {
                let code = Rc::new(vm.code(&extent)?);
                self.codes.insert(extent.code, code.clone());
                code
            }
        };
        let link = vm.memory().read_u64(here.fp - 8)?;
        let caller = self.caller(here.fp, link)?;
        let unit = extent.unit_before(here.ip);
        let frame = PythonFrame {
            file: code.filename.clone(),
            line: code.line(unit),
            position: code.position(unit),
            name: code.name.clone(),
            qualname: code.qualname.clone(),
            instruction: code.instruction(unit, &self.values),
            locals: self.locals(&extent, &code, here.fp)?,
            stack: self.stack(&extent, here)?,
            is_entry: caller.is_none_or(|(_, is_far)| is_far),
        };
        Ok((frame, caller.map(|(top, _)| top)))
    }

    /// Where the calling frame goes on, and whether native code is between it and this one.
    fn caller(&self, fp: u64, link: u64) -> Result<Option<(Top, bool)>> {
        let distance = link >> DISTANCE_SHIFT;
        if distance == 0 {
            return Ok(None);
        }
        let outer = fp.checked_sub(8 * distance).ok_or_else(|| Error::new("a frame has no room for its caller"))?;
        let extent = self.vm.code_of_frame(outer).ok_or_else(|| Error::new(format!("there is no frame at {outer:#x}")))?;
        let ip = link & ADDRESS_MASK;
        if extent.contains(ip) {
            return Ok(Some((Top { ip, sp: fp - HEADER, fp: outer }, false)));
        }
        // The return address is none of the caller's: its own lies below the header.
        let kept = self.vm.memory().read_u64(fp - HEADER - 8)?;
        let ip = small_int(kept).ok_or_else(|| Error::new("a frame has no return address"))? as u64;
        Ok(Some((Top { ip, sp: fp - HEADER - 8, fp: outer }, true)))
    }

    fn locals(&self, extent: &Extent, code: &CodeObject, fp: u64) -> Result<Vec<Local>> {
        let vm = self.vm;
        if extent.frame_slots > MOST_SLOTS {
            return Err(Error::new("a frame with more slots than frames have"));
        }
        let words = vm.words(fp, extent.nlocalsplus)?;
        let mut all = Vec::new();
        let named = code.code.localsplusnames.iter().zip(&code.code.localspluskinds);
        for ((name, bits), word) in named.zip(words) {
            let is_shared = bits & (kinds::CELL | kinds::FREE) != 0;
            let kind = match bits {
                b if b & kinds::FREE != 0 => LocalKind::Free,
                b if b & (kinds::ARG_POS | kinds::ARG_KW | kinds::ARG_VAR) != 0 => LocalKind::Argument,
                b if b & kinds::CELL != 0 => LocalKind::Cell,
                _ => LocalKind::Local,
            };
            let word = if is_shared { self.content(word) } else { word };
            if !is_null(word) {
                all.push(Local { name: name.to_string(), kind, word });
            }
        }
        if extent.flags as u32 & flags::OPTIMIZED == 0 {
            let mapping = vm.memory().read_u64(fp + 8 * extent.nlocalsplus)?;
            let (entries, _) = vm.dict_entries(mapping, 10_000).unwrap_or_default();
            let names = entries.into_iter().filter_map(|(k, word)| Some(Local { name: vm.text_of(k)?, kind: LocalKind::Name, word }));
            all.extend(names.filter(|l| !l.name.starts_with("__")));
        }
        Ok(all)
    }

    /// What is in a cell. Before its instruction has made one, the slot has the value itself.
    fn content(&self, word: u64) -> u64 {
        let cell = object(word).filter(|o| self.vm.layout_name(*o).is_ok_and(|n| n == "cell"));
        cell.and_then(|c| self.vm.field_of(c, "types::cell::PyCell", "content").ok()).unwrap_or(word)
    }

    fn stack(&self, extent: &Extent, here: Top) -> Result<Vec<u64>> {
        let (base, end) = extent.stack_of(here.fp);
        if here.sp <= base || here.sp > end.max(base) {
            return Ok(Vec::new());
        }
        self.vm.words(base, (here.sp - base) / 8)
    }
}
