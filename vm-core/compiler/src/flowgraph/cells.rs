//! Cells and free variables: their slots, and what a frame does before its first instruction.

use std::collections::HashMap;

use tailscope_bytecode::code::flags;
use tailscope_bytecode::opcode::Opcode;

use super::Error;
use super::graph::Cfg;
use super::ops::Kinds;
use crate::instr::{Instr, Loc, Unit};

const GENERATOR_LIKE: u32 = flags::GENERATOR | flags::COROUTINE | flags::ASYNC_GENERATOR;

/// Which slot each cell and free variable gets.
pub(crate) struct CellSlots {
    /// The slot of each cell variable, then of each free variable. A cell that is a local
    /// (an argument, mostly) shares the local's slot.
    pub slots: Vec<u32>,
    /// Number of slots of the frame: locals, cells that are no locals, free variables.
    pub count: u32,
}

impl CellSlots {
    pub(crate) fn new(unit: &Unit) -> CellSlots {
        let nlocals = unit.varnames.len() as u32;
        let free_count = unit.freevars.len() as u32;
        if unit.cellvars.is_empty() {
            let slots = (nlocals..nlocals + free_count).collect();
            return CellSlots {
                slots,
                count: nlocals + free_count,
            };
        }
        let locals: HashMap<&str, u32> = unit
            .varnames
            .iter()
            .zip(0..)
            .map(|(name, slot)| (&**name, slot))
            .collect();
        let mut count = nlocals;
        let mut fresh = || {
            count += 1;
            count - 1
        };
        let mut slots: Vec<u32> = Vec::with_capacity(unit.cellvars.len() + unit.freevars.len());
        for name in &unit.cellvars {
            slots.push(locals.get(&**name).copied().unwrap_or_else(&mut fresh));
        }
        slots.extend(unit.freevars.iter().map(|_| fresh()));
        CellSlots { slots, count }
    }
}

/// Inserts the prefix instructions and gives all cell instructions their slots.
pub(crate) fn prepare_localsplus(g: &mut Cfg, unit: &Unit, cells: &CellSlots) -> Result<(), Error> {
    fix_cell_offsets(g, cells)?;
    insert_prefix_instructions(g, unit, cells);
    Ok(())
}

/// Replaces indices into cell and free variables by slots.
fn fix_cell_offsets(g: &mut Cfg, cells: &CellSlots) -> Result<(), Error> {
    use Opcode::*;
    let mut cursor = g.first_with(Kinds::CELL);
    while let Some(b) = cursor {
        for instr in g.code_mut(b) {
            if let MAKE_CELL
            | LOAD_CLOSURE
            | LOAD_DEREF
            | STORE_DEREF
            | DELETE_DEREF
            | LOAD_FROM_DICT_OR_DEREF = instr.op
            {
                let slot = cells.slots.get(instr.arg as usize);
                instr.arg = *slot.ok_or(Error::NoSuchCell(instr.arg))?;
            }
        }
        cursor = g.next_with(b, Kinds::CELL);
    }
    Ok(())
}

/// Inserts, in the order in which they run: COPY_FREE_VARS, a MAKE_CELL for every cell by
/// slot, and for generators RETURN_GENERATOR with the POP_TOP of the first value sent.
fn insert_prefix_instructions(g: &mut Cfg, unit: &Unit, cells: &CellSlots) {
    let mut prefix = Vec::new();
    if !unit.freevars.is_empty() {
        prefix.push((
            Opcode::COPY_FREE_VARS,
            unit.freevars.len() as u32,
            Loc::NONE,
        ));
    }
    let mut made = cells.slots[..unit.cellvars.len()].to_vec();
    made.sort_unstable();
    prefix.extend(
        made.into_iter()
            .map(|slot| (Opcode::MAKE_CELL, slot, Loc::NONE)),
    );
    if unit.flags & GENERATOR_LIKE != 0 {
        let line = unit.firstlineno;
        let loc = Loc {
            line,
            end_line: line,
            col: -1,
            end_col: -1,
        };
        prefix.push((Opcode::RETURN_GENERATOR, 0, loc));
        prefix.push((Opcode::POP_TOP, 0, loc));
    }
    let entry = g.entry;
    for (i, (op, arg, loc)) in prefix.into_iter().enumerate() {
        g.insert(entry, i, Instr::new(op, arg, loc));
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;

    #[test]
    fn cells_that_are_arguments_share_their_slot() {
        let mut unit = unit();
        unit.varnames = vec!["b".into(), "a".into()];
        unit.cellvars = vec!["a".into(), "c".into()];
        unit.freevars = vec!["f".into()];
        unit.flags = flags::GENERATOR;
        let mut g = graph(
            "2 LOAD_DEREF 0
             2 LOAD_DEREF 1
             2 LOAD_CLOSURE 2",
        );
        let cells = CellSlots::new(&unit);
        prepare_localsplus(&mut g, &unit, &cells).unwrap();
        assert_eq!(cells.count, 4);
        assert_eq!(
            text(&g),
            "- COPY_FREE_VARS 1 | - MAKE_CELL 1 | - MAKE_CELL 2 | 1 RETURN_GENERATOR | 1 POP_TOP \
             | 2 LOAD_DEREF 1 | 2 LOAD_DEREF 2 | 2 LOAD_CLOSURE 3"
        );
    }
}
