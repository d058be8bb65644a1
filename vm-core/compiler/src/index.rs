//! A hash table of places: whose they are, the tables know that have one.

/// Places in a table, found by the hashes of what is there.
#[derive(Clone, Debug, Default)]
pub(crate) struct HashIndex {
    /// Where a hash leads to, or behind that, is its place. Half of them are free at least.
    slots: Vec<Slot>,
    used: usize,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    hash: u32,
    /// A place, or [`Slot::FREE`].
    place: u32,
}

impl Slot {
    const FREE: u32 = u32::MAX;
    const EMPTY: Slot = Slot { hash: 0, place: Slot::FREE };
}

impl HashIndex {
    /// An empty index of so many slots, or the next power of two.
    pub(crate) fn with_slots(count: usize) -> HashIndex {
        HashIndex { slots: vec![Slot::EMPTY; count.next_power_of_two()], used: 0 }
    }

    /// The first place with that hash that is the right one.
    #[inline]
    pub(crate) fn find(&self, hash: u32, mut is_right: impl FnMut(usize) -> bool) -> Option<usize> {
        let last = self.slots.len().checked_sub(1)?;
        let mut at = hash as usize & last;
        loop {
            let slot = self.slots[at];
            if slot.place == Slot::FREE {
                return None;
            }
            if slot.hash == hash && is_right(slot.place as usize) {
                return Some(slot.place as usize);
            }
            at = (at + 1) & last;
        }
    }

    /// Adds a place.
    pub(crate) fn insert(&mut self, hash: u32, place: usize) {
        const LEAST: usize = 32;
        // Larger steps cost memory, smaller ones move each place more often.
        const GROWTH: usize = 4;
        self.used += 1;
        if self.used > self.slots.len() / 2 {
            let grown = HashIndex::with_slots((self.slots.len() * GROWTH).max(LEAST));
            let before = std::mem::replace(&mut self.slots, grown.slots);
            for slot in before.into_iter().filter(|slot| slot.place != Slot::FREE) {
                self.put(slot);
            }
        }
        self.put(Slot { hash, place: place as u32 });
    }

    /// Puts a slot where it belongs; there is one free at least.
    fn put(&mut self, slot: Slot) {
        let last = self.slots.len() - 1;
        let mut at = slot.hash as usize & last;
        while self.slots[at].place != Slot::FREE {
            at = (at + 1) & last;
        }
        self.slots[at] = slot;
    }

    /// Makes it empty; its memory stays.
    pub(crate) fn clear(&mut self) {
        if self.used > 0 {
            self.slots.fill(Slot::EMPTY);
            self.used = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_found_by_their_hashes() {
        let mut index = HashIndex::default();
        assert_eq!(index.find(0, |_| true), None);
        // Few hashes, near to each other and at the end of the table.
        let hash = |place: usize| u32::MAX - place as u32 % 5;
        for place in 0..1000 {
            index.insert(hash(place), place);
        }
        for place in 0..1000 {
            assert_eq!(index.find(hash(place), |found| found == place), Some(place));
        }
        assert_eq!(index.find(hash(0), |found| found == 1000), None);
        index.clear();
        assert_eq!(index.find(hash(0), |_| true), None);
    }
}
