//! An allocator that keeps side by side what is made together.
//!
//! A tree of small nodes is walked in the order in which it was made. An allocator with lists of blocks
//! for each size hands them out scattered, and to find the next block it reads the last one, which is far
//! away by then. [`Regions`], around another allocator, takes blocks from one piece of memory after the
//! other while a thread is in [`lasting`]: that is a tenth of the time of a compilation.
//!
//! A chunk of memory is used again when all blocks in it have been freed, by whichever thread. So any
//! block may be kept for as long as it is needed; what is kept keeps its chunk. What is made [`Apart`] has
//! chunks of its own, and may be discarded with them, without a walk to free one block after the other.

mod apart;
mod pool;

use std::alloc::{GlobalAlloc, Layout};
use std::cell::Cell;
use std::ptr;

pub use apart::{Apart, apart, verify};
use pool::Pool;

/// The allocator for blocks of regions, and of another for all others.
///
/// It is the global one of a process, or regions have no effect.
#[derive(Debug)]
pub struct Regions<A>(pub A);

/// Which of the two chunks that are being filled blocks are taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Lasting,
    Apart,
}

impl Kind {
    /// The largest block for which another chunk is begun: the rest of the last one is lost. Of what is made
    /// apart, as little as can be is another allocator's.
    const fn most(self) -> usize {
        match self {
            Kind::Lasting => 2048,
            Kind::Apart => pool::CHUNK,
        }
    }
}

/// What is being filled by the thread that is in a region.
struct Cursor {
    /// What is free of the chunk; nothing if the thread is in no region.
    at: Cell<*mut u8>,
    end: Cell<*mut u8>,
    /// How many blocks were made in the chunk.
    made: Cell<u32>,
    kind: Cell<Kind>,
    /// The pool that the thread has to itself while it is in a region, else null.
    pool: Cell<*mut Pool>,
}

thread_local! {
    static CURSOR: Cursor = const {
        Cursor {
            at: Cell::new(ptr::null_mut()),
            end: Cell::new(ptr::null_mut()),
            made: Cell::new(0),
            kind: Cell::new(Kind::Lasting),
            pool: Cell::new(ptr::null_mut()),
        }
    };
}

/// Runs `f`, whose blocks are side by side, and may be kept.
///
/// One thread at a time is in a region: `f` runs without one while another is.
pub fn lasting<T>(f: impl FnOnce() -> T) -> T {
    if CURSOR.with(|cursor| !cursor.pool.get().is_null()) {
        return f();
    }
    let Some(mut pool) = pool::try_lock() else { return f() };
    // Leaves the region however `f` ends; the pool is locked for longer.
    struct Leaves;
    impl Drop for Leaves {
        fn drop(&mut self) {
            CURSOR.with(Cursor::leave);
        }
    }
    CURSOR.with(|cursor| cursor.enter(&mut pool));
    let _leaves = Leaves;
    f()
}

impl Cursor {
    fn enter(&self, pool: &mut Pool) {
        pool.begin_session();
        self.kind.set(Kind::Lasting);
        self.take_up(pool.filling[Kind::Lasting as usize]);
        self.pool.set(pool);
    }

    fn leave(&self) {
        if let Some(pool) = self.pool() {
            pool.filling[self.kind.get() as usize] = self.put_down();
            pool.end_apart();
        }
        self.pool.set(ptr::null_mut());
    }

    /// The pool, if the thread is in a region and there is memory left.
    #[allow(clippy::mut_from_ref, reason = "it is another's, and this is the only way to it")]
    fn pool(&self) -> Option<&mut Pool> {
        // SAFETY: it is null, or the thread is in a region, so that the pool is locked by it. Who gets the
        // reference neither keeps it nor allocates while there is one, so that there is no other.
        unsafe { self.pool.get().as_mut() }
    }

    /// Goes on with the other chunk. Returns which it was.
    fn turn_to(&self, kind: Kind) -> Kind {
        let before = self.kind.get();
        if let Some(pool) = self.pool()
            && before != kind
        {
            pool.filling[before as usize] = self.put_down();
            self.take_up(pool.filling[kind as usize]);
            self.kind.set(kind);
        }
        before
    }

    fn take_up(&self, filling: pool::Filling) {
        self.at.set(filling.at);
        self.end.set(filling.end);
        self.made.set(filling.made);
    }

    fn put_down(&self) -> pool::Filling {
        let filling = pool::Filling { at: self.at.get(), end: self.end.get(), made: self.made.get() };
        self.take_up(pool::Filling::NONE);
        filling
    }

    /// A block of the region, or null.
    #[inline(always)]
    fn take(&self, layout: Layout) -> *mut u8 {
        let at = self.at.get();
        let gap = at.addr().wrapping_neg() & (layout.align() - 1);
        // Neither overflows: no block is larger than half of all addresses.
        let size = gap + layout.size();
        if size <= self.end.get().addr() - at.addr() {
            self.at.set(at.wrapping_add(size));
            self.made.set(self.made.get() + 1);
            return at.wrapping_add(gap);
        }
        if self.pool.get().is_null() { ptr::null_mut() } else { self.take_from_next(layout) }
    }

    #[cold]
    #[inline(never)]
    fn take_from_next(&self, layout: Layout) -> *mut u8 {
        let kind = self.kind.get();
        let Some(pool) = self.pool() else { return ptr::null_mut() };
        if layout.size() > kind.most() || layout.align() > Kind::Lasting.most() {
            pool.note_outside(kind);
            return ptr::null_mut();
        }
        let full = self.put_down();
        pool.filling[kind as usize] = pool::Filling::NONE;
        let Some(next) = pool.next(full, kind) else {
            // There is no more: the rest is the other allocator's.
            self.pool.set(ptr::null_mut());
            return ptr::null_mut();
        };
        self.take_up(next);
        self.take(layout)
    }

    /// Whether the last block that was made ends here, and this much more is free behind it: then it is
    /// taken.
    fn grow(&self, end: *mut u8, more: usize) -> bool {
        let grows = end == self.at.get() && more <= self.end.get().addr() - end.addr();
        if grows {
            self.at.set(end.wrapping_add(more));
        }
        grows
    }
}

// SAFETY: a block of a region is part of a chunk that nothing else uses before the block is freed, aligned
// and as large as it has to be. Others are the other allocator's, which gets back what it made: the chunks'
// memory is apart from all of its blocks.
unsafe impl<A: GlobalAlloc> GlobalAlloc for Regions<A> {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let block = CURSOR.with(|cursor| cursor.take(layout));
        if !block.is_null() {
            return block;
        }
        // SAFETY: promised by the caller.
        unsafe { self.0.alloc(layout) }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        let block = CURSOR.with(|cursor| cursor.take(layout));
        // SAFETY: a block of that size was just made, or the caller promises what the other asks for.
        unsafe {
            if block.is_null() {
                return self.0.alloc_zeroed(layout);
            }
            block.write_bytes(0, layout.size());
        }
        block
    }

    #[inline]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        match pool::chunk_of(block) {
            Some(chunk) => chunk.free(CURSOR.with(|cursor| !cursor.pool.get().is_null())),
            // SAFETY: it is no block of a region, so that the other allocator made it; the rest the caller
            // promises.
            None => unsafe { self.0.dealloc(block, layout) },
        }
    }

    #[inline]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        if pool::chunk_of(block).is_none() {
            // SAFETY: as in `dealloc`.
            return unsafe { self.0.realloc(block, layout, new_size) };
        }
        let more = new_size.saturating_sub(layout.size());
        if more == 0 || CURSOR.with(|cursor| cursor.grow(block.wrapping_add(layout.size()), more)) {
            return block;
        }
        // SAFETY: the caller promises that the new size is a valid one, and that the block has the old one; the
        // new block is another one and larger.
        unsafe {
            let new = self.alloc(Layout::from_size_align_unchecked(new_size, layout.align()));
            if !new.is_null() {
                ptr::copy_nonoverlapping(block, new, layout.size());
                self.dealloc(block, layout);
            }
            new
        }
    }
}

#[cfg(test)]
mod tests;
