//! Python threads, as far as they exist: there is the main one. What waits goes through here, so
//! that other threads can run meanwhile once they do.

use crate::error::PyResult;
use crate::host::{self, Clock};
use crate::import::os_error;
use crate::runtime;
use crate::vm::Vm;

/// `threading.get_ident()` of the main thread. Identifiers count up, so that runs repeat exactly.
pub const MAIN: u64 = 1;

/// Identifier of the thread that runs.
pub fn current(_: &Vm) -> u64 {
    MAIN
}

/// Nanoseconds of the monotonic clock.
pub fn now(vm: &Vm) -> PyResult<i64> {
    Clock::MONOTONIC.now().map_err(|e| os_error(vm, &e, None))
}

/// Waits until `ready` or the deadline (of the monotonic clock, in nanoseconds); tells whether it
/// is ready.
///
/// # Errors
/// RuntimeError when nobody is left who could make it ready. What a signal handler raises.
pub fn wait(vm: &Vm, deadline: Option<i64>, what: &str, ready: impl Fn() -> bool) -> PyResult<bool> {
    loop {
        if ready() {
            return Ok(true);
        }
        let Some(deadline) = deadline else {
            return Err(vm.runtime_error(format!(
                "deadlock: this thread waits for {what}, and no other thread is left to end that"
            )));
        };
        if now(vm)? >= deadline {
            return Ok(false);
        }
        // Alone, only a signal handler can change anything before the deadline.
        match host::sleep_until(deadline) {
            Ok(()) => {}
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => runtime::handle_signals(vm)?,
            Err(e) => return Err(os_error(vm, &e, None)),
        }
    }
}
