//! The process's memory: mimalloc.
//!
//! The crate `mimalloc` asks for an alignment with every block, which takes a longer way through
//! the allocator. Almost all of ours have one that any block has.

use std::alloc::{GlobalAlloc, Layout};

use mimalloc::MiMalloc;

/// What blocks of mimalloc are aligned to, as long as they are no smaller themselves.
const ANY_BLOCK: usize = 16;

pub struct Allocator;

/// Whether a block of that size is aligned as it should be, whoever makes it.
#[inline(always)]
const fn is_aligned_anyway(layout: Layout) -> bool {
    layout.align() <= ANY_BLOCK && layout.align() <= layout.size()
}

// SAFETY: mimalloc's functions, which keep the promises of an allocator; blocks from any of them
// may be given to `mi_free` and the reallocating ones.
unsafe impl GlobalAlloc for Allocator {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: promised by the caller.
        unsafe {
            if is_aligned_anyway(layout) {
                libmimalloc_sys::mi_malloc(layout.size()).cast()
            } else {
                MiMalloc.alloc(layout)
            }
        }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: promised by the caller.
        unsafe {
            if is_aligned_anyway(layout) {
                libmimalloc_sys::mi_zalloc(layout.size()).cast()
            } else {
                MiMalloc.alloc_zeroed(layout)
            }
        }
    }

    #[inline]
    unsafe fn dealloc(&self, block: *mut u8, _layout: Layout) {
        // SAFETY: promised by the caller.
        unsafe { libmimalloc_sys::mi_free(block.cast()) }
    }

    #[inline]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: promised by the caller.
        unsafe {
            if layout.align() <= ANY_BLOCK && layout.align() <= new_size {
                libmimalloc_sys::mi_realloc(block.cast(), new_size).cast()
            } else {
                MiMalloc.realloc(block, layout, new_size)
            }
        }
    }
}
