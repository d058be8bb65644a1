//! When there is no memory: a MemoryError in the program, not the end of the process.
//!
//! It comes in two ways. A small request that the system refuses is served from what the process
//! has kept for the purpose (the binary's allocator does that and calls [`reserve_used`]): the
//! program gets its MemoryError at the next look after pending events, wherever the memory was asked
//! for. A request that cannot be served at all unwinds ([`OutOfMemory`]) to the run that made it,
//! where the running instruction raises the error.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::Raised;
use crate::interp::breaker;
use crate::types::exceptions::PyException;
use crate::value::Ref;
use crate::vm::Vm;

/// What unwinds where memory is missing.
pub struct OutOfMemory;

/// What the standard library panics with when a capacity overflows.
const CAPACITY_OVERFLOW: &str = "capacity overflow";

/// From now on, requests that cannot be served unwind. For the whole process.
///
/// Where the interpreter is the portable one (`cfg(not(tail_calls))`), the compiler may not know the
/// means, and the process still ends.
pub fn unwind_without_memory() {
    #[cfg(tail_calls)]
    std::alloc::set_alloc_error_hook(|_| resume_unwind(Box::new(OutOfMemory)));
}

/// How the allocator is asked to keep its reserve again, where it has been used and the program was
/// told; whether it could.
static KEEP_AGAIN: Mutex<Option<fn() -> bool>> = Mutex::new(None);
/// Whether there is anything in `KEEP_AGAIN`, to be looked at often.
static IS_GONE: AtomicBool = AtomicBool::new(false);

/// The allocator has given up its reserve to serve a request: the program is to get a MemoryError.
/// Afterwards `keep` is called until the reserve is there again.
#[cold]
pub fn reserve_used(keep: fn() -> bool) {
    if let Some(vm) = Vm::try_current() {
        vm.interp.request(breaker::MEMORY);
    }
    if let Ok(mut again) = KEEP_AGAIN.try_lock() {
        *again = Some(keep);
    }
}

/// The program's MemoryError. What is garbage by then, and memory that is kept for no object, goes back to
/// the system at the next opportunity.
#[cold]
pub(crate) fn memory_error(vm: &Vm) -> Raised {
    IS_GONE.store(true, Ordering::Relaxed);
    vm.interp.request(breaker::COLLECT);
    attempt(|| vm.memory_error("")).unwrap_or_else(|_| Raised(last_error(vm)))
}

/// The MemoryError for when there is no memory for one.
fn last_error(vm: &Vm) -> Ref {
    let e = vm.interp.last_memory_error.get().to_ref();
    if let Some(x) = e.cast::<PyException>() {
        for of_another in [&x.traceback, &x.context, &x.cause] {
            of_another.clear();
        }
    }
    e
}

/// Called where memory is taken anew: keeps the reserve again, if it is gone.
#[inline(always)]
pub(crate) fn keep_reserve() {
    if IS_GONE.load(Ordering::Relaxed) {
        keep_again();
    }
}

#[cold]
fn keep_again() {
    if let Ok(mut again) = KEEP_AGAIN.try_lock()
        && again.is_none_or(|keep| keep())
    {
        *again = None;
        IS_GONE.store(false, Ordering::Relaxed);
    }
}

/// Calls `f`.
///
/// # Errors
/// [`OutOfMemory`] if it could not get the memory it needed. Other panics go on.
#[inline(always)]
pub fn attempt<R>(f: impl FnOnce() -> R) -> Result<R, OutOfMemory> {
    catch_unwind(AssertUnwindSafe(f)).map_err(out_of_memory_or_unwind)
}

#[cold]
#[inline(never)]
fn out_of_memory_or_unwind(payload: Box<dyn Any + Send>) -> OutOfMemory {
    let overflows = payload.downcast_ref::<&str>().is_some_and(|text| *text == CAPACITY_OVERFLOW)
        || payload.downcast_ref::<String>().is_some_and(|text| text == CAPACITY_OVERFLOW);
    if payload.is::<OutOfMemory>() || overflows { OutOfMemory } else { resume_unwind(payload) }
}
