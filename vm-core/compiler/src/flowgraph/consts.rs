//! The constants of a unit while instructions are still being changed.

use std::convert::Infallible;

use num_bigint::BigInt;
use num_traits::ToPrimitive;
use tailscope_bytecode::code::Const;
use tailscope_bytecode::opcode::Opcode;

use super::Error;
use super::graph::Cfg;
use super::ops::{self, Kinds};
use crate::consts::ConstTable;
use crate::instr::Instr;

/// Constants in the order of their indices.
pub(crate) struct ConstPool(ConstTable);

impl ConstPool {
    pub(crate) fn new(consts: Vec<Const>) -> ConstPool {
        ConstPool(consts.into())
    }

    pub(crate) fn into_consts(self) -> Vec<Const> {
        self.0.into_vec()
    }

    /// The constant that a LOAD_CONST or LOAD_SMALL_INT pushes.
    pub(crate) fn loaded(&self, instr: &Instr) -> Result<Const, Error> {
        match instr.op {
            Opcode::LOAD_SMALL_INT => Ok(Const::Int(BigInt::from(instr.arg))),
            _ => self.get(instr.arg).cloned(),
        }
    }

    pub(crate) fn get(&self, index: u32) -> Result<&Const, Error> {
        let len = self.0.len();
        self.0.get(index).ok_or(Error::NoSuchConst { index, len })
    }

    /// The index of a constant, which is appended unless it is there already.
    pub(crate) fn add(&mut self, value: Const) -> u32 {
        self.0.add(value)
    }

    /// Makes the instruction push `value`, which may be new.
    pub(crate) fn load(&mut self, instr: &mut Instr, value: Const) {
        match small_int(&value) {
            Some(small) => instr.set(Opcode::LOAD_SMALL_INT, small),
            None => instr.set(Opcode::LOAD_CONST, self.add(value)),
        }
    }
}

/// The value as the oparg of LOAD_SMALL_INT, if it is an int that fits.
pub(crate) fn small_int(value: &Const) -> Option<u32> {
    match value {
        Const::Int(int) => int.to_u32().filter(|&small| small <= 255),
        _ => None,
    }
}

/// Which constants instructions refer to.
pub(crate) struct ConstUses(Vec<u32>);

/// The place of a constant that no instruction refers to.
const UNUSED: u32 = u32::MAX;

impl ConstUses {
    /// None is used yet but the first one, which stays in any case: it may be the docstring.
    pub(crate) fn new(g: &mut Cfg, pool: &ConstPool) -> ConstUses {
        let mut places = std::mem::take(&mut g.const_places);
        places.clear();
        places.resize(pool.0.len(), UNUSED);
        if let Some(first) = places.first_mut() {
            *first = 0;
        }
        ConstUses(places)
    }

    /// A LOAD_CONST refers to this one.
    #[inline(always)]
    pub(crate) fn note(&mut self, index: u32) -> Result<(), Error> {
        let len = self.0.len();
        *self.0.get_mut(index as usize).ok_or(Error::NoSuchConst { index, len })? = 0;
        Ok(())
    }

    /// Drops the constants that no instruction refers to and renumbers the others.
    pub(crate) fn remove_others(self, g: &mut Cfg, pool: &mut ConstPool) {
        let ConstUses(mut places) = self;
        if places.contains(&UNUSED) {
            for (new, place) in (0..).zip(places.iter_mut().filter(|place| **place != UNUSED)) {
                *place = new;
            }
            pool.0.retain(|index| places[index] != UNUSED);
            renumber(g, &places);
        }
        g.const_places = places;
    }
}

fn renumber(g: &mut Cfg, places: &[u32]) {
    let mut cursor = Some(g.entry);
    while let Some(b) = cursor {
        let code = if g[b].kinds.has(Kinds::LOADS_CONST) { g.code_mut(b) } else { &mut [] };
        let renumbered = ops::try_for_each_of(code, Kinds::LOADS_CONST, |code, i| {
            let instr = &mut code[i];
            if instr.op == Opcode::LOAD_CONST {
                instr.arg = places[instr.arg as usize];
            }
            Ok::<(), Infallible>(())
        });
        renumbered.unwrap_or_else(|never| match never {});
        cursor = g[b].next;
    }
}

#[cfg(test)]
mod tests {
    use super::super::superinstructions;
    use super::super::testing::*;
    use super::*;

    #[test]
    fn unused_constants_go_but_the_first() {
        let mut g = graph("1 LOAD_CONST 3\n1 LOAD_CONST 1");
        let mut pool = ConstPool::new((0..5).map(|i| Const::Int(i.into())).collect());
        let mut uses = ConstUses::new(&mut g, &pool);
        superinstructions::insert_superinstructions(&mut g, &mut uses).unwrap();
        uses.remove_others(&mut g, &mut pool);
        assert_eq!(text(&g), "1 LOAD_CONST 2 | 1 LOAD_CONST 1");
        let left = [0, 1, 3].map(|i| Const::Int(i.into()));
        assert_eq!(pool.into_consts(), left);
    }
}
