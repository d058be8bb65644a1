//! How long slices are, and which of the threads that could run is next.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use rustc_hash::FxHashMap;

/// Code units that count as a second of `sys.setswitchinterval`. A machine runs far more: much of a
/// program's time is native code, which counts for nothing.
const UNITS_PER_SECOND: f64 = 4_000_000.0;
/// For CPython's default, 5 ms.
const DEFAULT_SLICE: u64 = 20_000;

/// Without a seed: slices of one length, in turn.
///
/// With one, slices are random, but the same for the same seed, and made for finding races. They
/// are counted in opportunities to interrupt the program's own code, which is little beside that of
/// the library; and a thread whose slice ends has to wait until no other can run: in the middle of
/// what it does, the others do all they can. (After the idea of probabilistic concurrency testing:
/// Burckhardt and others, ASPLOS 2010.)
pub(super) struct Policy {
    slice: Cell<u64>,
    /// State of the generator (xorshift64*); 0 without a seed.
    random: Cell<u64>,
    /// With a seed: how urgent threads are. Those that are in no list are new.
    urgency: RefCell<FxHashMap<u64, i64>>,
    /// The least urgency that any thread has had.
    least: Cell<i64>,
    /// With a seed: opportunities that are left of the slice.
    left: Cell<u64>,
}

/// With a seed: most opportunities of a slice, as a power of two.
const LONGEST: u64 = 8;
/// With a seed: one in so many opportunities in the library's code counts.
const LIBRARY_SHARE: u64 = 32;

impl Policy {
    pub fn new(seed: Option<u64>) -> Policy {
        // Seeds that are close to each other must not begin alike; the state must not be 0.
        let random = seed.map_or(0, |s| s.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        let policy = Policy {
            slice: Cell::new(DEFAULT_SLICE),
            random: Cell::new(random),
            urgency: RefCell::default(),
            least: Cell::new(0),
            left: Cell::new(0),
        };
        if seed.is_some() {
            for _ in 0..8 {
                policy.next();
            }
        }
        policy
    }

    pub fn set_interval(&self, seconds: f64) {
        self.slice.set(((seconds * UNITS_PER_SECOND) as u64).clamp(1, 1 << 40));
    }

    fn next(&self) -> u64 {
        let mut x = self.random.get();
        x ^= x >> 12;
        x ^= x << 25;
        x ^= x >> 27;
        self.random.set(x);
        x.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// A thread's turn begins: code units that it may run for before [`Policy::interrupts`] is asked.
    pub fn slice(&self) -> u64 {
        if self.random.get() == 0 {
            return self.slice.get();
        }
        // Races hide in windows of any size: every magnitude is as likely as every other.
        let r = self.next();
        let most = r % (LONGEST + 1);
        self.left.set(1 + (r >> 16) % (1 << most));
        0
    }

    /// Whether the thread is interrupted here, where it has run for its code units. `in_library`:
    /// this is no code of the program's own.
    pub fn interrupts(&self, in_library: impl FnOnce() -> bool) -> bool {
        if self.random.get() == 0 {
            return true;
        }
        if in_library() && !self.next().is_multiple_of(LIBRARY_SHARE) {
            return false;
        }
        self.left.set(self.left.get().saturating_sub(1));
        self.left.get() == 0
    }

    /// A thread has to give way: its slice is over.
    pub fn put_back(&self, thread: u64) {
        if self.random.get() != 0 {
            self.least.set(self.least.get() - 1);
            self.urgency.borrow_mut().insert(thread, self.least.get());
        }
    }

    /// A thread has ended.
    pub fn forget(&self, thread: u64) {
        self.urgency.borrow_mut().remove(&thread);
    }

    /// Which of these threads is next, by its place in the queue; 0 if there are none.
    pub fn choose(&self, ready: &VecDeque<u64>) -> usize {
        if self.random.get() == 0 {
            return 0;
        }
        let mut urgency = self.urgency.borrow_mut();
        let mut of = |thread| *urgency.entry(thread).or_insert_with(|| (self.next() >> 40) as i64);
        let all = ready.iter().map(|thread| of(*thread)).enumerate();
        all.max_by_key(|(i, urgency)| (*urgency, std::cmp::Reverse(*i))).map_or(0, |(i, _)| i)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_seed_threads_take_turns() {
        let policy = Policy::new(None);
        policy.put_back(1);
        assert_eq!((policy.slice(), policy.choose(&VecDeque::from([1, 2, 3]))), (DEFAULT_SLICE, 0));
        policy.set_interval(1e-6);
        assert_eq!(policy.slice(), 4);
        policy.set_interval(1e-300);
        assert_eq!(policy.slice(), 1);
    }

    #[test]
    fn a_seed_decides_all() {
        let run = |seed| {
            let policy = Policy::new(Some(seed));
            let ready = VecDeque::from_iter(0..8);
            let turns = (0..100).map(|_| {
                let next = policy.choose(&ready) as u64;
                policy.put_back(next);
                policy.slice();
                let opportunities = (1..).find(|_| policy.interrupts(|| false)).unwrap_or(0);
                (opportunities, next)
            });
            turns.collect::<Vec<_>>()
        };
        assert_eq!(run(7), run(7));
        assert_ne!(run(7), run(8));
        assert!(run(0).iter().all(|(slice, i)| (1..=1 << LONGEST).contains(slice) && *i < 8));
        assert!((0..8).all(|i| run(3).iter().any(|(_, j)| i == *j)), "nobody starves");
    }

    #[test]
    fn who_had_to_give_way_is_last() {
        let policy = Policy::new(Some(1));
        policy.put_back(5);
        policy.put_back(6);
        assert_eq!(policy.choose(&VecDeque::from([6, 5, 7])), 2);
        assert_eq!(policy.choose(&VecDeque::from([6, 5])), 1);
    }
}
