//! The constants of a unit while instructions are still being changed.

use num_bigint::BigInt;
use num_traits::ToPrimitive;
use tailscope_bytecode::code::Const;
use tailscope_bytecode::opcode::Opcode;

use super::Error;
use super::graph::Cfg;
use super::ops::Kinds;
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

/// The place of a constant that no instruction refers to.
const UNUSED: u32 = u32::MAX;
/// The place of a small int is its value with this bit: it is used by LOAD_SMALL_INT alone, which does
/// not refer to it.
const SMALL: u32 = 1 << 31;

/// Makes loads of small ints LOAD_SMALL_INT, then drops the constants that no instruction refers to any
/// more and renumbers the others. The first one stays in any case: it may be the docstring.
pub(crate) fn remove_unused_consts(g: &mut Cfg, pool: &mut ConstPool) -> Result<(), Error> {
    let mut uses = std::mem::take(&mut g.const_uses);
    uses.find(g, pool)?;
    uses.remove_others(g, pool);
    g.const_uses = uses;
    Ok(())
}

/// Which constants instructions refer to.
#[derive(Debug, Default)]
pub(crate) struct ConstUses {
    /// Of each constant its place among those that are used, or [`UNUSED`] or [`SMALL`].
    places: Vec<u32>,
    /// Where the instructions are that refer to them, among all.
    loads: Vec<u32>,
}

impl ConstUses {
    fn find(&mut self, g: &mut Cfg, pool: &ConstPool) -> Result<(), Error> {
        self.loads.clear();
        self.places.clear();
        let small_ints = pool.0.iter().map(|value| small_int(value).map_or(UNUSED, |small| SMALL | small));
        self.places.extend(small_ints);
        let mut cursor = g.first_with(Kinds::LOADS_CONST);
        while let Some(b) = cursor {
            let start = g.range(b).start;
            for (instr, at) in g.code_mut(b).iter_mut().zip(start..) {
                if instr.op == Opcode::LOAD_CONST {
                    self.note(instr, at)?;
                }
            }
            cursor = g.next_with(b, Kinds::LOADS_CONST);
        }
        Ok(())
    }

    /// Notes what a LOAD_CONST refers to.
    #[inline(always)]
    fn note(&mut self, instr: &mut Instr, at: usize) -> Result<(), Error> {
        let (index, len) = (instr.arg, self.places.len());
        let place = self.places.get_mut(index as usize).ok_or(Error::NoSuchConst { index, len })?;
        if *place & SMALL != 0 && *place != UNUSED {
            instr.set(Opcode::LOAD_SMALL_INT, *place & !SMALL);
            return Ok(());
        }
        *place = 0;
        self.loads.push(at as u32);
        Ok(())
    }

    fn remove_others(&mut self, g: &mut Cfg, pool: &mut ConstPool) {
        if let Some(first) = self.places.first_mut() {
            *first = 0;
        }
        let mut used = 0;
        for place in &mut self.places {
            *place = if *place & SMALL == 0 { used } else { UNUSED };
            used += u32::from(*place != UNUSED);
        }
        if used as usize == self.places.len() {
            return;
        }
        pool.0.retain(|index| self.places[index] != UNUSED);
        for &load in &self.loads {
            let instr = g.instr_mut(load as usize);
            instr.arg = self.places[instr.arg as usize];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;

    #[test]
    fn unused_constants_go_but_the_first() {
        let ints = |ints: &[i32]| ints.iter().map(|&i| Const::Int(i.into())).collect::<Vec<_>>();
        let mut g = graph("1 LOAD_CONST 3\n1 LOAD_CONST 1");
        let mut pool = ConstPool::new(ints(&[300, 301, 302, 303, 304]));
        remove_unused_consts(&mut g, &mut pool).unwrap();
        assert_eq!(text(&g), "1 LOAD_CONST 2 | 1 LOAD_CONST 1");
        assert_eq!(pool.into_consts(), ints(&[300, 301, 303]));
    }

    #[test]
    fn small_ints_are_in_their_instructions() {
        let ints = |ints: &[i32]| ints.iter().map(|&i| Const::Int(i.into())).collect::<Vec<_>>();
        let mut g = graph("1 LOAD_CONST 0\n1 LOAD_CONST 1\n1 LOAD_CONST 2\n1 LOAD_CONST 3");
        let mut pool = ConstPool::new(ints(&[0, 255, 256, -1]));
        remove_unused_consts(&mut g, &mut pool).unwrap();
        let loads = "1 LOAD_SMALL_INT 0 | 1 LOAD_SMALL_INT 255 | 1 LOAD_CONST 1 | 1 LOAD_CONST 2";
        assert_eq!(text(&g), loads);
        assert_eq!(pool.into_consts(), ints(&[0, 256, -1]));
        let missing = remove_unused_consts(&mut graph("1 LOAD_CONST 7"), &mut ConstPool::new(ints(&[1])));
        assert_eq!(missing, Err(Error::NoSuchConst { index: 7, len: 1 }));
    }
}
