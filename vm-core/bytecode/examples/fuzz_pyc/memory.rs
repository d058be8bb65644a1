//! An allocator that counts, and ends the process at a limit.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

pub struct Counting;

static USED: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);
static LIMIT: AtomicUsize = AtomicUsize::new(usize::MAX);
static INPUT: AtomicU64 = AtomicU64::new(0);

/// Allows that many bytes more from now on, for an input; gives how many are in use.
pub fn begin(space: usize, input: u64) -> usize {
    let used = USED.load(Relaxed);
    PEAK.store(used, Relaxed);
    INPUT.store(input, Relaxed);
    LIMIT.store(used + space, Relaxed);
    used
}

/// The most bytes in use since then.
pub fn peak() -> usize {
    PEAK.load(Relaxed)
}

fn grow(size: usize) {
    let used = USED.fetch_add(size, Relaxed) + size;
    PEAK.fetch_max(used, Relaxed);
    if used > LIMIT.load(Relaxed) {
        // Printing allocates, too.
        LIMIT.store(usize::MAX, Relaxed);
        eprintln!("fuzz_pyc: input {} takes more than 1 GiB", INPUT.load(Relaxed));
        std::process::exit(1);
    }
}

// SAFETY: each block comes from the system's allocator and goes back there with its layout.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        grow(layout.size());
        // SAFETY: the caller keeps this function's contract, which is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        grow(layout.size());
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        USED.fetch_sub(layout.size(), Relaxed);
        // SAFETY: as above.
        unsafe { System.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        grow(size);
        USED.fetch_sub(layout.size(), Relaxed);
        // SAFETY: as above.
        unsafe { System.realloc(block, layout, size) }
    }
}
