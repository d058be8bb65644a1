//! Names as numbers: each text is kept once, and tables of names hash and compare numbers.

use std::hash::Hasher;
use std::sync::Arc;

use ruff_python_ast::{AtomicNodeIndex, NodeIndex};
use rustc_hash::FxHasher;

use crate::index::HashIndex;

/// The number of a name in the [`Names`] of its compilation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NameId(u32);

/// Names that the compiler itself looks for or makes: all [`Names`] begin with them.
const WELL_KNOWN: [&str; 6] = [
    "__class__",
    "__classdict__",
    "__conditional_annotations__",
    "super",
    ".0",
    ".format",
];

impl NameId {
    pub const CLASS: NameId = NameId(0);
    pub const CLASSDICT: NameId = NameId(1);
    pub const CONDITIONAL_ANNOTATIONS: NameId = NameId(2);
    pub const SUPER: NameId = NameId(3);
    /// The parameter of a comprehension's function.
    pub const COMPREHENSION_ITER: NameId = NameId(4);
    /// The parameter of a function that evaluates annotations.
    pub const FORMAT: NameId = NameId(5);

    /// Set in the number of a name that a class mangles: `__x`, but not `__x__`.
    const PRIVATE: u32 = 1 << 31;

    fn new(index: usize, text: &str) -> NameId {
        // Most names begin otherwise, which one comparison tells.
        let is_private = text.as_bytes().first_chunk() == Some(b"__") && !text.ends_with("__");
        NameId(index as u32 | if is_private { NameId::PRIVATE } else { 0 })
    }

    pub(crate) fn index(self) -> usize {
        (self.0 & !NameId::PRIVATE) as usize
    }

    /// Whether the name looks like one that a class keeps to itself.
    #[inline]
    pub(crate) fn is_private(self) -> bool {
        self.0 & NameId::PRIVATE != 0
    }

    /// Names get their numbers one after the other: their own lower bits tell them apart.
    fn hash(self) -> u32 {
        self.0
    }

    /// Notes the name in a node, so that later stages need not look its text up.
    pub(crate) fn note_in(self, node: &AtomicNodeIndex) {
        node.set(NodeIndex::from(self.0));
    }

    /// The name that was noted in a node.
    pub(crate) fn noted_in(node: &AtomicNodeIndex) -> Option<NameId> {
        node.load().as_u32().map(NameId)
    }
}

/// All names of a compilation.
#[derive(Clone, Debug)]
pub struct Names {
    texts: Vec<Arc<str>>,
    short: ShortNames,
    /// The others.
    index: HashIndex,
}

impl Default for Names {
    fn default() -> Names {
        let mut names = Names { texts: Vec::with_capacity(128), short: ShortNames::default(), index: HashIndex::default() };
        for text in WELL_KNOWN {
            names.intern(text);
        }
        names
    }
}

impl Names {
    /// The number of a name, which is new if the text is.
    #[inline]
    pub fn intern(&mut self, text: &str) -> NameId {
        match Key::of(text) {
            Some(key) => self.short.find(key).unwrap_or_else(|| self.add_short(text)),
            None => self.intern_long(text),
        }
    }

    /// Takes all names out.
    pub(crate) fn take(&mut self) -> Names {
        let empty = Names { texts: Vec::new(), short: ShortNames::default(), index: HashIndex::default() };
        std::mem::replace(self, empty)
    }

    /// Adds a name that is new. Its key is made once more, so that those that are found stay in registers.
    #[cold]
    fn add_short(&mut self, text: &str) -> NameId {
        let Some(key) = Key::of(text) else { return self.intern_long(text) };
        let name = NameId::new(self.texts.len(), text);
        self.texts.push(Arc::from(text));
        self.short.insert(key, name);
        name
    }

    fn intern_long(&mut self, text: &str) -> NameId {
        let hash = hash(text);
        let texts = &self.texts;
        let index = self.index.find(hash, |index| *texts[index] == *text).unwrap_or_else(|| {
            self.texts.push(Arc::from(text));
            self.index.insert(hash, self.texts.len() - 1);
            self.texts.len() - 1
        });
        NameId::new(index, text)
    }

    pub fn text(&self, name: NameId) -> &Arc<str> {
        &self.texts[name.index()]
    }

    /// How many names there are: their indices are less.
    pub(crate) fn len(&self) -> usize {
        self.texts.len()
    }
}

/// A text of 1 to 16 bytes, as most names are: its first and last bytes, which together are all, and
/// its length. To compare these no memory is read but the table's.
#[derive(Clone, Copy, Debug)]
struct Key {
    first: u64,
    last: u64,
    len: u32,
}

impl Key {
    #[inline(always)]
    fn of(text: &str) -> Option<Key> {
        let bytes = text.as_bytes();
        let len = bytes.len();
        let (first, last) = match len {
            8..=16 => (u64::from_le_bytes(*bytes.first_chunk()?), u64::from_le_bytes(*bytes.last_chunk()?)),
            4..8 => {
                let (first, last) = (bytes.first_chunk()?, bytes.last_chunk()?);
                (u64::from(u32::from_le_bytes(*first)), u64::from(u32::from_le_bytes(*last)))
            }
            1..4 => (u64::from(bytes[0]), u64::from(bytes[len / 2]) << 8 | u64::from(bytes[len - 1])),
            // The empty one is like a free slot.
            _ => return None,
        };
        Some(Key { first, last, len: len as u32 })
    }

    /// Whether the texts are the same: one comparison, as it is mostly true.
    #[inline(always)]
    fn is(self, other: Key) -> bool {
        (self.first ^ other.first) | (self.last ^ other.last) | u64::from(self.len ^ other.len) == 0
    }

    /// Whether it is no text's.
    #[inline(always)]
    fn is_free(self) -> bool {
        self.len == 0
    }

    #[inline(always)]
    fn hash(self) -> usize {
        const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;
        let mixed = (self.first.wrapping_mul(FACTOR) ^ self.last.rotate_left(29) ^ u64::from(self.len)).wrapping_mul(FACTOR);
        (mixed >> 32) as usize
    }
}

/// A hash table of short names.
#[derive(Clone, Debug, Default)]
struct ShortNames {
    /// Half of them are free at least.
    slots: Vec<(Key, NameId)>,
    used: usize,
}

impl ShortNames {
    const FREE: (Key, NameId) = (Key { first: 0, last: 0, len: 0 }, NameId(0));

    #[inline(always)]
    fn find(&self, key: Key) -> Option<NameId> {
        let last = self.slots.len().checked_sub(1)?;
        let mut at = key.hash() & last;
        loop {
            let (known, name) = self.slots[at];
            if known.is(key) {
                return Some(name);
            }
            if known.is_free() {
                return None;
            }
            at = (at + 1) & last;
        }
    }

    /// Adds a name that is new.
    fn insert(&mut self, key: Key, name: NameId) {
        const LEAST: usize = 256;
        self.used += 1;
        if self.used > self.slots.len() / 2 {
            let grown = vec![ShortNames::FREE; (self.slots.len() * 2).max(LEAST)];
            let before = std::mem::replace(&mut self.slots, grown);
            before.into_iter().filter(|(key, _)| !key.is_free()).for_each(|(key, name)| self.put(key, name));
        }
        self.put(key, name);
    }

    /// Puts a name where it belongs; there is a free slot at least.
    fn put(&mut self, key: Key, name: NameId) {
        let last = self.slots.len() - 1;
        let mut at = key.hash() & last;
        while !self.slots[at].0.is_free() {
            at = (at + 1) & last;
        }
        self.slots[at] = (key, name);
    }
}

fn hash(text: &str) -> u32 {
    let mut hasher = FxHasher::default();
    hasher.write(text.as_bytes());
    hasher.finish() as u32
}

/// Up to this many names a look-up compares with each instead of hashing.
const LINEAR_LOOKUP: usize = 16;

/// A map from names, in the order in which they were added.
#[derive(Clone, Debug)]
pub struct NameMap<V> {
    entries: Vec<(NameId, V)>,
    /// Where each name is; empty while there are few.
    index: HashIndex,
}

impl<V> Default for NameMap<V> {
    fn default() -> Self {
        NameMap { entries: Vec::new(), index: HashIndex::default() }
    }
}

impl<V> NameMap<V> {
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The names, in their order.
    pub fn names(&self) -> impl ExactSizeIterator<Item = NameId> {
        self.entries.iter().map(|(name, _)| *name)
    }

    pub fn iter(&self) -> impl Iterator<Item = (NameId, &V)> {
        self.entries.iter().map(|(name, value)| (*name, value))
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = (NameId, &mut V)> {
        self.entries.iter_mut().map(|(name, value)| (*name, value))
    }

    /// Where a name is in the order.
    pub fn position(&self, name: NameId) -> Option<usize> {
        if self.entries.len() <= LINEAR_LOOKUP {
            self.names().position(|known| known == name)
        } else {
            self.index.find(name.hash(), |index| self.entries[index].0 == name)
        }
    }

    pub fn get(&self, name: NameId) -> Option<&V> {
        self.position(name).map(|index| &self.entries[index].1)
    }

    pub fn get_mut(&mut self, name: NameId) -> Option<&mut V> {
        self.position(name).map(|index| &mut self.entries[index].1)
    }

    /// The name and value at a place of the order.
    pub fn get_index(&self, index: usize) -> Option<(NameId, &V)> {
        self.entries.get(index).map(|(name, value)| (*name, value))
    }

    pub fn get_index_mut(&mut self, index: usize) -> Option<&mut V> {
        self.entries.get_mut(index).map(|(_, value)| value)
    }

    /// Sets the value of a name, which comes last if it is new. Returns where it is.
    pub fn insert(&mut self, name: NameId, value: V) -> usize {
        if let Some(index) = self.position(name) {
            self.entries[index].1 = value;
            return index;
        }
        self.push(name, value)
    }

    /// Adds a name that is new. Returns where it is.
    pub fn push(&mut self, name: NameId, value: V) -> usize {
        // Most maps end up with more than the four that a vector would make room for.
        const ROOM: usize = 8;
        let index = self.entries.len();
        if index == 0 {
            self.entries.reserve(ROOM);
        }
        self.entries.push((name, value));
        match index {
            ..LINEAR_LOOKUP => {}
            LINEAR_LOOKUP => self.build_index(),
            _ => self.index.insert(name.hash(), index),
        }
        index
    }

    /// The value of a name, which comes last if it is new: then it is the default.
    pub fn entry(&mut self, name: NameId) -> &mut V
    where
        V: Default,
    {
        let index = self.position(name).unwrap_or_else(|| self.push(name, V::default()));
        &mut self.entries[index].1
    }

    /// Removes a name; the order of the others stays.
    pub fn remove(&mut self, name: NameId) {
        if let Some(index) = self.position(name) {
            self.entries.remove(index);
            self.index.clear();
            if self.entries.len() > LINEAR_LOOKUP {
                self.build_index();
            }
        }
    }

    /// Makes it empty; its memory stays.
    pub fn clear(&mut self) {
        self.entries.clear();
        self.index.clear();
    }

    fn build_index(&mut self) {
        for (index, (name, _)) in self.entries.iter().enumerate() {
            self.index.insert(name.hash(), index);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_well_known_names_have_their_numbers() {
        let mut names = Names::default();
        for (text, id) in [
            ("__class__", NameId::CLASS),
            ("__classdict__", NameId::CLASSDICT),
            ("__conditional_annotations__", NameId::CONDITIONAL_ANNOTATIONS),
            ("super", NameId::SUPER),
            (".0", NameId::COMPREHENSION_ITER),
            (".format", NameId::FORMAT),
        ] {
            assert_eq!(names.intern(text), id);
            assert_eq!(&**names.text(id), text);
        }
    }

    #[test]
    fn a_text_has_one_number() {
        let mut names = Names::default();
        let mut known = std::collections::HashMap::new();
        assert_eq!(names.intern(""), names.intern(""));
        known.insert(String::new(), names.intern(""));
        for n in 0..5000 {
            // Of all lengths up to 20 bytes, each several times.
            let text = format!("{}{}", &"abcabcabcabcabcabcab"[n % 3..n % 17 + 1 + n % 3], n % 1000);
            let id = names.intern(&text);
            assert_eq!(*known.entry(text.clone()).or_insert(id), id, "{text}");
            assert_eq!(&**names.text(id), text);
        }
        assert_eq!(known.len() + WELL_KNOWN.len(), names.len());
    }

    #[test]
    fn maps_keep_their_order_and_find_their_names() {
        let mut map = NameMap::default();
        for n in (0..100).rev() {
            assert_eq!(map.insert(NameId(n), n), 99 - n as usize);
        }
        map.insert(NameId(50), 5000);
        map.remove(NameId(99));
        assert_eq!(map.len(), 99);
        assert_eq!(map.get(NameId(99)), None);
        assert_eq!(map.get(NameId(50)), Some(&5000));
        assert_eq!(map.position(NameId(98)), Some(0));
        for n in 0..90 {
            map.remove(NameId(n));
        }
        let left: Vec<u32> = map.iter().map(|(_, &value)| value).collect();
        assert_eq!(left, (90..99).rev().collect::<Vec<_>>());
        assert_eq!(map.get(NameId(90)), Some(&90));
    }
}
