//! System calls that wait: with the socket's timeout, and going on when a signal interrupts.

use super::PySocket;
use crate::error::{PyResult, Raised};
use crate::import::os_error;
use crate::runtime;
use crate::shape;
use crate::threads;
use crate::vm::Vm;

/// How long a call may wait.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Timeout {
    /// For ever.
    None,
    /// Not at all.
    NonBlocking,
    /// Nanoseconds.
    After(i64),
}

impl Timeout {
    /// The end of the time, on the monotonic clock.
    pub fn deadline(self, vm: &Vm) -> PyResult<Option<i64>> {
        match self {
            Timeout::After(ns) => Ok(Some(threads::now(vm)?.saturating_add(ns))),
            _ => Ok(None),
        }
    }
}

/// What a descriptor is waited for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ready {
    Read = libc::POLLIN as isize,
    Write = libc::POLLOUT as isize,
    /// Connected, or failed to.
    Connected = (libc::POLLOUT | libc::POLLERR) as isize,
}

#[cold]
pub fn timed_out(vm: &Vm) -> Raised {
    vm.error(shape::TIMEOUT_ERROR, "timed out")
}

/// Waits until a descriptor is ready; whether it is, before the deadline.
pub fn ready(vm: &Vm, fd: i32, what: Ready, deadline: Option<i64>) -> PyResult<bool> {
    threads::wait_ready(vm, fd, what as i16, deadline)
}

/// Calls the system until it has done its work, within the socket's timeout.
pub fn call<R>(vm: &Vm, s: &PySocket, what: Ready, f: impl FnMut() -> std::io::Result<R>) -> PyResult<R> {
    let deadline = s.timeout.get().deadline(vm)?;
    call_until(vm, s, what, deadline, f)
}

/// The same with a deadline that several calls share.
pub fn call_until<R>(
    vm: &Vm,
    s: &PySocket,
    what: Ready,
    deadline: Option<i64>,
    mut f: impl FnMut() -> std::io::Result<R>,
) -> PyResult<R> {
    loop {
        let waits = deadline.is_some() || (vm.threads.has_others() && s.timeout.get() == Timeout::None);
        if waits && !ready(vm, s.fd.get(), what, deadline)? {
            return Err(timed_out(vm));
        }
        let e = loop {
            match f() {
                Ok(r) => return Ok(r),
                Err(e) if e.raw_os_error() == Some(libc::EINTR) => runtime::handle_signals(vm)?,
                Err(e) => break e,
            }
        };
        // Ready does not mean that the call succeeds: somebody else may have been faster.
        let again = matches!(e.raw_os_error(), Some(libc::EAGAIN));
        if !waits || !again {
            return Err(os_error(vm, &e, None));
        }
    }
}
