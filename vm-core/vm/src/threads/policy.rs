//! How long slices are, and which of the threads that could run is next.

use std::cell::Cell;

/// Code units that count as a second of `sys.setswitchinterval`. A machine runs far more: much of a
/// program's time is native code, which counts for nothing.
const UNITS_PER_SECOND: f64 = 4_000_000.0;
/// For CPython's default, 5 ms.
const DEFAULT_SLICE: u64 = 20_000;

/// Without a seed: slices of one length, in turn. With one, lengths and choices are random, but
/// the same for the same seed.
pub(super) struct Policy {
    slice: Cell<u64>,
    /// State of the generator (xorshift64*); 0 without a seed.
    random: Cell<u64>,
}

impl Policy {
    pub fn new(seed: Option<u64>) -> Policy {
        // Seeds that are close to each other must not begin alike; the state must not be 0.
        let random = seed.map_or(0, |s| s.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        let policy = Policy { slice: Cell::new(DEFAULT_SLICE), random: Cell::new(random) };
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

    /// Code units that a thread may run for. Races hide in windows of any size, so with a seed
    /// every magnitude is as likely as every other.
    pub fn slice(&self) -> u64 {
        if self.random.get() == 0 {
            return self.slice.get();
        }
        let r = self.next();
        let most = 1 + r % (u64::from(self.slice.get().ilog2()) + 1);
        1 + (r >> 16) % (1 << most)
    }

    /// Which of `n` threads is next, by its place in the queue.
    pub fn choose(&self, n: usize) -> usize {
        if self.random.get() == 0 || n < 2 { 0 } else { (self.next() % n as u64) as usize }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_seed_threads_take_turns() {
        let policy = Policy::new(None);
        assert_eq!((policy.slice(), policy.choose(5)), (DEFAULT_SLICE, 0));
        policy.set_interval(1e-6);
        assert_eq!(policy.slice(), 4);
        policy.set_interval(1e-300);
        assert_eq!(policy.slice(), 1);
    }

    #[test]
    fn a_seed_decides_all() {
        let run = |seed| {
            let policy = Policy::new(Some(seed));
            (0..100).map(|_| (policy.slice(), policy.choose(8))).collect::<Vec<_>>()
        };
        assert_eq!(run(7), run(7));
        assert_ne!(run(7), run(8));
        assert!(run(0).iter().all(|(slice, i)| (1..=1 << 15).contains(slice) && *i < 8));
        assert!((0..8).all(|i| run(3).iter().any(|(_, j)| i == *j)));
    }
}
