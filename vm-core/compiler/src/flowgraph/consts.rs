//! The constants of a unit while instructions are still being changed.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use num_bigint::BigInt;
use num_traits::ToPrimitive;
use tailscope_bytecode::code::Const;
use tailscope_bytecode::opcode::Opcode;

use super::Error;
use super::graph::{Cfg, CfgInstr};

/// Up to this many constants a look-up compares with each instead of hashing.
const LINEAR_LOOKUP: usize = 16;

/// Constants in the order of their indices, each once.
pub(crate) struct ConstPool {
    consts: Vec<Const>,
    /// Indices by hash, once there are many; complete up to `indexed`.
    by_hash: HashMap<u64, Vec<u32>>,
    indexed: usize,
}

impl ConstPool {
    pub(crate) fn new(consts: Vec<Const>) -> ConstPool {
        ConstPool {
            consts,
            by_hash: HashMap::new(),
            indexed: 0,
        }
    }

    pub(crate) fn into_consts(self) -> Vec<Const> {
        self.consts
    }

    /// The constant that a LOAD_CONST or LOAD_SMALL_INT pushes.
    pub(crate) fn loaded(&self, instr: &CfgInstr) -> Result<Const, Error> {
        match instr.op {
            Opcode::LOAD_SMALL_INT => Ok(Const::Int(BigInt::from(instr.arg))),
            _ => self.get(instr.arg).cloned(),
        }
    }

    pub(crate) fn get(&self, index: u32) -> Result<&Const, Error> {
        let len = self.consts.len();
        self.consts
            .get(index as usize)
            .ok_or(Error::NoSuchConst { index, len })
    }

    /// The index of a constant, which is appended unless it is there already.
    ///
    /// A NaN is not equal to any other, so a constant that holds one is always appended.
    pub(crate) fn add(&mut self, value: Const) -> u32 {
        if !holds_nan(&value)
            && let Some(index) = self.find(&value)
        {
            return index;
        }
        self.consts.push(value);
        self.consts.len() as u32 - 1
    }

    fn find(&mut self, value: &Const) -> Option<u32> {
        if self.consts.len() <= LINEAR_LOOKUP {
            return self
                .consts
                .iter()
                .position(|known| known == value)
                .map(|i| i as u32);
        }
        for i in self.indexed..self.consts.len() {
            self.by_hash
                .entry(hash(&self.consts[i]))
                .or_default()
                .push(i as u32);
        }
        self.indexed = self.consts.len();
        let candidates = self.by_hash.get(&hash(value))?;
        candidates
            .iter()
            .copied()
            .find(|&i| self.consts[i as usize] == *value)
    }

    /// Makes the instruction push `value`, which may be new.
    pub(crate) fn load(&mut self, instr: &mut CfgInstr, value: Const) {
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

fn holds_nan(value: &Const) -> bool {
    match value {
        Const::Float(x) => x.is_nan(),
        Const::Complex(re, im) => re.is_nan() || im.is_nan(),
        Const::Tuple(items) | Const::FrozenSet(items) => items.iter().any(holds_nan),
        Const::Slice(parts) => parts.iter().any(holds_nan),
        _ => false,
    }
}

/// A hash that equal constants share.
fn hash(value: &Const) -> u64 {
    let mut hasher = DefaultHasher::new();
    hash_into(value, &mut hasher);
    hasher.finish()
}

fn hash_into(value: &Const, hasher: &mut DefaultHasher) {
    std::mem::discriminant(value).hash(hasher);
    match value {
        Const::None | Const::True | Const::False | Const::Ellipsis => {}
        Const::Int(int) => int.hash(hasher),
        Const::Float(x) => x.to_bits().hash(hasher),
        Const::Complex(re, im) => (re.to_bits(), im.to_bits()).hash(hasher),
        Const::Str(text) => text.hash(hasher),
        Const::Bytes(bytes) => bytes.hash(hasher),
        Const::Tuple(items) => items.iter().for_each(|item| hash_into(item, hasher)),
        // The order of the items must not matter.
        Const::FrozenSet(items) => {
            items
                .iter()
                .map(hash)
                .fold(0, u64::wrapping_add)
                .hash(hasher);
        }
        Const::Slice(parts) => parts.iter().for_each(|part| hash_into(part, hasher)),
        Const::Code(code) => (&code.name, code.firstlineno, code.code.len()).hash(hasher),
    }
}

/// Drops the constants that no instruction refers to and renumbers the others. The first
/// one stays in any case: it may be the docstring.
pub(crate) fn remove_unused_consts(g: &mut Cfg, pool: &mut ConstPool) -> Result<(), Error> {
    let len = pool.consts.len();
    let mut used = vec![false; len];
    if let Some(first) = used.first_mut() {
        *first = true;
    }
    let mut cursor = Some(g.entry);
    while let Some(b) = cursor {
        for instr in g
            .code(b)
            .iter()
            .filter(|instr| instr.op == Opcode::LOAD_CONST)
        {
            let index = instr.arg;
            *used
                .get_mut(index as usize)
                .ok_or(Error::NoSuchConst { index, len })? = true;
        }
        cursor = g[b].next;
    }
    if used.iter().all(|&used| used) {
        return Ok(());
    }
    let mut count = 0;
    let renumber = |&used: &bool| {
        count += u32::from(used);
        count.wrapping_sub(1)
    };
    let new_index: Vec<u32> = used.iter().map(renumber).collect();
    let mut keep = used.iter();
    pool.consts.retain(|_| keep.next() == Some(&true));
    pool.by_hash.clear();
    pool.indexed = 0;
    let mut cursor = Some(g.entry);
    while let Some(b) = cursor {
        for instr in g
            .code_mut(b)
            .iter_mut()
            .filter(|instr| instr.op == Opcode::LOAD_CONST)
        {
            instr.arg = new_index[instr.arg as usize];
        }
        cursor = g[b].next;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;

    #[test]
    fn unused_constants_go_but_the_first() {
        let mut g = graph("1 LOAD_CONST 3\n1 LOAD_CONST 1");
        let mut pool = ConstPool::new((0..5).map(|i| Const::Int(i.into())).collect());
        remove_unused_consts(&mut g, &mut pool).unwrap();
        assert_eq!(text(&g), "1 LOAD_CONST 2 | 1 LOAD_CONST 1");
        let left = [0, 1, 3].map(|i| Const::Int(i.into()));
        assert_eq!(pool.into_consts(), left);
    }

    #[test]
    fn a_constant_is_found_again_unless_it_is_a_nan() {
        let mut pool = ConstPool::new(Vec::new());
        for round in 0..2 {
            for i in 0..40 {
                assert_eq!(
                    pool.add(Const::Float(f64::from(i))),
                    i as u32,
                    "round {round}"
                );
            }
        }
        assert_eq!(pool.add(Const::Int(1.into())), 40);
        assert_eq!(pool.add(Const::True), 41);
        assert_eq!(pool.add(Const::Float(-0.0)), 42);
        assert_eq!(pool.add(Const::Float(f64::NAN)), 43);
        assert_eq!(pool.add(Const::Float(f64::NAN)), 44);
    }
}
