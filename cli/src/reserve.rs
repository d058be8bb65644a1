//! A reserve for when there is no memory left.
//!
//! The reserve is address space that a running program does without. When the system refuses a
//! small request, it is given up for that and for what follows until the program has its
//! MemoryError (`tailscope_vm::memory::shortage`); it is kept anew once there is memory again.

use std::alloc::{GlobalAlloc, Layout};
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};

use crate::allocator::Allocator;

/// The process's memory with the reserve.
pub struct WithReserve;

// SAFETY: the allocator's functions, asked once more where they have nothing: a block that could not
// be moved is as it was.
unsafe impl GlobalAlloc for WithReserve {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: promised by the caller.
        or_from_reserve(layout.size(), || unsafe { Allocator.alloc(layout) })
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: promised by the caller.
        or_from_reserve(layout.size(), || unsafe { Allocator.alloc_zeroed(layout) })
    }

    #[inline]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: promised by the caller.
        unsafe { Allocator.dealloc(block, layout) }
    }

    #[inline]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: promised by the caller.
        or_from_reserve(new_size, || unsafe { Allocator.realloc(block, layout, new_size) })
    }
}

/// What is asked for, if need be out of the reserve.
#[inline(always)]
fn or_from_reserve(size: usize, ask: impl Fn() -> *mut u8) -> *mut u8 {
    let block = ask();
    if block.is_null() { from_reserve(size, ask) } else { block }
}

/// Larger requests are refused: their program can be told at once.
const LARGEST_RESCUED: usize = 64 << 10;

/// Sizes of the reserve, largest first: a program that may not have much has less.
const SIZES: [usize; 3] = [80 << 20, 16 << 20, 4 << 20];

static RESERVE: AtomicPtr<libc::c_void> = AtomicPtr::new(ptr::null_mut());
static RESERVED: AtomicUsize = AtomicUsize::new(0);

#[cold]
#[inline(never)]
fn from_reserve(size: usize, ask: impl Fn() -> *mut u8) -> *mut u8 {
    if size > LARGEST_RESCUED {
        return ptr::null_mut();
    }
    let reserve = RESERVE.swap(ptr::null_mut(), Ordering::AcqRel);
    if reserve.is_null() {
        return ptr::null_mut();
    }
    // SAFETY: the reserve was mapped with this size, and nobody but us knew of it.
    unsafe { libc::munmap(reserve, RESERVED.load(Ordering::Acquire)) };
    tailscope_vm::memory::shortage::reserve_used(keep_reserve);
    ask()
}

/// Keeps the reserve, unless it is there; whether it is.
pub fn keep_reserve() -> bool {
    if !RESERVE.load(Ordering::Acquire).is_null() {
        return true;
    }
    for size in SIZES {
        // SAFETY: an anonymous private mapping at no fixed address, which nobody touches.
        let at = unsafe {
            let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
            libc::mmap(ptr::null_mut(), size, libc::PROT_NONE, flags, -1, 0)
        };
        if at != libc::MAP_FAILED {
            RESERVED.store(size, Ordering::Release);
            RESERVE.store(at, Ordering::Release);
            return true;
        }
    }
    false
}
