//! Memory of the value stack, and the native stack's limit.

use std::ptr;

use crate::object::VALUE_SIZE;
use crate::value::Value;

/// Slots of the main thread's value stack: address space, not memory, until used.
pub const DEFAULT_SLOTS: usize = 1 << 26;
/// Slots behind the limit, so that what a call pushes before it checks has room.
const RED_ZONE: usize = 1 << 10;
/// Native stack that must be left for a nested run to start.
pub(super) const NATIVE_RESERVE: usize = if cfg!(debug_assertions) { 512 << 10 } else { 64 << 10 };
/// Assumed where the native stack's size cannot be found out.
const NATIVE_FALLBACK: usize = 512 << 10;

/// A reserved region for frames.
pub struct Stack {
    base: *mut Value,
    slots: usize,
}

impl Stack {
    pub const fn empty() -> Stack {
        Stack { base: ptr::null_mut(), slots: 0 }
    }

    /// Reserves address space; pages become memory when they are touched.
    ///
    /// Where that much is not to be had, less is taken, down to 64 KiB; a machine without
    /// even that gets an allocation failure.
    pub fn reserve(slots: usize) -> Stack {
        let mut slots = slots;
        loop {
            let bytes = slots * VALUE_SIZE;
            // SAFETY: an anonymous private mapping at no fixed address.
            let p = unsafe {
                libc::mmap(
                    ptr::null_mut(),
                    bytes,
                    libc::PROT_READ | libc::PROT_WRITE,
                    libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE,
                    -1,
                    0,
                )
            };
            if p != libc::MAP_FAILED {
                return Stack { base: p as *mut Value, slots };
            }
            slots /= 2;
            if slots < 1 << 13 {
                std::alloc::handle_alloc_error(std::alloc::Layout::new::<[u8; 1 << 16]>());
            }
        }
    }

    pub fn base(&self) -> *mut Value {
        self.base
    }

    /// Frames must end below this.
    pub fn limit(&self) -> *mut Value {
        // SAFETY: inside of the region.
        unsafe { self.base.add(self.slots.saturating_sub(RED_ZONE)) }
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        if !self.base.is_null() {
            // SAFETY: mapped by `reserve`, and unused once its owner goes.
            unsafe { libc::munmap(self.base.cast(), self.slots * VALUE_SIZE) };
        }
    }
}

/// Native stack that must be left for a nested run to start.
pub const fn native_reserve() -> usize {
    NATIVE_RESERVE
}

/// Address below which this thread's native stack is too full for another nested run.
pub fn native_stack_limit() -> usize {
    let local = 0u8;
    let top = &raw const local as usize;
    let lowest = native_stack_lowest().unwrap_or(top.saturating_sub(NATIVE_FALLBACK));
    lowest + NATIVE_RESERVE.min((top - lowest) / 4)
}

#[cfg(target_os = "linux")]
fn native_stack_lowest() -> Option<usize> {
    // SAFETY: plain queries about this thread into local variables.
    unsafe {
        let mut attr: libc::pthread_attr_t = std::mem::zeroed();
        if libc::pthread_getattr_np(libc::pthread_self(), &mut attr) != 0 {
            return None;
        }
        let (mut addr, mut size) = (ptr::null_mut(), 0);
        let ok = libc::pthread_attr_getstack(&attr, &mut addr, &mut size) == 0;
        libc::pthread_attr_destroy(&mut attr);
        // The main thread's size may be unlimited: believe no more than 64 MiB of it.
        let top = addr as usize + size;
        ok.then(|| (addr as usize).max(top.saturating_sub(64 << 20)))
    }
}

#[cfg(not(target_os = "linux"))]
fn native_stack_lowest() -> Option<usize> {
    None
}

/// Address of the native stack's top, roughly.
#[inline(always)]
pub fn native_stack_pointer() -> usize {
    let local = 0u8;
    &raw const local as usize
}
