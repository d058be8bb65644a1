//! Memory of objects: free lists by size, for each thread.
//!
//! Most objects are small, live briefly and belong to one thread. Their memory comes from lists
//! of free blocks of one size each; larger objects are the global allocator's. Builds that check
//! memory get all of it from there: what is reused at once hides mistakes.
//!
//! Objects and the buffers that they own (a list's items, a dict's table) come from lists of
//! their own, so that the cycle collector can walk over all objects ([`heap`]) without any
//! account of them being kept while the program runs.

pub mod heap;
pub mod shortage;

use std::alloc::{Layout, alloc as global_alloc, dealloc as global_dealloc, handle_alloc_error};
use std::cell::UnsafeCell;
use std::ptr;

use crate::object::ALIGN;

/// Blocks are multiples of this; it is the alignment of objects as well.
const GRAIN: usize = ALIGN;
/// The largest size with a list of its own.
const LARGEST: usize = 512;
/// How much is taken from the global allocator at once.
const CHUNK: usize = 16 << 10;
/// Whether there are lists of free blocks.
const POOLED: bool = !cfg!(any(debug_assertions, sanitized));
/// Debug builds keep each block's size before it, to find those that are given back as another.
const GUARD: usize = if cfg!(debug_assertions) { GRAIN } else { 0 };

struct Free {
    next: *mut Free,
}

type FreeLists = [*mut Free; LARGEST / GRAIN + 1];

struct Pool {
    buffers: FreeLists,
    objects: FreeLists,
}

impl Pool {
    fn lists_for(&mut self, used: heap::Use) -> &mut FreeLists {
        match used {
            heap::Use::Objects => &mut self.objects,
            heap::Use::Buffers => &mut self.buffers,
        }
    }
}

thread_local! {
    static POOL: UnsafeCell<Pool> = const {
        UnsafeCell::new(Pool {
            buffers: [ptr::null_mut(); LARGEST / GRAIN + 1],
            objects: [ptr::null_mut(); LARGEST / GRAIN + 1],
        })
    };
}

/// The list of a size; size 0 is not asked for.
#[inline(always)]
const fn class_of(size: usize) -> usize {
    size.div_ceil(GRAIN)
}

/// Memory for a buffer of at least `size` bytes, aligned as objects are.
#[inline(always)]
pub fn allocate(size: usize) -> *mut u8 {
    if !POOLED || size > LARGEST {
        return allocate_large(size);
    }
    let class = class_of(size);
    POOL.with(|pool| {
        // SAFETY: the pool is this thread's, and nothing here calls out while it is borrowed;
        // blocks in the list are free memory of the list's size.
        unsafe { take(&raw mut (*pool.get()).buffers[class]).unwrap_or_else(|| heap::refill(heap::Use::Buffers, class)) }
    })
}

/// Gives back what `allocate` has returned for the same size.
///
/// # Safety
/// Nobody may use the memory any more.
#[inline(always)]
pub unsafe fn free(p: *mut u8, size: usize) {
    // SAFETY: promised by the caller; otherwise as in `allocate`.
    unsafe {
        if !POOLED || size > LARGEST {
            return free_large(p, size);
        }
        POOL.with(|pool| put(&raw mut (*pool.get()).buffers[class_of(size)], p))
    }
}

/// Memory for an object (with its prefix) of `size` bytes, which must be initialized before the
/// collector can come: before any Python code runs.
#[inline(always)]
pub fn allocate_object(size: usize) -> *mut u8 {
    if !POOLED || size > LARGEST {
        return heap::allocate_large(size);
    }
    let class = class_of(size);
    POOL.with(|pool| {
        // SAFETY: as in `allocate`.
        unsafe { take(&raw mut (*pool.get()).objects[class]).unwrap_or_else(|| heap::refill(heap::Use::Objects, class)) }
    })
}

/// Gives back what `allocate_object` has returned for the same size.
///
/// # Safety
/// Nobody may use the memory any more.
#[inline(always)]
pub unsafe fn free_object(p: *mut u8, size: usize) {
    // SAFETY: promised by the caller; otherwise as in `allocate`.
    unsafe {
        if !POOLED || size > LARGEST {
            return heap::free_large(p, size);
        }
        POOL.with(|pool| put(&raw mut (*pool.get()).objects[class_of(size)], p))
    }
}

/// Takes the first block off a list.
#[inline(always)]
unsafe fn take(head: *mut *mut Free) -> Option<*mut u8> {
    // SAFETY: the head of one of this thread's lists.
    unsafe {
        let block = *head;
        if block.is_null() {
            return None;
        }
        *head = (*block).next;
        Some(block as *mut u8)
    }
}

/// Puts a block in front of a list.
#[inline(always)]
unsafe fn put(head: *mut *mut Free, p: *mut u8) {
    // SAFETY: the head of one of this thread's lists; nobody else uses the block.
    unsafe {
        let block = p as *mut Free;
        (*block).next = *head;
        *head = block;
    }
}

/// Memory of another size with the same contents, as far as they fit.
///
/// # Safety
/// `p` must come from `allocate` with size `old`; it is no longer valid.
pub unsafe fn resize(p: *mut u8, old: usize, new: usize) -> *mut u8 {
    // SAFETY: promised by the caller.
    unsafe {
        if POOLED && class_of(old) == class_of(new) {
            return p;
        }
        if old > LARGEST && new > LARGEST && GUARD == 0 {
            let q = std::alloc::realloc(p, large_layout(old), large_layout(new).size());
            if q.is_null() {
                handle_alloc_error(large_layout(new));
            }
            return q;
        }
        let q = allocate(new);
        ptr::copy_nonoverlapping(p, q, old.min(new));
        free(p, old);
        q
    }
}

/// Links all blocks but the first of those that lie from `first` on.
unsafe fn link_blocks(first: *mut u8, size: usize, count: usize) -> *mut Free {
    let mut next = ptr::null_mut();
    for i in (1..count).rev() {
        // SAFETY: the caller has memory for `count` blocks.
        unsafe {
            let block = first.add(i * size) as *mut Free;
            (*block).next = next;
            next = block;
        }
    }
    next
}

fn large_layout(size: usize) -> Layout {
    // A size that overflows cannot come from a live object.
    let size = size.checked_next_multiple_of(GRAIN).and_then(|s| s.checked_add(GUARD)).unwrap_or(usize::MAX);
    match Layout::from_size_align(size.max(GRAIN), GRAIN) {
        Ok(layout) => layout,
        Err(_) => handle_alloc_error(Layout::new::<u128>()),
    }
}

#[inline(never)]
fn allocate_large(size: usize) -> *mut u8 {
    let layout = large_layout(size);
    // SAFETY: the layout's size is not zero; the guard is part of it.
    unsafe {
        let p = global_alloc(layout);
        if p.is_null() {
            handle_alloc_error(layout);
        }
        if GUARD != 0 {
            *(p as *mut usize) = class_of(size);
        }
        p.add(GUARD)
    }
}

#[inline(never)]
unsafe fn free_large(p: *mut u8, size: usize) {
    // SAFETY: promised by the caller.
    unsafe {
        let base = p.sub(GUARD);
        if GUARD != 0 {
            assert_eq!(*(base as *mut usize), class_of(size), "memory is given back with another size");
        }
        global_dealloc(base, large_layout(size));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_aligned_apart_and_reused() {
        let sizes = [1, 16, 17, 100, 512, 513, 70_000];
        let blocks: Vec<*mut u8> = sizes.iter().map(|&s| allocate(s)).collect();
        for (&p, &size) in blocks.iter().zip(&sizes) {
            assert_eq!(p as usize % ALIGN, 0);
            // SAFETY: the block has that size.
            unsafe { ptr::write_bytes(p, 0xAA, size) };
        }
        for (&p, &size) in blocks.iter().zip(&sizes) {
            // SAFETY: allocated above with that size.
            unsafe { free(p, size) };
        }
    }

    #[test]
    fn resizing_keeps_contents() {
        let mut p = allocate(16);
        // SAFETY: blocks of the given sizes.
        unsafe {
            ptr::write_bytes(p, 7, 16);
            let mut old = 16;
            for new in [32, 500, 520, 9000, 600, 48] {
                p = resize(p, old, new);
                old = new;
                assert!((0..16).all(|i| *p.add(i) == 7));
            }
            free(p, old);
        }
    }
}
