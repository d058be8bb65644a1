//! Tables of constants: each once, by type and value. Code generation fills one for each
//! unit, the flow graph goes on with it.

use std::hash::{Hash, Hasher};

use rustc_hash::FxHasher;
use tailscope_bytecode::code::Const;

use crate::index::HashIndex;

/// Up to this many constants a look-up compares with each instead of hashing.
const LINEAR_LOOKUP: usize = 12;

/// Constants in the order of their first use, merged by type and value.
#[derive(Debug, Default)]
pub(crate) struct ConstTable {
    consts: Vec<Const>,
    /// Where each constant is. Empty while there are few, else complete up to `indexed`.
    index: HashIndex,
    indexed: usize,
    /// Where None is, the most frequent constant.
    none: Option<u32>,
}

impl From<Vec<Const>> for ConstTable {
    fn from(consts: Vec<Const>) -> ConstTable {
        ConstTable {
            consts,
            ..ConstTable::default()
        }
    }
}

impl ConstTable {
    /// An empty table with room for the constants of most units.
    pub(crate) fn with_room() -> ConstTable {
        const ROOM: usize = 32;
        ConstTable { consts: Vec::with_capacity(ROOM), ..ConstTable::default() }
    }

    /// The index of a constant, which is appended unless it is there already.
    ///
    /// A NaN is equal to nothing, so a constant that holds one is always appended.
    pub(crate) fn add(&mut self, value: Const) -> u32 {
        let hash = match self.find(&value) {
            Ok(index) if !holds_nan(&value) => return index,
            Ok(_) => None,
            Err(hash) => hash,
        };
        let place = self.consts.len();
        if let Some(hash) = hash
            && self.indexed == place
        {
            self.index.insert(hash, place);
            self.indexed += 1;
        }
        self.consts.push(value);
        place as u32
    }

    /// The index of None.
    pub(crate) fn add_none(&mut self) -> u32 {
        if let Some(index) = self.none {
            return index;
        }
        let index = self.add(Const::None);
        self.none = Some(index);
        index
    }

    pub(crate) fn get(&self, index: u32) -> Option<&Const> {
        self.consts.get(index as usize)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Const> {
        self.consts.iter()
    }

    pub(crate) fn len(&self) -> usize {
        self.consts.len()
    }

    pub(crate) fn into_vec(self) -> Vec<Const> {
        self.consts
    }

    /// Takes the constants out; the memory of the table stays.
    pub(crate) fn take(&mut self) -> Vec<Const> {
        self.index.clear();
        self.indexed = 0;
        self.none = None;
        self.consts.drain(..).collect()
    }

    /// Drops the constants whose index `keep` is false for.
    pub(crate) fn retain(&mut self, keep: impl Fn(usize) -> bool) {
        let mut indices = 0..;
        self.consts.retain(|_| indices.next().is_some_and(&keep));
        self.index.clear();
        self.indexed = 0;
        self.none = None;
    }

    /// Where the constant is; if it is nowhere, its hash, if that was needed.
    fn find(&mut self, value: &Const) -> Result<u32, Option<u32>> {
        if self.consts.len() <= LINEAR_LOOKUP {
            let found = self.consts.iter().position(|known| is_same(known, value));
            return found.map(|i| i as u32).ok_or(None);
        }
        for i in self.indexed..self.consts.len() {
            self.index.insert(hash(&self.consts[i]) as u32, i);
        }
        self.indexed = self.consts.len();
        let consts = &self.consts;
        let hash = hash(value) as u32;
        let found = self.index.find(hash, |index| is_same(&consts[index], value));
        found.map(|index| index as u32).ok_or(Some(hash))
    }
}

/// [`Const`]'s equality, fast for the kinds that most constants are of.
#[inline]
fn is_same(known: &Const, value: &Const) -> bool {
    match (known, value) {
        (Const::Str(a), Const::Str(b)) => a.0.len() == b.0.len() && a == b,
        _ => std::mem::discriminant(known) == std::mem::discriminant(value) && known == value,
    }
}

/// Whether a NaN is in the constant. Two objects with NaNs differ even if they look alike.
fn holds_nan(value: &Const) -> bool {
    match value {
        Const::Float(x) => x.is_nan(),
        Const::Complex(re, im) => re.is_nan() || im.is_nan(),
        Const::Tuple(items) | Const::FrozenSet(items) => items.iter().any(holds_nan),
        Const::Slice(parts) => parts.iter().any(holds_nan),
        Const::Code(code) => code.consts.iter().any(holds_nan),
        _ => false,
    }
}

/// A hash that equal constants share.
fn hash(value: &Const) -> u64 {
    let mut hasher = FxHasher::default();
    hash_into(value, &mut hasher);
    hasher.finish()
}

fn hash_into(value: &Const, hasher: &mut FxHasher) {
    std::mem::discriminant(value).hash(hasher);
    match value {
        Const::None | Const::True | Const::False | Const::Ellipsis => {}
        Const::Int(int) => int.hash(hasher),
        Const::Float(x) => x.to_bits().hash(hasher),
        Const::Complex(re, im) => (re.to_bits(), im.to_bits()).hash(hasher),
        Const::Str(text) => text.hash(hasher),
        Const::Bytes(bytes) => bytes.hash(hasher),
        Const::Tuple(items) => {
            items.len().hash(hasher);
            items.iter().for_each(|item| hash_into(item, hasher));
        }
        // Equal sets may list their items in different orders.
        Const::FrozenSet(items) => {
            let sum = items.iter().map(hash).fold(0, u64::wrapping_add);
            sum.hash(hasher);
        }
        Const::Slice(parts) => parts.iter().for_each(|part| hash_into(part, hasher)),
        Const::Code(code) => (&code.name, code.firstlineno, code.code.len()).hash(hasher),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_merge_by_type_and_value() {
        let values = [
            Const::Int(1.into()),
            Const::True,
            Const::Float(1.0),
            Const::Float(0.0),
            Const::Float(-0.0),
            Const::Str("a".into()),
            Const::Bytes(b"a".as_slice().into()),
            Const::Tuple([Const::Int(1.into())].into()),
            Const::Tuple([Const::True].into()),
            Const::FrozenSet([Const::True, Const::None].into()),
            Const::None,
        ];
        for few in [true, false] {
            let mut table = ConstTable::default();
            if !few {
                for i in 100..200 {
                    table.add(Const::Int(i.into()));
                }
            }
            let offset = table.len();
            for round in ["new", "known"] {
                for (i, value) in values.iter().enumerate() {
                    let index = table.add(value.clone()) as usize;
                    assert_eq!(index, offset + i, "{value:?} is {round}");
                }
            }
            let set = Const::FrozenSet([Const::None, Const::True].into());
            assert_eq!(table.add(set) as usize, offset + 9);
            assert_eq!(table.len(), offset + values.len());
        }
    }

    #[test]
    fn a_nan_is_never_found_again() {
        let mut table = ConstTable::default();
        let nan = Const::Float(f64::NAN);
        for value in [nan.clone(), nan.clone(), Const::Tuple([nan].into())] {
            let len = table.len();
            assert_eq!(table.add(value) as usize, len);
        }
    }
}
