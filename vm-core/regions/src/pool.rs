//! The memory that regions are made of, in chunks.

use std::alloc::{GlobalAlloc, Layout, System};
use std::ptr;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, TryLockError};

use crate::Kind;

/// Bytes of a chunk.
pub const CHUNK: usize = 1 << 16;
/// There are no more chunks: what does not fit is the other allocator's.
const CHUNKS: usize = 1024;
/// Addresses of all; what was never used of it takes no memory.
const SIZE: usize = CHUNK * CHUNKS;

/// Where the first chunk begins; where no block can be as long as there is none.
static BASE: AtomicUsize = AtomicUsize::new(usize::MAX - SIZE);

static COUNTS: [Chunk; CHUNKS] = [const { Chunk::unused() }; CHUNKS];

static POOL: Mutex<Pool> = Mutex::new(Pool {
    base: ptr::null_mut(),
    used: 0,
    free: [0; CHUNKS],
    free_count: 0,
    filling: [Filling::NONE; 2],
    session: 0,
    apart: Claim { is_taken: false, is_all: true, chunks: [(0, 0); CHUNKS], count: 0 },
});

/// What is counted of a chunk. It is free when as many blocks were freed as made.
#[derive(Debug)]
pub struct Chunk {
    /// [`Chunk::FILLING`] until the last block is made.
    made: AtomicU32,
    /// Blocks freed by the thread that has the pool, which alone writes it,
    freed: AtomicU32,
    /// and by all others.
    freed_elsewhere: AtomicU32,
}

impl Chunk {
    const FILLING: u32 = u32::MAX;

    const fn unused() -> Chunk {
        Chunk { made: AtomicU32::new(0), freed: AtomicU32::new(0), freed_elsewhere: AtomicU32::new(0) }
    }

    /// Counts a block that was freed by a thread that has the pool, or has not.
    #[inline]
    pub fn free(&self, has_pool: bool) {
        if has_pool {
            self.freed.store(self.freed.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        } else {
            // Whoever uses the chunk again sees that nobody else does.
            self.freed_elsewhere.fetch_add(1, Ordering::Release);
        }
    }

    fn is_free(&self) -> bool {
        self.in_use(self.made.load(Ordering::Relaxed)) == 0
    }

    /// How many of as many blocks have not been freed.
    fn in_use(&self, made: u32) -> u32 {
        let freed = self.freed.load(Ordering::Relaxed) + self.freed_elsewhere.load(Ordering::Acquire);
        made.wrapping_sub(freed)
    }

    fn begin(&self) {
        self.made.store(Chunk::FILLING, Ordering::Relaxed);
        self.freed.store(0, Ordering::Relaxed);
        self.freed_elsewhere.store(0, Ordering::Relaxed);
    }
}

/// The chunk that a block is in, if it is of a region.
#[inline]
pub fn chunk_of(block: *mut u8) -> Option<&'static Chunk> {
    let offset = block.addr().wrapping_sub(BASE.load(Ordering::Relaxed));
    COUNTS.get(offset / CHUNK)
}

/// The part of a chunk that is free, and how many blocks are in the rest.
#[derive(Clone, Copy, Debug)]
pub struct Filling {
    pub at: *mut u8,
    pub end: *mut u8,
    pub made: u32,
}

impl Filling {
    pub const NONE: Filling = Filling { at: ptr::null_mut(), end: ptr::null_mut(), made: 0 };

    /// No more blocks are made in the chunk.
    fn end_chunk(self) {
        if let Some(chunk) = chunk_of(self.end.wrapping_sub(1)) {
            chunk.made.store(self.made, Ordering::Relaxed);
        }
    }
}

/// All chunks.
#[derive(Debug)]
pub struct Pool {
    base: *mut u8,
    /// How many chunks have ever been used.
    used: usize,
    /// The first `free_count` are chunks that are free.
    free: [u16; CHUNKS],
    free_count: usize,
    /// By their kinds, what is being filled while no thread is in a region; of the kind that is in use it is
    /// of the past.
    pub filling: [Filling; 2],
    /// How many times a thread has had the pool: what is claimed is claimed in one of these.
    session: u64,
    apart: Claim,
}

/// What is made apart in a session.
#[derive(Debug)]
struct Claim {
    /// Somebody makes, or has made, something apart.
    is_taken: bool,
    /// Another allocator has made none of the blocks.
    is_all: bool,
    /// The first `count` are the chunks that the blocks are in, and how many were made in each. None of them is
    /// free as long as it is claimed, even if all blocks in it are.
    chunks: [(u16, u32); CHUNKS],
    count: usize,
}

impl Claim {
    fn chunks(&self) -> &[(u16, u32)] {
        &self.chunks[..self.count]
    }

    /// No more blocks are made in the last chunk.
    fn end_chunk(&mut self, last: Filling) {
        if let (false, Some((_, made))) = (last.end.is_null(), self.chunks[..self.count].last_mut()) {
            *made = last.made;
        }
    }
}

// SAFETY: its pointers are into memory that belongs to the process, and who has the pool may use them.
unsafe impl Send for Pool {}

/// The pool, unless another thread has it.
pub fn try_lock() -> Option<MutexGuard<'static, Pool>> {
    match POOL.try_lock() {
        Ok(pool) => Some(pool),
        // What panicked was the program: the pool is as it should be.
        Err(TryLockError::Poisoned(pool)) => Some(pool.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}

impl Pool {
    /// A thread has the pool from now on.
    pub fn begin_session(&mut self) {
        self.session += 1;
        self.end_apart();
    }

    /// Begins what is made apart, unless there is something in this session. Returns which session it is.
    pub fn begin_apart(&mut self) -> Option<u64> {
        let is_first = !std::mem::replace(&mut self.apart.is_taken, true);
        is_first.then_some(self.session)
    }

    /// Whether it is in this session that something is made apart.
    pub fn is_session(&self, session: u64) -> bool {
        self.session == session
    }

    /// What was made apart is as all else is from now on.
    pub fn end_apart(&mut self) {
        self.end_last_chunk();
        for &(index, made) in self.apart.chunks() {
            COUNTS[usize::from(index)].made.store(made, Ordering::Relaxed);
        }
        (self.apart.is_taken, self.apart.is_all, self.apart.count) = (false, true, 0);
    }

    fn end_last_chunk(&mut self) {
        let last = std::mem::replace(&mut self.filling[Kind::Apart as usize], Filling::NONE);
        self.apart.end_chunk(last);
    }

    /// A block is to be made that has no place in a chunk.
    pub fn note_outside(&mut self, kind: Kind) {
        self.apart.is_all &= kind != Kind::Apart;
    }

    /// Whether all that was made apart is in its chunks.
    pub fn has_all_apart(&self) -> bool {
        self.apart.is_all
    }

    /// How many of the blocks that were made apart have not been freed.
    pub fn count_apart(&mut self) -> u32 {
        self.end_last_chunk();
        self.apart.chunks().iter().map(|&(index, made)| COUNTS[usize::from(index)].in_use(made)).sum()
    }

    /// Frees the chunks of what was made apart.
    pub fn free_apart(&mut self) {
        // They are as being filled until they are used again, so that none is found once more.
        for &(index, _) in self.apart.chunks().iter().rev() {
            self.free[self.free_count] = index;
            self.free_count += 1;
        }
        self.apart.count = 0;
        self.filling[Kind::Apart as usize] = Filling::NONE;
        self.end_apart();
    }

    /// A chunk to be filled, in the place of one that is full.
    pub fn next(&mut self, full: Filling, kind: Kind) -> Option<Filling> {
        match kind {
            Kind::Lasting => full.end_chunk(),
            Kind::Apart => self.apart.end_chunk(full),
        }
        if self.free_count == 0 {
            self.find_free();
        }
        let index = match self.free_count.checked_sub(1) {
            Some(last) => {
                self.free_count = last;
                usize::from(self.free[last])
            }
            None => self.fresh()?,
        };
        COUNTS[index].begin();
        if kind == Kind::Apart {
            self.apart.chunks[self.apart.count] = (index as u16, 0);
            self.apart.count += 1;
        }
        let at = self.base.wrapping_add(index * CHUNK);
        Some(Filling { at, end: at.wrapping_add(CHUNK), made: 0 })
    }

    fn find_free(&mut self) {
        for (index, chunk) in COUNTS[..self.used].iter().enumerate() {
            if chunk.is_free() {
                // Not a second time.
                chunk.made.store(Chunk::FILLING, Ordering::Relaxed);
                self.free[self.free_count] = index as u16;
                self.free_count += 1;
            }
        }
    }

    fn fresh(&mut self) -> Option<usize> {
        if self.base.is_null() {
            let layout = Layout::from_size_align(SIZE, CHUNK).ok()?;
            // SAFETY: the size is not zero.
            self.base = unsafe { System.alloc(layout) };
            if self.base.is_null() {
                return None;
            }
            BASE.store(self.base.addr(), Ordering::Relaxed);
        }
        let index = self.used;
        self.used = (index < CHUNKS).then_some(index + 1)?;
        Some(index)
    }
}
