//! The VM of a process: found by its thread-local variable, read field by field.

use gimli::{AttributeValue, constants as dw};

use super::layout::{Layouts, Span};
use super::objects::Limits;
use super::threads::{self, PythonThread};
use crate::error::{Error, Result};
use crate::evaluate::Context;
use crate::image::Image;
use crate::memory::Memory;
use crate::target::{OsThread, Target};
use crate::types::{TypeId, Types};

/// A VM in a target.
pub struct PythonVm<'a> {
    pub(super) layouts: Layouts<'a>,
    pub(super) address: u64,
    pub(super) ty: TypeId,
    pub(super) shape_infos: Span,
    pub(super) shapes: Span,
    pub(super) builtin_types: Span,
    pub(super) true_object: u64,
}

/// The threads of the Python program in a target, and its VM for looking into their values.
pub struct Inspected {
    pub threads: Vec<PythonThread>,
    /// Which interpreter runs: `Tail`, `Loop`.
    pub interpreter: String,
}

/// Looks into a target. `show` gets the VM and its threads while both can be read.
///
/// # Errors
/// A process that has no VM (yet), memory that makes no sense.
pub fn inspect<R>(target: &mut Target, limits: Limits, show: impl FnOnce(&PythonVm, Inspected) -> R) -> Result<R> {
    let image = target.main()?.image;
    let types = Types::new(image);
    let unit = vm_unit(image)?;
    let (thread, address) = find(target, &types, unit)?;
    super::registers::settle(target, thread.id, &types);
    let thread = target.threads.iter().find(|t| t.id == thread.id).cloned().unwrap_or(thread);
    let vm = PythonVm::new(&types, &*target.memory, unit, address)?;
    let threads = threads::all(&vm, target, &thread, limits)?;
    let interpreter = vm.interpreter().unwrap_or_default();
    Ok(show(&vm, Inspected { threads, interpreter }))
}

/// The unit of the VM's crate, which describes its types.
pub(crate) fn vm_unit(image: &Image) -> Result<usize> {
    let lost = || Error::new(format!("{} has no debug information of the VM", image.path().display()));
    for symbol in image.symbols_with(&["tailscope_vm", "match_loop", "run_in"]) {
        if let Some(unit) = image.unit_at(symbol.address)? {
            return Ok(unit);
        }
    }
    Err(lost())
}

/// The thread whose VM exists, and that.
fn find(target: &Target, types: &Types, unit: usize) -> Result<(OsThread, u64)> {
    let image = types.image;
    let (dwarf, units) = (image.dwarf()?, image.units()?);
    let of = units.get(unit).ok_or_else(|| Error::new("no unit"))?;
    let index = image.index(unit)?;
    let variables = index.find_under("vm::CURRENT", dw::DW_TAG_variable);
    let mut looked = false;
    for variable in variables {
        let Some(AttributeValue::Exprloc(e)) = of.entry(variable.offset)?.attr_value(dw::DW_AT_location) else { continue };
        for thread in &target.threads {
            let context = Context {
                registers: &thread.registers,
                memory: &*target.memory,
                bias: target.main()?.bias,
                cfa: None,
                frame_base: None,
                thread_block: Some(target.thread_block(thread)?),
                unit: Some((dwarf, of)),
            };
            let Ok(place) = context.number(e, of.encoding(), None) else { continue };
            looked = true;
            if let Ok(vm) = target.memory.read_u64(place)
                && vm != 0
            {
                return Ok((thread.clone(), vm));
            }
        }
    }
    Err(Error::new(if looked {
        format!("process {} has no Python VM: it has not made one yet, or is a tailscope command that needs none", target.pid)
    } else {
        format!("{} does not say where its VM is: it is of another version", image.path().display())
    }))
}

impl<'a> PythonVm<'a> {
    pub(super) fn new(types: &'a Types, memory: &'a dyn Memory, unit: usize, address: u64) -> Result<PythonVm<'a>> {
        let layouts = Layouts::new(types, memory, unit);
        let ty = layouts.named("vm::Vm")?;
        let early = |e: Error| Error::new(format!("the VM is not ready: its types are still being made ({e})"));
        let span = |path| layouts.span_of(address, ty, path).map_err(early);
        let (shape_infos, shapes, builtin_types) = (span("shape_infos")?, span("shapes")?, span("builtin_types")?);
        let true_object = layouts.number(address, ty, "singletons.true_")?;
        Ok(PythonVm { address, ty, shape_infos, shapes, builtin_types, true_object, layouts })
    }

    pub(super) fn memory(&self) -> &dyn Memory {
        self.layouts.memory
    }

    /// A field of the VM.
    pub(super) fn number(&self, path: &'static str) -> Result<u64> {
        self.layouts.number(self.address, self.ty, path)
    }

    /// A field of an object, by the path of its struct.
    pub(super) fn field_of(&self, object: u64, of: &'static str, path: &'static str) -> Result<u64> {
        self.layouts.number(object, self.layouts.named(of)?, path)
    }

    fn interpreter(&self) -> Result<String> {
        let (at, ty) = self.layouts.place(self.address, self.ty, "interp.interp")?;
        Ok(self.layouts.reader().show(ty, &crate::content::Content::At(at)).text)
    }
}
