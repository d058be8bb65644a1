//! What decides at once about instructions that are looked after because an item, an attribute or a
//! global is watched: hardly any of them writes it.

use std::cell::{Cell, RefCell};

use tailscope_bytecode::opcode::Opcode;

use super::BREAKPOINT_CALLED;
use super::data::{Datum, destination, held};
use super::places::has_prefix;
use crate::code::PyCode;
use crate::interp::observe::Position;
use crate::ops::internal::number::BREAKPOINT;
use crate::owned_cell::OwnedCell;
use crate::vm::Vm;

/// The interpreter's part of watching items, attributes and globals.
#[derive(Default)]
pub(crate) struct Vigil {
    /// Nothing else wants each instruction looked after.
    on: Cell<bool>,
    /// With what each held when it was last compared, which its breakpoint keeps alive.
    watched: RefCell<Vec<(Datum, Option<u64>)>>,
    /// Only instructions that write nothing of the sort have run since then.
    unchanged: Cell<bool>,
    last: Place,
}

/// An instruction.
struct Place {
    /// NULL: none yet.
    code: OwnedCell,
    unit: Cell<u32>,
}

impl Default for Place {
    fn default() -> Place {
        Place { code: OwnedCell::null(), unit: Cell::new(0) }
    }
}

impl Vigil {
    /// Watches over these from now on, instead of others.
    pub(super) fn watch(&self, all: impl Iterator<Item = (Datum, Option<u64>)>) {
        self.doubt();
        let before = self.watched.replace(all.collect());
        // Its end may run anything.
        drop(before);
    }

    /// What is watched may have changed.
    pub(super) fn doubt(&self) {
        self.unchanged.set(false);
    }

    /// Watches over nothing, and holds nothing any more.
    pub(super) fn end(&self) {
        self.on.set(false);
        self.watch(std::iter::empty());
        drop(self.last.code.take());
    }

    /// Whether it decides at all: not where looking at what is watched may run code of the program's.
    pub(super) fn decide(&self, on: bool) {
        self.on.set(on && self.watched.borrow().iter().all(|(datum, _)| datum.runs_no_code()));
    }

    /// Whether nothing is to be done about an instruction that is about to run: what is watched is as
    /// it was, and the instruction does not name it as what it writes.
    #[inline]
    pub(crate) fn passes(&self, vm: &Vm, at: Position) -> bool {
        if !self.on.get() || !vm.interp.quickly.is_on() || BREAKPOINT_CALLED.get() {
            return false;
        }
        // SAFETY: positions are of live frames.
        let code = unsafe { at.frame.code() };
        if code.unit(at.unit as usize) as u8 == BREAKPOINT {
            return false;
        }
        // It was decided about at its first EXTENDED_ARG.
        if has_prefix(code, at.unit as usize) {
            return true;
        }
        let watched = self.watched.borrow();
        if !self.unchanged.get() && watched.iter().any(|(datum, before)| held(datum.value(vm).as_ref()) != *before) {
            return false;
        }
        if writes(code, at.unit) == Writes::Named {
            // SAFETY: the registers are spilled where an instruction is looked at.
            let written = unsafe { destination(at.frame, at.unit, at.oparg, vm.interp.sp.get()) };
            if written.is_some_and(|(container, key)| watched.iter().any(|(datum, _)| datum.is_named(container, key))) {
                return false;
            }
        }
        drop(watched);
        self.pass(code, at.unit);
        true
    }

    /// Notes that an instruction is about to run, after what is watched was compared.
    pub(super) fn pass(&self, code: &PyCode, unit: u32) {
        self.unchanged.set(writes(code, unit) == Writes::Nothing);
        self.last.unit.set(unit);
        let code = code.as_value();
        if !self.last.code.get().is(code) {
            self.last.code.set(code.to_ref());
        }
    }

    /// The code object and code unit of the last instruction that was looked after.
    pub(super) fn last(&self) -> Option<(&PyCode, u32)> {
        Some((self.last.code.get().non_null()?.cast_exact()?, self.last.unit.get()))
    }
}

/// What instructions of an opcode write.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Writes {
    /// No object, and they end none.
    Nothing,
    /// What they name, and anything else by the code that they run.
    Named,
    Anything,
}

/// By the number of an opcode as the compiler emits it.
static WRITES: [Writes; 256] = {
    use Opcode as O;
    let mut table = [Writes::Anything; 256];
    let nothing = [
        O::NOP,
        O::NOT_TAKEN,
        O::PUSH_NULL,
        O::COPY,
        O::SWAP,
        O::LOAD_CONST,
        O::LOAD_SMALL_INT,
        O::LOAD_COMMON_CONSTANT,
        O::LOAD_DEREF,
        O::LOAD_FAST,
        O::LOAD_FAST_AND_CLEAR,
        O::LOAD_FAST_BORROW,
        O::LOAD_FAST_BORROW_LOAD_FAST_BORROW,
        O::LOAD_FAST_CHECK,
        O::LOAD_FAST_LOAD_FAST,
        O::JUMP_FORWARD,
        O::POP_JUMP_IF_FALSE,
        O::POP_JUMP_IF_TRUE,
    ];
    let named = [
        O::STORE_ATTR,
        O::DELETE_ATTR,
        O::STORE_SUBSCR,
        O::DELETE_SUBSCR,
        O::STORE_GLOBAL,
        O::DELETE_GLOBAL,
        O::STORE_NAME,
        O::DELETE_NAME,
    ];
    let mut i = 0;
    while i < nothing.len() {
        table[nothing[i] as usize] = Writes::Nothing;
        i += 1;
    }
    let mut i = 0;
    while i < named.len() {
        table[named[i] as usize] = Writes::Named;
        i += 1;
    }
    table
};

fn writes(code: &PyCode, unit: u32) -> Writes {
    code.code.code.get(2 * unit as usize).map_or(Writes::Anything, |number| WRITES[usize::from(*number)])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An instruction whose destination is not asked for would write without being noticed, where it writes
    /// what is there already.
    #[test]
    fn all_that_names_a_destination_is_asked_for_it() {
        for number in 0..=u8::MAX {
            let Some(op) = Opcode::from_u8(number) else { continue };
            let names = ["STORE_", "DELETE_"].iter().any(|start| op.name().starts_with(start));
            let is_local = ["FAST", "DEREF", "SLICE"].iter().any(|part| op.name().contains(part));
            let is_specialized = op.base() != op;
            if names && !is_local && !is_specialized {
                assert!(WRITES[usize::from(number)] == Writes::Named, "{}", op.name());
            }
        }
    }
}
