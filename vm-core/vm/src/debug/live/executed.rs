//! What the VM's own native frames hold: instructions that were executed, and values that may be
//! gone by now.

use std::collections::{BTreeMap, HashMap};

use super::codes::{KnownCode, location};
use super::instructions;
use super::target::Target;
use super::values::{self, Item};
use crate::code::PyCode;
use crate::debug::address::InstructionAddress;
use crate::debug::types::*;
use crate::memory::heap::Blocks;
use crate::object::Header;
use crate::protocol::object as obj;
use crate::types::type_::Type;
use crate::value::{Ref, Value};

impl Target {
    /// The instructions that ran with these registers, the newest first: those of functions that
    /// have returned belong to the frame that they have returned to.
    pub(super) fn instructions_with(&mut self, registers: &[HandlerRegisters]) -> Vec<Option<ExecutedInstruction>> {
        let mut codes = BTreeMap::new();
        let mut live: Vec<Ref> = Vec::new();
        self.vm.interp.for_each_code(|code| {
            codes.insert(code.entry() as u64, live.len());
            live.push(code.as_value().to_ref());
        });
        let frames: Vec<(u64, FrameId)> = self.running_frames();
        let (mut owner, mut texts) = (0, HashMap::new());
        registers
            .iter()
            .map(|r| {
                // A frame that was entered only after this instruction is not its owner.
                while frames.get(owner).is_some_and(|(fp, _)| *fp > r.fp) {
                    owner += 1;
                }
                let (_, index) = codes.range(..=r.ip).next_back()?;
                let code = live.get(*index)?.cast_exact::<PyCode>()?;
                if !code.contains(r.ip as *const u16) {
                    return None;
                }
                let known = self.codes.know(code);
                Some(executed(&known, r, frames.get(owner).map(|(_, id)| *id), &mut texts))
            })
            .collect()
    }

    /// The values that words of native memory are, as variables with these names. `None` for what
    /// is no value, or was one whose object has ended.
    pub(super) fn values_with(&mut self, words: &[(String, u64)], format: ValueFormat) -> Vec<Option<VariableInfo>> {
        let blocks = Blocks::new();
        // References first: describing a value may run Python code, which makes and ends objects.
        let held: Vec<Option<Ref>> = words.iter().map(|(_, bits)| self.value_of(&blocks, *bits)).collect();
        drop(blocks);
        let named = words.iter().zip(held);
        self.guarded(|target| {
            named
                .map(|((name, _), value)| {
                    let item = Item {
                        name: name.clone(),
                        value: value?,
                        kind: VariableKind::Data,
                        access: Access::None,
                        settable: false,
                    };
                    Some(values::describe(target.vm, target.handles(), item, format))
                })
                .collect()
        })
    }

    fn value_of(&self, blocks: &Blocks, bits: u64) -> Option<Ref> {
        if bits == 0 {
            return None;
        }
        // SAFETY: not zero; it is used as a value only after the object was found to be there.
        let value = unsafe { Value::from_bits(bits) };
        if value.is_null() {
            return None;
        }
        if value.is_small_int() || value.is_tagged_float() {
            return Some(value.to_ref());
        }
        let p = value.pointer();
        if value.is_immortal() && !blocks.is_object(p) {
            return self.is_type(p).then(|| value.to_ref());
        }
        // SAFETY: an object lies there. One without references is about to end.
        let alive = blocks.is_object(p) && unsafe { (*p).refs } != 0;
        alive.then(|| Value::borrowed(p).to_ref())
    }

    fn is_type(&self, p: *mut Header) -> bool {
        let vm = self.vm;
        let is_it = |ty: &Type| ty.value().pointer() == p;
        (0..vm.shape_count()).any(|id| is_it(vm.shape_info(id as u32).ty()))
    }
}

fn executed(
    known: &KnownCode,
    registers: &HandlerRegisters,
    frame: Option<FrameId>,
    texts: &mut HashMap<CodeId, HashMap<u32, String>>,
) -> ExecutedInstruction {
    let code = known.code();
    let unit = code.instruction_start(code.index_of(registers.ip as *const u16).wrapping_sub(1)) as u32;
    let offset = unit * 2;
    let texts = texts.entry(known.id).or_insert_with(|| instructions::arguments(known));
    ExecutedInstruction {
        address: InstructionAddress { code: known.id, offset },
        argument: texts.get(&offset).cloned().unwrap_or_default(),
        location: location(code, unit as usize),
        function: obj::text(code.qualname.value()),
        file: known.file.clone(),
        frame,
    }
}
