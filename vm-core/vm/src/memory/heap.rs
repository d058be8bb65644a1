//! All objects of a thread, for the cycle collector to walk over, and the chunks that blocks lie in.
//!
//! Small objects lie in chunks of blocks of one size, and so do small buffers, in others. A block is in use
//! unless it is in the list of free ones; where in an object's block its header is, the first word
//! tells: a prefix's has its highest bit set, a header's has not. Large objects are kept in a set.

use std::alloc::Layout;
use std::cell::{Cell, OnceCell, UnsafeCell};
use std::ptr;

use rustc_hash::FxHashMap;

use super::{CHUNK, Free, GRAIN, POOL, POOLED, class_of};
use crate::object::{Header, PREFIX_MARK, PREFIX_SIZE};

/// What a chunk starts with; chunks lie at multiples of their size.
#[repr(C, align(16))]
struct Chunk {
    /// Size of its blocks.
    size: u32,
    /// Which of all chunks for the same use it is.
    index: u32,
}

const CHUNK_HEAD: usize = size_of::<Chunk>();

impl Chunk {
    fn count(&self) -> usize {
        (CHUNK - CHUNK_HEAD) / self.size as usize
    }
}

/// What the blocks of a chunk are used for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    Objects,
    Buffers,
}

/// Where this thread's objects are.
#[derive(Default)]
struct Heap {
    /// Chunks of objects.
    chunks: Vec<*mut Chunk>,
    /// Chunks of buffers.
    buffers: Vec<*mut Chunk>,
    /// Objects with memory of their own, and its size.
    large: FxHashMap<*mut u8, usize>,
}

impl Heap {
    fn chunks_for(&mut self, used: Use) -> &mut Vec<*mut Chunk> {
        match used {
            Use::Objects => &mut self.chunks,
            Use::Buffers => &mut self.buffers,
        }
    }
}

thread_local! {
    // Not dropped: threads that run Python live as long as their VM.
    static HEAP: UnsafeCell<Option<Heap>> = const { UnsafeCell::new(None) };
    /// Bytes of objects that were taken from the system less those given back.
    static TAKEN: Cell<usize> = const { Cell::new(0) };
    /// How much may be taken before the collector is asked for.
    static LIMIT: Cell<usize> = const { Cell::new(usize::MAX) };
}

fn with_heap<R>(f: impl FnOnce(&mut Heap) -> R) -> R {
    // SAFETY: this thread's, and `f` (below) calls nothing that comes back here.
    HEAP.with(|h| f(unsafe { (*h.get()).get_or_insert_default() }))
}

/// Memory is taken in pieces of this size.
pub const CHUNK_SIZE: usize = CHUNK;

/// Bytes taken for objects.
pub fn taken() -> usize {
    TAKEN.get()
}

/// Asks for the collector when more than so many bytes are taken.
pub fn set_limit(bytes: usize) {
    LIMIT.set(bytes);
}

fn note_taken(bytes: usize) {
    let taken = TAKEN.get() + bytes;
    TAKEN.set(taken);
    if taken > LIMIT.get() {
        // Once: the collector sets the next limit.
        LIMIT.set(usize::MAX);
        crate::gc::request();
    }
}

/// Takes a fresh chunk apart into blocks; returns the first, leaves the others in the list.
#[cold]
#[inline(never)]
pub(super) fn refill(used: Use, class: usize) -> *mut u8 {
    super::shortage::keep_reserve();
    let size = class * GRAIN;
    // SAFETY: the chunk is fresh and aligned to its size; the list is this thread's and empty.
    unsafe {
        let chunk = std::alloc::alloc(LAYOUT) as *mut Chunk;
        if chunk.is_null() {
            std::alloc::handle_alloc_error(LAYOUT);
        }
        let index = with_heap(|h| {
            let chunks = h.chunks_for(used);
            chunks.push(chunk);
            chunks.len() as u32 - 1
        });
        chunk.write(Chunk { size: size as u32, index });
        let first = (chunk as *mut u8).add(CHUNK_HEAD);
        let rest = super::link_blocks(first, size, (*chunk).count());
        POOL.with(|pool| (&mut *pool.get()).lists_for(used)[class] = rest);
        if used == Use::Objects {
            note_taken(CHUNK);
        }
        first
    }
}

const LAYOUT: Layout = match Layout::from_size_align(CHUNK, CHUNK) {
    Ok(layout) => layout,
    Err(_) => panic!("a power of two"),
};

/// The chunk that a block lies in.
fn chunk_of(block: *mut Free) -> *mut Chunk {
    (block as usize & !(CHUNK - 1)) as *mut Chunk
}

/// Gives chunks without objects or buffers back to the system. What garbage took at its peak would else be
/// taken for what the program needs, and the heap grow with every collection.
///
/// No snapshot ([`Blocks`]) may be in use.
pub fn give_back() {
    give_back_chunks(Use::Buffers);
    let given = give_back_chunks(Use::Objects);
    TAKEN.set(TAKEN.get().saturating_sub(given * CHUNK));
}

/// The same for one use; how many chunks it was.
fn give_back_chunks(used: Use) -> usize {
    POOL.with(|pool| {
        // SAFETY: the lists of this thread; nothing is allocated in here for this use, and freed but chunks.
        let lists = unsafe { (&mut *pool.get()).lists_for(used) };
        with_heap(|h| {
            let chunks = h.chunks_for(used);
            let free = count_free(lists, chunks.len());
            let is_empty = |chunk: *mut Chunk| {
                // SAFETY: a chunk, whose index counts.
                unsafe { free[(*chunk).index as usize] as usize == (*chunk).count() }
            };
            lists.iter_mut().for_each(|head| keep_blocks(head, |block| !is_empty(chunk_of(block))));
            let before = chunks.len();
            chunks.retain(|&chunk| {
                let empty = is_empty(chunk);
                if empty {
                    // SAFETY: allocated with this layout; no block of it is in use or in a list.
                    unsafe { std::alloc::dealloc(chunk as *mut u8, LAYOUT) };
                }
                !empty
            });
            for (i, &chunk) in chunks.iter().enumerate() {
                // SAFETY: a chunk.
                unsafe { (*chunk).index = i as u32 };
            }
            before - chunks.len()
        })
    })
}

/// How many blocks of each of `chunks` chunks are free.
fn count_free(lists: &[*mut Free], chunks: usize) -> Vec<u32> {
    let mut free = vec![0; chunks];
    for &head in lists {
        let mut block = head;
        while !block.is_null() {
            // SAFETY: free blocks are linked, and lie in chunks.
            unsafe {
                free[(*chunk_of(block)).index as usize] += 1;
                block = (*block).next;
            }
        }
    }
    free
}

/// Takes the other blocks out of a list.
fn keep_blocks(head: &mut *mut Free, keep: impl Fn(*mut Free) -> bool) {
    let mut link: *mut *mut Free = head;
    // SAFETY: free blocks are linked; `link` is the head or a block's.
    unsafe {
        while !(*link).is_null() {
            if keep(*link) {
                link = &raw mut (**link).next;
            } else {
                *link = (**link).next;
            }
        }
    }
}

#[cold]
#[inline(never)]
pub(super) fn allocate_large(size: usize) -> *mut u8 {
    let p = super::allocate_large(size);
    with_heap(|h| h.large.insert(p, size));
    note_taken(size);
    p
}

/// # Safety
/// As for [`super::free_object`].
#[cold]
#[inline(never)]
pub(super) unsafe fn free_large(p: *mut u8, size: usize) {
    with_heap(|h| h.large.remove(&p));
    TAKEN.set(TAKEN.get().saturating_sub(size));
    // SAFETY: promised by the caller.
    unsafe { super::free_large(p, size) }
}

/// An object's memory with another size and the same contents, as far as they fit.
///
/// # Safety
/// `p` must come from `allocate_object` with size `old`; it is no longer valid.
pub unsafe fn resize(p: *mut u8, old: usize, new: usize) -> *mut u8 {
    if POOLED && class_of(old) == class_of(new) {
        return p;
    }
    // SAFETY: promised by the caller.
    unsafe {
        if old > super::LARGEST && new > super::LARGEST {
            let q = super::resize(p, old, new);
            with_heap(|h| {
                h.large.remove(&p);
                h.large.insert(q, new);
            });
            TAKEN.set(TAKEN.get().saturating_sub(old));
            note_taken(new);
            return q;
        }
        let q = super::allocate_object(new);
        ptr::copy_nonoverlapping(p, q, old.min(new));
        super::free_object(p, old);
        q
    }
}

/// A snapshot of where objects may be: gives each of them a number, and finds it by its address.
/// Holds as long as no object is made or ends, and no memory given back.
pub struct Blocks {
    chunks: Vec<(*mut Chunk, u32)>,
    /// The number of the first block of a chunk.
    by_address: FxHashMap<usize, u32>,
    large: Vec<*mut u8>,
    large_numbers: FxHashMap<*mut u8, u32>,
    count: u32,
    /// Numbers of blocks without an object, once somebody has asked.
    free: OnceCell<Bits>,
}

#[allow(clippy::new_without_default, clippy::len_without_is_empty, reason = "a snapshot is no container")]
impl Blocks {
    pub fn new() -> Blocks {
        with_heap(|h| {
            let mut count = 0;
            let mut chunks = Vec::with_capacity(h.chunks.len());
            for &c in &h.chunks {
                chunks.push((c, count));
                // SAFETY: no chunk is given back while there are snapshots.
                count += unsafe { (*c).count() } as u32;
            }
            let by_address = chunks.iter().map(|&(c, first)| (c as usize, first)).collect();
            let large: Vec<*mut u8> = h.large.keys().copied().collect();
            let large_numbers = large.iter().enumerate().map(|(i, &p)| (p, count + i as u32)).collect();
            count += large.len() as u32;
            Blocks { chunks, by_address, large, large_numbers, count, free: OnceCell::new() }
        })
    }

    /// How many numbers there are.
    pub fn len(&self) -> usize {
        self.count as usize
    }

    /// The number of the object at `p`; `None` for one that does not belong to this heap (a type, say).
    #[inline]
    pub fn number(&self, p: *mut Header) -> Option<usize> {
        let at = p as usize;
        let base = at & !(CHUNK - 1);
        if POOLED && let Some(&first) = self.by_address.get(&base) {
            // SAFETY: an address of a chunk.
            let size = unsafe { (*(base as *const Chunk)).size } as usize;
            return Some(first as usize + (at - base - CHUNK_HEAD) / size);
        }
        let large = |p: usize| self.large_numbers.get(&(p as *mut u8)).map(|&n| n as usize);
        large(at).or_else(|| large(at - PREFIX_SIZE))
    }

    /// Whether an object has its header at `p`, which may be any address.
    pub fn is_object(&self, p: *mut Header) -> bool {
        let at = p as usize;
        let chunk = at & !(CHUNK - 1);
        let Some(&first) = self.by_address.get(&chunk) else {
            // SAFETY: the heap's own large blocks are objects.
            return self.large.iter().any(|&block| unsafe { header_in(block) } == p);
        };
        // SAFETY: no chunk is given back while there are snapshots.
        let (size, count) = unsafe { ((*(chunk as *const Chunk)).size as usize, (*(chunk as *mut Chunk)).count()) };
        let Some(index) = (at - chunk).checked_sub(CHUNK_HEAD).map(|inside| inside / size) else { return false };
        let free = || self.free_blocks().contains(first as usize + index);
        // SAFETY: a block that is not free is an object.
        index < count && !free() && unsafe { header_in((chunk + CHUNK_HEAD + index * size) as *mut u8) } == p
    }

    /// Calls `f` with the number and the header of each object.
    pub fn for_each(&self, mut f: impl FnMut(usize, *mut Header)) {
        let free = self.free_blocks();
        for &(chunk, first) in &self.chunks {
            // SAFETY: no chunk is given back while there are snapshots; blocks that are not free are objects.
            unsafe {
                for i in 0..(*chunk).count() {
                    let number = first as usize + i;
                    if !free.contains(number) {
                        f(number, header_in((chunk as *mut u8).add(CHUNK_HEAD + i * (*chunk).size as usize)));
                    }
                }
            }
        }
        for (i, &p) in self.large.iter().enumerate() {
            // SAFETY: a live object.
            f(self.count as usize - self.large.len() + i, unsafe { header_in(p) });
        }
    }

    fn free_blocks(&self) -> &Bits {
        self.free.get_or_init(|| self.find_free_blocks())
    }

    fn find_free_blocks(&self) -> Bits {
        let mut bits = Bits::new(self.len());
        POOL.with(|pool| {
            // SAFETY: the lists of this thread; nothing is allocated meanwhile.
            let lists = unsafe { &(*pool.get()).objects };
            for &head in lists {
                let mut block: *mut Free = head;
                while !block.is_null() {
                    if let Some(n) = self.number(block as *mut Header) {
                        bits.insert(n);
                    }
                    // SAFETY: free blocks are linked.
                    block = unsafe { (*block).next };
                }
            }
        });
        bits
    }
}

/// The header of the object whose memory starts at `block`.
///
/// # Safety
/// It must be an object.
unsafe fn header_in(block: *mut u8) -> *mut Header {
    // SAFETY: promised by the caller.
    unsafe {
        let has_prefix = *(block as *const u64) & PREFIX_MARK != 0;
        block.add(if has_prefix { PREFIX_SIZE } else { 0 }) as *mut Header
    }
}

/// A set of numbers.
pub struct Bits(Vec<u64>);

impl Bits {
    pub fn new(len: usize) -> Bits {
        Bits(vec![0; len.div_ceil(64)])
    }

    #[inline]
    pub fn insert(&mut self, i: usize) {
        self.0[i / 64] |= 1 << (i % 64);
    }

    #[inline]
    pub fn contains(&self, i: usize) -> bool {
        self.0[i / 64] >> (i % 64) & 1 != 0
    }
}
